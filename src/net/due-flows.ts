import type { Flow } from './flow.ts';

/** Entries that are done with before the queue is moved up. */
const SLACK = 1024;

/** Flows that are looked at again when the capture has gone on by so many packets. The delay is one constant, so the queue is in order. */
export class DueFlows {
  /** Packet count at which the first one is due. */
  next = Number.POSITIVE_INFINITY;
  private readonly flows: Flow[] = [];
  private readonly packets: number[] = [];
  private head = 0;

  add(flow: Flow, packet: number): void {
    this.flows.push(flow);
    this.packets.push(packet);
    if (this.flows.length === this.head + 1) this.next = packet;
  }

  /** The next flow that is due at this packet count. */
  take(packet: number): Flow | undefined {
    if (this.head === this.flows.length || this.packets[this.head] > packet) {
      this.settle();
      return undefined;
    }
    return this.flows[this.head++];
  }

  private settle(): void {
    if (this.head > SLACK) {
      this.flows.splice(0, this.head);
      this.packets.splice(0, this.head);
      this.head = 0;
    }
    this.next = this.head < this.packets.length ? this.packets[this.head] : Number.POSITIVE_INFINITY;
  }

  /** Those that wait, in order. */
  *waiting(): Iterable<Flow> {
    for (let i = this.head; i < this.flows.length; i++) yield this.flows[i];
  }

  clear(): void {
    this.flows.length = 0;
    this.packets.length = 0;
    this.head = 0;
    this.next = Number.POSITIVE_INFINITY;
  }
}
