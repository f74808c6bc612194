import { LABEL, LABELS, type SecretStore } from './secret-store.ts';

/** What a key log held. */
export interface KeyLogCounts {
  lines: number;
  /** Lines that gave a secret. */
  secrets: number;
  /** Lines that are neither secrets nor comments nor empty. */
  ignored: number;
}

/** As `SecretStore`; longer values are no secrets. */
const SECRET_LIMIT = 1024;
const KEY_LIMIT = 256;

/** Bytes of a pre-shared key; shorter ones are no keys but the end of some other text. OpenSSL takes up to 512. */
const PSK_LEAST = 8;
const PSK_MOST = 512;

/** Lengths that fit a label: traffic secrets are a digest long, master secrets 48. */
const DIGEST_LENGTHS: ReadonlySet<number> = new Set([32, 48]);

const CODES = new Map<string, number>(LABELS.map((label, code) => [label, code]));

const NIBBLES = new Int8Array(256).fill(-1);
for (let i = 0; i < 10; i++) NIBBLES[48 + i] = i;
for (let i = 0; i < 6; i++) NIBBLES[97 + i] = NIBBLES[65 + i] = 10 + i;

const key = new Uint8Array(KEY_LIMIT);
const secret = new Uint8Array(SECRET_LIMIT);
const NEWLINE = 10;
const RETURN = 13;

/**
 * Reads a key log in any of its dialects into the store.
 *
 * Takes NSS lines (`LABEL <hex> <hex>`), the old `RSA Session-ID:<hex> Master-Key:<hex>`, pre-shared keys (`identity:<hex>`), LF, CRLF and CR line ends,
 * upper case, UTF-8 and UTF-16 byte order marks, and a last line without its end. Comments, empty lines and
 * lines that are no secret are skipped and counted; nothing is thrown.
 * Source: NSS Key Log Format; the SSLKEYLOGFILE draft of the IETF; the older labels as Wireshark documents them.
 */
export function readKeyLog(store: SecretStore, text: Uint8Array, psk?: PskSink): KeyLogCounts {
  const counts: KeyLogCounts = { lines: 0, secrets: 0, ignored: 0 };
  const b = narrow(text);
  let at = b.length >= 3 && b[0] === 0xef && b[1] === 0xbb && b[2] === 0xbf ? 3 : 0;
  while (at < b.length) {
    let end = at;
    while (end < b.length && b[end] !== NEWLINE && b[end] !== RETURN) end++;
    if (end > at) {
      counts.lines++;
      readLine(store, b, at, end, counts, psk);
    }
    at = end + 1;
  }
  return counts;
}

type PskSink = (identity: Uint8Array, key: Uint8Array) => void;

function readLine(store: SecretStore, b: Uint8Array, start: number, end: number, counts: KeyLogCounts, psk: PskSink | undefined): void {
  while (start < end && blank(b[start])) start++;
  while (end > start && blank(b[end - 1])) end--;
  if (start === end || b[start] === 0x23) return;
  if (parseLine(store, b, start, end) || (psk !== undefined && pskLine(b, start, end, psk))) counts.secrets++;
  else counts.ignored++;
}

function parseLine(store: SecretStore, b: Uint8Array, start: number, end: number): boolean {
  const labelEnd = wordEnd(b, start, end);
  // The longest label has 31 letters.
  if (labelEnd - start > 40) return false;
  const label = ascii(b, start, labelEnd).toUpperCase();
  const first = skipBlank(b, labelEnd, end);
  if (label.startsWith('SESSION-ID:')) return sessionLine(store, b, start, end);
  if (label === 'RSA' && startsWith(b, first, end, 'SESSION-ID:')) return sessionLine(store, b, first, end);
  const code = CODES.get(label);
  if (code === undefined) return false;
  const firstEnd = wordEnd(b, first, end);
  const keyLength = hex(b, first, firstEnd, key);
  const second = skipBlank(b, firstEnd, end);
  const secretLength = hex(b, second, wordEnd(b, second, end), secret);
  if (keyLength < 0 || secretLength < 0) return false;
  if (code === LABEL.rsa) return keyLength === 8 && secretLength === 48 && store.add(code, key, keyLength, secret, secretLength);
  if (keyLength !== 32) return false;
  if (code === LABEL.master && secretLength !== 48) return false;
  if (code >= LABEL.early && code <= LABEL.server && !DIGEST_LENGTHS.has(secretLength)) return false;
  return store.add(code, key, keyLength, secret, secretLength);
}

/** `identity:<hex>`, as GnuTLS, stunnel and others keep pre-shared keys. The identity may hold colons. */
function pskLine(b: Uint8Array, start: number, end: number, psk: PskSink): boolean {
  let colon = end - 1;
  while (colon > start && NIBBLES[b[colon]] >= 0) colon--;
  if (colon === start || b[colon] !== 0x3a) return false;
  const length = hex(b, colon + 1, end, secret);
  if (length < PSK_LEAST || length > PSK_MOST) return false;
  psk(b.slice(start, colon), secret.slice(0, length));
  return true;
}

/** `Session-ID:<hex> Master-Key:<hex>`, with or without a blank after the colon. */
function sessionLine(store: SecretStore, b: Uint8Array, start: number, end: number): boolean {
  const id = skipBlank(b, start + 11, end);
  const idEnd = wordEnd(b, id, end);
  const idLength = hex(b, id, idEnd, key);
  let at = skipBlank(b, idEnd, end);
  if (!startsWith(b, at, end, 'MASTER-KEY:')) return false;
  at = skipBlank(b, at + 11, end);
  const secretLength = hex(b, at, wordEnd(b, at, end), secret);
  return idLength > 0 && secretLength === 48 && store.add(LABEL.sessionId, key, idLength, secret, secretLength);
}

function hex(b: Uint8Array, start: number, end: number, out: Uint8Array): number {
  const length = (end - start) / 2;
  if (length === 0 || length !== Math.floor(length) || length > out.length) return -1;
  let bad = 0;
  for (let i = 0; i < length; i++) {
    const value = (NIBBLES[b[start + 2 * i]] << 4) | NIBBLES[b[start + 2 * i + 1]];
    bad |= value;
    out[i] = value;
  }
  return bad < 0 ? -1 : length;
}

function blank(c: number): boolean {
  return c === 0x20 || c === 0x09;
}

function skipBlank(b: Uint8Array, at: number, end: number): number {
  while (at < end && blank(b[at])) at++;
  return at;
}

function wordEnd(b: Uint8Array, at: number, end: number): number {
  while (at < end && !blank(b[at])) at++;
  return at;
}

function startsWith(b: Uint8Array, at: number, end: number, upper: string): boolean {
  return at + upper.length <= end && ascii(b, at, at + upper.length).toUpperCase() === upper;
}

function ascii(b: Uint8Array, start: number, end: number): string {
  let out = '';
  for (let i = start; i < end; i++) out += String.fromCharCode(b[i]);
  return out;
}

/** UTF-16 (as a Windows shell writes with `>`) reduced to bytes; anything else as it is. */
function narrow(text: Uint8Array): Uint8Array {
  if (text.length < 2) return text;
  const little = text[0] === 0xff && text[1] === 0xfe;
  if (!little && !(text[0] === 0xfe && text[1] === 0xff)) return text;
  const out = new Uint8Array((text.length - 2) >> 1);
  for (let i = 0; i < out.length; i++) {
    const low = text[2 + 2 * i + (little ? 0 : 1)];
    const high = text[2 + 2 * i + (little ? 1 : 0)];
    out[i] = high === 0 ? low : 0x3f;
  }
  return out;
}
