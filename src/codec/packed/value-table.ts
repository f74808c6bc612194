/** A reference that no sender could have made with the bytes that were seen. */
export const MISSING = -1;
/** A reference to an entry that may exist but was sent where the capture has a hole, or before it began. */
export const LOST = -2;

/** What an entry costs beside its encoded bytes; the same allowance as HPACK's. */
export const ENTRY_OVERHEAD = 32;

/** Table bytes when the ALPN string does not say otherwise. */
export const DEFAULT_TABLE_BYTES = 4096;

/** The cheapest entry: one encoded byte. Bounds how many entries of unknown content a table can hold. */
const MIN_COST = ENTRY_OVERHEAD + 1;

/**
 * Bytes that are really kept, whatever table size a peer negotiated: 256 times the usual table.
 * Entries beyond it are forgotten and references to them are reported as lost.
 */
const KEEP_BYTES = 1 << 20;

const EMPTY = new Uint8Array(0);

/**
 * The value table of one direction: first in, first out, index 0 = newest, a hit moves nothing.
 *
 * An entry costs its encoded length + 32. Adding evicts the oldest while used + cost exceeds the limit; equality fits.
 * An entry that costs more than the limit is not added and evicts nothing. Source: courier.md 5.2.
 *
 * After `forget` the table is a known part (what was added since, newest first) in front of an unknown older part.
 * That is exact: new entries only ever go in front, eviction only ever takes from the back, so index i names the i-th
 * newest addition however many older entries there are, and an entry is evicted precisely when the entries from the
 * newest down to it no longer fit the limit, which does not depend on anything older. An index behind the known part is
 * LOST while entries of unknown content could still fit behind it (each costs at least 33), and MISSING after that.
 */
export class ValueTable {
  readonly limit: number;
  /** Entries whose content is known. */
  count = 0;
  /** Cost of these entries. */
  used = 0;
  /** There may be older entries of unknown content. */
  unknown = false;
  /** Encoded literals of the entries; `startOf` and `lengthOf` point into it until the next `add`. */
  bytes: Uint8Array = EMPTY;
  private head = 0; // end of the newest entry in `bytes`
  private shift = 0; // offset of bytes[0] in the sequence of all bytes ever added
  private starts = new Float64Array(0); // ring by slot, in that sequence
  private lengths = new Int32Array(0);
  private mask = -1;
  private newest = -1; // running number of the newest entry

  constructor(limit: number = DEFAULT_TABLE_BYTES) {
    this.limit = limit;
  }

  /** Adds the encoded literal `buf[start, end)`. False: larger than the whole table, nothing changed. */
  add(buf: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    const cost = length + ENTRY_OVERHEAD;
    if (cost > this.limit) return false;
    while (this.count > 0 && this.used + cost > this.limit) {
      this.evict();
      this.unknown = false; // whatever was older than a known entry went before it
    }
    while (this.count > 0 && this.used + cost > KEEP_BYTES) {
      this.evict();
      this.unknown = true;
    }
    if (this.count > this.mask) this.growSlots();
    if (this.head + length > this.bytes.length) this.makeRoom(length);
    const bytes = this.bytes;
    let to = this.head;
    const slot = ++this.newest & this.mask;
    this.starts[slot] = this.shift + to;
    this.lengths[slot] = length;
    for (let i = start; i < end; i++) bytes[to++] = buf[i];
    this.head = to;
    this.count++;
    this.used += cost;
    if (this.unknown && this.limit - this.used < MIN_COST) this.unknown = false;
    return true;
  }

  /** Slot of entry `index` (0 = newest), LOST or MISSING. */
  find(index: number): number {
    if (index < this.count) return (this.newest - index) & this.mask;
    if (this.unknown && index < this.count + Math.floor((this.limit - this.used) / MIN_COST)) return LOST;
    return MISSING;
  }

  startOf(slot: number): number {
    return (this.starts[slot] - this.shift) | 0; // an integer for the machine, too: the copying loops depend on it
  }

  lengthOf(slot: number): number {
    return this.lengths[slot];
  }

  /** Running number of entry `index`, which no other entry of this table ever has. */
  serialOf(index: number): number {
    return this.newest - index;
  }

  /** Index of the newest entry equal to `buf[start, end)`, or -1. */
  indexOf(buf: Uint8Array, start: number, end: number): number {
    const length = end - start;
    next: for (let index = 0; index < this.count; index++) {
      const slot = (this.newest - index) & this.mask;
      if (this.lengths[slot] !== length) continue;
      const at = this.startOf(slot);
      for (let i = 0; i < length; i++) if (this.bytes[at + i] !== buf[start + i]) continue next;
      return index;
    }
    return -1;
  }

  /** Bytes of this direction were lost or never seen: all that the table holds is unknown. */
  forget(): void {
    this.count = 0;
    this.used = 0;
    this.head = 0;
    this.shift = 0;
    this.unknown = this.limit >= MIN_COST;
  }

  private evict(): void {
    const slot = (this.newest - this.count + 1) & this.mask;
    this.used -= this.lengths[slot] + ENTRY_OVERHEAD;
    this.count--;
  }

  private growSlots(): void {
    const capacity = Math.max(16, (this.mask + 1) * 2);
    const starts = new Float64Array(capacity);
    const lengths = new Int32Array(capacity);
    for (let i = 0; i < this.count; i++) {
      const from = (this.newest - i) & this.mask;
      const to = (this.newest - i) & (capacity - 1);
      starts[to] = this.starts[from];
      lengths[to] = this.lengths[from];
    }
    this.starts = starts;
    this.lengths = lengths;
    this.mask = capacity - 1;
  }

  /** Moves the live entries to the front of the buffer, or into one twice as large when they fill more than half of it. */
  private makeRoom(length: number): void {
    const live = this.used - this.count * ENTRY_OVERHEAD;
    const from = this.head - live;
    if ((live + length) * 2 <= this.bytes.length) {
      this.bytes.copyWithin(0, from, this.head);
    } else {
      const grown = new Uint8Array(Math.max(512, (live + length) * 2));
      grown.set(this.bytes.subarray(from, this.head));
      this.bytes = grown;
    }
    this.shift += from;
    this.head = live;
  }
}
