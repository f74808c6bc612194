import type { Note } from '../core/note.ts';
import { SessionAnalysis, type StreamSummary } from '../session/analysis.ts';
import { kindOf } from '../session/kinds.ts';
import { hasRowRules, rowNotes } from '../session/row-rules.ts';
import type { Delivery } from '../session/rules/deliveries.ts';
import type { SessionSource } from '../session/source.ts';
import { peers } from './streams.ts';
import type { AnalysisView, Timeline } from './timeline.ts';

const NANOS = 1_000_000_000n;

/**
 * Rules over the messages of a timeline: pairs, findings, deliveries, roles. Rows are looked at when they are asked for, so an
 * analysis that nobody asks costs nothing. What stayed without an answer is known only once the input has ended.
 */
export class Analysis implements AnalysisView {
  private readonly timeline: Timeline;
  private made: SessionAnalysis | undefined;
  private ended = false;
  held = false;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
  }

  /** The rules, after they looked at the rows that came since; once the input has ended, with what only the end can tell. */
  private get session(): SessionAnalysis {
    this.made ??= new SessionAnalysis(sourceOf(this.timeline));
    if (!this.held) this.advance(this.timeline.length);
    return this.made;
  }

  get settled(): boolean {
    return this.made !== undefined && this.made.done >= this.timeline.length && (this.ended || !this.timeline.complete);
  }

  advance(rows: number): boolean {
    this.made ??= new SessionAnalysis(sourceOf(this.timeline));
    const { made, timeline } = this;
    made.advance(Math.min(timeline.length, made.done + rows));
    if (made.done < timeline.length) return false;
    if (timeline.complete) {
      made.finish();
      this.ended = true;
    }
    return true;
  }

  drop(row: number): void {
    this.made ??= new SessionAnalysis(sourceOf(this.timeline));
    this.made.drop(row);
  }

  /** The row that answers this one, or that this one answers; -1, also when it is gone. */
  pair(row: number): number {
    const partner = this.session.pairs.of(row);
    return partner < this.timeline.first ? -1 : partner;
  }

  /** Nanoseconds from question to answer, on either of them; undefined without a pair or without times. Never negative. */
  rttNanos(row: number): bigint | undefined {
    const partner = this.pair(row);
    if (partner < 0 || !this.timeline.timed(row) || !this.timeline.timed(partner)) return undefined;
    const span = this.nanos(partner) - this.nanos(row);
    return span < 0n ? -span : span;
  }

  /** Everything that rules found on this row: what other rows show, and what its own fields and time show. */
  findings(row: number): readonly Note[] {
    const { session } = this;
    const { columns } = this.timeline.rows;
    const stored = session.findings.of(row, columns.length(row));
    const kind = kindOf(columns.type(row), columns.dir(row));
    const { timeline } = this;
    const own = hasRowRules(kind) ? rowNotes(kind, timeline.plainMessage(row), session.time(row), timeline.verifyToken) : [];
    const all = own.length === 0 ? stored : [...stored, ...own];
    return this.timeline.shownNotes(row, all);
  }

  /** Whether rules over several messages found something on this row; cheap, nothing is decoded. */
  has(row: number): boolean {
    return this.session.findings.has(row);
  }

  /** All findings in the order of the rows. Decodes the rows that have rules of their own. */
  *all(): Generator<{ readonly row: number; readonly note: Note }> {
    const { columns } = this.timeline.rows;
    const { session } = this;
    for (let row = this.timeline.first; row < session.done; row++) {
      if (!session.findings.has(row) && !hasRowRules(kindOf(columns.type(row), columns.dir(row)))) continue;
      for (const note of this.findings(row)) yield { row, note };
    }
  }

  /** Pushes that are seen on both sides, in the order in which they arrived. */
  deliveries(): readonly Delivery[] {
    return this.session.deliveries;
  }

  /** Who speaks on a stream, and the state of the connection; undefined when no dialect of ours was spoken. */
  roles(stream: number): StreamSummary | undefined {
    return this.session.summary(stream);
  }

  /** How often each code was found by rules over several messages, the most frequent first. */
  tally(): readonly (readonly [code: string, count: number])[] {
    return this.session.findings.tally();
  }

  /** Pairs that were found. */
  get pairCount(): number {
    return this.session.pairs.count;
  }

  private nanos(row: number): bigint {
    const { columns } = this.timeline.rows;
    return BigInt(columns.sec(row)) * NANOS + BigInt(columns.nsec(row));
  }
}

function sourceOf(timeline: Timeline): SessionSource {
  const { rows } = timeline;
  return {
    columns: rows.columns,
    timed: (row) => timeline.timed(row),
    message: (row) => timeline.plainMessage(row),
    topicNumber: (topic) => rows.topics.number(topic, 0, topic.length),
    topicBytes: (topic) => rows.topics.values[topic],
    ends(stream) {
      const record = timeline.streams[stream];
      return record === undefined ? { client: '', server: '' } : peers(record);
    },
  };
}
