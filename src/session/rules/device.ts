import { printable } from '../../core/text.ts';
import { COURIER } from '../../schema/courier.ts';
import { type Context, fieldValue, numberOf, type RuleSet, remember, toNumber } from '../context.ts';
import { machineOf } from '../machines.ts';
import type { DeviceState, StreamState } from '../stream-state.ts';

function deviceOf(s: StreamState): DeviceState {
  s.device ??= {
    connect: -1,
    token: 0,
    accepted: -1,
    filtered: false,
    left: false,
    leftAt: -1,
    limit: Number.POSITIVE_INFINITY,
    minKeepAlive: Number.NaN,
    maxKeepAlive: Number.NaN,
    keepAlive: -1,
    interval: Number.NaN,
    keepAlivesRead: 0,
    filters: undefined,
  };
  return s.device;
}

/** State 2 of a Connect: the device leaves. */
const LEAVING = 2;
/** Server and capture may differ by network delay and clock drift; a minute is a fault. */
const SKEW_SECONDS = 60;
/** A server is known to drop connections without a filter within seconds (courier.md 8). */
const FILTER_WAIT = 5;
const MINUTE = 60;
/** A keep-alive that is late by half its interval, and by a minute at least, is worth a word. */
const LATE_FACTOR = 1.5;
/** Keep-alives that are decoded on one connection; real ones send four an hour. */
const KEEP_ALIVES_READ = 4096;
/** Header of a TLV frame: a keep-alive without fields. */
const EMPTY_FRAME = 5;
/** Filter messages of one device name some 100 topics; this many are kept. */
const TOPICS_LIMIT = 4096;
/** Bytes of a message that its payload does not account for: header, token, topic, id, times. */
const OVERHEAD = 160;

const LISTS = ['enabled', 'opportunistic', 'non_waking'];
const UNWANTED: readonly (readonly [field: string, words: string])[] = [
  ['ignored', 'ignored'],
  ['paused', 'paused'],
];
const SALTED = ['enabled_salted', 'opportunistic_salted', 'non_waking_salted', 'ignored_salted', 'paused_salted'];
const ACK_STATUS: Readonly<Record<number, string>> = COURIER.message_ack.fields.status.names;
const CONNECT_STATUS: Readonly<Record<number, string>> =
  (COURIER.connect_response.fields.status as { names?: Readonly<Record<number, string>> }).names ?? {};

const statusWords = (status: number, names: Readonly<Record<number, string>>): string =>
  names[status] === undefined ? `status ${status}` : `status ${status}: ${names[status]}`;

/** Rules about a device's connection to the courier: who connects, what it asked for, and whether it stays alive. */
export function deviceRules(): RuleSet {
  /** Newest connection of each token. */
  const connected = new Map<number, StreamState>();
  const rivals: { readonly connect: number; readonly older: StreamState }[] = [];

  function connect(c: Context, s: StreamState, row: number): void {
    const d = deviceOf(s);
    const message = c.source.message(row);
    if (numberOf(message, 'state') === LEAVING) {
      d.left = true;
      d.leftAt = row;
      s.state = machineOf(s.dialect)?.state(d.filtered ? 'filtered' : 'connected') ?? s.state;
      return;
    }
    d.connect = row;
    d.token = c.columns.token(row);
    if (d.token === 0) return;
    const older = connected.get(d.token);
    if (older !== undefined && older !== s && older.device?.left !== true && rivals.length < TOPICS_LIMIT)
      rivals.push({ connect: row, older });
    remember(connected, d.token, s);
  }

  function connectResponse(c: Context, s: StreamState, row: number): void {
    const d = deviceOf(s);
    const message = c.source.message(row);
    const status = c.columns.status(row);
    if (status > 0) {
      const reason = fieldValue(message, 'invalid_presence_reason');
      c.report(row, 'session.connect-refused', {
        text: `${statusWords(status, CONNECT_STATUS)}${typeof reason === 'string' ? `, ${printable(reason)}` : ''}`,
      });
    } else d.accepted = row;
    const token = c.columns.token(row);
    if (token !== 0 && d.connect >= 0 && status <= 0) {
      if (d.token === 0) c.report(row, 'session.token-assigned');
      else if (token !== d.token) c.report(row, 'session.token-reassigned', { other: d.connect });
      remember(connected, token, s);
    }
    const sizes = [numberOf(message, 'message_size'), numberOf(message, 'large_message_size')].filter((n) => n > 0);
    if (sizes.length > 0) d.limit = Math.max(...sizes);
    d.minKeepAlive = numberOf(message, 'min_keep_alive');
    d.maxKeepAlive = numberOf(message, 'max_keep_alive');
    if (fieldValue(message, 'server_time_for_bad_nonce') !== undefined) c.report(row, 'session.bad-nonce');
    const skew = numberOf(message, 'server_time') / 1000 - c.time(row);
    if (Math.abs(skew) > SKEW_SECONDS) c.report(row, 'session.clock-skew', { value: skew });
  }

  function filter(c: Context, s: StreamState, row: number): void {
    const d = deviceOf(s);
    d.filtered = true;
    const wanted = new Set<number>();
    const unwanted = new Map<number, string>();
    let salted = false;
    for (const { name, value } of c.source.message(row).fields) {
      if (SALTED.includes(name)) salted = true;
      if (!(value instanceof Uint8Array) || wanted.size + unwanted.size >= TOPICS_LIMIT) continue;
      if (LISTS.includes(name)) wanted.add(c.source.topicNumber(value));
      const words = UNWANTED.find(([list]) => list === name)?.[1];
      if (words !== undefined) unwanted.set(c.source.topicNumber(value), words);
    }
    d.filters ??= new Map();
    remember(d.filters, c.columns.token(row), { wanted, unwanted, salted });
  }

  function push(c: Context, s: StreamState, row: number): void {
    const d = s.device;
    if (d === undefined) return;
    size(c, d, row);
    if (d.filters === undefined) return;
    const topic = c.columns.topic(row);
    const list = d.filters.get(c.columns.token(row)) ?? (d.filters.size === 1 ? d.filters.values().next().value : undefined);
    if (topic < 0 || list === undefined || list.wanted.has(topic)) return;
    const why = list.unwanted.get(topic);
    if (why !== undefined) c.report(row, 'session.topic-not-wanted', { text: why });
    else if (!list.salted) c.report(row, 'session.topic-not-wanted', { text: 'not in the filter' });
  }

  /** The limit counts the payload, it seems; the message is decoded only when it may be above. */
  function size(c: Context, d: DeviceState, row: number): void {
    if (c.columns.length(row) <= d.limit) return;
    const payload = fieldValue(c.source.message(row), 'payload');
    const length = payload instanceof Uint8Array ? payload.length : c.columns.length(row) - OVERHEAD;
    if (length > d.limit) c.report(row, 'session.message-large', { value: length, other: d.limit });
  }

  function keepAlive(c: Context, s: StreamState, row: number): void {
    const d = deviceOf(s);
    const gap = c.time(row) - c.time(d.keepAlive >= 0 ? d.keepAlive : row);
    if (gap > d.interval * LATE_FACTOR && gap > d.interval + MINUTE)
      c.report(row, 'session.keep-alive-late', { other: d.keepAlive, value: gap });
    d.keepAlive = row;
    if (c.columns.length(row) <= EMPTY_FRAME || d.keepAlivesRead >= KEEP_ALIVES_READ) return;
    d.keepAlivesRead++;
    const minutes = toNumber(fieldValue(c.source.message(row), 'interval'));
    if (Number.isNaN(minutes)) return;
    d.interval = minutes * MINUTE;
    if (minutes > d.maxKeepAlive || minutes < d.minKeepAlive) {
      c.report(row, 'session.keep-alive-interval', { text: `${minutes} min, ${d.minKeepAlive} to ${d.maxKeepAlive} allowed` });
    }
  }

  function ack(c: Context, _s: StreamState, row: number): void {
    const status = c.columns.status(row);
    if (status > 0) c.report(row, 'session.message-refused', { text: statusWords(status, ACK_STATUS) });
  }

  return {
    rules: [
      { on: ['courier c2s connect', 'ios4 c2s connect'], see: connect },
      { on: ['courier s2c connect_response', 'ios4 s2c connect_response'], see: connectResponse },
      { on: ['courier c2s filter', 'ios4 c2s filter'], see: filter },
      { on: ['courier s2c message', 'ios4 s2c message'], see: push },
      {
        on: ['courier c2s message'],
        see(c, s, row) {
          const d = s.device;
          if (d === undefined) return;
          size(c, d, row);
          if (d.left) c.report(row, 'session.after-disconnect');
        },
      },
      { on: ['courier c2s keep_alive'], see: keepAlive },
      { on: ['courier c2s message_ack', 'courier s2c message_ack'], see: ack },
    ],
    end(c, s) {
      const d = s.device;
      if (d === undefined || d.connect < 0 || d.accepted < 0 || d.filtered || d.left || s.lossy) return;
      if (c.now - c.time(d.accepted) >= FILTER_WAIT) c.report(d.connect, 'session.no-filter');
    },
    finish(c) {
      for (const { connect: row, older } of rivals) {
        if (older.last > row && !(c.time(older.last) <= c.time(row)) && older.device?.left !== true)
          c.report(row, 'session.duplicate-connection', { other: older.last });
      }
    },
  };
}
