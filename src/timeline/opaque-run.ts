import type { Dir } from '../core/stream.ts';
import type { Location } from './rows.ts';

/** Bytes of one direction that nobody could name, on their way to one row. */
export class OpaqueRun implements Location {
  readonly dir: Dir;
  length = 0;
  readonly addresses: number[] = [];
  readonly lengths: number[] = [];

  constructor(dir: Dir) {
    this.dir = dir;
  }

  get address(): number {
    return this.addresses[0];
  }

  get count(): number {
    return this.addresses.length === 1 ? 0 : this.addresses.length;
  }

  /** Bytes that follow; those that touch the last ones in the store become one piece with them. */
  add(address: number, length: number): void {
    const last = this.addresses.length - 1;
    this.length += length;
    if (last >= 0 && this.addresses[last] + this.lengths[last] === address) this.lengths[last] += length;
    else {
      this.addresses.push(address);
      this.lengths.push(length);
    }
  }
}
