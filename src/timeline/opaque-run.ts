import { PieceList } from '../core/piece-list.ts';
import type { Dir } from '../core/stream.ts';

/** Bytes of one direction that nobody could name, on their way to one row. */
export class OpaqueRun extends PieceList {
  readonly dir: Dir;

  constructor(dir: Dir) {
    super();
    this.dir = dir;
  }
}
