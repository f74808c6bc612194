import type { InputSink, StreamInfo } from '../../core/input.ts';
import type { Dir, EndReason, StreamSink } from '../../core/stream.ts';

/**
 * Connections open at the same time in one input. Beyond it the oldest is ended:
 * the table of a file that names a new connection in every record must not grow without end.
 */
const OPEN_LIMIT = 65_536;

interface Open {
  readonly stream: StreamSink;
  /** The endpoint that direction 0 comes from. */
  readonly first: string;
}

/** Ready-made connections of one input by their two endpoints, for formats that name both with every record. */
export class ConnectionTable {
  private readonly sink: InputSink;
  private readonly open = new Map<string, Open>();
  private readonly info: (from: string, to: string, count: number) => StreamInfo;
  private count = 0;

  /** `info` describes a connection whose first record goes from `from` to `to`; `count` is its 1-based number in the input. */
  constructor(sink: InputSink, info: (from: string, to: string, count: number) => StreamInfo) {
    this.sink = sink;
    this.info = info;
  }

  /** The stream that records from `from` to `to` belong to, opened when it is new. Direction 0 is the first record's. */
  stream(from: string, to: string): StreamSink {
    return this.find(from, to).stream;
  }

  direction(from: string, to: string): Dir {
    return this.find(from, to).first === from ? 0 : 1;
  }

  /** Ends the connection in both directions; a later record of the same endpoints opens another. */
  close(from: string, to: string, reason: EndReason): void {
    const key = pairKey(from, to);
    const found = this.open.get(key);
    if (!found) return;
    this.open.delete(key);
    found.stream.end(0, reason);
    found.stream.end(1, reason);
  }

  closeAll(reason: EndReason): void {
    for (const { stream } of this.open.values()) {
      stream.end(0, reason);
      stream.end(1, reason);
    }
    this.open.clear();
  }

  private find(from: string, to: string): Open {
    const key = pairKey(from, to);
    const found = this.open.get(key);
    if (found) return found;
    if (this.open.size >= OPEN_LIMIT) this.endOldest();
    const made = { stream: this.sink.stream(this.info(from, to, ++this.count)), first: from };
    this.open.set(key, made);
    return made;
  }

  private endOldest(): void {
    for (const [key, { stream }] of this.open) {
      stream.end(0, 'capture-end');
      stream.end(1, 'capture-end');
      this.open.delete(key);
      return;
    }
  }
}

/** The same for both orders of the endpoints. */
function pairKey(a: string, b: string): string {
  return a < b ? `${a}\0${b}` : `${b}\0${a}`;
}
