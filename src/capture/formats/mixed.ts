import type { Input, InputSink, InputState, StreamInfo } from '../../core/input.ts';
import type { Dir, SpoolWriter, StreamSink } from '../../core/stream.ts';
import { note } from '../../schema/notes.ts';
import type { Source } from '../source.ts';
import { type Split, setTime } from './headerless.ts';

/** Bytes in which directions are told apart at once. 64 MiB are a quarter of a million messages. */
const CHUNK = 64 << 20;

/** Whether the user has been told that directions were lost; shared by the files of a directory. */
export interface Told {
  lost: boolean;
}

/**
 * One connection whose directions were written into one file without marks (`sslsplit -S`, "Save as Raw" of Wireshark).
 * `split` tells them apart by content; without it, or when it finds nothing, all bytes are one direction's.
 */
export class MixedInput implements Input {
  readonly name: string;
  readonly format: string;
  position = 0;
  private readonly source: Source;
  private readonly info: StreamInfo;
  private readonly split: Split | undefined;
  private readonly spool: SpoolWriter | undefined;
  private readonly told: Told;
  private readonly chunk: number;
  private stream: StreamSink | undefined = undefined;
  /** Set once the file turned out to hold one direction only. */
  private only: Dir | undefined = undefined;

  /** `spool`: copy the bytes there because the source is not in the store; undefined when it is. `chunk`: bytes looked at together. */
  constructor(
    format: string,
    source: Source,
    info: StreamInfo,
    split: Split | undefined,
    spool?: SpoolWriter,
    told: Told = { lost: false },
    chunk = CHUNK,
  ) {
    this.name = source.name;
    this.format = format;
    this.source = source;
    this.info = info;
    this.split = split;
    this.spool = spool;
    this.told = told;
    this.chunk = chunk;
  }

  get size(): number | undefined {
    return this.source.size;
  }

  step(sink: InputSink): InputState {
    // The split looks at whole stretches of the connection, so a pipe has to end first.
    if (!this.source.ended) return 'starved';
    const bytes = this.next();
    const last = this.position + bytes.length >= this.source.size || bytes.length === 0;
    if (this.stream === undefined) this.begin(sink, bytes);
    this.position += this.hand(sink, bytes, last);
    if (!last) return 'more';
    this.stream?.end(0, 'capture-end');
    this.stream?.end(1, 'capture-end');
    return 'done';
  }

  ready(): Promise<void> {
    return this.source.ready();
  }

  close(): void {
    this.source.close();
  }

  private next(): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(this.chunk, this.source.size - this.position)));
    let length = 0;
    for (let n = -1; n !== 0 && length < bytes.length; length += n)
      n = this.source.read(bytes, length, bytes.length - length, this.position + length);
    return bytes.subarray(0, length);
  }

  private begin(sink: InputSink, bytes: Uint8Array): void {
    const pieces = this.split?.(bytes) ?? [];
    const both = pieces.some((piece) => piece.dir === 0) && pieces.some((piece) => piece.dir === 1);
    if (!both) this.only = pieces[0]?.dir ?? 0;
    else if (!this.told.lost) {
      this.told.lost = true;
      sink.note(note('format.direction-lost', 0, this.source.size));
    }
    this.stream = sink.stream({ ...this.info, rolesKnown: pieces.length > 0 });
    setTime(sink, undefined);
  }

  /** Hands over the bytes, but of a chunk that is not the last one not its last piece, which may go on. Returns how many. */
  private hand(sink: InputSink, bytes: Uint8Array, last: boolean): number {
    setTime(sink, undefined);
    const pieces = this.only === undefined ? (this.split?.(bytes) ?? []) : [];
    const kept = !last && pieces.length > 1 ? 1 : 0;
    const end = pieces.length > kept ? pieces[pieces.length - 1 - kept].end : bytes.length;
    const address = this.spool ? this.spool.append(bytes, 0, end) : this.source.address + this.position;
    if (pieces.length === 0) this.stream?.data(this.only ?? 0, bytes, 0, end, address);
    for (let i = 0; i < pieces.length - kept; i++)
      this.stream?.data(pieces[i].dir, bytes, pieces[i].start, pieces[i].end, address + pieces[i].start);
    return end;
  }
}
