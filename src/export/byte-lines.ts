/** Longest single record that is written in place; a longer one makes the buffer grow. */
const CAPACITY = 1024 * 1024;
/** Filled beyond this, the buffer is handed on. */
const FLUSH_AT = CAPACITY - 128 * 1024;

const ENCODER = new TextEncoder();

const HEX_PAIRS = new Uint16Array(256);
for (let i = 0; i < 256; i++) {
  const digits = '0123456789abcdef';
  HEX_PAIRS[i] = (digits.charCodeAt(i >> 4) << 8) | digits.charCodeAt(i & 15);
}

/** ASCII and raw bytes into one reused buffer, handed on in large writes. Numbers are written without making strings. */
export class ByteLines {
  private buf = new Uint8Array(CAPACITY);
  private at = 0;
  private readonly write: (bytes: Uint8Array) => void;
  private readonly digits = new Uint8Array(24);

  constructor(write: (bytes: Uint8Array) => void) {
    this.write = write;
  }

  /** Position to come back to with `rewind`. Flushes first when the buffer is nearly full, so that a record stays in it. */
  mark(): number {
    if (this.at >= FLUSH_AT) this.flush();
    return this.at;
  }

  rewind(mark: number): void {
    this.at = mark;
  }

  flush(): void {
    if (this.at > 0) this.write(this.buf.subarray(0, this.at));
    this.at = 0;
  }

  private room(n: number): void {
    if (this.at + n <= this.buf.length) return;
    const grown = new Uint8Array(Math.max(this.buf.length * 2, this.at + n));
    grown.set(this.buf.subarray(0, this.at));
    this.buf = grown;
  }

  byte(b: number): void {
    if (this.at === this.buf.length) this.room(1);
    this.buf[this.at++] = b;
  }

  ascii(text: string): void {
    if (this.at + text.length > this.buf.length) this.room(text.length);
    const buf = this.buf;
    let at = this.at;
    for (let i = 0; i < text.length; i++) buf[at++] = text.charCodeAt(i);
    this.at = at;
  }

  text(text: string): void {
    this.room(text.length * 3);
    this.at += ENCODER.encodeInto(text, this.buf.subarray(this.at)).written;
  }

  /** A short constant: a key, a prefix. */
  bytes(bytes: Uint8Array): void {
    const length = bytes.length;
    if (this.at + length > this.buf.length) this.room(length);
    const buf = this.buf;
    let at = this.at;
    for (let i = 0; i < length; i++) buf[at++] = bytes[i];
    this.at = at;
  }

  range(b: Uint8Array, start: number, end: number): void {
    if (this.at + end - start > this.buf.length) this.room(end - start);
    if (end - start > 64) {
      this.buf.set(b.subarray(start, end), this.at);
      this.at += end - start;
      return;
    }
    const buf = this.buf;
    let at = this.at;
    for (let i = start; i < end; i++) buf[at++] = b[i];
    this.at = at;
  }

  hex(b: Uint8Array, start: number, end: number): void {
    if (this.at + 2 * (end - start) > this.buf.length) this.room(2 * (end - start));
    const buf = this.buf;
    let at = this.at;
    for (let i = start; i < end; i++) {
      const pair = HEX_PAIRS[b[i]];
      buf[at++] = pair >> 8;
      buf[at++] = pair & 0xff;
    }
    this.at = at;
  }

  /** A whole number from 0 to 2^53. */
  number(value: number): void {
    if (this.at + 20 > this.buf.length) this.room(20);
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
    let at = this.at;
    while (n > 0) buf[at++] = digits[--n];
    this.at = at;
  }

  /** `value` with leading zeros to `width` digits. */
  padded(value: number, width: number): void {
    this.room(width);
    for (let i = this.at + width - 1; i >= this.at; i--) {
      const q = (value / 10) | 0;
      this.buf[i] = 48 + (value - q * 10);
      value = q;
    }
    this.at += width;
  }

  /** Big-endian unsigned integer of 1 to 8 bytes as JSON: a number, or a string above 2^53. */
  unsigned(b: Uint8Array, start: number, width: number): void {
    if (width === 1) {
      this.number(b[start]);
      return;
    }
    if (width <= 4) {
      let value = 0;
      for (let i = start; i < start + width; i++) value = value * 256 + b[i];
      this.number(value);
      return;
    }
    // Long division by 10^9 over 16-bit limbs: every step stays below 2^53.
    let quotient = 0;
    let rest = 0;
    for (let i = start; i < start + width; i += 2) {
      const limb = rest * 65536 + (b[i] << 8) + b[i + 1];
      const q = Math.floor(limb / 1e9);
      quotient = quotient * 65536 + q;
      rest = limb - q * 1e9;
    }
    const big = quotient > 9007199 || (quotient === 9007199 && rest > 254740991);
    if (big) this.byte(0x22);
    if (quotient > 0) {
      this.number(quotient);
      this.padded(rest, 9);
    } else this.number(rest);
    if (big) this.byte(0x22);
  }
}
