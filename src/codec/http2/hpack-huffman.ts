/**
 * The Huffman code of HPACK. The code is canonical, so the lengths alone define it.
 * Source: RFC 7541, appendix B and section 5.2.
 */

/** Code length of each byte value, in base 36; the end-of-string symbol (256) stands last. */
const LENGTHS =
  'dnsssssssoussussssssssusssssssss' +
  '6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6' +
  'f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnno' +
  'mlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrr' +
  'koklmllnmmppooqnqrqqrrrrrsrrrrrq' +
  'u';

const EOS = 256;
const SHORTEST = 5;
const LONGEST = 30;

/** `decodeHuffman` met a code that no string can hold: the end-of-string symbol, or padding that is not ones or longer than 7 bits. */
const BAD_HUFFMAN = -1;
/** `decodeHuffman` had no room left in the output. */
const HUFFMAN_FULL = -2;

const code = new Uint32Array(257);
const codeLength = new Uint8Array(257);

/** children[2 × node + bit]: an inner node, or 256 + symbol. There are 256 inner nodes; 0 is the root and never a child. */
const children = new Uint16Array(2 * 256);
/** 1 where a string may end: at most 7 bits after a symbol, all ones. */
const MAY_END = new Uint8Array(256);

/**
 * Bits looked at in one step. Two symbols of 5 or 6 bits fit, which are digits and the common letters: hex tokens and UUIDs
 * take two characters a step. The table stays in the first-level cache.
 */
const WINDOW = 12;
// An entry is: bits 0-7 first symbol, 8-15 second symbol, 16-19 bits taken, 20-21 number of symbols. 0: the code is longer.
const FAST = new Int32Array(1 << WINDOW);

/** Bytes that `length` bytes of the code decode to at most: 8/5, as the shortest codes have five bits. */
export function huffmanRoom(length: number): number {
  return ((length * 8 + 4) / 5) | 0;
}

/**
 * Decodes `b[start, end)` to `out` from `at` on and returns the number of bytes written, BAD_HUFFMAN or HUFFMAN_FULL.
 * One byte after those may be overwritten.
 *
 * An `out` with `huffmanRoom` after `at` never gets full.
 */
export function decodeHuffman(b: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  if (codeLength[0] === 0) build();
  const from = at;
  const room = out.length;
  // Positions are in bits from `start`; strings are far below 2^28 bytes.
  let position = 0;
  const bits = (end - start) * 8;
  for (;;) {
    // Twelve bits lie within three bytes; those after the string are read but what they would make is not taken. Both symbols
    // are written and the second is overwritten when there was none: no branch to guess.
    while (at + 2 <= room) {
      const byte = start + (position >> 3);
      if (byte + 2 >= b.length) break;
      const word = (b[byte] << 16) | (b[byte + 1] << 8) | b[byte + 2];
      const entry = FAST[(word >> (12 - (position & 7))) & ((1 << WINDOW) - 1)];
      const next = position + ((entry >> 16) & 15);
      if (entry === 0 || next > bits) break;
      out[at] = entry;
      out[at + 1] = entry >> 8;
      at += entry >> 20;
      position = next;
    }
    // A long code, or the end is near: one symbol, bit by bit.
    let node = 0;
    while (node < 256) {
      if (position === bits) return MAY_END[node] === 1 ? at - from : BAD_HUFFMAN;
      node = children[2 * node + ((b[start + (position >> 3)] >> (7 - (position & 7))) & 1)];
      position++;
    }
    if (node === 256 + EOS) return BAD_HUFFMAN;
    if (at >= room) return HUFFMAN_FULL;
    out[at++] = node;
  }
}

/** Bytes that `b` takes when Huffman-coded, padding included. */
export function huffmanLength(b: Uint8Array): number {
  if (codeLength[0] === 0) build();
  let bits = 0;
  for (let i = 0; i < b.length; i++) bits += codeLength[b[i]];
  return (bits + 7) >> 3;
}

/** The Huffman code of `b`, padded with ones. */
export function encodeHuffman(b: Uint8Array): Uint8Array {
  const out = new Uint8Array(huffmanLength(b));
  let at = 0;
  let bits = 0; // number of bits in `held` that are not written yet, below 8 between symbols
  let held = 0;
  for (let i = 0; i < b.length; i++) {
    let left = codeLength[b[i]];
    const word = code[b[i]];
    while (left > 0) {
      const take = Math.min(8 - bits, left);
      held = (held << take) | ((word >>> (left - take)) & ((1 << take) - 1));
      bits += take;
      left -= take;
      if (bits === 8) {
        out[at++] = held;
        held = 0;
        bits = 0;
      }
    }
  }
  if (bits > 0) out[at] = (held << (8 - bits)) | ((1 << (8 - bits)) - 1);
  return out;
}

/** Fills the tables, when the first string is met: most captures hold no HTTP/2. */
function build(): void {
  // Canonical: codes of one length are consecutive in the order of their symbols.
  let next = 0;
  for (let length = SHORTEST; length <= LONGEST; length++) {
    for (let symbol = 0; symbol <= EOS; symbol++) {
      if (Number.parseInt(LENGTHS[symbol], 36) !== length) continue;
      code[symbol] = next++;
      codeLength[symbol] = length;
    }
    next *= 2;
  }
  let nodes = 1;
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let node = 0;
    for (let bit = codeLength[symbol] - 1; bit > 0; bit--) {
      const edge = 2 * node + ((code[symbol] >>> bit) & 1);
      if (children[edge] === 0) children[edge] = nodes++;
      node = children[edge];
    }
    children[2 * node + (code[symbol] & 1)] = 256 + symbol;
  }
  for (let window = 0; window < FAST.length; window++) {
    let entry = 0;
    let node = 0;
    let symbols = 0;
    for (let bit = WINDOW - 1; bit >= 0; bit--) {
      node = children[2 * node + ((window >> bit) & 1)];
      if (node < 256) continue;
      entry = (entry & 0xffff) | ((node - 256) << (8 * symbols)) | ((WINDOW - bit) << 16) | (++symbols << 20);
      node = 0;
    }
    FAST[window] = entry;
  }
  let node = 0;
  for (let bits = 0; bits <= 7; bits++) {
    MAY_END[node] = 1;
    node = children[2 * node + 1];
  }
}
