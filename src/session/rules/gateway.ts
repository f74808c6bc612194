import { sameBytes } from '../../core/bytes.ts';
import { type Context, fieldValue, type RuleSet, remember } from '../context.ts';
import type { KindName } from '../kinds.ts';
import type { StreamState } from '../stream-state.ts';
import { sameToken } from './tokens.ts';

/** Notifications that are remembered on one connection: what is older is neither named by an error packet nor under way. */
const SENT_LIMIT = 65_536;
/** Largest payload of the binary interface since 2014. Source: provider.md 1.1. */
const MAX_PAYLOAD = 2048;
/** Idle connections die in NATs after an hour or two. Source: provider.md 1.3. */
const IDLE_SECONDS = 3600;
/** The identifier is the last notification that went through. */
const SHUTDOWN = 10;

const NOTIFICATIONS: readonly KindName[] = [
  'gateway c2s simple_notification',
  'gateway c2s enhanced_notification',
  'gateway c2s notification',
];

/** Rules about the binary provider interface: silence is success, and one error packet says what was lost. */
export function gatewayRules(): RuleSet {
  /** Discarded notifications that were not sent again: finding by row, found by token and size. */
  const lost = new Map<string, { readonly row: number; readonly finding: number }>();

  const key = (c: Context, row: number): string => `${c.columns.token(row)} ${c.columns.length(row)}`;

  function discard(c: Context, row: number, after: number): void {
    const finding = c.report(row, 'session.discarded', { other: after });
    if (finding >= 0) remember(lost, key(c, row), { row, finding });
  }

  /** A notification that repeats a discarded one, whatever its identifier. */
  function resent(c: Context, row: number): void {
    if (lost.size === 0) return;
    const k = key(c, row);
    const before = lost.get(k);
    if (before === undefined || !sameToken(c, before.row, row) || !samePayload(c, before.row, row)) return;
    lost.delete(k);
    c.findings.change(before.finding, 'session.discarded-resent', row);
  }

  function notification(c: Context, s: StreamState, row: number): void {
    s.gateway ??= { sent: [], next: 0, wrote: Number.NaN, brokenAfter: -1 };
    const g = s.gateway;
    const now = c.time(row);
    const idle = now - g.wrote;
    if (idle > IDLE_SECONDS) c.report(row, 'session.idle-write', { value: idle });
    g.wrote = now;
    if (c.columns.length(row) > MAX_PAYLOAD) {
      const payload = fieldValue(c.source.message(row), 'payload');
      if (payload instanceof Uint8Array && payload.length > MAX_PAYLOAD) {
        c.report(row, 'session.payload-large', { value: payload.length, other: MAX_PAYLOAD });
      }
    }
    if (g.brokenAfter >= 0) {
      discard(c, row, g.brokenAfter);
      return;
    }
    g.sent[g.next++ % SENT_LIMIT] = row;
    resent(c, row);
  }

  function error(c: Context, s: StreamState, row: number): void {
    const g = s.gateway;
    const id = c.columns.id(row);
    const status = c.columns.status(row);
    let at = -1;
    if (g !== undefined) {
      const oldest = Math.max(0, g.next - SENT_LIMIT);
      for (let i = g.next - 1; i >= oldest && at < 0; i--) if (c.columns.id(g.sent[i % SENT_LIMIT]) === id) at = i;
    }
    if (g === undefined || at < 0) {
      c.report(row, 'session.error-unmatched');
      return;
    }
    const named = g.sent[at % SENT_LIMIT];
    c.join(named, row);
    if (status === SHUTDOWN) c.report(row, 'session.shutdown', { other: named });
    else c.report(named, 'session.refused', { other: row, value: status });
    for (let i = at + 1; i < g.next; i++) discard(c, g.sent[i % SENT_LIMIT], named);
    g.brokenAfter = named;
  }

  return {
    rules: [
      { on: NOTIFICATIONS, see: notification },
      { on: ['gateway s2c error_response'], see: error },
    ],
  };
}

function samePayload(c: Context, a: number, b: number): boolean {
  const [x, y] = [fieldValue(c.source.message(a), 'payload'), fieldValue(c.source.message(b), 'payload')];
  return x instanceof Uint8Array && y instanceof Uint8Array && sameBytes(x, y);
}
