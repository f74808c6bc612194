import { HOLE } from '../core/stream.ts';
import { FLAG_PIECES } from '../timeline/columns.ts';
import type { Timeline } from '../timeline/timeline.ts';

/** Reads the bytes of whole rows for those who look at them once. */
export class RowReader {
  private readonly timeline: Timeline;
  private scratch = new Uint8Array(4096);
  private kept = new Uint8Array(256);

  constructor(timeline: Timeline) {
    this.timeline = timeline;
  }

  /** The row's bytes, valid until the next call or read of the store; undefined when some are not in the capture. */
  read(row: number): Uint8Array | undefined {
    const { columns } = this.timeline.rows;
    const length = columns.length(row);
    const whole = (columns.flags(row) & FLAG_PIECES) === 0;
    const bytes = whole ? this.timeline.store.read(columns.address(row), length) : this.gather(row, length);
    return bytes?.length === length ? bytes : undefined;
  }

  /** What the index kept beside the row; valid until the next call. */
  aux(row: number): Uint8Array | undefined {
    const { columns } = this.timeline.rows;
    const length = columns.auxLength(row);
    if (length === 0) return undefined;
    // Not a view of the store: the row's bytes are read next, and may take the place of the block.
    if (this.kept.length < length) this.kept = new Uint8Array(length * 2);
    const bytes = this.timeline.store.read(columns.auxAddress(row), length);
    this.kept.set(bytes);
    return this.kept.subarray(0, bytes.length);
  }

  private gather(row: number, length: number): Uint8Array | undefined {
    const { columns, pieces } = this.timeline.rows;
    if (this.scratch.length < length) this.scratch = new Uint8Array(length * 2);
    let at = 0;
    for (let i = columns.address(row); at < length; i++) {
      const address = pieces.address(i);
      const size = pieces.length(i);
      if (address === HOLE) return undefined;
      const got = this.timeline.store.read(address, size);
      if (got.length !== size) return undefined;
      this.scratch.set(got, at);
      at += size;
    }
    return this.scratch.subarray(0, length);
  }
}
