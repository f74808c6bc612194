import type { Input, InputSink, InputState } from '../../core/input.ts';
import type { SpoolWriter } from '../../core/stream.ts';
import { type NoteCode, note } from '../../schema/notes.ts';
import type { Source } from '../source.ts';
import { Window } from './window.ts';

/**
 * Longest line that is read. A line holds one record as hex: 16 MiB of hex are 8 MiB of data,
 * far above the largest TLS record or reassembled segment that a tool prints on one line.
 */
const LINE_LIMIT = 16 << 20;
/** Bytes taken in by one `step`. */
const STEP_BYTES = 2 << 20;
/** Notes of one code that an input makes; a hostile file could make one a line. */
const NOTES_PER_CODE = 20;

const LF = 10;
const CR = 13;

/** Reads the lines of one format. It is made at the first step and hands what it finds to the sink that its maker was given. */
export interface LineReader {
  /** One line without its line end: `buf[start, end)`; `position` is where it stands in the source. The bytes are valid during the call. */
  line(buf: Uint8Array, start: number, end: number, position: number): void;
  /** The input has ended; `length` is its size. */
  finish(length: number): void;
}

/** What a reader of text is given: where to put decoded bytes, whom to tell. */
export interface TextContext {
  readonly sink: InputSink;
  readonly spool: SpoolWriter;
  readonly name: string;
  /** Makes a note at the range of positions [start, end); further ones of the same code are counted and left out. */
  note(code: NoteCode, start: number, end: number, detail?: string): void;
}

/** An input over a text format; `make` is called once, at the first step. */
export class TextInput implements Input {
  readonly name: string;
  readonly format: string;
  private readonly source: Source;
  private readonly spool: SpoolWriter;
  private readonly make: (context: TextContext) => LineReader;
  private readonly window: Window;
  private reader: LineReader | undefined = undefined;
  private skipping = false;
  private done = false;

  constructor(format: string, source: Source, spool: SpoolWriter, make: (context: TextContext) => LineReader) {
    this.name = source.name;
    this.format = format;
    this.source = source;
    this.spool = spool;
    this.make = make;
    this.window = new Window(source, LINE_LIMIT);
  }

  get size(): number | undefined {
    return this.source.ended ? this.source.size : undefined;
  }

  get position(): number {
    return this.window.position(this.window.start);
  }

  step(sink: InputSink): InputState {
    if (this.done) return 'done';
    const context = this.reader === undefined ? textContext(sink, this.spool, this.name) : undefined;
    const reader = (this.reader ??= this.make(context as TextContext));
    const stop = this.position + STEP_BYTES;
    while (this.position < stop) {
      const ended = this.source.ended;
      if (this.window.fill() === 0) {
        if (this.window.full) this.dropLine(sink);
        else if (ended) return this.finish(reader);
        else return 'starved';
      }
      this.lines(reader);
    }
    return 'more';
  }

  ready(): Promise<void> {
    return this.source.ready();
  }

  close(): void {
    this.source.close();
  }

  private lines(reader: LineReader): void {
    const w = this.window;
    for (;;) {
      const at = w.buf.indexOf(LF, w.start);
      if (at < 0 || at >= w.end) return;
      const start = w.start;
      w.start = at + 1;
      if (this.skipping) this.skipping = false;
      else reader.line(w.buf, start, at > start && w.buf[at - 1] === CR ? at - 1 : at, w.position(start));
    }
  }

  /** The window holds the start of a line that does not fit: leaves it out up to its end. */
  private dropLine(sink: InputSink): void {
    const w = this.window;
    if (!this.skipping) sink.note(note('format.overlong', w.position(w.start), w.position(w.end)));
    this.skipping = true;
    w.start = w.end;
  }

  private finish(reader: LineReader): InputState {
    const w = this.window;
    if (w.start < w.end && !this.skipping) reader.line(w.buf, w.start, w.end, w.position(w.start));
    w.start = w.end;
    reader.finish(w.position(w.end));
    this.done = true;
    return 'done';
  }
}

function textContext(sink: InputSink, spool: SpoolWriter, name: string): TextContext {
  return { sink, spool, name, note: limitedNotes(sink) };
}

/** A function that hands notes to the sink, but of each code only the first twenty. */
export function limitedNotes(sink: InputSink): TextContext['note'] {
  const counts = new Map<NoteCode, number>();
  return (code, start, end, detail) => {
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    if (count <= NOTES_PER_CODE) sink.note(note(code, start, end, detail));
  };
}
