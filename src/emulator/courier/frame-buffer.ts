/** Cuts a byte stream into frames, keeping what is not complete. Bounded, and linear even when bytes come one by one. */
import { BROKEN, NEED } from '../../core/dialect.ts';

/** Longest frame an emulated server takes: sixteen times the largest message that servers announce, room for long filters. */
export const MAX_FRAME = 256 * 1024;

export class FrameBuffer {
  private buffer: Uint8Array = EMPTY;
  private length = 0;
  /** Bytes needed before it is worth measuring again. */
  private wanted = 0;

  /** Bytes that wait for the rest of their frame. */
  get pending(): number {
    return this.length;
  }

  /**
   * Adds bytes and gives every complete frame to `take`, as a copy of its own. `measure` as in `Framing`.
   * Returns why the stream cannot be cut any further, or undefined.
   */
  cut(
    bytes: Uint8Array,
    measure: (b: Uint8Array, start: number, end: number) => number,
    take: (frame: Uint8Array) => void,
  ): string | undefined {
    let data = bytes;
    if (this.length > 0) {
      this.append(bytes);
      if (this.length < this.wanted) return undefined;
      data = this.buffer.subarray(0, this.length);
    }
    let at = 0;
    let problem: string | undefined;
    this.wanted = 0;
    while (at < data.length) {
      const size = measure(data, at, data.length);
      if (size === BROKEN) problem = 'bytes that start no frame';
      else if (size > MAX_FRAME) problem = `a frame of ${size} bytes, ${MAX_FRAME} are taken`;
      if (problem !== undefined) break;
      if (size === NEED || at + size > data.length) {
        this.wanted = size === NEED ? 0 : size;
        break;
      }
      const frame = data.slice(at, at + size);
      at += size;
      take(frame);
    }
    this.keep(data, at);
    return problem;
  }

  private keep(data: Uint8Array, at: number): void {
    const rest = data.length - at;
    if (rest === 0) {
      this.buffer = EMPTY;
      this.length = 0;
      return;
    }
    if (data.buffer === this.buffer.buffer && this.buffer !== EMPTY) {
      this.buffer.copyWithin(0, at, data.length);
      this.length = rest;
      return;
    }
    this.length = 0;
    this.buffer = EMPTY;
    this.append(data.subarray(at));
  }

  private append(bytes: Uint8Array): void {
    const need = this.length + bytes.length;
    if (need > this.buffer.length) {
      const grown = new Uint8Array(Math.max(need, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, this.length));
      this.buffer = grown;
    }
    this.buffer.set(bytes, this.length);
    this.length = need;
  }
}

const EMPTY = new Uint8Array(0);
