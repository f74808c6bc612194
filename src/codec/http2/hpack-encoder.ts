import { ByteWriter, sameBytes } from '../../core/bytes.ts';
import { utf8Bytes } from '../../core/text.ts';
import { FORM } from './hpack-block.ts';
import { encodeHuffman, huffmanLength } from './hpack-huffman.ts';
import { STATIC_COUNT, STATIC_NAMES, STATIC_VALUES } from './hpack-static.ts';

export interface Header {
  readonly name: string;
  readonly value: string;
  /** How to write it; without it, by the rules of `formOf`. */
  readonly form?: 'incremental' | 'literal' | 'never';
}

const ENTRY_COST = 32;
const INITIAL_SIZE = 4096;

/** Headers whose value is new in each request: Apple asks to index them only the first time. */
const FIRST_TIME = new Set(['apns-id', 'apns-expiration', 'apns-collapse-id']);

interface Entry {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Writes header blocks of one direction; keeps the table that the receiver builds from them.
 *
 * As Apple asks: `authorization` is never indexed, `:path` is not indexed, the notification's own headers are indexed only
 * when they come first. Strings are Huffman-coded when that is shorter. Source: RFC 7541; Apple, Sending notification
 * requests to APNs.
 */
export class HpackEncoder {
  private readonly entries: Entry[] = [];
  private size = 0;
  private max = INITIAL_SIZE;
  private readonly announce: number[] = [];
  private readonly seen = new Set<string>();

  /** Uses tables of this size from the next block on: what the receiver allows in its SETTINGS, or less. */
  resize(max: number): void {
    this.announce.push(max);
    this.max = max;
    this.evict(0);
  }

  encode(headers: readonly Header[]): Uint8Array {
    const out = new ByteWriter();
    // The smallest size passed through must be told as well as the last. RFC 7541, 4.2.
    if (this.announce.length > 0) {
      const smallest = Math.min(...this.announce);
      if (smallest < this.max) integer(out, 0x20, 0x1f, smallest);
      integer(out, 0x20, 0x1f, this.max);
      this.announce.length = 0;
    }
    for (const header of headers) this.write(out, header);
    return out.finish();
  }

  private write(out: ByteWriter, header: Header): void {
    const name = utf8Bytes(header.name);
    const value = utf8Bytes(header.value);
    const form = header.form === undefined ? this.formOf(header.name) : FORM[header.form];
    if (form !== FORM.never) {
      const index = this.find(name, value);
      if (index > 0) {
        integer(out, 0x80, 0x7f, index);
        return;
      }
    }
    const index = this.find(name, undefined);
    if (form === FORM.incremental) integer(out, 0x40, 0x3f, index);
    else integer(out, form === FORM.never ? 0x10 : 0, 0x0f, index);
    if (index === 0) string(out, name);
    string(out, value);
    if (form === FORM.incremental) this.add({ name, value });
  }

  private formOf(name: string): number {
    if (name === 'authorization' || name === 'proxy-authorization' || name === 'cookie') return FORM.never;
    if (name === ':path') return FORM.literal;
    if (!FIRST_TIME.has(name)) return FORM.incremental;
    if (this.seen.has(name)) return FORM.literal;
    this.seen.add(name);
    return FORM.incremental;
  }

  /** Index of an entry with this name, and this value when given; 0 when there is none. */
  private find(name: Uint8Array, value: Uint8Array | undefined): number {
    for (let i = 1; i <= STATIC_COUNT; i++) {
      if (sameBytes(STATIC_NAMES[i], name) && (value === undefined || (STATIC_VALUES[i].length > 0 && sameBytes(STATIC_VALUES[i], value))))
        return i;
    }
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i];
      if (sameBytes(entry.name, name) && (value === undefined || sameBytes(entry.value, value))) return STATIC_COUNT + 1 + i;
    }
    return 0;
  }

  private add(entry: Entry): void {
    const cost = entry.name.length + entry.value.length + ENTRY_COST;
    this.evict(cost);
    if (cost > this.max) return;
    this.entries.unshift(entry);
    this.size += cost;
  }

  private evict(needed: number): void {
    while (this.entries.length > 0 && this.size + needed > this.max) {
      const oldest = this.entries.pop() as Entry;
      this.size -= oldest.name.length + oldest.value.length + ENTRY_COST;
    }
  }
}

function integer(out: ByteWriter, bits: number, mask: number, value: number): void {
  if (value < mask) {
    out.u8(bits | value);
    return;
  }
  out.u8(bits | mask);
  let rest = value - mask;
  while (rest >= 0x80) {
    out.u8((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.u8(rest);
}

function string(out: ByteWriter, bytes: Uint8Array): void {
  const coded = huffmanLength(bytes);
  if (coded < bytes.length) {
    integer(out, 0x80, 0x7f, coded);
    out.bytes(encodeHuffman(bytes));
  } else {
    integer(out, 0, 0x7f, bytes.length);
    out.bytes(bytes);
  }
}
