import { u16 } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';
import { unwrapLlc } from './llc.ts';

/** Bits of the second frame control byte (IEEE 802.11-2020, 9.2.4.1). */
const TO_AND_FROM_DS = 0x03;
const MORE_FRAGMENTS = 0x04;
const PROTECTED = 0x40;
const ORDER = 0x80;

const BASIC_HEADER = 24;
const FOURTH_ADDRESS = 6;
const QOS = 2;
const HT_CONTROL = 4;
/** IV and extended IV of TKIP and CCMP, which some drivers leave in place after they have decrypted a frame. */
const CIPHER_HEADER = 8;
const SUBFRAME_HEADER = 14;

/** Whether LLC and SNAP with an EtherType start here: what the data of every 802.11 frame with IP in it looks like. */
function isSnap(buf: Uint8Array, at: number, end: number): boolean {
  return (
    at + 8 <= end &&
    buf[at] === 0xaa &&
    buf[at + 1] === 0xaa &&
    buf[at + 2] === 0x03 &&
    buf[at + 3] === 0 &&
    buf[at + 4] === 0 &&
    (buf[at + 5] === 0 || buf[at + 5] === 0xf8)
  );
}

/**
 * Takes off an 802.11 header (little-endian) and hands on the data behind it; `end` and `wireEnd` exclude the FCS.
 *
 * Only data frames carry something. QoS, HT control, a fourth address, padding of the header to 4 bytes and mesh headers are
 * passed over; the last two are recognised by the LLC header behind them. An aggregate (A-MSDU) hands on each of its parts.
 * Encrypted frames are skipped, except those that a driver has decrypted without clearing the bit. Fragments are skipped.
 */
export function unwrapWifi(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  if (start + 2 > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const control = buf[start];
  const flags = buf[start + 1];
  const isData = (control & 0x0f) === 0x08;
  const hasNoData = (control & 0x40) !== 0;
  if (!isData || hasNoData) return true;
  const isQos = (control & 0x80) !== 0;
  let header = BASIC_HEADER;
  if ((flags & TO_AND_FROM_DS) === TO_AND_FROM_DS) header += FOURTH_ADDRESS;
  const qosAt = start + header;
  if (isQos) header += QOS + ((flags & ORDER) !== 0 ? HT_CONTROL : 0);
  if (start + header > end) {
    sink.skipped?.(SKIP.truncated);
    return true;
  }
  const fragment = buf[start + 22] & 0x0f;
  if (fragment !== 0 || (flags & MORE_FRAGMENTS) !== 0) {
    sink.skipped?.(SKIP.fragment);
    return true;
  }
  const isAggregate = isQos && (buf[qosAt] & 0x80) !== 0;
  const isMesh = isQos && (buf[qosAt + 1] & 0x01) !== 0;
  const body = bodyStart(buf, start, start + header, end, isAggregate, isMesh);
  if (body < 0) {
    if ((flags & PROTECTED) !== 0) sink.skipped?.(SKIP.encrypted);
    return true;
  }
  if (isAggregate) return unwrapAggregate(buf, body, end, address + (body - start), tunnel, wireEnd, sink);
  return unwrapLlc(buf, body, end, address + (body - start), tunnel, wireEnd, sink);
}

/** Where LLC, or the first part of an aggregate, starts at or near `at`; -1 when it does not. */
function bodyStart(buf: Uint8Array, start: number, at: number, end: number, isAggregate: boolean, isMesh: boolean): number {
  const llc = isAggregate ? SUBFRAME_HEADER : 0;
  const padded = start + ((at - start + 3) & ~3);
  if (isSnap(buf, at + llc, end)) return at;
  if (isSnap(buf, padded + llc, end)) return padded;
  if (isMesh && !isAggregate && at < end) {
    // Mesh flags, time to live, sequence number, then 0, 1 or 2 extended addresses.
    const mesh = at + 6 + (buf[at] & 0x03) * 6;
    if (isSnap(buf, mesh, end)) return mesh;
  }
  if (isSnap(buf, at + CIPHER_HEADER + llc, end)) return at + CIPHER_HEADER;
  return isSnap(buf, padded + CIPHER_HEADER + llc, end) ? padded + CIPHER_HEADER : -1;
}

/** Parts of an A-MSDU: destination, source, length (big-endian), data; every part but the last is padded to 4 bytes. */
function unwrapAggregate(
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  let at = start;
  while (at + SUBFRAME_HEADER + 8 <= end) {
    const data = at + SUBFRAME_HEADER;
    const stop = data + u16(buf, at + 12);
    if (stop > wireEnd) {
      sink.skipped?.(SKIP.malformed);
      return true;
    }
    if (isSnap(buf, data, end)) unwrapLlc(buf, data, Math.min(end, stop), address + (data - start), tunnel, stop, sink);
    at += (stop - at + 3) & ~3;
  }
  return true;
}
