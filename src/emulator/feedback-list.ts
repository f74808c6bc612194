/** Tokens that providers used after they had become invalid, per topic; reading clears. */

export interface FeedbackEntry {
  /** Unix seconds. */
  readonly time: number;
  /** Lower-case hex. */
  readonly token: string;
}

/** Entries of one topic; the service's own limit is unknown, this one bounds memory (38 bytes each on the wire). */
const MAX_ENTRIES = 1_000_000;

export class FeedbackList {
  private readonly byTopic = new Map<string, Map<string, FeedbackEntry>>();

  add(topic: string, token: string, sinceMs: number): void {
    let entries = this.byTopic.get(topic);
    if (entries === undefined) {
      entries = new Map();
      this.byTopic.set(topic, entries);
    }
    if (entries.size < MAX_ENTRIES) entries.set(token, { token, time: Math.floor(sinceMs / 1000) });
  }

  /** The entries of these topics (all topics when undefined), which are then gone. */
  read(topics: readonly string[] | undefined): FeedbackEntry[] {
    const out: FeedbackEntry[] = [];
    for (const topic of topics ?? [...this.byTopic.keys()]) {
      for (const entry of this.byTopic.get(topic)?.values() ?? []) out.push(entry);
      this.byTopic.delete(topic);
    }
    return out;
  }

  /** What a read would give, without clearing. */
  peek(): { readonly topic: string; readonly entry: FeedbackEntry }[] {
    return [...this.byTopic].flatMap(([topic, entries]) => [...entries.values()].map((entry) => ({ topic, entry })));
  }

  clear(): void {
    this.byTopic.clear();
  }
}
