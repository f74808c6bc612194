import type { Field, Value } from '../core/message.ts';
import { SUMMARY_LENGTH } from './summary.ts';

/** Containers inside one another; deeper ones are left to the decoder. */
const DEPTH = 32;
/** Keys of one object: each is compared with those before it. */
const KEYS = 32;
/** Digits that a double holds, whatever they are. */
const EXACT_DIGITS = 15;
/** Characters taken of a text: what stands behind them is cut off in a summary anyway. */
const TEXT = 2 * SUMMARY_LENGTH;

/** The keys in `aps` that a summary looks at. */
const APS_KEYS: ReadonlySet<string> = new Set(['alert', 'badge', 'sound', 'content-available', 'content-changed', 'event']);

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Printable ASCII that stands for itself in a string. */
const PLAIN = new Uint8Array(256).map((_, c) => (c >= 0x20 && c < 0x7f && c !== QUOTE && c !== 0x5c ? 1 : 0));

let b: Uint8Array = new Uint8Array(0);
let end = 0;
const keyStarts = new Uint16Array(DEPTH * KEYS);
const keyEnds = new Uint16Array(DEPTH * KEYS);

/**
 * The fields of a JSON object that its summary is made of, read off the bytes. Undefined when it is anything but printable ASCII
 * without escapes, spaces between values, equal keys, and numbers that are no whole ones of 15 digits: such an object must be
 * parsed, because something may be wrong with it. At most 64 KiB.
 */
export function glance(bytes: Uint8Array): Field[] | undefined {
  if (bytes.length > 0xffff) return undefined;
  b = bytes;
  end = bytes.length;
  const fields: Field[] = [];
  return object(0, 0, fields, 'top') === end ? fields : undefined;
}

type Place = 'top' | 'aps' | 'alert' | 'other';

/** End of the object at `at`, or -1. Its wanted members go to `fields`. */
function object(at: number, depth: number, fields: Field[] | undefined, place: Place): number {
  if (b[at] !== OPEN || depth === DEPTH) return -1;
  if (b[at + 1] === CLOSE) return at + 2;
  const keys = depth * KEYS;
  let count = 0;
  do {
    const start = at + 2;
    at = text(at + 1);
    // Keys that are numbers change their places when they are parsed.
    if (at < 0 || b[at] !== COLON || count === KEYS || (b[start] >= 0x30 && b[start] <= 0x39)) return -1;
    for (let i = keys; i < keys + count; i++) if (sameKey(keyStarts[i], keyEnds[i], start, at - 1)) return -1;
    keyStarts[keys + count] = start;
    keyEnds[keys + count++] = at - 1;
    at = fields === undefined ? value(at + 1, depth) : member(start, at - 1, at + 1, depth, fields, place);
    if (at < 0) return -1;
  } while (b[at] === COMMA);
  return at < end && b[at] === CLOSE ? at + 1 : -1;
}

/** A member of an object that the summary looks at: end of its value, or -1. */
function member(keyStart: number, keyEnd: number, at: number, depth: number, fields: Field[], place: Place): number {
  const name = ascii(keyStart, Math.min(keyEnd, keyStart + TEXT));
  if (place === 'aps' && !APS_KEYS.has(name)) return value(at, depth);
  const inner: Place = place === 'top' && name === 'aps' ? 'aps' : place === 'aps' && name === 'alert' ? 'alert' : 'other';
  if (b[at] === OPEN) {
    const children: Field[] = [];
    fields.push({ name, label: name, value: null, text: '', at: undefined, children });
    return object(at, depth + 1, inner === 'other' ? undefined : children, inner);
  }
  // A list has members of its own, by number.
  if (b[at] === 0x5b && inner !== 'other') return -1;
  const stop = value(at, depth);
  if (stop < 0) return -1;
  if (b[at] === 0x5b) fields.push({ name, label: name, value: null, text: '', at: undefined, children: [] });
  else {
    const words = place === 'top' ? '' : b[at] === QUOTE ? ascii(at + 1, Math.min(stop - 1, at + 1 + TEXT)) : ascii(at, stop);
    const leaf: Value = words;
    fields.push({ name, label: name, value: leaf, text: words, at: undefined });
  }
  return stop;
}

/** End of any value at `at`, or -1. */
function value(at: number, depth: number): number {
  const c = b[at];
  if (c === QUOTE) return text(at);
  if (c === OPEN) return object(at, depth + 1, undefined, 'other');
  if (c === 0x5b) return list(at, depth + 1);
  if (c === 0x74) return b[at + 1] === 0x72 && b[at + 2] === 0x75 && b[at + 3] === 0x65 ? at + 4 : -1;
  if (c === 0x6e) return b[at + 1] === 0x75 && b[at + 2] === 0x6c && b[at + 3] === 0x6c ? at + 4 : -1;
  if (c === 0x66) return b[at + 1] === 0x61 && b[at + 2] === 0x6c && b[at + 3] === 0x73 && b[at + 4] === 0x65 ? at + 5 : -1;
  return whole(at);
}

function list(at: number, depth: number): number {
  if (depth === DEPTH) return -1;
  if (b[at + 1] === 0x5d) return at + 2;
  do {
    at = value(at + 1, depth);
    if (at < 0) return -1;
  } while (b[at] === COMMA);
  return at < end && b[at] === 0x5d ? at + 1 : -1;
}

function text(at: number): number {
  if (at >= end || b[at++] !== QUOTE) return -1;
  while (at + 4 <= end && (PLAIN[b[at]] & PLAIN[b[at + 1]] & PLAIN[b[at + 2]] & PLAIN[b[at + 3]]) === 1) at += 4;
  while (at < end && PLAIN[b[at]] === 1) at++;
  return at < end && b[at] === QUOTE ? at + 1 : -1;
}

function whole(at: number): number {
  const negative = b[at] === 0x2d;
  const start = negative ? at + 1 : at;
  let stop = start;
  while (stop < end && b[stop] >= 0x30 && b[stop] <= 0x39) stop++;
  if (stop === start || stop - start > EXACT_DIGITS || (b[start] === 0x30 && (stop > start + 1 || negative))) return -1;
  const next = b[stop];
  return next === 0x2e || next === 0x65 || next === 0x45 ? -1 : stop;
}

function sameKey(aStart: number, aEnd: number, start: number, stop: number): boolean {
  const length = stop - start;
  if (aEnd - aStart !== length) return false;
  for (let i = 0; i < length; i++) if (b[aStart + i] !== b[start + i]) return false;
  return true;
}

function ascii(start: number, stop: number): string {
  let out = '';
  for (let i = start; i < stop; i++) out += String.fromCharCode(b[i]);
  return out;
}
