import { sameBytes } from '../../core/bytes.ts';
import { reasonDef } from '../../schema/reasons.ts';
import { type Context, fieldValue, hostOf, type RuleSet, remember } from '../context.ts';
import type { StreamState } from '../stream-state.ts';

/** Status 8 of the gateway's error packet. Source: provider.md 1.2. */
const INVALID_TOKEN = 8;
/** So many refused tokens of one provider … */
const BURST = 10;
/** … within so many seconds are no accident. Apple ends connections that send many; the exact number is not public. */
const BURST_SECONDS = 60;
/** Refusals that are decoded for their reason on one connection; beyond it the status alone counts. */
const REASONS_READ = 4096;

const GONE = 410;
const BAD_REQUEST = 400;

interface Burst {
  readonly times: number[];
  /** Time of the burst that was told last. */
  told: number;
}

/** Rules about device tokens over all connections of the capture: refused, listed by feedback, and used again all the same. */
export function tokenRules(): RuleSet {
  /** First four bytes of a token to the row of the refused push. */
  const refused = new Map<number, number>();
  const listed = new Map<number, number>();
  const bursts = new Map<string, Burst>();
  const read = new WeakMap<StreamState, number>();

  function refuse(c: Context, s: StreamState, push: number, answer: number): void {
    const token = c.columns.token(push);
    if (token !== 0) remember(refused, token, push);
    const host = hostOf(c.source.ends(s.stream).client);
    let burst = bursts.get(host);
    if (burst === undefined) {
      burst = { times: [], told: Number.NEGATIVE_INFINITY };
      remember(bursts, host, burst);
    }
    const now = c.time(answer);
    burst.times.push(now);
    if (burst.times.length > BURST) burst.times.shift();
    const span = now - burst.times[0];
    if (burst.times.length === BURST && span <= BURST_SECONDS && now - burst.told > BURST_SECONDS) {
      burst.told = now;
      c.report(answer, 'session.bad-token-burst', { other: BURST, value: span });
    }
  }

  function response(c: Context, s: StreamState, row: number): void {
    const status = c.columns.status(row);
    const push = c.pairs.of(row);
    if (push < 0 || c.columns.token(push) === 0) return;
    if (status === GONE) remember(refused, c.columns.token(push), push);
    if (status !== BAD_REQUEST) return;
    const count = (read.get(s) ?? 0) + 1;
    if (count > REASONS_READ) return;
    read.set(s, count);
    const reason = fieldValue(c.source.message(row), 'reason');
    if (typeof reason !== 'string' || reasonDef(reason)?.retry !== 'never') return;
    if (reason === 'BadDeviceToken') refuse(c, s, push, row);
    else remember(refused, c.columns.token(push), push);
  }

  function push(c: Context, _s: StreamState, row: number): void {
    const token = c.columns.token(row);
    if (token === 0) return;
    const before = refused.get(token);
    if (before !== undefined && sameTarget(c, before, row)) c.report(row, 'session.rejected-again', { other: before });
    const feedback = listed.get(token);
    if (feedback !== undefined && sameToken(c, feedback, row)) c.report(row, 'session.feedback-ignored', { other: feedback });
  }

  return {
    rules: [
      {
        on: ['gateway s2c error_response'],
        see(c, s, row) {
          const push = c.pairs.of(row);
          if (push >= 0 && c.columns.status(row) === INVALID_TOKEN) refuse(c, s, push, row);
        },
      },
      { on: ['http2 s2c response'], see: response },
      {
        on: ['gateway c2s simple_notification', 'gateway c2s enhanced_notification', 'gateway c2s notification', 'http2 c2s push'],
        see: push,
      },
      {
        on: ['feedback s2c feedback'],
        see(c, _s, row) {
          remember(listed, c.columns.token(row), row);
        },
      },
    ],
  };
}

/** The column holds four bytes of a token; this compares all of it. */
export function sameToken(c: Context, a: number, b: number): boolean {
  const [x, y] = [fieldValue(c.source.message(a), 'token'), fieldValue(c.source.message(b), 'token')];
  return x instanceof Uint8Array && y instanceof Uint8Array && sameBytes(x, y);
}

/** The same token and the same topic: a token may be good for another one. */
function sameTarget(c: Context, a: number, b: number): boolean {
  return c.columns.topic(a) === c.columns.topic(b) && sameToken(c, a, b);
}
