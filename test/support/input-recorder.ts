import { Buffer } from 'node:buffer';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenInputOptions } from '../../src/capture/format.ts';
import { openInput, openSource } from '../../src/capture/open.ts';
import { SpooledSource } from '../../src/capture/pipe-source.ts';
import { Store } from '../../src/capture/store.ts';
import type { Input, InputSink, StreamInfo } from '../../src/core/input.ts';
import type { Note } from '../../src/core/note.ts';
import type { Arrival, Dir, EndReason, StreamSink } from '../../src/core/stream.ts';

/** Steps after which an input that still says "more" is taken to hang. */
const STEP_LIMIT = 100_000;

let pieces = 0;

export interface RecordedPiece {
  /** Grows from piece to piece over all streams. */
  readonly order: number;
  readonly dir: Dir;
  readonly sec: number;
  readonly nsec: number;
  /** Undefined for a gap. */
  readonly bytes: Uint8Array | undefined;
  readonly gap: number;
}

/** What an input said of one ready-made connection. */
export class RecordedStream implements StreamSink {
  readonly info: StreamInfo;
  readonly pieces: RecordedPiece[] = [];
  readonly ends: (EndReason | undefined)[] = [undefined, undefined];
  private readonly at: Arrival;
  private readonly store: Store;

  constructor(info: StreamInfo, at: Arrival, store: Store) {
    this.info = info;
    this.at = at;
    this.store = store;
  }

  data(dir: Dir, buf: Uint8Array, start: number, end: number, address: number): void {
    const bytes = buf.slice(start, end);
    const there = this.store.read(address, end - start);
    if (Buffer.compare(there, bytes) !== 0) throw new Error(`the store holds other bytes at ${address} than were handed over`);
    this.pieces.push({ order: ++pieces, dir, sec: this.at.sec, nsec: this.at.nsec, bytes, gap: 0 });
  }

  gap(dir: Dir, length: number): void {
    this.pieces.push({ order: ++pieces, dir, sec: this.at.sec, nsec: this.at.nsec, bytes: undefined, gap: length });
  }

  end(dir: Dir, reason: EndReason): void {
    this.ends[dir] = reason;
  }

  /** All bytes of one direction as hex; a gap of n is shown as `<n>`. */
  hex(dir: Dir): string {
    return this.pieces
      .filter((piece) => piece.dir === dir)
      .map((piece) => (piece.bytes === undefined ? `<${piece.gap}>` : Buffer.from(piece.bytes).toString('hex')))
      .join('');
  }
}

export interface RecordedPacket {
  readonly number: number;
  readonly sec: number;
  readonly nsec: number;
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly linkType: number;
  readonly fcsLength: number;
  readonly process: string | undefined;
}

/** Keeps all that an input hands over, and checks on the way that every address leads to the same bytes. */
export class InputRecorder implements InputSink {
  readonly at: Arrival = { packet: 0, sec: 0, nsec: 0 };
  readonly packets: RecordedPacket[] = [];
  readonly streams: RecordedStream[] = [];
  readonly notes: Note[] = [];
  readonly keys: Uint8Array[] = [];
  format = '';
  readonly store: Store;
  private nextProcess: string | undefined = undefined;

  constructor(store: Store) {
    this.store = store;
  }

  packet(buf: Uint8Array, start: number, end: number, address: number, wireLength: number, linkType: number, fcsLength: number): void {
    const bytes = buf.slice(start, end);
    if (Buffer.compare(this.store.read(address, end - start), bytes) !== 0)
      throw new Error(`the store holds other bytes at ${address} than were handed over`);
    this.packets.push({
      number: this.at.packet,
      sec: this.at.sec,
      nsec: this.at.nsec,
      bytes,
      wireLength,
      linkType,
      fcsLength,
      process: this.nextProcess,
    });
    this.nextProcess = undefined;
  }

  stream(info: StreamInfo): StreamSink {
    const stream = new RecordedStream(info, this.at, this.store);
    this.streams.push(stream);
    return stream;
  }

  secrets(_kind: string, bytes: Uint8Array): void {
    this.keys.push(bytes.slice());
  }

  process(name: string | undefined): void {
    this.nextProcess = name;
  }

  note(note: Note): void {
    this.notes.push(note);
  }

  codes(): string[] {
    return this.notes.map((note) => note.code);
  }
}

/** Reads an input to its end. The store is left open. */
export async function record(input: Input, store: Store): Promise<InputRecorder> {
  const recorder = new InputRecorder(store);
  for (let steps = 0; ; steps++) {
    if (steps > STEP_LIMIT) throw new Error(`${input.name}: no end after ${STEP_LIMIT} steps`);
    const state = input.step(recorder);
    if (state === 'done') break;
    if (state === 'starved') await input.ready();
  }
  recorder.format = input.format;
  input.close();
  return recorder;
}

/** Reads bytes as if they had come through a wrapping whose end is known: no file is made. */
export async function recordBytes(bytes: Uint8Array, options: OpenInputOptions = {}, name = 'test'): Promise<InputRecorder> {
  const store = new Store();
  const source = new SpooledSource(name, store);
  source.append(bytes);
  source.finish();
  const recorder = await record(openSource(source, store, options), store);
  store.close();
  return recorder;
}

/** Reads a file or directory by its path. */
export async function recordPath(path: string, options: OpenInputOptions = {}): Promise<InputRecorder> {
  const store = new Store();
  const recorder = await record(openInput(path, store, options), store);
  store.close();
  return recorder;
}

/** Runs `use` with a directory of its own that holds these files. */
export async function withFiles<T>(
  files: Readonly<Record<string, Uint8Array | string>>,
  use: (directory: string) => Promise<T> | T,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'apns-inspect-test-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
