import { ByteWriter, fromHex } from '../core/bytes.ts';
import type { Item, Value } from '../core/message.ts';
import type { Dir } from '../core/stream.ts';
import { utf8Bytes } from '../core/text.ts';
import { type CommandDef, type FieldDef, goes, idIn } from './definition.ts';
import type { Commands } from './interpret.ts';
import { PUBLISHED_TOPICS, type TopicNames } from './topics.ts';

/** Values by field name. An array stands for a repeated field; `undefined` leaves the field out. */
export type FieldValues = Readonly<Record<string, Value | readonly Value[]>>;

/** A field's length is 16 bits wide in every dialect that has items; the packed encoding has the same limit. */
const MAX_VALUE = 0xffff;

/** The caller asked for a message that the protocol cannot carry. */
export class EncodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EncodeError';
  }
}

export interface Built {
  /** Command byte. */
  readonly id: number;
  readonly def: CommandDef;
  /** Items in the order in which Apple's client writes them; values are bytes. */
  readonly items: readonly Item[];
}

/**
 * Turns a command's fields into items. Values may be given as data (number, bigint, text, bytes) or, for bytes, as hex text;
 * a topic may be given by its published name, a value with a name by that name, a time as ISO text.
 * Raw fields of no row are given as `unknown26: bytes`.
 */
export function build(commands: Commands, command: string, fields: FieldValues, dir: Dir, topics: TopicNames = PUBLISHED_TOPICS): Built {
  const def = commands.table[command];
  if (def === undefined) throw new EncodeError(`No command "${command}"; there are ${Object.keys(commands.table).join(', ')}.`);
  if (!goes(def, dir))
    throw new EncodeError(`Command "${command}" does not go from ${dir === 0 ? 'client to server' : 'server to client'}.`);
  for (const key of Object.keys(fields)) {
    if (def.fields[key] === undefined && !/^unknown\d+$/.test(key)) throw new EncodeError(`Command "${command}" has no field "${key}".`);
  }
  const items: Item[] = [];
  const add = (id: number, value: Uint8Array): void => {
    if (value.length > MAX_VALUE) throw new EncodeError(`Field ${id} of "${command}" has ${value.length} bytes; ${MAX_VALUE} fit.`);
    items.push({ id, value, kind: 'leaf', at: undefined });
  };
  const order = def.order ?? [];
  const keys = [...order, ...Object.keys(def.fields).filter((key) => !order.includes(key))];
  for (const key of keys) {
    const row = def.fields[key];
    const given = fields[key];
    if (given === undefined) continue;
    const id = idIn(row, dir);
    if (id === undefined) throw new EncodeError(`Field "${key}" of "${command}" does not occur in this direction.`);
    const values = Array.isArray(given) ? (given as readonly Value[]) : [given as Value];
    if (values.length > 1 && !row.repeated) throw new EncodeError(`Field "${key}" of "${command}" stands only once.`);
    for (const value of values) add(id, encodeValue(key, row, value, topics));
  }
  for (const [key, given] of Object.entries(fields)) {
    if (def.fields[key] !== undefined || given === undefined) continue;
    for (const value of Array.isArray(given) ? (given as readonly Value[]) : [given as Value])
      add(Number(key.slice(7)), bytesOf(key, value));
  }
  return { id: def.id, def, items };
}

function bytesOf(key: string, value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const bytes = typeof value === 'string' ? fromHex(value) : undefined;
  if (bytes === undefined) throw new EncodeError(`Field "${key}" needs bytes or hex.`);
  return bytes;
}

function sized(key: string, bytes: Uint8Array, length: number | undefined): Uint8Array {
  if (length !== undefined && bytes.length !== length)
    throw new EncodeError(`Field "${key}" has ${bytes.length} bytes, expected ${length}.`);
  return bytes;
}

const UNIT_PER_MILLI = { s: -1000n, ms: 1n, ns: 1_000_000n };

function integerOf(key: string, def: FieldDef, value: Value, unit: 's' | 'ms' | 'ns' | undefined): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (typeof value === 'string') {
    const named = Object.entries(def.names ?? {}).find(([, name]) => name === value);
    if (named !== undefined) return BigInt(named[0]);
    if (/^(\d+|0x[0-9a-fA-F]+)$/.test(value)) return BigInt(value);
    const ms = unit === undefined ? Number.NaN : Date.parse(value);
    if (unit !== undefined && !Number.isNaN(ms)) return unit === 's' ? BigInt(ms) / -UNIT_PER_MILLI.s : BigInt(ms) * UNIT_PER_MILLI[unit];
  }
  throw new EncodeError(
    `Field "${key}" needs a whole number${def.names === undefined ? '' : ` or one of ${Object.values(def.names).join(', ')}`}.`,
  );
}

function uintBytes(key: string, value: bigint, width: number): Uint8Array {
  if (value < 0n || value >> BigInt(8 * width) !== 0n) throw new EncodeError(`Field "${key}": ${value} does not fit ${width} byte(s).`);
  const out = new Uint8Array(width);
  for (let i = width - 1, rest = value; i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 0xffn);
  return out;
}

function encodeValue(key: string, def: FieldDef, value: Value, topics: TopicNames): Uint8Array {
  const { type } = def;
  switch (type.kind) {
    case 'uint': {
      if (value instanceof Uint8Array) return sized(key, value, type.width);
      const unit = type.time && type.unit !== 'min' && type.unit !== 'bytes' ? type.unit : undefined;
      return uintBytes(key, integerOf(key, def, value, unit), type.width);
    }
    case 'bytes':
    case 'token':
      return sized(key, bytesOf(key, value), type.length);
    case 'topic': {
      const hex = typeof value === 'string' ? (topics.hexOfName(value) ?? value) : undefined;
      const bytes = hex === undefined ? bytesOf(key, value) : fromHex(hex);
      if (bytes === undefined) throw new EncodeError(`Field "${key}": topic "${value}" is not a published name; give its SHA-1.`);
      return type.salted && bytes.length === 32 ? bytes : sized(key, bytes, 20);
    }
    case 'text':
      if (value instanceof Uint8Array) return value;
      if (typeof value !== 'string') throw new EncodeError(`Field "${key}" needs text.`);
      return utf8Bytes(value);
    case 'payload':
      return typeof value === 'string' ? utf8Bytes(value) : bytesOf(key, value);
    case 'decimal':
      if (value instanceof Uint8Array) return value;
      return utf8Bytes(String(integerOf(key, def, value, undefined)));
    case 'uuid':
      return sized(key, typeof value === 'string' ? bytesOf(key, value.replaceAll('-', '')) : bytesOf(key, value), 16);
    case 'padding':
      // A number asks for that many zero bytes.
      if (typeof value !== 'number') return bytesOf(key, value);
      if (!(value >= 0 && value <= MAX_VALUE)) throw new EncodeError(`Field "${key}": ${value} bytes of padding do not fit.`);
      return new Uint8Array(value);
    case 'address':
      return addressBytes(key, value);
    case 'nonce':
      return sized(key, bytesOf(key, value), 17);
    case 'failures':
      return sized(key, bytesOf(key, value), 6);
    case 'certificate':
    case 'signature':
    case 'protobuf':
      return bytesOf(key, value);
  }
}

function addressBytes(key: string, value: Value): Uint8Array {
  if (typeof value === 'string' && /^\d+(\.\d+){3}$/.test(value)) {
    const out = new ByteWriter(4);
    for (const part of value.split('.')) {
      if (Number(part) > 255) throw new EncodeError(`Field "${key}": "${value}" is no address.`);
      out.u8(Number(part));
    }
    return out.finish();
  }
  return bytesOf(key, value);
}
