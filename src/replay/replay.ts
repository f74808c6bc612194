import { UserError } from '../core/errors.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { type Clock, REAL_CLOCK } from './clock.ts';
import { DEFAULT_IGNORE } from './compare.ts';
import type { Link } from './dial.ts';
import { Ledger, type Outcome } from './ledger.ts';
import type { Outgoing } from './outgoing.ts';
import type { PaceOptions } from './pace.ts';
import type { Peer, PeerParts, PeerSettings } from './peers/peer.ts';
import type { Plan } from './plan.ts';
import type { Proof } from './proof.ts';
import type { Report } from './report.ts';
import { NameMap, type RewriteOptions, Rewriter } from './rewrite.ts';
import { runPlan } from './run.ts';

/** Milliseconds: longest wait for an answer. */
const ANSWER_TIMEOUT = 5_000;
/** Silence after which a gateway has taken everything: Apple's needed about 360 ms for an error packet (java-apns, issue 349). */
const QUIET = 1_000;

export interface ReplayOptions {
  readonly timeline: Timeline;
  /** From `makePlan`. */
  readonly plan: Plan;
  /** Words for the report: where the messages go. */
  readonly target: string;
  /** Makes a connection to the target, for the roles of device and provider: `dial` behind `admit`. */
  readonly open?: ((alpn: readonly string[], signal: AbortSignal) => Promise<Link>) | undefined;
  /** Takes what servers said, for the role of server: `DeviceListener.peer` or `InjectionDesk.peer`. */
  readonly serve?: ((parts: PeerParts) => Promise<Peer>) | undefined;
  /** What recorded tokens are called at the target; it learns more. */
  readonly names?: NameMap | undefined;
  readonly rewrite?: Partial<RewriteOptions>;
  /** Answer fields that are not compared. */
  readonly ignore?: ReadonlySet<string>;
  readonly pace?: Partial<PaceOptions>;
  readonly loop?: number | undefined;
  readonly loopDelayMs?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly startAt?: number | undefined;
  /** Most connections at a time. */
  readonly connections?: number | undefined;
  readonly peer?: Partial<PeerSettings>;
  readonly clock?: Clock;
  /** A last look at a message before it goes out. */
  readonly edit?: (index: number, out: Outgoing) => void;
  /** Told the payload of each message that goes out. */
  readonly sending?: ((payload: Uint8Array) => void) | undefined;
  /** Told the outcome of each planned message, as soon as it is known: a progress event. */
  readonly settled?: (index: number, outcome: Outcome) => void;
}

/**
 * A replay that can be run and watched. `ledger` holds the counts at any time (`planned`, `sent`, `answered`, `counts`,
 * `outcomes` by index); `settled` is called for each outcome. Nothing is sent before `run`.
 */
export class Replay {
  readonly ledger: Ledger;
  readonly names: NameMap;
  private readonly options: ReplayOptions;
  private readonly clock: Clock;
  private begun = 0;
  private ended = 0;
  private interrupted = false;

  constructor(options: ReplayOptions) {
    this.options = options;
    this.clock = options.clock ?? REAL_CLOCK;
    this.names = options.names ?? new NameMap();
    this.ledger = new Ledger(options.timeline, options.plan, options.ignore ?? new Set(DEFAULT_IGNORE), this.names, options.settled);
  }

  /** Sends the plan. Resolves when all answers are in or the signal is given; with the error that kept it from sending anything. */
  async run(signal: AbortSignal): Promise<UserError | undefined> {
    const { timeline, plan, open, rewrite, pace, loop, loopDelayMs, startAt, connections, peer, edit, sending, serve } = this.options;
    const { clock, ledger, names } = this;
    this.begun = this.ended = clock.now();
    try {
      await runPlan({
        timeline,
        plan,
        ledger,
        names,
        rewriter: new Rewriter(timeline, { rules: [], shiftTimes: true, authorization: undefined, ...rewrite }, names),
        clock,
        signal,
        options: {
          pace: { speed: 1, gapMax: undefined, rate: undefined, ...pace },
          loop: loop ?? 1,
          loopDelayMs: loopDelayMs ?? 0,
          startAt,
          connections,
          peer: {
            timeoutMs: ANSWER_TIMEOUT,
            quietMs: QUIET,
            concurrency: undefined,
            identity: undefined,
            ownIdentifiers: rewrite?.rules?.some(({ field }) => field === 'id' || field === 'identifier') === true,
            ...peer,
          },
        },
        edit,
        sending,
        serve,
        open: (alpn) => {
          if (open === undefined) throw new UserError('replay.target', 'No target was given.');
          return open(alpn, signal);
        },
      });
      return undefined;
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    } finally {
      this.ended = clock.now();
      this.interrupted = signal.aborted;
    }
  }

  /** What was sent and what came back, for `reportText`, `reportJson` and `reportJunit`. */
  report(proof?: Proof): Report {
    const { timeline, plan, target } = this.options;
    const { ledger, names, begun, ended, interrupted } = this;
    return { target, interrupted, seconds: (ended - begun) / 1000, ledger, timeline, plan, proof, learned: [...names.entries()] };
  }
}
