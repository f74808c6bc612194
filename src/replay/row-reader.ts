import { HOLE } from '../core/stream.ts';
import { FLAG_PIECES } from '../timeline/columns.ts';
import type { Timeline } from '../timeline/timeline.ts';

/** Bytes read at a time: rows that are sent one after the other lie close together. */
const WINDOW = 64 * 1024;

/** Copies the bytes of many rows, one after the other, without anything made for each of them. */
export class RowReader {
  private readonly timeline: Timeline;
  private window = new Uint8Array(WINDOW);
  /** Addresses that the window holds. */
  private from = 0;
  private to = 0;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
  }

  /** Copies the row's bytes to `at` of `into`, which must have room for them; false when some are missing. */
  copy(row: number, into: Uint8Array, at: number): boolean {
    const { columns, pieces } = this.timeline.rows;
    const length = columns.length(row);
    const address = columns.address(row);
    if ((columns.flags(row) & FLAG_PIECES) === 0) return this.range(address, length, into, at);
    let done = 0;
    for (let i = address; done < length && i < pieces.count; i++) {
      const size = pieces.length(i);
      if (pieces.address(i) === HOLE || !this.range(pieces.address(i), size, into, at + done)) return false;
      done += size;
    }
    return done === length;
  }

  private range(address: number, length: number, into: Uint8Array, at: number): boolean {
    if (address < this.from || address + length > this.to) {
      // What the store gives is its own, and good until it is asked again.
      const got = this.timeline.store.read(address, Math.max(WINDOW, length));
      if (got.length > this.window.length) this.window = new Uint8Array(got.length);
      this.window.set(got);
      this.from = address;
      this.to = address + got.length;
      if (length > got.length) return false;
    }
    const start = address - this.from;
    into.set(this.window.subarray(start, start + length), at);
    return true;
  }
}
