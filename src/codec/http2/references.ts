import { sameBytes } from '../../core/bytes.ts';
import { headerText } from './header-text.ts';

/**
 * What a row needs besides its bytes: the table entries that its header blocks refer to, in the order of the references,
 * and what only the connection's history tells about it.
 *
 * Layout: records of a tag byte and, by tag, strings (length as 7-bit groups, low first, then the bytes) or two u32
 * big-endian (a range in the row's bytes). Tags from HISTORY on are not references and may stand anywhere.
 */
export const TAG = {
  /** The table entry is unknown, because bytes before it were not captured. */
  lost: 0,
  /** No such entry exists. */
  invalid: 1,
  /** Name and value follow. */
  field: 2,
  /** A name follows. */
  name: 3,
  /** The name is unknown, the value follows. */
  value: 4,
  /** References from here on were not kept: REFERENCE_LIMIT. */
  cut: 5,
} as const;

/** Facts from the history of the connection, each with the range it is about. */
export const HISTORY = {
  first: 16,
  continuationExpected: 16,
  unexpectedContinuation: 17,
  frameSize: 18,
  tableSize: 19,
  blockTooLong: 20,
  bodyCut: 21,
  flowControl: 22,
  listTooLong: 23,
  bodyPart: 24,
} as const;

/** Bytes of resolved references kept for a row. APNs takes 8,000 bytes of headers; a block of one-byte references could expand 4,000 times. */
const REFERENCE_LIMIT = 1 << 16;

/** References kept for a row: more than its headers that are shown (header-list.ts), with trailers. */
const REFERENCE_COUNT = 2048;

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Collects the references of one row; reused from row to row. */
export class ReferenceWriter {
  bytes = new Uint8Array(512);
  length = 0;
  cut = false;
  private count = 0;
  private seen = NO_BYTES;

  /** What is written, valid until the next write; undefined when that is nothing. */
  view(): Uint8Array | undefined {
    if (this.length === 0) return undefined;
    if (this.seen.length !== this.length || this.seen.buffer !== this.bytes.buffer) this.seen = this.bytes.subarray(0, this.length);
    return this.seen;
  }

  clear(): void {
    this.length = 0;
    this.count = 0;
    this.cut = false;
  }

  tag(tag: number): void {
    if (this.cut || !this.room(1)) return;
    this.bytes[this.length++] = tag;
  }

  /** A tag and the string `from[start, end)`. */
  text(tag: number, from: Uint8Array, start: number, end: number): void {
    if (this.cut || !this.room(6 + end - start)) return;
    this.bytes[this.length++] = tag;
    this.string(from, start, end);
  }

  pair(from: Uint8Array, nameStart: number, nameEnd: number, valueEnd: number): void {
    if (this.cut || !this.room(11 + valueEnd - nameStart)) return;
    this.bytes[this.length++] = TAG.field;
    this.string(from, nameStart, nameEnd);
    this.string(from, nameEnd, valueEnd);
  }

  /** A fact of the history about the row's bytes [start, end). Not subject to the cut, because there are few. */
  fact(tag: number, start: number, end: number): void {
    this.grow(9);
    this.bytes[this.length++] = tag;
    this.u32(start);
    this.u32(end);
  }

  private u32(value: number): void {
    for (let shift = 24; shift >= 0; shift -= 8) this.bytes[this.length++] = value >>> shift;
  }

  private string(from: Uint8Array, start: number, end: number): void {
    let left = end - start;
    while (left >= 0x80) {
      this.bytes[this.length++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    this.bytes[this.length++] = left;
    const to = this.bytes;
    let at = this.length;
    for (let i = start; i < end; i++) to[at++] = from[i];
    this.length = at;
  }

  private room(bytes: number): boolean {
    if (++this.count > REFERENCE_COUNT || this.length + bytes > REFERENCE_LIMIT) {
      this.grow(1);
      this.bytes[this.length++] = TAG.cut;
      this.cut = true;
      return false;
    }
    this.grow(bytes);
    return true;
  }

  private grow(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const bigger = new Uint8Array(Math.max(2 * this.bytes.length, this.length + bytes));
    bigger.set(this.bytes.subarray(0, this.length));
    this.bytes = bigger;
  }
}

/** Records that are known again; a power of two. A sender has one for each topic and kind of push. */
const KEPT_RECORDS = 256;
/** Longer records are stored each time: 256 of them must stay small. */
const KEPT_BYTES = 2048;

/** Records of references that came before, as arrays that never change: the requests of a sender refer to the same entries. */
export class KeptReferences {
  private readonly records: (Uint8Array | undefined)[] = new Array(KEPT_RECORDS).fill(undefined);
  private readonly hashes = new Int32Array(KEPT_RECORDS);

  /** The array that holds the same as this record, from its second time on. */
  find(record: Uint8Array): Uint8Array | undefined {
    const { length } = record;
    if (length > KEPT_BYTES) return undefined;
    let hash = length;
    // Every third byte tells topics and times apart.
    for (let i = length - 1; i >= 0; i -= 3) hash = (Math.imul(hash, 31) + record[i]) | 0;
    const slot = (hash ^ (hash >>> 15)) & (KEPT_RECORDS - 1);
    const kept = this.records[slot];
    if (kept !== undefined && sameBytes(kept, record)) return kept;
    if (this.hashes[slot] === hash) {
      this.records[slot] = record.slice();
      return this.records[slot];
    }
    this.hashes[slot] = hash;
    return undefined;
  }
}

interface Fact {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** A reference as it was resolved: `cut` also when the records end early. */
interface Reference {
  readonly tag: number;
  readonly name: string | undefined;
  readonly value: string | undefined;
}

const CUT: Reference = { tag: TAG.cut, name: undefined, value: undefined };
const LOST: Reference = { tag: TAG.lost, name: undefined, value: undefined };

/** Reads what a ReferenceWriter wrote. Bytes that it did not write give `lost`, never a throw. */
export class ReferenceReader {
  readonly facts: Fact[] = [];
  private readonly references: Reference[] = [];
  private next = 0;
  private readonly bytes: Uint8Array;
  private at = 0;
  private readonly wholeLength: number;

  constructor(bytes: Uint8Array | undefined) {
    this.bytes = bytes ?? NO_BYTES;
    this.wholeLength = this.bytes.length;
    while (this.at < this.wholeLength) {
      const tag = this.bytes[this.at++];
      if (tag >= HISTORY.first) this.facts.push({ tag, start: this.u32(), end: this.u32() });
      else if (tag === TAG.field) this.references.push({ tag, name: this.string(), value: this.string() });
      else if (tag === TAG.name) this.references.push({ tag, name: this.string(), value: undefined });
      else if (tag === TAG.value) this.references.push({ tag, name: undefined, value: this.string() });
      else this.references.push({ tag, name: undefined, value: undefined });
    }
  }

  /** The next reference in the order of the header blocks. */
  take(): Reference {
    const reference = this.references[this.next];
    if (reference === undefined) return LOST;
    if (reference.tag === TAG.cut) return CUT;
    this.next++;
    return reference;
  }

  private u32(): number {
    let value = 0;
    for (let i = 0; i < 4; i++) value = value * 256 + (this.bytes[this.at++] ?? 0);
    return value;
  }

  private string(): string | undefined {
    let length = 0;
    let shift = 0;
    while (this.at < this.wholeLength && shift < 28) {
      const byte = this.bytes[this.at++];
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
      shift += 7;
    }
    const start = this.at;
    this.at = Math.min(this.wholeLength, start + length);
    return headerText(this.bytes, start, this.at, false);
  }
}
