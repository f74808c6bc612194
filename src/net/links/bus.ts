import { u16 } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';
import { dispatchEthertype } from './ethertype.ts';
import { unwrapLlc } from './llc.ts';

/** FDDI (10): frame control, destination, source, then LLC. Frame control 50 to 5f is asynchronous LLC. */
export function unwrapFddi(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  return unwrapLlc(buf, start + 13, end, address + 13, tunnel, wireEnd, sink);
}

/** Token ring (6): access control, frame control, destination, source; routing when the source's top bit is set; then LLC. */
export function unwrapTokenRing(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 16 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const header = 14 + ((buf[start + 8] & 0x80) !== 0 ? buf[start + 14] & 0x1f : 0);
  return unwrapLlc(buf, start + header, end, address + header, tunnel, wireEnd, sink);
}

/** IP over FireWire as macOS records it (138): two 8-byte addresses, EtherType. */
export function unwrapFirewire(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 18 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  return dispatchEthertype(u16(buf, start + 16), buf, start + 18, end, address + 18, tunnel, wireEnd, sink);
}

/** IP over Fibre Channel (122): two 8-byte addresses, then LLC. */
export function unwrapFibreChannel(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  return unwrapLlc(buf, start + 16, end, address + 16, tunnel, wireEnd, sink);
}

const ADDRESSES = 12;

function behindSwitchTag(
  tag: number,
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  const at = start + ADDRESSES + tag;
  if (at + 2 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  return dispatchEthertype(u16(buf, at), buf, at + 2, end, address + (at + 2 - start), tunnel, wireEnd, sink);
}

/** Ethernet on the processor port of a switch chip (281 Broadcom, 284 Marvell DSA): a tag of 4 bytes between addresses and EtherType. */
export function unwrapSwitchTag(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  return behindSwitchTag(4, buf, start, end, address, tunnel, wireEnd, sink);
}

/** The same with a tag of 8 bytes (285, Marvell EDSA), which starts with an EtherType of its own. */
export function unwrapLongSwitchTag(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  return behindSwitchTag(8, buf, start, end, address, tunnel, wireEnd, sink);
}
