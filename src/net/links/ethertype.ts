import { u16 } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';
import { bridged } from './bridged.ts';
import { unwrapMpls } from './mpls.ts';
import { unwrapPpp, unwrapPppoe } from './ppp.ts';

export const ETHERTYPE = {
  ipv4: 0x0800,
  ipv6: 0x86dd,
  vlan: 0x8100,
  bridging: 0x6558,
  ppp: 0x880b,
  mpls: 0x8847,
  mplsMulticast: 0x8848,
  pppoeDiscovery: 0x8863,
  pppoeSession: 0x8864,
  macsec: 0x88e5,
  backbone: 0x88e7,
  nsh: 0x894f,
} as const;

/**
 * Bytes from behind the EtherType of a tag to the end of the next EtherType, for tags that only precede another EtherType:
 * 802.1Q, 802.1ad and its older numbers, VN-Tag, 802.1BR E-Tag, Cisco metadata, HSR. 0 = no such tag.
 */
function tagLength(type: number): number {
  switch (type) {
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x9200:
    case 0x9300:
      return 4;
    case 0x8926:
    case 0x892f:
      return 6;
    case 0x893f:
    case 0x8909:
      return 8;
    default:
      return 0;
  }
}

/**
 * Hands on what an EtherType announces at `start`: IP, any number of tags, MPLS, PPPoE, PPP, 802.1ah, unencrypted MACsec,
 * NSH, bridged Ethernet. False: nothing in it can carry TCP for us.
 */
export function dispatchEthertype(
  type: number,
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  let at = start;
  for (;;) {
    const length = type === ETHERTYPE.macsec ? clearMacsecLength(buf, at, end) : tagLength(type);
    if (length === 0) break;
    if (at + length > end) {
      sink.skipped?.(SKIP.truncated);
      return true;
    }
    at += length;
    type = u16(buf, at - 2);
  }
  const here = address + (at - start);
  switch (type) {
    case ETHERTYPE.ipv4:
    case ETHERTYPE.ipv6:
      sink.ip(buf, at, end, here, tunnel, wireEnd);
      return true;
    case ETHERTYPE.mpls:
    case ETHERTYPE.mplsMulticast:
      return unwrapMpls(buf, at, end, here, tunnel, wireEnd, sink);
    case ETHERTYPE.pppoeSession:
      return unwrapPppoe(buf, at, end, here, tunnel, wireEnd, sink);
    case ETHERTYPE.pppoeDiscovery:
      return true;
    case ETHERTYPE.ppp:
      return unwrapPpp(buf, at, end, here, tunnel, wireEnd, sink);
    case ETHERTYPE.bridging:
      return bridged(buf, at, end, here, tunnel, wireEnd, sink);
    case ETHERTYPE.backbone:
      // I-TAG: four bytes of priority and service id, then the customer's frame from its destination address on.
      return bridged(buf, at + 4, end, here + 4, tunnel, wireEnd, sink);
    case ETHERTYPE.nsh:
      return unwrapNsh(buf, at, end, here, tunnel, wireEnd, sink);
    default:
      return false;
  }
}

/** Length of a MACsec tag with the EtherType behind it when the frame is only authenticated (IEEE 802.1AE clause 9.3), else 0. */
function clearMacsecLength(buf: Uint8Array, at: number, end: number): number {
  if (at >= end || (buf[at] & 0x0c) !== 0) return 0;
  return (buf[at] & 0x20) !== 0 ? 16 : 8;
}

/** Network service header (RFC 8300): length in 4-byte words in the low six bits of the first two bytes, next protocol at 3. */
function unwrapNsh(buf: Uint8Array, at: number, end: number, address: number, tunnel: number, wireEnd: number, sink: LayerSink): boolean {
  if (at + 8 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const length = (buf[at + 1] & 0x3f) * 4;
  if (length < 8 || at + length > end) {
    sink.skipped?.(SKIP.malformed);
    return true;
  }
  return unwrapNextProtocol(buf[at + 3], buf, at + length, end, address + length, tunnel, wireEnd, sink);
}

/** Hands on what the "next protocol" of NSH and VXLAN-GPE names: 1 IPv4, 2 IPv6, 3 Ethernet, 5 MPLS. */
export function unwrapNextProtocol(
  next: number,
  buf: Uint8Array,
  at: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (next === 1 || next === 2) sink.ip(buf, at, end, address, tunnel, wireEnd);
  else if (next === 3) return bridged(buf, at, end, address, tunnel, wireEnd, sink);
  else if (next === 5) return unwrapMpls(buf, at, end, address, tunnel, wireEnd, sink);
  else return false;
  return true;
}
