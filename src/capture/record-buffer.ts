import type { Source } from './source.ts';

/** Bytes read at once: they stay in a second-level cache of 1 MiB while they are walked. 2 MiB and 128 KiB cost a tenth more. */
const SLICE = 512 * 1024;

/** The first slice of a large file: its messages are on the screen before much is read. */
const FIRST_SLICE = 256 * 1024;

/** Room in front of a slice for the record that the slice before it cut; grows when a record is longer. */
const HEADROOM = 64 * 1024;

/**
 * The one buffer that a reader walks: `buf[start, end)` is read and not yet consumed, and records in it are contiguous,
 * because what a slice leaves over is moved in front of the next one.
 */
export class RecordBuffer {
  buf: Uint8Array;
  start: number;
  end: number;
  /** Position in the source of `buf[0]`; negative while the headroom is unused. `base + i` is the position of `buf[i]`. */
  base: number;
  private headroom: number;
  private readonly slice: number;
  private first = true;
  private readonly source: Source;

  /** `position`: where in the source to begin. */
  constructor(source: Source, position: number) {
    this.source = source;
    // A small file comes in one slice, and nothing is left over that needs room.
    const small = source.ended && source.size <= SLICE;
    this.slice = small ? source.size + 1 : SLICE;
    this.headroom = small ? 0 : HEADROOM;
    this.buf = new Uint8Array(this.headroom + this.slice);
    this.start = this.end = this.headroom;
    this.base = position - this.headroom;
  }

  /** Position in the source of the first byte that is not consumed. */
  get position(): number {
    return this.base + this.start;
  }

  /** Reads the next slice behind what is left over; returns the number of new bytes. Indexes into `buf` change. */
  fill(): number {
    const rest = this.end - this.start;
    const position = this.base + this.end;
    if (rest > this.headroom) this.grow(rest);
    else if (rest > 0) this.buf.copyWithin(this.headroom - rest, this.start, this.end);
    this.start = this.headroom - rest;
    this.base = position - this.headroom;
    const length = this.first ? Math.min(this.slice, FIRST_SLICE) : this.slice;
    this.first = false;
    const got = this.source.read(this.buf, this.headroom, length, position);
    this.end = this.headroom + got;
    return got;
  }

  private grow(rest: number): void {
    this.headroom = Math.max(this.headroom * 2, rest);
    const grown = new Uint8Array(this.headroom + this.slice);
    grown.set(this.buf.subarray(this.start, this.end), this.headroom - rest);
    this.buf = grown;
  }
}
