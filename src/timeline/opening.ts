import { type Arrival, arrive, type Dir, type StreamSink } from '../core/stream.ts';

/** Room for the first bytes of a direction: most are decided after some tens of them. */
const FIRST_ROOM = 64;

interface Delivery {
  readonly dir: Dir;
  readonly start: number;
  readonly end: number;
  readonly address: number;
  readonly packet: number;
  readonly sec: number;
  readonly nsec: number;
}

const NONE = new Uint8Array(0);

/** The first bytes of a connection, held back until they tell what is spoken. */
export class Opening {
  private readonly buffers: [Uint8Array, Uint8Array] = [NONE, NONE];
  private readonly lengths: [number, number] = [0, 0];
  private readonly deliveries: Delivery[] = [];

  /** Bytes held of the direction that has more of them. */
  get longest(): number {
    return Math.max(this.lengths[0], this.lengths[1]);
  }

  bytes(dir: Dir): Uint8Array {
    return this.buffers[dir].subarray(0, this.lengths[dir]);
  }

  add(dir: Dir, buf: Uint8Array, start: number, end: number, address: number, { packet, sec, nsec }: Arrival): void {
    const at = this.lengths[dir];
    const size = at + end - start;
    if (this.buffers[dir].length < size) {
      const bigger = new Uint8Array(Math.max(size, FIRST_ROOM, 2 * this.buffers[dir].length));
      bigger.set(this.bytes(dir));
      this.buffers[dir] = bigger;
    }
    this.buffers[dir].set(buf.subarray(start, end), at);
    this.lengths[dir] = size;
    this.deliveries.push({ dir, start: at, end: size, address, packet, sec, nsec });
  }

  /** Hands on what was held, each delivery at its own moment; `at` is as before afterwards. */
  play(at: Arrival, to: StreamSink): void {
    const { packet, sec, nsec } = at;
    for (const d of this.deliveries) {
      arrive(at, d.packet, d.sec, d.nsec);
      to.data(d.dir, this.buffers[d.dir], d.start, d.end, d.address);
    }
    arrive(at, packet, sec, nsec);
  }
}
