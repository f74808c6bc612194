/**
 * The way of a push: from any provider interface to the connected device whose filter holds its topic,
 * into the store while the device is away, and back into it when a delivery was never acknowledged.
 */
import type { EmulatorClock } from './clock.ts';
import { type Events, pushEvent } from './event.ts';
import type { FeedbackList } from './feedback-list.ts';
import type { Journal } from './journal.ts';
import type { Push, PushState } from './push.ts';
import type { Device, Endpoint, FilterList, Registry } from './registry.ts';
import type { Keep, Store } from './store.ts';

/** What a provider is told of its push: taken, or why not. `since` is when the token became invalid. */
export type Verdict =
  | { readonly taken: true }
  | { readonly taken: false; readonly why: 'unknown-token' | 'not-for-topic' | 'unregistered' | 'expired-token'; readonly since: number };

const TAKEN: Verdict = { taken: true };

export interface DeliverySettings {
  /** What to do with a well-formed token that nobody has: `accept` makes a device of it. */
  unknownTokens: 'reject' | 'accept';
  /** How provider pushes are stored; messages of devices and injected ones are all kept. */
  keep: Keep;
}

export class Delivery {
  readonly registry: Registry;
  readonly store: Store;
  readonly feedback: FeedbackList;
  readonly settings: DeliverySettings;
  private readonly clock: EmulatorClock;
  private readonly events: Events;
  private readonly journal: Journal;

  constructor(parts: {
    registry: Registry;
    store: Store;
    feedback: FeedbackList;
    clock: EmulatorClock;
    events: Events;
    journal: Journal;
    settings: DeliverySettings;
  }) {
    this.registry = parts.registry;
    this.store = parts.store;
    this.feedback = parts.feedback;
    this.clock = parts.clock;
    this.events = parts.events;
    this.journal = parts.journal;
    this.settings = parts.settings;
  }

  /** Judges a token for a topic, without sending anything. */
  judge(tokenHex: string, topic: string, hash: string): Verdict {
    const token = this.registry.token(tokenHex);
    if (token === undefined) {
      if (this.settings.unknownTokens === 'reject' || this.registry.full) return refusal('unknown-token', 0);
      this.registry.addDevice({ token: tokenHex });
      return TAKEN;
    }
    if (token.state !== 'active') {
      this.feedback.add(topic, tokenHex, token.since);
      return refusal(token.state === 'expired' ? 'expired-token' : 'unregistered', token.since);
    }
    if (token.topics !== undefined && !token.topics.has(hash)) return refusal('not-for-topic', 0);
    const removedAt = token.device.removed?.get(hash);
    if (removedAt !== undefined) {
      this.feedback.add(topic, tokenHex, removedAt);
      return refusal('unregistered', removedAt);
    }
    return TAKEN;
  }

  /** Takes a push that was judged good: delivers or stores it. */
  submit(push: Push): void {
    const device = this.registry.device(push.token);
    if (device === undefined) {
      this.settle(push, 'dropped');
      return;
    }
    const list = listFor(device, push);
    if (device.endpoint !== undefined && list !== undefined && list !== 'paused') {
      if (list === 'ignored') this.settle(push, 'dropped');
      else this.send(device, device.endpoint, push, false, false);
      return;
    }
    this.keep(device, push, push.source === 'device' || push.source === 'control' ? 'all' : this.settings.keep);
  }

  /** A device is there with a filter: everything that waits for one of its topics goes out. Returns how many. */
  flush(device: Device): number {
    const endpoint = device.endpoint;
    if (endpoint === undefined || device.filter === undefined) return 0;
    const { due, expired } = this.store.take(device, (push) => {
      const list = listFor(device, push);
      return list !== undefined && list !== 'paused';
    });
    for (const push of expired) this.settle(push, 'expired');
    for (let i = 0; i < due.length; i++) this.send(device, endpoint, due[i], true, i === due.length - 1);
    return due.length;
  }

  /** The connection of a device is gone; what it did not acknowledge waits for the next one. */
  offline(device: Device, endpoint: Endpoint, unacknowledged: readonly Push[]): void {
    if (device.endpoint === endpoint) device.endpoint = undefined;
    // Each of them was sent on its own, so each of them comes again: the one-per-topic rule is for what was never sent.
    for (const push of unacknowledged) this.keep(device, push, 'all');
    if (this.events.wanted)
      this.events.emit({ at: this.clock.now(), kind: 'device-offline', token: device.token, connection: endpoint.connection });
    if (unacknowledged.length > 0) this.flush(device);
  }

  /** `token`: what the device's acknowledgement names; undefined where its dialect has no word for it. */
  acknowledged(push: Push, status: number, token?: string): void {
    push.ackStatus = status;
    push.state = 'acknowledged';
    this.journal.changed();
    if (this.events.wanted)
      this.events.emit(pushEvent('acknowledged', this.clock.now(), push, { status, ...(token === undefined ? {} : { ackToken: token }) }));
  }

  private send(device: Device, endpoint: Endpoint, push: Push, stored: boolean, last: boolean): void {
    push.attempts++;
    push.state = 'delivered';
    endpoint.deliver(device, push, stored, last);
    this.journal.changed();
    if (this.events.wanted) this.events.emit(pushEvent('delivered', this.clock.now(), push, { connection: endpoint.connection }));
  }

  private keep(device: Device, push: Push, keep: Keep): void {
    const outcome = this.store.put(device, push, keep);
    if (!outcome.stored) {
      this.settle(push, this.store.expired(push) ? 'expired' : 'dropped');
      return;
    }
    this.settle(push, 'stored');
    for (const old of outcome.replaced) this.settle(old, 'replaced');
  }

  private settle(push: Push, state: PushState & ('stored' | 'replaced' | 'expired' | 'dropped')): void {
    push.state = state;
    this.journal.changed();
    if (this.events.wanted) this.events.emit(pushEvent(state, this.clock.now(), push));
  }
}

function refusal(why: 'unknown-token' | 'not-for-topic' | 'unregistered' | 'expired-token', since: number): Verdict {
  return { taken: false, why, since };
}

/** The list of the device's filter that holds the push's topic; a subscription holds what comes over its channel. */
function listFor(device: Device, push: Push): FilterList | undefined {
  const { channel, topicHash } = push.body;
  if (channel !== undefined) return device.subscriptions?.has(channel) ? 'enabled' : undefined;
  return device.filter?.get(topicHash);
}
