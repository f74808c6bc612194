import { u16LE, u32, u32LE } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';
import { unwrapWifi } from './wifi.ts';

/** Length of the frame check sequence at the end of an 802.11 frame. */
export const WIFI_FCS = 4;

const HAS_TSFT = 0x01;
const HAS_FLAGS = 0x02;
const MORE_PRESENT = 0x80000000;
/** Bits of the radiotap flags field. */
const FCS_PRESENT = 0x10;
const FCS_BAD = 0x40;

/**
 * Takes off a radiotap header (little-endian): version 0, padding, length, present words as long as bit 31 is set, fields.
 * Only the flags field matters (FCS at the end, FCS bad); it is the second field, so only the time stamp (8 bytes, aligned
 * to 8 from the start of the header) can precede it.
 */
export function unwrapRadiotap(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 8 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const length = u16LE(buf, start + 2);
  const frame = start + length;
  if (buf[start] !== 0 || length < 8) {
    sink.skipped?.(SKIP.malformed);
    return true;
  }
  if (frame > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const present = u32LE(buf, start + 4);
  let field = start + 4;
  while (field + 4 <= frame && (u32LE(buf, field) & MORE_PRESENT) !== 0) field += 4;
  field += 4;
  if ((present & HAS_TSFT) !== 0) field = start + ((field - start + 7) & ~7) + 8;
  const flags = (present & HAS_FLAGS) !== 0 && field < frame ? buf[field] : 0;
  if ((flags & FCS_BAD) !== 0) {
    sink.skipped?.(SKIP.damaged);
    return true;
  }
  const stop = (flags & FCS_PRESENT) !== 0 ? wireEnd - WIFI_FCS : wireEnd;
  return unwrapWifi(buf, frame, Math.min(end, stop), address + length, tunnel, stop, sink);
}

const AVS_MAGIC = 0x80211000;
const PRISM_SMALLEST = 24;
const PRISM_LARGEST = 1024;

/** AVS header (163, big-endian): version 0x802110xx, length of the header. */
export function unwrapAvs(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 8 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const length = u32(buf, start + 4);
  if (length < 8 || start + length > end) {
    sink.skipped?.(length < 8 ? SKIP.malformed : SKIP.truncated);
    return true;
  }
  return unwrapWifi(buf, start + length, end, address + length, tunnel, wireEnd, sink);
}

/**
 * Prism header (119): message code, message length (with header), in the order of the writing machine; usually 144 bytes.
 * The same link type was used with AVS headers, which their magic number tells.
 */
export function unwrapPrism(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 8 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  if ((u32(buf, start) & 0xfffff000) >>> 0 === AVS_MAGIC) return unwrapAvs(buf, start, end, address, tunnel, wireEnd, sink);
  const little = u32LE(buf, start + 4);
  const length = little <= PRISM_LARGEST ? little : u32(buf, start + 4);
  if (length < PRISM_SMALLEST || length > PRISM_LARGEST) {
    sink.skipped?.(SKIP.malformed);
    return true;
  }
  if (start + length > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  return unwrapWifi(buf, start + length, end, address + length, tunnel, wireEnd, sink);
}
