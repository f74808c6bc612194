import { u16 } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';
import { dispatchEthertype } from './ethertype.ts';
import { unwrapLlc } from './llc.ts';
import { unwrapPpp } from './ppp.ts';
import { unwrapRadiotap } from './radio.ts';
import { unwrapWifi } from './wifi.ts';

/** Hardware types of Linux whose packets keep their own header behind the cooked one. */
const ARPHRD = { ppp: 512, wifi: 801, radiotap: 803 } as const;

/** Protocol 4: an 802.3 frame with LLC. */
const LLC_FRAME = 4;

function handOn(
  hardware: number,
  protocol: number,
  buf: Uint8Array,
  at: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (hardware === ARPHRD.radiotap) return unwrapRadiotap(buf, at, end, address, tunnel, wireEnd, sink);
  if (hardware === ARPHRD.wifi) return unwrapWifi(buf, at, end, address, tunnel, wireEnd, sink);
  if (protocol === LLC_FRAME) return unwrapLlc(buf, at, end, address, tunnel, wireEnd, sink);
  if (dispatchEthertype(protocol, buf, at, end, address, tunnel, wireEnd, sink)) return true;
  if (hardware === ARPHRD.ppp && protocol === 0) return unwrapPpp(buf, at, end, address, tunnel, wireEnd, sink);
  return false;
}

/** Linux cooked, version 1 (113): packet type, hardware type, address length, address (8), protocol; 16 bytes. */
export function unwrapCooked(
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
  return handOn(u16(buf, start + 2), u16(buf, start + 14), buf, start + 16, end, address + 16, tunnel, wireEnd, sink);
}

/** Linux cooked, version 2 (276): protocol, reserved, interface (4), hardware type, packet type, address length, address; 20 bytes. */
export function unwrapCooked2(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 20 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  return handOn(u16(buf, start + 8), u16(buf, start), buf, start + 20, end, address + 20, tunnel, wireEnd, sink);
}
