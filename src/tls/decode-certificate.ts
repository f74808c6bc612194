import { brotliDecompressSync, inflateSync } from 'node:zlib';
import { toHex } from '../core/bytes.ts';
import type { Range } from '../core/message.ts';
import { isoTime } from '../core/time.ts';
import { TLS13 } from '../schema/tls.ts';
import {
  appleExtension,
  attributeName,
  type Certificate,
  certificateTopics,
  extensionText,
  nameText,
  type Part,
  readCertificate,
  readDistinguishedName,
} from './certificate.ts';
import { Cursor } from './cursor.ts';
import { COMPRESSIONS, decodeExtensions } from './decode-hello.ts';
import { bytesText, type FieldList, LIST_LIMIT, FieldList as List, named } from './field-list.ts';

const H = 'tls.handshake';

/** A certificate chain that unpacks to more than this is not one: the largest public chains have about 30 KB. */
const EXPANDED_LIMIT = 256 * 1024;
/** Extensions that most certificates carry (RFC 5280, 6962). */
const EXTENSION_OIDS: Readonly<Record<string, string>> = {
  '2.5.29.14': 'Subject Key Identifier',
  '2.5.29.15': 'Key Usage',
  '2.5.29.17': 'Subject Alternative Name',
  '2.5.29.19': 'Basic Constraints',
  '2.5.29.31': 'CRL Distribution Points',
  '2.5.29.32': 'Certificate Policies',
  '2.5.29.35': 'Authority Key Identifier',
  '2.5.29.37': 'Extended Key Usage',
  '1.3.6.1.5.5.7.1.1': 'Authority Information Access',
  '1.3.6.1.4.1.11129.2.4.2': 'Signed Certificate Timestamps',
};

/** Certificate message; the cursor stands behind the handshake header. Returns the info line. Sources: RFC 5246 section 7.4.2, RFC 8446 section 4.4.2. */
export function decodeCertificateMessage(c: Cursor, out: FieldList, version: number, shift = 0): string {
  if (version === TLS13) {
    const context = c.vector(1);
    if (context.left > 0) out.rest(context, `${H}.certificate_request_context`, 'Certificate Request Context');
  }
  const list = c.vector(3);
  const chain: Certificate[] = [];
  let count = 0;
  while (list.left > 0 && count < LIST_LIMIT) {
    const bytes = list.vector(3);
    if (!bytes.ok) break;
    const certificate = decodeCertificate(bytes, out, count++, shift);
    if (certificate !== undefined) chain.push(certificate);
    if (version === TLS13) {
      const before = list.at;
      const extensions = new List(out.notes);
      decodeExtensions(list, extensions, 'certificate');
      if (extensions.fields.length > 0)
        out.add(
          `${H}.extensions`,
          'Certificate Extensions',
          undefined,
          `${extensions.fields.length}`,
          { start: before, end: list.at },
          extensions,
        );
    }
  }
  if (!list.ok) out.note('tls.malformed', list.end, list.end);
  out.close(c);
  if (count === 0) return 'no certificate';
  const leaf = chain[0];
  return leaf === undefined
    ? `${count} certificates that cannot be read`
    : `${nameText(leaf.subject)}, issued by ${nameText(leaf.issuer.filter((part) => part.oid === '2.5.4.3'))}, valid to ${leaf.notAfter === undefined ? 'unknown' : isoTime(leaf.notAfter.sec, 0, 0)}${count > 1 ? `, chain of ${count}` : ''}`;
}

/** Certificates packed as RFC 8879 says, with zlib or Brotli; unpacked within a bound. Fields inside have no place on the wire. */
export function decodeCompressedCertificate(c: Cursor, out: FieldList, version: number): string {
  const start = c.at;
  const algorithm = out.uint(c, 2, 'tls.compress_certificate.algorithm', 'Algorithm', (value) => named(COMPRESSIONS, value));
  const length = out.uint(c, 3, 'tls.compress_certificate.uncompressed_length', 'Uncompressed Length');
  const packed = out.rest(
    c.vector(3),
    'tls.compress_certificate.compressed_certificate_message',
    'Compressed Certificate Message',
    'identity',
  );
  out.close(c);
  const plain = unpack(algorithm, packed, length);
  if (plain === undefined) {
    if (algorithm === 1 || algorithm === 2) out.note('tls.large', start, c.end, `told ${length} bytes`);
    return `${COMPRESSIONS[algorithm] ?? `algorithm ${algorithm}`}, ${packed.length} bytes`;
  }
  const inside = new List([]);
  const info = decodeCertificateMessage(new Cursor(plain, 0, plain.length), inside, version, Number.NaN);
  for (const field of inside.fields) out.fields.push(field);
  return `${info} (${COMPRESSIONS[algorithm]})`;
}

function unpack(algorithm: number, packed: Uint8Array, length: number): Uint8Array | undefined {
  if (length > EXPANDED_LIMIT) return undefined;
  try {
    if (algorithm === 1) return new Uint8Array(inflateSync(packed, { maxOutputLength: EXPANDED_LIMIT }));
    if (algorithm === 2) return new Uint8Array(brotliDecompressSync(packed, { maxOutputLength: EXPANDED_LIMIT }));
  } catch {
    return undefined;
  }
  return undefined;
}

function decodeCertificate(c: Cursor, out: FieldList, index: number, shift: number): Certificate | undefined {
  const from = c.at;
  const bytes = c.copy();
  const base = from + shift;
  const at = (start: number, end: number): Range | undefined => (Number.isNaN(base) ? undefined : { start: base + start, end: base + end });
  const certificate = readCertificate(bytes);
  const whole = at(0, bytes.length);
  if (certificate === undefined) {
    if (whole !== undefined) out.note('tls.bad-certificate', whole.start, whole.end);
    out.add(`${H}.certificate`, 'Certificate', bytes, `${bytes.length} bytes, not X.509`, whole, undefined, 'identity');
    return undefined;
  }
  const inside = new List(out.notes);
  if (certificate.serial !== undefined)
    inside.add(
      'x509af.serialNumber',
      'Serial Number',
      certificate.serial.value,
      certificate.serial.value,
      at(certificate.serial.start, certificate.serial.end),
      undefined,
      'identity',
    );
  name(inside, 'Issuer', 'x509af.issuer', certificate.issuer, at);
  name(inside, 'Subject', 'x509af.subject', certificate.subject, at);
  for (const [label, filter, time] of [
    ['Not Before', 'x509af.notBefore', certificate.notBefore],
    ['Not After', 'x509af.notAfter', certificate.notAfter],
  ] as const) {
    if (time !== undefined) inside.add(filter, label, isoTime(time.sec, 0, 0), isoTime(time.sec, 0, 0), at(time.start, time.end));
  }
  inside.add('x509af.subjectPublicKeyInfo', 'Public Key', certificate.key, certificate.key, undefined);
  if (certificate.names.length > 0)
    inside.add(
      'x509ce.subjectAltName',
      'Alternative Names',
      certificate.names.join(', '),
      certificate.names.join(', '),
      undefined,
      undefined,
      'identity',
    );
  for (const extension of certificate.extensions) {
    const place = at(extension.value.start, extension.value.end);
    const apple = appleExtension(extension.oid);
    const known = apple ?? EXTENSION_OIDS[extension.oid];
    const label = `${known ?? 'Extension'} (${extension.oid})${extension.critical ? ', critical' : ''}`;
    if (apple === undefined) {
      const content = extension.value.bytes.slice(extension.value.start, extension.value.end);
      inside.add('x509af.extension', label, content, bytesText(content), place);
      continue;
    }
    const topics = certificateTopics(extension.value);
    const topicFields = new List(out.notes);
    for (const topic of topics)
      topicFields.add(
        'apns.certificate.topic',
        'Topic',
        topic.topic,
        `${topic.topic}${topic.kinds.length > 0 ? ` (${topic.kinds.join(', ')})` : ''}`,
        at(topic.start, topic.end),
        undefined,
        'identity',
      );
    const text = topics.length > 0 ? topicFields.fields.map((field) => field.text).join(', ') : extensionText(extension.value);
    inside.add('apns.certificate.extension', label, text, text, place, topicFields);
  }
  out.add(
    `${H}.certificate`,
    index === 0 ? 'Certificate' : `Certificate ${index + 1}`,
    bytes,
    nameText(certificate.subject),
    whole,
    inside,
    'identity',
  );
  return certificate;
}

function name(
  out: FieldList,
  label: string,
  filter: string,
  parts: readonly Part[],
  at: (start: number, end: number) => Range | undefined,
): void {
  const inside = new List(out.notes);
  for (const part of parts)
    inside.add(
      `x509sat.${attributeName(part.oid)}`,
      attributeName(part.oid),
      part.value,
      part.value,
      at(part.start, part.end),
      undefined,
      'identity',
    );
  const place = parts.length === 0 ? undefined : at(parts[0].start, parts[parts.length - 1].end);
  out.add(filter, label, nameText(parts), nameText(parts), place, inside, 'identity');
}

/** Distinguished names of the authorities that a server accepts. */
export function decodeAuthorities(c: Cursor, out: FieldList): number {
  const list = c.vector(2);
  let count = 0;
  while (list.left > 0 && count < LIST_LIMIT) {
    const dn = list.vector(2);
    if (!dn.ok) break;
    const bytes = dn.copy();
    const parts = nameText(readDistinguishedName(bytes)) || toHex(bytes);
    count++;
    out.add(`${H}.dname`, 'Distinguished Name', parts, parts, { start: dn.at, end: dn.end }, undefined, 'identity');
  }
  return count;
}
