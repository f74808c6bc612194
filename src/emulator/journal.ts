/** What was sent to the emulator by clients and over its control API, kept for questions: bounded, oldest first out. */
import type { ServerName } from './event.ts';
import type { Push } from './push.ts';

export interface Received {
  /** Counts from 1 over the run; stays when older records are dropped. */
  readonly number: number;
  readonly at: number;
  readonly server: ServerName;
  readonly connection: number;
  /** What was sent: `push`, `broadcast`, `channel-create` …, or the command's name in the schema. */
  readonly command: string;
  readonly token?: string | undefined;
  readonly topic?: string | undefined;
  /** `apns-id`, gateway identifier or message id, as text. */
  readonly id?: string | undefined;
  readonly path?: string | undefined;
  readonly headers?: readonly (readonly [string, string])[] | undefined;
  readonly payload?: Uint8Array | undefined;
  /** HTTP status, gateway status (0 = silence), or -1 when the sender hears nothing. */
  readonly status: number;
  readonly reason?: string | undefined;
  /** The push it became; its state tells delivery and ack. */
  readonly push?: Push | undefined;
  /** The pushes it became where there can be several: a broadcast, a message from device to device. */
  pushes?: readonly Push[] | undefined;
}

export interface ReceivedQuery {
  readonly server?: ServerName | undefined;
  readonly command?: string | undefined;
  /** Prefix of the token, hex. */
  readonly token?: string | undefined;
  readonly topic?: string | undefined;
  readonly id?: string | undefined;
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  /** State of the push; of any of them where there are several. */
  readonly state?: string | undefined;
  /** Records after this number only. */
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}

/** Records kept: enough for a test run, few enough to go through at each question. */
export const MAX_RECORDS = 100_000;
/** What the records may hold, in bytes as `sizeOf` estimates them: long before the number of records it bounds large payloads. */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024;
/** A record without headers and payload, with the push it became: measured at some 700 bytes. */
const RECORD_BYTES = 700;
/**
 * Injected notifications kept: few enough to be gone before the collector of garbage has to move them, which would cost a
 * burst half of its speed. A power of two.
 */
export const MAX_INJECTED_KEPT = 8_192;
/** A push beside its body, which its siblings share. */
const PUSH_BYTES = 150;
/** A header beside its text. */
const HEADER_BYTES = 64;
/** Dropped records at the front of the list that are worth moving the others for. */
const MIN_DROPPED = 4_096;

export class Journal {
  private records: (Received | undefined)[] = [];
  /** Injected notifications, as their pushes alone, in a ring: a fan-out of them is a hot path. */
  private readonly injections: (Push | undefined)[] = [];
  private readonly injectionNumbers = new Float64Array(MAX_INJECTED_KEPT);
  /** Injections so far, and those of them that were forgotten on purpose. */
  private injectedCount = 0;
  private injectedGone = 0;
  /** Index of the oldest record that is still there. */
  private first = 0;
  private bytes = 0;
  private count = 0;
  private lastDropped = 0;
  private readonly waiting = new Set<() => void>();
  private waking = false;
  private readonly limits: { readonly records: number; readonly bytes: number };

  constructor(limits: Partial<{ readonly records: number; readonly bytes: number }> = {}) {
    this.limits = { records: limits.records ?? MAX_RECORDS, bytes: limits.bytes ?? MAX_RECORD_BYTES };
  }

  get total(): number {
    return this.count;
  }

  add(record: Omit<Received, 'number'>): Received {
    const kept: Received = { number: ++this.count, ...record };
    this.records.push(kept);
    this.bytes += sizeOf(kept);
    while (this.records.length - this.first > this.limits.records || this.bytes > this.limits.bytes) this.dropOldest();
    this.changed();
    return kept;
  }

  /** Records a notification that was injected: it has no sender and no answer. */
  addInjected(push: Push): void {
    const slot = this.injectedCount++ & (MAX_INJECTED_KEPT - 1);
    if (this.injectedCount - this.injectedGone > MAX_INJECTED_KEPT) this.dropped(this.injectionNumbers[slot]);
    this.injections[slot] = push;
    this.injectionNumbers[slot] = ++this.count;
    this.changed();
  }

  /** Injections are dropped sooner than other records: the newest that is gone need not be the last to go. */
  private dropped(number: number): void {
    this.lastDropped = Math.max(this.lastDropped, number);
  }

  /** How many were injected in all. */
  get injected(): number {
    return this.injectedCount;
  }

  /** Number of the newest record that was dropped; 0 while all are there. */
  get forgotten(): number {
    return this.lastDropped;
  }

  /** Notes what a recorded message became, once that is known. */
  became(record: Received, pushes: readonly Push[]): void {
    if (pushes.length === 0) return;
    // A record that is gone already, because it alone was over the limit, holds nothing.
    if (record.number >= (this.records[this.first]?.number ?? Number.POSITIVE_INFINITY)) this.bytes += pushes.length * PUSH_BYTES;
    record.pushes = pushes;
  }

  /** Tells those who wait that a record or the state of a push has changed: once for all changes of a turn of the loop. */
  changed(): void {
    if (this.waiting.size === 0 || this.waking) return;
    this.waking = true;
    setImmediate(() => {
      this.waking = false;
      for (const wake of [...this.waiting]) wake();
    });
  }

  query(query: ReceivedQuery = {}): Received[] {
    const out: Received[] = [];
    const limit = query.limit ?? Number.POSITIVE_INFINITY;
    let i = this.first;
    let k = Math.max(this.injectedGone, this.injectedCount - MAX_INJECTED_KEPT);
    while (out.length < limit) {
      // Both are in the order of their numbers.
      const kept = this.records[i];
      const slot = k & (MAX_INJECTED_KEPT - 1);
      const push = k < this.injectedCount ? this.injections[slot] : undefined;
      let record = kept;
      if (push !== undefined && (kept === undefined || this.injectionNumbers[slot] < kept.number)) {
        record = injected(push, this.injectionNumbers[slot]);
        k++;
      } else i++;
      if (record === undefined) break;
      if (matches(record, query)) out.push(record);
    }
    return out;
  }

  /** The first `count` records that match, as soon as there are so many; undefined after `timeoutMs` of real time. */
  waitFor(query: ReceivedQuery, count: number, timeoutMs: number): Promise<Received[] | undefined> {
    const found = this.query({ ...query, limit: count });
    if (found.length >= count) return Promise.resolve(found);
    return new Promise((resolve) => {
      const done = (result: Received[] | undefined): void => {
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve(result);
      };
      const timer = setTimeout(() => done(undefined), timeoutMs);
      const look = (): void => {
        const now = this.query({ ...query, limit: count });
        if (now.length >= count) done(now);
      };
      this.waiting.add(look);
    });
  }

  clear(): void {
    this.records = [];
    this.first = 0;
    this.bytes = 0;
    this.lastDropped = this.count;
    this.injections.length = 0;
    this.injectedGone = this.injectedCount;
  }

  private dropOldest(): void {
    const oldest = this.records[this.first] as Received;
    this.dropped(oldest.number);
    this.bytes -= sizeOf(oldest);
    this.records[this.first++] = undefined;
    if (this.first < MIN_DROPPED || this.first * 2 < this.records.length) return;
    this.records = this.records.slice(this.first);
    this.first = 0;
  }
}

function injected(push: Push, number: number): Received {
  const { token, id, body, acceptedAt } = push;
  return {
    number,
    at: acceptedAt,
    server: 'control',
    connection: 0,
    command: INJECTED,
    token,
    topic: body.topic ?? body.topicHash,
    id,
    payload: body.payload,
    status: -1,
    push,
  };
}

function sizeOf(record: Received): number {
  let bytes = RECORD_BYTES + (record.payload?.length ?? 0) + (record.pushes?.length ?? 0) * PUSH_BYTES;
  for (const [name, value] of record.headers ?? NO_HEADERS) bytes += name.length + value.length + HEADER_BYTES;
  return bytes;
}

/** Command of the record of an injected notification. */
const INJECTED = 'inject';
const NO_HEADERS: readonly (readonly [string, string])[] = [];

function matches(record: Received, query: ReceivedQuery): boolean {
  return (
    (query.server === undefined || record.server === query.server) &&
    (query.command === undefined || record.command === query.command) &&
    (query.token === undefined || (record.token?.startsWith(query.token.toLowerCase()) ?? false)) &&
    (query.topic === undefined || record.topic === query.topic) &&
    (query.id === undefined || record.id === query.id) &&
    (query.status === undefined || record.status === query.status) &&
    (query.reason === undefined || record.reason === query.reason) &&
    (query.state === undefined ||
      record.push?.state === query.state ||
      (record.pushes?.some(({ state }) => state === query.state) ?? false)) &&
    (query.after === undefined || record.number > query.after)
  );
}
