import { u32 } from '../../core/bytes.ts';
import { Cursor, readGroups } from './numbers.ts';

/**
 * What the references of one frame stood for, in wire order: the history that `decode` does not have.
 *
 * Layout: flags u8, one record per reference, then, with flag bit 0, the table limit u32 big-endian (present when the frame marks
 * a value to be stored that is larger than the table). A record is a base-128 number, little end first: 0 = lost, 1 = missing,
 * else length + 2 and that many bytes: a key, or an encoded literal.
 */
const RECORD_LOST = 0;
const RECORD_MISSING = 1;
const RECORD_KNOWN = 2;
const HAS_LIMIT = 1;

/** Views of the scratch buffer kept by length, so that a frame with references allocates nothing; longer ones are made on demand. */
const VIEWS = 1024;

/** Collects the records of one frame after the other in one scratch buffer. */
export class ReferenceLog {
  private buffer = new Uint8Array(512);
  private views: (Uint8Array | undefined)[] = new Array(VIEWS);
  private length = 0;
  private limit = 0;

  clear(): void {
    this.length = 0;
    this.limit = 0;
  }

  known(from: Uint8Array, start: number, length: number): void {
    this.record(length + RECORD_KNOWN, length);
    const buffer = this.buffer;
    let to = this.length;
    for (let i = start; i < start + length; i++) buffer[to++] = from[i];
    this.length = to;
  }

  lost(): void {
    this.record(RECORD_LOST, 0);
  }

  missing(): void {
    this.record(RECORD_MISSING, 0);
  }

  /** The frame marks a value to be stored that does not fit a table of `limit` bytes. */
  oversize(limit: number): void {
    this.record(-1, 0);
    this.limit = limit;
    this.buffer[0] |= HAS_LIMIT;
  }

  /** The records since `clear`, valid until the next `clear`; undefined when there are none. */
  take(): Uint8Array | undefined {
    if (this.length === 0) return undefined;
    if ((this.buffer[0] & HAS_LIMIT) !== 0) {
      this.room(4);
      for (let shift = 24; shift >= 0; shift -= 8) this.buffer[this.length++] = this.limit >>> shift;
    }
    if (this.length >= VIEWS) return this.buffer.subarray(0, this.length);
    let view = this.views[this.length];
    if (view === undefined) {
      view = this.buffer.subarray(0, this.length);
      this.views[this.length] = view;
    }
    return view;
  }

  /** Makes room for a record head and `length` bytes, and writes the head unless it is -1. */
  private record(head: number, length: number): void {
    this.room(length + 12);
    if (this.length === 0) this.buffer[this.length++] = 0;
    if (head < 0) return;
    while (head >= 128) {
      this.buffer[this.length++] = 0x80 | (head & 0x7f);
      head >>>= 7;
    }
    this.buffer[this.length++] = head;
  }

  private room(n: number): void {
    if (this.length + n <= this.buffer.length) return;
    const grown = new Uint8Array((this.length + n) * 2);
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
    this.views = new Array(VIEWS);
  }
}

/** Reads the records back, in order. Never throws; a log that ends early gives lost references. */
export class ReferenceReader {
  /** Table limit of the direction when the log tells it, else undefined. */
  readonly limit: number | undefined;
  private readonly log: Uint8Array;
  private readonly end: number;
  private readonly cursor = new Cursor();

  constructor(log: Uint8Array) {
    const hasLimit = log.length >= 5 && (log[0] & HAS_LIMIT) !== 0;
    this.log = log;
    this.end = hasLimit ? log.length - 4 : log.length;
    this.limit = hasLimit ? u32(log, log.length - 4) : undefined;
    this.cursor.at = 1;
  }

  /** What the next reference stood for. */
  next(): Uint8Array | 'lost' | 'missing' {
    const head = readGroups(this.log, this.cursor.at, this.end, this.cursor);
    if (head === RECORD_MISSING) return 'missing';
    if (head < RECORD_KNOWN) return 'lost';
    const start = this.cursor.at;
    this.cursor.at = Math.min(this.end, start + head - RECORD_KNOWN);
    return this.log.subarray(start, this.cursor.at);
  }
}
