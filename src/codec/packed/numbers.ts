/**
 * The prefixed number P(n): n low bits v; below 2^n - 1 that is the value, all ones mean "2^n - 1 plus what follows".
 * What follows is little-endian base 128, bit 7 = more, one to ten groups.
 * Readers of the short form stand in line where the numbers are read; here is the long form.
 */

/** The bytes end inside the number. */
export const TRUNCATED = -1;
/** More than ten groups, or beyond 2^53: no length or index can be that large. */
export const OVERLONG = -2;

/** Groups that a number may have after its prefix (Apple's decoder: ten, enough for 64 bits). */
const MAX_GROUPS = 10;

/** Where reading goes on; one reused object, so that a number and its end come back without an allocation. */
export class Cursor {
  at = 0;
}

/** The groups that follow an all-ones prefix at `at`: their value, TRUNCATED or OVERLONG. Sets `cursor.at` behind the last group read. */
export function readGroups(buf: Uint8Array, at: number, end: number, cursor: Cursor): number {
  let value = 0;
  let scale = 1;
  for (let group = 0; group < MAX_GROUPS; group++) {
    if (at >= end) {
      cursor.at = at;
      return TRUNCATED;
    }
    const b = buf[at++];
    value += (b & 0x7f) * scale;
    if (b < 0x80) {
      cursor.at = at;
      return value <= Number.MAX_SAFE_INTEGER ? value : OVERLONG;
    }
    scale *= 128;
  }
  cursor.at = at;
  return OVERLONG;
}

/** P(n) whose first byte is at `at`, `mask` = 2^n - 1. Outcomes as `readGroups`. */
export function readPrefixed(buf: Uint8Array, at: number, end: number, mask: number, cursor: Cursor): number {
  if (at >= end) {
    cursor.at = at;
    return TRUNCATED;
  }
  const v = buf[at] & mask;
  if (v !== mask) {
    cursor.at = at + 1;
    return v;
  }
  const more = readGroups(buf, at + 1, end, cursor);
  return more < 0 ? more : mask + more;
}

/** Bytes that `value` takes as P(n), the prefix byte included. */
export function prefixedLength(value: number, mask: number): number {
  if (value < mask) return 1;
  let rest = value - mask;
  let length = 2;
  while (rest >= 128) {
    rest = Math.floor(rest / 128);
    length++;
  }
  return length;
}

/** Writes `value` as P(n) at `at`, `high` holding the bits above the prefix; gives the end. */
export function writePrefixed(out: Uint8Array, at: number, value: number, mask: number, high: number): number {
  if (value < mask) {
    out[at] = high | value;
    return at + 1;
  }
  out[at++] = high | mask;
  let rest = value - mask;
  while (rest >= 128) {
    out[at++] = 0x80 | (rest % 128);
    rest = Math.floor(rest / 128);
  }
  out[at++] = rest;
  return at;
}
