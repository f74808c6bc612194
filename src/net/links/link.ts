import type { LayerSink, UnwrapEtherType, UnwrapLink } from '../layer.ts';
import { SKIP } from '../layer.ts';
import { unwrapFddi, unwrapFibreChannel, unwrapFirewire, unwrapLongSwitchTag, unwrapSwitchTag, unwrapTokenRing } from './bus.ts';
import { unwrapCooked, unwrapCooked2 } from './cooked.ts';
import { dispatchEthertype } from './ethertype.ts';
import { unwrapEnc, unwrapIpnet, unwrapLoopback, unwrapNflog, unwrapPflog } from './host.ts';
import { unwrapLlc } from './llc.ts';
import { type InnerPacket, readErf, readPktap, readPpi } from './meta.ts';
import { unwrapMpls } from './mpls.ts';
import { unwrapPpp, unwrapPppoe } from './ppp.ts';
import { unwrapAvs, unwrapPrism, unwrapRadiotap } from './radio.ts';
import { unwrapCiscoHdlc, unwrapFrameRelay, unwrapPppd, unwrapPppOrCisco } from './serial.ts';
import { unwrapWifi } from './wifi.ts';

export { linkTypeName } from './names.ts';

type Unwrap = (buf: Uint8Array, start: number, end: number, address: number, tunnel: number, wireEnd: number, sink: LayerSink) => boolean;

/** A link type: what takes its header off, and the bytes before that header that tell nothing we need (direction, preamble). */
interface Link {
  readonly unwrap: Unwrap;
  readonly before: number;
}

const ip: Unwrap = (buf, start, end, address, tunnel, wireEnd, sink) => {
  sink.ip(buf, start, end, address, tunnel, wireEnd);
  return true;
};

const ethernet: Unwrap = (buf, start, end, address, tunnel, wireEnd, sink) => {
  sink.ethernet(buf, start, end, address, tunnel, wireEnd);
  return true;
};

function link(unwrap: Unwrap, before = 0): Link {
  return { unwrap, before };
}

/**
 * Every link type that carries IP for us, by its number in a capture file. Some older writers stored the number of their own
 * system instead of the registered one; those are listed beside it.
 */
const LINKS: Readonly<Record<number, Link>> = {
  0: link(unwrapLoopback),
  1: link(ethernet),
  6: link(unwrapTokenRing),
  9: link(unwrapPpp),
  10: link(unwrapFddi),
  11: link(unwrapLlc),
  12: link(ip),
  14: link(ip),
  50: link(unwrapPppOrCisco),
  51: link(unwrapPppoe),
  100: link(unwrapLlc),
  101: link(ip),
  104: link(unwrapCiscoHdlc),
  105: link(unwrapWifi),
  107: link(unwrapFrameRelay),
  108: link(unwrapLoopback),
  109: link(unwrapEnc),
  113: link(unwrapCooked),
  117: link(unwrapPflog),
  119: link(unwrapPrism),
  122: link(unwrapFibreChannel),
  // SunATM: flags, VPI, VCI before LLC.
  123: link(unwrapLlc, 4),
  127: link(unwrapRadiotap),
  138: link(unwrapFirewire),
  163: link(unwrapAvs),
  166: link(unwrapPppd),
  204: link(unwrapPpp, 1),
  205: link(unwrapCiscoHdlc, 1),
  206: link(unwrapFrameRelay, 1),
  219: link(unwrapMpls),
  226: link(unwrapIpnet),
  228: link(ip),
  229: link(ip),
  239: link(unwrapNflog),
  240: link(ethernet, 4),
  241: link(ethernet, 12),
  274: link(ethernet, 8),
  276: link(unwrapCooked2),
  281: link(unwrapSwitchTag),
  282: link(ethernet, 4),
  284: link(unwrapSwitchTag),
  285: link(unwrapLongSwitchTag),
};

const PKTAP = 258;
/** DLT_USER2: what macOS wrote for PKTAP before it had a registered number. */
const PKTAP_USER2 = 149;
const PPI = 192;
const ERF = 197;

const inner: InnerPacket = { linkType: 0, start: 0, wireEnd: 0 };

/**
 * Takes off the link header of a packet and hands what it carries to `sink`. False: the link type is not supported; a packet of
 * a supported type in which nothing was found gives true.
 *
 * PKTAP, PPI and ERF name the link type of what they carry; one of them inside of another is not supported.
 */
export const unwrapLink: UnwrapLink = (linkType, buf, start, end, address, wireEnd, sink) => {
  const known = LINKS[linkType];
  if (known !== undefined) return unwrapKnown(known, buf, start, end, address, wireEnd, sink);
  if (linkType === PKTAP || linkType === PKTAP_USER2) {
    if (!readPktap(buf, start, end, wireEnd, inner, sink)) return true;
  } else if (linkType === PPI) {
    if (!readPpi(buf, start, end, wireEnd, inner, sink)) return true;
  } else if (linkType === ERF) {
    if (!readErf(buf, start, end, wireEnd, inner, sink)) return true;
  } else return false;
  const carried = LINKS[inner.linkType];
  if (carried === undefined) return false;
  return unwrapKnown(carried, buf, inner.start, Math.min(end, inner.wireEnd), address + (inner.start - start), inner.wireEnd, sink);
};

function unwrapKnown(known: Link, buf: Uint8Array, start: number, end: number, address: number, wireEnd: number, sink: LayerSink): boolean {
  const at = start + known.before;
  if (at >= end) sink.skipped?.(SKIP.truncated);
  else known.unwrap(buf, at, end, address + known.before, 0, wireEnd, sink);
  return true;
}

/** Below this a type field is an 802.3 length (IEEE 802.3 clause 3.2.6). */
const SMALLEST_ETHERTYPE = 0x0600;
/** LLC in a frame longer than a length field can say. */
const JUMBO_LLC = 0x8870;

/** What follows a type or length field of Ethernet: 802.3 frames are cut by their length and start with LLC. */
export const unwrapEtherType: UnwrapEtherType = (etherType, buf, start, end, address, tunnel, wireEnd, sink) => {
  if (etherType < SMALLEST_ETHERTYPE) {
    const stop = start + etherType;
    return unwrapLlc(buf, start, Math.min(end, stop), address, tunnel, Math.min(wireEnd, stop), sink);
  }
  if (etherType === JUMBO_LLC) return unwrapLlc(buf, start, end, address, tunnel, wireEnd, sink);
  return dispatchEthertype(etherType, buf, start, end, address, tunnel, wireEnd, sink);
};
