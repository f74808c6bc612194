import { HOLE } from '../core/stream.ts';

/** One stretch of bytes that waits for bytes before it. Positions are bytes from the stream's reference point. */
export interface Segment {
  start: number;
  end: number;
  /** Where the byte at `start` lives in the store; HOLE: the snap length cut these bytes off. */
  address: number;
  readonly packet: number;
  readonly sec: number;
  readonly nsec: number;
}

/** Told about bytes of a new segment that are already there: the first ones win. */
export type OnOverlap = (there: Segment, from: number, to: number) => void;

/** Segments in one block of the list; an insertion moves at most this many. */
const BLOCK = 256;

/**
 * Segments that wait, disjoint and ordered by position. A list of short sorted blocks: insertion costs a bisection and
 * a move within one block, so any order of n segments costs O(n log n).
 */
export class SegmentQueue {
  private readonly blocks: Segment[][] = [];
  /** Segments and bytes held. */
  count = 0;
  bytes = 0;

  get first(): Segment | undefined {
    return this.blocks.length === 0 ? undefined : this.blocks[0][0];
  }

  get last(): Segment | undefined {
    const block = this.blocks[this.blocks.length - 1];
    return block?.[block.length - 1];
  }

  /** Removes and returns the first segment. */
  shift(): Segment | undefined {
    const block = this.blocks[0];
    if (block === undefined) return undefined;
    const segment = block.shift() as Segment;
    if (block.length === 0) this.blocks.shift();
    this.count--;
    this.bytes -= segment.end - segment.start;
    return segment;
  }

  /**
   * Takes in [start, end) except for what is already held, which is told to `overlap`. Returns how many pieces were added.
   */
  insert(start: number, end: number, address: number, packet: number, sec: number, nsec: number, overlap: OnOverlap): number {
    let b = this.findBlock(start);
    let i = b < this.blocks.length ? findIn(this.blocks[b], start) : 0;
    let at = start;
    let added = 0;
    while (at < end) {
      const there = b < this.blocks.length ? this.blocks[b][i] : undefined;
      const stop = there === undefined ? end : Math.min(end, there.start);
      if (stop > at) {
        const piece = { start: at, end: stop, address: address === HOLE ? HOLE : address + (at - start), packet, sec, nsec };
        [b, i] = this.place(b, i, piece);
        added++;
      }
      if (there === undefined || there.start >= end) break;
      const to = Math.min(end, there.end);
      if (to > Math.max(at, there.start)) overlap(there, Math.max(at, there.start), to);
      at = Math.max(stop, to);
      i++;
      if (i >= this.blocks[b].length) {
        b++;
        i = 0;
      }
    }
    return added;
  }

  *[Symbol.iterator](): Generator<Segment> {
    for (const block of this.blocks) yield* block;
  }

  /** Puts a piece before index `i` of block `b`; returns where the element behind it is now. */
  private place(b: number, i: number, piece: Segment): [number, number] {
    this.count++;
    this.bytes += piece.end - piece.start;
    if (b === this.blocks.length) {
      const before = this.blocks[b - 1];
      if (before !== undefined && before.length < BLOCK) before.push(piece);
      else this.blocks.push([piece]);
      return [this.blocks.length, 0];
    }
    const block = this.blocks[b];
    block.splice(i, 0, piece);
    i++;
    if (block.length <= BLOCK) return i < block.length ? [b, i] : [b + 1, 0];
    const half = block.splice(BLOCK >>> 1);
    this.blocks.splice(b + 1, 0, half);
    return i < block.length ? [b, i] : [b + 1, i - block.length];
  }

  /** First block with a segment that ends behind `position`. */
  private findBlock(position: number): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const block = this.blocks[middle];
      if (block[block.length - 1].end <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** First segment of a block that ends behind `position`. */
function findIn(block: Segment[], position: number): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (block[middle].end <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
