/** Notifications that wait for their device. Bounded per device; what expires or is replaced is told. */
import type { Push } from './push.ts';
import type { Device } from './registry.ts';

/** Waiting notifications of one device; the oldest goes when another comes. Apple's limit is unknown; this one keeps memory bounded. */
export const MAX_STORED = 1_000;
/** Apple stores for at most 30 days. */
export const MAX_STORED_SECONDS = 30 * 86_400;

export type StoreOutcome = { readonly stored: true; readonly replaced: readonly Push[] } | { readonly stored: false };

/** `per-topic`: one stored notification for each device and topic, the newest, as Apple does for apps. `all`: every one. */
export type Keep = 'per-topic' | 'all';

export class Store {
  private readonly waiting = new Map<Device, Push[]>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  /** Keeps a notification unless it must not be stored (expiry 0) or is past its expiry. Same collapse id and topic replaces. */
  put(device: Device, push: Push, keep: Keep): StoreOutcome {
    if (push.body.expiry === 0 || this.expired(push)) return { stored: false };
    const body = push.body;
    const list = this.waiting.get(device) ?? [];
    const replaced: Push[] = [];
    const kept: Push[] = [];
    for (const other of list) {
      const same =
        other.body.topicHash === body.topicHash &&
        other.body.channel === body.channel &&
        (keep === 'per-topic' || (body.collapseId !== undefined && other.body.collapseId === body.collapseId));
      (same ? replaced : kept).push(other);
    }
    if (kept.length >= MAX_STORED) replaced.push(kept.shift() as Push);
    kept.push(push);
    this.waiting.set(device, kept);
    return { stored: true, replaced };
  }

  /** Removes and returns what waits for the device and `wanted` takes, oldest first, and drops what has expired. */
  take(device: Device, wanted: (push: Push) => boolean): { readonly due: readonly Push[]; readonly expired: readonly Push[] } {
    const list = this.waiting.get(device);
    if (list === undefined) return NOTHING;
    const due: Push[] = [];
    const expired: Push[] = [];
    const rest: Push[] = [];
    for (const push of list) {
      if (this.expired(push)) expired.push(push);
      else (wanted(push) ? due : rest).push(push);
    }
    if (rest.length > 0) this.waiting.set(device, rest);
    else this.waiting.delete(device);
    return { due, expired };
  }

  count(device?: Device): number {
    if (device !== undefined) return this.waiting.get(device)?.length ?? 0;
    let n = 0;
    for (const list of this.waiting.values()) n += list.length;
    return n;
  }

  clear(): void {
    this.waiting.clear();
  }

  expired(push: Push): boolean {
    const now = this.now() / 1000;
    if (push.acceptedAt / 1000 + MAX_STORED_SECONDS <= now) return true;
    const expiry = push.body.expiry;
    return expiry !== undefined && expiry !== 0 && expiry <= now;
  }
}

const NOTHING = { due: [], expired: [] } as const;
