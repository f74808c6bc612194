import { type Arrival, type ByteStore, HOLE } from '../core/stream.ts';
import { Backlog, type Event } from './backlog.ts';
import { type Delivery, MAX_COMPARED } from './delivery.ts';
import { begin, Endings, placeDoubts } from './endings.ts';
import { type Flow, type Half, RUNNING, STARTING, type Trouble, UNSEEN, WAITING, WINDOW } from './flow.ts';
import type { Segment } from './segment-queue.ts';

/**
 * Segments and bytes of one direction that wait for a missing one. Far more than any reordering on a network:
 * it allows for captures whose packets are in any order at all (merged taps, several queues of a card).
 */
export const HOLD_SEGMENTS = 65_536;
export const HOLD_BYTES = 16 * 1024 * 1024;

/** Segments that wait in all directions together, about 120 bytes each: 32 MB. */
const HOLD_TOTAL = 262_144;

/** Segments in a row, in order and all behind a hole, after which the hole counts as loss: a shuffled capture has no such run. */
export const CALM_SEGMENTS = 2048;

/** Data segments of a connection without SYN that must come in order before its first one counts as the start… */
const START_CALM = 16;
/** … and that many once a segment came out of order. */
export const START_CALM_DISORDERED = 256;

/** Bytes of one direction that may be keep-alives', kept until its start is known. */
const MAX_DOUBTS = 256;

/** Contiguous segments outside of the window that make the stream jump there. */
const STRAYS_AGREE = 3;

/**
 * Puts the bytes of each direction in order and hands them on, each byte once. The first capture of a byte wins;
 * one that differs is noted. Segments that wait are kept as addresses, not as bytes.
 *
 * A hole is declared when too much waits behind it, when a long run in order follows it, or at the end: an ACK proves
 * nothing about the capture. What waited behind a declared hole is handed on with the time of its own packets.
 */
export class Reassembly {
  readonly at: Arrival;
  private readonly store: ByteStore;
  private readonly delivery: Delivery;
  private readonly backlog: Backlog;
  /** Ends the connections whose bytes go through here. */
  readonly endings: Endings;

  constructor(at: Arrival, store: ByteStore, delivery: Delivery) {
    this.at = at;
    this.store = store;
    this.delivery = delivery;
    this.backlog = new Backlog(at, store, delivery);
    this.endings = new Endings(at, this.backlog, delivery);
  }

  /** A data segment that is not simply the next one. */
  segment(
    flow: Flow,
    half: Half,
    side: number,
    seq: number,
    buf: Uint8Array,
    start: number,
    end: number,
    address: number,
    cut: number,
  ): void {
    if (half.state === UNSEEN) {
      half.state = STARTING;
      half.next = seq;
      half.position = 0;
      flow.watch |= 4;
    }
    const ahead = (seq - half.next) | 0;
    const from = half.position + ahead;
    const to = from + (end - start);
    const reference = half.state === STARTING ? (half.trouble?.queue.last?.end ?? 0) : half.position;
    if (Math.abs(from - reference) > WINDOW) {
      this.stray(flow, half, side, seq, from, end - start, address);
      return;
    }
    if (half.trouble?.strays !== undefined) this.delivery.dropStrays(flow, half, side);
    if (half.state === STARTING) {
      const tail = half.trouble?.queue.last?.end ?? from;
      const added = this.hold(flow, half, side, from, to, buf, start, address, cut);
      this.watchStart(flow, half, added > 0 && from === tail, added > 0 && from !== tail);
      return;
    }
    if (to + cut <= half.position) {
      this.delivery.repeated(flow, half, side, from, to, buf, start, address);
      return;
    }
    const fresh = Math.max(0, half.position - from);
    if (fresh > 0) {
      const known = Math.min(fresh, to - from);
      this.delivery.compare(flow, half, side, from, from + known, buf, start);
      half.rare().retransmitted++;
      half.rare().retransmittedBytes += known;
    }
    const first = Math.min(start + fresh, end);
    const rest = fresh > to - from ? cut - (fresh - (to - from)) : cut;
    if (half.state === RUNNING && ahead + fresh <= 0) {
      this.delivery.deliver(flow, half, side, buf, first, end, address + (first - start), rest);
      return;
    }
    this.wait(flow, half, side, from + fresh, Math.max(to, from + fresh), buf, first, address + (first - start), rest);
  }

  /** The byte at `position` is the first of the stream: the SYN says so. */
  anchor(flow: Flow, half: Half, seq: number): void {
    if (half.state === UNSEEN && half.trouble?.doubts !== undefined) {
      half.state = STARTING;
      half.next = seq;
    }
    if (half.state === STARTING) {
      const position = half.position + ((seq - half.next) | 0);
      half.position = position;
      half.origin = position;
      half.next = seq;
      const queue = half.rare().queue;
      this.backlog.held += placeDoubts(half, position);
      // One byte before the stream is a keep-alive's.
      while (queue.first !== undefined && queue.first.end <= position) {
        queue.shift();
        this.backlog.held--;
      }
      half.state = queue.count > 0 ? WAITING : RUNNING;
      if (flow.half0.state !== STARTING && flow.half1.state !== STARTING) flow.watch &= ~4;
      this.backlog.play(this.backlog.collect([flow], 0));
      return;
    }
    half.state = RUNNING;
    half.next = seq;
    half.position = 0;
    half.origin = 0;
    if (flow.half0.state !== STARTING && flow.half1.state !== STARTING) flow.watch &= ~4;
  }

  /** The peer acknowledged up to `ack`: decides about a probe, and about keep-alives while a start is held. */
  acknowledged(flow: Flow, half: Half, side: number, ack: number): void {
    const trouble = half.trouble;
    if (trouble === undefined) return;
    const probe = trouble.probe;
    if (probe !== undefined && ((ack - half.next) | 0) > 0) this.acceptProbe(flow, half, side, trouble, probe);
  }

  /** A byte sent into a closed window. */
  probe(flow: Flow, half: Half, address: number): void {
    const { packet, sec, nsec } = this.at;
    half.rare().probe = { start: half.position, end: half.position + 1, address, packet, sec, nsec };
    flow.watch |= 8;
    half.state = WAITING;
  }

  /** Whether one byte of a stream whose start is not known seems to be a keep-alive's: the peer had acknowledged it before it came. */
  keepAlive(half: Half, seq: number, address: number): boolean {
    const behind = (seq + 1) | 0;
    if (!half.peerAckSeen || half.peerAck !== behind) return false;
    const trouble = half.rare();
    trouble.keepAlives++;
    trouble.doubts ??= [];
    const { packet, sec, nsec } = this.at;
    if (trouble.doubts.length < MAX_DOUBTS) trouble.doubts.push({ seq, address, packet, sec, nsec });
    const { queue } = trouble;
    // The first one came before the acknowledgement and was taken for data.
    if (queue.first !== undefined && queue.first.end - queue.first.start === 1 && ((half.next + queue.first.end) | 0) === behind) {
      queue.shift();
      this.backlog.held--;
    }
    return true;
  }

  // --- waiting -------------------------------------------------------------------------------------------------

  private wait(
    flow: Flow,
    half: Half,
    side: number,
    from: number,
    to: number,
    buf: Uint8Array,
    start: number,
    address: number,
    cut: number,
  ): void {
    const trouble = half.rare();
    const probe = trouble.probe;
    if (probe !== undefined) {
      // The probe's byte was taken if its successor is sent, and is repeated otherwise.
      if (from === half.position) this.dropProbe(flow, half, trouble);
      else if (from === half.position + 1) this.acceptProbe(flow, half, side, trouble, probe);
      if (half.state === RUNNING && from === half.position) {
        this.delivery.deliver(flow, half, side, buf, start, start + (to - from), address, cut);
        return;
      }
    }
    const { queue } = trouble;
    if (from > half.position) {
      trouble.calm = queue.last !== undefined && queue.last.end === from ? trouble.calm + 1 : 0;
    }
    if (queue.last !== undefined && from < queue.last.start) trouble.outOfOrder++;
    half.state = WAITING;
    this.hold(flow, half, side, from, to, buf, start, address, cut);
    const first = queue.first;
    if (first === undefined) return;
    if (first.start <= half.position) {
      this.backlog.drain(flow, half, side);
      return;
    }
    if (trouble.calm >= CALM_SEGMENTS) {
      trouble.calm = 0;
      this.backlog.play(this.backlog.collect([flow], Number.POSITIVE_INFINITY, half));
    } else if (queue.count > HOLD_SEGMENTS || queue.bytes > HOLD_BYTES || this.backlog.held > HOLD_TOTAL) {
      const offset = half.offset(half.position);
      this.delivery.remark(flow, side, 'tcp.hold-limit', offset, offset + first.start - half.position);
      this.backlog.play(this.backlog.collect([flow], 1, half));
    }
  }

  /** Puts a segment among those that wait, except for what is already there; returns how many pieces were new. */
  private hold(
    flow: Flow,
    half: Half,
    side: number,
    from: number,
    to: number,
    buf: Uint8Array,
    start: number,
    address: number,
    cut: number,
  ): number {
    const trouble = half.rare();
    const { packet, sec, nsec } = this.at;
    const { queue } = trouble;
    if (cut === 0 && to - from === 1 && to === queue.last?.end) {
      trouble.keepAlives++;
      return 0;
    }
    let added = queue.insert(from, to, address, packet, sec, nsec);
    const { overlaps } = queue;
    for (let i = 0; i < overlaps.length && i < MAX_COMPARED; i++) {
      this.delivery.overlapped(flow, half, side, overlaps[i], buf, start - from);
    }
    if (added === 0 && to > from) trouble.retransmitted++;
    if (cut > 0) added += queue.insert(to, to + cut, HOLE, packet, sec, nsec);
    this.backlog.held += added;
    return added;
  }

  /** Decides when enough of a connection without SYN was seen to know where it starts. */
  private watchStart(flow: Flow, half: Half, inOrder: boolean, disordered: boolean): void {
    if (inOrder) flow.calm++;
    else if (disordered) {
      flow.disordered = true;
      flow.calm = 0;
    }
    const { queue } = half.rare();
    const enough = flow.calm >= (flow.disordered ? START_CALM_DISORDERED : START_CALM);
    if (enough || queue.count > HOLD_SEGMENTS || queue.bytes > HOLD_BYTES || this.backlog.held > HOLD_TOTAL) this.release(flow);
  }

  /** Takes the lowest byte that was seen for the start of each direction that is still held, and hands on what is contiguous. */
  release(flow: Flow): void {
    this.backlog.held += begin(flow);
    this.backlog.play(this.backlog.collect([flow], 0));
    flow.half0.settle();
    flow.half1.settle();
  }

  /** Segments that wait in all directions. */
  get held(): number {
    return this.backlog.held;
  }

  /** Hands on all that waits in this flow: what is missing will not come. */
  giveUp(flow: Flow): void {
    this.backlog.held += begin(flow);
    this.backlog.play(this.backlog.collect([flow], Number.POSITIVE_INFINITY));
  }

  // --- probes and strays ---------------------------------------------------------------------------------------

  private acceptProbe(flow: Flow, half: Half, side: number, trouble: Trouble, probe: Segment): void {
    this.dropProbe(flow, half, trouble);
    const bytes = this.store.read(probe.address, 1);
    this.delivery.deliver(flow, half, side, bytes, 0, bytes.length, probe.address, 1 - bytes.length);
    if (trouble.queue.count > 0) this.backlog.drain(flow, half, side);
  }

  private dropProbe(flow: Flow, half: Half, trouble: Trouble): void {
    trouble.probe = undefined;
    if (trouble.queue.count === 0) half.state = RUNNING;
    if (flow.half0.trouble?.probe === undefined && flow.half1.trouble?.probe === undefined) flow.watch &= ~8;
  }

  private stray(flow: Flow, half: Half, side: number, seq: number, from: number, length: number, address: number): void {
    const trouble = half.rare();
    if (trouble.strays !== undefined && trouble.strayNext !== seq) this.delivery.dropStrays(flow, half, side);
    trouble.strays ??= [];
    const { packet, sec, nsec } = this.at;
    trouble.strays.push({ start: from, end: from + length, address, packet, sec, nsec });
    trouble.strayNext = (seq + length) | 0;
    if (trouble.strays.length < STRAYS_AGREE || length === 0) return;
    const strays = trouble.strays;
    trouble.strays = undefined;
    if (half.state === STARTING) this.release(flow);
    this.backlog.play(this.backlog.collect([flow], Number.POSITIVE_INFINITY, half));
    const ahead = strays[0].start - half.position;
    this.delivery.gap(flow, half, side, ahead > 0 ? ahead : -1, 'tcp.hole');
    half.next = (trouble.strayNext - (from + length - strays[0].start)) | 0;
    const shift = half.position - strays[0].start;
    const events: Event[] = [];
    for (const s of strays)
      events.push({
        flow,
        side,
        segment: { ...s, start: s.start + shift, end: s.end + shift },
        order: s.packet,
        packet: s.packet,
        sec: s.sec,
        nsec: s.nsec,
      });
    this.backlog.play(events);
  }
}
