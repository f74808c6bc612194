import { HOLE } from '../core/stream.ts';

/**
 * Where bytes are in the store: `count` pieces, or one piece at `address` when `count` is 0.
 * Pieces that touch are joined; a hole has the address `HOLE`.
 */
export class Location {
  address = 0;
  count = 0;
  /** Bytes in all, holes included. */
  length = 0;
  addresses: number[] = [];
  lengths: number[] = [];
  private used = 0;

  clear(): void {
    this.used = this.count = this.length = 0;
  }

  /** One piece, in one step: the common case of a record inside one segment. */
  single(address: number, length: number): void {
    this.address = address;
    this.addresses[0] = address;
    this.lengths[0] = length;
    this.length = length;
    this.used = 1;
    this.count = 0;
  }

  add(address: number, length: number): void {
    if (length <= 0) return;
    const last = this.used - 1;
    this.length += length;
    if (last >= 0) {
      const before = this.addresses[last];
      if (address === HOLE ? before === HOLE : before !== HOLE && before + this.lengths[last] === address) {
        this.lengths[last] += length;
        return;
      }
    } else this.address = address;
    this.addresses[this.used] = address;
    this.lengths[this.used] = length;
    this.used++;
    this.count = this.used > 1 || address === HOLE ? this.used : 0;
  }

  /** Pieces held, also when there is only one. */
  get pieces(): number {
    return this.used;
  }

  /** Adds the part [start, end) of another location. */
  addPart(of: Location, start: number, end: number): void {
    let at = 0;
    for (let i = 0; i < of.used && at < end; i++) {
      const length = of.lengths[i];
      const from = Math.max(start, at);
      const to = Math.min(end, at + length);
      if (to > from) this.add(of.addresses[i] === HOLE ? HOLE : of.addresses[i] + from - at, to - from);
      at += length;
    }
  }

  addAll(of: Location): void {
    for (let i = 0; i < of.used; i++) this.add(of.addresses[i], of.lengths[i]);
  }

  copy(): Location {
    const copy = new Location();
    copy.addAll(this);
    return copy;
  }
}
