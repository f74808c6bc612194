import { count, printable } from '../core/text.ts';
import { duration, isoTime } from '../core/time.ts';
import type { NoteCode } from '../schema/notes.ts';
import { GATEWAY } from '../schema/provider.ts';

/**
 * What is particular about a finding, as templates: `{row}` the other message by its number, `{other}` the other number,
 * `{n}` the value, `{time}` the value as a span of seconds, `{at}` the value as a date, `{status}` the value as a status of the gateway, `{bytes}` the value in bytes. A code without a row has no detail
 * beside the words that its rule gives.
 */
const DETAILS: Partial<Readonly<Record<NoteCode, string>>> = {
  'session.refused': '{status}, in message {row}',
  'session.discarded': 'after message {row}',
  'session.discarded-resent': 'as message {row}',
  'session.shutdown': 'message {row} went through',
  'session.idle-write': 'after {time}',
  'session.feedback-ignored': 'listed in message {row}',
  'session.rejected-again': 'refused in message {row}',
  'session.bad-token-burst': '{other} within {time}',
  'session.message-repeated': 'as message {row}',
  'session.ack-order': 'message {row} is still open',
  'session.answer-slow': '{time}',
  'session.questions-dropped': '{n}',
  'session.expired-before-delivery': '{time} before',
  'session.message-large': '{bytes}, {other} allowed',
  'session.payload-large': '{bytes}, {other} allowed',
  'session.clock-skew': '{time}',
  'session.token-reassigned': 'it came with another in message {row}',
  'session.keep-alive-late': '{time} after message {row}',
  'session.duplicate-connection': 'message {row} came there afterwards',
  'session.reconnect-storm': '{other} within {time}',
  'session.token-renewed-early': '{time} after that of message {row}',
  'session.token-key-changed': 'message {row} used another',
  'session.broadcast-not-stored': 'message {row} says so',
  'session.stream-limit-reached': '{n}',
  'session.stream-limit-exceeded': '{n} open, {other} allowed',
  'session.not-processed': 'GOAWAY is message {row}',
  'session.request-after-goaway': 'GOAWAY is message {row}',
  'session.delivered': 'message {row}, {time} apart',
  'session.certificate-expired': 'valid to {at}',
  'session.certificate-expiring': 'valid to {at}',
};

const STATUS: Readonly<Record<number, string>> = GATEWAY.error_response.fields.status.names;

const WORDS: Readonly<Record<string, (other: number, value: number) => string>> = {
  row: (other) => String(other + 1),
  other: (other) => other.toLocaleString('en-US'),
  n: (_, value) => value.toLocaleString('en-US'),
  time: (_, value) => duration(value),
  at: (_, value) => isoTime(value, 0, 0),
  bytes: (_, value) => count(value, 'byte'),
  status: (_, value) => `status ${value} (${STATUS[value] ?? 'not documented'})`,
};

/** The detail of a finding, or undefined when its code has none or its number is not known. */
export function detailText(code: NoteCode, other: number, value: number): string | undefined {
  const template = DETAILS[code];
  if (template === undefined) return undefined;
  // A part whose number is not known is left out.
  const parts = template.split(', ').filter((part) => {
    const needs = [...part.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
    return needs.every((name) => (name === 'row' || name === 'other' ? other >= 0 : !Number.isNaN(value)));
  });
  if (parts.length === 0) return undefined;
  return printable(parts.join(', ').replace(/\{(\w+)\}/g, (_, name: string) => WORDS[name]?.(other, value) ?? ''));
}
