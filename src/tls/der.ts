/**
 * A bounded reader for DER, and for the BER that old PKCS#12 files use. Never throws, never recurses by itself.
 * Source: ITU-T X.690.
 */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One value: its tag byte and where header and content are. */
export interface Der {
  readonly bytes: Uint8Array;
  readonly tag: number;
  /** Start of the header. */
  readonly from: number;
  readonly start: number;
  readonly end: number;
}

/** Values in one structure; certificates have some dozens, a PKCS#12 file some hundreds. */
const CHILD_LIMIT = 4096;
/** Depth at which an indefinite length is still followed to its end. */
const DEPTH_LIMIT = 16;

/** The value at `at`, or undefined when its header is broken or it reaches beyond `end`. Indefinite lengths (BER) are resolved. */
export function derAt(bytes: Uint8Array, at: number, end: number, depth = 0): Der | undefined {
  if (at + 2 > end) return undefined;
  const tag = bytes[at];
  // Tags above 30 take more bytes and occur in nothing that is read here.
  if ((tag & 0x1f) === 0x1f) return undefined;
  let p = at + 2;
  let length = bytes[at + 1];
  if (length === 0x80) return indefinite(bytes, tag, at, end, depth);
  if (length > 0x80) {
    const count = length & 0x7f;
    if (count > 4 || p + count > end) return undefined;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[p + i];
    p += count;
  }
  return p + length > end ? undefined : { bytes, tag, from: at, start: p, end: p + length };
}

function indefinite(bytes: Uint8Array, tag: number, at: number, end: number, depth: number): Der | undefined {
  if ((tag & 0x20) === 0 || depth >= DEPTH_LIMIT) return undefined;
  let p = at + 2;
  for (let i = 0; i < CHILD_LIMIT && p + 2 <= end; i++) {
    if (bytes[p] === 0 && bytes[p + 1] === 0) return { bytes, tag, from: at, start: at + 2, end: p };
    const child = derAt(bytes, p, end, depth + 1);
    if (child === undefined) return undefined;
    p = derNext(child);
  }
  return undefined;
}

/** Where the value after this one starts: behind the end-of-contents mark, when the length was indefinite. */
function derNext(value: Der): number {
  return value.bytes[value.from + 1] === 0x80 ? value.end + 2 : value.end;
}

/** The values inside a constructed one; those before the first broken one when it is broken. */
export function derChildren(parent: Der): Der[] {
  const children: Der[] = [];
  let p = parent.start;
  while (p < parent.end && children.length < CHILD_LIMIT) {
    const child = derAt(parent.bytes, p, parent.end);
    if (child === undefined) break;
    children.push(child);
    p = derNext(child);
  }
  return children;
}

/** Content as a view; valid as long as the underlying bytes. */
export function derContent(value: Der): Uint8Array {
  return value.bytes.subarray(value.start, value.end);
}

/** Header and content. */
export function derWhole(value: Der): Uint8Array {
  return value.bytes.subarray(value.from, derNext(value));
}

/** Content of an octet string, joined when BER cut it into pieces. */
export function derOctets(value: Der): Uint8Array {
  if ((value.tag & 0x20) === 0) return derContent(value);
  const parts = derChildren(value);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.end - part.start, 0));
  let at = 0;
  for (const part of parts) {
    out.set(derContent(part), at);
    at += part.end - part.start;
  }
  return out;
}

/** Dotted form of an object identifier; empty when it is not one. */
export function derOid(value: Der | undefined): string {
  if (value === undefined || value.tag !== TAG.oid || value.end === value.start) return '';
  const arcs: number[] = [];
  let arc = 0;
  for (let p = value.start; p < value.end; p++) {
    arc = arc * 128 + (value.bytes[p] & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER) return '';
    if (value.bytes[p] >= 0x80) continue;
    if (arcs.length === 0) arcs.push(arc < 80 ? Math.floor(arc / 40) : 2, arc < 80 ? arc % 40 : arc - 80);
    else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

/** Small non-negative integer, or undefined. */
export function derInteger(value: Der | undefined): number | undefined {
  if (value === undefined || value.tag !== TAG.integer || value.end - value.start > 6) return undefined;
  let n = 0;
  for (let p = value.start; p < value.end; p++) n = n * 256 + value.bytes[p];
  return n;
}

/** Text of any of the string types, or undefined; not yet safe for a terminal. */
export function derText(value: Der): string | undefined {
  const content = derContent(value);
  switch (value.tag) {
    case TAG.utf8:
      return new TextDecoder('utf-8').decode(content);
    case TAG.bmpString: {
      let out = '';
      for (let i = 0; i + 1 < content.length; i += 2) out += String.fromCharCode((content[i] << 8) | content[i + 1]);
      return out;
    }
    case TAG.numericString:
    case TAG.printableString:
    case TAG.teletexString:
    case TAG.ia5String:
    case TAG.visibleString:
      return Array.from(content, (c) => String.fromCharCode(c)).join('');
    default:
      return undefined;
  }
}

/** Seconds since the epoch of a UTCTime or GeneralizedTime; undefined when it is neither. */
export function derTime(value: Der | undefined): number | undefined {
  if (value === undefined) return undefined;
  const text = Array.from(derContent(value), (c) => String.fromCharCode(c)).join('');
  const match =
    value.tag === TAG.utcTime
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/.exec(text)
      : value.tag === TAG.generalizedTime
        ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d+)?Z$/.exec(text)
        : null;
  if (match === null) return undefined;
  let year = Number(match[1]);
  // RFC 5280: two digits are 1950 to 2049.
  if (value.tag === TAG.utcTime) year += year < 50 ? 2000 : 1900;
  const time = Date.UTC(year, Number(match[2]) - 1, Number(match[3]), Number(match[4]), Number(match[5]), Number(match[6] ?? 0));
  return time / 1000;
}
