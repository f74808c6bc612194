import type { Input, InputSink, InputState, StreamInfo } from '../core/input.ts';
import type { Note } from '../core/note.ts';
import type { Arrival, ByteStore, StreamSink } from '../core/stream.ts';

/** What is kept of a packet until its turn comes: where it is, not its bytes. */
const WORDS = 7;

/** Packets of one input that wait for their turn, as numbers. */
class Waiting implements InputSink {
  readonly at: Arrival = { packet: 0, sec: Number.NaN, nsec: 0 };
  readonly input: Input;
  state: InputState = 'more';
  private words = new Float64Array(WORDS * 4096);
  private readonly names: (string | undefined)[] = [];
  private processName: string | undefined = undefined;
  private first = 0;
  private count = 0;
  private to: InputSink | undefined = undefined;

  constructor(input: Input) {
    this.input = input;
  }

  get empty(): boolean {
    return this.first === this.count;
  }

  /** Reads the next slice. What is no packet goes to `to` at once. */
  fill(to: InputSink): void {
    this.first = this.count = 0;
    this.names.length = 0;
    this.to = to;
    this.state = this.input.step(this);
  }

  packet(_buf: Uint8Array, start: number, end: number, address: number, wireLength: number, linkType: number, fcsLength: number): void {
    const i = this.count * WORDS;
    if (i === this.words.length) {
      const grown = new Float64Array(this.words.length * 2);
      grown.set(this.words);
      this.words = grown;
    }
    const w = this.words;
    w[i] = this.at.sec;
    w[i + 1] = this.at.nsec;
    w[i + 2] = address;
    w[i + 3] = end - start;
    w[i + 4] = wireLength;
    w[i + 5] = linkType;
    w[i + 6] = fcsLength;
    this.names[this.count] = this.processName;
    this.count++;
  }

  /** Whether the next packet here is older than that of another input. Packets without a time come first. */
  before(other: Waiting): boolean {
    const a = this.first * WORDS;
    const b = other.first * WORDS;
    const [x, y] = [this.words[a], other.words[b]];
    if (!(x >= 0) || !(y >= 0)) return !(x >= 0);
    return x < y || (x === y && this.words[a + 1] < other.words[b + 1]);
  }

  /** Hands on the next packet as packet `number` of the run. */
  deliver(to: InputSink, store: ByteStore, number: number): void {
    const i = this.first * WORDS;
    const w = this.words;
    to.at.packet = number;
    to.at.sec = w[i];
    to.at.nsec = w[i + 1];
    const bytes = store.read(w[i + 2], w[i + 3]);
    to.process(this.names[this.first]);
    to.packet(bytes, 0, bytes.length, w[i + 2], w[i + 4], w[i + 5], w[i + 6]);
    this.first++;
  }

  stream(info: StreamInfo): StreamSink {
    const to = this.to as InputSink;
    const sink = to.stream(info);
    const place = (): void => {
      to.at.packet = 0;
      to.at.sec = this.at.sec;
      to.at.nsec = this.at.nsec;
    };
    return {
      data(dir, buf, start, end, address) {
        place();
        sink.data(dir, buf, start, end, address);
      },
      gap(dir, length) {
        place();
        sink.gap(dir, length);
      },
      end(dir, reason) {
        place();
        sink.end(dir, reason);
      },
    };
  }

  secrets(kind: 'tls' | 'ssh' | 'wireguard' | 'other', bytes: Uint8Array): void {
    this.to?.secrets(kind, bytes);
  }

  process(name: string | undefined): void {
    this.processName = name;
  }

  note(note: Note): void {
    this.to?.note({ ...note, detail: note.detail === undefined ? this.input.name : `${this.input.name}: ${note.detail}` });
  }
}

/**
 * Several inputs as one: packets in the order of their times, numbered over all of them. An input whose own packets go back
 * in time keeps their order. Ready-made streams are handed on as their input is read.
 */
export class MergedInput implements Input {
  readonly name: string;
  readonly format = 'merged';
  private readonly inputs: readonly Waiting[];
  private readonly store: ByteStore;
  private number = 0;

  constructor(inputs: readonly Input[], store: ByteStore) {
    this.name = inputs.map((input) => input.name).join(', ');
    this.inputs = inputs.map((input) => new Waiting(input));
    this.store = store;
  }

  get size(): number | undefined {
    let size = 0;
    for (const { input } of this.inputs) {
      if (input.size === undefined) return undefined;
      size += input.size;
    }
    return size;
  }

  get position(): number {
    return this.inputs.reduce((sum, { input }) => sum + input.position, 0);
  }

  /** Goes on until one input has to read its next slice. */
  step(sink: InputSink): InputState {
    for (const waiting of this.inputs) {
      if (waiting.empty && waiting.state !== 'done') {
        waiting.fill(sink);
        // A live input that is silent holds nobody up: its packets come when they come.
        if (waiting.empty && waiting.state === 'more') return 'more';
      }
    }
    for (;;) {
      let next: Waiting | undefined;
      for (const waiting of this.inputs) if (!waiting.empty && (next === undefined || waiting.before(next))) next = waiting;
      if (next === undefined) break;
      next.deliver(sink, this.store, ++this.number);
      if (next.empty && next.state !== 'done') return 'more';
    }
    if (this.inputs.every(({ state }) => state === 'done')) return 'done';
    return this.inputs.some(({ state }) => state === 'more') ? 'more' : 'starved';
  }

  ready(): Promise<void> {
    return Promise.race(this.inputs.filter(({ state }) => state === 'starved').map(({ input }) => input.ready()));
  }

  close(): void {
    for (const { input } of this.inputs) input.close();
  }
}
