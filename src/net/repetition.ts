import type { Arrival } from '../core/stream.ts';
import type { Delivery } from './delivery.ts';
import { type Flow, type Half, type KeptPacket, UNSEEN } from './flow.ts';

/**
 * Seconds between two SYNs with one number within which the second may be a copy of the first: a packet seen on two interfaces,
 * or by two taps whose clocks differ. Later ones begin a connection of their own.
 */
const COPY_SECONDS = 10;

/** Packets of repetitions kept in all, about 80 bytes each: no capture shows more of one connection twice before it tells that it is another. */
const KEPT_PACKETS = 65_536;

/** What a packet of a connection that seems to repeat an earlier one is: a copy, part of what the earlier one lacks, or proof of another connection. */
export type Verdict = 'copy' | 'missing' | 'other';

/**
 * Connections that are over and whose SYN comes again with the same number. It is a copy (captures of two interfaces, merged
 * taps), until a packet proves the ports and the number to be used again: other bytes, other numbers of the server, another end.
 * What came until then is kept, so that it can be given to the new connection.
 */
export class Repetitions {
  private readonly at: Arrival;
  private readonly delivery: Delivery;
  private kept = 0;

  constructor(at: Arrival, delivery: Delivery) {
    this.at = at;
    this.delivery = delivery;
  }

  /** Whether a SYN with the number of an earlier one may be its copy. Inputs without times cannot tell. */
  begins(flow: Flow): boolean {
    const seconds = Math.abs(this.at.sec - flow.synSec + (this.at.nsec - flow.synNsec) / 1e9);
    return !(seconds >= COPY_SECONDS) && this.kept < KEPT_PACKETS;
  }

  /** Keeps a packet. False when there are too many: then it stays a copy. */
  keep(flow: Flow, half: Half, side: 0 | 1, address: number, captured: number, wire: number): void {
    half.packets++;
    flow.again ??= [];
    flow.watch |= 64;
    if (this.kept >= KEPT_PACKETS) {
      this.forget(flow);
      return;
    }
    this.kept++;
    const { packet, sec, nsec } = this.at;
    flow.again.push({ side, address, captured, wire, packet, sec, nsec });
  }

  /** Gives up what was kept: it was a copy. */
  forget(flow: Flow): void {
    this.kept -= flow.again?.length ?? 0;
    flow.again = undefined;
    flow.watch &= ~64;
  }

  /** Takes what was kept, because it belongs to another connection. */
  take(flow: Flow): readonly KeptPacket[] {
    const packets = flow.again ?? [];
    this.forget(flow);
    for (const { side } of packets) flow.half(side).packets--;
    return packets;
  }

  /** Judges a packet; `seq` is that of its first data byte, data is `buf[start, end)` and `cut` bytes more on the wire. */
  judge(flow: Flow, half: Half, seq: number, buf: Uint8Array, start: number, end: number, cut: number, fin: boolean): Verdict {
    const length = end - start + cut;
    if (fin && half.fin && ((seq + length) | 0) !== half.finSequence) return 'other';
    if (length === 0) return 'copy';
    if (half.state === UNSEEN) return flow.closed ? 'other' : 'missing';
    const from = half.position + ((seq - half.next) | 0);
    const to = Math.min(from + (end - start), half.position);
    if (to > from && from >= half.origin && this.delivery.differs(half, from, to, buf, start)) return 'other';
    if (from + length <= half.position) return 'copy';
    return flow.closed || (half.fin && ((seq + length - half.finSequence) | 0) > 0) ? 'other' : 'missing';
  }
}
