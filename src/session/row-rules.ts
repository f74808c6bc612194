import type { Field, Message } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import { utf8 } from '../core/text.ts';
import { duration, isoTime } from '../core/time.ts';
import { type NoteCode, note } from '../schema/notes.ts';
import { findByFilter, toNumber } from './context.ts';
import { KINDS, type KindName, kinds } from './kinds.ts';
import type { TokenVerifier } from './source.ts';

/*
 * Rules over one message and its time. They need the decoded message, so they are asked when somebody looks at the row:
 * indexing millions of rows costs nothing for them.
 */

type RowRule = (message: Message, time: number, say: Say, verify: TokenVerifier | undefined) => void;
type Say = (code: NoteCode, field: Field | undefined, detail?: string) => void;

/** APNs refuses provider tokens older than this. Source: Apple, by provider.md 2.5. */
const TOKEN_SECONDS = 3600;
/** Clocks of two machines differ by seconds; a minute is a fault. */
const CLOCK_SECONDS = 60;
/** Push certificates live for a year; a month is time to act. */
const EXPIRING_SECONDS = 30 * 86_400;
/** Background pushes are small; a larger payload is not parsed for this rule. */
const PARSE_LIMIT = 16 * 1024;
/** Both meanings of priority 10: given, and implied by leaving it out (gateway). */
const AT_ONCE = 10;

function expired(message: Message, time: number, say: Say): void {
  const field = message.fields.find((f) => f.name === 'expiry' || f.filter === 'apns.expiry');
  const expiry = field === undefined ? Number.NaN : toNumber(field.value);
  if (expiry > 0 && expiry < time) say('session.expired-before-delivery', field, `${duration(time - expiry)} before`);
}

/** What makes a push visible or audible: with one of these it is no background push. */
const VISIBLE = ['alert', 'badge', 'sound'];

function background(message: Message, _time: number, say: Say): void {
  const payload = message.fields.find((f) => f.name === 'payload');
  const priority = message.fields.find((f) => f.name === 'priority');
  const implied = message.dialect === 'gateway' ? AT_ONCE : Number.NaN;
  if ((priority === undefined ? implied : toNumber(priority.value)) !== AT_ONCE) return;
  if (!(payload?.value instanceof Uint8Array) || payload.value.length > PARSE_LIMIT) return;
  const aps = apsOf(payload.value);
  if (aps?.['content-available'] !== 1 || VISIBLE.some((key) => key in aps)) return;
  say('session.background-priority', priority ?? payload);
}

function apsOf(payload: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (payload[0] !== 0x7b) return undefined;
  try {
    const value = JSON.parse(utf8(payload) ?? '') as { aps?: unknown };
    return typeof value.aps === 'object' && value.aps !== null ? (value.aps as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function tokenAge(message: Message, time: number, say: Say): void {
  const field = findByFilter(message.fields, 'apns.jwt.iat');
  const issued = field === undefined ? Number.NaN : toNumber(field.value);
  if (time - issued > TOKEN_SECONDS) say('jwt.expired', field, `${duration(time - issued)} old`);
  else if (issued - time > CLOCK_SECONDS) say('jwt.future', field, `by ${duration(issued - time)}`);
}

function tokenSignature(message: Message, _time: number, say: Say, verify: TokenVerifier | undefined): void {
  if (verify === undefined) return;
  const compact = findByFilter(message.fields, 'apns.jwt.compact')?.value;
  if (typeof compact !== 'string') return;
  const keyId = findByFilter(message.fields, 'apns.jwt.kid')?.value;
  const verdict = verify(compact, typeof keyId === 'string' ? keyId : undefined);
  if (verdict === undefined) return;
  say(verdict.good ? 'jwt.signature-verified' : 'jwt.signature-wrong', findByFilter(message.fields, 'apns.jwt.signature'), verdict.detail);
}

/** Certificates of a chain that are looked at. */
const CHAIN_LIMIT = 16;

function certificates(message: Message, time: number, say: Say): void {
  let looked = 0;
  const walk = (fields: readonly Field[]): void => {
    for (const field of fields) {
      if (looked >= CHAIN_LIMIT) return;
      if (field.filter === 'x509af.notAfter' || field.filter === 'x509af.notBefore') {
        looked++;
        const sec = Date.parse(String(field.value)) / 1000;
        const last = field.filter === 'x509af.notAfter';
        if (last && sec < time) say('session.certificate-expired', field, `valid to ${isoTime(sec, 0, 0)}`);
        else if (last && sec - time < EXPIRING_SECONDS) say('session.certificate-expiring', field, `valid to ${isoTime(sec, 0, 0)}`);
        else if (!last && sec > time) say('session.certificate-expired', field, `valid from ${isoTime(sec, 0, 0)}`);
      }
      if (field.children !== undefined) walk(field.children);
    }
  };
  walk(message.fields);
}

const PUSHES: readonly KindName[] = ['gateway c2s simple_notification', 'gateway c2s enhanced_notification', 'gateway c2s notification'];

const REQUESTS: readonly KindName[] = [
  'http2 c2s push',
  'http2 c2s broadcast',
  'http2 c2s channelCreate',
  'http2 c2s channelRead',
  'http2 c2s channelDelete',
  'http2 c2s channelList',
  'http2 c2s request',
];

const CERTIFICATES: readonly KindName[] = ['tls s2c certificate', 'tls c2s certificate'];

interface RowRuleDef {
  readonly on: readonly KindName[];
  readonly rule: RowRule;
  /** All that the rule may say. */
  readonly codes: readonly NoteCode[];
}

const ROWS: readonly RowRuleDef[] = [
  { on: ['courier s2c message', 'http2 c2s push', ...PUSHES], rule: expired, codes: ['session.expired-before-delivery'] },
  { on: ['courier s2c message', ...PUSHES], rule: background, codes: ['session.background-priority'] },
  { on: REQUESTS, rule: tokenAge, codes: ['jwt.expired', 'jwt.future'] },
  { on: REQUESTS, rule: tokenSignature, codes: ['jwt.signature-verified', 'jwt.signature-wrong'] },
  { on: CERTIFICATES, rule: certificates, codes: ['session.certificate-expired', 'session.certificate-expiring'] },
];

const BY_KIND: readonly (readonly RowRule[] | undefined)[] = (() => {
  const table: (RowRule[] | undefined)[] = new Array(KINDS).fill(undefined);
  for (const { on, rule } of ROWS) for (const name of on) for (const kind of kinds(name)) (table[kind] ??= []).push(rule);
  return table;
})();

/** Whether messages of this kind have rules of their own, and so must be decoded to be judged. */
export function hasRowRules(kind: number): boolean {
  return BY_KIND[kind] !== undefined;
}

/** Kinds of messages on which rules over one message may find `code`; empty when none of them does. */
export function kindsWith(code: string): ReadonlySet<number> {
  return new Set(ROWS.flatMap(({ on, codes }) => ((codes as readonly string[]).includes(code) ? on.flatMap(kinds) : [])));
}

/**
 * What a message is worth at its time (seconds since the epoch; NaN finds nothing that depends on time). Ranges are the fields’.
 * Signatures of provider tokens are checked with `verify`.
 */
export function rowNotes(kind: number, message: Message, time: number, verify?: TokenVerifier): Note[] {
  const notes: Note[] = [];
  const say: Say = (code, field, detail) => {
    notes.push(note(code, field?.at?.start ?? 0, field?.at?.end ?? 0, detail));
  };
  for (const rule of BY_KIND[kind] ?? []) rule(message, time, say, verify);
  return notes;
}
