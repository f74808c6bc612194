import { CHUNK_BITS, CHUNK_ROWS, type Chunk, FLAG_ID } from '../columns.ts';
import type { Timeline } from '../timeline.ts';
import type { Relation } from './syntax.ts';

/**
 * One part of a filter: picks rows of one chunk. `rows[0, count)` are positions in the chunk, ascending; those that match are
 * written to `out` in the same order, and their number is returned. `out` may be `rows`.
 */
export interface Term {
  /** Terms of a conjunction run in the order of their cost: columns, then tables, then raw bytes, then decoding. */
  readonly cost: number;
  select(timeline: Timeline, chunk: number, rows: Uint32Array, count: number, out: Uint32Array): number;
}

export const COST = { equal: 0.5, column: 1, table: 2, raw: 8, decode: 16 } as const;

type SmallNumbers = Uint8Array | Uint16Array | Uint32Array;
type Numbers = SmallNumbers | Float64Array;

/** An equality leaves the fewest rows to the terms behind it. */
const costOf = (relation: Relation): number => (relation === '==' || relation === '===' ? COST.equal : COST.column);

/** Numbers below this are compared by subtraction, without a branch that a processor would guess wrong. */
const SMALL = 2 ** 31;

/**
 * Rows whose number in a column stands in a relation to `value`: one tight loop per relation. Rows without a gap are read in
 * the order of the column. `small`: the column's numbers are below 2^31.
 */
function pick(
  column: Numbers,
  relation: Relation,
  value: number,
  rows: Uint32Array,
  count: number,
  out: Uint32Array,
  small: boolean,
): number {
  if (count === 0) return 0;
  const whole = small && !(column instanceof Float64Array) && Number.isInteger(value) && value >= 0 && value < SMALL;
  if (!whole) return pickAny(column, relation, value, rows, count, out);
  const first = rows[0];
  const dense = rows[count - 1] - first === count - 1;
  switch (relation) {
    case '==':
    case '===':
      return dense ? equalDense(column, value, first, count, out, 0) : equalSparse(column, value, rows, count, out, 0);
    case '!=':
    case '~=':
      return dense ? equalDense(column, value, first, count, out, 1) : equalSparse(column, value, rows, count, out, 1);
    case '>':
      return dense ? aboveDense(column, value, first, count, out, 0) : aboveSparse(column, value, rows, count, out, 0);
    case '<=':
      return dense ? aboveDense(column, value, first, count, out, 1) : aboveSparse(column, value, rows, count, out, 1);
    case '<':
      return dense ? aboveDense(column, value - 1, first, count, out, 1) : aboveSparse(column, value - 1, rows, count, out, 1);
    case '>=':
      return dense ? aboveDense(column, value - 1, first, count, out, 0) : aboveSparse(column, value - 1, rows, count, out, 0);
    default:
      return 0;
  }
}

/** `flip` 1: those that are not equal. Each row is written; the next one takes its place when it does not match. */
function equalDense(column: SmallNumbers, value: number, first: number, count: number, out: Uint32Array, flip: 0 | 1): number {
  let n = 0;
  const end = first + count;
  for (let i = first; i < end; i++) {
    out[n] = i;
    n += (((column[i] ^ value) - 1) >>> 31) ^ flip;
  }
  return n;
}

function equalSparse(column: SmallNumbers, value: number, rows: Uint32Array, count: number, out: Uint32Array, flip: 0 | 1): number {
  let n = 0;
  for (let k = 0; k < count; k++) {
    const i = rows[k];
    out[n] = i;
    n += (((column[i] ^ value) - 1) >>> 31) ^ flip;
  }
  return n;
}

/** Rows above `value`; `flip` 1: those at or below it. */
function aboveDense(column: SmallNumbers, value: number, first: number, count: number, out: Uint32Array, flip: 0 | 1): number {
  let n = 0;
  const end = first + count;
  for (let i = first; i < end; i++) {
    out[n] = i;
    n += ((value - column[i]) >>> 31) ^ flip;
  }
  return n;
}

function aboveSparse(column: SmallNumbers, value: number, rows: Uint32Array, count: number, out: Uint32Array, flip: 0 | 1): number {
  let n = 0;
  for (let k = 0; k < count; k++) {
    const i = rows[k];
    out[n] = i;
    n += ((value - column[i]) >>> 31) ^ flip;
  }
  return n;
}

/** The same for numbers of any size. */
function pickAny(column: Numbers, relation: Relation, value: number, rows: Uint32Array, count: number, out: Uint32Array): number {
  let n = 0;
  switch (relation) {
    case '==':
    case '===':
      for (let k = 0; k < count; k++) if (column[rows[k]] === value) out[n++] = rows[k];
      break;
    case '!=':
    case '~=':
      for (let k = 0; k < count; k++) if (column[rows[k]] !== value) out[n++] = rows[k];
      break;
    case '>':
      for (let k = 0; k < count; k++) if (column[rows[k]] > value) out[n++] = rows[k];
      break;
    case '<':
      for (let k = 0; k < count; k++) if (column[rows[k]] < value) out[n++] = rows[k];
      break;
    case '>=':
      for (let k = 0; k < count; k++) if (column[rows[k]] >= value) out[n++] = rows[k];
      break;
    case '<=':
      for (let k = 0; k < count; k++) if (column[rows[k]] <= value) out[n++] = rows[k];
      break;
    default:
  }
  return n;
}

function copyRows(rows: Uint32Array, count: number, out: Uint32Array): number {
  if (out !== rows) for (let k = 0; k < count; k++) out[k] = rows[k];
  return count;
}

/** Number columns that every row has. */
export type PlainColumn = 'packet' | 'length' | 'stream' | 'type';

export function plainTerm(column: PlainColumn, relation: Relation, value: number): Term {
  return {
    cost: costOf(relation),
    select: (timeline, chunk, rows, count, out) =>
      pick(timeline.rows.columns.chunks[chunk][column], relation, value, rows, count, out, true),
  };
}

/** Number of the row in the list, from 1. */
export function numberTerm(relation: Relation, value: number): Term {
  return {
    cost: COST.column,
    select(_timeline, chunk, rows, count, out) {
      const base = chunk * CHUNK_ROWS + 1;
      let n = 0;
      for (let k = 0; k < count; k++) {
        const d = rows[k] + base - value;
        const ok =
          relation === '==' || relation === '==='
            ? d === 0
            : relation === '!=' || relation === '~='
              ? d !== 0
              : relation === '>'
                ? d > 0
                : relation === '<'
                  ? d < 0
                  : relation === '>='
                    ? d >= 0
                    : d <= 0;
        if (ok) out[n++] = rows[k];
      }
      return n;
    },
  };
}

/** Status, stored plus one; rows without a status never match. */
export function statusTerm(relation: Relation, value: number): Term {
  return {
    cost: costOf(relation),
    select(timeline, chunk, rows, count, out) {
      const { status } = timeline.rows.columns.chunks[chunk];
      if (status === undefined) return 0;
      let n = 0;
      for (let k = 0; k < count; k++) if (status[rows[k]] !== 0) out[n++] = rows[k];
      return pick(status, relation, value + 1, out, n, out, true);
    },
  };
}

const ZEROS = new Uint32Array(CHUNK_ROWS);

/** Message id; rows without one never match. */
export function idTerm(relation: Relation, value: number): Term {
  return {
    cost: costOf(relation),
    select(timeline, chunk, rows, count, out) {
      const { id, flags } = timeline.rows.columns.chunks[chunk];
      let n = 0;
      for (let k = 0; k < count; k++) if ((flags[rows[k]] & FLAG_ID) !== 0) out[n++] = rows[k];
      return pick(id ?? ZEROS, relation, value, out, n, out, false);
    },
  };
}

export function directionTerm(relation: Relation, value: number): Term {
  return {
    cost: COST.column,
    select(timeline, chunk, rows, count, out) {
      const { stream } = timeline.rows.columns.chunks[chunk];
      const flip = (relation === '==' || relation === '===') === (value === 1) ? 0 : 1;
      let n = 0;
      for (let k = 0; k < count; k++) {
        const i = rows[k];
        out[n] = i;
        n += (stream[i] & 1) ^ flip;
      }
      return n;
    },
  };
}

/** Time against seconds and nanoseconds since the epoch; rows without a time never match. */
export function timeTerm(relation: Relation, nanos: bigint, relative: boolean): Term {
  return {
    cost: COST.column,
    select(timeline, chunk, rows, count, out) {
      const columns = timeline.rows.columns;
      const c: Chunk = columns.chunks[chunk];
      const origin = relative && columns.rows > 0 ? BigInt(columns.sec(0)) * 1_000_000_000n + BigInt(columns.nsec(0)) : 0n;
      const at = nanos + origin;
      const sec = Number(at / 1_000_000_000n) - c.secBase;
      const nsec = Number(at % 1_000_000_000n);
      let n = 0;
      for (let k = 0; k < count; k++) {
        const i = rows[k];
        if ((c.flags[i] & 0x04) !== 0) continue;
        const d = c.sec[i] - sec || c.nsec[i] - nsec;
        const ok =
          relation === '>'
            ? d > 0
            : relation === '<'
              ? d < 0
              : relation === '>='
                ? d >= 0
                : relation === '<='
                  ? d <= 0
                  : relation === '!=' || relation === '~='
                    ? d !== 0
                    : d === 0;
        if (ok) out[n++] = i;
      }
      return n;
    },
  };
}

/** Verdicts per number, asked once each: 0 unknown, 1 no, 2 yes. */
class Verdicts {
  private table = new Uint8Array(256);
  private readonly ask: (timeline: Timeline, key: number, row: number) => boolean;

  constructor(ask: (timeline: Timeline, key: number, row: number) => boolean) {
    this.ask = ask;
  }

  yes(timeline: Timeline, key: number, row: number): boolean {
    if (key >= this.table.length) {
      const grown = new Uint8Array(Math.max(this.table.length * 2, key + 1));
      grown.set(this.table);
      this.table = grown;
    }
    let verdict = this.table[key];
    if (verdict === 0) {
      verdict = this.ask(timeline, key, row) ? 2 : 1;
      this.table[key] = verdict;
    }
    return verdict === 2;
  }
}

/** Decides by the topic number; rows without a topic never match. */
export function topicTerm(ask: (timeline: Timeline, topic: number) => boolean): Term {
  const verdicts = new Verdicts((timeline, key) => ask(timeline, key - 1));
  return {
    cost: COST.table,
    select(timeline, chunk, rows, count, out) {
      const { topic } = timeline.rows.columns.chunks[chunk];
      if (topic === undefined) return 0;
      let n = 0;
      for (let k = 0; k < count; k++) {
        const key = topic[rows[k]];
        if (key !== 0 && verdicts.yes(timeline, key, 0)) out[n++] = rows[k];
      }
      return n;
    },
  };
}

/** The number of the stream; its column holds twice that, and the direction. */
export function streamNumberTerm(relation: Relation, value: number): Term {
  if (relation === '>' || relation === '<=') return plainTerm('stream', relation, value * 2 + 1);
  if (relation === '<' || relation === '>=') return plainTerm('stream', relation, value * 2);
  const flip = relation === '==' || relation === '===' ? 0 : 1;
  return {
    cost: costOf(relation),
    select(timeline, chunk, rows, count, out) {
      const { stream } = timeline.rows.columns.chunks[chunk];
      let n = 0;
      for (let k = 0; k < count; k++) {
        const i = rows[k];
        out[n] = i;
        n += ((((stream[i] >>> 1) ^ value) - 1) >>> 31) ^ flip;
      }
      return n;
    },
  };
}

/** Decides by stream number × 2 + direction. */
export function streamTerm(ask: (timeline: Timeline, stream: number, dir: 0 | 1) => boolean): Term {
  const verdicts = new Verdicts((timeline, key) => ask(timeline, key >>> 1, (key & 1) as 0 | 1));
  return {
    cost: COST.table,
    select(timeline, chunk, rows, count, out) {
      const { stream } = timeline.rows.columns.chunks[chunk];
      let n = 0;
      for (let k = 0; k < count; k++) if (verdicts.yes(timeline, stream[rows[k]], 0)) out[n++] = rows[k];
      return n;
    },
  };
}

/** Decides by message type and direction; `row` is one row of that kind. */
export function typeTerm(ask: (timeline: Timeline, type: number, dir: 0 | 1, row: number) => boolean): Term {
  const verdicts = new Verdicts((timeline, key, row) => ask(timeline, key >>> 1, (key & 1) as 0 | 1, row));
  return {
    cost: COST.table,
    select(timeline, chunk, rows, count, out) {
      const { type, stream } = timeline.rows.columns.chunks[chunk];
      const base = chunk << CHUNK_BITS;
      let n = 0;
      for (let k = 0; k < count; k++) {
        const i = rows[k];
        if (verdicts.yes(timeline, type[i] * 2 + (stream[i] & 1), base + i)) out[n++] = i;
      }
      return n;
    },
  };
}

/** Rows whose token begins with these four bytes, or that have any token. */
export function tokenTerm(first: number | undefined): Term {
  return {
    cost: COST.column,
    select(timeline, chunk, rows, count, out) {
      const { token } = timeline.rows.columns.chunks[chunk];
      if (token === undefined) return 0;
      let n = 0;
      if (first === undefined) {
        for (let k = 0; k < count; k++) if (token[rows[k]] !== 0) out[n++] = rows[k];
      } else for (let k = 0; k < count; k++) if (token[rows[k]] === first) out[n++] = rows[k];
      return n;
    },
  };
}

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

export function both(a: Term, b: Term): Term {
  const [first, second] = a.cost <= b.cost ? [a, b] : [b, a];
  return {
    cost: second.cost,
    select(timeline, chunk, rows, count, out) {
      const n = first.select(timeline, chunk, rows, count, out);
      return n === 0 ? 0 : second.select(timeline, chunk, out, n, out);
    },
  };
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
