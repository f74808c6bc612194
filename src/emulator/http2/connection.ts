/**
 * What the provider API remembers of one connection: who authenticated it, how often the token changed, and how many
 * streams the peer may open. Token connections may open one stream until their first valid token, and fall back to one
 * after a rejected push until a good one. Sources: Apple, "Sending notification requests to APNs"; openradar 27870881.
 */
import { type Identity, topicsOf } from '../certificates/identity.ts';
import { type ApiRequest, header } from './message.ts';
import { MIN_TOKEN_INTERVAL, type ProviderKey, type TokenChecker } from './provider-token.ts';
import type { Reason } from './reasons.ts';

export interface AuthSettings {
  readonly environment: 'sandbox' | 'production';
  /** MAX_CONCURRENT_STREAMS once the peer is trusted; 1000 was seen from Apple. */
  readonly maxStreams: number;
  /** Whether the limit is 1 until the first valid token and after rejections. */
  readonly streamDance: boolean;
  /** The spelling of the answer to a key of the other environment. */
  readonly badEnvironmentSpelling: 'BadEnvironmentKeyIdInToken' | 'BadEnvironmentKeyInToken';
}

/** Who asks: what topics it may use, and which one it means when it names none. */
export interface Sender {
  /** undefined = any topic. */
  readonly topics: readonly string[] | undefined;
  readonly defaultTopic: string | undefined;
  readonly certificate: boolean;
}

/** Counts new provider tokens; one for each connection, or one shared by all of an address. */
export class TokenUpdates {
  private last = '';
  private times: number[] = [];

  /** False when this is a new token too soon: the third within twenty minutes, as observed. `key` names the token. */
  note(key: string, nowMs: number): boolean {
    if (key === this.last) return true;
    const since = nowMs - MIN_TOKEN_INTERVAL * 1000;
    const recent = this.times.filter((time) => time > since);
    if (recent.length >= 2) return false;
    this.last = key;
    this.times = [...recent, nowMs];
    return true;
  }
}

export class ProviderConnection {
  readonly number: number;
  readonly peer: string;
  readonly identity: Identity | undefined;
  /** Streams that the peer may open now. */
  streamLimit: number;
  private readonly settings: AuthSettings;
  private readonly updates: TokenUpdates | undefined;
  private key: ProviderKey | undefined;

  constructor(number: number, peer: string, identity: Identity | undefined, settings: AuthSettings, updates: TokenUpdates | undefined) {
    this.number = number;
    this.peer = peer;
    this.identity = identity;
    this.settings = settings;
    this.updates = updates;
    this.streamLimit = settings.streamDance && identity === undefined ? 1 : settings.maxStreams;
  }

  /** Who sends this request, or the reason why nobody may. A certificate makes the token irrelevant. */
  authorize(request: ApiRequest, checker: TokenChecker, nowMs: number): Sender | Reason {
    if (this.identity !== undefined) {
      const topics = topicsOf(this.identity);
      return { topics, defaultTopic: topics.length === 1 ? topics[0] : undefined, certificate: true };
    }
    const authorization = header(request, 'authorization');
    if (authorization === undefined) return 'MissingProviderToken';
    const check = checker.check(authorization, nowMs, this.settings.environment);
    if (!check.ok) return check.reason === 'BadEnvironmentKeyIdInToken' ? this.settings.badEnvironmentSpelling : check.reason;
    const { key } = check;
    if (this.key !== undefined && this.key.keyId !== key.keyId) {
      if (this.key.teamId !== key.teamId) return 'InvalidProviderToken';
      if (!this.key.related.includes(key.keyId)) return 'UnrelatedKeyIdInToken';
    }
    if (this.updates?.note(`${key.keyId} ${check.issuedAt}`, nowMs) === false) return 'TooManyProviderTokenUpdates';
    this.key ??= key;
    return { topics: key.topics, defaultTopic: undefined, certificate: false };
  }

  /** Moves the stream limit after an answer; true when it changed. `rejected`: an error that counts. */
  answered(rejected: boolean): boolean {
    if (!this.settings.streamDance) return false;
    const limit = rejected ? 1 : this.settings.maxStreams;
    const changed = limit !== this.streamLimit;
    this.streamLimit = limit;
    return changed;
  }
}

/** Whether a sender may use a topic. A key or certificate for `com.example.app` covers `com.example.app.voip` and other suffixes as well. */
export function mayUse(sender: Sender, topic: string): boolean {
  return (
    sender.topics === undefined ||
    sender.topics.some((allowed) => topic === allowed || (!sender.certificate && topic.startsWith(`${allowed}.`)))
  );
}
