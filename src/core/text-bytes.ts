/**
 * Text as UTF-8 bytes in one reused buffer: rows of output are written here, without a string for each of their parts. What is
 * long and of a known length is written four bytes at a time: loops over bytes are what a row would mostly cost.
 */

import { utf8Bytes } from './text.ts';

declare class TextEncoder {
  encodeInto(text: string, into: Uint8Array): { written: number };
}
const ENCODER = new TextEncoder();

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;

const DIGITS = '0123456789abcdef';
const digit = (value: number): number => DIGITS.charCodeAt(value);

/** The two hex digits of a byte. */
const HEX_PAIRS = new Uint16Array(256).map((_, i) => (digit(i >> 4) << 8) | digit(i & 15));

const TEN_THOUSAND = 10_000;
const HUNDRED_MILLION = 100_000_000;
const BILLION = 1_000_000_000;
/** The upper half of 2^53 - 1. */
const SAFE_HIGH = 0x1fffff;
/** The two decimal digits of a number below a hundred. */
const DIGIT_PAIRS = new Uint16Array(100).map((_, i) => (digit((i / 10) | 0) << 8) | digit(i % 10));

/** The four digits of a number below ten thousand, as the bytes of a word. */
function fourDigits(value: number): number {
  const high = (value / 100) | 0;
  return (DIGIT_PAIRS[high] << 16) | DIGIT_PAIRS[value - high * 100];
}

// From so many bytes on the platform's copy is quicker than a loop: of a whole array, of a part of one, which takes a view, and of spaces.
const WHOLE_COPY = 20;
const PART_COPY = 40;
const FILL = 20;

/** Digits of a whole number from 0 to 2^53. */
export function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  return digits;
}

/** A short text that is written often: its bytes four at a time, with zeros behind them. */
export class Phrase {
  readonly length: number;
  readonly words: Uint32Array;

  constructor(text: string) {
    const bytes = utf8Bytes(text);
    this.length = bytes.length;
    const padded = new Uint8Array((bytes.length + 3) & ~3);
    padded.set(bytes);
    const view = new DataView(padded.buffer);
    this.words = new Uint32Array(padded.length / 4).map((_, i) => view.getUint32(i * 4));
  }
}

/** Appends text and raw bytes. Numbers are written without making strings. Grows as needed; never shrinks. */
export class TextBytes {
  private buf: Uint8Array;
  /** The same memory, for writes of more than a byte. */
  private words: DataView;
  /** Bytes written. A caller takes back what it wrote by setting it to an earlier value. */
  length = 0;
  private readonly digits = new Uint8Array(24);

  constructor(capacity: number) {
    this.buf = new Uint8Array(capacity);
    this.words = new DataView(this.buf.buffer);
  }

  /** What is written, or what is from `from` on, as a view that counts until the next write. */
  view(from = 0): Uint8Array {
    return this.buf.subarray(from, this.length);
  }

  private room(n: number): void {
    if (this.length + n <= this.buf.length) return;
    const grown = new Uint8Array(Math.max(this.buf.length * 2, this.length + n));
    grown.set(this.buf.subarray(0, this.length));
    this.buf = grown;
    this.words = new DataView(grown.buffer);
  }

  byte(b: number): void {
    if (this.length === this.buf.length) this.room(1);
    this.buf[this.length++] = b;
  }

  /** Puts another byte in the place of one that is written. */
  replace(at: number, b: number): void {
    this.buf[at] = b;
  }

  ascii(text: string): void {
    if (this.length + text.length > this.buf.length) this.room(text.length);
    const buf = this.buf;
    let at = this.length;
    for (let i = 0; i < text.length; i++) buf[at++] = text.charCodeAt(i);
    this.length = at;
  }

  text(text: string): void {
    this.room(text.length * 3);
    this.length += ENCODER.encodeInto(text, this.buf.subarray(this.length)).written;
  }

  /** A constant of any length. */
  bytes(bytes: Uint8Array): void {
    const length = bytes.length;
    if (this.length + length > this.buf.length) this.room(length);
    const buf = this.buf;
    if (length > WHOLE_COPY) {
      buf.set(bytes, this.length);
      this.length += length;
      return;
    }
    let at = this.length;
    for (let i = 0; i < length; i++) buf[at++] = bytes[i];
    this.length = at;
  }

  /** A short constant: a key, a prefix. */
  phrase(phrase: Phrase): void {
    const { words } = phrase;
    const length = words.length * 4;
    if (this.length + length > this.buf.length) this.room(length);
    let at = this.length;
    for (let i = 0; i < words.length; i++) {
      this.words.setUint32(at, words[i]);
      at += 4;
    }
    // The zeros are overwritten by what comes next.
    this.length += phrase.length;
  }

  range(b: Uint8Array, start: number, end: number): void {
    if (this.length + end - start > this.buf.length) this.room(end - start);
    if (end - start > PART_COPY) {
      this.buf.set(b.subarray(start, end), this.length);
      this.length += end - start;
      return;
    }
    const buf = this.buf;
    let at = this.length;
    for (let i = start; i < end; i++) buf[at++] = b[i];
    this.length = at;
  }

  /** All that another one holds. */
  append(other: TextBytes): void {
    this.range(other.buf, 0, other.length);
  }

  /** A stretch of what another one holds. */
  part(other: TextBytes, start: number, end: number): void {
    this.range(other.buf, start, end);
  }

  hex(b: Uint8Array, start: number, end: number): void {
    if (this.length + 2 * (end - start) > this.buf.length) this.room(2 * (end - start));
    const { words } = this;
    let at = this.length;
    let i = start;
    for (; i + 1 < end; i += 2) {
      words.setUint32(at, (HEX_PAIRS[b[i]] << 16) | HEX_PAIRS[b[i + 1]]);
      at += 4;
    }
    if (i < end) {
      words.setUint16(at, HEX_PAIRS[b[i]]);
      at += 2;
    }
    this.length = at;
  }

  /** A whole number from 0 to 2^53. */
  number(value: number): void {
    if (this.length + 20 > this.buf.length) this.room(20);
    const digits = this.digits;
    let n = 0;
    while (value >= 0x7fffffff) {
      const q = Math.floor(value / 10);
      digits[n++] = 48 + (value - q * 10);
      value = q;
    }
    value |= 0;
    do {
      const q = (value / 10) | 0;
      digits[n++] = 48 + (value - q * 10);
      value = q;
    } while (value > 0);
    const buf = this.buf;
    let at = this.length;
    while (n > 0) buf[at++] = digits[--n];
    this.length = at;
  }

  private four(value: number): void {
    if (this.length + 4 > this.buf.length) this.room(4);
    this.words.setUint32(this.length, fourDigits(value));
    this.length += 4;
  }

  private eight(value: number): void {
    const high = (value / TEN_THOUSAND) | 0;
    this.four(high);
    this.four(value - high * TEN_THOUSAND);
  }

  /** Nine digits with leading zeros: billionths. */
  nine(value: number): void {
    const high = (value / HUNDRED_MILLION) | 0;
    this.byte(0x30 + high);
    this.eight(value - high * HUNDRED_MILLION);
  }

  /** `value` with leading zeros to `width` digits; below 2^31. */
  padded(value: number, width: number): void {
    this.room(width);
    for (let i = this.length + width - 1; i >= this.length; i--) {
      const q = (value / 10) | 0;
      this.buf[i] = 48 + (value - q * 10);
      value = q;
    }
    this.length += width;
  }

  spaces(n: number): void {
    if (this.length + n > this.buf.length) this.room(n);
    const buf = this.buf;
    const end = this.length + n;
    if (n > FILL) buf.fill(SPACE, this.length, end);
    else for (let at = this.length; at < end; at++) buf[at] = SPACE;
    this.length = end;
  }

  /** Takes back the spaces at the end, not beyond `from`. False when a character before them may be white space of another kind. */
  trim(from: number): boolean {
    const buf = this.buf;
    let at = this.length;
    while (at > from && buf[at - 1] === SPACE) at--;
    this.length = at;
    if (at === from || buf[at - 1] < 0x80) return true;
    // Behind U+201D and U+2026 there is no question: they end most lines that do not end in ASCII.
    return at > from + 2 && buf[at - 3] === 0xe2 && buf[at - 2] === 0x80 && (buf[at - 1] === 0x9d || buf[at - 1] === 0xa6);
  }

  /**
   * Puts what stands from `from` on between quotes when it has a comma, a quote or a line break (RFC 4180). False when it has a
   * quote inside, which would have to be doubled.
   */
  quote(from: number): boolean {
    const end = this.length;
    let special = false;
    for (let i = from; i < end; i++) {
      const c = this.buf[i];
      if (c === QUOTE) return false;
      if (c === COMMA || c === 0x0d || c === 0x0a) special = true;
    }
    if (!special) return true;
    this.room(2);
    this.buf.copyWithin(from + 1, from, end);
    this.buf[from] = QUOTE;
    this.buf[end + 1] = QUOTE;
    this.length = end + 2;
    return true;
  }

  /** Big-endian unsigned integer of 1 to 8 bytes as JSON: a number, or a string above 2^53. */
  unsigned(b: Uint8Array, start: number, width: number): void {
    if (width === 1) {
      this.number(b[start]);
      return;
    }
    let high = 0;
    for (let i = start; i < start + width - 4; i++) high = high * 256 + b[i];
    let low = 0;
    for (let i = Math.max(start, start + width - 4); i < start + width; i++) low = low * 256 + b[i];
    if (high <= SAFE_HIGH) {
      this.number(high * 2 ** 32 + low);
      return;
    }
    // Long division by 10^9, twenty-two bits at last: every step stays below 2^53.
    const top = high * 1024 + (low >>> 22);
    const upper = Math.floor(top / BILLION);
    const rest = (top - upper * BILLION) * 4194304 + (low & 0x3fffff);
    const lower = Math.floor(rest / BILLION);
    this.byte(QUOTE);
    this.number(upper * 4194304 + lower);
    this.nine(rest - lower * BILLION);
    this.byte(QUOTE);
  }
}
