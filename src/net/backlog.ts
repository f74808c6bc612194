import { type Arrival, arrive, type ByteStore, HOLE } from '../core/stream.ts';
import type { Delivery } from './delivery.ts';
import { type Flow, type Half, RUNNING, WAITING } from './flow.ts';
import type { Segment } from './segment-queue.ts';

/** Something to hand on, and when it came. */
export interface Event {
  readonly flow: Flow;
  readonly side: number;
  /** undefined: the end of the direction. */
  readonly segment: Segment | undefined;
  /** Newest packet among those that this direction hands on up to here: never descends within a direction. */
  readonly order: number;
  readonly packet: number;
  readonly sec: number;
  readonly nsec: number;
}

/**
 * Hands on segments that waited: at once when a hole was filled, or as events by packet number when holes are declared or
 * several directions are released together, so that what was said first is shown first.
 */
export class Backlog {
  /** Segments that wait in all directions. */
  held = 0;
  private readonly at: Arrival;
  private readonly store: ByteStore;
  private readonly delivery: Delivery;

  constructor(at: Arrival, store: ByteStore, delivery: Delivery) {
    this.at = at;
    this.store = store;
    this.delivery = delivery;
  }

  /** Hands on what now follows without a hole. The packet that filled the hole completed it, so its time counts. */
  drain(flow: Flow, half: Half, side: number): void {
    const { queue } = half.rare();
    for (let first = queue.first; first !== undefined && first.start <= half.position; first = queue.first) {
      queue.shift();
      this.held--;
      this.deliverHeld(flow, half, side, first);
    }
    if (queue.count === 0) {
      half.state = RUNNING;
      half.rare().calm = 0;
    }
  }

  /** The events of what waits in these flows, over at most so many holes in each direction. */
  collect(flows: readonly Flow[], holes: number, only?: Half): Event[] {
    const events: Event[] = [];
    for (const flow of flows) {
      for (let side = 0; side < 2; side++) {
        const half = flow.half(side);
        if (half.state !== WAITING || half.trouble === undefined || (only !== undefined && only !== half)) continue;
        const { queue } = half.trouble;
        let position = half.position;
        let crossed = 0;
        let order = 0;
        let newest: Segment | undefined;
        for (let segment = queue.first; segment !== undefined; segment = queue.first) {
          if (segment.start > position) {
            if (++crossed > holes) break;
            newest = undefined;
          }
          queue.shift();
          this.held--;
          position = segment.end;
          if (newest === undefined || segment.packet > newest.packet) newest = segment;
          if (newest.packet > order) order = newest.packet;
          events.push({ flow, side, segment, order, packet: newest.packet, sec: newest.sec, nsec: newest.nsec });
        }
        if (queue.count === 0 && half.trouble.probe === undefined) half.state = RUNNING;
      }
    }
    return events;
  }

  /** Adds the end of a direction, at its FIN or RST, or else now; `order`: that of its last event. */
  addEnd(events: Event[], flow: Flow, side: number, order: number): void {
    if (flow.closed || flow.sink === undefined) return;
    const half = flow.half(side);
    let { packet, sec, nsec } = this.at;
    // Not by arrays: numbers come out of them as doubles, and packets would be counted in doubles from then on.
    if (half.fin) {
      packet = half.finPacket;
      sec = half.finSec;
      nsec = half.finNsec;
    } else if (flow.reset) {
      packet = flow.resetPacket;
      sec = flow.resetSec;
      nsec = flow.resetNsec;
    }
    events.push({ flow, side, segment: undefined, order: Math.max(order, packet), packet, sec, nsec });
  }

  /** Hands on events by packet number; those of one direction stay in their order. */
  play(events: Event[], end?: (flow: Flow, half: Half, side: number) => void): void {
    if (events.length === 0) return;
    const at = this.at;
    const { packet, sec, nsec } = at;
    events.sort((a, b) => a.order - b.order);
    for (const event of events) {
      arrive(at, event.packet, event.sec, event.nsec);
      const { flow, side, segment } = event;
      const half = flow.half(side);
      if (segment !== undefined) this.deliverHeld(flow, half, side, segment);
      else end?.(flow, half, side);
    }
    arrive(at, packet, sec, nsec);
  }

  private deliverHeld(flow: Flow, half: Half, side: number, segment: Segment): void {
    if (segment.start > half.position) this.delivery.gap(flow, half, side, segment.start - half.position, 'tcp.hole');
    const skip = Math.max(0, half.position - segment.start);
    const length = segment.end - segment.start - skip;
    if (length <= 0) return;
    if (segment.address === HOLE) {
      this.delivery.gap(flow, half, side, length, 'tcp.cut');
      return;
    }
    const bytes = this.store.read(segment.address + skip, length);
    this.delivery.deliver(flow, half, side, bytes, 0, bytes.length, segment.address + skip, length - bytes.length);
  }
}
