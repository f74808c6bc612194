/** Matches are at least this long. */
const MIN_MATCH = 4;

/**
 * Decodes the LZ4 block `src[s, end)` into `dst` from `start`; matches may reach back to `first`, output ends before `limit`.
 * Returns the end of the output; when the block is broken or cut, -1 - the end of what could be decoded. Never writes beyond `limit`.
 *
 * A sequence is a token (literal length, match length - 4), longer lengths in bytes of 255, the literals, and a distance of
 * two bytes little-endian; the last sequence has literals only. Source: the LZ4 block format description.
 */
export function decodeLz4Block(
  src: Uint8Array,
  s: number,
  end: number,
  dst: Uint8Array,
  start: number,
  first: number,
  limit: number,
): number {
  let d = start;
  while (s < end) {
    const token = src[s++];
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && s < end) literals += more = src[s++];
    }
    if (literals > end - s || literals > limit - d) return -1 - d;
    if (literals > 32) dst.set(src.subarray(s, s + literals), d);
    else for (let i = 0; i < literals; i++) dst[d + i] = src[s + i];
    s += literals;
    d += literals;
    if (s === end) return d;
    if (s + 2 > end) return -1 - d;
    const distance = src[s] | (src[s + 1] << 8);
    s += 2;
    let length = (token & 15) + MIN_MATCH;
    if (length === 15 + MIN_MATCH) {
      let more = 255;
      while (more === 255 && s < end) length += more = src[s++];
    }
    const from = d - distance;
    if (distance === 0 || from < first || length > limit - d) return -1 - d;
    if (distance >= length && length > 32) dst.copyWithin(d, from, from + length);
    else for (let i = 0; i < length; i++) dst[d + i] = dst[from + i];
    d += length;
  }
  // A block ends with literals, if only none.
  return -1 - d;
}
