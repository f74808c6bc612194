import { u32 } from '../../core/bytes.ts';

/**
 * Identity of a tunnel as one positive integer below 2^30: the low four bits are the depth of nesting, the others a hash of the
 * outer addresses, the tunnel's key and the tunnel around it. Both directions of a tunnel have the same identity, so that equal
 * inner addresses in two tunnels are two streams, and the two sides of one conversation are one.
 */

/** Tunnels in tunnels. Real captures nest two or three; every level costs call stack, so hostile nesting ends here. */
export const MAX_TUNNEL_DEPTH = 8;

const DEPTH_MASK = 0xf;
const HASH_MASK = 0x3ffffff0;

/** The result of entering a tunnel that would be nested too deep. No tunnel has this identity, because its depth is at least 1. */
export const TOO_DEEP = 0;

export function tunnelDepth(tunnel: number): number {
  return tunnel & DEPTH_MASK;
}

/** Identity of a tunnel with this hash inside of `parent`, or `TOO_DEEP`. */
export function enterTunnel(parent: number, hash: number): number {
  const depth = parent & DEPTH_MASK;
  if (depth >= MAX_TUNNEL_DEPTH) return TOO_DEEP;
  return (mix(parent, hash) & HASH_MASK) | (depth + 1);
}

/** One level deeper without an identity of its own, for encapsulations whose labels differ by direction (MPLS). */
export function nestTunnel(parent: number): number {
  const depth = parent & DEPTH_MASK;
  return depth >= MAX_TUNNEL_DEPTH ? TOO_DEEP : parent + 1;
}

/** Mixes a 32-bit value into a hash (multiply and xor-shift; constants of the well-known 32-bit finalizers). */
export function mix(hash: number, value: number): number {
  let h = hash ^ Math.imul(value, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

function addressHash(buf: Uint8Array, at: number, words: number): number {
  let h = words;
  for (let i = 0; i < words; i++) h = mix(h, u32(buf, at + 4 * i) | 0);
  return h;
}

/** Hash of both addresses of the IP header at `ip`, equal for the two directions. The header must be captured. */
export function addressPairHash(buf: Uint8Array, ip: number): number {
  if (buf[ip] >> 4 === 6) return (addressHash(buf, ip + 8, 4) + addressHash(buf, ip + 24, 4)) | 0;
  return (addressHash(buf, ip + 12, 1) + addressHash(buf, ip + 16, 1)) | 0;
}

/** 0 or 1: which of the two directions between its addresses the IP packet at `ip` takes. Equal addresses give 0. */
export function orientation(buf: Uint8Array, ip: number): number {
  const six = buf[ip] >> 4 === 6;
  const source = ip + (six ? 8 : 12);
  const length = six ? 16 : 4;
  for (let i = 0; i < length; i++) {
    const d = buf[source + i] - buf[source + length + i];
    if (d !== 0) return d < 0 ? 0 : 1;
  }
  return 0;
}

/** Hash of an inner conversation (addresses, and ports where there are some), equal for the two directions; 0 when it is cut. */
export function conversationHash(buf: Uint8Array, ip: number, end: number): number {
  const six = buf[ip] >> 4 === 6;
  if (end - ip < (six ? 40 : 20)) return 0;
  const protocol = six ? buf[ip + 6] : buf[ip + 9];
  const fragment = !six && ((buf[ip + 6] & 0x3f) | buf[ip + 7]) !== 0;
  const ports = six ? ip + 40 : ip + (buf[ip] & 15) * 4;
  const pair = addressPairHash(buf, ip);
  if (fragment || (protocol !== 6 && protocol !== 17) || ports + 4 > end) return pair;
  const source = (buf[ports] << 8) | buf[ports + 1];
  const destination = (buf[ports + 2] << 8) | buf[ports + 3];
  return mix(pair, mix(0, source) + mix(0, destination));
}
