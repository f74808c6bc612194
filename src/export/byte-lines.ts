/** Longest single record that is written in place; a longer one makes the buffer grow. */
const CAPACITY = 1024 * 1024;
/** Filled beyond this, the buffer is handed on. */
const FLUSH_AT = CAPACITY - 128 * 1024;

const HEX_PAIRS = new Uint16Array(256);
for (let i = 0; i < 256; i++) {
  const digits = '0123456789abcdef';
  HEX_PAIRS[i] = (digits.charCodeAt(i >> 4) << 8) | digits.charCodeAt(i & 15);
}

/** ASCII and raw bytes into one reused buffer, handed on in large writes. Numbers are written without making strings. */
export class ByteLines {
  private buf = Buffer.alloc(CAPACITY);
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
    const grown = Buffer.alloc(Math.max(this.buf.length * 2, this.at + n));
    grown.set(this.buf.subarray(0, this.at));
    this.buf = grown;
  }

  byte(b: number): void {
    this.room(1);
    this.buf[this.at++] = b;
  }

  ascii(text: string): void {
    this.room(text.length);
    const buf = this.buf;
    let at = this.at;
    for (let i = 0; i < text.length; i++) buf[at++] = text.charCodeAt(i);
    this.at = at;
  }

  text(text: string): void {
    this.room(text.length * 3);
    this.at += this.buf.write(text, this.at, 'utf8');
  }

  bytes(bytes: Uint8Array): void {
    this.room(bytes.length);
    if (bytes.length > 200) this.buf.set(bytes, this.at);
    else for (let i = 0; i < bytes.length; i++) this.buf[this.at + i] = bytes[i];
    this.at += bytes.length;
  }

  range(b: Uint8Array, start: number, end: number): void {
    this.room(end - start);
    if (end - start > 64) this.buf.set(b.subarray(start, end), this.at);
    else for (let i = start; i < end; i++) this.buf[this.at + i - start] = b[i];
    this.at += end - start;
  }

  hex(b: Uint8Array, start: number, end: number): void {
    this.room(2 * (end - start));
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
    this.room(20);
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
    while (n > 0) this.buf[this.at++] = digits[--n];
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
