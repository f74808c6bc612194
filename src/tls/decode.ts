import { DIALECT, type Field, type Message, messageType } from '../core/message.ts';
import type { Dir } from '../core/stream.ts';
import { count } from '../core/text.ts';
import {
  ALERT_LEVELS,
  ALERTS,
  CONTENT,
  CONTENT_TYPES,
  HANDSHAKE,
  HANDSHAKE_TYPES,
  TLS_ENTRIES,
  TLS_ENTRY,
  TLS13,
  versionName,
} from '../schema/tls.ts';
import { REASONS } from '../schema/tls-reason.ts';
import { suiteName } from '../schema/tls-suite.ts';
import { Cursor } from './cursor.ts';
import { decodeCertificateMessage, decodeCompressedCertificate } from './decode-certificate.ts';
import { decodeHandshakeBody } from './decode-handshake.ts';
import { alertText, decodeClientHello, decodeServerHello } from './decode-hello.ts';
import { FieldList, named } from './field-list.ts';
import { HEADER } from './record-cipher.ts';
import { FACTS, type Facts, messageBytes, unpackFacts } from './row.ts';

/** Records of a run that are listed one by one. */
const LISTED = 64;

/**
 * Decodes one TLS row: a handshake message, an alert, a run of encrypted records, a failed record.
 *
 * `bytes` is what the row's location holds: the wire's, or the decrypted message when the pipeline has spooled that.
 * `aux` is what came with it; ranges refer to `messageBytes(bytes, aux)`. Pure; never throws.
 */
export function decodeTls(bytes: Uint8Array, dir: Dir, aux?: Uint8Array): Message {
  const facts: Facts =
    aux !== undefined && aux.length >= FACTS
      ? unpackFacts(aux)
      : { command: bytes[0] ?? 0, reason: 0, version: 0, suite: -1, plain: false, early: false, records: 1, bytes: bytes.length };
  const body = messageBytes(bytes, aux);
  const out = new FieldList();
  const { command } = facts;
  let name: string;
  let label: string;
  let info: string;
  if (command < 0x80 || command === HANDSHAKE.messageHash) {
    label = HANDSHAKE_TYPES[command] ?? `Handshake message ${command}`;
    const decoded = decodeHandshake(body, out, facts);
    info = decoded.info;
    if (decoded.retry) label = HANDSHAKE_TYPES[6];
    name = label.toLowerCase().replaceAll(' ', '-');
  } else {
    const entry = TLS_ENTRIES[command];
    name = entry?.name ?? 'unknown-record';
    label = entry?.label ?? 'Unknown Record';
    info = decodeEntry(body, out, facts);
  }
  context(out, facts);
  return { dialect: 'tls', command: name, label, type: messageType(DIALECT.tls, command), dir, fields: out.fields, notes: out.notes, info };
}

function decodeHandshake(bytes: Uint8Array, out: FieldList, facts: Facts): { info: string; retry: boolean } {
  const c = new Cursor(bytes, 0, bytes.length);
  const type = out.uint(c, 1, 'tls.handshake.type', 'Handshake Type', (value) => named(HANDSHAKE_TYPES, value, 2));
  const length = out.uint(c, 3, 'tls.handshake.length', 'Length');
  if (!c.ok) {
    out.note('tls.malformed', 0, bytes.length);
    return { info: '', retry: false };
  }
  const body = c.take(Math.min(length, c.left));
  if (length > bytes.length - 4) out.note('tls.malformed', 1, 4, `${length} bytes announced, ${bytes.length - 4} there`);
  switch (type) {
    case HANDSHAKE.clientHello:
      return { info: decodeClientHello(body, out), retry: false };
    case HANDSHAKE.serverHello:
      return decodeServerHello(body, out);
    case HANDSHAKE.certificate:
      return { info: decodeCertificateMessage(body, out, facts.version), retry: false };
    case HANDSHAKE.compressedCertificate:
      return { info: decodeCompressedCertificate(body, out, facts.version), retry: false };
    default:
      return { info: decodeHandshakeBody(type, body, out, facts), retry: false };
  }
}

function decodeEntry(bytes: Uint8Array, out: FieldList, facts: Facts): string {
  const reason = REASONS[facts.reason];
  const { command } = facts;
  if (command === TLS_ENTRY.ssl2Hello) return ssl2Hello(bytes, out);
  // A decrypted row has its content only, one in the clear the record around it.
  const from = facts.plain ? 0 : HEADER;
  if (!facts.plain && command !== TLS_ENTRY.notTls) recordHeaders(bytes, out, facts);
  const c = new Cursor(bytes, Math.min(from, bytes.length), bytes.length);
  switch (command) {
    case TLS_ENTRY.alert:
      return alert(c, out);
    case TLS_ENTRY.changeCipherSpec:
      out.rest(c, 'tls.change_cipher_spec', 'Change Cipher Spec Message');
      return facts.version === TLS13 ? 'dummy for middleboxes' : '';
    case TLS_ENTRY.heartbeat:
    case TLS_ENTRY.unknownRecord:
      out.rest(c, command === TLS_ENTRY.heartbeat ? 'tls.heartbeat_message' : 'tls.record.content', 'Content');
      return `${c.end - from} bytes`;
    case TLS_ENTRY.rejectedEarlyData:
      out.note('tls.early-data-rejected', 0, bytes.length);
      if (facts.plain) out.rest(c, 'tls.early_data', 'Early Data', 'content');
      return reason?.text ?? '';
    case TLS_ENTRY.failed:
      out.note('tls.bad-record', 0, bytes.length, reason?.text);
      return `${facts.bytes} bytes: ${reason?.text ?? ''}`;
    case TLS_ENTRY.damaged:
      out.note('tls.damaged', 0, bytes.length, reason?.text);
      return `${facts.bytes} bytes: ${reason?.text ?? ''}`;
    case TLS_ENTRY.notTls:
      out.note('tls.not-a-record', 0, bytes.length, `${bytes.length} bytes`);
      return `${facts.bytes} bytes`;
    default:
      out.note('tls.not-decrypted', 0, bytes.length, reason?.text);
      return encryptedInfo(facts);
  }
}

/** The line about records that stay encrypted. */
export function encryptedInfo({ command, reason, suite, records, bytes }: Facts): string {
  const why = REASONS[reason]?.text ?? 'not decrypted';
  const tellsSuite = command === TLS_ENTRY.applicationData && suite >= 0 && (reason === 6 || reason === 7);
  return `${count(records, 'record')}, ${bytes.toLocaleString('en-US')} bytes: ${why}${tellsSuite ? ` (${suiteName(suite)})` : ''}`;
}

function alert(c: Cursor, out: FieldList): string {
  const { at } = c;
  const level = out.uint(c, 1, 'tls.alert_message.level', 'Level', (value) => named(ALERT_LEVELS, value, 2));
  const description = out.uint(
    c,
    1,
    'tls.alert_message.desc',
    'Description',
    (value) => `${ALERTS[value]?.[0] ?? 'unknown'} (${value}): ${ALERTS[value]?.[1] ?? 'not registered'}`,
  );
  out.close(c);
  if (level === 2) out.note('tls.fatal-alert', at, at + 2, ALERTS[description]?.[1]);
  return alertText(level, description);
}

function ssl2Hello(bytes: Uint8Array, out: FieldList): string {
  const c = new Cursor(bytes, 0, bytes.length);
  out.uint(c, 2, 'tls.record.length', 'Length', (value) => String(value & 0x7fff));
  out.uint(c, 1, 'tls.handshake.type', 'Handshake Type', (value) => named(HANDSHAKE_TYPES, value, 2));
  const version = out.uint(c, 2, 'tls.handshake.version', 'Version', versionName);
  const specs = out.uint(c, 2, 'tls.handshake.cipher_spec_len', 'Cipher Spec Length');
  const id = out.uint(c, 2, 'tls.handshake.session_id_length', 'Session ID Length');
  const challenge = out.uint(c, 2, 'tls.handshake.challenge_length', 'Challenge Length');
  out.numbers(c.take(specs), 3, 'tls.handshake.cipherspec', 'Cipher Spec', (value) =>
    value > 0xffff ? `0x${value.toString(16)}` : suiteName(value),
  );
  out.rest(c.take(id), 'tls.handshake.session_id', 'Session ID');
  out.rest(c.take(challenge), 'tls.handshake.challenge', 'Challenge');
  out.close(c);
  return `offers ${versionName(version)} in the format of SSL 2.0`;
}

function recordHeaders(bytes: Uint8Array, out: FieldList, facts: Facts): void {
  let at = 0;
  for (let n = 0; n < LISTED && at + HEADER <= bytes.length; n++) {
    const length = (bytes[at + 3] << 8) | bytes[at + 4];
    const end = Math.min(at + HEADER + length, bytes.length);
    const inside = new FieldList(out.notes);
    inside.add('tls.record.content_type', 'Content Type', bytes[at], named(CONTENT_TYPES, bytes[at], 2), { start: at, end: at + 1 });
    const version = (bytes[at + 1] << 8) | bytes[at + 2];
    inside.add('tls.record.version', 'Version', version, versionName(version), { start: at + 1, end: at + 3 });
    inside.add('tls.record.length', 'Length', length, String(length), { start: at + 3, end: at + 5 });
    if (bytes[at] === CONTENT.data)
      inside.add('tls.app_data', 'Encrypted Application Data', undefined, `${end - at - HEADER} bytes`, { start: at + HEADER, end });
    out.add(
      'tls.record',
      'Record',
      undefined,
      `${CONTENT_TYPES[bytes[at]] ?? `type ${bytes[at]}`}, ${length} bytes`,
      { start: at, end },
      inside,
    );
    at = end;
  }
  if (at < bytes.length && facts.records > LISTED)
    out.add('tls.record', 'More records', undefined, `${bytes.length - at} bytes`, { start: at, end: bytes.length });
}

/** What is known of the session around the row; it has no place in the row's bytes. */
function context(out: FieldList, facts: Facts): void {
  const known: Field[] = [];
  const add = (filter: string, label: string, value: number | string, text: string): void => {
    known.push({ name: filter.slice(filter.lastIndexOf('.') + 1), label, value, text, at: undefined, filter });
  };
  if (facts.suite >= 0) add('tls.session.ciphersuite', 'Session Suite', facts.suite, suiteName(facts.suite));
  if (facts.version > 0) add('tls.session.version', 'Session Version', facts.version, versionName(facts.version));
  if (facts.reason !== 0)
    add(
      'tls.undecrypted',
      'Not Decrypted',
      REASONS[facts.reason]?.name ?? '',
      `${REASONS[facts.reason]?.text ?? ''}. ${REASONS[facts.reason]?.advice ?? ''}`,
    );
  out.fields.push(...known);
}
