/**
 * Apple's push extensions in provider certificates, written and read as DER.
 * Source: Apple's documentation of certificate OIDs under 1.2.840.113635.100.6.3; the encoding of the topic list
 * was rebuilt from a public test configuration (pushy) and checked with OpenSSL.
 */
import { concatBytes } from '../../core/bytes.ts';
import { utf8, utf8Bytes } from '../../core/text.ts';

export const OID_DEVELOPMENT = '1.2.840.113635.100.6.3.1';
export const OID_PRODUCTION = '1.2.840.113635.100.6.3.2';
export const OID_TOPICS = '1.2.840.113635.100.6.3.6';

/** One topic a certificate may send to, and the kind of push it is for: `app`, `voip`, `complication`. */
export interface CertificateTopic {
  readonly topic: string;
  readonly kind: string;
}

const SEQUENCE = 0x30;
const UTF8_STRING = 0x0c;

/** DER NULL: the value of the development and production marks. */
export const DER_NULL: Uint8Array = Uint8Array.of(5, 0);

/** SEQUENCE of alternating UTF8String topic and SEQUENCE { UTF8String kind }. */
export function encodeTopics(topics: readonly CertificateTopic[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { topic, kind } of topics) {
    parts.push(tlv(UTF8_STRING, utf8Bytes(topic)), tlv(SEQUENCE, tlv(UTF8_STRING, utf8Bytes(kind))));
  }
  return tlv(SEQUENCE, concatBytes(parts));
}

/** The topic list of extension .6; empty when the bytes are not such a list. Never throws. */
export function decodeTopics(der: Uint8Array): CertificateTopic[] {
  const list = element(der, 0, der.length);
  if (list?.tag !== SEQUENCE) return [];
  const topics: CertificateTopic[] = [];
  let at = list.start;
  while (at < list.end) {
    const name = element(der, at, list.end);
    const kinds = name && element(der, name.end, list.end);
    if (name?.tag !== UTF8_STRING || kinds?.tag !== SEQUENCE) return topics;
    const topic = utf8(der.subarray(name.start, name.end));
    const first = element(der, kinds.start, kinds.end);
    if (topic !== undefined) topics.push({ topic, kind: first ? (utf8(der.subarray(first.start, first.end)) ?? '') : '' });
    at = kinds.end;
  }
  return topics;
}

export interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

function tlv(tag: number, value: Uint8Array): Uint8Array {
  const n = value.length;
  const head = n < 0x80 ? [tag, n] : n < 0x100 ? [tag, 0x81, n] : [tag, 0x82, n >> 8, n & 0xff];
  return concatBytes([Uint8Array.from(head), value]);
}

/** The DER element at `at`, or undefined when it does not fit below `limit`. */
export function element(der: Uint8Array, at: number, limit: number): Element | undefined {
  if (at + 2 > limit) return undefined;
  let start = at + 2;
  let length = der[at + 1];
  if (length & 0x80) {
    const octets = length & 0x7f;
    // 3 octets hold 16 MiB: more than any certificate.
    if (octets === 0 || octets > 3 || start + octets > limit) return undefined;
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + der[start++];
  }
  return start + length <= limit ? { tag: der[at], start, end: start + length } : undefined;
}
