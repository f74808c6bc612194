/** Byte strings numbered in order of first sight (topics). Bounded: a hostile capture cannot grow it without end. */

/** 16-bit columns hold number + 1. Far above the 242 known topics and any device's list. */
export const INTERN_LIMIT = 0xfff0;
/** Longest byte string that is kept; longer ones are not interned. Topics are 20 bytes or bundle identifiers. */
const LENGTH_LIMIT = 512;

/** Length of a SHA-1 in bytes, and in words of four: most of what is looked up are hashes, and words compare five times as fast. */
const HASH_BYTES = 20;
const HASH_WORDS = HASH_BYTES / 4;

/** Slots looked at for one value. The table is at most half full: more than some forty in a row are taken only when somebody chose the values so. */
const MAX_PROBES = 128;

/** Buffers of this many bytes are read as words: those of a capture's slices, which come again. For others a view costs more. */
const VIEWED_BYTES = 1 << 16;

/** A hash (SHA-1) is random in any four bytes; of names the last bytes differ most. */
function hashOf(b: Uint8Array, start: number, length: number): number {
  if (length === HASH_BYTES) return word(b, start);
  let hash = length;
  for (let i = start; i < start + length; i++) hash = (Math.imul(hash, 31) + b[i]) | 0;
  return hash;
}

function word(b: Uint8Array, at: number): number {
  return (b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3];
}

/** Spreads hashes over the table, neighbours too: 2^32 divided by the golden ratio, as Fibonacci hashing has it. */
function spread(hash: number): number {
  const product = Math.imul(hash, 0x9e3779b1);
  return product ^ (product >>> 15);
}

export class Interned {
  readonly values: Uint8Array[] = [];
  private table = new Uint16Array(512);
  /** The words of value n, when it has 20 bytes, from 5n; zero otherwise. */
  private words = new Int32Array(64 * HASH_WORDS);
  private viewed: Uint8Array | undefined = undefined;
  private view: DataView = new DataView(new ArrayBuffer(0));

  /** Number of `buf[start, end)`, or -1 when it is not kept. */
  number(buf: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length <= 0 || length > LENGTH_LIMIT) return -1;
    if (buf !== this.viewed && buf.length >= VIEWED_BYTES) {
      this.viewed = buf;
      this.view = new DataView(buf.buffer, buf.byteOffset, buf.length);
    }
    const view = buf === this.viewed && length === HASH_BYTES ? this.view : undefined;
    const hash = view === undefined ? hashOf(buf, start, length) : view.getInt32(start);
    const table = this.table;
    const mask = table.length - 1;
    let slot = spread(hash) & mask;
    for (let probes = 0; ; probes++) {
      if (probes === MAX_PROBES) return -1;
      const n = table[slot];
      if (n === 0) break;
      if (view === undefined ? equal(this.values[n - 1], buf, start, length) : this.isHash(n - 1, hash, view, start)) return n - 1;
      slot = (slot + 1) & mask;
    }
    if (this.values.length >= INTERN_LIMIT) return -1;
    this.keep(buf.slice(start, end));
    table[slot] = this.values.length;
    if (this.values.length * 2 > table.length) this.rehash();
    return this.values.length - 1;
  }

  /** Whether value n is the hash at `at`, which begins with the word `first`. */
  private isHash(n: number, first: number, view: DataView, at: number): boolean {
    const words = this.words;
    const w = n * HASH_WORDS;
    return (
      words[w] === first &&
      words[w + 1] === view.getInt32(at + 4) &&
      words[w + 2] === view.getInt32(at + 8) &&
      words[w + 3] === view.getInt32(at + 12) &&
      words[w + 4] === view.getInt32(at + 16) &&
      // A value of another length has words of zero, and somebody may send a hash of zeros.
      (first !== 0 || this.values[n].length === HASH_BYTES)
    );
  }

  private keep(value: Uint8Array): void {
    const at = this.values.length * HASH_WORDS;
    this.values.push(value);
    if (at === this.words.length) {
      const words = new Int32Array(this.words.length * 2);
      words.set(this.words);
      this.words = words;
    }
    if (value.length === HASH_BYTES) for (let i = 0; i < HASH_WORDS; i++) this.words[at + i] = word(value, i * 4);
  }

  private rehash(): void {
    const table = new Uint16Array(this.table.length * 4);
    const mask = table.length - 1;
    for (let n = 0; n < this.values.length; n++) {
      const value = this.values[n];
      const hash = hashOf(value, 0, value.length);
      let slot = spread(hash) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = n + 1;
    }
    this.table = table;
  }
}

function equal(value: Uint8Array, buf: Uint8Array, start: number, length: number): boolean {
  if (value.length !== length) return false;
  let i = 0;
  while (i + 4 <= length && word(value, i) === word(buf, start + i)) i += 4;
  while (i < length && value[i] === buf[start + i]) i++;
  return i === length;
}
