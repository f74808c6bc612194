import { CHUNK_BITS } from '../columns.ts';
import type { Timeline } from '../timeline.ts';
import { COST, type Term } from './terms.ts';

const NO = 1;
const YES = 2;

/** Verdicts per number, asked once each; `known[key]` is 0 until then. */
class Verdicts {
  known = new Uint8Array(256);
  private readonly ask: (timeline: Timeline, key: number, row: number) => boolean;

  constructor(ask: (timeline: Timeline, key: number, row: number) => boolean) {
    this.ask = ask;
  }

  settle(timeline: Timeline, key: number, row: number): number {
    if (key >= this.known.length) {
      const grown = new Uint8Array(Math.max(this.known.length * 2, key + 1));
      grown.set(this.known);
      this.known = grown;
    }
    const verdict = this.ask(timeline, key, row) ? YES : NO;
    this.known[key] = verdict;
    return verdict;
  }
}

/** Decides by the key that a column holds; no row matches in a chunk without the column. */
function keyTerm(column: 'topic' | 'stream', verdicts: Verdicts): Term {
  return {
    cost: COST.table,
    select(timeline, chunk, rows, count, out) {
      const keys = timeline.rows.columns.chunks[chunk][column];
      if (keys === undefined) return 0;
      let { known } = verdicts;
      let n = 0;
      for (let k = 0; k < count; k++) {
        const i = rows[k];
        const key = keys[i];
        let verdict = key < known.length ? known[key] : 0;
        if (verdict === 0) {
          verdict = verdicts.settle(timeline, key, 0);
          known = verdicts.known;
        }
        if (verdict === YES) out[n++] = i;
      }
      return n;
    },
  };
}

/** Decides by the topic number; rows without a topic never match. */
export function topicTerm(ask: (timeline: Timeline, topic: number) => boolean): Term {
  return keyTerm('topic', new Verdicts((timeline, key) => key > 0 && ask(timeline, key - 1)));
}

/** Decides by stream number × 2 + direction. */
export function streamTerm(ask: (timeline: Timeline, stream: number, dir: 0 | 1) => boolean): Term {
  return keyTerm('stream', new Verdicts((timeline, key) => ask(timeline, key >>> 1, (key & 1) as 0 | 1)));
}

/** Decides by message type and direction; `row` is one row of that kind. */
export function typeTerm(ask: (timeline: Timeline, type: number, dir: 0 | 1, row: number) => boolean): Term {
  const verdicts = new Verdicts((timeline, key, row) => ask(timeline, key >>> 1, (key & 1) as 0 | 1, row));
  return {
    cost: COST.table,
    select(timeline, chunk, rows, count, out) {
      const { type, stream } = timeline.rows.columns.chunks[chunk];
      const base = chunk << CHUNK_BITS;
      let { known } = verdicts;
      let n = 0;
      for (let k = 0; k < count; k++) {
        const i = rows[k];
        const key = type[i] * 2 + (stream[i] & 1);
        let verdict = key < known.length ? known[key] : 0;
        if (verdict === 0) {
          verdict = verdicts.settle(timeline, key, base + i);
          known = verdicts.known;
        }
        if (verdict === YES) out[n++] = i;
      }
      return n;
    },
  };
}
