import { type Arrival, arrive } from '../core/stream.ts';
import { HEADER } from './tcp-header.ts';

/** Bytes of a TCP header that matter beside the ports: sequence numbers, flags, window; and where they begin. */
const KEPT = 12;
const KEPT_FROM = 4;
const FIRST_ROOM = 1024;

const SIDE = 1;
const SIX = 2;

/**
 * The first packets of connections of which nothing more was seen and that carried no data, by number of the connection.
 * A scan or a flood of SYNs makes hundreds of thousands of these: 33 bytes each, until a second packet needs a `Flow`.
 */
export class FirstPackets {
  /** The header that `read` found; the ports are not in it. */
  readonly header = new Uint8Array(HEADER);
  private headers = new Uint8Array(KEPT * FIRST_ROOM);
  private bits = new Uint8Array(FIRST_ROOM);
  private packets = new Uint32Array(FIRST_ROOM);
  private secs = new Float64Array(FIRST_ROOM);
  private nsecs = new Uint32Array(FIRST_ROOM);
  private counts = new Float64Array(FIRST_ROOM);

  /** Keeps the packet whose TCP header begins at `buf[tcp]`; `seen` is the count of packets with it. */
  keep(flow: number, buf: Uint8Array, tcp: number, side: number, six: boolean, at: Arrival, seen: number): void {
    if (flow >= this.bits.length) this.grow(flow + 1);
    const to = flow * KEPT;
    for (let i = 0; i < KEPT; i++) this.headers[to + i] = buf[tcp + KEPT_FROM + i];
    this.bits[flow] = side | (six ? SIX : 0);
    this.packets[flow] = at.packet;
    this.secs[flow] = at.sec;
    this.nsecs[flow] = at.nsec;
    this.counts[flow] = seen;
  }

  /** Puts the packet of a connection into `header`, and its moment into `at`. */
  read(flow: number, at: Arrival): void {
    this.header.set(this.headers.subarray(flow * KEPT, (flow + 1) * KEPT), KEPT_FROM);
    arrive(at, this.packets[flow], this.secs[flow], this.nsecs[flow]);
  }

  side(flow: number): 0 | 1 {
    return (this.bits[flow] & SIDE) as 0 | 1;
  }

  six(flow: number): boolean {
    return (this.bits[flow] & SIX) !== 0;
  }

  /** Packets of the capture with this one. */
  seen(flow: number): number {
    return this.counts[flow];
  }

  private grow(least: number): void {
    const room = Math.max(least, 2 * this.bits.length);
    this.headers = wider(this.headers, new Uint8Array(KEPT * room));
    this.bits = wider(this.bits, new Uint8Array(room));
    this.packets = wider(this.packets, new Uint32Array(room));
    this.secs = wider(this.secs, new Float64Array(room));
    this.nsecs = wider(this.nsecs, new Uint32Array(room));
    this.counts = wider(this.counts, new Float64Array(room));
  }
}

function wider<T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}
