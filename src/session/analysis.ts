import { DIALECT } from '../core/message.ts';
import type { NoteCode } from '../schema/notes.ts';
import type { Context, Rule, RuleSet } from './context.ts';
import { EXCHANGE_OF, EXCHANGES, type ExchangeDef } from './exchanges.ts';
import { Findings, type Particulars, severityOf } from './findings.ts';
import { KINDS, kindOf, kinds } from './kinds.ts';
import { JOINED, machineOf } from './machines.ts';
import { Pairs } from './pairs.ts';
import { OPEN_LIMIT, OpenQuestions } from './questions.ts';
import { type Roles, rolesOf } from './roles.ts';
import { channelRules } from './rules/channels.ts';
import { connectionRules } from './rules/connections.ts';
import { type Delivery, deliveryRules } from './rules/deliveries.ts';
import { deviceRules } from './rules/device.ts';
import { gatewayRules } from './rules/gateway.ts';
import { http2Rules } from './rules/http2.ts';
import { tokenRules } from './rules/tokens.ts';
import type { RowColumns, SessionSource } from './source.ts';
import { StreamState } from './stream-state.ts';

/** A question is missing its answer when so many seconds of capture follow; pypush waits 15 for a keep-alive, others less. */
const ANSWER_SECONDS = 15;
/** Answers that take longer are told. Known clients give up after 10 to 30 seconds. */
const SLOW_SECONDS = 5;

/** Answers without a question that are told on one connection; more say nothing new. */
const UNASKED_LIMIT = 1024;

/** What is known of a connection. */
export interface StreamSummary extends Roles {
  /** State of the dialect's machine, as in the table: "filtered", "leaving". */
  readonly state: string;
  /** The capture begins within the connection. */
  readonly joinedLate: boolean;
}

/**
 * Rules over messages: pairs, states and findings. Rows go through once, in index order; what is kept of a connection is
 * bounded, and most rows are judged by their columns alone.
 */
export class SessionAnalysis implements Context {
  readonly source: SessionSource;
  readonly columns: RowColumns;
  readonly pairs = new Pairs();
  readonly findings = new Findings();
  readonly deliveries: Delivery[] = [];
  /** Whole seconds. */
  now = Number.NaN;
  /** Rows below this were looked at. */
  done = 0;
  /** Rows below this are gone. */
  private first = 0;
  private finished = false;
  private readonly streams: (StreamState | undefined)[] = [];
  private readonly sets: readonly RuleSet[];
  private readonly rules: readonly (readonly Rule[] | undefined)[];

  constructor(source: SessionSource) {
    this.source = source;
    this.columns = source.columns;
    // Gateway before tokens: the pair of an error packet is made there. Requests before responses of the same stream anyway.
    this.sets = [
      connectionRules(),
      deviceRules(),
      gatewayRules(),
      http2Rules(),
      channelRules(),
      tokenRules(),
      deliveryRules(this.deliveries),
    ];
    const rules: Rule[][] = [];
    for (const set of this.sets) {
      for (const rule of set.rules) {
        for (const name of rule.on) for (const kind of kinds(name)) (rules[kind] ??= []).push(rule);
      }
    }
    this.rules = Array.from({ length: KINDS }, (_, kind) => rules[kind]);
  }

  time(row: number): number {
    return row >= this.first && this.source.timed(row) ? this.columns.sec(row) + this.columns.nsec(row) / 1e9 : Number.NaN;
  }

  report(row: number, code: NoteCode, about: Particulars = {}): number {
    this.columns.raise(row, severityOf(code));
    return this.findings.add(row, code, about);
  }

  join(question: number, answer: number): void {
    this.pairs.join(question, answer);
    const took = this.time(answer) - this.time(question);
    if (took > SLOW_SECONDS) this.report(answer, 'session.answer-slow', { value: took });
  }

  /** Rows before this one are gone: what is known of them is given back, and they are not looked at any more. */
  drop(row: number): void {
    this.first = row;
    this.pairs.drop(row);
    this.findings.drop(row);
    const kept = this.deliveries.findIndex((d) => d.message >= row);
    this.deliveries.splice(0, kept < 0 ? this.deliveries.length : kept);
    if (this.done < row) this.done = row;
  }

  /** Looks at the rows before `to` that were not looked at yet. */
  advance(to: number): void {
    const { columns } = this;
    const end = Math.min(to, columns.rows);
    let newest = this.now;
    for (let row = this.done; row < end; row++) {
      // Rows of holes that were waited for come late: the newest row is not always the last.
      const sec = columns.sec(row);
      if (!(sec <= newest)) newest = sec;
      const type = columns.type(row);
      const stream = columns.stream(row);
      let s = this.streams[stream];
      if (s === undefined) {
        s = new StreamState(stream, row);
        this.streams[stream] = s;
        for (const set of this.sets) set.opened?.(this, s, row);
      }
      const dialect = type >>> 8;
      if (dialect === DIALECT.capture) this.hole(s);
      else this.see(s, dialect, kindOf(type, columns.dir(row)), row);
    }
    this.now = newest;
    if (end > this.done) this.done = end;
  }

  /** The capture ends: what is open now stays open. May be called once; rows that come later are not looked at. */
  finish(): void {
    if (this.finished) return;
    this.finished = true;
    for (const s of this.streams) {
      if (s === undefined) continue;
      this.unanswered(s);
      if (!s.lossy) for (const row of s.unasked) this.report(row, 'session.answer-unasked');
      for (const set of this.sets) set.end?.(this, s);
    }
    for (const set of this.sets) set.finish?.(this);
  }

  /** Who speaks on a stream and how far they are; undefined when nothing of ours was spoken on it. */
  summary(stream: number): StreamSummary | undefined {
    const s = this.streams[stream];
    const roles = s === undefined ? undefined : rolesOf(s.dialect);
    const machine = s === undefined ? undefined : machineOf(s.dialect);
    if (s === undefined || roles === undefined) return undefined;
    return { ...roles, state: machine?.def.states[s.state] ?? '', joinedLate: s.state === JOINED };
  }

  /** Unnamed bytes and holes: what was open may be answered in there. */
  private hole(s: StreamState): void {
    s.lossy = true;
    for (const open of s.questions) open?.forget();
  }

  private see(s: StreamState, dialect: number, kind: number, row: number): void {
    const machine = machineOf(dialect);
    if (machine !== undefined) {
      if (s.dialect !== dialect) {
        s.dialect = dialect;
        s.state = 0;
      }
      s.last = row;
      const failed = this.columns.status(row) > 0;
      const before = s.state;
      s.state = machine.step(before, kind, failed);
      const finding = machine.finding(before, kind, failed);
      if (finding !== undefined) this.report(row, finding);
    }
    const exchange = EXCHANGE_OF[kind];
    if (exchange > 0) this.ask(s, exchange - 1, row);
    else if (exchange < 0) this.answer(s, -exchange - 1, row);
    const rules = this.rules[kind];
    if (rules !== undefined) for (let i = 0; i < rules.length; i++) rules[i].see(this, s, row);
  }

  private ask(s: StreamState, exchange: number, row: number): void {
    const def = EXCHANGES[exchange];
    let open = s.questions[exchange];
    if (open === undefined) {
      open = new OpenQuestions(def.by);
      s.questions[exchange] = open;
    }
    const told = open.dropped;
    const before = open.ask(row, this.columns.id(row));
    if (open.dropped && !told) this.report(row, 'session.questions-dropped', { value: OPEN_LIMIT });
    if (before >= 0 && def.repeated !== undefined) this.report(row, def.repeated, { other: before });
  }

  private answer(s: StreamState, exchange: number, row: number): void {
    const def = EXCHANGES[exchange];
    const open = s.questions[exchange];
    if (def.by === 'order' && open !== undefined) this.overdue(open, def, row);
    const oldest = def.by === 'id-or-order' && open !== undefined ? open.first() : -1;
    const asked = open?.answer(this.columns.id(row)) ?? -1;
    if (asked < 0) {
      // A capture that starts late, or has holes, misses questions; so does one whose table of open questions ran over.
      const known = s.state !== JOINED && !s.lossy && open?.dropped !== true && def.unanswered !== undefined;
      if (known && s.unasked.length < UNASKED_LIMIT) s.unasked.push(row);
      return;
    }
    if (oldest >= 0 && oldest !== asked) this.report(row, 'session.ack-order', { other: oldest });
    this.join(asked, row);
  }

  /** An answer without an id is not for a question that waited too long when there is a newer one: that one got none. */
  private overdue(open: OpenQuestions, def: ExchangeDef, answer: number): void {
    while (open.size > 1 && this.time(answer) - this.time(open.first()) > ANSWER_SECONDS) {
      const asked = open.answer(undefined);
      if (def.unanswered !== undefined) this.report(asked, def.unanswered);
    }
  }

  /** Questions that stay open: told when the capture goes on long enough, or when a later question was answered. */
  private unanswered(s: StreamState): void {
    s.questions.forEach((open, exchange) => {
      const { unanswered, ordered } = EXCHANGES[exchange];
      if (open === undefined || unanswered === undefined) return;
      for (const row of open.open()) {
        if (row === s.device?.leftAt) continue;
        if (this.now - this.time(row) >= ANSWER_SECONDS || (ordered === true && open.answered > row)) this.report(row, unanswered);
      }
    });
  }
}
