import { u16 } from '../../core/bytes.ts';
import { type LayerSink, SKIP, type UnwrapTunnel } from '../layer.ts';
import { unwrapMpls } from '../links/mpls.ts';
import { isTeredoPeer, unwrapGtp, unwrapL2tp, unwrapL2tpSession, unwrapTeredo } from './access.ts';
import { enterKeyed } from './entry.ts';
import { unwrapGre } from './gre.ts';
import { TOO_DEEP } from './identity.ts';
import { unwrapGeneve, unwrapGue, unwrapLisp, unwrapMplsInUdp, unwrapTzsp, unwrapVxlan } from './overlay.ts';

type UdpTunnel = (
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
) => boolean;

/** Registered UDP ports of tunnels, 8472 being what Linux used for VXLAN before. Every function checks what it sees. */
const UDP_TUNNELS: ReadonlyMap<number, UdpTunnel> = new Map([
  [1701, unwrapL2tp],
  [2152, unwrapGtp],
  [3386, unwrapGtp],
  [3544, unwrapTeredo],
  [4341, unwrapLisp],
  [4754, unwrapGre],
  [4789, unwrapVxlan],
  [4790, unwrapVxlan],
  [6080, unwrapGue],
  [6081, unwrapGeneve],
  [6635, unwrapMplsInUdp],
  [8472, unwrapVxlan],
  [37008, unwrapTzsp],
]);

const UDP_HEADER = 8;

function unwrapUdp(
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  const payload = start + UDP_HEADER;
  if (payload > end) return false;
  const length = u16(buf, start + 4);
  // A length of 0 is a jumbogram (RFC 2675); a length beyond the packet is not to be trusted.
  const stop = length >= UDP_HEADER && start + length <= wireEnd ? start + length : wireEnd;
  const cut = Math.min(end, stop);
  const to = UDP_TUNNELS.get(u16(buf, start + 2));
  if (to?.(buf, ip, payload, cut, address, tunnel, stop, sink)) return true;
  const from = UDP_TUNNELS.get(u16(buf, start));
  if (from !== undefined && from !== to && from(buf, ip, payload, cut, address, tunnel, stop, sink)) return true;
  return isTeredoPeer(buf, payload, cut) && unwrapTeredo(buf, ip, payload, cut, address, tunnel, stop, sink);
}

/** Numbers of IP protocols that carry others. */
const PROTOCOL = { ipip: 4, udp: 17, ipv6: 41, gre: 47, nosIpip: 94, etherIp: 97, l2tp: 115, mpls: 137, ethernet: 143 } as const;

const ETHERIP_HEADER = 2;

/**
 * Takes off a tunnel: `ipProtocol` is what the IP header at `ipStart` (and what follows it up to `payloadStart`) announces.
 * `address` belongs to `buf[ipStart]`. False: not a tunnel, or not one whose content can be recognised.
 */
export const unwrapTunnel: UnwrapTunnel = (ipProtocol, buf, ipStart, payloadStart, end, address, tunnel, wireEnd, sink) => {
  switch (ipProtocol) {
    case PROTOCOL.udp:
      return unwrapUdp(buf, ipStart, payloadStart, end, address, tunnel, wireEnd, sink);
    case PROTOCOL.ipip:
    case PROTOCOL.ipv6:
    case PROTOCOL.nosIpip:
      return unwrapIp(ipProtocol, buf, ipStart, payloadStart, end, address, tunnel, wireEnd, sink);
    case PROTOCOL.gre:
      return unwrapGre(buf, ipStart, payloadStart, end, address, tunnel, wireEnd, sink);
    case PROTOCOL.etherIp:
      if (payloadStart >= end || buf[payloadStart] >> 4 !== 3) return false;
      return unwrapFrame(ipProtocol, buf, ipStart, payloadStart + ETHERIP_HEADER, end, address, tunnel, wireEnd, sink);
    case PROTOCOL.ethernet:
      return unwrapFrame(ipProtocol, buf, ipStart, payloadStart, end, address, tunnel, wireEnd, sink);
    case PROTOCOL.l2tp:
      return unwrapL2tpSession(buf, ipStart, payloadStart, end, address, tunnel, wireEnd, sink);
    case PROTOCOL.mpls: {
      const inner = enterKeyed(buf, ipStart, ipProtocol, 0, tunnel, sink);
      return inner === TOO_DEEP || unwrapMpls(buf, payloadStart, end, address + (payloadStart - ipStart), inner, wireEnd, sink);
    }
    default:
      return false;
  }
};

function unwrapIp(
  kind: number,
  buf: Uint8Array,
  ip: number,
  at: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (at >= end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const inner = enterKeyed(buf, ip, kind, 0, tunnel, sink);
  if (inner !== TOO_DEEP) sink.ip(buf, at, end, address + (at - ip), inner, wireEnd);
  return true;
}

function unwrapFrame(
  kind: number,
  buf: Uint8Array,
  ip: number,
  at: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (at + 14 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const inner = enterKeyed(buf, ip, kind, 0, tunnel, sink);
  if (inner !== TOO_DEEP) sink.ethernet(buf, at, end, address + (at - ip), inner, wireEnd);
  return true;
}
