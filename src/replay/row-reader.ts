import { HOLE } from '../core/stream.ts';
import { FLAG_PIECES } from '../timeline/columns.ts';
import type { Timeline } from '../timeline/timeline.ts';

/** Bytes read at a time: rows that are sent one after the other lie close together. */
const WINDOW = 64 * 1024;

/**
 * Copies the bytes of many rows, one after the other, without anything made for each of them. Bytes that lie together in the
 * capture and go together are copied at once: a segment of the network rather than a message.
 */
export class RowReader {
  private readonly timeline: Timeline;
  private window = new Uint8Array(WINDOW);
  /** Addresses that the window holds. */
  private from = 0;
  private to = 0;
  /** The run that is still to be copied: addresses, and where it goes. */
  private runFrom = 0;
  private runTo = 0;
  private into: Uint8Array = this.window;
  private intoFrom = 0;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
  }

  /**
   * Copies the row's bytes to `at` of `into`, which must have room for them; false when some are missing. They are there
   * after `complete`.
   */
  copy(row: number, into: Uint8Array, at: number): boolean {
    const { columns, pieces } = this.timeline.rows;
    const length = columns.length(row);
    const address = columns.address(row);
    if ((columns.flags(row) & FLAG_PIECES) === 0) return this.range(address, length, into, at);
    let done = 0;
    for (let i = address; done < length && i < pieces.count; i++) {
      const size = pieces.length(i);
      if (pieces.address(i) === HOLE || !this.range(pieces.address(i), size, into, at + done)) return this.missing();
      done += size;
    }
    return done === length || this.missing();
  }

  /** Copies what is left of earlier calls. */
  complete(): void {
    const { from, runFrom, runTo } = this;
    if (runTo === runFrom) return;
    this.into.set(this.window.subarray(runFrom - from, runTo - from), this.intoFrom);
    this.runFrom = this.runTo = 0;
  }

  private range(address: number, length: number, into: Uint8Array, at: number): boolean {
    if (address < this.from || address + length > this.to) {
      this.complete();
      // What the store gives is its own, and good until it is asked again.
      const got = this.timeline.store.read(address, Math.max(WINDOW, length));
      if (got.length > this.window.length) this.window = new Uint8Array(got.length);
      this.window.set(got);
      this.from = address;
      this.to = address + got.length;
      if (length > got.length) return this.missing();
    }
    if (address === this.runTo && at - this.intoFrom === address - this.runFrom && into === this.into) this.runTo += length;
    else {
      this.complete();
      this.runFrom = address;
      this.runTo = address + length;
      this.into = into;
      this.intoFrom = at;
    }
    return true;
  }

  /** What was begun goes where it was to go, before somebody else writes there. */
  private missing(): false {
    this.complete();
    return false;
  }
}
