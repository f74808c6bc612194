import type { Input, InputSink, InputState, StreamInfo } from '../../core/input.ts';
import type { Dir, SpoolWriter, StreamSink } from '../../core/stream.ts';
import type { Source } from '../source.ts';
import type { Instant } from './instant.ts';

/** Bytes handed over in one call, and by one `step`. */
const PIECE = 1 << 20;

/** What is being handed over: one buffer for all inputs, as a directory may have a hundred thousand of some bytes each. Made when it is needed. */
let shared: Uint8Array | undefined;

/** Cuts a run of bytes that holds both directions into pieces of one direction each, in order. */
export type Split = (bytes: Uint8Array) => readonly { readonly dir: Dir; readonly start: number; readonly end: number }[];

/** One file of plain stream bytes: which direction they have, and when they began and ended, if somebody said so. */
export interface Side {
  readonly source: Source;
  readonly dir: Dir;
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
}

/** One connection out of files without headers, a file for each direction that is known. */
export class HeaderlessInput implements Input {
  readonly name: string;
  readonly format: string;
  private readonly sides: readonly Side[];
  private readonly info: StreamInfo;
  private readonly spool: SpoolWriter | undefined;
  private readonly positions: number[];
  private stream: StreamSink | undefined = undefined;
  private current = 0;

  /** `spool`: copy the bytes there because the sources are not in the store; undefined when they are. */
  constructor(format: string, sides: readonly Side[], info: StreamInfo, spool?: SpoolWriter) {
    this.name = sides.map((side) => side.source.name).join(', ');
    this.format = format;
    this.sides = sides;
    this.info = info;
    this.spool = spool;
    this.positions = sides.map(() => 0);
  }

  get size(): number | undefined {
    let size = 0;
    for (const { source } of this.sides) size += source.size;
    return size;
  }

  get position(): number {
    return this.positions.reduce((sum, n) => sum + n, 0);
  }

  step(sink: InputSink): InputState {
    this.stream ??= sink.stream(this.info);
    shared ??= new Uint8Array(PIECE);
    const piece = shared;
    while (this.current < this.sides.length) {
      const { source, dir, from, to } = this.sides[this.current];
      const { ended } = source;
      const position = this.positions[this.current];
      const n = source.read(piece, 0, PIECE, position);
      if (n > 0) {
        setTime(sink, from);
        const address = this.spool ? this.spool.append(piece, 0, n) : source.address + position;
        this.stream.data(dir, piece, 0, n, address);
        this.positions[this.current] = position + n;
        return 'more';
      }
      if (!ended) return 'starved';
      setTime(sink, to ?? from);
      this.stream.end(dir, 'capture-end');
      this.current++;
    }
    for (const dir of [0, 1] as const) if (!this.sides.some((side) => side.dir === dir)) this.stream.end(dir, 'capture-end');
    return 'done';
  }

  ready(): Promise<void> {
    return this.sides[this.current]?.source.ready() ?? Promise.resolve();
  }

  close(): void {
    for (const { source } of this.sides) source.close();
  }
}

export function setTime(sink: InputSink, time: Instant | undefined): void {
  sink.at.packet = 0;
  sink.at.sec = time ? time.sec : Number.NaN;
  sink.at.nsec = time ? time.nsec : 0;
}
