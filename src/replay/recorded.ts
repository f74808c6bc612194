import { toHex } from '../core/bytes.ts';
import { DIALECT, type Field, type Message, messageType } from '../core/message.ts';
import { printable, utf8 } from '../core/text.ts';
import { GATEWAY } from '../schema/provider.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { bodyOf, headersOf } from './outgoing.ts';

/** An answer as names and texts, the same for recorded and live ones. */
export type Answer = Readonly<Record<string, string>>;

const ERROR_RESPONSE = messageType(DIALECT.gateway, GATEWAY.error_response.id);
/** Status 10 names the last notification that went through, all others the one that was refused. */
export const SHUTDOWN = 10;

/** The error packet of a recorded gateway connection. */
export class GatewayError {
  readonly status: number;
  private readonly identifier: number;
  /** Row of the notification that it names, -1 when it is not in the capture. */
  readonly named: number;

  constructor(status: number, identifier: number, named: number) {
    this.status = status;
    this.identifier = identifier;
    this.named = named;
  }

  refuses(row: number, id: number | undefined): boolean {
    return this.status !== SHUTDOWN && (this.named >= 0 ? row === this.named : id === this.identifier);
  }

  discards(row: number, _id: number | undefined): boolean {
    return this.named >= 0 && row > this.named;
  }
}

const known = new WeakMap<Timeline, Map<number, GatewayError>>();

/** The error packets of the capture by stream. */
export function gatewayErrors(timeline: Timeline): ReadonlyMap<number, GatewayError> {
  const kept = known.get(timeline);
  if (kept !== undefined) return kept;
  const { columns } = timeline.rows;
  const packets = new Map<number, { status: number; identifier: number }>();
  for (let row = 0; row < columns.rows; row++) {
    if (columns.type(row) === ERROR_RESPONSE)
      packets.set(columns.stream(row), { status: columns.status(row), identifier: columns.id(row) ?? -1 });
  }
  const named = new Map<number, number>();
  if (packets.size > 0) {
    for (let row = 0; row < columns.rows; row++) {
      const packet = packets.get(columns.stream(row));
      if (packet !== undefined && columns.dir(row) === 0 && columns.id(row) === packet.identifier) named.set(columns.stream(row), row);
    }
  }
  const errors = new Map([...packets].map(([stream, p]) => [stream, new GatewayError(p.status, p.identifier, named.get(stream) ?? -1)]));
  known.set(timeline, errors);
  return errors;
}

/** What the capture's server answered to a row; undefined when nothing is recorded. */
export function recordedAnswer(timeline: Timeline, row: number): Answer | undefined {
  const { columns } = timeline.rows;
  const dialect = columns.type(row) >>> 8;
  if (dialect === DIALECT.gateway) {
    const error = gatewayErrors(timeline).get(columns.stream(row));
    if (error?.refuses(row, columns.id(row))) return gatewayAnswer(error.status);
    if (error?.discards(row, columns.id(row))) return DISCARDED;
    return ACCEPTED;
  }
  // A feedback record answers the connection itself.
  if (dialect === DIALECT.feedback) return answerOf(timeline.plainMessage(row));
  const pair = timeline.analysis?.pair(row) ?? -1;
  // What answers a server's message has no answer itself.
  if (pair <= row) return undefined;
  const message = timeline.plainMessage(pair);
  if (dialect !== DIALECT.http2) return answerOf(message);
  const headers = headersOf(message.fields);
  return headers === undefined ? undefined : httpAnswer(headers, bodyOf(message.fields));
}

/**
 * What the device said to a notification: `status`, and `token` where its dialect has a word for it. For what a provider said to a service the
 * capture holds no such word; the service took it, and a device that gets it says 0. Undefined when nothing is recorded.
 */
export function recordedAcknowledgement(timeline: Timeline, row: number): Answer | undefined {
  const dialect = timeline.rows.columns.type(row) >>> 8;
  if (dialect === DIALECT.gateway || dialect === DIALECT.http2) return acknowledgement('0');
  const pair = timeline.analysis?.pair(row) ?? -1;
  if (pair <= row) return undefined;
  const { status, token } = answerOf(timeline.plainMessage(pair));
  if (dialect === DIALECT.ios4) return acknowledgement(status);
  return acknowledgement(status, token ?? '', answerOf(timeline.plainMessage(row))['token']);
}

/**
 * An acknowledgement as an answer; one without a status, as in iOS 4, says 0. `token`: hex, empty for none, undefined where the
 * dialect has no word for it. Tokens differ from run to run: what is compared is whether it is that of the message, `sent`.
 */
export function acknowledgement(status: string | undefined, token?: string, sent?: string): Answer {
  return { answer: 'message_ack', status: status ?? '0', ...(token === undefined ? {} : { token: token === sent ? SAME_TOKEN : token }) };
}

const SAME_TOKEN = 'that of the message';

/** Whether a service took what the row sent to it; true for all that has no service. */
export function wasTaken(timeline: Timeline, row: number): boolean {
  const dialect = timeline.rows.columns.type(row) >>> 8;
  if (dialect === DIALECT.gateway) return recordedAnswer(timeline, row) === ACCEPTED;
  return dialect !== DIALECT.http2 || (recordedAnswer(timeline, row)?.['status'] ?? '200') === '200';
}

export const ACCEPTED: Answer = { answer: 'silence (accepted)' };
const DISCARDED: Answer = { answer: 'thrown away behind an error' };

/** The error packet in words. */
export function gatewayAnswer(status: number): Answer {
  const names: Readonly<Record<number, string>> = GATEWAY.error_response.fields.status.names;
  return { answer: 'error', status: `${status} ${names[status] ?? 'unknown'}` };
}

/** A decoded message as names and texts; fields that stand several times are numbered. */
export function answerOf(message: Message): Answer {
  const out: Record<string, string> = { answer: message.command };
  for (const field of message.fields) {
    let name = field.name;
    for (let n = 2; name in out; n++) name = `${field.name}[${n}]`;
    out[name] = textOf(field);
  }
  return out;
}

function textOf({ value, payload, text }: Field): string {
  const bytes = payload ?? (value instanceof Uint8Array ? value : undefined);
  if (payload !== undefined) {
    const plain = utf8(payload);
    if (plain !== undefined) return printable(plain);
  }
  if (bytes !== undefined) return toHex(bytes);
  return value === undefined || value === null ? text : printable(String(value));
}

/** Headers and body of a response as names and texts; the members of a JSON body stand by name. */
export function httpAnswer(headers: readonly (readonly [string, string])[], body: Uint8Array): Answer {
  const out: Record<string, string> = {};
  for (const [name, value] of headers) out[name === ':status' ? 'status' : name] = printable(value);
  if (body.length === 0) return out;
  const text = utf8(body);
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [name, member] of Object.entries(value))
        out[name] = printable(typeof member === 'string' ? member : JSON.stringify(member));
      return out;
    }
  } catch {
    // Not JSON: compared as it is.
  }
  out['body'] = text === undefined ? toHex(body) : printable(text);
  return out;
}
