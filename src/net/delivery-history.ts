/** Deliveries remembered over all flows: the last second of a busy capture, half a megabyte in all. A power of two. */
const RING = 1 << 14;

/** Deliveries of one direction looked at to find an older byte; a retransmission rarely goes back further. */
const MAX_STEPS = 512;

/**
 * Where bytes that were handed on lately live, so that a retransmission can be held against what it repeats.
 * One ring for all directions; the entries of a direction are chained from the newest to the oldest.
 */
export class DeliveryHistory {
  private readonly positions = new Float64Array(RING);
  private readonly addresses = new Float64Array(RING);
  private readonly lengths = new Int32Array(RING);
  /** Number of the same direction's entry before. */
  private readonly before = new Float64Array(RING);
  private count = 0;

  /** Remembers a delivery; `last` is the direction's newest entry (-1: none). Returns the new newest entry. */
  add(last: number, position: number, length: number, address: number): number {
    const entry = this.count++;
    const i = entry & (RING - 1);
    this.positions[i] = position;
    this.addresses[i] = address;
    this.lengths[i] = length;
    this.before[i] = last;
    return entry;
  }

  /** The newest entry at or behind `entry` in the chain that begins before `end`; -1 when it is forgotten. */
  find(entry: number, end: number): number {
    const oldest = this.count - RING;
    for (let steps = 0; entry >= 0 && entry >= oldest && steps < MAX_STEPS; steps++) {
      const i = entry & (RING - 1);
      if (this.positions[i] < end) return entry;
      entry = this.before[i];
    }
    return -1;
  }

  position(entry: number): number {
    return this.positions[entry & (RING - 1)];
  }

  length(entry: number): number {
    return this.lengths[entry & (RING - 1)];
  }

  address(entry: number): number {
    return this.addresses[entry & (RING - 1)];
  }
}
