import { u16, u32 } from '../core/bytes.ts';
import type { SpoolWriter } from '../core/stream.ts';
import { Datagram, type DatagramOrigins, LARGEST_DATAGRAM, MAX_FRAGMENT_HEADER } from './datagram.ts';
import { type FragmentCollector, type LayerSink, SKIP } from './layer.ts';
import { MAX_TUNNEL_DEPTH, mix } from './tunnels/identity.ts';

/** Datagrams that may be incomplete at once. Hosts keep a few hundred; the oldest is given up for a new one. */
const MAX_DATAGRAMS = 1024;

/** Bytes that incomplete datagrams may hold together. Eight times what Linux grants a host, for captures of many hosts. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Fragments that may pass between the first and the last one of a datagram: half of what uses up all IPv4 ids of a host pair. */
const MAX_FRAGMENTS_BETWEEN = 65_536;

/**
 * Seconds after which the same id names another datagram; twice the 60 s of RFC 8200. It is looked at only when an id comes
 * again, so that a clock that jumps does not end anything.
 */
const MAX_SECONDS_BETWEEN = 120;

/** Complete datagrams whose repeated fragments are recognised, so that a capture with every packet twice has no incomplete ones. */
const MAX_REMEMBERED = 4096;

/** Buffers kept for the next datagrams. */
const MAX_POOLED = 32;

/** IPv6 extension headers that may stand before the fragment header: hop-by-hop, routing, authentication, destination. */
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION = 60;

/** What the headers of a fragment say. One object for all fragments: read it before anything else is added. */
interface Piece {
  /** Length of the header without the fragment header. */
  header: number;
  /** Where, behind its start, the "next header" byte of version 6 is that announces the fragment header. */
  nextAt: number;
  /** 53 bits of hash over what all fragments of a datagram share. */
  key: number;
  /** Place of the content in that of the datagram, and whether more comes behind it. */
  offset: number;
  more: boolean;
  /** Where, behind the start of the packet, the content starts; and its length on the wire. */
  skip: number;
  length: number;
}

const NO_FAULT = -1;

/** Content that no datagram can have: none, an end beyond 64 KiB, or an odd length before the last fragment. */
function checked(piece: Piece): number {
  const { header, offset, length, more } = piece;
  return length <= 0 || header + offset + length > LARGEST_DATAGRAM || (more && length % 8 !== 0) ? SKIP.malformed : NO_FAULT;
}

function wideKey(low: number, high: number): number {
  return (low >>> 0) * 2 ** 21 + (high >>> 11);
}

function readVersion4(buf: Uint8Array, start: number, end: number, tunnel: number, wireEnd: number, piece: Piece): number {
  const header = (buf[start] & 15) * 4;
  const total = u16(buf, start + 2) || wireEnd - start;
  if (header < 20 || total < header) return SKIP.malformed;
  if (start + header > end) return SKIP.truncated;
  const field = u16(buf, start + 6);
  const source = u32(buf, start + 12);
  const destination = u32(buf, start + 16);
  const id = (buf[start + 9] << 16) | u16(buf, start + 4);
  const low = mix(mix(mix(tunnel, source), destination), id);
  piece.key = wideKey(low, mix(mix(low ^ destination, source), id + 1));
  piece.header = piece.skip = header;
  piece.nextAt = 0;
  piece.offset = (field & 0x1fff) * 8;
  piece.more = (field & 0x2000) !== 0;
  piece.length = total - header;
  return checked(piece);
}

function readVersion6(buf: Uint8Array, start: number, end: number, tunnel: number, wireEnd: number, piece: Piece): number {
  let nextAt = start + 6;
  let at = start + 40;
  while (buf[nextAt] !== FRAGMENT) {
    const type = buf[nextAt];
    if (type !== HOP_BY_HOP && type !== ROUTING && type !== AUTHENTICATION && type !== DESTINATION) return SKIP.malformed;
    if (at + 2 > end) return SKIP.truncated;
    nextAt = at;
    at += type === AUTHENTICATION ? (buf[at + 1] + 2) * 4 : (buf[at + 1] + 1) * 8;
  }
  if (at + 8 > end) return SKIP.truncated;
  piece.header = at - start;
  if (piece.header > MAX_FRAGMENT_HEADER) return SKIP.malformed;
  const field = u16(buf, at + 2);
  let low = mix(tunnel, u32(buf, at + 4));
  let high = ~u32(buf, at + 4);
  for (let i = 8; i < 40; i += 4) {
    low = mix(low, u32(buf, start + i));
    high = mix(high, u32(buf, start + 44 - i));
  }
  piece.key = wideKey(low, high);
  piece.nextAt = nextAt - start;
  piece.offset = field & 0xfff8;
  piece.more = (field & 1) !== 0;
  piece.skip = piece.header + 8;
  piece.length = (u16(buf, start + 4) || wireEnd - start - 40) + 40 - piece.skip;
  return checked(piece);
}

/**
 * Puts IPv4 and IPv6 fragments together, in any order and interleaved, by (addresses, protocol, id, tunnel).
 *
 * A complete datagram is written to the spool, without fragment fields, and handed on as one packet. Where fragments overlap,
 * the bytes that came first stay. A datagram of which a piece is missing when it is given up (end of capture, limits, its id
 * comes again) is handed on up to the hole, its end being "not captured", so that TCP knows the size of what is lost.
 */
export class Fragments implements FragmentCollector {
  /** Datagrams given up with a piece missing; repeated fragments of complete ones are not counted. */
  incomplete = 0;
  /** Datagrams put together. */
  complete = 0;
  /** Fragments whose bytes contradict those that came before for the same place, or whose place contradicts the known length. */
  conflicts = 0;

  private readonly spool: SpoolWriter;
  private readonly origins: DatagramOrigins | undefined;
  /** In the order of their first fragment. */
  private readonly pending = new Map<number, Datagram>();
  /** Keys of datagrams that were put together lately. */
  private readonly done = new Set<number>();
  private readonly pool: Datagram[] = [];
  private bytes = 0;
  private seen = 0;
  private nesting = 0;
  private readonly piece: Piece = { header: 0, nextAt: 0, key: 0, offset: 0, more: false, skip: 0, length: 0 };
  private lastSink: LayerSink | undefined = undefined;

  constructor(spool: SpoolWriter, origins?: DatagramOrigins) {
    this.spool = spool;
    this.origins = origins;
  }

  /**
   * Takes one fragment: `buf[start, end)` is an IPv4 or IPv6 packet, whole or cut by the snap length. `sec` is its time when it
   * has one. May call `sink.ip` before it returns. A packet that is no fragment is handed on like a complete datagram.
   */
  add(
    buf: Uint8Array,
    start: number,
    end: number,
    address: number,
    tunnel: number,
    wireEnd: number,
    sink: LayerSink,
    sec = Number.NaN,
  ): void {
    this.lastSink = sink;
    const version = start < end ? buf[start] >> 4 : 0;
    let fault: number = SKIP.truncated;
    if (version === 4 && start + 20 <= end) fault = readVersion4(buf, start, end, tunnel, wireEnd, this.piece);
    else if (version === 6 && start + 40 <= end) fault = readVersion6(buf, start, end, tunnel, wireEnd, this.piece);
    if (fault === NO_FAULT) this.place(buf, start, end, address, tunnel, sink, sec);
    else sink.skipped?.(fault);
  }

  /** End of the capture: hands on what there is of incomplete datagrams and forgets them. */
  finish(): void {
    for (const datagram of [...this.pending.values()]) this.giveUp(datagram);
    this.pool.length = 0;
    this.lastSink = undefined;
  }

  private place(buf: Uint8Array, start: number, end: number, address: number, tunnel: number, sink: LayerSink, sec: number): void {
    const { header, nextAt, key, offset, more, skip, length } = this.piece;
    const content = start + skip;
    const captured = Math.max(0, Math.min(end - content, length));
    this.seen++;
    // RFC 6946: a datagram in one fragment has nothing to do with others of the same id.
    const isWhole = offset === 0 && !more;
    const datagram = isWhole ? this.fresh(key, tunnel) : this.find(key, tunnel, sec);
    if (offset === 0) datagram.setHeader(buf, start, header, nextAt, buf[start + header]);
    const before = datagram.capacity;
    if (!datagram.add(buf, content, captured, offset, length, more, address + skip)) this.conflicts++;
    if (isWhole) {
      this.deliver(datagram, sink);
      return;
    }
    this.bytes += datagram.capacity - before;
    if (datagram.isComplete()) {
      this.forget(datagram);
      this.complete++;
      if (this.done.size >= MAX_REMEMBERED) this.done.clear();
      this.done.add(datagram.key);
      this.deliver(datagram, sink);
    } else this.enforceLimits(datagram);
  }

  private fresh(key: number, tunnel: number): Datagram {
    const datagram = this.pool.pop() ?? new Datagram();
    datagram.open(key, this.seen, tunnel);
    return datagram;
  }

  private find(key: number, tunnel: number, sec: number): Datagram {
    const known = this.pending.get(key);
    if (known !== undefined) {
      if (!(Math.abs(sec - known.sec) > MAX_SECONDS_BETWEEN)) return known;
      this.giveUp(known);
      // What was handed on may itself have held a fragment of this id.
      const nested = this.pending.get(key);
      if (nested !== undefined) return nested;
    }
    const datagram = this.fresh(key, tunnel);
    datagram.sec = sec;
    this.pending.set(key, datagram);
    this.bytes += datagram.capacity;
    return datagram;
  }

  private enforceLimits(current: Datagram): void {
    for (const oldest of this.pending.values()) {
      const tooMany = this.pending.size > MAX_DATAGRAMS || this.bytes > MAX_BYTES;
      if (oldest === current || (!tooMany && this.seen - oldest.firstSeen <= MAX_FRAGMENTS_BETWEEN)) return;
      this.giveUp(oldest);
    }
  }

  private forget(datagram: Datagram): void {
    this.pending.delete(datagram.key);
    this.bytes -= datagram.capacity;
  }

  private giveUp(datagram: Datagram): void {
    if (this.pending.get(datagram.key) !== datagram) return;
    this.forget(datagram);
    if (!this.done.has(datagram.key)) this.incomplete++;
    if (this.lastSink !== undefined) this.deliver(datagram, this.lastSink);
  }

  /** Hands on what stands before the first hole, when the header is known. */
  private deliver(datagram: Datagram, sink: LayerSink): void {
    if (this.nesting > MAX_TUNNEL_DEPTH) sink.skipped?.(SKIP.depth);
    else if (datagram.seal()) {
      this.nesting++;
      const bytes = datagram.bytes;
      const address = this.spool.append(bytes, datagram.start, datagram.end);
      if (this.origins !== undefined) datagram.tellOrigins(address, this.origins);
      sink.ip(bytes, datagram.start, datagram.end, address, datagram.tunnel, datagram.wireEnd);
      this.nesting--;
    }
    if (this.pool.length < MAX_POOLED) this.pool.push(datagram);
  }
}
