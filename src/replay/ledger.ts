import type { Timeline } from '../timeline/timeline.ts';
import { type Difference, differences } from './compare.ts';
import type { Plan } from './plan.ts';
import { ACCEPTED, type Answer, gatewayErrors, recordedAcknowledgement, recordedAnswer } from './recorded.ts';
import type { NameMap } from './rewrite.ts';

/** What became of a planned message. */
export const OUTCOMES = ['not sent', 'sent', 'equal', 'different', 'missing', 'unexpected', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];
const NOT_SENT = 0;
const SENT = 1;
const EQUAL = 2;
const DIFFERENT = 3;
const MISSING = 4;
const UNEXPECTED = 5;
const FAILED = 6;

/** An answer that is not the recorded one, or a message without one. */
export interface Finding {
  readonly index: number;
  readonly row: number;
  /** Round of `--loop`, from 1. */
  readonly round: number;
  readonly outcome: Outcome;
  readonly why: string | undefined;
  readonly differences: readonly Difference[];
}

/** Findings told one by one; a million different answers are one problem, not a million. */
export const MAX_FINDINGS = 1000;

const NO_DIFFERENCES: readonly Difference[] = [];

/** What was sent and what came back: a few bytes a message, however many rounds. */
export class Ledger {
  readonly plan: Plan;
  readonly findings: Finding[] = [];
  /** Sentences about connections and duties: reconnections, acknowledgements that nobody planned. */
  readonly remarks = new Map<string, number>();
  round = 1;
  planned = 0;
  sent = 0;
  /** Sent once more on a new connection, as a correct client must. */
  resent = 0;
  answered = 0;
  private readonly tally = new Float64Array(OUTCOMES.length);
  /** Milliseconds from question to answer of the last round, NaN without one. */
  readonly liveMs: Float64Array;
  readonly outcomes: Uint8Array;
  private readonly sentAt: Float64Array;
  private readonly timeline: Timeline;
  private readonly ignore: ReadonlySet<string>;
  private readonly names: NameMap;
  private readonly settled: ((index: number, outcome: Outcome) => void) | undefined;

  constructor(
    timeline: Timeline,
    plan: Plan,
    ignore: ReadonlySet<string>,
    names: NameMap,
    settled?: ((index: number, outcome: Outcome) => void) | undefined,
  ) {
    this.timeline = timeline;
    this.plan = plan;
    this.ignore = ignore;
    this.names = names;
    this.settled = settled;
    const { length } = plan.rows;
    this.liveMs = new Float64Array(length).fill(Number.NaN);
    this.outcomes = new Uint8Array(length);
    this.sentAt = new Float64Array(length).fill(Number.NaN);
  }

  /** How many messages came to each outcome, over all rounds. */
  get counts(): Readonly<Record<Outcome, number>> {
    return Object.fromEntries(OUTCOMES.map((name, i) => [name, this.tally[i]])) as Record<Outcome, number>;
  }

  /** Before each round. */
  begin(round: number): void {
    this.round = round;
    this.planned += this.plan.rows.length;
    this.outcomes.fill(NOT_SENT);
    this.liveMs.fill(Number.NaN);
    this.sentAt.fill(Number.NaN);
  }

  remark(text: string): void {
    this.remarks.set(text, (this.remarks.get(text) ?? 0) + 1);
  }

  wasSent(index: number, nowMs: number): void {
    if (this.outcomes[index] === NOT_SENT) {
      this.outcomes[index] = SENT;
      this.sent++;
    } else this.resent++;
    this.sentAt[index] = nowMs;
  }

  isOpen(index: number): boolean {
    return this.outcomes[index] === SENT;
  }

  recorded(index: number): Answer | undefined {
    const row = this.plan.rows[index];
    return this.plan.role === 'server' ? recordedAcknowledgement(this.timeline, row) : recordedAnswer(this.timeline, row);
  }

  /** `timed` false: the answer is silence and has no time. */
  wasAnswered(index: number, answer: Answer, nowMs: number, timed = true): void {
    this.answered++;
    if (timed) this.liveMs[index] = nowMs - this.sentAt[index];
    const recorded = this.recorded(index);
    if (recorded === undefined) {
      this.settle(index, UNEXPECTED, 'answered, but the capture holds no answer', [], answer);
      return;
    }
    if (recorded === answer) {
      this.settle(index, EQUAL, undefined, []);
      return;
    }
    // Devices may speak another dialect than the recorded ones: one that has no word for the token is not compared by it.
    const wordless = this.plan.role === 'server' && (recorded['token'] === undefined || answer['token'] === undefined);
    const ignore = wordless ? new Set([...this.ignore, 'token']) : this.ignore;
    const found = differences(recorded, answer, ignore, (text) => this.names.of(text));
    this.settle(index, found.length === 0 ? EQUAL : DIFFERENT, undefined, found);
  }

  /** A gateway took the messages `indices[from, to)` of a recorded stream in silence. */
  wereAccepted(stream: number, indices: Int32Array, from: number, to: number, nowMs: number): void {
    if (gatewayErrors(this.timeline).has(stream)) {
      for (let i = from; i < to; i++) if (this.isOpen(indices[i])) this.wasAnswered(indices[i], ACCEPTED, nowMs, false);
      return;
    }
    // Then as well: each of them is equal.
    for (let i = from; i < to; i++) {
      if (!this.isOpen(indices[i])) continue;
      this.answered++;
      this.settle(indices[i], EQUAL, undefined, NO_DIFFERENCES);
    }
  }

  /** An answer was expected and did not come. */
  isMissing(index: number, why: string): void {
    this.settle(index, MISSING, why, []);
  }

  /** The message could not be sent, or its connection broke before anybody could know. */
  hasFailed(index: number, why: string): void {
    this.settle(index, FAILED, why, []);
  }

  /** After each round: what is still open has no answer, for a reason; that is right where none was recorded. */
  end(why = 'no answer'): void {
    for (let i = 0; i < this.outcomes.length; i++) {
      if (this.outcomes[i] === SENT) {
        if (this.recorded(i) === undefined) this.settle(i, EQUAL, undefined, []);
        else this.settle(i, MISSING, why, []);
      } else if (this.outcomes[i] === NOT_SENT) this.tally[NOT_SENT]++;
    }
  }

  /** Rounds that were planned and do not begin any more. */
  leaveOut(rounds: number): void {
    const messages = rounds * this.plan.rows.length;
    this.planned += messages;
    this.tally[NOT_SENT] += messages;
  }

  recordedMs(index: number): number {
    const nanos = this.timeline.analysis?.rttNanos(this.plan.rows[index]);
    return nanos === undefined ? Number.NaN : Number(nanos) / 1e6;
  }

  private settle(index: number, outcome: number, why: string | undefined, diff: readonly Difference[], extra?: Answer): void {
    if (this.outcomes[index] > SENT) return;
    this.outcomes[index] = outcome;
    this.tally[outcome]++;
    this.settled?.(index, OUTCOMES[outcome]);
    if (outcome === EQUAL || this.findings.length >= MAX_FINDINGS) return;
    const shown =
      extra === undefined
        ? diff
        : Object.entries(extra)
            .filter(([field]) => !this.ignore.has(field))
            .map(([field, live]) => ({ field, recorded: undefined, live }));
    this.findings.push({ index, row: this.plan.rows[index], round: this.round, outcome: OUTCOMES[outcome], why, differences: shown });
  }
}
