const FIRST_SLOTS = 256;

/** IPv6 addresses, numbered from 0 in order of appearance, so that a flow key needs one word an address for both families. */
export class AddressTable {
  private slots = new Int32Array(FIRST_SLOTS);
  private mask = FIRST_SLOTS - 1;
  private words = new Int32Array(4 * (FIRST_SLOTS / 2));
  count = 0;

  /** Number of the 16 bytes at `at`. */
  number(buf: Uint8Array, at: number): number {
    const a = (buf[at] << 24) | (buf[at + 1] << 16) | (buf[at + 2] << 8) | buf[at + 3];
    const b = (buf[at + 4] << 24) | (buf[at + 5] << 16) | (buf[at + 6] << 8) | buf[at + 7];
    const c = (buf[at + 8] << 24) | (buf[at + 9] << 16) | (buf[at + 10] << 8) | buf[at + 11];
    const d = (buf[at + 12] << 24) | (buf[at + 13] << 16) | (buf[at + 14] << 8) | buf[at + 15];
    const { slots, words, mask } = this;
    let slot = hash(a, b, c, d) & mask;
    for (;;) {
      const number = slots[slot] - 1;
      if (number < 0) break;
      const k = number << 2;
      if (words[k + 3] === d && words[k + 2] === c && words[k + 1] === b && words[k] === a) return number;
      slot = (slot + 1) & mask;
    }
    return this.add(slot, a, b, c, d);
  }

  /** The text of a number, as `ipv6Text`. */
  text(number: number): string {
    const k = number << 2;
    return ipv6Text([this.words[k], this.words[k + 1], this.words[k + 2], this.words[k + 3]]);
  }

  private add(slot: number, a: number, b: number, c: number, d: number): number {
    const number = this.count++;
    const k = number << 2;
    if (k === this.words.length) {
      const grown = new Int32Array(this.words.length * 2);
      grown.set(this.words);
      this.words = grown;
    }
    this.words[k] = a;
    this.words[k + 1] = b;
    this.words[k + 2] = c;
    this.words[k + 3] = d;
    this.slots[slot] = number + 1;
    if (this.count * 2 > this.slots.length) this.grow();
    return number;
  }

  private grow(): void {
    const slots = new Int32Array(this.slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 0; number < this.count; number++) {
      const k = number << 2;
      let slot = hash(this.words[k], this.words[k + 1], this.words[k + 2], this.words[k + 3]) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.slots = slots;
    this.mask = mask;
  }
}

function hash(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ Math.imul(c, 0x27d4eb2f) ^ d, 0xc2b2ae35);
  return h ^ (h >>> 16) ^ (h >>> 7);
}

/** "10.0.0.1" from a 32-bit word. */
export function ipv4Text(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/** Four words as RFC 5952 writes them: the longest run of two or more zero groups becomes "::". */
function ipv6Text(words: readonly number[]): string {
  const groups: number[] = [];
  for (const word of words) groups.push(word >>> 16, word & 0xffff);
  if (groups[0] === 0 && groups[1] === 0 && groups[2] === 0 && groups[3] === 0 && groups[4] === 0 && groups[5] === 0xffff) {
    return `::ffff:${ipv4Text(words[3])}`;
  }
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; ) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > bestLength) {
      best = i;
      bestLength = end - i;
    }
    i = Math.max(end, i + 1);
  }
  const hex = groups.map((g) => g.toString(16));
  return best < 0 ? hex.join(':') : `${hex.slice(0, best).join(':')}::${hex.slice(best + bestLength).join(':')}`;
}
