import { DIALECTS } from '../core/message.ts';
import { STATUS_WORDS } from '../schema/reasons.ts';
import { TABLES } from '../schema/registry.ts';
import { FLAG_UNTIMED } from './columns.ts';
import { type SizeSummary, Sizes } from './sizes.ts';
import type { Timeline } from './timeline.ts';

/** Rows and bytes of one group. */
export interface Tally {
  readonly name: string;
  messages: number;
  bytes: number;
  /** What a status means in the messages that were counted, where that is known. */
  readonly meaning?: string;
  /** Sizes of the messages of a kind. */
  readonly sizes?: SizeSummary;
}

/** Counts over the rows of a timeline, or those that a filter picked. Columns only, except that one row of every kind is decoded for its name. */
export interface Statistics {
  readonly messages: number;
  readonly bytes: number;
  readonly smallest: number;
  readonly largest: number;
  /** Seconds since the epoch; undefined without times. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly dialects: readonly Tally[];
  readonly kinds: readonly Tally[];
  readonly topics: readonly Tally[];
  readonly tokens: readonly Tally[];
  readonly statuses: readonly Tally[];
  readonly streams: readonly Tally[];
  /** Rows whose notes say that something is wrong, by what the index knows: notes, warnings, errors. */
  readonly severities: readonly [number, number, number];
  /** Messages per slice of time, `sliceSeconds` each, from `first`. */
  readonly rate: readonly number[];
  readonly sliceSeconds: number;
}

/** Bars of the rate chart; more do not fit a terminal line. */
const SLICES = 60;
/** Groups told by name; the others are summed up by the caller from the total. */
const TOKEN_LIMIT = 100_000;

class Groups {
  private readonly messages: number[] = [];
  private readonly bytes: number[] = [];
  private readonly keys = new Map<number, number>();

  add(key: number, length: number): void {
    let i = this.keys.get(key);
    if (i === undefined) {
      if (this.keys.size >= TOKEN_LIMIT) return;
      i = this.keys.size;
      this.keys.set(key, i);
      this.messages.push(0);
      this.bytes.push(0);
    }
    this.messages[i]++;
    this.bytes[i] += length;
  }

  tallies(name: (key: number) => string, meaning?: (key: number) => string | undefined): Tally[] {
    const merged = new Map<string, Tally>();
    const meanings = new Map<string, Set<string>>();
    for (const [key, i] of this.keys) {
      const text = name(key);
      const tally = merged.get(text);
      const meant = meaning?.(key);
      if (meant !== undefined) meanings.set(text, (meanings.get(text) ?? new Set()).add(meant));
      if (tally === undefined) merged.set(text, { name: text, messages: this.messages[i], bytes: this.bytes[i] });
      else {
        tally.messages += this.messages[i];
        tally.bytes += this.bytes[i];
      }
    }
    const named = [...merged.values()].map((t) => {
      const meant = meanings.get(t.name);
      return meant === undefined ? t : { ...t, meaning: [...meant].join(' / ') };
    });
    return named.sort((a, b) => b.messages - a.messages || b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  }
}

/** Counts `rows` (undefined: all). */
export function statistics(timeline: Timeline, rows: Uint32Array | undefined): Statistics {
  const columns = timeline.rows.columns;
  const total = rows === undefined ? columns.rows : rows.length;
  const [dialects, kinds, topics, tokens, statuses, streams] = Array.from({ length: 6 }, () => new Groups());
  const sample = new Map<number, number>();
  const sizes = new Map<number, Sizes>();
  const severities: [number, number, number] = [0, 0, 0];
  let bytes = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < total; k++) {
    const row = rows === undefined ? k : rows[k];
    const length = columns.length(row);
    bytes += length;
    if (length < smallest) smallest = length;
    if (length > largest) largest = length;
    const type = columns.type(row);
    const kind = type * 2 + columns.dir(row);
    dialects.add(type >>> 8, length);
    kinds.add(kind, length);
    let ofKind = sizes.get(kind);
    if (ofKind === undefined) {
      ofKind = new Sizes();
      sizes.set(kind, ofKind);
      sample.set(kind, row);
    }
    ofKind.add(length);
    const topic = columns.topic(row);
    if (topic >= 0) topics.add(topic, length);
    const token = columns.token(row);
    if (token !== 0) {
      tokens.add(token, length);
      if (!sample.has(-token)) sample.set(-token, row);
    }
    const status = columns.status(row);
    if (status >= 0) statuses.add(status * 65_536 + type, length);
    streams.add(columns.stream(row), length);
    const severity = columns.severity(row);
    if (severity > 0) severities[severity - 1]++;
    if ((columns.flags(row) & FLAG_UNTIMED) === 0) {
      const sec = columns.sec(row);
      if (sec < first) first = sec;
      if (sec > last) last = sec;
    }
  }
  const timed = Number.isFinite(first);
  const span = timed ? Math.max(1, last - first + 1) : 0;
  const sliceSeconds = Math.max(1, Math.ceil(span / SLICES));
  return {
    messages: total,
    bytes,
    smallest: total === 0 ? 0 : smallest,
    largest,
    first: timed ? first : undefined,
    last: timed ? last : undefined,
    dialects: dialects.tallies((code) => DIALECTS[code] ?? 'capture'),
    kinds: withSizes(timeline, kinds, sizes, sample),
    topics: topics.tallies((topic) => timeline.decoders.topicName(timeline.rows.topics.values[topic])),
    tokens: tokens.tallies((token) => tokenName(timeline, token, sample.get(-token) as number)),
    statuses: statuses.tallies(
      (key) => `${DIALECTS[(key & 0xffff) >>> 8]}  ${Math.floor(key / 65_536)}`,
      (key) => statusMeaning(key & 0xffff, Math.floor(key / 65_536)),
    ),
    streams: streams.tallies((stream) => `${stream}`),
    severities,
    rate: timed ? rates(timeline, rows, first, span, sliceSeconds) : [],
    sliceSeconds,
  };
}

/** Kinds of messages by name, each with its sizes; two kinds may have one name. */
function withSizes(timeline: Timeline, kinds: Groups, sizes: Map<number, Sizes>, sample: Map<number, number>): Tally[] {
  const named = new Map<string, Sizes>();
  const name = (kind: number): string =>
    `${DIALECTS[kind >>> 9]}  ${timeline.message(sample.get(kind) as number).label}  ${(kind & 1) === 0 ? 'c2s' : 's2c'}`;
  for (const [kind, ofKind] of sizes) {
    const text = name(kind);
    const known = named.get(text);
    if (known === undefined) named.set(text, ofKind);
    else known.addAll(ofKind);
  }
  return kinds.tallies(name).map((tally) => ({ ...tally, sizes: (named.get(tally.name) as Sizes).summary() }));
}

/** The name of a status of a message type: of HTTP/2 the reason phrase, else what the tables say. */
function statusMeaning(type: number, status: number): string | undefined {
  const dialect = DIALECTS[type >>> 8];
  if (dialect === 'http2') return STATUS_WORDS[status];
  for (const { dialects, table } of TABLES) {
    if (!dialects.includes(dialect)) continue;
    for (const def of Object.values(table)) {
      if (def.id !== (type & 0xff)) continue;
      for (const field of Object.values(def.fields)) if (field.alias === 'status') return field.names?.[status];
    }
  }
  return undefined;
}

function tokenName(timeline: Timeline, token: number, row: number): string {
  if (timeline.redactor === undefined) return `${token.toString(16).padStart(8, '0')}…`;
  const find = (fields: ReturnType<Timeline['message']>['fields']): string | undefined => {
    for (const f of fields) {
      if (f.privacy === 'token') return f.text;
      const inner = f.children === undefined ? undefined : find(f.children);
      if (inner !== undefined) return inner;
    }
    return undefined;
  };
  return find(timeline.message(row).fields) ?? 'token';
}

function rates(timeline: Timeline, rows: Uint32Array | undefined, first: number, span: number, slice: number): number[] {
  const columns = timeline.rows.columns;
  const out = new Array<number>(Math.min(SLICES, Math.ceil(span / slice))).fill(0);
  const total = rows === undefined ? columns.rows : rows.length;
  for (let k = 0; k < total; k++) {
    const row = rows === undefined ? k : rows[k];
    if ((columns.flags(row) & FLAG_UNTIMED) === 0) out[Math.min(out.length - 1, Math.floor((columns.sec(row) - first) / slice))]++;
  }
  return out;
}

const BARS = ' ▁▂▃▄▅▆▇█';

/** A line of bars, one a number, scaled to the largest. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  return values.map((v) => BARS[v === 0 ? 0 : Math.max(1, Math.round((v / most) * 8))]).join('');
}
