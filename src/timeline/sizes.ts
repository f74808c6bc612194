/** Sizes of messages in bytes: nearest-rank percentiles and the largest. */
export interface SizeSummary {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * How often each size was seen. Exact, and small: n different sizes take n²/2 bytes of capture, so a gigabyte has some ten thousand.
 */
export class Sizes {
  private readonly counts = new Map<number, number>();
  private total = 0;

  add(size: number, times = 1): void {
    this.counts.set(size, (this.counts.get(size) ?? 0) + times);
    this.total += times;
  }

  addAll(other: Sizes): void {
    for (const [size, times] of other.counts) this.add(size, times);
  }

  /** Of at least one size. */
  summary(): SizeSummary {
    const sizes = [...this.counts.keys()].sort((a, b) => a - b);
    const ranks = [0.5, 0.9, 0.99].map((share) => Math.ceil(share * this.total));
    const found: number[] = [];
    let seen = 0;
    for (const size of sizes) {
      seen += this.counts.get(size) as number;
      while (found.length < ranks.length && seen >= ranks[found.length]) found.push(size);
    }
    const [p50, p90, p99] = found;
    return { p50, p90, p99, max: sizes[sizes.length - 1] };
  }
}
