import type { Field, Privacy, Value } from '../core/message.ts';
import { printable, shorten } from '../core/text.ts';
import { isoFromNanos, isoTime } from '../core/time.ts';
import { type PayloadFamily, payloadKey } from './payload-keys.ts';

/** Characters of a key that a label shows; hostile keys can be as long as their payload. */
const KEY_LENGTH = 120;

/** How a value inside a payload is called: label, filter name and class of privacy, from its path and what its keys mean. */
export function payloadLabel(family: PayloadFamily, path: readonly string[]): { label: string; filter: string; privacy: Privacy } {
  const name = path.length === 0 ? 'value' : path[path.length - 1];
  const row = payloadKey(family, path);
  const shown = shorten(printable(name), KEY_LENGTH);
  return {
    label: row === undefined ? shown : `${shown} (${row.label})`,
    filter: ['apns.payload', ...path].join('.'),
    privacy: row?.privacy ?? 'content',
  };
}

/** A number in a payload with its name or time behind it, where its key has one; `plain` otherwise. */
export function payloadWords(family: PayloadFamily, path: readonly string[], value: Value, plain: string): string {
  if (typeof value !== 'number' && typeof value !== 'bigint') return plain;
  const row = payloadKey(family, path);
  const name = row?.names?.[Number(value)];
  if (name !== undefined) return `${plain} (${name})`;
  if (row?.time === 's') return `${plain} (${isoTime(Math.floor(Number(value)), 0, 0)})`;
  if (row?.time === 'ns' && (typeof value === 'bigint' || Number.isSafeInteger(value))) return `${plain} (${isoFromNanos(BigInt(value))})`;
  return plain;
}

/**
 * Gives the fields of a payload that a codec has cut itself the names that room `payload` gives to those it reads.
 * `path` is the path of the fields' parent.
 */
export function labelPayload(fields: readonly Field[], family: PayloadFamily, path: readonly string[] = []): Field[] {
  return fields.map((field) => {
    const here = [...path, field.name];
    const named = { ...field, ...payloadLabel(family, here), text: payloadWords(family, here, field.value, field.text) };
    return field.children === undefined ? named : { ...named, children: labelPayload(field.children, family, here) };
  });
}
