/** What clients sent to the emulator, kept for questions: bounded, oldest first out. */
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
  readonly state?: string | undefined;
  /** Records after this number only. */
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}

/** Records kept: at a few hundred bytes each, some tens of megabytes. */
export const MAX_RECORDS = 100_000;

export class Journal {
  private records: Received[] = [];
  private count = 0;
  private readonly waiting = new Set<() => void>();
  private readonly limit: number;

  constructor(limit: number = MAX_RECORDS) {
    this.limit = limit;
  }

  get total(): number {
    return this.count;
  }

  add(record: Omit<Received, 'number'>): Received {
    const kept: Received = { number: ++this.count, ...record };
    this.records.push(kept);
    // Dropping in blocks keeps the cost of a push constant.
    if (this.records.length >= this.limit * 2) this.records = this.records.slice(-this.limit);
    this.changed();
    return kept;
  }

  /** Tells those who wait that a record or the state of a push has changed. */
  changed(): void {
    if (this.waiting.size > 0) for (const wake of [...this.waiting]) wake();
  }

  query(query: ReceivedQuery = {}): Received[] {
    const out: Received[] = [];
    const limit = query.limit ?? Number.POSITIVE_INFINITY;
    for (let i = Math.max(0, this.records.length - this.limit); i < this.records.length && out.length < limit; i++) {
      if (matches(this.records[i], query)) out.push(this.records[i]);
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
  }
}

function matches(record: Received, query: ReceivedQuery): boolean {
  return (
    (query.server === undefined || record.server === query.server) &&
    (query.command === undefined || record.command === query.command) &&
    (query.token === undefined || (record.token?.startsWith(query.token.toLowerCase()) ?? false)) &&
    (query.topic === undefined || record.topic === query.topic) &&
    (query.id === undefined || record.id === query.id) &&
    (query.status === undefined || record.status === query.status) &&
    (query.reason === undefined || record.reason === query.reason) &&
    (query.state === undefined || record.push?.state === query.state) &&
    (query.after === undefined || record.number > query.after)
  );
}
