import { HAS_CUT, HAS_LIMIT, RECORD_KNOWN, RECORD_LOST, RECORD_MISSING } from './references.ts';
import { LOST } from './value-table.ts';

/** References of a frame whose bytes are looked up only when the frame is done; frames with more copy in between. */
const PENDING = 16;
/** Combinations remembered; at the limit all are dropped. A connection uses few topics and tokens at a time. */
const REMEMBERED = 1024;

/** Bytes that the references of one frame may stand for, twice the longest body: two bytes could stand for a value as large as the table. */
const EXPANSION_LIMIT = 1 << 17;

const NONE = new Uint8Array(0);

interface Remembered {
  readonly serials: Int32Array;
  readonly log: Uint8Array;
}

/** A combination that came once: only one that comes again is worth an array of its own. */
const SEEN_ONCE: Remembered = { serials: new Int32Array(0), log: NONE };

/**
 * Collects what the references of one frame stand for, in the layout that `ReferenceReader` reads.
 *
 * Most frames refer to the same entries as an earlier one (the topic, the token). An entry's serial number says what it holds, so
 * the log of a frame that has only references is known by their serials: it is then the same array as before, and nothing is
 * copied. Who keeps logs may tell by identity that one is kept already; such an array never changes.
 */
export class ReferenceLog {
  private readonly serial = new Int32Array(PENDING);
  private readonly from: Uint8Array[] = new Array(PENDING).fill(NONE);
  private readonly start = new Int32Array(PENDING);
  private readonly length = new Int32Array(PENDING);
  private count = 0;
  private copied = false;
  private limit = -1;
  /** Bytes that the references so far stand for. */
  private expansion = 0;
  private buffer = new Uint8Array(512);
  private end = 0;
  /** Whether what `take` gave is remembered: it never changes, and the same references give the same array. */
  kept = false;
  private readonly remembered = new Map<number, Remembered>();

  clear(): void {
    this.count = 0;
    this.copied = false;
    this.limit = -1;
    this.expansion = 0;
    this.end = 0;
  }

  /** A reference to `from[start, start + length)`. `serial` names this content among all of the connection's direction. */
  known(from: Uint8Array, start: number, length: number, serial: number): void {
    this.expansion += length;
    if (this.expansion > EXPANSION_LIMIT) {
      this.unresolved(LOST);
      return;
    }
    const i = this.next();
    this.serial[i] = serial;
    this.from[i] = from;
    this.start[i] = start;
    this.length[i] = length;
  }

  /** A reference that stands for nothing known; `outcome` LOST or MISSING. */
  unresolved(outcome: number): void {
    const i = this.next();
    this.serial[i] = outcome;
    this.length[i] = outcome === LOST ? RECORD_LOST - RECORD_KNOWN : RECORD_MISSING - RECORD_KNOWN;
  }

  /** To be called before a table changes: what is referred to may move. */
  settle(): void {
    if (this.count > 0) this.copy();
  }

  /** The frame marks a value to be stored that does not fit a table of `limit` bytes. */
  oversize(limit: number): void {
    this.limit = limit;
  }

  /** The log of the frame, undefined when it has no references. Valid until the next `clear`, or for ever when remembered. */
  take(): Uint8Array | undefined {
    this.kept = false;
    const cut = this.expansion > EXPANSION_LIMIT;
    if (this.limit < 0 && !this.copied && !cut) {
      if (this.count === 0) return undefined;
      const known = this.recall();
      if (known !== undefined) {
        this.kept = true;
        return known;
      }
    }
    this.copy();
    if (cut) this.buffer[0] |= HAS_CUT;
    if (this.limit >= 0) {
      this.room(4);
      this.buffer[0] |= HAS_LIMIT;
      for (let shift = 24; shift >= 0; shift -= 8) this.buffer[this.end++] = this.limit >>> shift;
    }
    return this.buffer.subarray(0, this.end);
  }

  private next(): number {
    if (this.count === PENDING) this.copy();
    return this.count++;
  }

  /** The array made for the same references before; the second frame with them makes it. */
  private recall(): Uint8Array | undefined {
    const { count, serial } = this;
    let hash = count;
    for (let i = 0; i < count; i++) hash = (Math.imul(hash, 0x9e3779b1) ^ serial[i]) | 0;
    const found = this.remembered.get(hash);
    if (found === undefined) {
      if (this.remembered.size === REMEMBERED) this.remembered.clear();
      this.remembered.set(hash, SEEN_ONCE);
      return undefined;
    }
    if (found.serials.length === count) {
      let i = 0;
      while (i < count && found.serials[i] === serial[i]) i++;
      if (i === count) return found.log;
    }
    const serials = serial.slice(0, count);
    this.copy();
    const log = this.buffer.slice(0, this.end);
    this.remembered.set(hash, { serials, log });
    return log;
  }

  /** Writes the pending references into the buffer. */
  private copy(): void {
    this.copied = true;
    if (this.end === 0) this.buffer[this.end++] = 0;
    for (let i = 0; i < this.count; i++) {
      const length = this.length[i];
      this.room(length + 12);
      const buffer = this.buffer;
      let to = this.end;
      let head = length + RECORD_KNOWN;
      while (head >= 128) {
        buffer[to++] = 0x80 | (head & 0x7f);
        head >>>= 7;
      }
      buffer[to++] = head;
      const from = this.from[i];
      const start = this.start[i];
      for (let k = 0; k < length; k++) buffer[to + k] = from[start + k];
      this.end = length > 0 ? to + length : to;
    }
    this.count = 0;
  }

  private room(n: number): void {
    if (this.end + n <= this.buffer.length) return;
    const grown = new Uint8Array((this.end + n) * 2);
    grown.set(this.buffer.subarray(0, this.end));
    this.buffer = grown;
  }
}
