/** What requests of the control API say, read from JSON and query strings. Everything throws `UserError` with what is wrong. */
import { EXIT, UserError } from '../../core/errors.ts';
import type { Notification } from '../controls.ts';
import type { ServerName } from '../event.ts';
import type { ReceivedQuery } from '../journal.ts';

const SERVERS: readonly string[] = ['courier', 'gateway', 'feedback', 'http2'];

export function notificationOf(body: Record<string, unknown>): Notification {
  const { to, topic, payload, payloadBase64, expiry, priority, pushType, collapseId } = body;
  if (typeof topic !== 'string') throw bad('"topic" must be a topic name or its SHA-1 in hex.');
  if (to === undefined) throw bad('"to" must be a token, a list of tokens, or "all".');
  return {
    to: Array.isArray(to) ? texts('to', to) : String(to),
    topic,
    payload: payloadBase64 === undefined ? payload : Buffer.from(String(payloadBase64), 'base64'),
    ...(expiry === undefined ? {} : { expiry: count(expiry, 'expiry') }),
    ...(priority === undefined ? {} : { priority: count(priority, 'priority') }),
    ...text('pushType', pushType),
    ...text('collapseId', collapseId),
  };
}

const QUERY_TEXTS = ['server', 'command', 'token', 'topic', 'id', 'reason', 'state'] as const;
const QUERY_NUMBERS = ['status', 'after', 'limit'] as const;

export function queryOf(query: URLSearchParams): ReceivedQuery {
  const out: Record<string, string | number> = {};
  for (const key of QUERY_TEXTS) {
    const value = query.get(key);
    if (value !== null) out[key] = value;
  }
  for (const key of QUERY_NUMBERS) {
    const value = numberIn(query, key);
    if (value !== undefined) out[key] = value;
  }
  return out as ReceivedQuery;
}

export function numberIn(query: URLSearchParams, key: string): number | undefined {
  const value = query.get(key);
  if (value === null) return undefined;
  if (!/^-?\d{1,15}$/.test(value)) throw bad(`"${key}" must be a whole number.`);
  return Number(value);
}

export function record(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw bad('Give a JSON object.');
  return value as Record<string, unknown>;
}

export function text<K extends string>(key: K, value: unknown): { readonly [P in K]?: string } {
  if (value === undefined) return {};
  if (typeof value !== 'string') throw bad(`"${key}" must be text.`);
  return { [key]: value } as { readonly [P in K]?: string };
}

export function texts(key: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw bad(`"${key}" must be a list of texts.`);
  return value;
}

export function count(value: unknown, key: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw bad(`"${key}" must be a whole number, 0 or more.`);
  return value;
}

export function time(value: unknown, key: string): number {
  const ms = typeof value === 'number' ? value : Date.parse(String(value));
  if (!Number.isFinite(ms)) throw bad(`"${key}" must be milliseconds since the epoch or an ISO time.`);
  return ms;
}

export function server(name: string): Exclude<ServerName, 'control'> {
  if (!SERVERS.includes(name)) throw bad(`There is no server "${name}"; there are ${SERVERS.join(', ')}.`);
  return name as Exclude<ServerName, 'control'>;
}

export function bad(message: string): UserError {
  return new UserError('emulator.control', message, EXIT.usage);
}
