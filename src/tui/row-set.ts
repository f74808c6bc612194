/** The rows that are shown, in order: all of them from a first one on, or a list of row numbers (filtered, sorted, marked). */
export interface RowSet {
  /** undefined: every row from `first` on, in order. May be longer than `length`. */
  readonly rows: Uint32Array | undefined;
  /** Row at position 0 when every row is shown: more than 0 when the oldest are gone. */
  readonly first: number;
  readonly length: number;
  /** Row numbers ascend, so that they can be searched by bisection. */
  readonly ascending: boolean;
}

/** The rows from `first` to the one before `end`. */
export const allRows = (end: number, first = 0): RowSet => ({ rows: undefined, first, length: Math.max(0, end - first), ascending: true });

/** These rows, which ascend. */
export const someRows = (rows: Uint32Array, length = rows.length): RowSet => ({ rows, first: 0, length, ascending: true });

/** Row number at a position, or -1. */
export function rowAt(set: RowSet, position: number): number {
  if (position < 0 || position >= set.length) return -1;
  return set.rows === undefined ? set.first + position : set.rows[position];
}

/** Position of the first of `rows[0, length)`, ascending, that is not below `row`. */
export function lowerBound(rows: Uint32Array, length: number, row: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (rows[mid] < row) low = mid + 1;
    else high = mid;
  }
  return low;
}

/** Position of a row, or of the nearest behind it (the last when there is none): where the cursor goes when the set changes. */
export function nearestPosition(set: RowSet, row: number): number {
  if (set.length === 0 || row < 0) return 0;
  const { rows } = set;
  if (rows === undefined) return Math.max(0, Math.min(row - set.first, set.length - 1));
  if (!set.ascending) {
    for (let i = 0; i < set.length; i++) if (rows[i] === row) return i;
    return 0;
  }
  return Math.min(lowerBound(rows, set.length, row), set.length - 1);
}

/** The set without the rows before `first`, in the same order. */
export function withoutRowsBefore(set: RowSet, first: number): RowSet {
  const { rows } = set;
  if (rows === undefined) return first <= set.first ? set : allRows(set.first + set.length, first);
  if (!set.ascending) {
    const kept = rows.subarray(0, set.length).filter((row) => row >= first);
    return kept.length === set.length ? set : { ...set, rows: kept, length: kept.length };
  }
  const from = lowerBound(rows, set.length, first);
  return from === 0 ? set : someRows(rows.subarray(from, set.length));
}

/** The row numbers of a set, in order. */
export function* rowsOf(set: RowSet): Generator<number> {
  for (let at = 0; at < set.length; at++) yield rowAt(set, at);
}
