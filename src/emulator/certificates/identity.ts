/** What a client's certificate says about it: a bounded walk over the DER, since it comes from the wire. */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { type CertificateTopic, decodeTopics, element, OID_DEVELOPMENT, OID_PRODUCTION, OID_TOPICS } from './apple-extensions.ts';

export interface Identity {
  /** SHA-256 of the public key, hex: the same for renewed certificates of one key. */
  readonly key: string;
  /** Subject UID: the default topic of a provider certificate. */
  readonly uid: string | undefined;
  readonly commonName: string | undefined;
  readonly team: string | undefined;
  /** Topics of extension .6; empty for a certificate of one topic. */
  readonly topics: readonly CertificateTopic[];
  readonly development: boolean;
  readonly production: boolean;
  /** Signed by the lab's CA and within its dates. */
  readonly trusted: boolean;
}

/** Reads a DER certificate; undefined when it is none. `authority` is the CA's PEM. Never throws. */
export function readIdentity(der: Uint8Array, authority: string, nowMs: number): Identity | undefined {
  try {
    const certificate = new X509Certificate(der);
    const subject = new Map(
      certificate.subject.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const extensions = readExtensions(der);
    const topics = extensions.get(OID_TOPICS);
    const signed = certificate.verify(createPublicKey(authority));
    return {
      key: createHash('sha256')
        .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
        .digest('hex'),
      uid: subject.get('UID'),
      commonName: subject.get('CN'),
      team: subject.get('OU'),
      topics: topics ? decodeTopics(topics) : [],
      development: extensions.has(OID_DEVELOPMENT),
      production: extensions.has(OID_PRODUCTION),
      trusted: signed && Date.parse(certificate.validFrom) <= nowMs && nowMs <= Date.parse(certificate.validTo),
    };
  } catch {
    return undefined;
  }
}

/** Topics a certificate may send to: the list of extension .6, else the subject's UID, else the bundle id in the common name. */
export function topicsOf(identity: Identity): readonly string[] {
  if (identity.topics.length > 0) return identity.topics.map((entry) => entry.topic);
  if (identity.uid !== undefined) return [identity.uid];
  // "Apple Push Services: com.example.app", "Apple Development IOS Push Services: …"
  const named = identity.commonName?.match(/Push Services: *(\S+)$/);
  return named ? [named[1]] : [];
}

const EXTENSIONS = 0xa3; // [3] EXPLICIT of TBSCertificate, RFC 5280 section 4.1
const OID = 0x06;
const OCTET_STRING = 0x04;
/** More extensions than any real certificate has. */
const MAX_EXTENSIONS = 64;

function readExtensions(der: Uint8Array): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const certificate = element(der, 0, der.length);
  const body = certificate && element(der, certificate.start, certificate.end);
  if (!body) return found;
  let part = element(der, body.start, body.end);
  while (part && part.tag !== EXTENSIONS) part = element(der, part.end, body.end);
  const list = part && element(der, part.start, part.end);
  let entry = list && element(der, list.start, list.end);
  for (let n = 0; list && entry && n < MAX_EXTENSIONS; n++) {
    const oid = element(der, entry.start, entry.end);
    let value = oid && element(der, oid.end, entry.end);
    if (value && value.tag !== OCTET_STRING) value = element(der, value.end, entry.end);
    if (oid?.tag === OID && value) found.set(oidText(der.subarray(oid.start, oid.end)), der.subarray(value.start, value.end));
    entry = element(der, entry.end, list.end);
  }
  return found;
}

function oidText(bytes: Uint8Array): string {
  const parts: number[] = [Math.floor(bytes[0] / 40), bytes[0] % 40];
  let value = 0;
  for (const b of bytes.subarray(1)) {
    value = value * 128 + (b & 0x7f);
    if (!(b & 0x80)) {
      parts.push(value);
      value = 0;
    }
  }
  return parts.join('.');
}
