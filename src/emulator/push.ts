/** A notification on its way through the emulator, whoever sent it. */
import { createHash } from 'node:crypto';
import { fromHex } from '../core/bytes.ts';
import { uuidAt } from './random.ts';

export type PushSource = 'http2' | 'gateway' | 'broadcast' | 'device' | 'control';

/** What became of a push so far. */
export type PushState =
  | 'accepted'
  | 'delivered'
  | 'acknowledged'
  | 'stored'
  | 'replaced'
  | 'expired'
  | 'dropped'
  | 'rejected'
  | 'discarded';

/** What a notification says; shared by all pushes of a fan-out, and with it the bytes that the courier makes of it. */
export interface PushBody {
  /** Topic name; undefined when only its hash is known (device to device). */
  readonly topic: string | undefined;
  /** SHA-1 of the topic name, lower-case hex: what the courier speaks of. */
  readonly topicHash: string;
  readonly payload: Uint8Array;
  /** Unix seconds; 0 = one attempt, nothing stored; undefined = the sender left it to us. */
  readonly expiry: number | undefined;
  /** 10, 5 or 1. */
  readonly priority: number;
  readonly pushType: string | undefined;
  readonly collapseId: string | undefined;
  /** Broadcast channel the push was sent to, base64. */
  readonly channel: string | undefined;
  /** What the courier keeps to encode the body once for many devices. */
  encoded: unknown;
}

export class Push {
  readonly source: PushSource;
  /** Device token, lower-case hex. */
  readonly token: string;
  readonly body: PushBody;
  /** Milliseconds since the epoch, as all times here. */
  readonly acceptedAt: number;
  state: PushState = 'accepted';
  /** Status of the device's ack; -1 before it. */
  ackStatus = -1;
  attempts = 0;
  private ident: string | number;

  /** `id`: the `apns-id`, or a ticket for one made here. */
  constructor(id: string | number, source: PushSource, token: string, body: PushBody, acceptedAt: number) {
    this.ident = id;
    this.source = source;
    this.token = token;
    this.body = body;
    this.acceptedAt = acceptedAt;
  }

  /** Lower-case UUID. The pushes of one fan-out share it. */
  get id(): string {
    if (typeof this.ident === 'number') this.ident = uuidAt(this.ident);
    return this.ident;
  }
}

export interface BodyOptions {
  readonly topic?: string | undefined;
  /** Needed when there is no name. */
  readonly topicHash?: string;
  readonly payload: Uint8Array;
  readonly expiry?: number | undefined;
  readonly priority?: number | undefined;
  readonly pushType?: string | undefined;
  readonly collapseId?: string | undefined;
  readonly channel?: string | undefined;
}

/** Deliver now. */
export const DEFAULT_PRIORITY = 10;

export function pushBody(options: BodyOptions): PushBody {
  return {
    topic: options.topic,
    topicHash: options.topicHash ?? topicHash(options.topic ?? ''),
    payload: options.payload,
    expiry: options.expiry,
    priority: options.priority ?? DEFAULT_PRIORITY,
    pushType: options.pushType,
    collapseId: options.collapseId,
    channel: options.channel,
    encoded: undefined,
  };
}

const hashes = new Map<string, string>();
const hashBytes = new Map<string, Uint8Array>();
/** Topic names come from clients: beyond this many the cache starts anew. */
const MAX_CACHED_TOPICS = 10_000;

/** SHA-1 of a topic name, lower-case hex. */
export function topicHash(topic: string): string {
  let hash = hashes.get(topic);
  if (hash === undefined) {
    if (hashes.size >= MAX_CACHED_TOPICS) hashes.clear();
    hash = createHash('sha1').update(topic).digest('hex');
    hashes.set(topic, hash);
  }
  return hash;
}

/** The bytes of a topic hash given in hex; shared, not to be changed. */
export function topicBytes(hash: string): Uint8Array {
  let bytes = hashBytes.get(hash);
  if (bytes === undefined) {
    if (hashBytes.size >= MAX_CACHED_TOPICS) hashBytes.clear();
    bytes = fromHex(hash) ?? new Uint8Array(0);
    hashBytes.set(hash, bytes);
  }
  return bytes;
}

/** SHA-1 hex of a topic given by name; a hash stays as it is. */
export function hashOf(topic: string): string {
  return topic.length === 40 && /^[0-9a-f]{40}$/.test(topic) ? topic : topicHash(topic);
}
