/** Notifications that wait for their device. Bounded per device; what expires or is replaced is told. */
import type { Push, PushBody } from './push.ts';
import type { Device } from './registry.ts';

/** Waiting notifications of one device; the oldest goes when another comes. Apple's limit is unknown; this one keeps memory bounded. */
export const MAX_STORED = 1_000;
/** What all stored notifications may hold, in bytes as `sizeOf` estimates them; more is not stored. */
export const MAX_STORED_BYTES = 512 * 1024 * 1024;
/** A push beside its payload. */
const PUSH_BYTES = 300;
/** Apple stores for at most 30 days. */
export const MAX_STORED_SECONDS = 30 * 86_400;

export type StoreOutcome = { readonly stored: true; readonly replaced: readonly Push[] } | { readonly stored: false };

/** `per-topic`: one stored notification for each device and topic, the newest, as Apple does for apps. `all`: every one. */
export type Keep = 'per-topic' | 'all';

export class Store {
  private readonly waiting = new Map<Device, Push[]>();
  private readonly now: () => number;
  private readonly maxBytes: number;
  private bytes = 0;

  constructor(now: () => number, maxBytes: number = MAX_STORED_BYTES) {
    this.now = now;
    this.maxBytes = maxBytes;
  }

  /** Keeps a notification unless it must not be stored (expiry 0) or is past its expiry. Same collapse id and topic replaces. */
  put(device: Device, push: Push, keep: Keep): StoreOutcome {
    if (push.body.expiry === 0 || this.expired(push)) return { stored: false };
    if (this.bytes + sizeOf(push) > this.maxBytes) return { stored: false };
    let list = this.waiting.get(device);
    if (list === undefined) {
      list = [];
      this.waiting.set(device, list);
    }
    const replaced = keep === 'all' && push.body.collapseId === undefined ? [] : takeSame(list, push.body, keep);
    if (list.length >= MAX_STORED) replaced.push(list.shift() as Push);
    list.push(push);
    this.bytes += sizeOf(push);
    for (const old of replaced) this.bytes -= sizeOf(old);
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
    for (const gone of [due, expired]) for (const push of gone) this.bytes -= sizeOf(push);
    if (rest.length > 0) this.waiting.set(device, rest);
    else this.waiting.delete(device);
    return { due, expired };
  }

  /** Nothing waits for this device any more. */
  forget(device: Device): void {
    for (const push of this.waiting.get(device) ?? []) this.bytes -= sizeOf(push);
    this.waiting.delete(device);
  }

  count(device?: Device): number {
    if (device !== undefined) return this.waiting.get(device)?.length ?? 0;
    let n = 0;
    for (const list of this.waiting.values()) n += list.length;
    return n;
  }

  clear(): void {
    this.waiting.clear();
    this.bytes = 0;
  }

  expired(push: Push): boolean {
    const now = this.now() / 1000;
    if (push.acceptedAt / 1000 + MAX_STORED_SECONDS <= now) return true;
    const expiry = push.body.expiry;
    return expiry !== undefined && expiry !== 0 && expiry <= now;
  }
}

function sizeOf(push: Push): number {
  return PUSH_BYTES + push.body.payload.length;
}

const NOTHING = { due: [], expired: [] } as const;

/** Removes from the list and returns what a newer push with this body replaces. */
function takeSame(list: Push[], body: PushBody, keep: Keep): Push[] {
  const replaced: Push[] = [];
  for (let i = list.length - 1; i >= 0; i--) {
    const other = list[i].body;
    const sameTopic = other.topicHash === body.topicHash && other.channel === body.channel;
    const same = sameTopic && (keep === 'per-topic' || (body.collapseId !== undefined && other.collapseId === body.collapseId));
    if (same) replaced.push(...list.splice(i, 1));
  }
  return replaced.reverse();
}
