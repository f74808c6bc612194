import { EXIT, UserError } from '../core/errors.ts';
import { DIALECT, DIALECTS } from '../core/message.ts';
import { EncodeError } from '../schema/build.ts';
import type { Timeline } from '../timeline/timeline.ts';
import type { Clock } from './clock.ts';
import type { Link } from './dial.ts';
import type { Ledger } from './ledger.ts';
import { type Outgoing, readOutgoing } from './outgoing.ts';
import { type PaceOptions, schedule } from './pace.ts';
import { CourierPeer } from './peers/courier.ts';
import { readFeedback } from './peers/feedback.ts';
import { GatewayPeer } from './peers/gateway.ts';
import { Http2Peer } from './peers/http2.ts';
import type { Peer, PeerParts, PeerSettings } from './peers/peer.ts';
import type { Plan, PlannedConnection } from './plan.ts';
import type { NameMap, Rewriter } from './rewrite.ts';

export interface RunOptions {
  readonly pace: PaceOptions;
  readonly loop: number;
  readonly loopDelayMs: number;
  /** Milliseconds since the epoch; undefined: at once. */
  readonly startAt: number | undefined;
  /** Most connections at a time. */
  readonly connections: number | undefined;
  readonly peer: PeerSettings;
}

export interface RunParts {
  readonly timeline: Timeline;
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly names: NameMap;
  readonly rewriter: Rewriter;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly options: RunOptions;
  /** A last look at a message before it goes out: the editor. */
  readonly edit?: ((index: number, out: Outgoing) => void) | undefined;
  readonly sending?: ((bytes: Uint8Array) => void) | undefined;
  open(alpn: readonly string[]): Promise<Link>;
  /** Who takes what servers said, for the role of a server. */
  readonly serve?: ((parts: PeerParts) => Promise<Peer>) | undefined;
}

/** Messages between two looks at the clock when nothing has to wait. */
const LOOK_EVERY = 256;

/** Why there is no answer when nobody waited for one. */
const INTERRUPTED = 'interrupted before the answer';

/**
 * Sends a plan, round by round. Connections that overlapped in the recording overlap here; one that began after others had
 * ended waits for them. Resolves when all answers are in or the signal was given; throws `UserError` when the first
 * connection cannot be made.
 */
export async function runPlan(parts: RunParts): Promise<void> {
  const { clock, options, signal, ledger } = parts;
  const due = schedule(parts.plan.times, options.pace);
  if (options.startAt !== undefined) await clock.until(options.startAt, signal);
  let left = options.loop;
  try {
    while (left > 0 && !signal.aborted) {
      ledger.begin(options.loop - --left);
      try {
        await runRound(parts, due);
      } finally {
        ledger.end(signal.aborted ? INTERRUPTED : undefined);
      }
      if (left > 0 && options.loopDelayMs > 0) await clock.until(clock.now() + options.loopDelayMs, signal);
    }
  } finally {
    ledger.leaveOut(left);
  }
}

async function runRound(parts: RunParts, due: Float64Array): Promise<void> {
  const { plan, options, signal, clock, ledger } = parts;
  const begun = clock.now();
  const running = new Map<PlannedConnection, Promise<void>>();
  let failure: unknown;
  for (const connection of plan.connections) {
    const first = connection.units[0];
    for (const [other, task] of running) if (other.units[other.units.length - 1] < first) await task;
    await clock.until(begun + due[first], signal);
    while (running.size >= (options.connections ?? Number.POSITIVE_INFINITY) && !signal.aborted) await Promise.race(running.values());
    if (signal.aborted || (failure !== undefined && ledger.sent === 0)) break;
    const task = runConnection(parts, connection, due, begun)
      .catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
        failure ??= error;
        if (signal.aborted) return;
        for (const index of connection.units) if (ledger.outcomes[index] <= 1) ledger.hasFailed(index, error.message);
      })
      .finally(() => running.delete(connection));
    running.set(connection, task);
  }
  await Promise.all(running.values());
  if (failure !== undefined && ledger.sent === 0 && !signal.aborted) throw failure;
}

async function runConnection(parts: RunParts, connection: PlannedConnection, due: Float64Array, begun: number): Promise<void> {
  const { clock, signal } = parts;
  const peerParts = partsFor(parts, connection);
  if (connection.dialect === DIALECT.feedback && connection.role !== 'server') return compareFeedback(peerParts);
  const peer = await openPeer(peerParts, parts);
  const abort = (): void => peer.abort();
  // A device that had to be waited for gets its messages with the gaps of the recording, not all at once.
  const since = connection.role === 'server' ? Math.max(begun, clock.now() - due[connection.units[0]]) : begun;
  try {
    const { units } = connection;
    // A signal can only come in while the loop waits.
    for (let i = 0, sinceLook = 0; i < units.length && !signal.aborted; ) {
      const index = units[i];
      const wait = due[index] > 0 && since + due[index] > clock.now();
      if (wait || sinceLook >= LOOK_EVERY) {
        sinceLook = 0;
        if (wait) {
          peer.flush();
          await clock.until(since + due[index], signal);
        } else await new Promise<void>((resolve) => setImmediate(resolve));
        if (signal.aborted) break;
      }
      for (;;) {
        const busy = peer.send(units[i++]);
        if (busy !== undefined) await busy;
        if (busy !== undefined || ++sinceLook >= LOOK_EVERY || i >= units.length || due[units[i]] > 0) break;
      }
    }
    await peer.finish();
  } catch (error) {
    abort();
    throw error;
  }
}

function openPeer(parts: PeerParts, { serve }: RunParts): Promise<Peer> {
  const { dialect, role } = parts.connection;
  if (role === 'server') {
    if (serve === undefined) throw new UserError('replay.server', 'Nobody was given who takes what servers said.', EXIT.usage);
    return serve(parts);
  }
  if (dialect === DIALECT.gateway) return GatewayPeer.open(parts);
  if (dialect === DIALECT.http2) return Http2Peer.open(parts);
  if (dialect === DIALECT.courier || dialect === DIALECT.packed || dialect === DIALECT.ios4) return CourierPeer.open(parts);
  throw new UserError('replay.dialect', `${DIALECTS[dialect]} cannot be replayed.`, EXIT.usage);
}

function partsFor(parts: RunParts, connection: PlannedConnection): PeerParts {
  const { timeline, plan, ledger, names, rewriter, clock, signal, options, edit, sending } = parts;
  const prepare = (index: number): Outgoing | undefined => {
    const out = readOutgoing(timeline, plan.rows[index]);
    if (typeof out === 'string') {
      ledger.hasFailed(index, `it cannot be sent: ${out}`);
      return undefined;
    }
    try {
      rewriter.apply(out, plan.rows[index], plan.times[index], clock.now());
      edit?.(index, out);
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error;
      ledger.hasFailed(index, error.message);
      return undefined;
    }
    return out;
  };
  const namesChannel = (index: number): boolean => {
    const out = readOutgoing(timeline, plan.rows[index]);
    return typeof out !== 'string' && out.kind === 'http' && out.headers.some(([name]) => name === 'apns-channel-id');
  };
  const { columns } = timeline.rows;
  const direct = edit === undefined && sending === undefined;
  const unchanged = (index: number): boolean => direct && rewriter.onlyTimes && columns.severity(plan.rows[index]) === 0;
  const { shiftTimes } = rewriter;
  return {
    timeline,
    connection,
    ledger,
    names,
    clock,
    signal,
    settings: options.peer,
    prepare,
    namesChannel,
    unchanged,
    shiftTimes,
    sending,
    open: parts.open,
  };
}

/** Records are compared token by token: the service lists them in an order of its own. */
async function compareFeedback(parts: PeerParts): Promise<void> {
  const { connection, ledger, clock, names } = parts;
  for (const index of connection.units) ledger.wasSent(index, clock.now());
  const live = await readFeedback(parts);
  for (const index of connection.units) {
    const token = ledger.recorded(index)?.['token'] ?? '';
    const at = live.findIndex((answer) => answer['token'] === token || answer['token'] === names.of(token));
    if (at < 0) ledger.isMissing(index, 'the feedback service does not list the token');
    else ledger.wasAnswered(index, live.splice(at, 1)[0], clock.now(), false);
  }
  for (const answer of live) ledger.remark(`the feedback service lists ${answer['token']}, which the capture does not`);
}
