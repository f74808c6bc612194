/** Runs a replay for the replay view: the same plan, rules of safety and comparison as on the command line. */
import { UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import { type Clock, REAL_CLOCK } from '../replay/clock.ts';
import type { Outcome } from '../replay/ledger.ts';
import { parseRate, parseSpeed, schedule } from '../replay/pace.ts';
import { makePlan, type Plan } from '../replay/plan.ts';
import { Replay, type ReplayOptions } from '../replay/replay.ts';
import { percentiles, planText } from '../replay/report.ts';
import { parseSet } from '../replay/rewrite.ts';
import { signer } from '../replay/signer.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { targetOf } from './replay-target.ts';
import { type ReplayForm, type ReplayLine, type ReplayState, withLines } from './replay-view.ts';

/** Time between two looks at the ledger. */
const REFRESH_MS = 100;
/** Lines of a dry run. */
const PLAN_LINES = 1000;

/** Up to so many messages, times are sorted anew while the replay runs. */
const LIVE_PERCENTILES = 20_000;

type Change = (change: (replay: ReplayState) => Partial<ReplayState>) => void;

export interface RunningReplay {
  pause(): boolean;
  stop(): void;
}

/** The machine's time, which stands still while it is paused: what is due later waits. */
class PausableClock implements Clock {
  private lost = 0;
  private since: number | undefined;
  private tell: () => void = () => undefined;
  private turned = this.next();

  private next(): Promise<void> {
    return new Promise((resolve) => {
      this.tell = resolve;
    });
  }

  now(): number {
    return (this.since ?? REAL_CLOCK.now()) - this.lost;
  }

  get paused(): boolean {
    return this.since !== undefined;
  }

  toggle(): void {
    const now = REAL_CLOCK.now();
    if (this.since === undefined) this.since = now;
    else {
      this.lost += now - this.since;
      this.since = undefined;
    }
    this.tell();
    this.turned = this.next();
  }

  async until(time: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.now() < time) {
      const end = this.paused ? Number.POSITIVE_INFINITY : REAL_CLOCK.now() + time - this.now();
      await Promise.race([this.turned, REAL_CLOCK.until(end, signal)]);
    }
  }
}

/** Starts a replay of `rows`; what happens is told through `change`. Never throws: what is wrong is in the view. */
export function startReplay(timeline: Timeline, rows: Iterable<number>, form: ReplayForm, change: Change): RunningReplay {
  const controller = new AbortController();
  const clock = new PausableClock();
  const failed = (error: unknown): void => {
    if (!(error instanceof UserError)) throw error;
    change(() => ({ phase: 'failed', error: error.message }));
  };
  void run(timeline, rows, form, change, clock, controller.signal).catch(failed);
  return {
    pause() {
      clock.toggle();
      return clock.paused;
    },
    stop: () => controller.abort(),
  };
}

async function run(
  timeline: Timeline,
  rows: Iterable<number>,
  form: ReplayForm,
  change: Change,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const target = targetOf(form);
  const rules = form.set
    .split(/;\s+/)
    .filter((text) => text.trim() !== '')
    .map(parseSet);
  const pace = {
    speed: parseSpeed(form.speed === 'as recorded' ? '1x' : form.speed),
    gapMax: undefined,
    rate: form.rate.trim() === '' ? undefined : parseRate(form.rate.trim()),
  };
  timeline.analysis?.advance(timeline.length);
  const plan = makePlan(timeline, rows, form.role === 'as recorded' ? undefined : form.role);
  if (form.dry === 'yes') {
    const text = planText(timeline, plan, schedule(plan.times, pace), target.name, PLAN_LINES);
    change(() => ({ phase: 'done', plan: text.trimEnd().split('\n') }));
    return;
  }
  const given = (text: string): string | undefined => (text.trim() === '' ? undefined : text.trim());
  const signKey = given(form.signKey);
  const authorization = signKey === undefined ? undefined : signer(signKey, given(form.keyId), given(form.teamId));
  const told: string[] = [];
  const opened = await target.open((text) => {
    told.push(text);
    change((r) => ({ remarks: [...r.remarks, text] }));
  });
  try {
    const rewrite = { rules, shiftTimes: form.times === 'moved to now', authorization };
    await send(
      { timeline, plan, target: target.name, pace, clock, rewrite, peer: { identity: opened.identity }, ...opened },
      told,
      change,
      signal,
    );
  } finally {
    await opened.close();
  }
}

/** Sends, and tells how far it is; `told`: remarks that stay. */
async function send(wish: ReplayOptions, told: readonly string[], change: Change, signal: AbortSignal): Promise<void> {
  const { timeline, plan } = wish;
  const settled: number[] = [];
  const outcomes: Outcome[] = [];
  const replay = new Replay({
    ...wish,
    settled(index, outcome) {
      settled.push(index);
      outcomes.push(outcome);
    },
  });
  const tell = (phase?: ReplayState['phase'], error?: string): void => {
    const found = new Map(replay.ledger.findings.map((f) => [f.index, f]));
    const lines = settled.splice(0).map((index, i) => lineOf(timeline, plan, replay, index, outcomes[i], found.get(index)));
    outcomes.length = 0;
    const { planned, sent, answered, counts, liveMs, remarks } = replay.ledger;
    const ms = phase !== undefined || plan.rows.length <= LIVE_PERCENTILES ? percentiles(liveMs) : undefined;
    change((r) => ({
      planned,
      sent,
      answered,
      counts: { ...counts },
      times: ms === undefined ? r.times : { p50: ms.p50, p90: ms.p90 },
      lines: withLines(r.lines, lines),
      remarks: [...told, ...[...remarks].map(([text, n]) => (n > 1 ? `${text} (${n} times)` : text))],
      ...(phase === undefined
        ? {}
        : { phase, error, follow: false, selected: Math.max(0, Math.min(r.selected, r.lines.length + lines.length - 1)) }),
    }));
  };
  change(() => ({ phase: 'running', planned: plan.rows.length }));
  const timer = setInterval(() => tell(), REFRESH_MS);
  try {
    const failure = await replay.run(signal);
    tell(failure === undefined ? 'done' : 'failed', failure?.message ?? (signal.aborted ? 'stopped: not everything was sent' : undefined));
  } finally {
    clearInterval(timer);
  }
}

function lineOf(
  timeline: Timeline,
  plan: Plan,
  replay: Replay,
  index: number,
  outcome: Outcome,
  finding: Replay['ledger']['findings'][number] | undefined,
): ReplayLine {
  const row = plan.rows[index];
  return {
    row,
    text: printable(`#${row + 1} ${timeline.message(row).label}`),
    outcome,
    now: replay.ledger.liveMs[index],
    recorded: replay.ledger.recordedMs(index),
    why: finding?.why,
    differences: finding?.differences ?? [],
  };
}
