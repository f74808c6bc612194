/**
 * The gateway's side of a binary provider connection, without sockets. Success is silence. An error is one packet of six
 * bytes, after which everything that the client had written on this connection is read and thrown away.
 * Source: Apple, "Binary Provider API"; what clients need was read from apn, PyAPNs and java-apns.
 */
import { gateway } from '../../codec/gateway.ts';
import type { WireSyntax } from '../../codec/wire-syntax.ts';
import { u32 } from '../../core/bytes.ts';
import { GATEWAY } from '../../schema/provider.ts';
import type { EmulatorClock } from '../clock.ts';
import { FrameBuffer } from '../courier/frame-buffer.ts';
import type { Delivery } from '../delivery.ts';
import type { Events } from '../event.ts';
import type { FaultEngine } from '../faults/engine.ts';
import type { Action } from '../faults/rule.ts';
import { flatHex } from '../hex.ts';
import type { Journal } from '../journal.ts';
import { Push, pushBody, topicHash } from '../push.ts';
import type { SeededRandom } from '../random.ts';

export interface GatewaySettings {
  /** Largest payload: 2048, or 256 as until 2014. */
  readonly payloadLimit: number;
  readonly voipPayloadLimit: number;
  /**
   * What a bad simple notification (command 0) gets: `silent` closes without a packet, since it has no identifier;
   * `packet` sends the error with identifier 0.
   */
  readonly simpleErrors: 'silent' | 'packet';
  /** Topic of clients without a certificate; undefined answers them with status 3. */
  readonly defaultTopic: string | undefined;
  readonly idleTimeoutMs: number;
}

export const GATEWAY_DEFAULTS: GatewaySettings = {
  payloadLimit: 2048,
  voipPayloadLimit: 4096,
  simpleErrors: 'silent',
  defaultTopic: undefined,
  idleTimeoutMs: 2 * 3_600_000,
};

export interface GatewayParts {
  readonly delivery: Delivery;
  readonly journal: Journal;
  readonly events: Events;
  readonly clock: EmulatorClock;
  readonly random: SeededRandom;
  readonly faults: FaultEngine;
  readonly settings: GatewaySettings;
}

/** What the socket is to do. `close` follows the bytes of earlier sends; input is still read until the client goes. */
export type GatewayOutput =
  | { readonly kind: 'send'; readonly bytes: Uint8Array; readonly pieces?: number | undefined }
  | { readonly kind: 'close'; readonly how: 'end' | 'now' | 'half' | 'reset' }
  /** Call `resume` at this time; until then only collect bytes. */
  | { readonly kind: 'wake'; readonly at: number };

export const STATUS = {
  processing: 1,
  missingToken: 2,
  missingTopic: 3,
  missingPayload: 4,
  tokenSize: 5,
  payloadSize: 7,
  token: 8,
  shutdown: 10,
  unparsable: 128,
} as const;

const FIELDS = GATEWAY.notification.fields;
const TOKEN_LENGTH = 32;
const IMPLIED_PRIORITY = 10;
/** Items of a fixed length: any other cannot be parsed. */
const LENGTHS: ReadonlyMap<number | string, number> = new Map<number | string, number>([
  [FIELDS.identifier.id as number, 4],
  [FIELDS.expiry.id as number, 4],
  [FIELDS.priority.id as number, 1],
]);
const NAMES: Readonly<Record<number, string>> = { 0: 'simple_notification', 1: 'enhanced_notification', 2: 'notification' };
const SIMPLE = 0;
const FRAMED = 2;
/** Frames that wait behind a delayed one; a client that writes on meanwhile is held back by TCP after that. */
const MAX_WAITING = 10_000;

interface Notification {
  readonly command: number;
  readonly token: Uint8Array | undefined;
  readonly payload: Uint8Array | undefined;
  readonly identifier: number | undefined;
  readonly expiry: number | undefined;
  readonly priority: number;
  /** The priority item, when there is one. */
  readonly givenPriority: number | undefined;
  /** An item stands twice, or bytes are left that are no item. */
  readonly malformed: boolean;
}

export class GatewayPeer {
  readonly connection: number;
  /** Notifications read after the refused one and thrown away. */
  discarded = 0;
  accepted = 0;
  private readonly parts: GatewayParts;
  private readonly topic: string | undefined;
  private readonly buffer = new FrameBuffer();
  private readonly measure = gateway.open({}).measure;
  private readonly waiting: Uint8Array[] = [];
  private lastGood = 0;
  private failed = false;
  private unreadable = false;
  private delayed = false;

  /** `topic`: what the client's certificate is for. */
  constructor(parts: GatewayParts, connection: number, topic: string | undefined) {
    this.parts = parts;
    this.connection = connection;
    this.topic = topic ?? parts.settings.defaultTopic;
  }

  /** True when no more bytes should be read for now. */
  get full(): boolean {
    return this.waiting.length >= MAX_WAITING;
  }

  hear(bytes: Uint8Array): readonly GatewayOutput[] {
    if (this.unreadable) return NOTHING;
    const problem = this.buffer.cut(
      bytes,
      (b, start, end) => this.measure(0, b, start, end),
      (frame) => {
        this.waiting.push(frame);
      },
    );
    const outputs = this.work();
    if (problem === undefined) return outputs;
    this.unreadable = true;
    return this.failed || this.delayed ? outputs : [...outputs, ...this.fail(STATUS.unparsable, 0, FRAMED)];
  }

  /** Goes on after a delay. */
  resume(): readonly GatewayOutput[] {
    this.delayed = false;
    const held = this.held;
    this.held = undefined;
    const outputs: GatewayOutput[] = [];
    if (held !== undefined) this.take(held.frame, held.action, outputs);
    this.work(outputs);
    if (this.unreadable && !this.failed && !this.delayed) outputs.push(...this.fail(STATUS.unparsable, 0, FRAMED));
    return outputs;
  }

  /** Maintenance: the identifier is that of the last notification that went through. */
  shutdown(): readonly GatewayOutput[] {
    return this.failed ? NOTHING : this.fail(STATUS.shutdown, this.lastGood, FRAMED);
  }

  private held: { readonly frame: Notification; readonly action: Action } | undefined;

  private work(outputs: GatewayOutput[] = []): GatewayOutput[] {
    const { waiting } = this;
    let n = 0;
    while (n < waiting.length && !this.delayed) {
      const notification = read(gateway.parse(waiting[n++], 0));
      if (this.failed) {
        this.discard(notification);
        continue;
      }
      const { faults, clock } = this.parts;
      const action = faults.match({
        server: 'gateway',
        on: 'message',
        connection: this.connection,
        command: NAMES[notification.command],
        token: notification.token && flatHex(notification.token),
        topic: this.topic,
      });
      const delay = action === undefined ? 0 : faults.delayOf(action);
      if (action !== undefined && delay > 0) {
        this.delayed = true;
        this.held = { frame: notification, action };
        outputs.push({ kind: 'wake', at: clock.now() + delay });
      } else this.take(notification, action, outputs);
    }
    waiting.splice(0, n);
    return outputs;
  }

  private take(n: Notification, action: Action | undefined, outputs: GatewayOutput[]): void {
    if (action !== undefined) {
      if (action.close === 'reset' || action.close === 'before') {
        this.failed = true;
        this.record(n, -1, undefined);
        outputs.push({ kind: 'close', how: action.close === 'reset' ? 'reset' : 'now' });
        return;
      }
      if (action.drop === true) {
        this.record(n, -1, undefined);
        return;
      }
      if (action.garbage !== undefined) outputs.push({ kind: 'send', bytes: this.parts.faults.garbage(action.garbage) });
      if (action.shutdown === true) {
        outputs.push(...this.shutdown());
        return;
      }
    }
    const status = action?.status ?? this.check(n);
    if (status !== 0) {
      this.record(n, status, undefined);
      outputs.push(...this.fail(status, n.identifier ?? 0, n.command, action?.split));
      return;
    }
    this.accept(n);
    if (action?.close === 'after') {
      this.failed = true;
      outputs.push({ kind: 'close', how: 'end' });
    } else if (action?.close === 'half') outputs.push({ kind: 'close', how: 'half' });
  }

  /** Status of a notification; 0 = good. A dead token is taken in silence and shows up in the feedback list. */
  private check(n: Notification): number {
    const { settings, delivery } = this.parts;
    if (n.malformed) return STATUS.unparsable;
    if (n.token === undefined || n.token.length === 0) return STATUS.missingToken;
    if (n.token.length !== TOKEN_LENGTH) return STATUS.tokenSize;
    if (n.payload === undefined || n.payload.length === 0) return STATUS.missingPayload;
    if (this.topic === undefined) return STATUS.missingTopic;
    if (n.givenPriority !== undefined && !priorityFits(n.givenPriority, n.payload)) return STATUS.processing;
    if (n.payload.length > (this.topic.endsWith('.voip') ? settings.voipPayloadLimit : settings.payloadLimit)) return STATUS.payloadSize;
    const verdict = delivery.judge(flatHex(n.token), this.topic, topicHash(this.topic));
    return verdict.taken || verdict.why === 'unregistered' || verdict.why === 'expired-token' ? 0 : STATUS.token;
  }

  private accept(n: Notification): void {
    const { random, clock, delivery } = this.parts;
    const topic = this.topic ?? '';
    this.accepted++;
    if (n.identifier !== undefined) this.lastGood = n.identifier;
    const token = flatHex(n.token ?? NO_BYTES);
    const body = pushBody({ topic, payload: n.payload ?? NO_BYTES, expiry: n.expiry, priority: n.priority });
    const push = new Push(random.uuid(), 'gateway', token, body, clock.now());
    this.record(n, 0, push);
    if (delivery.registry.token(token)?.state === 'active') delivery.submit(push);
    else push.state = 'dropped';
  }

  private fail(status: number, identifier: number, command: number, pieces?: number): GatewayOutput[] {
    this.failed = true;
    if (command === SIMPLE && this.parts.settings.simpleErrors === 'silent') return [{ kind: 'close', how: 'end' }];
    const bytes = gateway.encode('error_response', { status, identifier }, 1);
    return [
      { kind: 'send', bytes, pieces },
      { kind: 'close', how: 'end' },
    ];
  }

  private discard(n: Notification): void {
    this.discarded++;
    const { events, clock } = this.parts;
    this.record(n, -1, undefined, 'discarded');
    if (events.wanted)
      events.emit({
        at: clock.now(),
        kind: 'discarded',
        server: 'gateway',
        connection: this.connection,
        token: flatHex(n.token ?? NO_BYTES),
      });
  }

  private record(n: Notification, status: number, push: Push | undefined, reason?: string): void {
    const { journal, events, clock } = this.parts;
    const token = n.token && flatHex(n.token);
    const at = clock.now();
    const id = n.identifier === undefined ? undefined : String(n.identifier);
    journal.add({
      at,
      server: 'gateway',
      connection: this.connection,
      command: NAMES[n.command],
      token,
      topic: this.topic,
      id,
      payload: n.payload,
      status,
      reason,
      push,
    });
    if (reason === undefined && events.wanted) {
      const kind = status > 0 ? 'rejected' : 'received';
      events.emit({
        at,
        kind,
        server: 'gateway',
        connection: this.connection,
        status,
        topic: this.topic,
        ...(token === undefined ? {} : { token }),
        ...(id === undefined ? {} : { id }),
      });
    }
  }
}

function read(syntax: WireSyntax): Notification {
  let token: Uint8Array | undefined;
  let payload: Uint8Array | undefined;
  let identifier: number | undefined;
  // A framed notification without expiration is not stored: clients leave the item out when it is 0.
  let expiry = syntax.command === FRAMED ? 0 : undefined;
  let givenPriority: number | undefined;
  // Apple's text asks for exactly one token and payload; for repeated items nothing is known, so they count as malformed.
  let malformed = syntax.tail.length > 0;
  const seen = new Set<number | string>();
  for (const item of syntax.items) {
    const value = item.value as Uint8Array;
    const number = value.length === 4 ? u32(value, 0) : value.length === 1 ? value[0] : undefined;
    malformed ||= seen.has(item.id) || (LENGTHS.get(item.id) ?? value.length) !== value.length;
    seen.add(item.id);
    if (item.id === FIELDS.token.id) token = value;
    else if (item.id === FIELDS.payload.id) payload = value;
    else if (item.id === FIELDS.identifier.id) identifier = number;
    else if (item.id === FIELDS.expiry.id) expiry = number;
    else if (item.id === FIELDS.priority.id) givenPriority = number;
  }
  return {
    command: syntax.command,
    token,
    payload,
    identifier,
    expiry,
    priority: givenPriority ?? IMPLIED_PRIORITY,
    givenPriority,
    malformed,
  };
}

/**
 * Apple's text: 10 or 5, and "an error" is 10 for a payload that only wakes the app. It names no status; ours is 1. Only a
 * priority that stands in the message is held to this: commands 0 and 1 have none, and clients leave the item out for 10.
 */
function priorityFits(priority: number, payload: Uint8Array): boolean {
  if (priority !== 10) return priority === 5;
  if (!Buffer.from(payload.buffer, payload.byteOffset, payload.length).includes('content-available')) return true;
  try {
    const { aps } = JSON.parse(Buffer.from(payload).toString('utf8')) as { aps?: Record<string, unknown> };
    return aps === undefined || !('content-available' in aps) || Object.keys(aps).length > 1;
  } catch {
    return true;
  }
}

const NO_BYTES = new Uint8Array(0);
const NOTHING: readonly GatewayOutput[] = [];
