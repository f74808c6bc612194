import { toHex } from '../../core/bytes.ts';
import { utf8Bytes } from '../../core/text.ts';
import { EncodeError } from '../../schema/build.ts';
import { KeyTable, MAX_KEY_BYTES } from './key-table.ts';
import { MAX_BODY, MAX_DEPTH, MAX_ITEMS, MAX_VALUE, MIN_COMMAND } from './limits.ts';
import { prefixedLength, writePrefixed } from './numbers.ts';
import { isPackedDictionary, type PackedAttribute, type PackedDictionary, type PackedValue } from './value.ts';
import { DEFAULT_TABLE_BYTES, ENTRY_OVERHEAD, ValueTable } from './value-table.ts';

/** The keys inside dictionaries whose values Apple's encoder offers to the table (courier.md 5.2). */
const INDEXED_KEYS: ReadonlySet<string> = new Set(['sT', 'tP', 'ua', 't', 'sP', 'E', 'H', 'cT', 'sI']);

/** Values with a shorter encoding are never worth a table entry. */
const MIN_INDEXED = 2;

const VALUE_STORED = 0x40;
const VALUE_REFERENCE = 0x80;
const KEY_NEW = 0x10;
const KEY_REFERENCE = 0x20;

const U63 = 1n << 63n;
const U64 = 1n << 64n;

/**
 * Writes frames of one direction of one connection, as Apple's encoder does: a key from 16 up or a text goes through the key
 * table; a value that is offered to the value table is referred to when it is there, else stored, unless it is larger than the
 * table; containers and values of one byte are always literal.
 *
 * An integer from 2^63 up goes out as the negative number with the same 64 bits. What the encoding cannot carry throws
 * `EncodeError` and leaves the tables as they were only if it is found before anything was stored: end the connection then.
 */
export class PackedWriter {
  private readonly values: ValueTable;
  private readonly keys = new KeyTable();
  private buffer = new Uint8Array(1024);
  private length = 0;

  /** `tableBytes`: the limit that the ALPN string gives for this direction. */
  constructor(tableBytes: number = DEFAULT_TABLE_BYTES) {
    this.values = new ValueTable(tableBytes);
  }

  /** One frame. `id` of the attributes is a number from 0 to 255. */
  frame(command: number, attributes: readonly PackedAttribute[]): Uint8Array {
    if (!(command >= MIN_COMMAND && command <= 0xff)) throw new EncodeError(`Command ${command} does not exist in the packed encoding.`);
    for (const { id } of attributes) {
      if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > 0xff)
        throw new EncodeError(`Attribute "${id}" is not a number of one byte.`);
    }
    this.length = 0;
    for (const attribute of attributes) this.attribute(attribute, false, 0);
    const body = this.length;
    if (body > MAX_BODY) throw new EncodeError(`The frame has ${body} bytes, at most ${MAX_BODY} fit.`);
    const header = 1 + prefixedLength(body, 0xff);
    const out = new Uint8Array(header + body);
    out[0] = command;
    writePrefixed(out, 1, body, 0xff, 0);
    out.set(this.buffer.subarray(0, body), header);
    return out;
  }

  private attribute({ id, value, indexed }: PackedAttribute, offered: boolean, depth: number): void {
    const head = this.length;
    this.key(id);
    const start = this.length;
    this.literal(value, depth);
    const container = Array.isArray(value) || isPackedDictionary(value);
    if (container || !(indexed ?? offered) || this.length - start < MIN_INDEXED) return;
    const index = this.values.indexOf(this.buffer, start, this.length);
    if (index >= 0) {
      this.length = start;
      this.room(12);
      this.length = writePrefixed(this.buffer, start, index, 0xff, 0);
      this.buffer[head] |= VALUE_REFERENCE;
    } else if (this.length - start + ENTRY_OVERHEAD <= this.values.limit) {
      this.values.add(this.buffer, start, this.length);
      this.buffer[head] |= VALUE_STORED;
    }
  }

  private key(id: number | string): void {
    const key = typeof id === 'number' ? Uint8Array.of(id) : utf8Bytes(id);
    if (key.length < 1 || key.length > MAX_KEY_BYTES)
      throw new EncodeError(`A key has 1 to ${MAX_KEY_BYTES} bytes, "${id}" has ${key.length}.`);
    this.room(key.length + 12);
    if (key.length === 1 && key[0] < 16) {
      this.buffer[this.length++] = key[0];
      return;
    }
    const index = this.keys.indexOf(key, 0, key.length);
    if (index >= 0) {
      this.buffer[this.length++] = KEY_REFERENCE | index;
      return;
    }
    this.length = writePrefixed(this.buffer, this.length, key.length - 1, 0x0f, KEY_NEW);
    this.buffer.set(key, this.length);
    this.length += key.length;
    this.keys.add(key, 0, key.length);
  }

  private literal(value: PackedValue, depth: number): void {
    if (typeof value === 'boolean') this.byte(value ? 0xe1 : 0xe0);
    else if (typeof value === 'number' || typeof value === 'bigint') this.integer(value);
    else if (typeof value === 'string') this.counted(utf8Bytes(value), 0x1f, 0x40);
    else if (value instanceof Uint8Array) this.counted(value, 0x3f, 0x00);
    else this.container(value, depth + 1);
  }

  private integer(value: number | bigint): void {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new EncodeError(`${value} is not a whole number.`);
    let n = BigInt(value);
    if (n >= U64 || n < -U63) throw new EncodeError(`${value} has more than 64 bits.`);
    if (n >= U63) n -= U64;
    if (n >= 0n && n < 32n) {
      this.byte(0x80 | Number(n));
      return;
    }
    const bytes: number[] = [];
    for (let rest = n < 0n ? -n : n; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
    this.byte(0xa0 | (n < 0n ? 8 : 0) | (bytes.length - 1));
    for (const b of bytes) this.byte(b);
  }

  private counted(bytes: Uint8Array, mask: number, high: number): void {
    if (bytes.length >= MAX_VALUE)
      throw new EncodeError(`A value has less than ${MAX_VALUE} bytes, "${toHex(bytes, 0, 8)}…" has ${bytes.length}.`);
    this.room(bytes.length + 12);
    this.length = writePrefixed(this.buffer, this.length, bytes.length, mask, high);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  private container(value: readonly PackedValue[] | PackedDictionary, depth: number): void {
    if (depth > MAX_DEPTH) throw new EncodeError(`Containers nest at most ${MAX_DEPTH} deep.`);
    const items: readonly (PackedValue | PackedAttribute)[] = isPackedDictionary(value) ? value.entries : value;
    if (items.length > MAX_ITEMS) throw new EncodeError(`A container has at most ${MAX_ITEMS} items, not ${items.length}.`);
    this.room(12);
    this.length = writePrefixed(this.buffer, this.length, items.length, 0x0f, isPackedDictionary(value) ? 0xc0 : 0xd0);
    if (isPackedDictionary(value)) for (const entry of value.entries) this.attribute(entry, INDEXED_KEYS.has(String(entry.id)), depth);
    else for (const item of value) this.literal(item, depth);
  }

  private byte(value: number): void {
    this.room(1);
    this.buffer[this.length++] = value;
  }

  private room(n: number): void {
    if (this.length + n <= this.buffer.length) return;
    const grown = new Uint8Array((this.length + n) * 2);
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}
