import { LOST, MISSING } from './value-table.ts';

/** Slots of the key table; a further byte limit, if there is one, is not known (courier.md 5.2). */
const KEY_SLOTS = 32;
/** Bytes a key may have. */
export const MAX_KEY_BYTES = 64;

const EMPTY = new Uint8Array(0);

/**
 * The key table of one direction: 32 slots, first in, first out, index 0 = newest.
 * After `forget`, keys added since are known by the same reasoning as in the value table; behind them an index is LOST until
 * 32 keys were added, MISSING after that.
 */
export class KeyTable {
  count = 0;
  unknown = false;
  bytes: Uint8Array = EMPTY;
  private lengths: Uint8Array = EMPTY;
  private newest = -1;

  /** Adds `buf[start, end)`, 1 to 64 bytes. */
  add(buf: Uint8Array, start: number, end: number): void {
    if (this.lengths.length === 0) {
      this.bytes = new Uint8Array(KEY_SLOTS * MAX_KEY_BYTES);
      this.lengths = new Uint8Array(KEY_SLOTS);
    }
    const slot = ++this.newest & (KEY_SLOTS - 1);
    let to = slot * MAX_KEY_BYTES;
    for (let i = start; i < end; i++) this.bytes[to++] = buf[i];
    this.lengths[slot] = end - start;
    if (this.count < KEY_SLOTS) this.count++;
    if (this.count === KEY_SLOTS) this.unknown = false;
  }

  /** Slot of key `index` (0 = newest), LOST or MISSING. */
  find(index: number): number {
    if (index < this.count) return (this.newest - index) & (KEY_SLOTS - 1);
    return this.unknown ? LOST : MISSING;
  }

  startOf(slot: number): number {
    return slot * MAX_KEY_BYTES;
  }

  lengthOf(slot: number): number {
    return this.lengths[slot];
  }

  /** Running number of entry `index`, which no other entry of this table ever has. */
  serialOf(index: number): number {
    return this.newest - index;
  }

  /** Index of the newest key equal to `buf[start, end)`, or -1. */
  indexOf(buf: Uint8Array, start: number, end: number): number {
    const length = end - start;
    next: for (let index = 0; index < this.count; index++) {
      const slot = (this.newest - index) & (KEY_SLOTS - 1);
      if (this.lengths[slot] !== length) continue;
      const at = slot * MAX_KEY_BYTES;
      for (let i = 0; i < length; i++) if (this.bytes[at + i] !== buf[start + i]) continue next;
      return index;
    }
    return -1;
  }

  forget(): void {
    this.count = 0;
    this.unknown = true;
  }
}
