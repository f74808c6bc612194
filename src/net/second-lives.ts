import { type Arrival, arrive } from '../core/stream.ts';
import type { Delivery, SegmentStore } from './delivery.ts';
import type { Flow, Half } from './flow.ts';
import { Repetitions } from './repetition.ts';
import { isOver } from './reuse.ts';
import { ACK, FIN, HEADER, RST, SYN } from './tcp-header.ts';

/** Where a repetition that is a connection of its own begins anew. */
interface Follower {
  /** Address of `buf[0]` of the packet at hand. */
  base: number;
  /** A new connection between the same ends; undefined: there are too many. */
  replace(flow: Flow, side: 0 | 1, seq: number): Flow | undefined;
  /** A packet of this connection, whose TCP header is at `buf[tcp]`. */
  closer(flow: Flow, half: Half, side: 0 | 1, buf: Uint8Array, tcp: number, end: number, wireEnd: number): void;
}

/** Packets behind a SYN that may be a copy: of the connection that is over, or of a second one with the same ports and number. */
export class SecondLives {
  private readonly at: Arrival;
  private readonly store: SegmentStore;
  private readonly repetitions: Repetitions;
  private readonly follower: Follower;

  constructor(at: Arrival, store: SegmentStore, delivery: Delivery, follower: Follower) {
    this.at = at;
    this.store = store;
    this.repetitions = new Repetitions(at, delivery);
    this.follower = follower;
  }

  /** Whether a SYN may be a copy of the one that began this connection, which is over. */
  mayBegin(flow: Flow, half: Half, isn: number): boolean {
    return half.synSeen && half.isn === isn && isOver(flow) && this.repetitions.begins(flow);
  }

  /** A packet behind a SYN that may be a copy. Returns the connection it is of; undefined when it is kept as a copy. */
  packet(
    flow: Flow,
    half: Half,
    side: 0 | 1,
    flags: number,
    seq: number,
    buf: Uint8Array,
    tcp: number,
    data: number,
    end: number,
    wireEnd: number,
    cut: number,
  ): Flow | undefined {
    const { repetitions } = this;
    const syn = (flags & SYN) !== 0;
    if (syn && half.synSeen && half.isn !== seq) {
      if ((flags & ACK) === 0) {
        repetitions.forget(flow);
        return flow;
      }
    } else {
      const rst = (flags & RST) !== 0;
      const verdict = rst ? 'copy' : repetitions.judge(flow, half, syn ? (seq + 1) | 0 : seq, buf, data, end, cut, (flags & FIN) !== 0);
      if (verdict === 'missing') return flow;
      if (verdict === 'copy') {
        repetitions.keep(flow, half, side, this.follower.base + tcp, end - tcp, wireEnd - tcp);
        return undefined;
      }
    }
    return this.begin(flow, side);
  }

  /** The repetition is a connection of its own: what was kept of it is handed to it. */
  private begin(flow: Flow, side: 0 | 1): Flow | undefined {
    const { at, follower } = this;
    const kept = this.repetitions.take(flow);
    const first = kept[0]?.side ?? side;
    const next = follower.replace(flow, first, flow.half(first).isn);
    if (next === undefined) return undefined;
    const { base } = follower;
    const { packet, sec, nsec } = at;
    for (const k of kept) {
      const bytes = this.store.read(k.address, k.captured);
      if (bytes.length < HEADER) continue;
      arrive(at, k.packet, k.sec, k.nsec);
      follower.base = k.address;
      follower.closer(next, next.half(k.side), k.side, bytes, 0, bytes.length, k.wire);
    }
    arrive(at, packet, sec, nsec);
    follower.base = base;
    return next;
  }
}
