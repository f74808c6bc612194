import { u16, u32 } from '../../core/bytes.ts';
import type { Dir } from '../../core/stream.ts';
import { FRAME_HEADER } from './frames.ts';
import type { RowState } from './row-state.ts';

/** Window of the connection and of each stream until told otherwise. Source: RFC 9113, 6.9.2. */
const INITIAL_WINDOW = 65535;
const INITIAL_WINDOW_SIZE = 4;

/**
 * How much DATA each direction may still send. Only DATA counts, with its padding.
 *
 * The largest initial window ever announced is taken, because the moment when a new one counts is not visible.
 * Once bytes were lost, windows opened in them are unknown: nothing is said any more. Source: RFC 9113, 5.2 and 6.9.
 */
export class FlowControl {
  /** What the connection window of a direction still allows. */
  private readonly left: [number, number] = [INITIAL_WINDOW, INITIAL_WINDOW];
  private readonly initial: [number, number] = [INITIAL_WINDOW, INITIAL_WINDOW];
  private exact = true;

  forget(): void {
    this.exact = false;
  }

  /** A SETTINGS frame from `dir`: it rules what the other side sends. */
  settings(dir: Dir, b: Uint8Array, start: number, end: number): void {
    for (let at = start + FRAME_HEADER; at + 6 <= end; at += 6) {
      if (u16(b, at) === INITIAL_WINDOW_SIZE) this.initial[1 - dir] = Math.max(this.initial[1 - dir], u32(b, at + 2));
    }
  }

  /** A WINDOW_UPDATE from `dir`; `row` is the other side's message on its stream, when there is one. */
  update(dir: Dir, stream: number, row: RowState | undefined, increment: number): void {
    if (stream === 0) this.left[1 - dir] += increment;
    else if (row !== undefined) row.granted += increment;
  }

  /** DATA of `length` payload bytes. False when a window did not allow it. */
  sent(dir: Dir, row: RowState, length: number): boolean {
    this.left[dir] -= length;
    row.sent += length;
    return !this.exact || (this.left[dir] >= 0 && row.sent <= this.initial[dir] + row.granted);
  }
}
