import { Oldest } from './oldest.ts';

/**
 * A map by numbers from 0 on whose newest entry stands outside of it. Most of what is kept until its end comes ends before the next
 * one begins: then nothing goes through a map, which is rebuilt again and again when its entries come and go.
 */
export class NewestMap<V extends object> {
  private readonly older = new Map<number, V>();
  private readonly oldestOfOlder = new Oldest(this.older);
  private key = -1;
  private value: V | undefined = undefined;

  get size(): number {
    return this.older.size + (this.value === undefined ? 0 : 1);
  }

  get(key: number): V | undefined {
    if (key === this.key) return this.value;
    return this.older.size === 0 ? undefined : this.older.get(key);
  }

  set(key: number, value: V): void {
    if (key !== this.key) {
      if (this.value !== undefined) this.older.set(this.key, this.value);
      if (this.older.size > 0) this.older.delete(key);
      this.key = key;
    }
    this.value = value;
  }

  delete(key: number): void {
    if (key !== this.key) {
      this.older.delete(key);
      return;
    }
    this.key = -1;
    this.value = undefined;
  }

  oldest(): readonly [number, V] | undefined {
    return this.oldestOfOlder.find() ?? (this.value === undefined ? undefined : [this.key, this.value]);
  }

  /** All of them as they are now, the oldest first. */
  entries(): [number, V][] {
    const all = [...this.older];
    if (this.value !== undefined) all.push([this.key, this.value]);
    return all;
  }
}
