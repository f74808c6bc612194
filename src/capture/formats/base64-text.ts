/** Value of each ASCII code as a base64 digit, 255 when it is none. */
const DIGIT = new Uint8Array(256).fill(255);
for (let i = 0; i < 26; i++) {
  DIGIT[65 + i] = i;
  DIGIT[97 + i] = 26 + i;
}
for (let i = 0; i < 10; i++) DIGIT[48 + i] = 52 + i;
DIGIT[43] = 62;
DIGIT[47] = 63;

const PAD = 61;

/** Decodes base64 (RFC 4648, section 4) that comes in pieces, a line at a time. */
export class Base64Decoder {
  private bits = 0;
  private count = 0;
  private closed = false;

  /**
   * Decodes `b[start, end)` into `out` from `at`; returns the new `at`, or -1 when a character does not fit.
   * `out` must have room for three quarters of the characters.
   */
  decode(b: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
    for (let i = start; i < end; i++) {
      const c = b[i];
      if (c === PAD) {
        this.closed = true;
        continue;
      }
      const value = DIGIT[c];
      if (value === 255 || this.closed) return -1;
      this.bits = ((this.bits << 6) | value) & 0xffffff;
      this.count += 6;
      if (this.count >= 8) {
        this.count -= 8;
        out[at++] = (this.bits >> this.count) & 0xff;
      }
    }
    return at;
  }

  reset(): void {
    this.bits = this.count = 0;
    this.closed = false;
  }
}
