import { u16 } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';
import { bridged } from './bridged.ts';
import { unwrapMpls } from './mpls.ts';

const PROTOCOL = { ipv4: 0x0021, ipv6: 0x0057, bridging: 0x0031, multilink: 0x003d, mpls: 0x0281, mplsMulticast: 0x0283 } as const;

/**
 * Offset of the PPP protocol field behind `ff 03`. Address and control may be left out (RFC 1661 section 6.6), and their
 * byte `ff` cannot start a protocol field.
 */
function protocolAt(buf: Uint8Array, at: number, end: number): number {
  return at + 2 <= end && buf[at] === 0xff && buf[at + 1] === 0x03 ? at + 2 : at;
}

/**
 * Offset of the IP packet in a PPP frame, or -1 when it carries something else.
 */
export function pppIpStart(buf: Uint8Array, start: number, end: number): number {
  const at = protocolAt(buf, start, end);
  if (at + 2 >= end) return -1;
  if (buf[at] === PROTOCOL.ipv4 || buf[at] === PROTOCOL.ipv6) return at + 1;
  const protocol = u16(buf, at);
  return protocol === PROTOCOL.ipv4 || protocol === PROTOCOL.ipv6 ? at + 2 : -1;
}

/**
 * Takes off a PPP header and hands on IP, MPLS or bridged Ethernet. Address and control bytes may be absent, the protocol
 * may be one byte (odd) or two. A multilink header (RFC 1990, long sequence numbers) is taken off when the frame is whole.
 */
export function unwrapPpp(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  let at = protocolAt(buf, start, end);
  for (let level = 0; level < 2; level++) {
    if (at + 2 > end) {
      sink.skipped?.(SKIP.truncated);
      return true;
    }
    const compressed = (buf[at] & 1) !== 0;
    const protocol = compressed ? buf[at] : u16(buf, at);
    at += compressed ? 1 : 2;
    const here = address + (at - start);
    if (protocol === PROTOCOL.ipv4 || protocol === PROTOCOL.ipv6) {
      sink.ip(buf, at, end, here, tunnel, wireEnd);
      return true;
    }
    if (protocol === PROTOCOL.mpls || protocol === PROTOCOL.mplsMulticast) return unwrapMpls(buf, at, end, here, tunnel, wireEnd, sink);
    if (protocol === PROTOCOL.bridging) {
      // RFC 3518: flags, MAC type (1 = 802.3), optional LAN id (flag 4), the frame.
      if (at + 2 > end || buf[at + 1] !== 1) return false;
      const header = (buf[at] & 0x40) !== 0 ? 6 : 2;
      return bridged(buf, at + header, end, here + header, tunnel, wireEnd, sink);
    }
    // Begin and end bits: the fragment is the whole frame. Another protocol field follows.
    if (protocol !== PROTOCOL.multilink || at + 4 > end || (buf[at] & 0xc0) !== 0xc0) return false;
    at += 4;
  }
  return false;
}

/** Takes off a PPPoE header: version and type 0x11, code, session, payload length (RFC 2516). Only sessions (code 0) carry data. */
export function unwrapPppoe(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 6 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  if (buf[start] !== 0x11) {
    sink.skipped?.(SKIP.malformed);
    return true;
  }
  if (buf[start + 1] !== 0) return true;
  const stop = start + 6 + u16(buf, start + 4);
  return unwrapPpp(buf, start + 6, Math.min(end, stop), address + 6, tunnel, Math.min(wireEnd, stop), sink);
}
