import { type Context, fieldValue, findByFilter, hostOf, numberOf, type RuleSet, remember, toNumber } from '../context.ts';
import { EXCHANGES, exchangeNumber } from '../exchanges.ts';
import type { KindName } from '../kinds.ts';
import type { Http2State, StreamState } from '../stream-state.ts';

/** Frames of one kind that may wait for their acknowledgement; a peer that leaves more waiting is hostile. */
const WAITING_LIMIT = 64;
/** The first so many requests of a connection have their token read … */
const TOKENS_AT_START = 64;
/** … and after that one in so many seconds: a client that renews too often does it all the time. */
const TOKEN_SAMPLE_SECONDS = 30;
/** APNs wants a provider token to be used this long at least. Source: Apple, by provider.md 2.5. */
const RENEWAL_SECONDS = 20 * 60;

const REQUEST = exchangeNumber('request');

/** Rules about the provider API on HTTP/2: streams, GOAWAY, provider tokens. */
export function http2Rules(): RuleSet {
  /** By client host and key: the newest token that was seen. */
  const newest = new Map<string, { issued: number; row: number; time: number }>();

  const stateOf = (s: StreamState): Http2State => {
    s.http2 ??= {
      limit: Number.POSITIVE_INFINITY,
      limitTold: false,
      goaway: -1,
      lastStream: Number.POSITIVE_INFINITY,
      settings: [[], []],
      pings: [[], []],
      tokensRead: 0,
      tokenRead: Number.NEGATIVE_INFINITY,
      key: undefined,
      keyRow: -1,
      keyTold: false,
    };
    return s.http2;
  };

  /** A frame that asks, or the acknowledgement of the oldest one from the other side. */
  function acknowledged(c: Context, waiting: readonly [number[], number[]], row: number, ack: boolean): void {
    const dir = c.columns.dir(row);
    if (!ack) {
      if (waiting[dir].length < WAITING_LIMIT) waiting[dir].push(row);
      return;
    }
    const asked = waiting[dir === 0 ? 1 : 0].shift();
    if (asked !== undefined) c.join(asked, row);
  }

  function settings(c: Context, s: StreamState, row: number): void {
    const h = stateOf(s);
    const message = c.source.message(row);
    const ack = fieldValue(message, 'ack') === true;
    acknowledged(c, h.settings, row, ack);
    const limit = numberOf(message, 'max_streams');
    if (!ack && c.columns.dir(row) === 1 && !Number.isNaN(limit)) {
      h.limit = limit;
      h.limitTold = false;
    }
  }

  function request(c: Context, s: StreamState, row: number): void {
    const h = stateOf(s);
    const open = s.questions[REQUEST]?.size ?? 0;
    if (open > h.limit) c.report(row, 'session.stream-limit-exceeded', { value: open, other: h.limit });
    else if (open === h.limit && h.limit > 1 && !h.limitTold) {
      h.limitTold = true;
      c.report(row, 'session.stream-limit-reached', { value: open });
    }
    if (h.goaway >= 0) {
      c.report(row, 'session.request-after-goaway', { other: h.goaway });
      s.questions[REQUEST]?.withdraw(row, c.columns.id(row));
    }
    const now = c.time(row);
    if (h.tokensRead >= TOKENS_AT_START && !(now - h.tokenRead >= TOKEN_SAMPLE_SECONDS)) return;
    h.tokensRead++;
    h.tokenRead = now;
    providerToken(c, s, h, row);
  }

  function providerToken(c: Context, s: StreamState, h: Http2State, row: number): void {
    const jwt = findByFilter(c.source.message(row).fields, 'apns.jwt');
    if (jwt?.children === undefined) return;
    const text = (name: string): string => String(jwt.children?.find((f) => f.name === name)?.value ?? '');
    const key = `${text('kid')} ${text('iss')}`;
    if (h.key === undefined) {
      h.key = key;
      h.keyRow = row;
    } else if (h.key !== key && !h.keyTold) {
      h.keyTold = true;
      c.report(row, 'session.token-key-changed', { other: h.keyRow });
    }
    const issued = toNumber(jwt.children.find((f) => f.name === 'iat')?.value);
    if (Number.isNaN(issued)) return;
    const owner = `${hostOf(c.source.ends(s.stream).client)} ${key}`;
    const last = newest.get(owner);
    if (last !== undefined && issued <= last.issued) return;
    const time = c.time(row);
    if (last !== undefined && issued - last.issued < RENEWAL_SECONDS) {
      c.report(row, 'session.token-renewed-early', { other: last.row, value: issued - last.issued });
    }
    remember(newest, owner, { issued, row, time });
  }

  function goaway(c: Context, s: StreamState, row: number): void {
    const h = stateOf(s);
    const last = numberOf(c.source.message(row), 'last_stream');
    h.goaway = row;
    if (Number.isNaN(last)) return;
    h.lastStream = Math.min(h.lastStream, last);
    const open = s.questions[REQUEST];
    if (open === undefined) return;
    for (const asked of [...open.open()]) {
      const id = c.columns.id(asked);
      if (id === undefined || id <= last) continue;
      open.withdraw(asked, id);
      c.report(asked, 'session.not-processed', { other: row });
    }
  }

  /** A reset ends the exchange: it is the answer, or the client no longer wants one. */
  function reset(c: Context, s: StreamState, row: number): void {
    const id = c.columns.id(row);
    const asked = id === undefined ? -1 : (s.questions[REQUEST]?.answer(id) ?? -1);
    if (asked >= 0) c.join(asked, row);
  }

  const requests: readonly KindName[] = EXCHANGES[REQUEST].ask;
  return {
    rules: [
      { on: ['http2 c2s settings', 'http2 s2c settings'], see: settings },
      {
        on: ['http2 c2s ping', 'http2 s2c ping'],
        see(c, s, row) {
          acknowledged(c, stateOf(s).pings, row, fieldValue(c.source.message(row), 'ack') === true);
        },
      },
      { on: requests, see: request },
      { on: ['http2 s2c goaway'], see: goaway },
      { on: ['http2 s2c rstStream', 'http2 c2s rstStream'], see: reset },
    ],
  };
}
