/** Work that is done in slices between keys: filtering, searching, counting, sorting. */
import { fromHex } from '../core/bytes.ts';
import type { Field } from '../core/message.ts';
import type { Filter } from '../timeline/filter/filter.ts';
import { indexOfBytes } from '../timeline/filter/values.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { Tally } from '../view/tally.ts';
import { allRows, lowerBound, type RowSet, rowAt, someRows } from './row-set.ts';
import type { SearchPattern } from './state.ts';

/** Rows that a filter is asked for at first; more when it is quick. */
const FIRST_SLICE = 2048;
const MAX_SLICE = 65_536;

/** Collects the rows that pass; goes on as the timeline grows. */
export class FilterJob {
  looked = 0;
  private rows = new Uint32Array(4096);
  private count = 0;
  private slice = FIRST_SLICE;
  private readonly timeline: Timeline;
  private readonly filter: Filter | undefined;
  private readonly only: Uint32Array | undefined;

  /** `only`: rows to choose from (marked ones), ascending. */
  constructor(timeline: Timeline, filter: Filter | undefined, only: Uint32Array | undefined) {
    this.timeline = timeline;
    this.filter = filter;
    this.only = only;
  }

  get behind(): boolean {
    return this.looked < this.timeline.length;
  }

  /** Looks on for about `ms` milliseconds. */
  step(ms: number): void {
    const { timeline, filter, only } = this;
    // What left the list meanwhile is not looked at any more.
    this.looked = Math.max(this.looked, timeline.first);
    if (only !== undefined) {
      const rows = only.filter(
        (row) => row >= timeline.first && row < timeline.length && (filter === undefined || filter.matches(timeline, row)),
      );
      this.rows = rows;
      this.count = rows.length;
      this.looked = timeline.length;
      return;
    }
    if (filter === undefined) {
      this.looked = timeline.length;
      return;
    }
    const end = performance.now() + ms;
    while (this.behind) {
      const before = performance.now();
      const to = Math.min(timeline.length, this.looked + this.slice);
      this.append(filter.select(timeline, this.looked, to));
      this.looked = to;
      const now = performance.now();
      if (now - before < ms / 4) this.slice = Math.min(MAX_SLICE, this.slice * 2);
      else if (now - before > ms) this.slice = Math.max(64, this.slice >> 1);
      if (now >= end) break;
    }
  }

  private append(found: Uint32Array): void {
    if (this.count + found.length > this.rows.length) {
      const grown = new Uint32Array(Math.max(this.rows.length * 2, this.count + found.length));
      grown.set(this.rows.subarray(0, this.count));
      this.rows = grown;
    }
    this.rows.set(found, this.count);
    this.count += found.length;
  }

  get shown(): RowSet {
    const { first } = this.timeline;
    if (this.filter === undefined && this.only === undefined) return allRows(this.looked, first);
    this.forget(first);
    return someRows(this.rows, this.count);
  }

  /** Rows before `first` are gone. What was handed out stays as it is. */
  private forget(first: number): void {
    if (this.count === 0 || this.rows[0] >= first) return;
    const from = lowerBound(this.rows, this.count, first);
    this.rows = this.rows.slice(from, this.count);
    this.count -= from;
  }
}

/** Fields of one message that are looked through; hostile payloads have a million. */
const FIELD_LIMIT = 5000;
/** Longest text that a pattern is tried on. */
const SUBJECT_LIMIT = 65_536;

/** The bytes that a search for hex digits looks for. */
export const patternBytes = (pattern: SearchPattern): Uint8Array => fromHex(pattern.text.replace(/[:.-]/g, '')) ?? new Uint8Array(0);

/** Makes the question whether a text holds what is looked for. */
export function textMatcher(pattern: SearchPattern): (text: string) => boolean {
  if (pattern.kind === 'regex') {
    const regex = new RegExp(pattern.text, 'iu');
    return (text) => regex.test(text.slice(0, SUBJECT_LIMIT));
  }
  const lower = pattern.text.toLowerCase();
  return (text) => text.toLowerCase().includes(lower);
}

/** Makes the question that a search asks of a row. Throws nothing: patterns were checked when they were typed. */
export function matcher(timeline: Timeline, pattern: SearchPattern): (row: number) => boolean {
  if (pattern.kind === 'hex') {
    const bytes = patternBytes(pattern);
    return (row) => indexOfBytes(timeline.bytes(row).bytes, bytes) >= 0;
  }
  const test = textMatcher(pattern);
  return (row) => {
    const message = timeline.message(row);
    if (test(message.info) || test(message.label)) return true;
    let left = FIELD_LIMIT;
    const walk = (fields: readonly Field[]): boolean =>
      fields.some((f) => left-- > 0 && (test(f.text) || test(f.label) || (f.children !== undefined && walk(f.children))));
    return walk(message.fields) || message.notes.some((n) => test(n.code));
  };
}

/** Looks for the next match from a position on, around the end. */
export class SearchJob {
  looked = 0;
  private at: number;
  private wrapped = false;
  private readonly shown: RowSet;
  private readonly test: (row: number) => boolean;
  private readonly forward: boolean;

  constructor(shown: RowSet, test: (row: number) => boolean, from: number, step: 1 | -1) {
    this.shown = shown;
    this.test = test;
    this.forward = step > 0;
    this.at = from;
  }

  /** undefined: not yet; position -1: nowhere. */
  step(ms: number): { position: number; wrapped: boolean } | undefined {
    const end = performance.now() + ms;
    const { length } = this.shown;
    while (this.looked < length) {
      if (this.at >= length || this.at < 0) {
        this.at = this.forward ? 0 : length - 1;
        this.wrapped = true;
      }
      const position = this.at;
      this.at += this.forward ? 1 : -1;
      this.looked++;
      if (this.test(rowAt(this.shown, position))) return { position, wrapped: this.wrapped };
      if (performance.now() >= end) return undefined;
    }
    return { position: -1, wrapped: true };
  }
}

/** Counts rows for the statistics. */
export class TallyJob {
  readonly tally: Tally;
  private next = 0;
  private readonly shown: RowSet;

  constructor(timeline: Timeline, shown: RowSet) {
    this.tally = new Tally(timeline);
    this.shown = shown;
  }

  /** True when all rows are counted. */
  step(ms: number): boolean {
    const end = performance.now() + ms;
    while (this.next < this.shown.length) {
      const to = Math.min(this.shown.length, this.next + 2048);
      for (; this.next < to; this.next++) this.tally.add(rowAt(this.shown, this.next));
      if (performance.now() >= end) break;
    }
    return this.next >= this.shown.length;
  }
}

/** Rows in the order of a column that the index holds. */
export function sortedRows(timeline: Timeline, shown: RowSet, name: string, descending: boolean): RowSet {
  const { columns } = timeline.rows;
  const labels = new Map<number, string>();
  const label = (row: number): string => {
    const key = columns.type(row) * 2 + columns.dir(row);
    let text = labels.get(key);
    if (text === undefined) labels.set(key, (text = timeline.message(row).label));
    return text;
  };
  const keys: Readonly<Record<string, (row: number) => number | string>> = {
    number: (row) => row,
    time: (row) => (timeline.timed(row) ? columns.sec(row) + columns.nsec(row) / 1e9 : -1),
    dir: (row) => columns.dir(row),
    stream: (row) => columns.stream(row),
    packet: (row) => columns.packet(row),
    dialect: (row) => columns.type(row) >>> 8,
    message: label,
    token: (row) => columns.token(row),
    topic: (row) => timeline.topicName(row) ?? '',
    id: (row) => columns.id(row) ?? -1,
    status: (row) => columns.status(row),
    size: (row) => columns.length(row),
  };
  const key = keys[name] ?? keys['number'];
  const rows = new Uint32Array(shown.length);
  for (let i = 0; i < rows.length; i++) rows[i] = rowAt(shown, i);
  const values = Array.from(rows, key);
  const order = new Uint32Array(rows.length).map((_, i) => i);
  const sign = descending ? -1 : 1;
  order.sort((a, b) => (values[a] < values[b] ? -sign : values[a] > values[b] ? sign : a - b));
  return { ...someRows(order.map((i) => rows[i])), ascending: false };
}
