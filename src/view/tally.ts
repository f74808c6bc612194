/** Counts over rows for the statistics view: by message, status, topic, token, connection, and how long answers took. */
import { CAPTURE_ENTRY, DIALECT, DIALECTS } from '../core/message.ts';
import { SEVERITIES } from '../core/note.ts';
import { deleteOldest } from '../core/oldest.ts';
import { printable, shortHex } from '../core/text.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { findField, tokenOf } from './columns.ts';

export interface TallyRow {
  readonly label: string;
  readonly count: number;
  /** Of all rows of the table, 0 to 1. */
  readonly share: number;
  readonly bytes: number;
  /** Filter that selects what was counted here; undefined when there is none. */
  readonly filter: string | undefined;
}

export interface TallyTable {
  readonly name: 'Messages' | 'Status' | 'Topics' | 'Tokens' | 'Connections' | 'Response times' | 'Severity' | 'Findings';
  /** Sorted by count, largest first. */
  readonly rows: readonly TallyRow[];
  /** Said under the title: minimum, median and so on. */
  readonly summary: string;
  /** Different keys; more than `rows` when the table is cut. */
  readonly keys: number;
}

/** Statuses have 16 bits. */
const STATUSES = 0x1_0000;

interface Cell {
  count: number;
  bytes: number;
  /** A row that stands for the key: names are read from it. */
  readonly row: number;
}

/** Different keys that are counted in one table; a hostile capture has millions. */
const KEY_LIMIT = 500_000;
/** Rows of a table that are named and shown. */
const SHOWN_LIMIT = 1000;
/** Questions that wait for their answer; older ones are given up. */
const OPEN_LIMIT = 200_000;

/** Upper bounds of the classes of response times, in milliseconds. */
const CLASSES = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 60_000] as const;

/** Counts rows as they are added; `tables` may be asked at any time. */
export class Tally {
  rows = 0;
  private readonly timeline: Timeline;
  private readonly types = new Map<number, Cell>();
  private readonly statuses = new Map<number, Cell>();
  private readonly topics = new Map<number, Cell>();
  private readonly tokens = new Map<number, Cell>();
  private readonly streams = new Map<number, Cell>();
  private readonly severities = new Map<number, Cell>();
  private readonly open = new Map<number, number>();
  private times = new Float64Array(1024);
  private answers = 0;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
  }

  add(row: number): void {
    const { columns } = this.timeline.rows;
    this.rows++;
    const bytes = columns.length(row);
    const type = columns.type(row);
    const stream = columns.stream(row);
    bump(this.types, type * 2 + columns.dir(row), row, bytes);
    bump(this.streams, stream, row, bytes);
    bump(this.severities, columns.severity(row), row, bytes);
    const status = columns.status(row);
    // A number means something else in each dialect.
    if (status >= 0) bump(this.statuses, (type >>> 8) * STATUSES + status, row, bytes);
    const topic = columns.topic(row);
    if (topic >= 0) bump(this.topics, topic, row, bytes);
    const token = columns.token(row);
    if (token !== 0) bump(this.tokens, token, row, bytes);
    const id = columns.id(row);
    if (id !== undefined && type >>> 8 !== DIALECT.tls) this.time(row, stream * 4294967296 + id);
  }

  /** The first message with an id asks, the next of the other direction with the same id answers. */
  private time(row: number, key: number): void {
    const { columns } = this.timeline.rows;
    const asked = this.open.get(key);
    if (asked === undefined || columns.dir(asked) === columns.dir(row)) {
      if (this.open.size >= OPEN_LIMIT) deleteOldest(this.open, OPEN_LIMIT / 16);
      this.open.set(key, row);
      return;
    }
    this.open.delete(key);
    if (asked < this.timeline.first || !this.timeline.timed(asked) || !this.timeline.timed(row)) return;
    if (this.answers === this.times.length) {
      const grown = new Float64Array(this.times.length * 2);
      grown.set(this.times);
      this.times = grown;
    }
    this.times[this.answers++] = (columns.sec(row) - columns.sec(asked)) * 1000 + (columns.nsec(row) - columns.nsec(asked)) / 1e6;
  }

  tables(): TallyTable[] {
    const { timeline } = this;
    const { columns } = timeline.rows;
    const both = new Set<number>();
    for (const type of this.types.keys()) if (this.types.has(type ^ 1)) both.add(type >>> 1);
    return [
      this.table('Messages', this.types, (cell, key) => {
        const message = timeline.message(cell.row);
        const dialect = DIALECTS[key >>> 9] ?? 'capture';
        const dir = key & 1;
        const entry = (key >>> 1) & 0xff;
        const plain = key >>> 9 !== DIALECT.capture || entry === CAPTURE_ENTRY.unknown;
        return [
          `${message.label} (${dialect}${both.has(key >>> 1) ? `, ${dir === 0 ? 'c2s' : 's2c'}` : ''})`,
          plain || message.command !== ''
            ? `apns.dialect == "${dialect}" && apns.command == "${message.command}"${both.has(key >>> 1) ? ` && apns.direction == ${dir === 0 ? 'c2s' : 's2c'}` : ''}`
            : undefined,
        ];
      }),
      this.table('Status', this.statuses, (cell, key) => {
        const status = key % STATUSES;
        const dialect = DIALECTS[Math.floor(key / STATUSES)] ?? 'capture';
        const words = findField(timeline.message(cell.row).fields, 'status')?.text ?? String(status);
        return [`${words}, ${dialect}`, `apns.status == ${status} && apns.dialect == "${dialect}"`];
      }),
      this.table('Topics', this.topics, (cell) => {
        const name = timeline.topicName(cell.row) ?? '';
        return [name, `apns.topic == ${JSON.stringify(name)}`];
      }),
      this.table('Tokens', this.tokens, (cell) => {
        const token = tokenOf(timeline, cell.row) ?? '';
        const known = token === '' ? `${(columns.token(cell.row) >>> 0).toString(16).padStart(8, '0')}…` : shortHex(token);
        return [known, /^[0-9a-f]+$/.test(token) ? `apns.token == ${token}` : undefined];
      }),
      this.table('Connections', this.streams, (_, key) => {
        const { client, server } = timeline.peers(key);
        return [`${key}: ${client || '?'} ↔ ${server || '?'}`, `tcp.stream == ${key}`];
      }),
      this.latency(),
      this.table('Severity', this.severities, (_, key) => [
        SEVERITIES[key] === 'info' ? 'clean' : SEVERITIES[key],
        `apns.severity == ${key}`,
      ]),
      ...this.findings(),
    ].map((table) => (columns.rows === 0 ? { ...table, rows: [] } : table));
  }

  /** What rules over several messages found, in the whole capture; no table before they have looked. */
  private findings(): TallyTable[] {
    const { analysis } = this.timeline;
    if (analysis === undefined || !analysis.settled) return [];
    const found = analysis.tally();
    const total = found.reduce((sum, [, n]) => sum + n, 0);
    const rows = found.map(([code, n]) => ({ label: code, count: n, share: n / total, bytes: 0, filter: `apns.note == "${code}"` }));
    return [{ name: 'Findings', rows, summary: 'of the whole capture', keys: rows.length }];
  }

  private table(
    name: TallyTable['name'],
    from: Map<number, Cell>,
    name_: (cell: Cell, key: number) => readonly [string, string | undefined],
  ): TallyTable {
    let total = 0;
    for (const cell of from.values()) total += cell.count;
    const sorted = [...from].sort((a, b) => b[1].count - a[1].count || a[0] - b[0]).slice(0, SHOWN_LIMIT);
    const rows = sorted.map(([key, cell]) => {
      const [label, filter] = name_(cell, key);
      return { label: printable(label), count: cell.count, share: total === 0 ? 0 : cell.count / total, bytes: cell.bytes, filter };
    });
    return { name, rows: merged(rows), summary: '', keys: from.size };
  }

  private latency(): TallyTable {
    const sorted = this.times.slice(0, this.answers).sort();
    const n = sorted.length;
    const at = (p: number): string => milliseconds(sorted[Math.min(n - 1, Math.floor(p * n))]);
    const counts = new Array<number>(CLASSES.length + 1).fill(0);
    for (const ms of sorted) {
      let k = 0;
      while (k < CLASSES.length && ms >= CLASSES[k]) k++;
      counts[k]++;
    }
    const first = counts.findIndex((c) => c > 0);
    const last = counts.length - [...counts].reverse().findIndex((c) => c > 0);
    const rows: TallyRow[] = [];
    for (let k = first; k >= 0 && k < last; k++) {
      const low = k === 0 ? 0 : CLASSES[k - 1];
      const label = k === CLASSES.length ? `≥ ${milliseconds(low)}` : `${milliseconds(low)} – ${milliseconds(CLASSES[k])}`;
      const upper = k === CLASSES.length ? '' : ` && apns.rtt < ${CLASSES[k]}ms`;
      rows.push({ label, count: counts[k], share: counts[k] / n, bytes: 0, filter: `apns.rtt >= ${low}ms${upper}` });
    }
    const summary = n === 0 ? 'no answers' : `min ${at(0)}  p50 ${at(0.5)}  p95 ${at(0.95)}  p99 ${at(0.99)}  max ${at(1)}`;
    return { name: 'Response times', rows, summary, keys: rows.length };
  }
}

/** Rows that cannot be told apart are one: a topic is written as its name here and as its hash there. */
function merged(rows: readonly TallyRow[]): TallyRow[] {
  const byName = new Map<string, TallyRow>();
  for (const row of rows) {
    const key = `${row.label}\0${row.filter ?? ''}`;
    const same = byName.get(key);
    const sum =
      same === undefined ? row : { ...same, count: same.count + row.count, share: same.share + row.share, bytes: same.bytes + row.bytes };
    byName.set(key, sum);
  }
  return [...byName.values()].sort((a, b) => b.count - a.count);
}

function bump(map: Map<number, Cell>, key: number, row: number, bytes: number): void {
  const cell = map.get(key);
  if (cell !== undefined) {
    cell.count++;
    cell.bytes += bytes;
  } else if (map.size < KEY_LIMIT) map.set(key, { count: 1, bytes, row });
}

function milliseconds(ms: number): string {
  if (ms >= 1000) return `${Number((ms / 1000).toFixed(2))} s`;
  return `${Number(ms.toFixed(ms < 10 ? 2 : 0))} ms`;
}
