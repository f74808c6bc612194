import { u16, u16LE, u32, u32LE } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';

/** Numbers of AF_INET, and of AF_INET6 in Linux, BSD, FreeBSD, macOS and Solaris. */
function isIpFamily(family: number): boolean {
  return family === 2 || family === 10 || family === 24 || family === 26 || family === 28 || family === 30;
}

function handOn(
  buf: Uint8Array,
  start: number,
  header: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + header >= end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const version = buf[start + header] >> 4;
  if (version !== 4 && version !== 6) return false;
  sink.ip(buf, start + header, end, address + header, tunnel, wireEnd);
  return true;
}

/** BSD loopback (0 and 108): address family in 4 bytes, in the order of the writing machine for 0; then IP. */
export function unwrapLoopback(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 4 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  if (!isIpFamily(u32(buf, start)) && !isIpFamily(u32LE(buf, start))) return false;
  return handOn(buf, start, 4, end, address, tunnel, wireEnd, sink);
}

/** OpenBSD encapsulated IP (109): address family, security parameter index, flags, 4 bytes each. */
export function unwrapEnc(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  return handOn(buf, start, 12, end, address, tunnel, wireEnd, sink);
}

/** BSD packet filter log (117): its first byte is the header's length, which is padded to 4 bytes. */
export function unwrapPflog(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start >= end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const header = (buf[start] + 3) & ~3;
  if (header < 28) {
    sink.skipped?.(SKIP.malformed);
    return true;
  }
  return handOn(buf, start, header, end, address, tunnel, wireEnd, sink);
}

/** Solaris IPNET (226): version, family, hook, length, two interfaces, two zones; 24 bytes. */
export function unwrapIpnet(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  return handOn(buf, start, 24, end, address, tunnel, wireEnd, sink);
}

const NFLOG_HEADER = 4;
const NFLOG_PAYLOAD = 9;
/** The upper two bits of an attribute's type are flags of netlink. */
const ATTRIBUTE_TYPE = 0x3fff;

/**
 * Linux netfilter log (239): family, version 0, resource id, then attributes (length with header, type, value, padding to 4)
 * in the order of the writing machine. Attribute 9 holds the packet, which is IP; other families are left alone.
 */
export function unwrapNflog(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + NFLOG_HEADER + 4 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  if (buf[start + 1] !== 0 || !isIpFamily(buf[start])) return false;
  let at = start + NFLOG_HEADER;
  // The type of the first attribute is below 256 in the right order, because there are some twenty types.
  const little = (u16LE(buf, at + 2) & ATTRIBUTE_TYPE) < 256;
  while (at + 4 <= end) {
    const length = little ? u16LE(buf, at) : u16(buf, at);
    const type = (little ? u16LE(buf, at + 2) : u16(buf, at + 2)) & ATTRIBUTE_TYPE;
    if (length < 4) break;
    if (type === NFLOG_PAYLOAD) {
      const stop = at + length;
      return handOn(buf, at, 4, Math.min(end, stop), address + (at - start), tunnel, Math.min(wireEnd, stop), sink);
    }
    at += (length + 3) & ~3;
  }
  sink.skipped?.(SKIP.malformed);
  return true;
}
