/** Row numbers that are found one by one: a growing typed array, since a plan may hold millions of them. */
export class RowList {
  private rows: Int32Array<ArrayBuffer>;
  private count = 0;

  /** `room`: how many are expected. */
  constructor(room = 64) {
    this.rows = new Int32Array(Math.max(1, room));
  }

  add(row: number): void {
    if (this.count === this.rows.length) {
      const grown = new Int32Array(this.count * 2);
      grown.set(this.rows);
      this.rows = grown;
    }
    this.rows[this.count++] = row;
  }

  /** The rows so far; good until the next `add`. */
  all(): Int32Array<ArrayBuffer> {
    return this.rows.subarray(0, this.count);
  }
}
