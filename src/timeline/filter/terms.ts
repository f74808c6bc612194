import { CHUNK_BITS, CHUNK_ROWS } from '../columns.ts';
import type { Timeline } from '../timeline.ts';

/**
 * One part of a filter: picks rows of one chunk. `rows[0, count)` are positions in the chunk, ascending; those that match are
 * written to `out` in the same order, and their number is returned. `out` may be `rows`.
 */
export interface Term {
  /** Terms of a conjunction run in the order of their cost: columns, then tables, then raw bytes, then decoding. */
  readonly cost: number;
  /** The terms of a conjunction. */
  readonly parts?: readonly Term[];
  select(timeline: Timeline, chunk: number, rows: Uint32Array, count: number, out: Uint32Array): number;
}

export const COST = { equal: 0.5, column: 1, table: 2, raw: 8, decode: 16 } as const;

/** Decides row by row. */
export function rowTerm(cost: number, test: (timeline: Timeline, row: number) => boolean): Term {
  return {
    cost,
    select(timeline, chunk, rows, count, out) {
      const base = chunk << CHUNK_BITS;
      let n = 0;
      for (let k = 0; k < count; k++) if (test(timeline, base + rows[k])) out[n++] = rows[k];
      return n;
    },
  };
}

export const both = (a: Term, b: Term): Term => all([...(a.parts ?? [a]), ...(b.parts ?? [b])]);

/** A term of a conjunction, with what it was asked and what it let through. */
interface Part {
  readonly term: Term;
  asked: number;
  kept: number;
}

/**
 * Rows that all terms pick. Each looks only at what those before it left. Terms over columns and tables change places from chunk to
 * chunk: the one that lets the smallest part through comes first.
 */
function all(terms: readonly Term[]): Term {
  const parts: Part[] = terms.map((term) => ({ term, asked: 0, kept: 0 }));
  const rate = ({ asked, kept }: Part): number => (asked === 0 ? 1 : kept / asked);
  const order = (a: Part, b: Part): number => {
    if (a.term.cost > COST.table || b.term.cost > COST.table || (a.asked === 0 && b.asked === 0)) return a.term.cost - b.term.cost;
    return rate(a) - rate(b);
  };
  return {
    cost: Math.max(...terms.map((term) => term.cost)),
    parts: terms,
    select(timeline, chunk, rows, count, out) {
      parts.sort(order);
      let left = count;
      let from = rows;
      for (const part of parts) {
        const kept = part.term.select(timeline, chunk, from, left, out);
        part.asked += left;
        part.kept += kept;
        left = kept;
        from = out;
        if (left === 0) break;
      }
      return left;
    },
  };
}

function copyRows(rows: Uint32Array, count: number, out: Uint32Array): number {
  if (out !== rows) out.set(rows.subarray(0, count));
  return count;
}

/** Rows that are in `rows` and not in `taken` (both ascending). */
function without(rows: Uint32Array, count: number, taken: Uint32Array, takenCount: number, out: Uint32Array): number {
  let n = 0;
  let t = 0;
  for (let k = 0; k < count; k++) {
    while (t < takenCount && taken[t] < rows[k]) t++;
    if (t >= takenCount || taken[t] !== rows[k]) out[n++] = rows[k];
  }
  return n;
}
export function either(a: Term, b: Term): Term {
  const [first, second] = a.cost <= b.cost ? [a, b] : [b, a];
  let left = new Uint32Array(0);
  let rest = new Uint32Array(0);
  return {
    cost: second.cost,
    select(timeline, chunk, rows, count, out) {
      if (left.length < count) [left, rest] = [new Uint32Array(CHUNK_ROWS), new Uint32Array(CHUNK_ROWS)];
      const n = first.select(timeline, chunk, copied(rows, count, left), count, left);
      if (n === count) return copyRows(rows, count, out);
      const others = without(rows, count, left, n, rest);
      const m = second.select(timeline, chunk, rest, others, rest);
      return merge(left, n, rest, m, out);
    },
  };
}

function copied(rows: Uint32Array, count: number, into: Uint32Array): Uint32Array {
  copyRows(rows, count, into);
  return into;
}

function merge(a: Uint32Array, an: number, b: Uint32Array, bn: number, out: Uint32Array): number {
  let i = 0;
  let j = 0;
  let n = 0;
  while (i < an || j < bn) out[n++] = j >= bn || (i < an && a[i] < b[j]) ? a[i++] : b[j++];
  return n;
}

export function negated(term: Term): Term {
  let hits = new Uint32Array(0);
  return {
    cost: term.cost,
    select(timeline, chunk, rows, count, out) {
      if (hits.length < count) hits = new Uint32Array(CHUNK_ROWS);
      const n = term.select(timeline, chunk, copied(rows, count, hits), count, hits);
      return without(rows, count, hits, n, out);
    },
  };
}
