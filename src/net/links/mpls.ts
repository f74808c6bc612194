import { type LayerSink, SKIP } from '../layer.ts';
import { bridged } from './bridged.ts';
import { plausibleEthernet } from './plausible.ts';

/**
 * Takes off an MPLS label stack (4 bytes a label, bottom bit in the third byte) and hands on what is below.
 *
 * MPLS does not name its payload: a version nibble of 4 or 6 is IP (RFC 4928); 0 is a pseudowire control word with Ethernet
 * behind it (RFC 4448) when that looks like a frame; else Ethernet without control word when that looks like a frame.
 * Labels differ between the two directions of a path, so they are no part of a stream's identity.
 */
export function unwrapMpls(
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
    if (at + 4 >= end) {
      sink.skipped?.(SKIP.truncated);
      return true;
    }
    const bottom = (buf[at + 2] & 1) !== 0;
    at += 4;
    if (bottom) break;
  }
  const version = buf[at] >> 4;
  if (plausibleEthernet(buf, at, end, wireEnd)) return bridged(buf, at, end, address + (at - start), tunnel, wireEnd, sink);
  if (version === 4 || version === 6) {
    sink.ip(buf, at, end, address + (at - start), tunnel, wireEnd);
    return true;
  }
  if (version === 0 && plausibleEthernet(buf, at + 4, end, wireEnd)) {
    return bridged(buf, at + 4, end, address + (at + 4 - start), tunnel, wireEnd, sink);
  }
  return false;
}
