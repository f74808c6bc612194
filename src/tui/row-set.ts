/** The rows that are shown, in order: all of them, or a list of row numbers (filtered, sorted, marked). */
export interface RowSet {
  /** undefined: every row, in order. May be longer than `length`. */
  readonly rows: Uint32Array | undefined;
  readonly length: number;
  /** Row numbers ascend, so that they can be searched by bisection. */
  readonly ascending: boolean;
}

export const allRows = (length: number): RowSet => ({ rows: undefined, length, ascending: true });

/** Row number at a position, or -1. */
export function rowAt(set: RowSet, position: number): number {
  if (position < 0 || position >= set.length) return -1;
  return set.rows === undefined ? position : set.rows[position];
}

/** Position of a row, or of the nearest behind it (the last when there is none): where the cursor goes when the set changes. */
export function nearestPosition(set: RowSet, row: number): number {
  if (set.length === 0 || row < 0) return 0;
  const { rows } = set;
  if (rows === undefined) return Math.min(row, set.length - 1);
  if (!set.ascending) {
    for (let i = 0; i < set.length; i++) if (rows[i] === row) return i;
    return 0;
  }
  let low = 0;
  let high = set.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (rows[mid] < row) low = mid + 1;
    else high = mid;
  }
  return Math.min(low, set.length - 1);
}

/** The row numbers of a set, in order. */
export function* rowsOf(set: RowSet): Generator<number> {
  for (let at = 0; at < set.length; at++) yield rowAt(set, at);
}
