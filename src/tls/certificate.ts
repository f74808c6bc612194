import { toHex } from '../core/bytes.ts';
import { type Der, derAt, derChildren, derContent, derInteger, derOid, derText, derTime, TAG } from './der.ts';

/** A name attribute or extension with the place of its bytes in the certificate. */
export interface Part {
  readonly oid: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** What a certificate says, as far as it can be read. Ranges are offsets in the bytes that were passed. */
export interface Certificate {
  readonly serial: Part | undefined;
  readonly issuer: readonly Part[];
  readonly subject: readonly Part[];
  readonly notBefore: { readonly sec: number; readonly start: number; readonly end: number } | undefined;
  readonly notAfter: { readonly sec: number; readonly start: number; readonly end: number } | undefined;
  /** "RSA 2048 bit", "EC prime256v1". */
  readonly key: string;
  readonly names: readonly string[];
  readonly extensions: readonly { readonly oid: string; readonly critical: boolean; readonly value: Der }[];
}

const ATTRIBUTES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

const CURVES: Readonly<Record<string, string>> = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};

const KEY_TYPES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'RSA',
  '1.2.840.113549.1.1.10': 'RSA-PSS',
  '1.2.840.10045.2.1': 'EC',
  '1.2.840.10040.4.1': 'DSA',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
};

/** Reads an X.509 certificate in DER; undefined when it is none. Broken parts are left out. Never throws. Source: RFC 5280. */
export function readCertificate(bytes: Uint8Array): Certificate | undefined {
  const whole = derAt(bytes, 0, bytes.length);
  const tbs = whole?.tag === TAG.sequence ? derChildren(whole)[0] : undefined;
  if (tbs?.tag !== TAG.sequence) return undefined;
  const parts = derChildren(tbs);
  if (parts[0]?.tag === 0xa0) parts.shift();
  const [serial, , issuer, validity, subject, keyInfo] = parts;
  if (serial?.tag !== TAG.integer || issuer?.tag !== TAG.sequence) return undefined;
  const [from, until] = validity === undefined ? [] : derChildren(validity);
  const wrapped = parts.find((part) => part.tag === 0xa3);
  const list = wrapped === undefined ? undefined : derChildren(wrapped)[0];
  const extensions = (list === undefined ? [] : derChildren(list)).flatMap((extension) => {
    const inside = derChildren(extension);
    const value = inside.at(-1);
    const oid = derOid(inside[0]);
    return oid === '' || value?.tag !== TAG.octetString
      ? []
      : [{ oid, critical: inside[1]?.tag === TAG.boolean && bytes[inside[1].start] !== 0, value }];
  });
  return {
    serial: { oid: '', value: toHex(derContent(serial)), start: serial.start, end: serial.end },
    issuer: nameParts(issuer),
    subject: subject === undefined ? [] : nameParts(subject),
    notBefore: timePart(from),
    notAfter: timePart(until),
    key: keyText(keyInfo),
    names: alternativeNames(extensions.find((extension) => extension.oid === '2.5.29.17')?.value),
    extensions,
  };
}

function timePart(value: Der | undefined): Certificate['notBefore'] {
  const sec = derTime(value);
  return sec === undefined || value === undefined ? undefined : { sec, start: value.start, end: value.end };
}

/** Short name of an attribute type: CN, O, UID …; its object identifier when it has none. */
export function attributeName(oid: string): string {
  return ATTRIBUTES[oid] ?? oid;
}

function nameParts(name: Der): Part[] {
  return derChildren(name).flatMap((set) =>
    derChildren(set).flatMap((pair) => {
      const [type, value] = derChildren(pair);
      const oid = derOid(type);
      if (oid === '' || value === undefined) return [];
      return [{ oid, value: derText(value) ?? toHex(derContent(value)), start: value.start, end: value.end }];
    }),
  );
}

/** The attributes of a distinguished name in DER; empty when it is none. */
export function readDistinguishedName(bytes: Uint8Array): Part[] {
  const name = derAt(bytes, 0, bytes.length);
  return name?.tag === TAG.sequence ? nameParts(name) : [];
}

/** "CN=…, O=…", not yet safe for a terminal. */
export function nameText(parts: readonly Part[]): string {
  return parts.map((part) => `${attributeName(part.oid)}=${part.value}`).join(', ');
}

function keyText(info: Der | undefined): string {
  if (info === undefined) return 'unknown';
  const [algorithm, bits] = derChildren(info);
  const [type, parameter] = algorithm === undefined ? [] : derChildren(algorithm);
  const kind = KEY_TYPES[derOid(type)] ?? derOid(type);
  if (kind === 'EC') return `EC ${CURVES[derOid(parameter)] ?? derOid(parameter)}`;
  if ((kind !== 'RSA' && kind !== 'RSA-PSS') || bits?.tag !== TAG.bitString) return kind === '' ? 'unknown' : kind;
  const key = derAt(bits.bytes, bits.start + 1, bits.end);
  const modulus = key === undefined ? undefined : derChildren(key)[0];
  if (modulus?.tag !== TAG.integer) return kind;
  let from = modulus.start;
  while (from < modulus.end && modulus.bytes[from] === 0) from++;
  return `${kind} ${(modulus.end - from) * 8} bit`;
}

function alternativeNames(value: Der | undefined): string[] {
  const list = value === undefined ? undefined : derAt(value.bytes, value.start, value.end);
  if (list === undefined) return [];
  return derChildren(list).flatMap((name) => {
    const content = derContent(name);
    // dNSName [2], rfc822Name [1], uniformResourceIdentifier [6] are IA5 text; iPAddress [7] is bytes.
    if (name.tag === 0x82 || name.tag === 0x81 || name.tag === 0x86) return [Array.from(content, (c) => String.fromCharCode(c)).join('')];
    if (name.tag === 0x87) return [content.length === 4 ? content.join('.') : toHex(content)];
    return [];
  });
}

/** Apple's push extensions. Sources: Apple's documentation for .1, .2, .4 and .6; .3 and .5 are known from one client only. */
const APPLE: Readonly<Record<string, string>> = {
  '1.2.840.113635.100.6.3.1': 'Apple push, development (sandbox)',
  '1.2.840.113635.100.6.3.2': 'Apple push, production',
  '1.2.840.113635.100.6.3.3': 'Apple push, VoIP bundle id',
  '1.2.840.113635.100.6.3.4': 'Apple push, VoIP topics',
  '1.2.840.113635.100.6.3.5': 'Apple push, VoIP (meaning unknown)',
  '1.2.840.113635.100.6.3.6': 'Apple push, topics',
};

/** Label of an Apple push extension, or undefined. */
export function appleExtension(oid: string): string | undefined {
  return APPLE[oid];
}

/** One topic that a certificate may push to, and what it is: app, voip, complication … */
export interface CertificateTopic {
  readonly topic: string;
  readonly kinds: readonly string[];
  readonly start: number;
  readonly end: number;
}

/** Topics in one extension; Apple's certificates have up to five. */
const TOPIC_LIMIT = 64;

/**
 * The topics of extension 1.2.840.113635.100.6.3.6: SEQUENCE of topic UTF8String and SEQUENCE { kind UTF8String } in turns.
 * Empty when it is written otherwise.
 */
export function certificateTopics(value: Der): CertificateTopic[] {
  const list = derAt(value.bytes, value.start, value.end);
  const topics: { topic: string; kinds: string[]; start: number; end: number }[] = [];
  if (list?.tag !== TAG.sequence) return topics;
  for (const item of derChildren(list)) {
    const text = derText(item);
    if (text !== undefined && topics.length < TOPIC_LIMIT) topics.push({ topic: text, kinds: [], start: item.start, end: item.end });
    else if (item.tag === TAG.sequence) topics.at(-1)?.kinds.push(...derChildren(item).flatMap((kind) => derText(kind) ?? []));
  }
  return topics;
}

/** The content of the other push extensions: text of a NULL or a string, else hex. */
export function extensionText(value: Der): string {
  const inner = derAt(value.bytes, value.start, value.end);
  if (inner === undefined) return toHex(derContent(value));
  if (inner.tag === TAG.null) return 'present';
  return derText(inner) ?? String(derInteger(inner) ?? toHex(derContent(value)));
}
