import { u16 } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';
import { dispatchEthertype } from './ethertype.ts';
import { unwrapNlpid } from './llc.ts';
import { unwrapPpp } from './ppp.ts';

const CISCO_UNICAST = 0x0f;
const CISCO_MULTICAST = 0x8f;

/** Takes off a Cisco HDLC header: address 0f or 8f, control 00, EtherType. */
export function unwrapCiscoHdlc(
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
  return dispatchEthertype(u16(buf, start + 2), buf, start + 4, end, address + 4, tunnel, wireEnd, sink);
}

/** PPP in HDLC-like framing (link type 50): Cisco HDLC is told apart by its address byte, which no PPP frame starts with. */
export function unwrapPppOrCisco(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 2 <= end && (buf[start] === CISCO_UNICAST || buf[start] === CISCO_MULTICAST) && buf[start + 1] === 0) {
    return unwrapCiscoHdlc(buf, start, end, address, tunnel, wireEnd, sink);
  }
  return unwrapPpp(buf, start, end, address, tunnel, wireEnd, sink);
}

/** PPP as pppd records it (link type 166): the address byte tells the direction, or one byte before it does. */
export function unwrapPppd(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  let header = 0;
  if (start + 2 <= end && buf[start] <= 1) header = buf[start + 1] === 0x03 ? 2 : buf[start + 1] === 0xff ? 1 : 0;
  return unwrapPpp(buf, start + header, end, address + header, tunnel, wireEnd, sink);
}

/** Longest Q.922 address. */
const MAX_RELAY_ADDRESS = 4;

/**
 * Takes off a frame relay header: Q.922 address of 2 to 4 bytes (the low bit marks the last), then control 03, padding and
 * NLPID (RFC 2427), or Cisco's EtherType in their place.
 */
export function unwrapFrameRelay(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  let at = start;
  while (at < end && at - start < MAX_RELAY_ADDRESS && (buf[at] & 1) === 0) at++;
  at++;
  if (at + 2 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  if (buf[at] !== 0x03) {
    return dispatchEthertype(u16(buf, at), buf, at + 2, end, address + (at + 2 - start), tunnel, wireEnd, sink);
  }
  at += buf[at + 1] === 0 ? 2 : 1;
  // RFC 1973: PPP in frame relay.
  if (at < end && buf[at] === 0xcf) return unwrapPpp(buf, at + 1, end, address + (at + 1 - start), tunnel, wireEnd, sink);
  return unwrapNlpid(buf, at, end, address + (at - start), tunnel, wireEnd, sink);
}
