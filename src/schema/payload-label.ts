import type { Field, Privacy, Range, Value } from '../core/message.ts';
import { printable, shorten } from '../core/text.ts';
import { isoFromNanos, isoTime } from '../core/time.ts';
import { type PayloadFamily, type PayloadKey, payloadKey } from './payload-keys.ts';

/** Characters of a key that a label shows; hostile keys can be as long as their payload. */
const KEY_LENGTH = 120;

/** Path of the entry `name` in the container at `parent`; the top has the empty path. */
export function payloadPathOf(parent: string, name: string): string {
  return parent === '' ? name : `${parent}.${name}`;
}

/**
 * A field inside a payload with all that its path tells: label, filter name, class of privacy, and for numbers the name or time
 * that they stand for. `text` is the value in words.
 */
export function payloadField(
  family: PayloadFamily,
  path: string,
  name: string,
  value: Value,
  text: string,
  at: Range | undefined,
  children: readonly Field[] | undefined,
): Field {
  const row = payloadKey(family, path, name);
  const shown = shorten(printable(name), KEY_LENGTH);
  const label = row === undefined ? shown : `${shown} (${row.label})`;
  const words = row === undefined || (typeof value !== 'number' && typeof value !== 'bigint') ? text : numberWords(row, value, text);
  const privacy: Privacy = row?.privacy ?? 'content';
  const filter = path === '' ? 'apns.payload' : `apns.payload.${path}`;
  return children === undefined
    ? { name, label, value, text: words, at, privacy, filter }
    : { name, label, value, text: words, at, privacy, filter, children };
}

function numberWords(row: PayloadKey, value: number | bigint, plain: string): string {
  const name = row.names?.[Number(value)];
  if (name !== undefined) return `${plain} (${name})`;
  if (row.time === 's') return `${plain} (${isoTime(Math.floor(Number(value)), 0, 0)})`;
  if (row.time === 'ns' && (typeof value === 'bigint' || Number.isSafeInteger(value))) return `${plain} (${isoFromNanos(BigInt(value))})`;
  return plain;
}

/**
 * Gives the fields of a payload that a codec has cut itself the names that room `payload` gives to those it reads.
 * `parent` is the path of the container that they stand in.
 */
export function labelPayload(fields: readonly Field[], family: PayloadFamily, parent = ''): Field[] {
  return fields.map((field) => {
    const path = payloadPathOf(parent, field.name);
    const children = field.children === undefined ? undefined : labelPayload(field.children, family, path);
    return { ...field, ...payloadField(family, path, field.name, field.value, field.text, field.at, children) };
  });
}
