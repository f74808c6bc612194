import { sameBytes } from '../../core/bytes.ts';
import { DIALECT } from '../../core/message.ts';
import { sha1 } from '../../core/sha1.ts';
import { type Context, fieldValue, type RuleSet, remember } from '../context.ts';
import type { StreamState } from '../stream-state.ts';

/** One push as it was seen on both sides. Rows count from 0. */
export interface Delivery {
  /** The provider's request or notification. */
  readonly push: number;
  /** The courier's message to the device. */
  readonly message: number;
  /** Seconds between the two, NaN without times. */
  readonly latency: number;
}

/** Pushes to one token that wait to be seen on the device's side. */
const PENDING_OF_TOKEN = 64;
/** Deliveries that are kept for statistics; the findings on the rows go on. */
const DELIVERIES_LIMIT = 1 << 20;
/** Messages that are decoded to find a base token when their own token matches none. */
const BASE_TOKENS_READ = 16_384;
/** A device that is connected gets its push within seconds. */
const DELIVERY_WAIT = 5;

/** Rules that find one push on both sides: from the provider, and from the courier to the device. */
export function deliveryRules(deliveries: Delivery[]): RuleSet {
  /** First four bytes of a token to the rows of its pushes, oldest first. */
  const pending = new Map<number, number[]>();
  /** Tokens of devices whose connection is in the capture. */
  const devices = new Map<number, StreamState>();
  /** By stream: the row that holds the token of an iOS 4 device, whose messages carry none. */
  const named = new Map<number, number>();
  let baseTokens = 0;

  function pushed(c: Context, _s: StreamState, row: number): void {
    const token = c.columns.token(row);
    if (token === 0) return;
    const rows = pending.get(token);
    if (rows === undefined) remember(pending, token, [row]);
    else {
      if (rows.length >= PENDING_OF_TOKEN) rows.shift();
      rows.push(row);
    }
  }

  function arrived(c: Context, _s: StreamState, row: number): void {
    if (pending.size === 0) return;
    let token = c.columns.token(row);
    let name = 'token';
    if (!pending.has(token)) {
      if (baseTokens >= BASE_TOKENS_READ) return;
      baseTokens++;
      const base = fieldValue(c.source.message(row), 'base_token');
      if (!(base instanceof Uint8Array) || base.length < 4) return;
      token = ((base[0] << 24) | (base[1] << 16) | (base[2] << 8) | base[3]) >>> 0;
      name = 'base_token';
    }
    join(c, row, token, row, name);
  }

  function arrivedOnIos4(c: Context, s: StreamState, row: number): void {
    const told = named.get(s.stream);
    if (told !== undefined && pending.size > 0) join(c, row, c.columns.token(told), told, 'token');
  }

  /** Looks for the push that `row` brings to the device; its token is the field `name` of the row `tokenRow`. */
  function join(c: Context, row: number, token: number, tokenRow: number, name: string): void {
    const rows = pending.get(token);
    if (rows === undefined) return;
    const at = rows.findIndex((push) => samePush(c, push, row, tokenRow, name));
    if (at < 0) return;
    const [push] = rows.splice(at, 1);
    if (rows.length === 0) pending.delete(token);
    const latency = c.time(row) - c.time(push);
    if (deliveries.length < DELIVERIES_LIMIT) deliveries.push({ push, message: row, latency });
    c.report(push, 'session.delivered', { other: row, value: latency });
    c.report(row, 'session.delivered', { other: push, value: latency });
  }

  /** A push that the service took as far as the capture shows, and that had time to arrive. */
  function accepted(c: Context, push: number): boolean {
    const answer = c.pairs.of(push);
    if (c.now - c.time(push) < DELIVERY_WAIT || Number.isNaN(c.time(push))) return false;
    if (c.columns.type(push) >>> 8 === DIALECT.http2) return answer >= 0 && c.columns.status(answer) === 200;
    return answer < 0 && !c.findings.has(push);
  }

  return {
    rules: [
      {
        on: ['http2 c2s push', 'gateway c2s simple_notification', 'gateway c2s enhanced_notification', 'gateway c2s notification'],
        see: pushed,
      },
      { on: ['courier s2c message'], see: arrived },
      { on: ['ios4 s2c message'], see: arrivedOnIos4 },
      {
        on: ['courier c2s connect', 'courier s2c connect_response', 'ios4 c2s connect', 'ios4 s2c connect_response'],
        see(c, s, row) {
          const token = c.columns.token(row);
          if (token === 0) return;
          remember(devices, token, s);
          if (s.dialect === DIALECT.ios4) remember(named, s.stream, row);
        },
      },
    ],
    finish(c) {
      for (const [token, rows] of pending) {
        const device = devices.get(token);
        if (device === undefined || device.lossy || device.device?.left === true) continue;
        for (const push of rows)
          if (push < device.last && push > device.first && accepted(c, push)) c.report(push, 'session.not-delivered');
      }
    },
  };
}

const SHA1_BYTES = 20;

/** Token, payload, and topic where both sides name one. */
function samePush(c: Context, push: number, message: number, tokenRow: number, tokenField: string): boolean {
  const [sent, got] = [c.source.message(push), c.source.message(message)];
  const [a, b] = [fieldValue(sent, 'token'), fieldValue(tokenRow === message ? got : c.source.message(tokenRow), tokenField)];
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array) || !sameBytes(a, b)) return false;
  const [x, y] = [fieldValue(sent, 'payload'), fieldValue(got, 'payload')];
  if (!(x instanceof Uint8Array) || !(y instanceof Uint8Array) || !sameBytes(x, y)) return false;
  const [name, hashed] = [c.columns.topic(push), c.columns.topic(message)];
  if (name < 0 || hashed < 0) return true;
  const hash = c.source.topicBytes(hashed);
  return hash.length !== SHA1_BYTES || sameBytes(sha1(c.source.topicBytes(name)), hash);
}
