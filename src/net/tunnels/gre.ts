import { u16, u32 } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';
import { dispatchEthertype, ETHERTYPE } from '../links/ethertype.ts';
import { pppIpStart, unwrapPpp } from '../links/ppp.ts';
import { enterKeyed, enterPaired } from './entry.ts';
import { TOO_DEEP } from './identity.ts';

const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
const ACKNOWLEDGEMENT = 0x0080;

const ERSPAN_2 = 0x88be;
const ERSPAN_3 = 0x22eb;
const WCCP = 0x883e;

const KIND = 47;
/** RFC 7637: virtual subnets are numbered from 0x1000; the low byte of the key is then a flow, not a network. */
const NVGRE_SMALLEST_KEY = 0x100000;

/**
 * Takes off a GRE header (RFC 2784, 2890; version 1 of RFC 2637, PPTP) and hands on IP, Ethernet, MPLS, PPP, ERSPAN I to III,
 * WCCP or whatever the protocol type names. `address` belongs to `buf[ip]`, the header starts at `start`.
 */
export function unwrapGre(
  buf: Uint8Array,
  ip: number,
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
  const flags = u16(buf, start);
  const protocol = u16(buf, start + 2);
  const version = flags & 7;
  if (version === 1 && protocol === ETHERTYPE.ppp) return unwrapPptp(flags, buf, ip, start, end, address, tunnel, wireEnd, sink);
  if (version !== 0) return false;
  let at = start + 4;
  if ((flags & (CHECKSUM | ROUTING)) !== 0) at += 4;
  const keyAt = at;
  if ((flags & KEY) !== 0) at += 4;
  if ((flags & SEQUENCE) !== 0) at += 4;
  if (at > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  if ((flags & ROUTING) !== 0) {
    at = behindRouting(buf, at, end);
    if (at < 0) {
      sink.skipped?.(SKIP.malformed);
      return true;
    }
  }
  let key = (flags & KEY) !== 0 ? u32(buf, keyAt) : 0;
  if (protocol === ETHERTYPE.bridging && key >= NVGRE_SMALLEST_KEY) key >>>= 8;
  const inner = enterKeyed(buf, ip, KIND, key | 0, tunnel, sink);
  if (inner === TOO_DEEP) return true;
  if (protocol === ERSPAN_2 || protocol === ERSPAN_3) {
    return unwrapErspan(protocol, (flags & SEQUENCE) !== 0, buf, at, end, address + (at - ip), inner, wireEnd, sink);
  }
  if (protocol === ETHERTYPE.bridging) {
    sink.ethernet(buf, at, end, address + (at - ip), inner, wireEnd);
    return true;
  }
  if (protocol === WCCP) {
    // WCCP version 2 puts a redirect header of 4 bytes, which starts with small numbers, before the IP packet.
    if (at + 4 <= end && buf[at] >> 4 !== 4) at += 4;
    sink.ip(buf, at, end, address + (at - ip), inner, wireEnd);
    return true;
  }
  return dispatchEthertype(protocol, buf, at, end, address + (at - ip), inner, wireEnd, sink);
}

/** Behind the source route entries of RFC 1701: address family, offset, length; the last has family 0 and length 0. -1: cut. */
function behindRouting(buf: Uint8Array, at: number, end: number): number {
  while (at + 4 <= end) {
    const last = u16(buf, at) === 0 && buf[at + 3] === 0;
    at += 4 + buf[at + 3];
    if (last) return at;
  }
  return -1;
}

/** Version 1: payload length, call id, sequence and acknowledgement numbers when flagged, PPP. The call id is the receiver's. */
function unwrapPptp(
  flags: number,
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  const at = start + 8 + ((flags & SEQUENCE) !== 0 ? 4 : 0) + ((flags & ACKNOWLEDGEMENT) !== 0 ? 4 : 0);
  if (at > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const stop = at + u16(buf, start + 4);
  if (stop === at) return true;
  const cut = Math.min(end, stop);
  const inner = enterPaired(buf, ip, KIND, u16(buf, start + 6), pppIpStart(buf, at, cut), cut, tunnel, sink);
  if (inner === TOO_DEEP) return true;
  return unwrapPpp(buf, at, cut, address + (at - ip), inner, Math.min(wireEnd, stop), sink);
}

const ERSPAN_2_HEADER = 8;
const ERSPAN_3_HEADER = 12;
const ERSPAN_3_PLATFORM = 8;
const ERSPAN_3_FRAME_IS_IP = 2;

/**
 * A mirrored frame. Type I has no header of its own and no GRE sequence number; type II has 8 bytes; type III has 12, 8 more
 * when the lowest bit says so, and may hold an IP packet in place of the frame (frame type 2). Source: draft-foschiano-erspan.
 */
function unwrapErspan(
  protocol: number,
  numbered: boolean,
  buf: Uint8Array,
  at: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  let header = 0;
  let isIp = false;
  if (protocol === ERSPAN_3) {
    if (at + ERSPAN_3_HEADER > end) {
      sink.skipped?.(SKIP.truncated);
      return true;
    }
    const word = u16(buf, at + 10);
    header = ERSPAN_3_HEADER + ((word & 1) !== 0 ? ERSPAN_3_PLATFORM : 0);
    isIp = ((word >> 10) & 0x1f) === ERSPAN_3_FRAME_IS_IP;
  } else if (numbered) header = ERSPAN_2_HEADER;
  if (at + header > end) sink.skipped?.(SKIP.truncated);
  else if (isIp) sink.ip(buf, at + header, end, address + header, tunnel, wireEnd);
  else sink.ethernet(buf, at + header, end, address + header, tunnel, wireEnd);
  return true;
}
