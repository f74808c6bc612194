import type { Field, Privacy, Range, Value } from '../../core/message.ts';
import { printable } from '../../core/text.ts';

/** What a field has besides name, label, value and text. */
export interface FieldExtra {
  readonly at?: Range | undefined;
  readonly filter?: string;
  readonly privacy?: Privacy | undefined;
  readonly children?: readonly Field[];
  readonly payload?: Uint8Array;
}

/** A field; `text` defaults to the printable value. */
export function field(name: string, label: string, value: Value, text?: string, extra: FieldExtra = {}): Field {
  const { at, filter, privacy, children, payload } = extra;
  return {
    name,
    label,
    value,
    text: text ?? (value === undefined || value === null ? '' : printable(String(value))),
    at,
    ...(filter === undefined ? {} : { filter }),
    ...(privacy === undefined ? {} : { privacy }),
    ...(children === undefined ? {} : { children }),
    ...(payload === undefined ? {} : { payload }),
  };
}

/** "1 byte", "61 bytes", "1,024 bytes". */
export function byteCount(n: number): string {
  return `${n < 1000 ? n : n.toLocaleString('en-US')} byte${n === 1 ? '' : 's'}`;
}
