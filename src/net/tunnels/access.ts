import { u16, u32 } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';
import { plausibleEthernet, plausibleIp } from '../links/plausible.ts';
import { pppIpStart, unwrapPpp } from '../links/ppp.ts';
import { enterKeyed, enterPaired } from './entry.ts';
import { TOO_DEEP } from './identity.ts';

const KIND = { gtp: 16, teredo: 17, l2tp: 18 } as const;

const GTP_USER_DATA = 0xff;
const GTP_HEADER = 8;
const GTP_V0_HEADER = 20;

/**
 * GTP-U, version 1 (TS 29.281): flags, message type, length behind the first 8 bytes, tunnel endpoint id; when any of the low
 * three flags is set, sequence number (2), N-PDU number and type of the first extension header; extension headers (length in
 * 4-byte words, content, next type). Version 0 has a fixed header of 20 bytes. The endpoint id is the receiver's.
 */
export function unwrapGtp(
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + GTP_HEADER > end || (buf[start] & 0x10) === 0 || buf[start] >> 5 > 1) return false;
  if (buf[start + 1] !== GTP_USER_DATA) return false;
  const old = buf[start] >> 5 === 0;
  const stop = start + (old ? GTP_V0_HEADER : GTP_HEADER) + u16(buf, start + 2);
  if (stop > wireEnd) {
    sink.skipped?.(SKIP.malformed);
    return true;
  }
  const at = old ? start + GTP_V0_HEADER : behindGtpExtensions(buf, start, end);
  const cut = Math.min(end, stop);
  if (at < 0 || at >= cut) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  // A session may carry Ethernet (5G) or PPP in place of IP; those have no other sign than not being IP.
  if (!plausibleIp(buf, at, cut, stop)) {
    if (!plausibleEthernet(buf, at, cut, stop)) return false;
    const bridge = enterKeyed(buf, ip, KIND.gtp, 0, tunnel, sink);
    if (bridge !== TOO_DEEP) sink.ethernet(buf, at, cut, address + (at - ip), bridge, stop);
    return true;
  }
  const key = old ? u32(buf, start + 16) : u32(buf, start + 4);
  const inner = enterPaired(buf, ip, KIND.gtp, key | 0, at, cut, tunnel, sink);
  if (inner !== TOO_DEEP) sink.ip(buf, at, cut, address + (at - ip), inner, stop);
  return true;
}

function behindGtpExtensions(buf: Uint8Array, start: number, end: number): number {
  if ((buf[start] & 0x07) === 0) return start + GTP_HEADER;
  let at = start + GTP_HEADER + 4;
  if (at > end) return -1;
  if ((buf[start] & 0x04) === 0) return at;
  while (buf[at - 1] !== 0) {
    const length = at < end ? buf[at] * 4 : 0;
    if (length === 0 || at + length > end) return -1;
    at += length;
  }
  return at;
}

const TEREDO_AUTHENTICATION = 1;
const TEREDO_ORIGIN = 0;

/**
 * Teredo (RFC 4380): an authentication header (00 01, lengths of client id and of value, both, nonce of 8, confirmation) and an
 * origin header (00 00, port, address) may precede the IPv6 packet, which must fill the datagram. Peers use any port, so that
 * the caller asks for one end with a Teredo address (2001:0::/32) when the port tells nothing.
 */
export function unwrapTeredo(
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  let at = start;
  if (at + 4 <= end && buf[at] === 0 && buf[at + 1] === TEREDO_AUTHENTICATION) at += 4 + buf[at + 2] + buf[at + 3] + 9;
  if (at + 8 <= end && buf[at] === 0 && buf[at + 1] === TEREDO_ORIGIN) at += 8;
  if (at + 40 > end || buf[at] >> 4 !== 6 || at + 40 + u16(buf, at + 4) !== wireEnd) return false;
  const inner = enterKeyed(buf, ip, KIND.teredo, 0, tunnel, sink);
  if (inner !== TOO_DEEP) sink.ip(buf, at, end, address + (at - ip), inner, wireEnd);
  return true;
}

/** Whether a UDP payload is an IPv6 packet with a Teredo address at either end. */
export function isTeredoPeer(buf: Uint8Array, at: number, end: number): boolean {
  if (at + 40 > end || buf[at] >> 4 !== 6) return false;
  return u32(buf, at + 8) === 0x20010000 || u32(buf, at + 24) === 0x20010000;
}

const L2TP_CONTROL = 0x8000;
const L2TP_LENGTH = 0x4000;
const L2TP_SEQUENCE = 0x0800;
const L2TP_OFFSET = 0x0200;

/**
 * L2TP over UDP. Version 2 (RFC 2661): flags and version, length, tunnel, session, sequence numbers, offset, as flagged; then
 * PPP. Version 3 (RFC 3931): flags and version, reserved, session. Control messages carry nothing. Ids are the receiver's.
 */
export function unwrapL2tp(
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 8 > end) return false;
  const flags = u16(buf, start);
  if ((flags & L2TP_CONTROL) !== 0) return true;
  if ((flags & 0x0f) === 3) return unwrapL2tpSession(buf, ip, start + 4, end, address, tunnel, wireEnd, sink);
  if ((flags & 0x0f) !== 2) return false;
  let at = start + ((flags & L2TP_LENGTH) !== 0 ? 4 : 2);
  const key = u32(buf, at);
  at += (flags & L2TP_SEQUENCE) !== 0 ? 8 : 4;
  if ((flags & L2TP_OFFSET) !== 0 && at + 2 <= end) at += 2 + u16(buf, at);
  if (at >= end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const inner = enterPaired(buf, ip, KIND.l2tp, key | 0, pppIpStart(buf, at, end), end, tunnel, sink);
  if (inner === TOO_DEEP) return true;
  return unwrapPpp(buf, at, end, address + (at - ip), inner, wireEnd, sink);
}

/** Longest cookie and the sublayer behind it, in steps of 4 bytes. */
const L2TP_MAX_PREFIX = 12;

/**
 * L2TP version 3 from its session id on, as it is in IP protocol 115. Cookie (0, 4 or 8 bytes), sublayer (0 or 4) and kind of
 * the content are agreed on in the control connection, so the place is where an Ethernet frame or IP packet fits. Session ids
 * are not told apart: what they carry is a whole network each way.
 */
export function unwrapL2tpSession(
  buf: Uint8Array,
  ip: number,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 4 > end || u32(buf, start) === 0) return false;
  for (let at = start + 4; at <= start + 4 + L2TP_MAX_PREFIX; at += 4) {
    const isFrame = plausibleEthernet(buf, at, end, wireEnd);
    if (!isFrame && !plausibleIp(buf, at, end, wireEnd)) continue;
    const inner = enterKeyed(buf, ip, KIND.l2tp, 0, tunnel, sink);
    if (inner === TOO_DEEP) return true;
    if (isFrame) sink.ethernet(buf, at, end, address + (at - ip), inner, wireEnd);
    else sink.ip(buf, at, end, address + (at - ip), inner, wireEnd);
    return true;
  }
  return false;
}
