/** Value of each ASCII code as a hex digit, 255 when it is none. */
const DIGIT = new Uint8Array(256).fill(255);
for (let i = 0; i < 10; i++) DIGIT[48 + i] = i;
for (let i = 0; i < 6; i++) DIGIT[65 + i] = DIGIT[97 + i] = 10 + i;

const SPACE = 32;
const TAB = 9;

/** Value of the hex pair at `at`, or -1 when it is none. */
export function hexPair(b: Uint8Array, at: number): number {
  const high = DIGIT[b[at]];
  const low = DIGIT[b[at + 1]];
  return high === 255 || low === 255 ? -1 : (high << 4) | low;
}

/**
 * Decodes `b[start, end)`, hex pairs with or without blanks between the pairs, into `out` from 0.
 * Returns the number of bytes, or -1 - position of the first character that does not fit. `out` must hold (end - start) / 2.
 */
export function decodeHex(b: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let n = 0;
  let at = start;
  while (at < end) {
    const c = b[at];
    if (c === SPACE || c === TAB) {
      at++;
      continue;
    }
    const value = at + 1 < end ? hexPair(b, at) : -1;
    if (value < 0) return -1 - at;
    out[n++] = value;
    at += 2;
  }
  return n;
}

/** The bytes as text, each byte one character; for headers that are ASCII when they are right. */
export function ascii(b: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(b[i]);
  return text;
}

/** The value of decimal text, or NaN when it has other characters, is empty, or is beyond 2^53. */
export function decimal(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN;
}

/** A buffer of at least `length` bytes, reused from call to call of one reader. */
export class Scratch {
  private buffer = new Uint8Array(64 * 1024);

  of(length: number): Uint8Array {
    if (this.buffer.length < length) this.buffer = new Uint8Array(Math.max(length, this.buffer.length * 2));
    return this.buffer;
  }
}
