/** The emulator's laws without sockets: a registry, a store and a clock that stands still. */
import { generateKeyPairSync } from 'node:crypto';
import { Channels } from '../../src/emulator/channels.ts';
import { EmulatorClock } from '../../src/emulator/clock.ts';
import { Delivery, type DeliverySettings } from '../../src/emulator/delivery.ts';
import { type EmulatorEvent, Events } from '../../src/emulator/event.ts';
import { FeedbackList } from '../../src/emulator/feedback-list.ts';
import { type ApiSettings, ProviderApi } from '../../src/emulator/http2/api.ts';
import { type AuthSettings, ProviderConnection, TokenUpdates } from '../../src/emulator/http2/connection.ts';
import { providerKey, signProviderToken, TokenChecker } from '../../src/emulator/http2/provider-token.ts';
import { Journal } from '../../src/emulator/journal.ts';
import type { Push } from '../../src/emulator/push.ts';
import { SeededRandom } from '../../src/emulator/random.ts';
import { type Device, type Endpoint, Registry } from '../../src/emulator/registry.ts';
import { Store } from '../../src/emulator/store.ts';

/** 2026-11-21T12:00:00Z. */
export const NOON = Date.UTC(2026, 10, 21, 12);
export const KEY_ID = 'TESTKEY001';
export const TEAM = 'TESTTEAM01';

export const signingKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
export const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

export interface Core {
  readonly clock: EmulatorClock;
  readonly random: SeededRandom;
  readonly events: Events;
  readonly seen: EmulatorEvent[];
  readonly journal: Journal;
  readonly registry: Registry;
  readonly store: Store;
  readonly feedback: FeedbackList;
  readonly channels: Channels;
  readonly delivery: Delivery;
}

export function core(settings: Partial<DeliverySettings> = {}): Core {
  const clock = new EmulatorClock(() => NOON);
  clock.freeze();
  const random = new SeededRandom(1);
  const events = new Events();
  const seen: EmulatorEvent[] = [];
  events.on((event) => seen.push(event));
  const journal = new Journal();
  const registry = new Registry(random, () => clock.now());
  const store = new Store(() => clock.now());
  const feedback = new FeedbackList();
  const delivery = new Delivery({
    registry,
    store,
    feedback,
    clock,
    events,
    journal,
    settings: { unknownTokens: 'reject', keep: 'per-topic', ...settings },
  });
  return { clock, random, events, seen, journal, registry, store, feedback, channels: new Channels(random), delivery };
}

/** A device connection that keeps what it is given. */
export class RecordingEndpoint implements Endpoint {
  readonly connection = 1;
  readonly got: { readonly push: Push; readonly stored: boolean; readonly last: boolean }[] = [];
  deliver(_device: Device, push: Push, stored: boolean, last: boolean): void {
    this.got.push({ push, stored, last });
  }
}

export interface ApiHarness extends Core {
  readonly api: ProviderApi;
  readonly checker: TokenChecker;
  readonly connection: ProviderConnection;
  readonly bearer: (ageSeconds?: number) => string;
  readonly connect: (more?: Partial<AuthSettings>, updates?: TokenUpdates) => ProviderConnection;
}

export function apiHarness(settings: Partial<ApiSettings> = {}): ApiHarness {
  const parts = core();
  const checker = new TokenChecker();
  checker.add(providerKey(KEY_ID, TEAM, signingKey));
  const api = new ProviderApi({
    ...parts,
    checker,
    settings: { environment: 'sandbox', broadcastApps: undefined, maxChannels: 10_000, tokenRate: undefined, ...settings },
  });
  const connect = (more: Partial<AuthSettings> = {}, updates = new TokenUpdates()): ProviderConnection =>
    new ProviderConnection(
      1,
      '127.0.0.1',
      undefined,
      { environment: 'sandbox', maxStreams: 1000, streamDance: true, badEnvironmentSpelling: 'BadEnvironmentKeyIdInToken', ...more },
      updates,
    );
  const bearer = (age = 0): string => `bearer ${signProviderToken(signingKey, KEY_ID, TEAM, NOON / 1000 - age)}`;
  return { ...parts, api, checker, connection: connect(), bearer, connect };
}
