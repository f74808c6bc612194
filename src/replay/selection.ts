import { readFileSync } from 'node:fs';
import { EXIT, UserError } from '../core/errors.ts';
import type { Filter } from '../timeline/filter/filter.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { RowList } from './row-list.ts';

export interface Selection {
  readonly filter: Filter | undefined;
  /** Message numbers, from 1. */
  readonly numbers: ReadonlySet<number> | undefined;
  readonly streams: ReadonlySet<number> | undefined;
  readonly limit: number | undefined;
}

/** Rows that all parts of the selection choose, in order. */
export function selectRows(timeline: Timeline, { filter, numbers, streams, limit }: Selection): Int32Array {
  const { columns } = timeline.rows;
  const rows = filter === undefined ? undefined : filter.select(timeline, 0, timeline.length);
  const total = rows === undefined ? timeline.length : rows.length;
  const out = new RowList(total);
  for (let i = 0; i < total; i++) {
    const row = rows === undefined ? i : rows[i];
    if (numbers !== undefined && !numbers.has(row + 1)) continue;
    if (streams !== undefined && !streams.has(columns.stream(row))) continue;
    out.add(row);
  }
  for (const number of numbers ?? []) {
    if (number > timeline.length)
      throw new UserError('replay.number', `there is no message ${number}; the capture has ${timeline.length}.`, EXIT.usage);
  }
  return limit === undefined ? out.all() : out.all().slice(0, limit);
}

/** Numbers in one range; a typo must not fill the memory. */
const MAX_RANGE = 10_000_000;

/** "3", "3-5", separated by commas or white space. Throws `UserError`. */
export function parseNumbers(text: string, what: string): Set<number> {
  const out = new Set<number>();
  for (const part of text.split(/[\s,]+/)) {
    if (part === '') continue;
    const found = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(part);
    const from = Number(found?.[1]);
    const to = Number(found?.[2] ?? found?.[1]);
    if (found === null || from > to || to - from > MAX_RANGE)
      throw new UserError('replay.numbers', `${what} takes numbers such as 3 or 3-5, not "${part}".`, EXIT.usage);
    for (let n = from; n <= to; n++) out.add(n);
  }
  return out;
}

/** Marks as the TUI saves them: the capture, and numbers of messages from 1. */
interface Marks {
  readonly file: string;
  readonly rows: readonly number[];
}

/** A file of marks, JSON `{file, rows}`; or of numbers as text: one or several a line, `#` begins a comment. Throws `UserError`. */
export function readMarks(path: string): Set<number> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError('replay.marks', `cannot read ${path} (${(error as NodeJS.ErrnoException).code}).`);
  }
  if (!text.trimStart().startsWith('{')) return parseNumbers(text.replace(/#.*$/gm, ''), `--marks ${path}`);
  let marks: Partial<Marks> | undefined;
  try {
    marks = JSON.parse(text) as Partial<Marks>;
  } catch {
    marks = undefined;
  }
  const rows: unknown = marks?.rows;
  if (!Array.isArray(rows) || !rows.every((row) => Number.isInteger(row) && (row as number) > 0))
    throw new UserError('replay.marks', `--marks ${path} must be {"file": "…", "rows": [1, 2]} with message numbers from 1.`, EXIT.usage);
  return new Set(rows as number[]);
}
