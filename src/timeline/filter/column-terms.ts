import { CHUNK_ROWS, type Chunk, FLAG_ID, FLAG_UNTIMED } from '../columns.ts';
import { pick, range, stands } from './pick.ts';
import type { Relation } from './syntax.ts';
import { COST, type Term } from './terms.ts';

/** An equality leaves the fewest rows to the terms behind it. */
const costOf = (relation: Relation): number => (relation === '==' || relation === '===' ? COST.equal : COST.column);

/** Number columns that every row has. */
export type PlainColumn = 'packet' | 'length';

export function plainTerm(column: PlainColumn, relation: Relation, value: number): Term {
  const wanted = range(relation, value);
  return {
    cost: costOf(relation),
    select: (timeline, chunk, rows, count, out) => pick(timeline.rows.columns.chunks[chunk][column], wanted, rows, count, out),
  };
}

/** The number of the stream; its column holds twice that, and the direction. */
export function streamNumberTerm(relation: Relation, value: number): Term {
  const streams = range(relation, value);
  const wanted = { from: streams.from * 2, to: Math.min(streams.to * 2 + 1, 2 ** 31 - 1), outside: streams.outside };
  const none = streams.from > streams.to;
  return {
    cost: costOf(relation),
    select: (timeline, chunk, rows, count, out) =>
      pick(timeline.rows.columns.chunks[chunk].stream, none ? streams : wanted, rows, count, out),
  };
}

/** Number of the row in the list, from 1. */
export function numberTerm(relation: Relation, value: number): Term {
  return {
    cost: COST.column,
    select(_timeline, chunk, rows, count, out) {
      const base = chunk * CHUNK_ROWS + 1;
      let n = 0;
      for (let k = 0; k < count; k++) if (stands(rows[k] + base - value, relation)) out[n++] = rows[k];
      return n;
    },
  };
}

/** Status, stored plus one; rows without a status never match. */
export function statusTerm(relation: Relation, value: number): Term {
  const wanted = range(relation, value + 1);
  // 0 stands for no status.
  const some = wanted.outside === 0 ? { ...wanted, from: Math.max(wanted.from, 1) } : wanted;
  const present = range('>', 0);
  return {
    cost: costOf(relation),
    select(timeline, chunk, rows, count, out) {
      const { status } = timeline.rows.columns.chunks[chunk];
      if (status === undefined) return 0;
      const n = pick(status, some, rows, count, out);
      return some.outside === 0 ? n : pick(status, present, out, n, out);
    },
  };
}

/** Message id; rows without one never match. */
export function idTerm(relation: Relation, value: number): Term {
  return {
    cost: costOf(relation),
    select(timeline, chunk, rows, count, out) {
      const { id, flags } = timeline.rows.columns.chunks[chunk];
      let n = 0;
      for (let k = 0; k < count; k++) {
        const i = rows[k];
        if ((flags[i] & FLAG_ID) !== 0 && stands((id === undefined ? 0 : id[i]) - value, relation)) out[n++] = i;
      }
      return n;
    },
  };
}

export function directionTerm(relation: Relation, value: number): Term {
  const flip = (relation === '==' || relation === '===') === (value === 1) ? 0 : 1;
  return {
    cost: COST.column,
    select(timeline, chunk, rows, count, out) {
      const { stream } = timeline.rows.columns.chunks[chunk];
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
        if ((c.flags[i] & FLAG_UNTIMED) === 0 && stands(c.sec[i] - sec || c.nsec[i] - nsec, relation)) out[n++] = i;
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
