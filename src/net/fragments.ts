import { u16, u32 } from '../core/bytes.ts';
import type { SpoolWriter } from '../core/stream.ts';
import { Datagram, LARGEST_DATAGRAM, MAX_FRAGMENT_HEADER } from './datagram.ts';
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
  /** In the order of their first fragment. */
  private readonly pending = new Map<number, Datagram>();
  /** Keys of datagrams that were put together lately. */
  private readonly done = new Set<number>();
  private readonly pool: Datagram[] = [];
  private bytes = 0;
  private seen = 0;
  private nesting = 0;
  private lastSink: LayerSink | undefined = undefined;

  constructor(spool: SpoolWriter) {
    this.spool = spool;
  }

  /**
   * Takes one fragment: `buf[start, end)` is an IPv4 or IPv6 packet, whole or cut by the snap length. `sec` is its time when it
   * has one. May call `sink.ip` before it returns. A packet that is no fragment is handed on like a complete datagram.
   */
  add(
    buf: Uint8Array,
    start: number,
    end: number,
    _address: number,
    tunnel: number,
    wireEnd: number,
    sink: LayerSink,
    sec = Number.NaN,
  ): void {
    this.lastSink = sink;
    const version = start < end ? buf[start] >> 4 : 0;
    if (version === 4 && start + 20 <= end) this.addVersion4(buf, start, end, tunnel, wireEnd, sink, sec);
    else if (version === 6 && start + 40 <= end) this.addVersion6(buf, start, end, tunnel, wireEnd, sink, sec);
    else sink.skipped?.(SKIP.truncated);
  }

  /** End of the capture: hands on what there is of incomplete datagrams and forgets them. */
  finish(): void {
    for (const datagram of [...this.pending.values()]) this.giveUp(datagram);
    this.pool.length = 0;
    this.lastSink = undefined;
  }

  private addVersion4(buf: Uint8Array, start: number, end: number, tunnel: number, wireEnd: number, sink: LayerSink, sec: number): void {
    const header = (buf[start] & 15) * 4;
    const total = u16(buf, start + 2) || wireEnd - start;
    if (header < 20 || total < header) {
      sink.skipped?.(SKIP.malformed);
      return;
    }
    if (start + header > end) {
      sink.skipped?.(SKIP.truncated);
      return;
    }
    const field = u16(buf, start + 6);
    const low = mix(mix(mix(tunnel, u32(buf, start + 12)), u32(buf, start + 16)), (buf[start + 9] << 16) | u16(buf, start + 4));
    const high = mix(mix(low ^ u32(buf, start + 16), u32(buf, start + 12)), u16(buf, start + 4) + 1);
    const length = total - header;
    this.place(buf, start, header, 0, low, high, (field & 0x1fff) * 8, (field & 0x2000) !== 0, header, length, end, tunnel, sink, sec);
  }

  private addVersion6(buf: Uint8Array, start: number, end: number, tunnel: number, wireEnd: number, sink: LayerSink, sec: number): void {
    let nextAt = start + 6;
    let at = start + 40;
    while (buf[nextAt] !== FRAGMENT) {
      const type = buf[nextAt];
      if (type !== HOP_BY_HOP && type !== ROUTING && type !== AUTHENTICATION && type !== DESTINATION) {
        sink.skipped?.(SKIP.malformed);
        return;
      }
      if (at + 2 > end) {
        sink.skipped?.(SKIP.truncated);
        return;
      }
      nextAt = at;
      at += type === AUTHENTICATION ? (buf[at + 1] + 2) * 4 : (buf[at + 1] + 1) * 8;
    }
    const header = at - start;
    if (at + 8 > end) {
      sink.skipped?.(SKIP.truncated);
      return;
    }
    if (header > MAX_FRAGMENT_HEADER) {
      sink.skipped?.(SKIP.malformed);
      return;
    }
    const payload = u16(buf, start + 4) || wireEnd - start - 40;
    const length = payload + 40 - header - 8;
    if (length < 0) {
      sink.skipped?.(SKIP.malformed);
      return;
    }
    const field = u16(buf, at + 2);
    let low = mix(tunnel, u32(buf, at + 4));
    let high = ~u32(buf, at + 4);
    for (let i = 8; i < 40; i += 4) {
      low = mix(low, u32(buf, start + i));
      high = mix(high, u32(buf, start + 48 - i - 4));
    }
    this.place(
      buf,
      start,
      header,
      nextAt - start,
      low,
      high,
      field & 0xfff8,
      (field & 1) !== 0,
      header + 8,
      length,
      end,
      tunnel,
      sink,
      sec,
    );
  }

  /**
   * `header` bytes from `start` on are the header without fragment header; the "next header" byte of version 6 is `nextAt`
   * behind `start`; the content starts `skip` bytes behind `start` and has `length` bytes on the wire.
   */
  private place(
    buf: Uint8Array,
    start: number,
    header: number,
    nextAt: number,
    low: number,
    high: number,
    offset: number,
    more: boolean,
    skip: number,
    length: number,
    end: number,
    tunnel: number,
    sink: LayerSink,
    sec: number,
  ): void {
    if (length <= 0 || header + offset + length > LARGEST_DATAGRAM || (more && length % 8 !== 0)) {
      sink.skipped?.(SKIP.malformed);
      return;
    }
    const content = start + skip;
    const captured = Math.max(0, Math.min(end - content, length));
    this.seen++;
    const key = (low >>> 0) * 2 ** 21 + (high >>> 11);
    // RFC 6946: a datagram in one fragment has nothing to do with others of the same id.
    const isWhole = offset === 0 && !more;
    const datagram = isWhole ? this.fresh(key, tunnel) : this.find(key, tunnel, sec);
    if (offset === 0) datagram.setHeader(buf, start, header, nextAt, buf[start + header]);
    const before = datagram.capacity;
    if (!datagram.add(buf, content, captured, offset, length, more)) this.conflicts++;
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
      sink.ip(bytes, datagram.start, datagram.end, address, datagram.tunnel, datagram.wireEnd);
      this.nesting--;
    }
    if (this.pool.length < MAX_POOLED) this.pool.push(datagram);
  }
}
