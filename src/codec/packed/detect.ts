import type { Dir } from '../../core/stream.ts';
import { CONTRADICTED, Evidence } from './evidence.ts';
import { DEFAULT_TABLE_BYTES } from './value-table.ts';

/** Frames looked at to decide: a courier session shows itself within its first messages. */
const FRAMES = 4;
/** Bits of evidence asked for at the start of a stream: random bytes reach it once in a quarter of a million. */
const START_BITS = 18;
/** Bits asked for where a search tries every offset of up to 64 KiB. */
const SEARCH_BITS = 30;

/** The same when the frames end exactly with the bytes: what may be the last message before the capture ends. */
const EXACT_BITS = 24;

const evidence = new Evidence();

/**
 * Whether `buf[start, end)` reads as packed frames from its first byte: frames with commands from 07, whose attributes tile them
 * exactly and agree with the schema. The direction is not asked for: the better of the two counts. The unpacked dialect must
 * be tried first: `0c 00 00 00 00` is its keep-alive. Two bytes `0c 00` alone are too little to tell.
 */
export function packedTiles(buf: Uint8Array, start: number, end: number): boolean {
  return evidence.weigh(0, buf, start, end, FRAMES) >= START_BITS || evidence.weigh(1, buf, start, end, FRAMES) >= START_BITS;
}

/** First offset in [start, end) at which packed frames of this direction begin beyond doubt, or -1. */
export function findPackedFrame(dir: Dir, buf: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const bits = evidence.weigh(dir, buf, at, end, FRAMES);
    if (bits !== CONTRADICTED && bits >= (evidence.exact ? EXACT_BITS : SEARCH_BITS)) return at;
  }
  return -1;
}

/** The table of no peer we know of is larger than what 32 bits count; larger numbers in an ALPN string are taken as that. */
const MAX_TABLE_BYTES = 0xffffffff;

/**
 * Table sizes that an ALPN string negotiates, in bytes, or undefined when it names another protocol.
 * Exactly three parts give sizes, client to server first; a missing, unreadable or zero size means 4096, as does `:small`,
 * whose size is not public. Source: courier.md 1, decompiled apsd.
 */
export function packedTableSizes(alpn: string): { c2s: number; s2c: number } | undefined {
  if (!alpn.startsWith('apns-pack-v1')) return undefined;
  const parts = alpn.split(':');
  if (parts.length !== 3) return { c2s: DEFAULT_TABLE_BYTES, s2c: DEFAULT_TABLE_BYTES };
  return { c2s: tableBytes(parts[1]), s2c: tableBytes(parts[2]) };
}

function tableBytes(text: string): number {
  const size = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  return size === 0 ? DEFAULT_TABLE_BYTES : Math.min(size, MAX_TABLE_BYTES);
}
