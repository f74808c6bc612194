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
