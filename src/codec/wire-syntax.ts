import type { Dialect } from '../core/dialect.ts';
import type { Item, Syntax } from '../core/message.ts';
import type { Dir } from '../core/stream.ts';
import type { FieldValues } from '../schema/build.ts';

/**
 * Syntax of a stateless dialect: with these additions `print(parse(b))` is `b` for any bytes, broken ones included.
 */
export interface WireSyntax extends Syntax {
  /** The bytes of `rest`. */
  readonly tail: Uint8Array;
  /** The length that the frame's header declares, kept only when it is not the length that its parts have. */
  readonly declared?: number;
  /** The bytes are too few for a header: all of them are in `tail`. */
  readonly headless?: true;
  /** Number of the layout that was taken, where a command has several. */
  readonly layout?: number;
}

/** A dialect without memory: frames can be taken apart and put together one by one. */
export interface WireDialect extends Dialect {
  readonly law: 'bytes';
  /** Cuts one frame, lossless; `start` of every range is relative to `bytes`. */
  parse(bytes: Uint8Array, dir: Dir): WireSyntax;
  /** The bytes of a syntax; after an edit the lengths follow the items, unless `declared` says otherwise. */
  print(syntax: WireSyntax): Uint8Array;
  /** One frame from names and values of the schema. Throws `EncodeError` for what does not fit. */
  encode(command: string, fields: FieldValues, dir: Dir): Uint8Array;
}

export const NO_BYTES = new Uint8Array(0);

export const leaf = (id: number, value: Uint8Array, start: number, end: number): Item => ({ id, value, kind: 'leaf', at: { start, end } });

/** Value of an item that a stateless codec has cut: always bytes. */
export function itemBytes(item: Item): Uint8Array {
  return item.value as Uint8Array;
}
