/** Empty parts are common, and an array of its own takes 200 bytes. */
const EMPTY = new Uint8Array(0);

/**
 * Reads a message from front to back. Nothing throws: reading beyond the end gives 0 or an empty range, and `ok` turns false.
 * Numbers are big-endian; vectors carry their length in 1, 2 or 3 bytes (RFC 8446 section 3.4).
 */
export class Cursor {
  ok = true;
  at: number;
  readonly bytes: Uint8Array;
  readonly end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  uint(width: number): number {
    if (this.left < width) {
      this.fail();
      return 0;
    }
    let n = 0;
    for (let i = 0; i < width; i++) n = n * 256 + this.bytes[this.at++];
    return n;
  }

  /** The next `length` bytes as a cursor of their own. */
  take(length: number): Cursor {
    if (this.left < length) {
      const short = new Cursor(this.bytes, this.at, this.end);
      this.fail();
      short.ok = false;
      return short;
    }
    const part = new Cursor(this.bytes, this.at, this.at + length);
    this.at += length;
    return part;
  }

  /** A vector whose length is in its first `width` bytes. */
  vector(width: number): Cursor {
    return this.take(this.uint(width));
  }

  /** A copy of the rest. */
  copy(): Uint8Array {
    return this.at === this.end ? EMPTY : this.bytes.slice(this.at, this.end);
  }

  /** The rest as Latin-1 text, not yet safe for a terminal. */
  text(): string {
    let out = '';
    for (let p = this.at; p < this.end; p++) out += String.fromCharCode(this.bytes[p]);
    return out;
  }

  private fail(): void {
    this.ok = false;
    this.at = this.end;
  }
}
