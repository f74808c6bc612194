import type { Arrival, Dir, EndReason, StreamSink } from '../../src/core/stream.ts';
import type { SegmentStore } from '../../src/net/delivery.ts';
import type { FlowInfo } from '../../src/net/flow.ts';
import { Network } from '../../src/net/network.ts';
import type { StreamSummary } from '../../src/net/stream-summary.ts';
import { type Frame, frame, type SegmentSpec } from './packet-builder.ts';

/** Where test packets live; above 2^31, as real addresses are. */
const BASE = 2 ** 44;

export interface Delivered {
  readonly kind: 'data' | 'gap' | 'end';
  readonly dir: Dir;
  readonly text: string;
  readonly length: number;
  readonly address: number;
  readonly packet: number;
}

/** Records what a connection was handed, and checks that delivered bytes are those at their address. */
export class Recorder implements StreamSink {
  readonly events: Delivered[] = [];
  readonly info: FlowInfo;
  private readonly at: Arrival;
  private readonly store: SegmentStore;
  ended = [false, false];

  constructor(info: FlowInfo, at: Arrival, store: SegmentStore) {
    this.info = info;
    this.at = at;
    this.store = store;
  }

  data(dir: Dir, buf: Uint8Array, start: number, end: number, address: number): void {
    if (end <= start) throw new Error('an empty delivery');
    if (this.ended[dir]) throw new Error('data behind the end');
    if (this.store.difference(address, buf, start, end) >= 0) throw new Error('bytes that are not at their address');
    this.events.push({
      kind: 'data',
      dir,
      text: String.fromCharCode(...buf.subarray(start, end)),
      length: end - start,
      address,
      packet: this.at.packet,
    });
  }

  gap(dir: Dir, length: number): void {
    if (this.ended[dir]) throw new Error('a gap behind the end');
    this.events.push({ kind: 'gap', dir, text: `[${length}]`, length, address: -1, packet: this.at.packet });
  }

  end(dir: Dir, reason: EndReason): void {
    if (this.ended[dir]) throw new Error('a second end');
    this.ended[dir] = true;
    this.events.push({ kind: 'end', dir, text: reason, length: 0, address: -1, packet: this.at.packet });
  }

  /** The stream as text, gaps as "[length]". */
  text(dir: Dir): string {
    let out = '';
    for (const e of this.events) if (e.dir === dir && e.kind !== 'end') out += e.text;
    return out;
  }

  reason(dir: Dir): string | undefined {
    return this.events.find((e) => e.dir === dir && e.kind === 'end')?.text;
  }
}

/** A network stage over packets in memory. */
export class Reassembler {
  readonly at: Arrival = { packet: 0, sec: 1_700_000_000, nsec: 0 };
  readonly opened: Recorder[] = [];
  readonly network: Network;
  readonly store: SegmentStore;
  private memory = new Uint8Array(1 << 16);
  private used = 0;

  constructor() {
    const memory = (): Uint8Array => this.memory;
    this.store = {
      read: (address, length) => memory().slice(address - BASE, address - BASE + length),
      difference: (address, buf, start, end) => {
        for (let i = 0; i < end - start; i++) if (memory()[address - BASE + i] !== buf[start + i]) return i;
        return -1;
      },
    };
    this.network = new Network({
      at: this.at,
      store: this.store,
      spool: { append: (bytes, start = 0, end = bytes.length) => this.keep(bytes.subarray(start, end)) },
      connections: {
        open: (info) => {
          const recorder = new Recorder(info, this.at, this.store);
          this.opened.push(recorder);
          return recorder;
        },
      },
    });
  }

  /** Feeds frames; each is a packet. */
  feed(frames: readonly Frame[], linkType = 1, fcsLength = 0): this {
    for (const { bytes, wireLength } of frames) {
      this.at.packet++;
      this.at.nsec += 1000;
      const address = this.keep(bytes);
      const from = address - BASE;
      this.network.packet(this.memory, from, from + bytes.length, address, wireLength, linkType, fcsLength);
    }
    return this;
  }

  segments(...specs: SegmentSpec[]): this {
    return this.feed(specs.map(frame));
  }

  finish(): this {
    this.network.finish();
    return this;
  }

  get streams(): StreamSummary[] {
    return [...this.network.streams()];
  }

  /** Texts of both directions of an opened connection. */
  texts(index = 0): [string, string] {
    const recorder = this.opened[index];
    return recorder === undefined ? ['', ''] : [recorder.text(0), recorder.text(1)];
  }

  /** Codes of the notes of a stream. */
  notes(index = 0): string[] {
    return this.streams[index].notes.map(({ note }) => note.code);
  }

  private keep(bytes: Uint8Array): number {
    while (this.used + bytes.length > this.memory.length) {
      const grown = new Uint8Array(this.memory.length * 2);
      grown.set(this.memory);
      this.memory = grown;
    }
    this.memory.set(bytes, this.used);
    this.used += bytes.length;
    return BASE + this.used - bytes.length;
  }
}

/** Feeds segments to a fresh network and ends the capture. */
export function reassemble(...specs: SegmentSpec[]): Reassembler {
  return new Reassembler().segments(...specs).finish();
}
