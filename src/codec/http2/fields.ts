import type { Field, Privacy, Range, Value } from '../../core/message.ts';
import { count, printable } from '../../core/text.ts';

/** What a field has besides name, label, value and text. */
interface FieldExtra {
  readonly at?: Range | undefined;
  readonly filter?: string;
  readonly privacy?: Privacy | undefined;
  readonly children?: readonly Field[];
  readonly payload?: Uint8Array;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NOTHING: FieldExtra = {};

/** A field; `text` defaults to the printable value. */
export function field(name: string, label: string, value: Value, text?: string, extra: FieldExtra = NOTHING): Field {
  const words = text ?? (value === undefined || value === null ? '' : printable(String(value)));
  const made: Mutable<Field> = { name, label, value, text: words, at: extra.at };
  if (extra.filter !== undefined) made.filter = extra.filter;
  if (extra.privacy !== undefined) made.privacy = extra.privacy;
  if (extra.children !== undefined) made.children = extra.children;
  if (extra.payload !== undefined) made.payload = extra.payload;
  return made;
}

/** A field whose children are made when they are asked for: a list asks for none. */
export function group(
  name: string,
  label: string,
  value: Value,
  text: string,
  at: Range,
  filter: string,
  build: () => readonly Field[],
): Field {
  let made: readonly Field[] | undefined;
  return {
    name,
    label,
    value,
    text,
    at,
    filter,
    get children(): readonly Field[] {
      made ??= build();
      return made;
    },
  };
}

/** "1 byte", "61 bytes", "1,024 bytes". */
export function byteCount(n: number): string {
  return count(n, 'byte');
}
