import type { Source } from '../source.ts';

/** First size of the buffer; one slice of a `step`. Larger ones fall out of the processor's cache. */
const SLICE = 1 << 20;

/**
 * A stretch of a source that moves forward: `buf[start, end)` is read and not yet consumed.
 * The buffer grows when a unit does not fit, up to `limit`.
 */
export class Window {
  buf = new Uint8Array(SLICE);
  start = 0;
  end = 0;
  /** Position in the source of `buf[end]`. */
  private next = 0;
  private readonly source: Source;
  private readonly limit: number;

  /** `limit`: largest buffer, in bytes: the longest unit that can be seen in one piece. */
  constructor(source: Source, limit: number) {
    this.source = source;
    this.limit = limit;
  }

  /** Position in the source of `buf[index]`. */
  position(index: number): number {
    return this.next - this.end + index;
  }

  /** Address in the store of `buf[index]`. */
  address(index: number): number {
    return this.source.address + this.position(index);
  }

  /** True when no further byte can be taken in before some are consumed. */
  get full(): boolean {
    return this.start === 0 && this.end === this.buf.length && this.buf.length >= this.limit;
  }

  /** Reads on behind `end`; returns the number of new bytes, 0 when there are none or the window is full. Indexes move. */
  fill(): number {
    if (this.start === this.end) this.start = this.end = 0;
    if (this.end === this.buf.length) this.makeRoom();
    const read = this.source.read(this.buf, this.end, this.buf.length - this.end, this.next);
    this.end += read;
    this.next += read;
    return read;
  }

  /** Forgets what is in the window and goes on at `position`. */
  seek(position: number): void {
    this.start = this.end = 0;
    this.next = position;
  }

  private makeRoom(): void {
    if (this.start > 0) {
      this.buf.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    } else if (this.buf.length < this.limit) {
      const grown = new Uint8Array(Math.min(this.limit, this.buf.length * 2));
      grown.set(this.buf.subarray(0, this.end));
      this.buf = grown;
    }
  }
}
