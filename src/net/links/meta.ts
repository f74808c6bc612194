import { u16, u16LE, u32LE } from '../../core/bytes.ts';
import { type LayerSink, SKIP } from '../layer.ts';
import { processName } from './process-names.ts';
import { WIFI_FCS } from './radio.ts';

/** A header that names the link type of what follows it, taken apart: where the inner packet is. */
export interface InnerPacket {
  linkType: number;
  start: number;
  wireEnd: number;
}

const PKTAP_SHORTEST = 56;
const PKTAP_PACKET = 1;
const PKTAP_PROCESS = 56;
const PKTAP_PROCESS_END = 76;

/**
 * Apple's packet tap header (258, and 149 in older files), little-endian: header length, record type (1 = packet), inner link
 * type, interface name (24), flags, protocol family, lengths of what precedes and follows the frame, process id, process name
 * (20) … False: there is no packet in it.
 */
export function readPktap(buf: Uint8Array, start: number, end: number, wireEnd: number, inner: InnerPacket, sink: LayerSink): boolean {
  if (start + PKTAP_SHORTEST > end) {
    sink.skipped?.(SKIP.truncated);
    return false;
  }
  const length = u32LE(buf, start);
  if (length < PKTAP_SHORTEST || start + length > end) {
    sink.skipped?.(length < PKTAP_SHORTEST ? SKIP.malformed : SKIP.truncated);
    return false;
  }
  if (u32LE(buf, start + 4) !== PKTAP_PACKET) return false;
  const name = length >= PKTAP_PROCESS_END ? processName(buf, start + PKTAP_PROCESS) : '';
  sink.process(name === '' ? undefined : name);
  inner.linkType = u32LE(buf, start + 8);
  inner.start = start + length;
  inner.wireEnd = wireEnd;
  return true;
}

const PPI_ALIGNED = 0x01;
const PPI_80211_COMMON = 2;
const PPI_FCS_PRESENT = 0x01;
const PPI_FCS_BAD = 0x04;

/**
 * Per-packet information (192), little-endian: version, flags, header length, inner link type, then fields (type, length,
 * value; aligned to 4 bytes when flag 1 says so). The 802.11 common field tells whether an FCS follows the frame.
 */
export function readPpi(buf: Uint8Array, start: number, end: number, wireEnd: number, inner: InnerPacket, sink: LayerSink): boolean {
  if (start + 8 > end) {
    sink.skipped?.(SKIP.truncated);
    return false;
  }
  const length = u16LE(buf, start + 2);
  const stop = start + length;
  if (length < 8 || stop > end) {
    sink.skipped?.(length < 8 ? SKIP.malformed : SKIP.truncated);
    return false;
  }
  inner.linkType = u32LE(buf, start + 4);
  inner.start = stop;
  inner.wireEnd = wireEnd;
  const aligned = (buf[start + 1] & PPI_ALIGNED) !== 0;
  let at = start + 8;
  while (at + 4 <= stop) {
    const size = u16LE(buf, at + 2);
    if (u16LE(buf, at) === PPI_80211_COMMON && size >= 10 && at + 14 <= stop) {
      const flags = u16LE(buf, at + 12);
      if ((flags & PPI_FCS_PRESENT) !== 0) inner.wireEnd = wireEnd - WIFI_FCS;
      if ((flags & PPI_FCS_BAD) !== 0) {
        sink.skipped?.(SKIP.damaged);
        return false;
      }
    }
    at += 4 + size;
    if (aligned) at = start + ((at - start + 3) & ~3);
  }
  return true;
}

const ERF_HEADER = 16;
const ERF_EXTENSION = 8;
const ERF_MORE = 0x80;

/** Types of ERF records and the link types of what they carry. */
const ERF_LINK: Readonly<Record<number, number>> = { 1: 50, 2: 1, 22: 101, 23: 101 };

/**
 * Endace ERF (197), big-endian except for its time: time (8), type, flags, record length, lost, wire length; extension headers
 * of 8 bytes while the top bit of type says so; two bytes of padding before Ethernet.
 */
export function readErf(buf: Uint8Array, start: number, end: number, wireEnd: number, inner: InnerPacket, sink: LayerSink): boolean {
  if (start + ERF_HEADER > end) {
    sink.skipped?.(SKIP.truncated);
    return false;
  }
  const linkType = ERF_LINK[buf[start + 8] & 0x7f];
  if (linkType === undefined) return false;
  let at = start + ERF_HEADER;
  let more = (buf[start + 8] & ERF_MORE) !== 0;
  while (more && at + ERF_EXTENSION <= end) {
    more = (buf[at] & ERF_MORE) !== 0;
    at += ERF_EXTENSION;
  }
  if (linkType === 1) at += 2;
  inner.linkType = linkType;
  inner.start = at;
  inner.wireEnd = Math.min(wireEnd, at + u16(buf, start + 14));
  return true;
}
