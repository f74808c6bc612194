import { uintBig } from '../core/bytes.ts';
import type { Field, Value } from '../core/message.ts';
import { printable, utf8 } from '../core/text.ts';
import { isoFromNanos } from '../core/time.ts';
import type { ProtobufField } from '../schema/payload-keys.ts';
import { payloadPathOf } from '../schema/payload-label.ts';
import { entries, type TreeBuilder, valueText } from './tree.ts';

/*
 * Protocol buffers without their description: a message is a run of (field number, wire type, value). The wire does not tell
 * text from bytes from messages; known fields say it, for the others the bytes must speak for it.
 */

type Fields = Readonly<Record<number, ProtobufField>>;

/** Messages inside messages; each level costs two bytes at least, real ones nest about five deep. */
const MAX_DEPTH = 12;
/** Fields of a message: bounds a run of one-byte fields. */
const MAX_FIELDS = 2000;

/** One field as it stands on the wire. */
interface Raw {
  readonly number: number;
  readonly wire: 0 | 1 | 2 | 5;
  readonly value: bigint | number | Uint8Array;
  /** Place of the whole field, key included, and of the value's own bytes. */
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** The fields of `b[start, end)`, or undefined when the bytes are no whole message. */
function cut(b: Uint8Array, start: number, end: number): Raw[] | undefined {
  const out: Raw[] = [];
  let at = start;
  while (at < end) {
    if (out.length === MAX_FIELDS) return undefined;
    const key = varint(b, at, end);
    if (key === undefined || key.value > 0xffffffffn) return undefined;
    const number = Number(key.value >> 3n);
    const wire = Number(key.value & 7n);
    if (number === 0) return undefined;
    const valueStart = key.end;
    if (wire === 0) {
      const value = varint(b, valueStart, end);
      if (value === undefined) return undefined;
      out.push({ number, wire, value: value.value, start: at, valueStart, end: value.end });
      at = value.end;
    } else if (wire === 1 || wire === 5) {
      const stop = valueStart + (wire === 1 ? 8 : 4);
      if (stop > end) return undefined;
      out.push({ number, wire, value: little(b, valueStart, stop), start: at, valueStart, end: stop });
      at = stop;
    } else if (wire === 2) {
      const length = varint(b, valueStart, end);
      if (length === undefined || length.value > BigInt(end - length.end)) return undefined;
      const stop = length.end + Number(length.value);
      out.push({ number, wire, value: b.slice(length.end, stop), start: at, valueStart: length.end, end: stop });
      at = stop;
    } else return undefined; // groups (3, 4) have not been written for twenty years; 6 and 7 do not exist
  }
  return out;
}

function varint(b: Uint8Array, at: number, end: number): { value: bigint; end: number } | undefined {
  let value = 0n;
  for (let i = 0; i < 10 && at < end; i++) {
    const c = b[at++];
    value |= BigInt(c & 0x7f) << BigInt(7 * i);
    if (c < 0x80) return { value: BigInt.asUintN(64, value), end: at };
  }
  return undefined;
}

function little(b: Uint8Array, start: number, end: number): bigint {
  return uintBig(b.slice(start, end).reverse(), 0, end - start);
}

/** Fields of a message whose description is known, at least in part; undefined when the bytes are no message. */
export function protobufFields(b: Uint8Array, known: Fields, tree: TreeBuilder): Field[] | undefined {
  const raw = cut(b, 0, b.length);
  return raw === undefined ? undefined : raw.map((field) => shown(b, field, known, '', 0, tree));
}

/**
 * Whether bytes of no known format read as a message beyond chance: they parse to the end, field numbers are small, and at least
 * one value is printable text of four characters or a message that in turn is all this.
 */
export function looksLikeProtobuf(b: Uint8Array, depth = 0): boolean {
  if (b.length < 4 || depth > MAX_DEPTH) return false;
  const raw = cut(b, 0, b.length);
  if (raw === undefined || raw.some((field) => field.number > 100)) return false;
  return raw.some((field) => field.value instanceof Uint8Array && (isText(field.value, 4) || looksLikeProtobuf(field.value, depth + 1)));
}

function shown(b: Uint8Array, raw: Raw, known: Fields, path: string, depth: number, tree: TreeBuilder): Field {
  const row = known[raw.number];
  const name = row?.name ?? String(raw.number);
  const here = payloadPathOf(path, name);
  const at = { start: raw.start, end: raw.end };
  const label = row === undefined ? `Field ${raw.number}` : `${row.label} (${raw.number})`;
  if (!tree.admit(at)) return { ...tree.leaf(here, name, undefined, at, ''), label };
  const { value } = raw;
  if (!(value instanceof Uint8Array)) {
    const number: Value =
      typeof value === 'bigint' && value <= BigInt(Number.MAX_SAFE_INTEGER) && row?.type !== 'time-ns' ? Number(value) : value;
    const words = row?.type === 'time-ns' ? `${value} (${isoFromNanos(BigInt(value))})` : String(value);
    return { ...tree.leaf(here, name, number, at, words), label };
  }
  const inner = row?.type === 'message' || row === undefined ? cut(b, raw.valueStart, raw.end) : undefined;
  const text = row?.type === 'text' || (row === undefined && isText(value, 1)) ? utf8(value) : undefined;
  if (text !== undefined) return { ...tree.leaf(here, name, text, at, printable(text)), label };
  const isMessage = inner !== undefined && (row !== undefined || looksLikeProtobuf(value, depth + 1));
  if (!isMessage || depth >= MAX_DEPTH) return { ...tree.leaf(here, name, value, at, valueText(value)), label };
  const children = inner.map((field) => shown(b, field, row?.fields ?? {}, here, depth + 1, tree));
  return { ...tree.group(here, name, children, entries(children.length, 'field', 'fields'), at), label };
}

/** Valid UTF-8 of at least `least` bytes without control characters. */
function isText(bytes: Uint8Array, least: number): boolean {
  if (bytes.length < least) return false;
  const text = utf8(bytes);
  return text !== undefined && printable(text) === text;
}
