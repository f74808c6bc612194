import { STATIC_COUNT } from './hpack-static.ts';

/** `find` results that are no slot. */
export const UNKNOWN_ENTRY = -1;
export const NO_ENTRY = -2;

/** Every entry counts this much more than its bytes. Source: RFC 7541, 4.1. */
const ENTRY_COST = 32;
/** Size until the encoder says otherwise. Source: RFC 9113, 6.5.2. */
const INITIAL_SIZE = 4096;
/** Largest table that is followed. No sender of pushes is known to use more than 64 KiB; beyond this a peer could make us hold anything. */
export const TABLE_LIMIT = 1 << 20;
/** What is kept while the encoder's limit is unknown (mid-stream): the largest size in common use. */
const UNKNOWN_SIZE = 1 << 16;

/** Which parts of an entry the capture tells. */
export const KNOWN = { name: 1, value: 2, all: 3 } as const;

/**
 * The dynamic table of one direction.
 *
 * Entries are numbered from the newest (62). The table is first in, first out, and only its oldest end is evicted, so an
 * index counts insertions since then: after bytes were lost, the entries added since are known exactly and every higher
 * index is unknown. `complete` says that nothing older than the kept entries can exist; only then is a too high index an error.
 *
 * All names and values live in one buffer, the oldest first. Eviction moves the tail; the live part is moved to the front
 * when the end is reached. Nothing is allocated per entry. Source: RFC 7541, 2.3 and 4.
 */
export class DynamicTable {
  bytes = new Uint8Array(2048);
  private tail = 0;
  private head = 0;

  // Ring of entries: `newest` is the slot of index 62.
  starts = new Int32Array(64);
  nameLengths = new Int32Array(64);
  valueLengths = new Int32Array(64);
  /** Class of the name, as the caller numbers them. */
  kinds = new Uint8Array(64);
  known = new Uint8Array(64);
  private newest = -1;

  count = 0;
  /** Size as the RFC counts it; a lower bound when parts of entries are unknown. */
  size = 0;
  max = INITIAL_SIZE;
  complete = true;
  /** `max` is what the encoder uses, not a guess. */
  private maxCertain = true;
  private clamped = false;

  /** A new connection begins: the table is empty and known to be. */
  restart(): void {
    this.forget();
    this.complete = this.maxCertain = true;
    this.max = INITIAL_SIZE;
  }

  /** Bytes were lost, or the header blocks before were not seen: forgets all entries. */
  forget(): void {
    this.count = 0;
    this.size = 0;
    this.tail = this.head = 0;
    this.newest = -1;
    this.complete = false;
    this.maxCertain = false;
    this.clamped = false;
    this.max = Math.max(this.max, UNKNOWN_SIZE);
  }

  /** Slot of a dynamic index (62 and up), UNKNOWN_ENTRY or NO_ENTRY. */
  find(index: number): number {
    const age = index - STATIC_COUNT - 1;
    if (age < this.count) return (this.newest - age) & (this.starts.length - 1);
    return this.complete ? NO_ENTRY : UNKNOWN_ENTRY;
  }

  resize(max: number): void {
    this.clamped = max > TABLE_LIMIT;
    this.max = this.clamped ? TABLE_LIMIT : max;
    this.maxCertain = true;
    this.evict(0);
    if (max === 0) this.complete = true;
  }

  /**
   * Makes room for an entry whose strings take at most `length` bytes and returns where its name may be written in `bytes`;
   * the value follows it. Nothing is evicted yet, so the name may be copied from an existing entry.
   */
  reserve(length: number): number {
    if (this.head + length > this.bytes.length) {
      const live = this.head - this.tail;
      if (live + length > this.bytes.length / 2) {
        const bigger = new Uint8Array(2 * Math.max(this.bytes.length, live + length));
        bigger.set(this.bytes.subarray(this.tail, this.head));
        this.bytes = bigger;
      } else this.bytes.copyWithin(0, this.tail, this.head);
      if (this.tail > 0) {
        for (let age = 0; age < this.count; age++) this.starts[(this.newest - age) & (this.starts.length - 1)] -= this.tail;
      }
      this.head = live;
      this.tail = 0;
    }
    return this.head;
  }

  /** Adds the entry written at the place that `reserve` gave. An entry that is larger than the table empties it instead. */
  add(nameLength: number, valueLength: number, kind: number, known: number): void {
    const cost = nameLength + valueLength + ENTRY_COST;
    this.evict(cost);
    if (cost > this.max) {
      // The table is empty now. With a limit that is not the encoder's, the encoder may have kept the entry: nothing is known.
      this.complete = this.maxCertain && !this.clamped;
      return;
    }
    if (this.count === this.starts.length) this.growRing();
    const slot = (this.newest + 1) & (this.starts.length - 1);
    if (this.count === 0) this.tail = this.head;
    this.starts[slot] = this.head;
    this.nameLengths[slot] = nameLength;
    this.valueLengths[slot] = valueLength;
    this.kinds[slot] = kind;
    this.known[slot] = known;
    this.head += nameLength + valueLength;
    this.newest = slot;
    this.count++;
    this.size += cost;
  }

  private evict(needed: number): void {
    const mask = this.starts.length - 1;
    let evicted = false;
    while (this.count > 0 && this.size + needed > this.max) {
      const oldest = (this.newest - this.count + 1) & mask;
      const length = this.nameLengths[oldest] + this.valueLengths[oldest];
      this.size -= length + ENTRY_COST;
      this.tail = this.starts[oldest] + length;
      this.count--;
      evicted = true;
    }
    if (this.count === 0) {
      this.tail = this.head;
      this.size = 0;
    }
    // A known entry was pushed out, so everything older is gone as well, unless the limit is ours and not the encoder's.
    if (evicted) this.complete = this.maxCertain && !this.clamped;
  }

  private growRing(): void {
    const length = this.starts.length;
    const order = new Int32Array(this.count);
    for (let age = 0; age < this.count; age++) order[this.count - 1 - age] = (this.newest - age) & (length - 1);
    const starts = new Int32Array(2 * length);
    const nameLengths = new Int32Array(2 * length);
    const valueLengths = new Int32Array(2 * length);
    const kinds = new Uint8Array(2 * length);
    const known = new Uint8Array(2 * length);
    for (let i = 0; i < this.count; i++) {
      starts[i] = this.starts[order[i]];
      nameLengths[i] = this.nameLengths[order[i]];
      valueLengths[i] = this.valueLengths[order[i]];
      kinds[i] = this.kinds[order[i]];
      known[i] = this.known[order[i]];
    }
    this.starts = starts;
    this.nameLengths = nameLengths;
    this.valueLengths = valueLengths;
    this.kinds = kinds;
    this.known = known;
    this.newest = this.count - 1;
  }
}
