import Table from 'cli-table3';
import { count, printable } from '../core/text.ts';
import { duration, isoTime } from '../core/time.ts';
import { type Outcomes, outcomes } from '../timeline/outcomes.ts';
import { type Statistics, sparkline, statistics, type Tally } from '../timeline/statistics.ts';
import type { ReadOptions } from './options.ts';
import { Output } from './output.ts';
import { openSession, type Session } from './session.ts';

export interface StatsOptions extends ReadOptions {
  json?: boolean;
  indexOnly?: boolean;
  top?: number;
  findings?: boolean;
}

/** Rows of a table by default; the library behind it is for small tables. */
const TOP = 10;
const TOP_LIMIT = 500;

/** `apns-inspect stats FILE`: what is in the capture, by dialect, message, topic, token, status, connection. */
export async function runStats(files: string[], options: StatsOptions): Promise<number> {
  const session = await openSession(files, options);
  try {
    await session.load();
    const { timeline } = session;
    const out = new Output(undefined);
    if (options.indexOnly === true) {
      out.line(`${timeline.packets} packets, ${timeline.streams.length} streams, ${timeline.length} messages`);
    } else {
      const rows = session.filter?.select(timeline, 0, timeline.length);
      const stats = statistics(timeline, rows);
      const fates = outcomes(timeline, rows, options.findings === true);
      if (options.json === true) {
        out.line(JSON.stringify({ v: 1, packets: timeline.packets, ...stats, outcomes: fates, tls: session.reading.tlsSummary() }));
      } else {
        const top = Math.min(options.top ?? TOP, TOP_LIMIT);
        report(session, stats, top, out);
        reportOutcomes(fates, top, out);
      }
    }
    out.close();
    session.report();
    return session.exit;
  } finally {
    session.close();
  }
}

function report(session: Session, stats: Statistics, top: number, out: Output): void {
  const { timeline } = session;
  out.line(
    `${count(stats.messages, 'message')} in ${count(timeline.streams.length, 'stream')} and ${count(timeline.packets, 'packet')}${session.filter === undefined ? '' : `, filter ${session.filter.text}`}`,
  );
  if (stats.messages > 0) {
    out.line(
      `${count(stats.bytes, 'byte')}; smallest ${stats.smallest}, largest ${stats.largest}, mean ${Math.round(stats.bytes / stats.messages)}`,
    );
  }
  if (stats.first !== undefined && stats.last !== undefined) {
    const seconds = stats.last - stats.first;
    out.line(
      `${isoTime(stats.first, 0, 0)} to ${isoTime(stats.last, 0, 0)} (${duration(Math.max(seconds, 1))}), ${(stats.messages / Math.max(1, seconds)).toFixed(1)} messages/s`,
    );
    out.line(`  ${sparkline(stats.rate)}  one bar is ${duration(stats.sliceSeconds)}, the highest ${Math.max(...stats.rate)}`);
  }
  const [notes, warnings, errors] = stats.severities;
  if (notes + warnings + errors > 0)
    out.line(`${count(errors, 'error')}, ${count(warnings, 'warning')} and ${count(notes, 'note')} seen while indexing`);
  table(out, 'Dialect', stats.dialects, stats.messages, top);
  table(out, 'Message', stats.kinds, stats.messages, top);
  table(out, 'Topic', stats.topics, stats.messages, top);
  table(out, 'Token', stats.tokens, stats.messages, top);
  const meant = stats.statuses.map((s) => (s.meaning === undefined ? s : { ...s, name: `${s.name}  ${s.meaning}` }));
  table(out, 'Status', meant, stats.messages, top);
  const named = stats.streams.map((s) => {
    const { client, server } = timeline.peers(Number(s.name));
    return { ...s, name: `${s.name}  ${client || '?'} → ${server || '?'}` };
  });
  table(out, 'Connection', named, stats.messages, top);
  const tls = session.reading.tlsSummary();
  if (tls.length > 0) {
    out.line('');
    out.line('TLS');
    for (const line of tls) out.line(`  ${line.streams === 1 ? '1 stream' : `${line.streams} streams`}: ${line.state}`);
  }
}

/** Response times, the fate of pushes by topic, and findings. */
function reportOutcomes(fates: Outcomes, top: number, out: Output): void {
  const times = [...fates.responses, ...(fates.deliveries === undefined ? [] : [{ ...fates.deliveries, name: 'provider to device' }])];
  grid(
    out,
    ['Response time', 'Pairs', 'p50', 'p90', 'p99', 'Max'],
    times.map((t) => [t.name, number(t.count), ...[t.p50, t.p90, t.p99, t.max].map(duration)]),
    top,
  );
  const answered = fates.topics.some((t) => t.ok + t.failed > 0);
  if (answered) {
    grid(
      out,
      ['Pushes by topic', 'Sent', 'Taken', 'Refused', 'No answer', 'Success'],
      fates.topics.map((t) => [
        `${t.dialect}  ${printable(t.topic)}`,
        ...[t.pushes, t.ok, t.failed, t.silent].map(number),
        // The gateway answers errors only: a share of its answers would say nothing.
        t.ok + t.failed === 0 || t.dialect === 'gateway' ? '' : `${((t.ok / (t.ok + t.failed)) * 100).toFixed(1)} %`,
      ]),
      top,
    );
  }
  grid(
    out,
    ['Finding', 'Severity', 'Times'],
    fates.findings.map((f) => [f.code, f.severity, number(f.count)]),
    top,
  );
  if (!fates.everyMessage) out.line('… without findings that need every message decoded; --findings counts those too');
}

/** Of one message, in bytes. */
const SIZE_HEADS = ['Size p50', 'p90', 'p99', 'Max'] as const;

const number = (n: number): string => n.toLocaleString('en-US');

function table(out: Output, title: string, tallies: readonly Tally[], total: number, top: number): void {
  const rows = tallies.map(({ name, messages, bytes, sizes }) => [
    printable(name),
    number(messages),
    `${((messages / Math.max(1, total)) * 100).toFixed(1)} %`,
    number(bytes),
    ...(sizes === undefined ? [] : [sizes.p50, sizes.p90, sizes.p99, sizes.max].map(number)),
  ]);
  grid(out, [title, 'Messages', 'Share', 'Bytes', ...(tallies[0]?.sizes === undefined ? [] : SIZE_HEADS)], rows, top);
}

/** A small table; the first column to the left, the others to the right. */
function grid(out: Output, head: string[], rows: readonly string[][], top: number): void {
  if (rows.length === 0) return;
  // Colours and borders of the library are on even in a pipe, unless they are taken away here.
  const cells = new Table({
    head,
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '',
    },
  });
  for (const row of rows.slice(0, top)) cells.push(row);
  out.line('');
  for (const line of cells.toString().split('\n')) out.line(line.trimEnd());
  if (rows.length > top) out.line(`… and ${number(rows.length - top)} more`);
}
