import { parsePacked } from '../../src/codec/packed/syntax.ts';
import { Cells, type Framing } from '../../src/core/dialect.ts';
import type { Syntax } from '../../src/core/message.ts';
import type { Dir } from '../../src/core/stream.ts';

/** What the index and the syntax say of one frame. */
export interface SeenFrame {
  readonly syntax: Syntax;
  readonly aux: Uint8Array | undefined;
  readonly severity: number;
  readonly id: number | undefined;
  readonly status: number;
  readonly topic: Uint8Array;
  readonly token: Uint8Array;
}

/** Indexes one complete frame and decodes it from its own bytes and what the index kept. */
export function seeFrame(framing: Framing, dir: Dir, frame: Uint8Array): SeenFrame {
  const cells = new Cells();
  framing.index(dir, frame, 0, frame.length, cells);
  const aux = cells.aux?.slice();
  return {
    syntax: parsePacked(frame, aux),
    aux,
    severity: cells.severity,
    id: cells.hasId ? cells.id : undefined,
    status: cells.status,
    topic: (cells.topicFrom ?? frame).slice(cells.topicStart, cells.topicEnd),
    token: (cells.tokenFrom ?? frame).slice(cells.tokenStart, cells.tokenEnd),
  };
}

/** Cuts a stream into frames with `measure`; stops at the first byte that is none. */
export function cutFrames(framing: Framing, dir: Dir, stream: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < stream.length; ) {
    const length = framing.measure(dir, stream, at, stream.length);
    if (length <= 0 || at + length > stream.length) break;
    frames.push(stream.slice(at, at + length));
    at += length;
  }
  return frames;
}
