/**
 * The oldest entry of a map, for maps that are used as queues. `map.keys().next()` walks over all that was deleted before it
 * until the map is rebuilt: with 65,536 entries, each of which gives way to a new one, that is 40 microseconds an entry.
 *
 * A key whose value is replaced must be deleted first, so that it becomes the newest.
 */
export class Oldest<K, V> {
  private readonly map: Map<K, V>;
  private entries: IterableIterator<[K, V]>;
  private entry: [K, V] | undefined = undefined;

  constructor(map: Map<K, V>) {
    this.map = map;
    this.entries = map.entries();
  }

  /** The oldest entry, or undefined when the map is empty. */
  find(): readonly [K, V] | undefined {
    while (this.entry === undefined || this.map.get(this.entry[0]) !== this.entry[1]) {
      if (this.map.size === 0) return undefined;
      let next = this.entries.next();
      if (next.done === true) {
        // The iterator was at the end before the newest entries came.
        this.entries = this.map.entries();
        next = this.entries.next();
      }
      this.entry = next.value as [K, V];
    }
    return this.entry;
  }
}

/** Deletes the oldest entries of a map, many at once for the same reason. */
export function deleteOldest<K>(map: Map<K, unknown>, count: number): void {
  let left = count;
  for (const key of map.keys()) {
    if (left-- <= 0) return;
    map.delete(key);
  }
}
