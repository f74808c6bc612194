import { toHex } from '../core/bytes.ts';
import { isBinaryPlist, readPlist } from '../core/plist-reader.ts';
import { isPlistDict, type PlistValue } from '../core/plist-value.ts';
import { printable, utf8 } from '../core/text.ts';
import { dateText } from './bplist.ts';
import { checkJson, JSON_INVALID, JSON_PLAIN } from './json-scan.ts';

/**
 * The payload as one line of valid JSON that is safe for a terminal, or undefined when it has no such form.
 *
 * JSON stays as it was written, numbers to the last digit, but for line breaks between values and unsafe characters, which are
 * escaped. A binary property list is projected: data as hex, dates as ISO text, sets as arrays, a UID as {"CF$UID": n}, integers
 * in full; a real number that JSON lacks (NaN, infinity) as null.
 */
export function payloadJson(bytes: Uint8Array): string | undefined {
  if (isBinaryPlist(bytes)) {
    const value = readPlist(bytes);
    return value === undefined ? undefined : plistJson(value);
  }
  const kind = checkJson(bytes, 0, bytes.length);
  if (kind === JSON_INVALID) return undefined;
  const text = utf8(bytes);
  if (text === undefined || kind === JSON_PLAIN) return text;
  // Line breaks cannot stand inside strings of valid JSON, so those that are there stand between values.
  return escapeUnsafe(text.replace(/[\r\n]+/g, ' '));
}

function plistJson(value: PlistValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return jsonString(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Uint8Array) return `"${toHex(value)}"`;
  if (isPlistDict(value)) return `{${[...value].map(([key, inner]) => `${jsonString(key)}:${plistJson(inner)}`).join(',')}}`;
  if (Array.isArray(value)) return `[${(value as readonly PlistValue[]).map(plistJson).join(',')}]`;
  if ('set' in value) return plistJson(value.set);
  if ('date' in value) return `"${dateText(value.date)}"`;
  if ('uid' in value) return `{"CF$UID":${value.uid}}`;
  return Number.isFinite((value as { real: number }).real) ? String((value as { real: number }).real) : 'null';
}

function jsonString(text: string): string {
  return escapeUnsafe(JSON.stringify(text));
}

/** Escapes, inside strings, every character that `core/text` would not let through. Outside of strings there are none. */
function escapeUnsafe(json: string): string {
  if (printable(json) === json) return json;
  let out = '';
  for (const c of json) {
    if (printable(c) === c) out += c;
    else for (let i = 0; i < c.length; i++) out += `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return out;
}
