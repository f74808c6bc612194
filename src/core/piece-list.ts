import { DOUBLE_ZERO, HOLE } from './stream.ts';

/** For locations of one piece, which are nearly all. */
const NO_PIECES: number[] = [];

/**
 * Where bytes are in the store: `count` pieces, or one piece at `address` when `count` is 0.
 * Pieces that touch are joined; a hole has the address `HOLE`.
 */
export class PieceList {
  address = DOUBLE_ZERO;
  count = 0;
  /** Bytes in all, holes included. */
  length = 0;
  /** The pieces, when `count` is not 0. */
  addresses = NO_PIECES;
  lengths = NO_PIECES;
  private used = 0;

  clear(): void {
    this.used = this.count = this.length = 0;
  }

  /** One piece, in one step: the common case of a record inside one segment. */
  single(address: number, length: number): void {
    this.address = address;
    this.length = length;
    this.used = 1;
    this.count = 0;
  }

  add(address: number, length: number): void {
    if (length <= 0) return;
    if (this.used === 0) {
      this.address = address;
      this.length = length;
      this.used = 1;
      if (address === HOLE) this.spread();
      return;
    }
    const last = this.used - 1;
    const before = this.pieceAddress(last);
    const joins = address === HOLE ? before === HOLE : before !== HOLE && before + this.pieceLength(last) === address;
    if (joins) {
      this.length += length;
      if (this.count > 0) this.lengths[last] += length;
      return;
    }
    if (this.count === 0) this.spread();
    this.length += length;
    this.addresses[this.used] = address;
    this.lengths[this.used] = length;
    this.count = ++this.used;
  }

  /** Writes the only piece as the first of several. */
  private spread(): void {
    if (this.addresses === NO_PIECES) {
      this.addresses = [];
      this.lengths = [];
    }
    this.addresses[0] = this.address;
    this.lengths[0] = this.length;
    this.count = 1;
  }

  /** Pieces held, also when there is only one. */
  get pieces(): number {
    return this.used;
  }

  pieceAddress(i: number): number {
    return this.count === 0 ? this.address : this.addresses[i];
  }

  pieceLength(i: number): number {
    return this.count === 0 ? this.length : this.lengths[i];
  }

  /** Adds the part [start, end) of another location. */
  addPart(of: PieceList, start: number, end: number): void {
    let at = 0;
    for (let i = 0; i < of.used && at < end; i++) {
      const length = of.pieceLength(i);
      const address = of.pieceAddress(i);
      const from = Math.max(start, at);
      const to = Math.min(end, at + length);
      if (to > from) this.add(address === HOLE ? HOLE : address + from - at, to - from);
      at += length;
    }
  }

  addAll(of: PieceList): void {
    for (let i = 0; i < of.used; i++) this.add(of.pieceAddress(i), of.pieceLength(i));
  }

  copy(): PieceList {
    const copy = new PieceList();
    copy.addAll(this);
    return copy;
  }
}
