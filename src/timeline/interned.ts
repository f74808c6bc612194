/** Byte strings numbered in order of first sight (topics). Bounded: a hostile capture cannot grow it without end. */

/** 16-bit columns hold number + 1. Far above the 242 known topics and any device's list. */
export const INTERN_LIMIT = 0xfff0;
/** Longest byte string that is kept; longer ones are not interned. Topics are 20 bytes or bundle identifiers. */
const LENGTH_LIMIT = 512;

/** A hash (SHA-1) is random in any four bytes; of names the last bytes differ most. */
function hashOf(b: Uint8Array, start: number, length: number): number {
  if (length === 20) return (b[start] << 24) | (b[start + 1] << 16) | (b[start + 2] << 8) | b[start + 3];
  let hash = length;
  for (let i = start; i < start + length; i++) hash = (Math.imul(hash, 31) + b[i]) | 0;
  return hash;
}

export class Interned {
  readonly values: Uint8Array[] = [];
  private table = new Uint16Array(512);

  /** Number of `buf[start, end)`, or -1 when it is not kept. */
  number(buf: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length <= 0 || length > LENGTH_LIMIT) return -1;
    const hash = hashOf(buf, start, length);
    const mask = this.table.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const n = this.table[slot];
      if (n === 0) break;
      const value = this.values[n - 1];
      if (value.length === length) {
        let i = 0;
        while (i < length && value[i] === buf[start + i]) i++;
        if (i === length) return n - 1;
      }
      slot = (slot + 1) & mask;
    }
    if (this.values.length >= INTERN_LIMIT) return -1;
    this.values.push(buf.slice(start, end));
    this.table[slot] = this.values.length;
    if (this.values.length * 2 > this.table.length) this.rehash();
    return this.values.length - 1;
  }

  private rehash(): void {
    const table = new Uint16Array(this.table.length * 4);
    const mask = table.length - 1;
    for (let n = 0; n < this.values.length; n++) {
      const value = this.values[n];
      const hash = hashOf(value, 0, value.length);
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = n + 1;
    }
    this.table = table;
  }
}
