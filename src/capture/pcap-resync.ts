import { u32, u32LE } from '../core/bytes.ts';
import { PCAP_HEADER, type PcapHeader, parsePcapHeader } from './pcap-header.ts';

/** Records that must follow each other before a place is believed to be a record: one alone may be chance. */
const CHAIN = 3;
/** A record found by search must lie this near to the last good one in time. */
const SECONDS_AROUND = 10 * 86_400;
/** Packets found by search are at most this long: the usual snap length, tighter than what is read in order. */
const PLAUSIBLE_PACKET = 256 * 1024;

/** Where to go on: `good` = a record starts at `at`; otherwise everything before `at` is none. */
export interface Found {
  readonly at: number;
  readonly good: boolean;
}

/**
 * Searches `buf[from, end)` for the next place where records of a classic capture plausibly follow each other.
 * `last`: no bytes come behind `end`, so that a chain which ends exactly there is complete. `lastSec` -1: no time known.
 * Linear in the length of the range.
 */
export function findPcapRecord(header: PcapHeader, buf: Uint8Array, from: number, end: number, last: boolean, lastSec: number): Found {
  const stop = end - header.recordHeader;
  for (let at = from; at <= stop; at++) {
    let p = at;
    let links = 0;
    while (links < CHAIN && p + header.recordHeader <= end) {
      const length = recordLength(header, buf, p, lastSec);
      if (length < 0) break;
      p += length;
      links++;
      if (p >= end) break;
    }
    if (links === CHAIN || (links > 0 && last && p === end)) return { at, good: true };
    // The chain runs out of the buffer before it is proven or broken.
    if (links > 0 && !last && p + header.recordHeader > end) return { at, good: false };
  }
  return { at: Math.max(from, Math.min(end, last ? end : stop + 1)), good: false };
}

/** Length of the record at `at` when its header is plausible, else -1. */
export function recordLength(header: PcapHeader, buf: Uint8Array, at: number, lastSec: number): number {
  const word = header.littleEndian ? u32LE : u32;
  const captured = word(buf, at + 8);
  if (captured === 0 || captured > PLAUSIBLE_PACKET) return -1;
  const wire = word(buf, at + 12);
  if (wire < captured || wire > 16 * PLAUSIBLE_PACKET) return -1;
  if (word(buf, at + 4) >= (header.nanoseconds ? 1_000_000_000 : 1_000_000)) return -1;
  if (lastSec >= 0 && Math.abs(word(buf, at) - lastSec) > SECONDS_AROUND) return -1;
  return header.recordHeader + captured;
}

/** Whether another file begins at `at`, where an empty record seems to stand: captures that were written one behind the other. */
export function beginsFile(buf: Uint8Array, at: number, end: number): boolean {
  return parsePcapHeader(buf.subarray(at, Math.min(end, at + PCAP_HEADER)))?.major === 2;
}
