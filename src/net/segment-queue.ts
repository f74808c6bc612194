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

/** Bytes of a new segment that are already there: the first ones win. */
export interface Overlap {
  readonly there: Segment;
  readonly from: number;
  readonly to: number;
}

const overlaps: Overlap[] = [];

/** Segments in one block of the list; an insertion moves at most this many. */
const BLOCK = 256;

/**
 * Segments that wait, disjoint and ordered by position. A list of short sorted blocks: insertion costs a bisection and
 * a move within one block, so any order of n segments costs O(n log n).
 */
export class SegmentQueue {
  private readonly blocks: Segment[][] = [];
  /** The cursor of an insertion. */
  private block = 0;
  private index = 0;
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

  /** What the last insertion into any queue found to be there already. */
  get overlaps(): readonly Overlap[] {
    return overlaps;
  }

  /**
   * Takes in [start, end) except for what is already held, which is put into `overlaps`. Returns how many pieces were added.
   */
  insert(start: number, end: number, address: number, packet: number, sec: number, nsec: number): number {
    overlaps.length = 0;
    if (start >= end) return 0;
    const { last } = this;
    if (last === undefined || last.end <= start) {
      this.append({ start, end, address, packet, sec, nsec });
      return 1;
    }
    this.block = this.findBlock(start);
    this.index = findIn(this.blocks[this.block], start);
    let at = start;
    let added = 0;
    while (at < end) {
      const there = this.blocks[this.block]?.[this.index];
      const stop = there === undefined ? end : Math.min(end, there.start);
      if (stop > at) {
        this.place({ start: at, end: stop, address: address === HOLE ? HOLE : address + (at - start), packet, sec, nsec });
        added++;
      }
      if (there === undefined || there.start >= end) break;
      const to = Math.min(end, there.end);
      overlaps.push({ there, from: Math.max(at, there.start), to });
      at = to;
      this.advance();
    }
    return added;
  }

  *[Symbol.iterator](): Generator<Segment> {
    for (const block of this.blocks) yield* block;
  }

  private append(piece: Segment): void {
    this.count++;
    this.bytes += piece.end - piece.start;
    const block = this.blocks[this.blocks.length - 1];
    if (block !== undefined && block.length < BLOCK) block.push(piece);
    else this.blocks.push([piece]);
  }

  /** Puts a piece before the cursor, which stays at the element behind it. */
  private place(piece: Segment): void {
    const block = this.blocks[this.block];
    if (block === undefined) {
      this.append(piece);
      this.block = this.blocks.length;
      return;
    }
    this.count++;
    this.bytes += piece.end - piece.start;
    block.splice(this.index, 0, piece);
    if (block.length > BLOCK) {
      this.blocks.splice(this.block + 1, 0, block.splice(BLOCK >>> 1));
      if (this.index >= block.length) {
        this.block++;
        this.index -= block.length;
      }
    }
    this.advance();
  }

  private advance(): void {
    this.index++;
    if (this.index >= this.blocks[this.block].length) {
      this.block++;
      this.index = 0;
    }
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
