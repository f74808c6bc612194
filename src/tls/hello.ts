import { EXTENSION, isGrease, TLS13 } from '../schema/tls.ts';
import { Cursor } from './cursor.ts';

/** Random of a ServerHello that is a HelloRetryRequest: SHA-256 of that name (RFC 8446 section 4.1.3). */
const RETRY = [0xcf21ad74, 0xe59a6111, 0xbe1d8c02, 0x1e65b891, 0xc2a21116, 0x7abb8c5e, 0x079e09e2, 0xc8a8339c];

/** Names and numbers in a hello that are kept. A real one has some dozens. */
const LIST_LIMIT = 256;
/** Identities of pre-shared keys that are looked up; clients offer one to four. */
const IDENTITY_LIMIT = 16;

export interface ClientHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly suites: readonly number[];
  readonly sni: string | undefined;
  readonly alpn: readonly string[];
  /** Session ticket to resume with; empty when only support is told, undefined without the extension. */
  readonly ticket: Uint8Array | undefined;
  readonly versions: readonly number[];
  readonly identities: readonly Uint8Array[];
  readonly earlyData: boolean;
}

export interface ServerHello {
  /** The version chosen, with drafts of TLS 1.3 counted as 1.3. */
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly suite: number;
  readonly compression: number;
  readonly retry: boolean;
  readonly alpn: string | undefined;
  readonly encryptThenMac: boolean;
  readonly extendedMasterSecret: boolean;
  readonly truncatedMac: boolean;
  readonly ticketPromised: boolean;
  /** Index of the pre-shared key that was chosen (TLS 1.3). */
  readonly identity: number | undefined;
}

const NOTHING = new Uint8Array(0);

/** What is known of a ClientHello that is not in the capture when its random was found by other means. */
export function unheardClientHello(random: Uint8Array): ClientHello {
  return {
    version: TLS13,
    random,
    sessionId: NOTHING,
    suites: [],
    sni: undefined,
    alpn: [],
    ticket: undefined,
    versions: [TLS13],
    identities: [],
    earlyData: false,
  };
}

/** What is known of a ServerHello of TLS 1.3 that is not in the capture when its suite was found by other means. */
export function unheardServerHello(suite: number): ServerHello {
  return {
    version: TLS13,
    random: NOTHING,
    sessionId: NOTHING,
    suite,
    compression: 0,
    retry: false,
    alpn: undefined,
    encryptThenMac: false,
    extendedMasterSecret: false,
    truncatedMac: false,
    ticketPromised: false,
    identity: undefined,
  };
}

/** Reads the body of a ClientHello as far as it goes; undefined when not even the random is there. */
export function readClientHello(bytes: Uint8Array, start: number, end: number): ClientHello | undefined {
  const c = new Cursor(bytes, start, end);
  const version = c.uint(2);
  const random = c.take(32);
  if (!random.ok) return undefined;
  const sessionId = c.vector(1).copy();
  const suites: number[] = [];
  for (const list = c.vector(2); list.left >= 2 && suites.length < LIST_LIMIT; ) suites.push(list.uint(2));
  c.vector(1);
  let sni: string | undefined;
  let ticket: Uint8Array | undefined;
  let earlyData = false;
  const alpn: string[] = [];
  const versions: number[] = [];
  const identities: Uint8Array[] = [];
  eachExtension(c, (type, body) => {
    switch (type) {
      case EXTENSION.serverName: {
        const list = body.vector(2);
        if (list.uint(1) === 0) sni = list.vector(2).text();
        break;
      }
      case EXTENSION.alpn:
        for (const list = body.vector(2); list.left > 0 && alpn.length < LIST_LIMIT; ) alpn.push(list.vector(1).text());
        break;
      case EXTENSION.sessionTicket:
        ticket = body.copy();
        break;
      case EXTENSION.supportedVersions:
        for (const list = body.vector(1); list.left >= 2 && versions.length < LIST_LIMIT; ) versions.push(list.uint(2));
        break;
      case EXTENSION.preSharedKey:
        for (const list = body.vector(2); list.left > 0 && identities.length < IDENTITY_LIMIT; ) {
          identities.push(list.vector(2).copy());
          list.uint(4);
        }
        break;
      case EXTENSION.earlyData:
        earlyData = true;
        break;
    }
  });
  return { version, random: random.copy(), sessionId, suites, sni, alpn, ticket, versions, identities, earlyData };
}

/** Reads the body of a ServerHello or HelloRetryRequest; undefined when the suite is not there. */
export function readServerHello(bytes: Uint8Array, start: number, end: number): ServerHello | undefined {
  const c = new Cursor(bytes, start, end);
  let version = c.uint(2);
  const random = c.take(32);
  const sessionId = c.vector(1).copy();
  const suite = c.uint(2);
  if (!c.ok) return undefined;
  const compression = c.uint(1);
  let alpn: string | undefined;
  let identity: number | undefined;
  const seen = new Set<number>();
  eachExtension(c, (type, body) => {
    seen.add(type);
    if (type === EXTENSION.supportedVersions && body.left === 2) version = body.uint(2);
    else if (type === EXTENSION.alpn) alpn = body.vector(2).vector(1).text();
    else if (type === EXTENSION.preSharedKey) identity = body.uint(2);
  });
  // Drafts 23 to 28 differ from the RFC in nothing that decryption needs.
  if (version >> 8 === 0x7f) version = TLS13;
  return {
    version,
    random: random.copy(),
    sessionId,
    suite,
    compression,
    retry: isRetry(bytes, random.at),
    alpn,
    encryptThenMac: seen.has(EXTENSION.encryptThenMac),
    extendedMasterSecret: seen.has(EXTENSION.extendedMasterSecret),
    truncatedMac: seen.has(4),
    ticketPromised: seen.has(EXTENSION.sessionTicket),
    identity,
  };
}

/** ALPN and the answer to early data, from EncryptedExtensions. */
export function readEncryptedExtensions(bytes: Uint8Array, start: number, end: number): { alpn: string | undefined; earlyData: boolean } {
  let alpn: string | undefined;
  let earlyData = false;
  eachExtension(new Cursor(bytes, start, end), (type, body) => {
    if (type === EXTENSION.alpn) alpn = body.vector(2).vector(1).text();
    else if (type === EXTENSION.earlyData) earlyData = true;
  });
  return { alpn, earlyData };
}

/** Visits the extensions of a list with its length in front. */
function eachExtension(c: Cursor, visit: (type: number, body: Cursor) => void): void {
  if (c.left === 0) return;
  for (const list = c.vector(2); list.left >= 4; ) {
    const type = list.uint(2);
    visit(type, list.vector(2));
  }
}

/** The highest version offered that is not GREASE. */
export function highestVersion(hello: ClientHello): number {
  let best = hello.version;
  for (const version of hello.versions) if (!isGrease(version) && version >> 8 === 3 && version > best) best = version;
  return best;
}

/** True when the 32 bytes at `at` are the fixed random of a HelloRetryRequest. */
export function isRetry(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 8; i++) {
    const p = at + 4 * i;
    if (((bytes[p] << 24) | (bytes[p + 1] << 16) | (bytes[p + 2] << 8) | bytes[p + 3]) >>> 0 !== RETRY[i]) return false;
  }
  return true;
}

/**
 * The ClientHello of an SSL 2.0 record, which clients sent to offer newer versions as well (RFC 5246 appendix E.2).
 * Layout: length u16 with the top bit set, 1, version u16, lengths of specs, session id and challenge u16 each.
 */
export function readSsl2Hello(bytes: Uint8Array, start: number, end: number): ClientHello | undefined {
  const c = new Cursor(bytes, start + 3, end);
  const version = c.uint(2);
  const specs = c.uint(2);
  const id = c.uint(2);
  const challenge = c.uint(2);
  const list = c.take(specs);
  const sessionId = c.take(id).copy();
  const given = c.take(challenge);
  if (!c.ok || challenge > 32) return undefined;
  const suites: number[] = [];
  while (list.left >= 3 && suites.length < LIST_LIMIT) {
    const spec = list.uint(3);
    if (spec <= 0xffff) suites.push(spec);
  }
  // The challenge is the random, with zeros in front when it is shorter.
  const random = new Uint8Array(32);
  random.set(given.copy(), 32 - challenge);
  return {
    version,
    random,
    sessionId,
    suites,
    sni: undefined,
    alpn: [],
    ticket: undefined,
    versions: [],
    identities: [],
    earlyData: false,
  };
}

/** Total length of the SSL 2.0 hello at `at`, 0 when there is none, -1 when more bytes are needed to tell. */
export function ssl2HelloLength(buf: Uint8Array, at: number, end: number): number {
  if (end - at < 1) return -1;
  if ((buf[at] & 0x80) === 0) return 0;
  if (end - at < 3) return -1;
  const length = ((buf[at] & 0x7f) << 8) | buf[at + 1];
  // Type 1, version 0.2 or 3.x, and lengths that add up.
  if (buf[at + 2] !== 1 || length < 9 + 3 + 16) return 0;
  if (end - at < 11) return -1;
  const version = (buf[at + 3] << 8) | buf[at + 4];
  if (version !== 2 && (version < 0x0300 || version > 0x0304)) return 0;
  const specs = (buf[at + 5] << 8) | buf[at + 6];
  const id = (buf[at + 7] << 8) | buf[at + 8];
  const challenge = (buf[at + 9] << 8) | buf[at + 10];
  if (specs % 3 !== 0 || challenge < 16 || challenge > 32 || 9 + specs + id + challenge !== length) return 0;
  return length + 2;
}
