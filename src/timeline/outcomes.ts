import { DIALECTS } from '../core/message.ts';
import { SEVERITIES } from '../core/note.ts';
import { noteDef } from '../schema/notes.ts';
import { EXCHANGE_OF, EXCHANGES } from '../session/exchanges.ts';
import { type KindName, kindOf, kinds } from '../session/kinds.ts';
import type { Timeline } from './timeline.ts';

/** How long answers took, in seconds. */
export interface ResponseTimes {
  readonly name: string;
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What became of the pushes on one topic. */
export interface TopicOutcome {
  /** The side on which the pushes were seen: a provider's, or the courier's. */
  readonly dialect: string;
  readonly topic: string;
  readonly pushes: number;
  readonly ok: number;
  readonly failed: number;
  /** Without an answer; to the gateway that is success. */
  readonly silent: number;
}

export interface FindingCount {
  readonly code: string;
  readonly severity: string;
  readonly count: number;
}

/** What rules over several messages say about a capture as a whole. */
export interface Outcomes {
  readonly findings: readonly FindingCount[];
  /** Findings that need each message decoded were counted too. */
  readonly everyMessage: boolean;
  readonly responses: readonly ResponseTimes[];
  readonly topics: readonly TopicOutcome[];
  /** From the provider to the device, end to end. */
  readonly deliveries: ResponseTimes | undefined;
}

/** Messages that are decoded for their findings unless all are asked for: a second or two. */
const DECODE_LIMIT = 50_000;
const OK = 200;

const PUSHES: readonly KindName[] = [
  'courier s2c message',
  'courier c2s message',
  'ios4 s2c message',
  'http2 c2s push',
  'http2 c2s broadcast',
  'gateway c2s simple_notification',
  'gateway c2s enhanced_notification',
  'gateway c2s notification',
];
const IS_PUSH: ReadonlySet<number> = new Set(PUSHES.flatMap((name) => kinds(name)));

/** Counts findings, response times and the fate of pushes over `rows` (undefined: all). `every`: decodes all messages, whatever it takes. */
export function outcomes(timeline: Timeline, rows: Uint32Array | undefined, every = false): Outcomes {
  const { columns } = timeline.rows;
  const total = rows === undefined ? columns.rows : rows.length;
  const { analysis } = timeline;
  const spans = new Map<string, number[]>();
  const topics = new Map<number, { pushes: number; ok: number; failed: number; silent: number }>();
  for (let k = 0; k < total; k++) {
    const row = rows === undefined ? k : rows[k];
    const kind = kindOf(columns.type(row), columns.dir(row));
    const partner = analysis?.pair(row) ?? -1;
    if (partner > row) {
      const span = seconds(timeline, row, partner);
      if (!Number.isNaN(span)) {
        const name = exchangeName(kind, columns.type(row));
        const list = spans.get(name);
        if (list === undefined) spans.set(name, [span]);
        else list.push(span);
      }
    }
    if (!IS_PUSH.has(kind)) continue;
    // Dialects are below 8; a push without a topic has -1.
    const topic = columns.topic(row) * 8 + (columns.type(row) >>> 8);
    let outcome = topics.get(topic);
    if (outcome === undefined) {
      outcome = { pushes: 0, ok: 0, failed: 0, silent: 0 };
      topics.set(topic, outcome);
    }
    outcome.pushes++;
    if (partner < 0) outcome.silent++;
    else if (succeeded(columns.type(row) >>> 8, columns.status(partner))) outcome.ok++;
    else outcome.failed++;
  }
  const counted = findingCounts(timeline, rows, every || total <= DECODE_LIMIT);
  const latencies = rows === undefined ? (analysis?.deliveries() ?? []).map((d) => d.latency).filter((s) => !Number.isNaN(s)) : [];
  return {
    ...counted,
    responses: [...spans].map(([name, list]) => percentiles(name, list)).sort((a, b) => b.count - a.count),
    topics: [...topics]
      .map(([key, outcome]) => ({ topic: Math.floor(key / 8), dialect: DIALECTS[((key % 8) + 8) % 8], outcome }))
      .map(({ topic, dialect, outcome }) => ({
        dialect,
        topic: topic < 0 ? '(no topic)' : timeline.decoders.topicName(timeline.rows.topics.values[topic]),
        ...outcome,
      }))
      .sort((a, b) => b.pushes - a.pushes),
    deliveries: latencies.length === 0 ? undefined : percentiles('delivery', latencies),
  };
}

function findingCounts(timeline: Timeline, rows: Uint32Array | undefined, decode: boolean): Pick<Outcomes, 'findings' | 'everyMessage'> {
  const { analysis } = timeline;
  const counts = new Map<string, number>();
  const add = (code: string, n = 1): void => {
    counts.set(code, (counts.get(code) ?? 0) + n);
  };
  if (rows !== undefined) {
    for (const row of rows) if (decode || analysis?.has(row) === true) for (const note of analysis?.findings(row) ?? []) add(note.code);
  } else if (decode) for (const { note } of analysis?.all() ?? []) add(note.code);
  else for (const [code, n] of analysis?.tally() ?? []) add(code, n);
  const findings = [...counts].map(([code, count]) => ({ code, severity: noteDef(code)?.severity ?? 'note', count }));
  findings.sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || b.count - a.count);
  return { findings, everyMessage: decode };
}

/** HTTP/2 answers 200; the courier acknowledges with 0 or without a status; the gateway's only answer is an error. */
function succeeded(dialect: number, status: number): boolean {
  const name = DIALECTS[dialect];
  return name === 'http2' ? status === OK : name !== 'gateway' && status <= 0;
}

function exchangeName(kind: number, type: number): string {
  const exchange = EXCHANGE_OF[kind];
  return exchange > 0 ? EXCHANGES[exchange - 1].name : `${DIALECTS[type >>> 8]} other`;
}

function seconds(timeline: Timeline, from: number, to: number): number {
  if (!timeline.timed(from) || !timeline.timed(to)) return Number.NaN;
  const { columns } = timeline.rows;
  return columns.sec(to) - columns.sec(from) + (columns.nsec(to) - columns.nsec(from)) / 1e9;
}

/** Percentiles by rank: the smallest value that so many of a hundred do not exceed. */
function percentiles(name: string, values: readonly number[]): ResponseTimes {
  const sorted = Float64Array.from(values).sort();
  const at = (p: number): number => sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)];
  return { name, count: sorted.length, p50: at(50), p90: at(90), p99: at(99), max: sorted[sorted.length - 1] };
}
