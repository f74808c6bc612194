import { u16, u32 } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';
import { dispatchEthertype, ETHERTYPE, unwrapNextProtocol } from '../links/ethertype.ts';
import { unwrapMpls } from '../links/mpls.ts';
import { plausibleIp } from '../links/plausible.ts';
import { unwrapWifi } from '../links/wifi.ts';
import { enterKeyed } from './entry.ts';
import { TOO_DEEP } from './identity.ts';

const KIND = { vxlan: 1, geneve: 2, mpls: 3, lisp: 4, tzsp: 5, gue: 6 } as const;

const VXLAN_HEADER = 8;
const HAS_NETWORK = 0x08;
const HAS_PROTOCOL = 0x04;

/**
 * VXLAN (RFC 7348) and VXLAN-GPE: flags, next protocol at 3 when flag 4 is set (else Ethernet), network id at 4 to 6.
 * In this and the functions below `address` belongs to `buf[ip]`, and the UDP payload is `[start, end)`.
 */
export function unwrapVxlan(
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + VXLAN_HEADER > end || (buf[start] & HAS_NETWORK) === 0) return false;
  const inner = enterKeyed(buf, ip, KIND.vxlan, u32(buf, start + 4) >>> 8, tunnel, sink);
  if (inner === TOO_DEEP) return true;
  const at = start + VXLAN_HEADER;
  const next = (buf[start] & HAS_PROTOCOL) !== 0 ? buf[start + 3] : 3;
  if (next === 3) {
    sink.ethernet(buf, at, end, address + (at - ip), inner, wireEnd);
    return true;
  }
  return unwrapNextProtocol(next, buf, at, end, address + (at - ip), inner, wireEnd, sink);
}

/** GENEVE (RFC 8926): version 0 and options length in 4-byte words, flags, protocol type, network id; options. */
export function unwrapGeneve(
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 8 > end || buf[start] >> 6 !== 0) return false;
  const at = start + 8 + (buf[start] & 0x3f) * 4;
  if (at > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const inner = enterKeyed(buf, ip, KIND.geneve, u32(buf, start + 4) >>> 8, tunnel, sink);
  if (inner === TOO_DEEP) return true;
  const type = u16(buf, start + 2);
  if (type === ETHERTYPE.bridging) {
    sink.ethernet(buf, at, end, address + (at - ip), inner, wireEnd);
    return true;
  }
  return dispatchEthertype(type, buf, at, end, address + (at - ip), inner, wireEnd, sink);
}

/** MPLS in UDP (RFC 7510). */
export function unwrapMplsInUdp(
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  const inner = enterKeyed(buf, ip, KIND.mpls, 0, tunnel, sink);
  return inner === TOO_DEEP || unwrapMpls(buf, start, end, address + (start - ip), inner, wireEnd, sink);
}

/** LISP data (RFC 9300): flags, nonce or map version (3), instance id and locator bits (4); then IP. */
export function unwrapLisp(
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  const at = start + 8;
  if (!plausibleIp(buf, at, end, wireEnd)) return false;
  const hasInstance = (buf[start] & 0x08) !== 0;
  const inner = enterKeyed(buf, ip, KIND.lisp, hasInstance ? u32(buf, start + 4) >>> 8 : 0, tunnel, sink);
  if (inner !== TOO_DEEP) sink.ip(buf, at, end, address + (at - ip), inner, wireEnd);
  return true;
}

/**
 * Generic UDP encapsulation, version 0 (draft-ietf-intarea-gue): version, control bit and length of the optional fields in 4-byte
 * words, IP protocol, flags; fields. Only IP inside is taken; version 1 is a bare IPv4 or IPv6 packet.
 */
export function unwrapGue(
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 4 > end) return false;
  let at = start;
  if (buf[start] >> 6 === 0) {
    const isControl = (buf[start] & 0x20) !== 0;
    if (isControl || (buf[start + 1] !== 4 && buf[start + 1] !== 41)) return false;
    at += 4 + (buf[start] & 0x1f) * 4;
  }
  if (!plausibleIp(buf, at, end, wireEnd)) return false;
  const inner = enterKeyed(buf, ip, KIND.gue, 0, tunnel, sink);
  if (inner !== TOO_DEEP) sink.ip(buf, at, end, address + (at - ip), inner, wireEnd);
  return true;
}

const TZSP_ETHERNET = 1;
const TZSP_WIFI = 18;
const TZSP_PADDING = 0;
const TZSP_END = 1;

/** TZSP: version 1, type (0 received, 1 to be sent), encapsulated protocol, tags (type, length, value) up to the end tag. */
export function unwrapTzsp(
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 5 > end || buf[start] !== 1 || buf[start + 1] > 1) return false;
  const protocol = u16(buf, start + 2);
  let at = start + 4;
  while (at < end && buf[at] !== TZSP_END) at += buf[at] === TZSP_PADDING ? 1 : 2 + (at + 1 < end ? buf[at + 1] : 0);
  at++;
  if (at > end || (protocol !== TZSP_ETHERNET && protocol !== TZSP_WIFI)) return false;
  const inner = enterKeyed(buf, ip, KIND.tzsp, 0, tunnel, sink);
  if (inner === TOO_DEEP) return true;
  if (protocol === TZSP_WIFI) return unwrapWifi(buf, at, end, address + (at - ip), inner, wireEnd, sink);
  sink.ethernet(buf, at, end, address + (at - ip), inner, wireEnd);
  return true;
}
