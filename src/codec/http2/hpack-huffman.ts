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
export const BAD_HUFFMAN = -1;
/** `decodeHuffman` had no room left in the output. */
export const HUFFMAN_FULL = -2;

const code = new Uint32Array(257);
const codeLength = new Uint8Array(257);

// A step of the decoder takes 4 bits: 256 inner nodes × 16. An entry is: bits 0-7 next node, bit 8 a byte comes out, bits 9-16 that byte, bit 17 fault.
const STEP = new Uint32Array(256 * 16);
const EMITS = 1 << 8;
const FAULT = 1 << 17;
/** 1 where a string may end: at most 7 bits after a symbol, all ones. */
const MAY_END = new Uint8Array(256);

build();

/**
 * Decodes `b[start, end)` to `out` from `at` on and returns the number of bytes written, BAD_HUFFMAN or HUFFMAN_FULL.
 *
 * The output is at most 8/5 of the input; an `out` with that much room after `at` never gets full.
 */
export function decodeHuffman(b: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  const from = at;
  const room = out.length;
  let node = 0;
  for (let i = start; i < end; i++) {
    const byte = b[i];
    let step = STEP[(node << 4) | (byte >> 4)];
    if (step & EMITS) {
      if (at >= room) return HUFFMAN_FULL;
      out[at++] = (step >> 9) & 0xff;
    }
    if (step & FAULT) return BAD_HUFFMAN;
    step = STEP[((step & 0xff) << 4) | (byte & 15)];
    if (step & EMITS) {
      if (at >= room) return HUFFMAN_FULL;
      out[at++] = (step >> 9) & 0xff;
    }
    if (step & FAULT) return BAD_HUFFMAN;
    node = step & 0xff;
  }
  return MAY_END[node] === 1 ? at - from : BAD_HUFFMAN;
}

/** Bytes that `b` takes when Huffman-coded, padding included. */
export function huffmanLength(b: Uint8Array): number {
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
  // children[2 × node + bit]: an inner node, or 256 + symbol. 0 (the root) cannot be a child and means "none yet".
  const children = new Uint16Array(2 * 256);
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
  for (let node = 0; node < 256; node++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      let at = node;
      let result = 0;
      for (let bit = 3; bit >= 0 && !(result & FAULT); bit--) {
        const child = children[2 * at + ((nibble >> bit) & 1)];
        if (child === 256 + EOS) result |= FAULT;
        else if (child >= 256) {
          result |= EMITS | ((child - 256) << 9);
          at = 0;
        } else at = child;
      }
      STEP[(node << 4) | nibble] = result | at;
    }
  }
  let node = 0;
  for (let bits = 0; bits <= 7; bits++) {
    MAY_END[node] = 1;
    node = children[2 * node + 1];
  }
}
