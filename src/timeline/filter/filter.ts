import { CHUNK_BITS, CHUNK_ROWS } from '../columns.ts';
import type { Timeline } from '../timeline.ts';
import { compile } from './compile.ts';
import { FIELD_NAMES } from './fields.ts';
import { parse } from './parser.ts';
import type { Term } from './terms.ts';

export { FilterError } from './error.ts';

/** The positions in a chunk; terms read them and write elsewhere. */
const EVERY_ROW = Uint32Array.from({ length: CHUNK_ROWS }, (_, i) => i);

/** A compiled filter. It may be asked again and again, also for rows that came later. */
export class Filter {
  readonly text: string;
  private readonly term: Term;
  private readonly rows = new Uint32Array(CHUNK_ROWS);

  constructor(text: string, term: Term) {
    this.text = text;
    this.term = term;
  }

  /** Numbers of the rows in [from, to) that match, ascending. Ask in slices of `CHUNK_ROWS` or less to stay responsive. */
  select(timeline: Timeline, from: number, to: number): Uint32Array {
    const parts: Uint32Array[] = [];
    let total = 0;
    for (let at = from; at < to; ) {
      const chunk = at >>> CHUNK_BITS;
      const base = chunk << CHUNK_BITS;
      const end = Math.min(to, base + CHUNK_ROWS);
      const { rows } = this;
      const count = end - at;
      const all = at === base ? EVERY_ROW : EVERY_ROW.subarray(at - base, end - base);
      const n = this.term.select(timeline, chunk, all, count, rows);
      const part = rows.slice(0, n);
      for (let k = 0; k < n; k++) part[k] += base;
      parts.push(part);
      total += n;
      at = end;
    }
    if (parts.length === 1) return parts[0];
    const out = new Uint32Array(total);
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  matches(timeline: Timeline, row: number): boolean {
    return this.select(timeline, row, row + 1).length === 1;
  }
}

/** Compiles a filter. Throws `FilterError`: a sentence, the filter, and a line under the place. */
export function compileFilter(text: string): Filter {
  return new Filter(text, compile(text, parse(text, FIELD_NAMES)));
}
