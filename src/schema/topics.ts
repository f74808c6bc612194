import { toHex } from '../core/bytes.ts';
import type { TopicLookup } from '../core/dialect.ts';
import { TOPIC_ROWS } from './topics-table.ts';

/** Length of a SHA-1 in hex digits: each row of the generated table is the hash, a space, and the name. */
const HASH_DIGITS = 40;

let published: { readonly byHash: ReadonlyMap<string, string>; readonly byName: ReadonlyMap<string, string> } | undefined;

// Made at first use: most runs of the program (help, statistics) never ask for a topic.
function table(): NonNullable<typeof published> {
  if (published === undefined) {
    const byHash = new Map<string, string>();
    const byName = new Map<string, string>();
    for (const row of TOPIC_ROWS.trim().split('\n')) {
      const hash = row.slice(0, HASH_DIGITS);
      const name = row.slice(HASH_DIGITS + 1);
      byHash.set(hash, name);
      byName.set(name, hash);
    }
    published = { byHash, byName };
  }
  return published;
}

/**
 * Names of topics by their SHA-1: the published ones, and those learned while reading (a provider connection in the same
 * capture names topics in clear). The wire carries only the hash.
 */
export class TopicNames implements TopicLookup {
  private readonly learned = new Map<string, string>();
  private readonly learnedHashes = new Map<string, string>();

  name(bytes: Uint8Array, start = 0, end: number = bytes.length): string | undefined {
    return this.nameOfHex(toHex(bytes, start, end));
  }

  /** `sha1` in lower-case hex. */
  nameOfHex(sha1: string): string | undefined {
    return table().byHash.get(sha1) ?? this.learned.get(sha1);
  }

  /** SHA-1 in lower-case hex of a name that is published or learned; this room computes no hashes. */
  hexOfName(name: string): string | undefined {
    return table().byName.get(name) ?? this.learnedHashes.get(name);
  }

  /** Adds a name with its SHA-1 (20 bytes, or lower-case hex), computed by the caller. */
  learn(name: string, sha1: Uint8Array | string): void {
    const hex = typeof sha1 === 'string' ? sha1 : toHex(sha1);
    this.learned.set(hex, name);
    this.learnedHashes.set(name, hex);
  }
}

/** The published names alone. */
export const PUBLISHED_TOPICS = new TopicNames();

/** All published topics as [name, SHA-1 in hex]. */
export function publishedTopics(): readonly (readonly [string, string])[] {
  return [...table().byName];
}
