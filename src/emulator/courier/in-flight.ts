/**
 * Notifications that were sent and not acknowledged, by message id. Ids are given in order, so that a ring of slots holds
 * them without a hash: a burst adds and an ack removes at the cost of an array access.
 */
import type { Push } from '../push.ts';

/** Beyond it the oldest is given up, since a client may never answer. A power of two. */
export const MAX_IN_FLIGHT = 1_024;
const FIRST_SLOTS = 8;

export class InFlight {
  private slots: (Push | undefined)[] = [];
  /** Id of the oldest that may still be there, and of the next one. Ids start at 1. */
  private oldest = 1;
  private next = 1;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Takes a notification and gives its message id. */
  add(push: Push): number {
    if (this.next - this.oldest >= this.slots.length) this.makeRoom();
    const id = this.next++;
    this.slots[id & (this.slots.length - 1)] = push;
    this.count++;
    return id;
  }

  /** Removes and returns what has this id; the oldest when `id` is undefined. */
  take(id: number | undefined): Push | undefined {
    const wanted = id ?? this.first();
    if (wanted === undefined || wanted < this.oldest || wanted >= this.next) return undefined;
    const slot = wanted & (this.slots.length - 1);
    const push = this.slots[slot];
    if (push === undefined) return undefined;
    this.slots[slot] = undefined;
    this.count--;
    if (this.count === 0) this.oldest = this.next;
    else if (wanted === this.oldest) this.skip();
    return push;
  }

  /** All that are left, oldest first; they stay. */
  list(): Push[] {
    const out: Push[] = [];
    for (let id = this.oldest; id < this.next; id++) {
      const push = this.slots[id & (this.slots.length - 1)];
      if (push !== undefined) out.push(push);
    }
    return out;
  }

  /** Removes and returns those that `mine` picks, oldest first. */
  takeWhere(mine: (push: Push) => boolean): Push[] {
    const out: Push[] = [];
    for (let id = this.oldest; id < this.next; id++) {
      const slot = id & (this.slots.length - 1);
      const push = this.slots[slot];
      if (push === undefined || !mine(push)) continue;
      this.slots[slot] = undefined;
      this.count--;
      out.push(push);
    }
    if (this.count === 0) this.oldest = this.next;
    else this.skip();
    return out;
  }

  private first(): number | undefined {
    return this.count === 0 ? undefined : this.oldest;
  }

  /** Keeps `oldest` on a slot that is taken. */
  private skip(): void {
    while (this.oldest < this.next && this.slots[this.oldest & (this.slots.length - 1)] === undefined) this.oldest++;
  }

  private makeRoom(): void {
    const { slots } = this;
    if (slots.length >= MAX_IN_FLIGHT) {
      this.slots[this.oldest & (slots.length - 1)] = undefined;
      this.count--;
      this.oldest++;
      this.skip();
      return;
    }
    const grown: (Push | undefined)[] = new Array(Math.max(FIRST_SLOTS, slots.length * 2)).fill(undefined);
    for (let id = this.oldest; id < this.next; id++) grown[id & (grown.length - 1)] = slots[id & (slots.length - 1)];
    this.slots = grown;
  }
}
