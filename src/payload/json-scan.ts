/*
 * JSON on bytes without making anything (RFC 8259): checks, and finds where values end. No recursion, so that depth costs
 * one byte a level and no stack.
 */

export const JSON_INVALID = 0;
/** Valid, one line, and safe for a terminal: may be copied as it is. */
export const JSON_PLAIN = 1;
/** Valid, but with line breaks between values or characters in strings that must be escaped before they are printed. */
export const JSON_REWRITE = 2;

/** Nesting that is passed on as JSON: readers in other programs give up at about 1,000. */
const PASS_DEPTH = 512;

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

const TRUE = [0x74, 0x72, 0x75, 0x65];
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65];
const NULL = [0x6e, 0x75, 0x6c, 0x6c];

/** Characters after a backslash: " \ / b f n r t, and u, which takes four hex digits. */
const ESCAPES = flags('"\\/bfnrtu');
const HEX_DIGITS = flags('0123456789abcdefABCDEF');

/** Printable ASCII that stands for itself in a string. */
const PLAIN = new Uint8Array(256).map((_, c) => (c >= SPACE && c < 0x7f && c !== QUOTE && c !== BACKSLASH ? 1 : 0));

function flags(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = 1;
  return table;
}

/** Walks JSON; one object serves any number of texts. After a failure `failedAt` and `problem` say where and why. */
export class JsonScanner {
  failedAt = -1;
  problem = '';
  /** Deepest nesting of the last value, and whether it must be rewritten before it is printed. */
  depth = 0;
  unsafe = false;
  private kinds = new Uint8Array(64); // 1 object, 0 array, by depth

  /** First byte from `at` that is no white space. Notes line breaks. */
  space(b: Uint8Array, at: number, end: number): number {
    for (; at < end; at++) {
      const c = b[at];
      if (c === SPACE || c === 0x09) continue;
      if (c !== 0x0a && c !== 0x0d) break;
      this.unsafe = true;
    }
    return at;
  }

  /** End of the value at `at` (white space before it allowed), or -1. */
  value(b: Uint8Array, at: number, end: number): number {
    let depth = 0;
    this.depth = 0;
    for (;;) {
      at = this.space(b, at, end);
      if (at >= end) return this.fail(at, 'value missing');
      const c = b[at];
      if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
        const isObject = c === OPEN_OBJECT;
        at = this.space(b, at + 1, end);
        const empty = at < end && b[at] === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY);
        if (!empty) {
          if (depth === this.kinds.length) this.grow();
          this.kinds[depth++] = isObject ? 1 : 0;
          if (depth > this.depth) this.depth = depth;
          if (isObject) {
            at = this.key(b, at, end);
            if (at < 0) return -1;
          }
          continue;
        }
        if (depth === this.depth) this.depth = depth + 1;
        at++;
      } else {
        at = this.scalar(b, at, end);
        if (at < 0) return -1;
      }
      // Behind a value: close what ends here, or go on to the next one.
      for (;;) {
        if (depth === 0) return at;
        at = this.space(b, at, end);
        const isObject = this.kinds[depth - 1] === 1;
        if (at >= end) return this.fail(at, isObject ? 'object not closed' : 'array not closed');
        const next = b[at];
        if (next === COMMA) {
          at++;
          if (isObject) {
            at = this.key(b, this.space(b, at, end), end);
            if (at < 0) return -1;
          }
          break;
        }
        if (next !== (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return this.fail(at, 'comma or closing bracket missing');
        at++;
        depth--;
      }
    }
  }

  /** End of a value that is no container, or -1. */
  scalar(b: Uint8Array, at: number, end: number): number {
    const c = b[at];
    if (c === QUOTE) return this.string(b, at, end);
    if (c === 0x74) return this.word(b, at, end, TRUE);
    if (c === 0x66) return this.word(b, at, end, FALSE);
    if (c === 0x6e) return this.word(b, at, end, NULL);
    return this.number(b, at, end);
  }

  /** Behind the key at `at` and its colon, or -1. */
  key(b: Uint8Array, at: number, end: number): number {
    if (at >= end || b[at] !== QUOTE) return this.fail(at, 'key missing');
    at = this.string(b, at, end);
    if (at < 0) return -1;
    at = this.space(b, at, end);
    if (at >= end || b[at] !== COLON) return this.fail(at, 'colon missing');
    return at + 1;
  }

  /** Behind the closing quote of the string at `at`, or -1. */
  string(b: Uint8Array, at: number, end: number): number {
    const start = at++;
    for (;;) {
      // Four at a time: most of a payload is such text, and this is the loop that its bytes go through.
      while (at + 4 <= end && (PLAIN[b[at]] & PLAIN[b[at + 1]] & PLAIN[b[at + 2]] & PLAIN[b[at + 3]]) === 1) at += 4;
      while (at < end && PLAIN[b[at]] === 1) at++;
      if (at >= end) return this.fail(start, 'string not closed');
      const c = b[at];
      if (c === QUOTE) return at + 1;
      at = c === BACKSLASH ? this.escape(b, at, end) : this.special(b, at, end, c);
      if (at < 0) return -1;
    }
  }

  private escape(b: Uint8Array, at: number, end: number): number {
    const escaped = at + 1 < end ? b[at + 1] : 0;
    if (ESCAPES[escaped] === 0) return this.fail(at, 'unknown escape');
    if (escaped !== 0x75) return at + 2;
    for (let i = at + 2; i < at + 6; i++) if (i >= end || HEX_DIGITS[b[i]] === 0) return this.fail(i, 'escape needs four hex digits');
    return at + 6;
  }

  /** A character that is no printable ASCII. */
  private special(b: Uint8Array, at: number, end: number, c: number): number {
    if (c < SPACE) return this.fail(at, 'control character in a string');
    const length = c === 0x7f ? 1 : utf8Length(b, at, end);
    if (length === 0) return this.fail(at, 'not valid UTF-8');
    if (length < 3 ? c === 0x7f || isUnsafe2(b, at) : isUnsafe(b, at)) this.unsafe = true;
    return at + length;
  }

  private word(b: Uint8Array, at: number, end: number, word: readonly number[]): number {
    for (let i = 0; i < word.length; i++) if (at + i >= end || b[at + i] !== word[i]) return this.fail(at, 'unknown word');
    return at + word.length;
  }

  private number(b: Uint8Array, at: number, end: number): number {
    const start = at;
    if (b[at] === 0x2d) at++;
    if (at < end && b[at] === 0x30) at++;
    else {
      const from = at;
      at = digits(b, at, end);
      if (at === from) return this.fail(start, at === start ? 'no value can begin so' : 'digits missing');
    }
    if (at < end && b[at] === 0x2e) {
      const from = ++at;
      at = digits(b, at, end);
      if (at === from) return this.fail(start, 'digits missing after the point');
    }
    if (at < end && (b[at] | 0x20) === 0x65) {
      at++;
      if (at < end && (b[at] === 0x2b || b[at] === 0x2d)) at++;
      const from = at;
      at = digits(b, at, end);
      if (at === from) return this.fail(start, 'digits missing in the exponent');
    }
    return at;
  }

  private fail(at: number, problem: string): -1 {
    this.failedAt = at;
    this.problem = problem;
    return -1;
  }

  private grow(): void {
    const grown = new Uint8Array(this.kinds.length * 4);
    grown.set(this.kinds);
    this.kinds = grown;
  }
}

function digits(b: Uint8Array, at: number, end: number): number {
  while (at < end && b[at] >= 0x30 && b[at] <= 0x39) at++;
  return at;
}

/** Bytes of the UTF-8 character at `at`, 0 when there is none: overlong forms, surrogates, and code points above 10ffff are none. */
function utf8Length(b: Uint8Array, at: number, end: number): number {
  const c = b[at];
  if (c < 0xc2 || c > 0xf4) return 0;
  const length = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  if (at + length > end) return 0;
  const second = b[at + 1];
  const low = c === 0xe0 ? 0xa0 : c === 0xf0 ? 0x90 : 0x80;
  const high = c === 0xed ? 0x9f : c === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i++) if ((b[at + i] & 0xc0) !== 0x80) return 0;
  return length;
}

/** C1 controls and the Arabic letter mark. */
function isUnsafe2(b: Uint8Array, at: number): boolean {
  return (b[at] === 0xc2 && b[at + 1] < 0xa0) || (b[at] === 0xd8 && b[at + 1] === 0x9c);
}

/** The longer characters that `core/text` does not let through: separators, bidi controls, zero-width and tag characters. */
function isUnsafe(b: Uint8Array, at: number): boolean {
  const second = b[at + 1];
  const third = b[at + 2];
  switch (b[at]) {
    case 0xe2:
      if (second === 0x80) return (third >= 0x8b && third <= 0x8f) || (third >= 0xa8 && third <= 0xae);
      return second === 0x81 && third >= 0xa0 && third <= 0xaf;
    case 0xef:
      return (second === 0xbb && third === 0xbf) || (second === 0xbf && third >= 0xb9 && third <= 0xbb);
    case 0xf3:
      return second === 0xa0;
    default:
      return false;
  }
}

const scanner = new JsonScanner();

/** Whether `b[start, end)` is one JSON value with nothing but white space around it: JSON_INVALID, JSON_PLAIN or JSON_REWRITE. */
export function checkJson(b: Uint8Array, start: number, end: number): 0 | 1 | 2 {
  scanner.unsafe = false;
  const stop = scanner.value(b, start, end);
  if (stop < 0 || scanner.space(b, stop, end) !== end || scanner.depth > PASS_DEPTH) return JSON_INVALID;
  return scanner.unsafe ? JSON_REWRITE : JSON_PLAIN;
}

/**
 * Whether `b[start, end)` is valid JSON that may be copied into a line of output as it is: no line breaks, nothing that moves a
 * cursor. Makes no objects.
 */
export function isJson(b: Uint8Array, start = 0, end = b.length): boolean {
  return checkJson(b, start, end) === JSON_PLAIN;
}
