/** Rows of one chunk; the same as the index has, so that small captures cost little and growing copies nothing. */
const BITS = 16;
const MASK = (1 << BITS) - 1;

/** Partner of each row, as a column: 4 bytes a row, only for chunks that hold a pair. */
export class Pairs {
  private readonly chunks: (Int32Array | undefined)[] = [];
  /** Rows before this one are gone. */
  private first = 0;
  /** Pairs that were made. */
  count = 0;

  join(a: number, b: number): void {
    this.set(a, b);
    this.set(b, a);
    this.count++;
  }

  /** The row that belongs to this one, or -1. */
  of(row: number): number {
    return (this.chunks[row >>> BITS]?.[row & MASK] ?? 0) - 1;
  }

  /** Gives back the chunks whose rows all lie before `row`. */
  drop(row: number): void {
    this.chunks.fill(undefined, 0, row >>> BITS);
    this.first = row;
  }

  private set(row: number, partner: number): void {
    if (row < this.first) return;
    const index = row >>> BITS;
    let chunk = this.chunks[index];
    if (chunk === undefined) {
      chunk = new Int32Array(1 << BITS);
      this.chunks[index] = chunk;
    }
    chunk[row & MASK] = partner + 1;
  }
}
