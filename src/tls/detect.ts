import { CONTENT } from '../schema/tls.ts';
import { isHandshakeStart } from './assembly.ts';
import { ssl2HelloLength } from './hello.ts';
import { HEADER } from './record-cipher.ts';
import { isRecordHeader } from './records.ts';

/** Records that must follow one another exactly before a stream that starts in mid-session is taken for TLS. */
const TILES = 2;
/** Shortest body of a protected record: an 8-byte tag and one byte. */
const PROTECTED_LEAST = 9;

/**
 * True when these bytes, the first known of one direction of a stream, are TLS or an SSL 2.0 hello; `'need'` when more
 * bytes could show it. Asks for evidence: a handshake record that starts with a fitting message, an alert or
 * ChangeCipherSpec of the right size, or application data records that tile. A single application data record counts
 * when it ends where the bytes end or reaches beyond them, and its content is not text.
 */
export function looksLikeTls(buf: Uint8Array, start: number, end: number): boolean | 'need' {
  if (end <= start) return 'need';
  if (buf[start] >= 0x80) {
    const length = ssl2HelloLength(buf, start, end);
    return length < 0 ? 'need' : length > 0;
  }
  if (buf[start] < CONTENT.ccs || buf[start] > CONTENT.data) return false;
  let at = start;
  for (let tiles = 0; tiles < TILES; tiles++) {
    if (end - at < HEADER) return tiles > 0 ? evidence(buf, start) : partial(buf, at, end);
    if (!isRecordHeader(buf, at)) return false;
    const length = (buf[at + 3] << 8) | buf[at + 4];
    const verdict = plausible(buf, at, length, end);
    if (verdict !== true) return verdict;
    if (buf[at] === CONTENT.handshake && tiles === 0 && isHandshakeStart(buf, at + HEADER, end) && end - at > HEADER) return true;
    if (at + HEADER + length >= end) return evidence(buf, start);
    at += HEADER + length;
  }
  return true;
}

/** A record that starts as a header should, as far as it goes. */
function partial(buf: Uint8Array, at: number, end: number): false | 'need' {
  if (end - at > 1 && buf[at + 1] !== 3) return false;
  if (end - at > 2 && buf[at + 2] > 4) return false;
  return 'need';
}

function plausible(buf: Uint8Array, at: number, length: number, end: number): boolean | 'need' {
  const body = at + HEADER;
  switch (buf[at]) {
    case CONTENT.ccs:
      return length === 1 && (body >= end || buf[body] === 1);
    case CONTENT.alert:
      return length === 2
        ? body + 1 >= end || ((buf[body] === 1 || buf[body] === 2) && buf[body + 1] <= 121)
        : length >= PROTECTED_LEAST && length <= 128;
    case CONTENT.handshake:
      return length > 0;
    default:
      return length >= PROTECTED_LEAST;
  }
}

/** One record only: its bytes decide. A run of printable text after a header is no ciphertext. */
function evidence(buf: Uint8Array, start: number): boolean {
  const type = buf[start];
  if (type !== CONTENT.data && type !== CONTENT.handshake) return true;
  // SSL 3.0 to TLS 1.2 in the header: what all stacks write.
  if (buf[start + 2] > 3) return false;
  let text = 0;
  let seen = 0;
  for (let p = start + HEADER; p < buf.length && seen < 32; p++, seen++) if (buf[p] >= 0x20 && buf[p] < 0x7f) text++;
  return seen < 8 || text < seen * 0.9;
}
