import { u16, u16LE, u32, u32LE } from '../core/bytes.ts';

/** Block types. Source: draft-ietf-opsawg-pcapng, section 4; the process block is Apple's (macOS tcpdump). */
export const BLOCK = {
  section: 0x0a0d0d0a,
  interface: 1,
  packet: 2,
  simplePacket: 3,
  nameResolution: 4,
  statistics: 5,
  enhancedPacket: 6,
  secrets: 10,
  process: 0x80000001,
} as const;

/** Shortest block: type, total length, and the length again. */
export const MIN_BLOCK = 12;

/**
 * Longest block that is believed. Packets are far below it; key logs of tens of thousands of sessions have some megabytes.
 */
export const MAX_BLOCK = 16 * 1024 * 1024;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Number loads in the byte order of a section. */
export interface Order {
  readonly littleEndian: boolean;
  u16(b: Uint8Array, at: number): number;
  u32(b: Uint8Array, at: number): number;
}

export const LITTLE: Order = { littleEndian: true, u16: u16LE, u32: u32LE };
const BIG: Order = { littleEndian: false, u16, u32 };

/** Byte order of the section header block at `at`, or undefined when there is no byte-order magic in it. */
export function sectionOrder(buf: Uint8Array, at: number): Order | undefined {
  if (u32LE(buf, at + 8) === BYTE_ORDER_MAGIC) return LITTLE;
  return u32(buf, at + 8) === BYTE_ORDER_MAGIC ? BIG : undefined;
}

/** Whether a file starts with a section header block. */
export function isPcapng(head: Uint8Array): boolean {
  return head.length >= 12 && u32(head, 0) === BLOCK.section && sectionOrder(head, 0) !== undefined;
}

/**
 * Calls `each(code, start, length)` for the options in `buf[at, end)`. Ends at opt_endofopt, at the end of the range, or
 * at an option that does not fit; `each` returns false to stop.
 */
export function eachOption(
  order: Order,
  buf: Uint8Array,
  at: number,
  end: number,
  each: (code: number, start: number, length: number) => boolean | undefined,
): void {
  while (at + 4 <= end) {
    const code = order.u16(buf, at);
    const length = order.u16(buf, at + 2);
    if (code === 0 || at + 4 + length > end) return;
    if (each(code, at + 4, length) === false) return;
    at += 4 + ((length + 3) & ~3);
  }
}

/** What a search found: `good` = a block starts at `at`; otherwise everything before `at` is none. */
export interface FoundBlock {
  readonly at: number;
  readonly good: boolean;
}

/** Blocks found by search are at most this long: longer ones are too rare to look for. */
const PLAUSIBLE_BLOCK = 1024 * 1024;

/**
 * Searches `buf[from, end)` for the next block: a known type whose two length fields agree. `last`: nothing comes
 * behind `end`. Linear in the length of the range.
 */
export function findBlock(order: Order, buf: Uint8Array, from: number, end: number, last: boolean): FoundBlock {
  for (let at = from; at + MIN_BLOCK <= end; at++) {
    const type = order.u32(buf, at);
    let here = order;
    if (type === BLOCK.section) {
      if (at + 16 > end) continue;
      const found = sectionOrder(buf, at);
      if (found === undefined) continue;
      here = found;
    } else if (type === 0 || (type > BLOCK.secrets && type !== BLOCK.process)) continue;
    const length = here.u32(buf, at + 4);
    if (length < MIN_BLOCK || length > PLAUSIBLE_BLOCK || (length & 3) !== 0) continue;
    if (at + length > end) {
      if (last) continue;
      // Its second length field is not here yet. Zeros in packet data look like this often, so ask for a packet block's shape.
      if (type === BLOCK.section || plausiblePacket(here, buf, at, end, type, length)) return { at, good: false };
      continue;
    }
    if (here.u32(buf, at + length - 4) === length) return { at, good: true };
  }
  return { at: last ? end : Math.max(from, end - MIN_BLOCK - 4), good: false };
}

function plausiblePacket(order: Order, buf: Uint8Array, at: number, end: number, type: number, length: number): boolean {
  if (type !== BLOCK.enhancedPacket || at + 28 > end) return type !== BLOCK.enhancedPacket && at + 28 > end;
  const captured = order.u32(buf, at + 20);
  return order.u32(buf, at + 8) < 64 && captured <= length - 32 && captured <= order.u32(buf, at + 24);
}
