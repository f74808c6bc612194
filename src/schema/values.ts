import { toHex, u16, u32, uintBig } from '../core/bytes.ts';
import type { TopicLookup } from '../core/dialect.ts';
import type { Field, Range, Value } from '../core/message.ts';
import { printable, shorten, shortHex, utf8 } from '../core/text.ts';
import { isoFromNanos, isoTime } from '../core/time.ts';
import type { FieldDef, FieldType } from './definition.ts';
import type { NoteCode } from './notes.ts';

/** What a value turned out to be: data, words, and what is wrong with it. */
export interface Reading {
  readonly value: Value;
  readonly text: string;
  /** The text for one-line summaries, when another than `text`. */
  readonly brief?: string;
  readonly children?: readonly Field[];
  readonly payload?: Uint8Array;
  readonly problem?: readonly [code: NoteCode, detail: string];
}

/** Turns the value of an item (bytes of the wire, or the typed value of the packed encoding) into a reading. `at` is the value's place. */
export type Reader = (value: Value, at: Range | undefined, names: TopicLookup) => Reading;

/** Opaque bytes are written out in details up to this many; a field may have 64 KiB, and no one reads that as hex in a line. */
const HEX_LIMIT = 2048;
/** Summary lines show this many characters of a text. */
const BRIEF_LENGTH = 48;

/** Hex of bytes of any length, cut at a limit with the length told. */
export function hexText(bytes: Uint8Array): string {
  return bytes.length <= HEX_LIMIT ? toHex(bytes) : `${toHex(bytes, 0, HEX_LIMIT)}… (${bytes.length} bytes)`;
}

const wrongWidth = (bytes: Uint8Array, expected: string): Reading => ({
  value: undefined,
  text: hexText(bytes),
  brief: shortHex(toHex(bytes, 0, Math.min(bytes.length, 32))),
  problem: ['field.width', `${bytes.length} byte${bytes.length === 1 ? '' : 's'}, expected ${expected}`],
});

/** A value of a type that the field cannot have (packed encoding only), shown as what it is. */
export function plainReading(value: Value): Reading {
  if (value instanceof Uint8Array) return { value, text: hexText(value), brief: shortHex(toHex(value, 0, Math.min(value.length, 32))) };
  if (value === undefined) return { value, text: '' };
  return { value, text: printable(String(value)) };
}

const wrongType = (value: Value, expected: string): Reading => ({
  ...plainReading(value),
  problem: ['field.type', `${typeof value === 'object' ? 'bytes' : typeof value}, expected ${expected}`],
});

const NANOS_PER_MILLI = 1_000_000n;

/** Seconds that a calendar can show (the range of Date); beyond it a time is shown as its number. */
const MAX_SECONDS = 8_640_000_000_000n;

function timeText(value: number | bigint, unit: string): string {
  if (unit === 's') return isoTime(Number(value), 0, 0);
  if (unit === 'ms') {
    const ms = BigInt(value);
    if (ms / 1000n > MAX_SECONDS) return `${value} ms`;
    return isoTime(Number(ms / 1000n), Number(ms % 1000n) * Number(NANOS_PER_MILLI), 3);
  }
  return isoFromNanos(BigInt(value));
}

function flagsReading(value: number, flags: Readonly<Record<number, string>>, at: Range | undefined): Reading {
  const set: string[] = [];
  const children: Field[] = [];
  let known = 0;
  for (const [key, label] of Object.entries(flags)) {
    const mask = Number(key);
    const on = (value & mask) !== 0;
    known = (known | mask) >>> 0;
    if (on) set.push(label);
    children.push({ name: `bit_${31 - Math.clz32(mask)}`, label, value: on, text: on ? 'set' : 'not set', at });
  }
  const rest = (value & ~known) >>> 0;
  if (rest !== 0) set.push(`unknown 0x${rest.toString(16)}`);
  const hex = `0x${value.toString(16)}`;
  return { value, text: set.length === 0 ? hex : `${hex} (${set.join(', ')})`, brief: hex, children };
}

function uintReader(def: FieldDef, width: number, unit: string | undefined, isTime: boolean): Reader {
  const { names, flags } = def;
  const limit = 1n << BigInt(8 * width);
  const words = (n: number | bigint, at: Range | undefined): Reading => {
    const name = names?.[Number(n)];
    if (name !== undefined) return { value: n, text: `${name} (${n})`, brief: name };
    if (flags !== undefined) return flagsReading(Number(n), flags, at);
    if (isTime) return { value: n, text: timeText(n, unit ?? 's') };
    return { value: n, text: unit === undefined ? String(n) : `${n} ${unit}` };
  };
  return (value, at) => {
    if (value instanceof Uint8Array) {
      if (value.length !== width) return wrongWidth(value, String(width));
      return words(width === 8 ? uintBig(value, 0, 8) : width === 4 ? u32(value, 0) : width === 2 ? u16(value, 0) : value[0], at);
    }
    if (typeof value === 'number' || typeof value === 'bigint') {
      if (typeof value === 'number' && !Number.isInteger(value)) return wrongType(value, 'integer');
      const n = BigInt(value);
      if (n < 0n || n >= limit) return { ...plainReading(value), problem: ['field.range', `${value} does not fit ${width} byte(s)`] };
      return words(width === 8 ? n : Number(n), at);
    }
    return wrongType(value, 'integer');
  };
}

const text: Reader = (value) => {
  if (typeof value === 'string') {
    const shown = printable(value);
    return { value, text: shown, brief: shorten(shown, BRIEF_LENGTH) };
  }
  if (!(value instanceof Uint8Array)) return wrongType(value, 'text');
  const decoded = utf8(value);
  if (decoded === undefined) return { ...plainReading(value), problem: ['field.not-text', 'not valid UTF-8'] };
  const shown = printable(decoded);
  const reading: Reading = { value: decoded, text: shown, brief: shorten(shown, BRIEF_LENGTH) };
  return shown === decoded ? reading : { ...reading, problem: ['field.not-text', 'control characters'] };
};

/** Longest decimal that is still a number of minutes and not an attack on the parser. */
const DECIMAL_DIGITS = 15;

function decimalReader(unit: string | undefined): Reader {
  const suffix = unit === undefined ? '' : ` ${unit}`;
  return (value) => {
    if (typeof value === 'number' || typeof value === 'bigint') return { value, text: `${value}${suffix}` };
    const digits = value instanceof Uint8Array ? utf8(value) : value;
    if (typeof digits !== 'string' || digits.length > DECIMAL_DIGITS || !/^\d+$/.test(digits)) {
      const isNumber = value instanceof Uint8Array && value.length === 2;
      const detail = isNumber ? `not decimal digits; as a 16-bit number it would be ${u16(value, 0)}` : 'not decimal digits';
      return { ...plainReading(value), problem: ['field.type', detail] };
    }
    return { value: Number(digits), text: `${digits}${suffix}` };
  };
}

function bytesReader(length: number | undefined): Reader {
  return (value) => {
    if (!(value instanceof Uint8Array)) return wrongType(value, 'bytes');
    if (length === undefined || value.length === length) return plainReading(value);
    return { ...plainReading(value), problem: ['field.width', `${value.length} bytes, expected ${length}`] };
  };
}

function topicReader(salted: boolean): Reader {
  return (value, _at, names) => {
    if (!(value instanceof Uint8Array)) return wrongType(value, 'bytes');
    const name = value.length === 20 ? names.name(value) : undefined;
    if (name !== undefined) return { value, text: name };
    const reading = plainReading(value);
    if (value.length === 20 || (salted && value.length === 32)) return reading;
    return { ...reading, problem: ['field.width', `${value.length} bytes, expected ${salted ? '20 or 32' : '20'}`] };
  };
}

const uuid: Reader = (value) => {
  if (!(value instanceof Uint8Array)) return typeof value === 'string' ? text(value, undefined, NO_NAMES) : wrongType(value, 'bytes');
  if (value.length !== 16) return wrongWidth(value, '16');
  const hex = toHex(value);
  const canonical = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return { value: canonical, text: canonical };
};

const NO_NAMES: TopicLookup = { name: () => undefined };

/** Characters of a payload's text that a field shows; room `payload` shows all of it. */
const PAYLOAD_TEXT = 512;

const payload: Reader = (value) => {
  if (!(value instanceof Uint8Array)) return plainReading(value);
  let end = Math.min(value.length, 4 * PAYLOAD_TEXT); // four bytes a character at most: what lies behind cannot reach the text
  while (end < value.length && end > 0 && (value[end] & 0xc0) === 0x80) end--; // not inside a character
  const head = utf8(value.subarray(0, end));
  const words = head === undefined || head.includes('\u0000') ? `${value.length} bytes` : shorten(printable(head), PAYLOAD_TEXT);
  return { value, text: words, brief: shorten(words, BRIEF_LENGTH), payload: value };
};

const certificate: Reader = (value) => {
  if (!(value instanceof Uint8Array)) return wrongType(value, 'bytes');
  const words = `certificate, ${value.length} bytes`;
  return { value, text: words };
};

const padding: Reader = (value) => {
  if (!(value instanceof Uint8Array)) return wrongType(value, 'bytes');
  const words = `${value.length} bytes of padding`;
  const odd = value.findIndex((b) => b !== 0);
  if (odd < 0) return { value, text: words };
  return { value, text: words, problem: ['field.padding-not-zero', `first at byte ${odd} of the padding`] };
};

const NONCE_LENGTH = 17;

const nonce: Reader = (value, at) => {
  if (!(value instanceof Uint8Array)) return wrongType(value, 'bytes');
  if (value.length !== NONCE_LENGTH)
    return { ...plainReading(value), problem: ['field.width', `${value.length} bytes, expected ${NONCE_LENGTH}`] };
  const within = (start: number, end: number): Range | undefined => at && { start: at.start + start, end: at.start + end };
  const ms = uintBig(value, 1, 8);
  const children: Field[] = [
    { name: 'version', label: 'Version', value: value[0], text: String(value[0]), at: within(0, 1) },
    { name: 'time', label: 'Time', value: ms, text: timeText(ms, 'ms'), at: within(1, 9) },
    { name: 'random', label: 'Random', value: value.slice(9), text: toHex(value, 9), at: within(9, NONCE_LENGTH) },
  ];
  const reading: Reading = { value, text: `${timeText(ms, 'ms')}, random ${toHex(value, 9)}`, children };
  return value[0] === 0 ? reading : { ...reading, problem: ['field.nonce-format', `first byte ${value[0]}`] };
};

const signature: Reader = (value, at) => {
  if (!(value instanceof Uint8Array)) return wrongType(value, 'bytes');
  if (value.length < 2) return wrongWidth(value, 'at least 2');
  const known = value[0] === 1 && value[1] === 1;
  const scheme = known ? 'RSA with SHA-1' : `scheme ${toHex(value, 0, 2)}`;
  const children: Field[] = [
    { name: 'scheme', label: 'Scheme', value: u16(value, 0), text: scheme, at: at && { start: at.start, end: at.start + 2 } },
    {
      name: 'signature',
      label: 'Signature',
      value: value.slice(2),
      text: hexText(value.subarray(2)),
      at: at && { start: at.start + 2, end: at.end },
    },
  ];
  const reading: Reading = { value, text: `${scheme}, ${value.length - 2} bytes`, children };
  return known ? reading : { ...reading, problem: ['field.signature-format', `begins with ${toHex(value, 0, 2)}`] };
};

/** RFC 5952 text of 16 bytes: lower case, the longest run of two or more zero groups as `::`. */
function ipv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => u16(bytes, 2 * i));
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > bestLength) [best, bestLength] = [i, n];
  }
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((g) => g.toString(16))
      .join(':');
  return best < 0 ? hex(0, 8) : `${hex(0, best)}::${hex(best + bestLength, 8)}`;
}

const address: Reader = (value) => {
  if (typeof value === 'string') return text(value, undefined, NO_NAMES);
  if (!(value instanceof Uint8Array)) return wrongType(value, 'bytes');
  if (value.length !== 4 && value.length !== 16) return wrongWidth(value, '4 or 16');
  const words = value.length === 4 ? value.join('.') : ipv6(value);
  return { value: words, text: words };
};

const failures: Reader = (value, at) => {
  if (!(value instanceof Uint8Array)) return wrongType(value, 'bytes');
  if (value.length !== 6) return wrongWidth(value, '6');
  const code = u32(value, 0);
  const times = u16(value, 4);
  const children: Field[] = [
    { name: 'code', label: 'Error code', value: code, text: String(code), at: at && { start: at.start, end: at.start + 4 } },
    { name: 'count', label: 'Count', value: times, text: String(times), at: at && { start: at.start + 4, end: at.end } },
  ];
  return { value, text: `error ${code}, ${times} time${times === 1 ? '' : 's'}`, children };
};

/** The reader of a row's type, made once per row. Readers never throw. */
export function readerOf(def: FieldDef): Reader {
  const type: FieldType = def.type;
  switch (type.kind) {
    case 'uint':
      return uintReader(def, type.width, type.unit, type.time === true);
    case 'bytes':
    case 'token':
      return bytesReader(type.length);
    case 'text':
      return text;
    case 'decimal':
      return decimalReader(type.unit);
    case 'topic':
      return topicReader(type.salted === true);
    case 'certificate':
      return certificate;
    case 'uuid':
      return uuid;
    case 'payload':
    case 'protobuf':
      return payload;
    case 'padding':
      return padding;
    case 'nonce':
      return nonce;
    case 'signature':
      return signature;
    case 'address':
      return address;
    case 'failures':
      return failures;
  }
}
