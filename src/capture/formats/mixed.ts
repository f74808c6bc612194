import type { Input, InputSink, InputState, StreamInfo } from '../../core/input.ts';
import type { SpoolWriter } from '../../core/stream.ts';
import type { Source } from '../source.ts';
import { type Split, setTime } from './headerless.ts';
import { limitedNotes } from './text-input.ts';

/** Bytes of one connection that are held to tell its directions apart. 64 MiB are a quarter of a million messages. */
const MIXED_LIMIT = 64 << 20;

/**
 * One connection whose directions were written into one file without marks (`sslsplit -S`, "Save as Raw" of Wireshark).
 * `split` tells them apart by content; without it, or when it finds nothing, all bytes are one direction's.
 */
export class MixedInput implements Input {
  readonly name: string;
  readonly format: string;
  private readonly source: Source;
  private readonly info: StreamInfo;
  private readonly split: Split | undefined;
  private readonly spool: SpoolWriter | undefined;
  private done = false;

  /** `spool`: copy the bytes there because the source is not in the store; undefined when it is. */
  constructor(format: string, source: Source, info: StreamInfo, split: Split | undefined, spool?: SpoolWriter) {
    this.name = source.name;
    this.format = format;
    this.source = source;
    this.info = info;
    this.split = split;
    this.spool = spool;
  }

  get size(): number | undefined {
    return this.source.size;
  }

  get position(): number {
    return this.done ? this.source.size : 0;
  }

  step(sink: InputSink): InputState {
    if (this.done) return 'done';
    // The split looks at the whole connection, so a pipe has to end first.
    if (!this.source.ended) return 'starved';
    this.done = true;
    const { size } = this.source;
    const bytes = new Uint8Array(Math.min(size, MIXED_LIMIT));
    let length = 0;
    for (let n = -1; n !== 0 && length < bytes.length; length += n) n = this.source.read(bytes, length, bytes.length - length, length);
    const note = limitedNotes(sink);
    if (size > MIXED_LIMIT) note('format.overlong', MIXED_LIMIT, size, 'directions are told apart in the first 64 MiB only');
    this.hand(sink, length < bytes.length ? bytes.subarray(0, length) : bytes, note);
    return 'done';
  }

  ready(): Promise<void> {
    return this.source.ready();
  }

  close(): void {
    this.source.close();
  }

  private hand(sink: InputSink, bytes: Uint8Array, note: ReturnType<typeof limitedNotes>): void {
    const address = this.spool ? this.spool.append(bytes) : this.source.address;
    const pieces = this.split?.(bytes) ?? [];
    const both = pieces.some((piece) => piece.dir === 0) && pieces.some((piece) => piece.dir === 1);
    if (both) note('format.direction-lost', 0, bytes.length);
    const stream = sink.stream({ ...this.info, rolesKnown: pieces.length > 0 });
    setTime(sink, undefined);
    if (pieces.length === 0 && bytes.length > 0) stream.data(0, bytes, 0, bytes.length, address);
    for (const { dir, start, end } of pieces) stream.data(dir, bytes, start, end, address + start);
    stream.end(0, 'capture-end');
    stream.end(1, 'capture-end');
  }
}
