import type { Relation } from './syntax.ts';

/** Numbers of a column. */
export type Numbers = Uint16Array | Uint32Array;

/** Whole numbers from `from` to `to`, or, with `outside` 1, all others. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly outside: 0 | 1;
}

/** Columns hold numbers up to this one, so that a difference of two has a sign bit. */
const LARGEST = 2 ** 31 - 1;

/** Rows that are tried before a loop is chosen for the rest. */
const TRIED = 512;

/** With fewer hits than one in so many rows a branch is guessed right so often that it costs less than writing every row. */
const RARE = 12;

/** Whether a difference stands in a relation to 0. */
export function stands(difference: number, relation: Relation): boolean {
  switch (relation) {
    case '==':
    case '===':
      return difference === 0;
    case '!=':
    case '~=':
      return difference !== 0;
    case '>':
      return difference > 0;
    case '<':
      return difference < 0;
    case '>=':
      return difference >= 0;
    case '<=':
      return difference <= 0;
    default:
      return false;
  }
}

/** The whole numbers that stand in a relation to any number. */
export function range(relation: Relation, value: number): Range {
  const bounded = (from: number, to: number, outside: 0 | 1 = 0): Range =>
    from > to || from > LARGEST || to < 0 ? { from: 1, to: 0, outside } : { from: Math.max(from, 0), to: Math.min(to, LARGEST), outside };
  switch (relation) {
    case '==':
    case '===':
      return bounded(Math.ceil(value), Math.floor(value));
    case '!=':
    case '~=':
      return bounded(Math.ceil(value), Math.floor(value), 1);
    case '>':
      return bounded(Math.floor(value) + 1, LARGEST);
    case '>=':
      return bounded(Math.ceil(value), LARGEST);
    case '<':
      return bounded(0, Math.ceil(value) - 1);
    case '<=':
      return bounded(0, Math.floor(value));
    default:
      return bounded(1, 0);
  }
}

/**
 * Rows whose number in a column lies in a range. `rows[0, count)` ascend; the rows that match are written to `out`, which may be
 * `rows`, and counted. Rows without a gap are read in the order of the column. Numbers are below 2^31.
 *
 * Each loop is there for both widths of columns: one that sees two kinds of array checks the kind again for each row, and takes
 * twice as long.
 */
export function pick(column: Numbers, { from, to, outside }: Range, rows: Uint32Array, count: number, out: Uint32Array): number {
  if (count === 0) return 0;
  const wide = column instanceof Uint32Array;
  const first = rows[0];
  if (rows[count - 1] - first !== count - 1) {
    return wide ? sparse32(column, from, to, outside, rows, count, out) : sparse16(column, from, to, outside, rows, count, out);
  }
  const tried = first + Math.min(count, TRIED);
  const end = first + count;
  const n = wide ? dense32(column, from, to, outside, first, tried, out, 0) : dense16(column, from, to, outside, first, tried, out, 0);
  if (tried === end) return n;
  if (outside === 0 && n * RARE < TRIED) {
    return wide ? rare32(column, from, to, tried, end, out, n) : rare16(column, from, to, tried, end, out, n);
  }
  return wide ? dense32(column, from, to, outside, tried, end, out, n) : dense16(column, from, to, outside, tried, end, out, n);
}

type Flag = 0 | 1;

// The sign bit of (x - from) | (to - x) tells that x lies outside.

/** Without a branch: each row is written, and the next one takes its place when it does not match. */
function dense16(c: Uint16Array, from: number, to: number, outside: Flag, first: number, end: number, out: Uint32Array, n: number): number {
  let found = n;
  for (let i = first; i < end; i++) {
    out[found] = i;
    found += (((c[i] - from) | (to - c[i])) >>> 31) ^ outside ^ 1;
  }
  return found;
}

function dense32(c: Uint32Array, from: number, to: number, outside: Flag, first: number, end: number, out: Uint32Array, n: number): number {
  let found = n;
  for (let i = first; i < end; i++) {
    out[found] = i;
    found += (((c[i] - from) | (to - c[i])) >>> 31) ^ outside ^ 1;
  }
  return found;
}

function rare16(c: Uint16Array, from: number, to: number, first: number, end: number, out: Uint32Array, n: number): number {
  let found = n;
  for (let i = first; i < end; i++) if (((c[i] - from) | (to - c[i])) >= 0) out[found++] = i;
  return found;
}

function rare32(c: Uint32Array, from: number, to: number, first: number, end: number, out: Uint32Array, n: number): number {
  let found = n;
  for (let i = first; i < end; i++) if (((c[i] - from) | (to - c[i])) >= 0) out[found++] = i;
  return found;
}

function sparse16(c: Uint16Array, from: number, to: number, outside: Flag, rows: Uint32Array, count: number, out: Uint32Array): number {
  let found = 0;
  for (let k = 0; k < count; k++) {
    const i = rows[k];
    out[found] = i;
    found += (((c[i] - from) | (to - c[i])) >>> 31) ^ outside ^ 1;
  }
  return found;
}

function sparse32(c: Uint32Array, from: number, to: number, outside: Flag, rows: Uint32Array, count: number, out: Uint32Array): number {
  let found = 0;
  for (let k = 0; k < count; k++) {
    const i = rows[k];
    out[found] = i;
    found += (((c[i] - from) | (to - c[i])) >>> 31) ^ outside ^ 1;
  }
  return found;
}
