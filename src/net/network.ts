import type { Note } from '../core/note.ts';
import type { Arrival, SpoolWriter } from '../core/stream.ts';
import { AddressTable, ipv4Text } from './address.ts';
import type { DatagramOrigins } from './datagram.ts';
import type { Connections, SegmentStore } from './delivery.ts';
import type { FlowInfo } from './flow.ts';
import { Fragments } from './fragments.ts';
import { NO_PROTOCOL, skipExtensions } from './ip.ts';
import type { LayerSink } from './layer.ts';
import { unwrapEtherType, unwrapLink } from './links/link.ts';
import { type StreamSummary, summarize } from './stream-summary.ts';
import { Tcp } from './tcp.ts';
import { TunnelPairs } from './tunnels/pairs.ts';
import { unwrapTunnel } from './tunnels/tunnel.ts';

const LINK = { null: 0, ethernet: 1, raw: [12, 14, 101], loop: 108, sll: 113, ipv4: 228, ipv6: 229, sll2: 276 } as const;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TCP = 6;
const AUTHENTICATION = 51;
/** Below it, cooked captures name a kind of frame in place of an EtherType. */
const SMALLEST_ETHERTYPE = 0x0600;

export interface NetworkOptions {
  /** The shared arrival; inputs set it before each packet. */
  readonly at: Arrival;
  readonly store: SegmentStore;
  /** Takes datagrams joined from fragments. */
  readonly spool: SpoolWriter;
  /** Told where the bytes of those datagrams came from. */
  readonly origins?: DatagramOrigins;
  readonly connections: Connections;
  /** Told what concerns the capture and no stream. */
  note?(note: Note): void;
}

/** Packets to connections: link layer, IP and TCP. The common cases are walked here in one pass without objects; the rest is unwrapped by the rooms beside. */
export class Network implements LayerSink {
  /** Packets that arrived. */
  packets = 0;
  private readonly options: NetworkOptions;
  private readonly addresses = new AddressTable();
  private readonly fragments: Fragments;
  private readonly tcp: Tcp;
  readonly pairs = new TunnelPairs();
  /** Link types nobody can read, and their packets. */
  readonly unsupported = new Map<number, number>();
  /** Packets left out, by `SKIP`. */
  readonly skips = [0, 0, 0, 0, 0, 0, 0, 0];

  constructor(options: NetworkOptions) {
    this.options = options;
    this.fragments = new Fragments(options.spool, options.origins);
    this.tcp = new Tcp(options.at, options.store, options.connections, {
      text: (word, six) => (six ? this.addresses.text(word) : ipv4Text(word)),
    });
  }

  /** One packet, as `InputSink.packet`. */
  packet(buf: Uint8Array, start: number, end: number, address: number, wireLength: number, linkType: number, fcsLength: number): void {
    this.packets++;
    const wireEnd = start + wireLength - fcsLength;
    const stop = wireEnd < end ? wireEnd : end;
    if (linkType === LINK.ethernet) {
      this.tcp.base = address - start;
      this.frame(buf, start, stop, 0, wireEnd);
    } else this.link(linkType, buf, start, stop, address, wireEnd);
  }

  /** Number of the connection of the packet that `hand` hands over; -1 when it belongs to none. */
  streamOf(hand: () => void): number {
    this.tcp.last = -1;
    hand();
    return this.tcp.last;
  }

  process(name: string | undefined): void {
    this.tcp.process = name;
  }

  skipped(why: number): void {
    this.skips[why]++;
  }

  ethernet(buf: Uint8Array, start: number, end: number, address: number, tunnel: number, wireEnd: number): void {
    this.tcp.base = address - start;
    this.frame(buf, start, end, tunnel, wireEnd);
  }

  private frame(buf: Uint8Array, start: number, end: number, tunnel: number, wireEnd: number): void {
    let at = start + 14;
    if (at > end) return;
    let type = (buf[at - 2] << 8) | buf[at - 1];
    while ((type === 0x8100 || type === 0x88a8 || type === 0x9100) && at + 4 <= end) {
      at += 4;
      type = (buf[at - 2] << 8) | buf[at - 1];
    }
    this.payload(type, buf, at, end, tunnel, wireEnd);
  }

  ip(buf: Uint8Array, start: number, end: number, address: number, tunnel: number, wireEnd: number): void {
    if (start >= end) return;
    this.tcp.base = address - start;
    const version = buf[start] >> 4;
    if (version === 4) this.ipv4(buf, start, end, tunnel, wireEnd);
    else if (version === 6) this.ipv6(buf, start, end, tunnel, wireEnd);
  }

  /** A live input has nothing more for now; `now` is a clock in milliseconds. Call it again after a while when `waits`. */
  idle(now: number): void {
    this.tcp.idle(now);
  }

  /** Whether segments wait for missing ones. */
  get waits(): boolean {
    return this.tcp.waits;
  }

  /** What became of IP fragments: datagrams put together, given up, and fragments that contradict others. */
  get datagrams(): { readonly complete: number; readonly incomplete: number; readonly conflicts: number } {
    return this.fragments;
  }

  /** End of the capture. */
  finish(): void {
    this.fragments.finish();
    this.tcp.finish();
  }

  /** TCP packets left out because there are too many connections to follow. */
  get unfollowed(): number {
    return this.tcp.unfollowed;
  }

  /** TCP packets left out because their header is cut or nonsense. */
  get malformed(): number {
    return this.tcp.malformed;
  }

  /** Connections, numbered from 0 by their first packet. */
  get count(): number {
    return this.tcp.flows.length;
  }

  flow(index: number): FlowInfo {
    return this.tcp.flow(index);
  }

  summary(index: number): StreamSummary {
    return summarize(this.tcp.flow(index));
  }

  /** Connections with packets that the snap length cut. */
  get cut(): number {
    let n = 0;
    for (const flow of this.tcp.flows) if (flow?.notes?.some(({ note }) => note.code === 'tcp.cut') === true) n++;
    return n;
  }

  /** All connections, by first packet. */
  *streams(): Generator<StreamSummary> {
    for (let flow = 0; flow < this.count; flow++) yield this.summary(flow);
  }

  private payload(type: number, buf: Uint8Array, at: number, end: number, tunnel: number, wireEnd: number): void {
    if (type === IPV4) this.ipv4(buf, at, end, tunnel, wireEnd);
    else if (type === IPV6) this.ipv6(buf, at, end, tunnel, wireEnd);
    else unwrapEtherType(type, buf, at, end, this.tcp.base + at, tunnel, wireEnd, this);
  }

  private ipv4(buf: Uint8Array, start: number, end: number, tunnel: number, wireEnd: number): void {
    const header = (buf[start] & 15) << 2;
    if (start + 20 > end || header < 20) return;
    const total = (buf[start + 2] << 8) | buf[start + 3];
    // 0: the length was left to the network card (segmentation offload, BIG TCP), so the frame tells.
    const stop = total === 0 ? wireEnd : start + total;
    if (total !== 0 && total < header) return;
    if (((buf[start + 6] & 0x3f) | buf[start + 7]) !== 0) {
      this.fragments.add(buf, start, end < stop ? end : stop, this.tcp.base + start, tunnel, stop, this, this.options.at.sec);
      return;
    }
    const payload = start + header;
    const captured = end < stop ? end : stop;
    if (buf[start + 9] === TCP) {
      const source = (buf[start + 12] << 24) | (buf[start + 13] << 16) | (buf[start + 14] << 8) | buf[start + 15];
      const target = (buf[start + 16] << 24) | (buf[start + 17] << 16) | (buf[start + 18] << 8) | buf[start + 19];
      this.tcp.packet(buf, payload, captured, stop, source, target, tunnel, false);
    } else if (buf[start + 9] === AUTHENTICATION) this.behindExtensions(AUTHENTICATION, buf, start, payload, captured, tunnel, stop);
    else if (payload < captured) unwrapTunnel(buf[start + 9], buf, start, payload, captured, this.tcp.base + start, tunnel, stop, this);
  }

  private ipv6(buf: Uint8Array, start: number, end: number, tunnel: number, wireEnd: number): void {
    const payload = start + 40;
    if (payload > end) return;
    const length = (buf[start + 4] << 8) | buf[start + 5];
    const stop = length === 0 ? wireEnd : payload + length;
    const captured = end < stop ? end : stop;
    const next = buf[start + 6];
    if (next === TCP) {
      const source = this.addresses.number(buf, start + 8);
      const target = this.addresses.number(buf, start + 24);
      this.tcp.packet(buf, payload, captured, stop, source, target, tunnel, true);
      return;
    }
    this.behindExtensions(next, buf, start, payload, captured, tunnel, stop);
  }

  /** The transport behind extension headers of IPv6, or behind an authentication header of either version. */
  private behindExtensions(
    next: number,
    buf: Uint8Array,
    start: number,
    payload: number,
    end: number,
    tunnel: number,
    wireEnd: number,
  ): void {
    const address = this.tcp.base + start;
    const found = skipExtensions(buf, next, payload, end);
    if (found.protocol === NO_PROTOCOL) return;
    if (found.fragment) this.fragments.add(buf, start, end, address, tunnel, wireEnd, this, this.options.at.sec);
    else if (found.protocol !== TCP) unwrapTunnel(found.protocol, buf, start, found.at, end, address, tunnel, wireEnd, this);
    else if (buf[start] >> 4 === 6) {
      const source = this.addresses.number(buf, start + 8);
      const target = this.addresses.number(buf, start + 24);
      this.tcp.packet(buf, found.at, end, wireEnd, source, target, tunnel, true);
    } else {
      const source = (buf[start + 12] << 24) | (buf[start + 13] << 16) | (buf[start + 14] << 8) | buf[start + 15];
      const target = (buf[start + 16] << 24) | (buf[start + 17] << 16) | (buf[start + 18] << 8) | buf[start + 19];
      this.tcp.packet(buf, found.at, end, wireEnd, source, target, tunnel, false);
    }
  }

  private link(linkType: number, buf: Uint8Array, start: number, end: number, address: number, wireEnd: number): void {
    this.tcp.base = address - start;
    switch (linkType) {
      case LINK.raw[0]:
      case LINK.raw[1]:
      case LINK.raw[2]:
      case LINK.ipv4:
      case LINK.ipv6:
        this.ip(buf, start, end, address, 0, wireEnd);
        return;
      case LINK.null:
      case LINK.loop:
        // The family's number differs between systems and byte orders; the IP version says the same.
        this.ip(buf, start + 4, end, address + 4, 0, wireEnd);
        return;
      case LINK.sll:
        if (start + 16 <= end)
          this.cooked(linkType, buf, start, start + 16, (buf[start + 14] << 8) | buf[start + 15], end, address, wireEnd);
        return;
      case LINK.sll2:
        if (start + 20 <= end) this.cooked(linkType, buf, start, start + 20, (buf[start] << 8) | buf[start + 1], end, address, wireEnd);
        return;
      default:
        if (!unwrapLink(linkType, buf, start, end, address, wireEnd, this)) {
          this.unsupported.set(linkType, (this.unsupported.get(linkType) ?? 0) + 1);
        }
    }
  }

  /** The payload behind a cooked header that ends at `at`; its type may be a VLAN tag's, or name a frame of another kind. */
  private cooked(
    linkType: number,
    buf: Uint8Array,
    start: number,
    at: number,
    type: number,
    end: number,
    address: number,
    wireEnd: number,
  ): void {
    if (type < SMALLEST_ETHERTYPE) {
      unwrapLink(linkType, buf, start, end, address, wireEnd, this);
      return;
    }
    while ((type === 0x8100 || type === 0x88a8 || type === 0x9100) && at + 4 <= end) {
      at += 4;
      type = (buf[at - 2] << 8) | buf[at - 1];
    }
    this.payload(type, buf, at, end, 0, wireEnd);
  }
}
