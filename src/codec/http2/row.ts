import { concatBytes, u32 } from '../../core/bytes.ts';
import type { Note, Severity } from '../../core/note.ts';
import { FLAG, FRAME } from '../../schema/http2.ts';
import { note } from '../../schema/notes.ts';
import { FRAME_HEADER, frameDef, PREFACE, payloadLength, prefaceAt, sizeProblem, streamId, unknownFlags } from './frames.ts';
import type { Block } from './header-list.ts';

/** One frame of a row, with its places in the row's bytes. */
export interface RowFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly start: number;
  readonly end: number;
  /** Content: payload without pad length, priority, promised stream and padding. */
  readonly from: number;
  readonly to: number;
  /** Where the priority fields start, -1 when there are none. */
  readonly priorityAt: number;
  /** Where the promised stream id stands, -1 when there is none. */
  readonly promisedAt: number;
}

/** A row cut into its frames: what the codec knows before the headers are read. */
export interface Row {
  readonly preface: boolean;
  readonly frames: readonly RowFrame[];
  readonly blocks: readonly Block[];
  /** The DATA of all frames together. */
  readonly body: Uint8Array;
  /** Range from the first to the last byte of the body, frame headers between them included. */
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly dataFrames: number;
  /** The last frame ends the stream. */
  readonly ended: boolean;
  readonly notes: Note[];
}

/** Frames of a row that are shown one by one; a row holds at most 1 MiB, which may be 100,000 empty frames. */
export const FRAMES_SHOWN = 256;

const NO_BYTES = new Uint8Array(0);

/** Cuts the bytes of a row, never throws: what does not fit makes notes. */
export function cutRow(bytes: Uint8Array): Row {
  const notes: Note[] = [];
  const frames: RowFrame[] = [];
  const blocks: Block[] = [];
  const data: Uint8Array[] = [];
  let pieces: { at: number; bytes: Uint8Array }[] = [];
  let bodyStart = -1;
  let bodyEnd = -1;
  let ended = false;
  const preface = prefaceAt(bytes, 0, bytes.length) === PREFACE.length;
  let at = preface ? PREFACE.length : 0;
  while (at < bytes.length) {
    if (at + FRAME_HEADER > bytes.length) {
      notes.push(note('http2.truncated', at, bytes.length, `${bytes.length - at} bytes of a frame header`));
      break;
    }
    const frame = cutFrame(bytes, at, notes);
    frames.push(frame);
    at = frame.end;
    if (frame.type === FRAME.data) {
      data.push(bytes.subarray(frame.from, frame.to));
      if (bodyStart < 0) bodyStart = frame.from;
      bodyEnd = frame.to;
    } else if (frame.type === FRAME.headers || frame.type === FRAME.pushPromise) {
      if (pieces.length > 0) blocks.push(join(pieces));
      pieces = [{ at: frame.from, bytes: bytes.subarray(frame.from, frame.to) }];
    } else if (frame.type === FRAME.continuation && pieces.length > 0)
      pieces.push({ at: frame.from, bytes: bytes.subarray(frame.from, frame.to) });
    if ((frame.type === FRAME.data || frame.type === FRAME.headers) && frame.flags & FLAG.endStream) ended = true;
  }
  // A block without END_HEADERS was never put through the table: its references are not resolved, but its literals can be read.
  if (pieces.length > 0) blocks.push(join(pieces));
  const body = data.length === 0 ? NO_BYTES : data.length === 1 ? data[0] : concatBytes(data);
  return { preface, frames, blocks, body, bodyStart, bodyEnd, dataFrames: data.length, ended, notes };
}

function join(pieces: readonly { at: number; bytes: Uint8Array }[]): Block {
  if (pieces.length === 1) return { bytes: pieces[0].bytes, pieces: [{ offset: 0, at: pieces[0].at }] };
  const places: { offset: number; at: number }[] = [];
  let offset = 0;
  for (const piece of pieces) {
    places.push({ offset, at: piece.at });
    offset += piece.bytes.length;
  }
  return { bytes: concatBytes(pieces.map((piece) => piece.bytes)), pieces: places };
}

function cutFrame(bytes: Uint8Array, start: number, notes: Note[]): RowFrame {
  const length = payloadLength(bytes, start);
  const type = bytes[start + 3];
  const flags = bytes[start + 4];
  const stream = streamId(bytes, start);
  let end = start + FRAME_HEADER + length;
  if (end > bytes.length) {
    notes.push(note('http2.truncated', start, bytes.length, `${bytes.length - start - FRAME_HEADER} of ${length} bytes`));
    end = bytes.length;
  }
  frameNotes(bytes, start, type, flags, stream, length, notes);
  let from = start + FRAME_HEADER;
  let to = end;
  let priorityAt = -1;
  let promisedAt = -1;
  const padded = flags & FLAG.padded && (type === FRAME.data || type === FRAME.headers || type === FRAME.pushPromise);
  if (padded && from < end) {
    const padding = bytes[from++];
    to -= padding;
    if (to < from) {
      notes.push(note('http2.padding-length', from - 1, from, `${padding} bytes in a frame of ${length}`));
      to = from;
    } else if (!zeros(bytes, to, end)) notes.push(note('http2.padding-content', to, end));
  }
  if (type === FRAME.headers && flags & FLAG.priority) {
    priorityAt = from;
    from = Math.min(to, from + 5);
  }
  if (type === FRAME.pushPromise) {
    promisedAt = from;
    from = Math.min(to, from + 4);
  }
  if (type === FRAME.priority) priorityAt = from;
  if (priorityAt >= 0 && priorityAt + 5 <= end && (u32(bytes, priorityAt) & 0x7fffffff) === stream) {
    notes.push(note('http2.self-dependency', priorityAt, priorityAt + 4));
  }
  return { type, flags, stream, start, end, from, to, priorityAt, promisedAt };
}

function frameNotes(bytes: Uint8Array, start: number, type: number, flags: number, stream: number, length: number, notes: Note[]): void {
  const def = frameDef(type);
  if (def === undefined) {
    notes.push(note('http2.unknown-frame', start + 3, start + 4, `type 0x${type.toString(16)}`));
    return;
  }
  const problem = sizeProblem(def, flags, length);
  if (problem !== undefined) notes.push(note('http2.frame-size', start, start + 3, problem));
  const unknown = unknownFlags(type, flags);
  if (unknown !== 0) notes.push(note('http2.flags-unknown', start + 4, start + 5, `0x${unknown.toString(16)}`));
  if (bytes[start + 5] & 0x80) notes.push(note('http2.reserved-bit', start + 5, start + 6));
  const wrong = def.stream === 'connection' ? stream !== 0 : def.stream === 'stream' && stream === 0;
  if (wrong) notes.push(note('http2.frame-stream', start + 5, start + 9, `${def.name} on stream ${stream}`));
}

function zeros(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}

const LEVEL: Readonly<Record<Severity, number>> = { info: 0, note: 1, warn: 2, error: 3 };

/** Notes by weight, the heaviest first, then by place: what a reader should see first. */
export function ordered(notes: readonly Note[]): Note[] {
  if (notes.length < 2) return [...notes];
  return [...notes].sort((a, b) => LEVEL[b.severity] - LEVEL[a.severity] || a.start - b.start);
}
