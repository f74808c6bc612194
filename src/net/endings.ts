import { type Arrival, arrive, type Dir } from '../core/stream.ts';
import type { Backlog } from './backlog.ts';
import type { Delivery } from './delivery.ts';
import { type Flow, type Half, RUNNING, STARTING, UNSEEN, WAITING, WINDOW } from './flow.ts';

/** Why connections are ended that did not end themselves. */
type Reason = 'capture-end' | 'reuse';

/** Ends connections: what waits is handed on, holes are declared, and the stage above hears of the end of each direction. */
export class Endings {
  private readonly at: Arrival;
  private readonly backlog: Backlog;
  private readonly delivery: Delivery;

  constructor(at: Arrival, backlog: Backlog, delivery: Delivery) {
    this.at = at;
    this.backlog = backlog;
    this.delivery = delivery;
  }

  /** Hands on all that waits in these flows, holes declared, then their ends; by packet number across flows. */
  close(flows: readonly Flow[], reason: Reason): void {
    if (flows.length === 1 && this.closeQuiet(flows[0], reason)) return;
    for (const flow of flows) if (isSilent(flow)) shut(flow);
    const open = flows.filter((flow) => !flow.closed);
    for (const flow of open) this.backlog.held += begin(flow);
    const events = this.backlog.collect(open, Number.POSITIVE_INFINITY);
    const orders = new Map<Half, number>();
    for (const { flow, side, order } of events) {
      this.delivery.sink(flow);
      orders.set(flow.half(side), order);
    }
    for (const flow of open) {
      if (flow.sink === undefined && (missingTail(flow.half0) > 0 || missingTail(flow.half1) > 0)) this.delivery.sink(flow);
      for (const side of [0, 1] as const) {
        const order = orders.get(flow.half(side)) ?? 0;
        if (!this.endsNow(flow, side, order)) this.backlog.addEnd(events, flow, side, order);
      }
    }
    const ended = new Set<Flow>();
    this.backlog.play(events, (flow, half, side) => {
      this.endHalf(flow, half, side, reason);
      // Nothing comes behind the second end: the stage above may go before the next one ends.
      if (ended.delete(flow)) shut(flow);
      else ended.add(flow);
    });
    const { at } = this;
    const { packet, sec, nsec } = at;
    for (const flow of open) {
      if (flow.closed) continue;
      for (const side of [0, 1] as const) {
        const half = flow.half(side);
        if (!this.endsNow(flow, side, orders.get(half) ?? 0)) continue;
        // What waited may have come behind the FIN.
        if (half.fin) arrive(at, half.finPacket, half.finSec, half.finNsec);
        else if (flow.reset) arrive(at, flow.resetPacket, flow.resetSec, flow.resetNsec);
        this.endHalf(flow, half, side, reason);
        arrive(at, packet, sec, nsec);
      }
      shut(flow);
    }
  }

  /** Whether a direction ends with the last packet, behind all that waited: most do at the end of a capture, so they are no events. */
  private endsNow(flow: Flow, side: 0 | 1, order: number): boolean {
    const half = flow.half(side);
    const end = half.fin ? half.finPacket : flow.reset ? flow.resetPacket : this.at.packet;
    return Math.max(order, end) >= this.at.packet;
  }

  /** The same for one flow in which nothing waits, which is nearly every flow: no events to be ordered. */
  private closeQuiet(flow: Flow, reason: Reason): boolean {
    if (isSilent(flow)) {
      shut(flow);
      return true;
    }
    const { half0, half1 } = flow;
    if (isHolding(half0) || isHolding(half1)) return false;
    if (flow.sink === undefined || !half0.fin || !half1.fin) return false;
    const at = this.at;
    const { packet, sec, nsec } = at;
    const first = half0.finPacket <= half1.finPacket ? 0 : 1;
    for (const side of [first, 1 - first]) {
      const half = flow.half(side);
      arrive(at, half.finPacket, half.finSec, half.finNsec);
      this.endHalf(flow, half, side, reason);
    }
    arrive(at, packet, sec, nsec);
    shut(flow);
    return true;
  }

  private endHalf(flow: Flow, half: Half, side: number, reason: Reason): void {
    if (half.trouble?.strays !== undefined) this.delivery.dropStrays(flow, half, side);
    const missing = missingTail(half);
    if (missing > 0) this.delivery.gap(flow, half, side, missing, 'tcp.hole');
    flow.sink?.end((side ^ flow.clientSide) as Dir, half.fin ? 'fin' : flow.reset ? 'reset' : flow.replacedAt >= 0 ? 'reuse' : reason);
  }
}

/**
 * Takes the lowest byte that was seen for the start of each direction that is still held. Returns how many segments more wait.
 */
export function begin(flow: Flow): number {
  flow.watch &= ~4;
  return beginHalf(flow.half0) + beginHalf(flow.half1);
}

function beginHalf(half: Half): number {
  if (half.state !== STARTING) return 0;
  const added = placeDoubts(half, undefined);
  const first = half.trouble?.queue.first;
  const position = first === undefined ? 0 : first.start;
  half.next = (half.next + (position - half.position)) | 0;
  half.position = position;
  half.origin = position;
  half.state = first === undefined ? RUNNING : WAITING;
  return added;
}

/**
 * Takes those bytes for data after all that seemed to be keep-alives': a keep-alive repeats a byte, so one that continues what
 * was captured is none, nor is any behind the known start of the stream. Returns how many segments were added to the queue.
 */
export function placeDoubts(half: Half, start: number | undefined): number {
  const { trouble } = half;
  if (trouble?.doubts === undefined) return 0;
  const { queue, doubts } = trouble;
  const ends = new Set<number>();
  doubts.sort((a, b) => (a.seq - b.seq) | 0);
  if (start === undefined) for (const segment of queue) ends.add(segment.end);
  let added = 0;
  for (const { seq, address, packet, sec, nsec } of doubts) {
    const position = half.position + ((seq - half.next) | 0);
    if (start === undefined ? !ends.has(position) : position < start) continue;
    const pieces = queue.insert(position, position + 1, address, packet, sec, nsec);
    if (pieces === 0) continue;
    ends.add(position + 1);
    trouble.keepAlives--;
    added++;
  }
  trouble.doubts = undefined;
  return added;
}

const isHolding = (half: Half): boolean => half.state === STARTING || half.state === WAITING;

/** No byte of the connection was seen and none is known to be missing: the stage above never hears of it. */
function isSilent({ sink, half0, half1 }: Flow): boolean {
  return sink === undefined && !isHolding(half0) && !isHolding(half1) && missingTail(half0) === 0 && missingTail(half1) === 0;
}

/** Nothing more is handed on; the stage above may forget the connection. */
function shut(flow: Flow): void {
  flow.closed = true;
  flow.watch |= 32;
  flow.sink = undefined;
}

/** Bytes between the last one that was handed on and FIN. */
function missingTail(half: Half): number {
  if (!half.fin || half.state === UNSEEN) return 0;
  const missing = (half.finSequence - half.next) | 0;
  return missing <= WINDOW ? Math.max(0, missing) : 0;
}
