/**
 * Rules that make the emulator misbehave, as data: when (which connections, messages or times) and what to do then.
 * One table names every key with its type and meaning: the parser, its error messages, the JSON schema and the manual use it.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import { reasonRow } from '../http2/reasons.ts';

export interface When {
  readonly server?: 'courier' | 'gateway' | 'feedback' | 'http2';
  readonly on?: 'connect' | 'message' | 'delivery' | 'time';
  readonly token?: string;
  readonly topic?: string;
  readonly path?: string;
  readonly command?: string;
  readonly nth?: number;
  readonly every?: number;
  readonly after?: number;
  readonly per?: 'run' | 'connection';
  readonly probability?: number;
  readonly from?: number;
  readonly until?: number;
}

export interface Goaway {
  readonly reason?: string;
  readonly code?: number;
  readonly lastStream?: number;
  readonly twice?: boolean;
}

export interface Action {
  readonly status?: number;
  readonly reason?: string;
  readonly timestamp?: number;
  readonly delay?: number;
  readonly jitter?: number;
  readonly drop?: boolean;
  readonly close?: 'before' | 'after' | 'half' | 'reset';
  readonly split?: number;
  readonly records?: number;
  readonly garbage?: number;
  readonly refuse?: boolean;
  readonly accept?: number;
  readonly goaway?: Goaway;
  readonly shutdown?: boolean;
  readonly redirect?: string;
  readonly skew?: number;
}

export interface Rule {
  readonly name?: string;
  readonly when: When;
  /** How many times the rule acts; undefined = always. */
  readonly times?: number;
  readonly do: Action;
}

export type KeyType = 'text' | 'count' | 'ordinal' | 'duration' | 'share' | 'flag' | 'time' | readonly string[] | 'goaway';

export interface KeyRow {
  readonly type: KeyType;
  readonly doc: string;
}

export const WHEN_KEYS: Readonly<Record<keyof When, KeyRow>> = {
  server: { type: ['courier', 'gateway', 'feedback', 'http2'], doc: 'Only on this server.' },
  on: {
    type: ['connect', 'message', 'delivery', 'time'],
    doc: 'What the rule looks at: a new connection, a message or request from a client (the default), a notification on its way to a device, or only the time.',
  },
  token: { type: 'text', doc: 'Device token in hex; `*` stands for any characters.' },
  topic: { type: 'text', doc: 'Topic name; `*` stands for any characters.' },
  path: { type: 'text', doc: 'Path of an HTTP/2 request; `*` stands for any characters.' },
  command: {
    type: 'text',
    doc: 'Name of the message: `push`, `broadcast`, `channel-create` … on HTTP/2, else as in the schema: `notification`, `connect`, `keep_alive` …',
  },
  nth: { type: 'ordinal', doc: 'Only the n-th match, from 1.' },
  every: { type: 'ordinal', doc: 'Every n-th match; with `on: time`, every so many seconds.' },
  after: { type: 'count', doc: 'Only after this many matches.' },
  per: { type: ['run', 'connection'], doc: 'What `nth`, `every` and `after` count over; `run` by default.' },
  probability: { type: 'share', doc: 'Chance of each match, 0 to 1, from the seeded random numbers.' },
  from: { type: 'duration', doc: 'Only from this time after the rule was set.' },
  until: { type: 'duration', doc: 'Only until this time after the rule was set.' },
};

export const ACTION_KEYS: Readonly<Record<keyof Action, KeyRow>> = {
  status: { type: 'count', doc: 'Answer with this status: HTTP status, gateway status, status of a courier ack or connect response.' },
  reason: {
    type: 'text',
    doc: 'Answer an HTTP/2 request with this reason; its usual status unless `status` says another. One of your own needs a `status`.',
  },
  timestamp: { type: 'time', doc: 'Timestamp of a 410 answer: milliseconds since the epoch or an ISO time.' },
  delay: { type: 'duration', doc: 'Wait before the answer or delivery.' },
  jitter: { type: 'duration', doc: 'Up to this much more delay, at random.' },
  drop: { type: 'flag', doc: 'No answer; a notification is not delivered.' },
  close: {
    type: ['before', 'after', 'half', 'reset'],
    doc: 'Close the connection before or after the answer, close our half only after it, or reset it.',
  },
  split: { type: 'ordinal', doc: 'Write in pieces of so many bytes, each its own TCP segment. On HTTP/2 only with `on: connect`.' },
  records: { type: 'ordinal', doc: 'Write in TLS records of so many bytes. With `on: connect`.' },
  garbage: {
    type: 'count',
    doc: 'Write so many random bytes in place of the answer; on HTTP/2 and with `on: connect`, at the start of the connection.',
  },
  refuse: { type: 'flag', doc: 'Reset a new connection at once.' },
  accept: { type: 'duration', doc: 'Let a new connection wait so long before the handshake.' },
  goaway: { type: 'goaway', doc: 'Send GOAWAY: `{"reason", "code", "lastStream", "twice"}`, or the reason alone.' },
  shutdown: { type: 'flag', doc: 'Gateway: status 10 with the last good identifier, then close.' },
  redirect: { type: 'text', doc: 'Courier: send the redirect message with this text, then close.' },
  skew: { type: 'duration', doc: 'Move the emulator’s clock by this, once for each time the rule acts.' },
};

const GOAWAY_KEYS: Readonly<Record<keyof Goaway, KeyRow>> = {
  reason: { type: 'text', doc: 'Reason in the JSON debug data; none without it.' },
  code: { type: 'count', doc: 'HTTP/2 error code, 0 by default.' },
  lastStream: { type: 'count', doc: 'Last stream id; by default the last one that was processed.' },
  twice: { type: 'flag', doc: 'Send it twice.' },
};

/** What can be done when nobody has connected, asked or been sent anything. */
const TIMED: readonly (keyof Action)[] = ['goaway', 'shutdown', 'redirect', 'close', 'refuse', 'skew'];

/** Rules of one run: more than anyone writes by hand, few enough to try each on every message. */
export const MAX_RULES = 1_000;

/** Reads rules from JSON text: an array, or an object with `rules`. Throws `UserError` that names the place. */
export function parseRules(text: string, where: string): Rule[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(`${where} is not JSON: ${(error as Error).message}.`);
  }
  const list = Array.isArray(value) ? value : isObject(value) && Array.isArray(value['rules']) ? value['rules'] : undefined;
  if (list === undefined) throw bad(`${where} must be a list of rules, or {"rules": [...]}.`);
  if (list.length > MAX_RULES) throw bad(`${where} has ${list.length} rules; at most ${MAX_RULES} are taken.`);
  return list.map((entry, i) => readRule(entry, `${where}: rule ${i + 1}`));
}

/**
 * Reads a rule from the command line: JSON when it starts with `{`, else `key=value` pairs with commas between them, where
 * the key tells whether it belongs to `when` or `do`: "token=ab*,every=10,reason=Unregistered,delay=200ms".
 */
export function parseRule(text: string): Rule {
  const where = `--rule ${text}`;
  if (text.trimStart().startsWith('{')) {
    const [rule] = parseRules(`[${text}]`, where);
    return rule;
  }
  const when: Record<string, unknown> = {};
  const action: Record<string, unknown> = {};
  const rule: Record<string, unknown> = { when, do: action };
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=');
    const key = (at < 0 ? pair : pair.slice(0, at)).trim();
    const value = at < 0 ? true : plain(pair.slice(at + 1).trim());
    if (key in WHEN_KEYS) when[key] = value;
    else if (key in ACTION_KEYS) action[key] = value;
    else if (key === 'name' || key === 'times') rule[key] = value;
    else
      throw bad(
        `${where}: there is no key "${key}"; there are ${[...Object.keys(WHEN_KEYS), ...Object.keys(ACTION_KEYS), 'name', 'times'].join(', ')}.`,
      );
  }
  return readRule(rule, where);
}

/** Checks one rule given as a value. Throws `UserError`. */
export function readRule(value: unknown, where: string): Rule {
  if (!isObject(value)) throw bad(`${where} must be an object with "when" and "do".`);
  for (const key of Object.keys(value)) {
    if (!['name', 'when', 'times', 'do'].includes(key))
      throw bad(`${where}: there is no key "${key}"; a rule has name, when, times and do.`);
  }
  const when = readKeys(value['when'] ?? {}, WHEN_KEYS, `${where}, when`) as When;
  const action = readKeys(value['do'] ?? {}, ACTION_KEYS, `${where}, do`) as Action;
  if (Object.keys(action).length === 0) throw bad(`${where} does nothing: "do" is empty.`);
  if (when.on === 'time' && !TIMED.some((key) => key in action))
    throw bad(`${where} does nothing: a rule of time does one of ${TIMED.join(', ')}.`);
  if (action.reason !== undefined && action.status === undefined && reasonRow(action.reason) === undefined)
    throw bad(`${where}, do, reason: Apple has no "${action.reason}"; for a reason of your own give its status as well.`);
  const { name, times } = value;
  return {
    when,
    do: action,
    ...(name === undefined ? {} : { name: String(name) }),
    ...(times === undefined ? {} : { times: readValue(times, 'count', `${where}, times`) as number }),
  };
}

/** Milliseconds of "200ms", "2s", "5m", "1h", or a plain number of milliseconds; a sign is taken. undefined when it is none. */
export function durationOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  const found = typeof value === 'string' ? /^(-?\d+(?:\.\d+)?) *(ms|s|m|min|h|d)?$/.exec(value) : null;
  return found ? Number(found[1]) * MILLISECONDS[found[2] ?? 'ms'] : undefined;
}

/** JSON schema of a rules file, made from the tables. */
export function rulesSchema(): unknown {
  const properties = (keys: Readonly<Record<string, KeyRow>>): unknown => ({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(keys).map(([key, row]) => [key, { ...schemaOf(row.type), description: row.doc }])),
  });
  const rule = {
    type: 'object',
    additionalProperties: false,
    required: ['do'],
    properties: {
      name: { type: 'string' },
      times: { type: 'integer', minimum: 0 },
      when: properties(WHEN_KEYS),
      do: properties(ACTION_KEYS),
    },
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'apns-inspect emulator rules',
    oneOf: [
      { type: 'array', items: rule },
      { type: 'object', required: ['rules'], properties: { rules: { type: 'array', items: rule } } },
    ],
  };
}

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

function readKeys(value: unknown, keys: Readonly<Record<string, KeyRow>>, where: string): Record<string, unknown> {
  if (!isObject(value)) throw bad(`${where} must be an object.`);
  const out: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(value)) {
    const row = keys[key];
    if (row === undefined) throw bad(`${where}: there is no key "${key}"; there are ${Object.keys(keys).join(', ')}.`);
    out[key] = readValue(given, row.type, `${where}, ${key}`);
  }
  return out;
}

function readValue(value: unknown, type: KeyType, where: string): unknown {
  if (Array.isArray(type)) {
    if (type.includes(value as string)) return value;
    throw bad(`${where} must be one of ${type.join(', ')}.`);
  }
  switch (type) {
    case 'text':
      if (typeof value === 'string' || typeof value === 'number') return String(value);
      throw bad(`${where} must be text.`);
    case 'count':
      if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
      throw bad(`${where} must be a whole number, 0 or more.`);
    case 'ordinal':
      if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
      throw bad(`${where} must be a whole number, 1 or more.`);
    case 'share':
      if (typeof value === 'number' && value >= 0 && value <= 1) return value;
      throw bad(`${where} must be a number from 0 to 1.`);
    case 'flag':
      if (typeof value === 'boolean') return value;
      throw bad(`${where} must be true or false.`);
    case 'time': {
      const ms = typeof value === 'number' ? value : Date.parse(String(value));
      if (Number.isFinite(ms)) return ms;
      throw bad(`${where} must be milliseconds since the epoch or an ISO time.`);
    }
    case 'duration': {
      const ms = durationOf(value);
      if (ms !== undefined) return ms;
      throw bad(`${where} must be a time such as "200ms", "2s" or "5m".`);
    }
    default:
      return typeof value === 'string' ? { reason: value } : value === true ? {} : readKeys(value, GOAWAY_KEYS, where);
  }
}

function schemaOf(type: KeyType): Record<string, unknown> {
  if (Array.isArray(type)) return { enum: type };
  switch (type) {
    case 'count':
      return { type: 'integer', minimum: 0 };
    case 'ordinal':
      return { type: 'integer', minimum: 1 };
    case 'share':
      return { type: 'number', minimum: 0, maximum: 1 };
    case 'flag':
      return { type: 'boolean' };
    case 'time':
    case 'duration':
      return { type: ['number', 'string'] };
    case 'goaway':
      return { type: ['string', 'boolean', 'object'] };
    default:
      return { type: 'string' };
  }
}

function plain(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) && text.length < 16 ? Number(text) : text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(message: string): UserError {
  return new UserError('emulator.rule', message, EXIT.usage);
}
