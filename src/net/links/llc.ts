import { u16 } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';
import { bridged } from './bridged.ts';
import { dispatchEthertype } from './ethertype.ts';

const SNAP = 0xaa;
const IP_SAP = 0x06;
const OSI_SAP = 0xfe;
/** Unnumbered information; bit 4 is poll/final. */
const UI = 0x03;

const OUI_ETHERTYPE = 0x000000;
/** 802.1H bridge tunnel encapsulation: EtherTypes as well. */
const OUI_BRIDGE_TUNNEL = 0x0000f8;
/** RFC 2427 and 2684: bridged frames; protocol 7 is Ethernet without FCS, 1 with it. */
const OUI_BRIDGED = 0x0080c2;

/**
 * Takes off an 802.2 LLC header (DSAP, SSAP, control), with SNAP behind it or not, and hands on what it carries.
 * For an 802.3 frame `end` and `wireEnd` are to be cut by its length field first. False: nothing that can carry TCP.
 */
export function unwrapLlc(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 3 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  if ((buf[start + 2] & 0xef) !== UI) return false;
  const dsap = buf[start];
  const ssap = buf[start + 1] & 0xfe;
  if (dsap === SNAP && ssap === SNAP) return unwrapSnap(buf, start + 3, end, address + 3, tunnel, wireEnd, sink);
  if (dsap === IP_SAP && ssap === IP_SAP) sink.ip(buf, start + 3, end, address + 3, tunnel, wireEnd);
  else if (dsap === OSI_SAP && ssap === OSI_SAP) return unwrapNlpid(buf, start + 3, end, address + 3, tunnel, wireEnd, sink);
  else return false;
  return true;
}

/** Takes off a SNAP header: organisation (3 bytes) and protocol (2 bytes). */
function unwrapSnap(buf: Uint8Array, at: number, end: number, address: number, tunnel: number, wireEnd: number, sink: LayerSink): boolean {
  if (at + 5 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const organisation = (buf[at] << 16) | u16(buf, at + 1);
  const protocol = u16(buf, at + 3);
  if (organisation === OUI_ETHERTYPE || organisation === OUI_BRIDGE_TUNNEL) {
    return dispatchEthertype(protocol, buf, at + 5, end, address + 5, tunnel, wireEnd, sink);
  }
  if (organisation === OUI_BRIDGED && (protocol === 1 || protocol === 7)) {
    return bridged(buf, at + 5, end, address + 5, tunnel, wireEnd, sink);
  }
  return false;
}

/** Hands on what a network layer protocol id announces (ISO/IEC TR 9577, RFC 2427): cc IPv4, 8e IPv6, 80 SNAP. */
export function unwrapNlpid(
  buf: Uint8Array,
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
  const id = buf[at];
  if (id === 0xcc || id === 0x8e) sink.ip(buf, at + 1, end, address + 1, tunnel, wireEnd);
  else if (id === 0x80) return unwrapSnap(buf, at + 1, end, address + 1, tunnel, wireEnd, sink);
  else return false;
  return true;
}
