import type { Dir } from '../core/stream.ts';

/** A run of one direction, [start, end). */
export interface DirectionRun {
  readonly dir: Dir;
  readonly start: number;
  readonly end: number;
}

/** Runs of one direction in the making. */
export class Runs {
  readonly list: { dir: Dir; start: number; end: number }[] = [];

  /** The next bytes, up to `end`, are of this direction. */
  add(dir: Dir, start: number, end: number): void {
    const last = this.list[this.list.length - 1];
    if (last?.dir === dir && last.end === start) last.end = end;
    else if (end > start) this.list.push({ dir, start, end });
  }
}
