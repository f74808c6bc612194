/** Everything one can ask of a running emulator, for tests by call and for everybody else over the control API. */
import { UserError } from '../core/errors.ts';
import type { Channels } from './channels.ts';
import type { EmulatorClock } from './clock.ts';
import type { CourierServer } from './courier/server.ts';
import type { Delivery } from './delivery.ts';
import type { EmulatorEvent, Listener as EventListener, Events } from './event.ts';
import type { FaultEngine } from './faults/engine.ts';
import type { Goaway, Rule } from './faults/rule.ts';
import type { GatewayServer } from './gateway/server.ts';
import type { Http2Server } from './http2/server.ts';
import type { Journal, Received, ReceivedQuery } from './journal.ts';
import { DEFAULT_PRIORITY, hashOf, Push, type PushBody, pushBody } from './push.ts';
import type { SeededRandom } from './random.ts';
import type { Device, Token, TokenState } from './registry.ts';
import type { Listener } from './sockets/listener.ts';

export interface DeviceOptions {
  /** Hex; a new one by default. */
  readonly token?: string;
  readonly name?: string;
  /** Topics that the token is for; any by default. */
  readonly topics?: readonly string[];
}

export interface Notification {
  /** One token, several, or every device. */
  readonly to: string | readonly string[] | 'all';
  /** Name, or SHA-1 in hex. */
  readonly topic: string;
  /** Bytes, text, or a value that is sent as JSON. */
  readonly payload: unknown;
  readonly expiry?: number;
  readonly priority?: number;
  readonly pushType?: string;
  readonly collapseId?: string;
}

export interface ControlParts {
  readonly delivery: Delivery;
  readonly channels: Channels;
  readonly journal: Journal;
  readonly events: Events;
  readonly clock: EmulatorClock;
  readonly random: SeededRandom;
  readonly faults: FaultEngine;
  readonly courier: CourierServer;
  readonly gateway: GatewayServer;
  readonly http2: Http2Server;
  readonly listeners: ReadonlyMap<Listener['server'], Listener>;
}

/** A field's length is 16 bits wide on the courier; packed frames must hold the other fields as well. */
const MAX_INJECTED = 60_000;
const HEX_TOKEN = /^(?:[0-9a-f]{2}){1,100}$/;

export class Controls {
  private readonly parts: ControlParts;
  private lastBody: PushBody | undefined;

  constructor(parts: ControlParts) {
    this.parts = parts;
    parts.faults.onTime = (rule) => this.actOnTime(rule);
  }

  get clock(): EmulatorClock {
    return this.parts.clock;
  }

  /** Registers a device; one that connects over the courier registers by itself. */
  addDevice(options: DeviceOptions = {}): Device {
    const token = options.token?.toLowerCase();
    if (token !== undefined && !HEX_TOKEN.test(token)) throw bad(`"${options.token}" is no device token: give up to 100 bytes in hex.`);
    return this.parts.delivery.registry.addDevice({ ...options, ...(token === undefined ? {} : { token }) });
  }

  devices(): Device[] {
    return [...this.parts.delivery.registry.devices];
  }

  removeDevice(token: string): void {
    const { registry, store } = this.parts.delivery;
    const { device } = this.tokenOf(token);
    registry.removeDevice(device);
    store.forget(device);
  }

  /** The device gets a new token when it connects the next time. */
  reassign(token: string): void {
    this.tokenOf(token).device.reassign = true;
  }

  token(hex: string): Token | undefined {
    return this.parts.delivery.registry.token(hex.toLowerCase());
  }

  /** Declares a token unregistered, expired or active again. `since`: milliseconds since the epoch. */
  setTokenState(hex: string, state: TokenState, since?: number): void {
    this.parts.delivery.registry.setState(this.tokenOf(hex), state, since);
  }

  received(query: ReceivedQuery = {}): Received[] {
    return this.parts.journal.query(query);
  }

  /** Waits for `count` records that match; undefined when `timeoutMs` of real time pass first. */
  waitFor(query: ReceivedQuery, count = 1, timeoutMs = 5_000): Promise<Received[] | undefined> {
    return this.parts.journal.waitFor(query, count, timeoutMs);
  }

  /** Throws, saying what was there, unless as many records match as `expected` asks: exactly `count`, or between `min` and `max`. */
  assertReceived(
    query: ReceivedQuery,
    expected: { readonly count?: number; readonly min?: number; readonly max?: number } = { min: 1 },
  ): void {
    const found = this.parts.journal.query(query).length;
    const { count, min = count ?? 0, max = count ?? Number.POSITIVE_INFINITY } = expected;
    if (found >= min && found <= max) return;
    const wanted = min === max ? `${min}` : max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} to ${max}`;
    throw new UserError(
      'emulator.assert',
      `Expected ${wanted} records matching ${JSON.stringify(query)}, found ${found} of ${this.parts.journal.total} in all.`,
    );
  }

  /** Sends a notification into the emulator as if a provider had; stored for those who are away. */
  inject(notification: Notification): Push[] {
    const { delivery, random, clock, journal } = this.parts;
    const { to } = notification;
    const tokens = to === 'all' ? this.devices().map((device) => device.token) : typeof to === 'string' ? [to] : to;
    const body = this.bodyOf(notification);
    const id = random.ticket();
    const now = clock.now();
    const pushes: Push[] = [];
    for (const token of tokens) {
      const push = new Push(id, 'control', delivery.registry.token(token) === undefined ? token.toLowerCase() : token, body, now);
      journal.addInjected(push);
      delivery.submit(push);
      pushes.push(push);
    }
    return pushes;
  }

  /** The body of a notification; bursts of one notification share it, as a fan-out does. */
  private bodyOf(notification: Notification): PushBody {
    const { topic, payload, expiry, priority, pushType, collapseId } = notification;
    const last = this.lastBody;
    const same =
      last !== undefined &&
      last.payload === payload &&
      (last.topic ?? last.topicHash) === topic &&
      last.expiry === expiry &&
      last.priority === (priority ?? DEFAULT_PRIORITY) &&
      last.pushType === pushType &&
      last.collapseId === collapseId;
    if (same) return last;
    const topicHash = hashOf(topic);
    const bytes = payloadBytes(payload);
    if (bytes.length > MAX_INJECTED) throw bad(`The payload has ${bytes.length} bytes; the courier carries at most ${MAX_INJECTED}.`);
    const name = topicHash === topic ? undefined : topic;
    this.lastBody = pushBody({ topic: name, topicHash, payload: bytes, expiry, priority, pushType, collapseId });
    return this.lastBody;
  }

  addRule(rule: Rule): number {
    return this.parts.faults.add(rule);
  }

  removeRule(id: number): boolean {
    return this.parts.faults.remove(id);
  }

  clearRules(): void {
    this.parts.faults.clear();
  }

  rules(): ReturnType<FaultEngine['list']> {
    return this.parts.faults.list();
  }

  on(listener: EventListener): () => void {
    return this.parts.events.on(listener);
  }

  /** GOAWAY to one HTTP/2 connection or all. */
  goaway(how: Goaway = {}, connection?: number): void {
    this.parts.http2.goaway(connection, how);
  }

  /** Status 10 to one gateway connection or all. */
  shutdownGateway(connection?: number): void {
    this.parts.gateway.shutdown(connection);
  }

  /** Redirects a device, or all. */
  redirect(reason: string, token?: string): void {
    for (const session of this.sessionsOf(token)) session.redirect(reason);
  }

  /** Sends a flush with this much padding to a device, or to all. */
  flush(size: number, token?: string): void {
    for (const session of this.sessionsOf(token)) session.flush(size);
  }

  /** Closes the courier connection of a device, or all. */
  disconnect(token?: string): void {
    for (const session of this.sessionsOf(token)) session.close('control');
  }

  /** Cuts connections of a server with a TCP reset. */
  resetConnections(server: Listener['server'], connection?: number): void {
    this.parts.listeners.get(server)?.reset(connection);
  }

  /** Stops a server from listening, so that the kernel refuses connections, until `up`. */
  async down(server: Listener['server']): Promise<void> {
    await this.parts.listeners.get(server)?.down();
  }

  async up(server: Listener['server']): Promise<void> {
    const listener = this.parts.listeners.get(server);
    if (listener !== undefined && !listener.listening) await listener.listen();
  }

  /** Back to the state of the start: no devices, nothing stored or received, no rules, real time. Connections are closed. */
  reset(): void {
    const { delivery, channels, journal, faults, clock, courier } = this.parts;
    for (const session of courier.sessions()) {
      session.close('reset');
      session.disconnected();
    }
    faults.clear();
    delivery.registry.clear();
    delivery.store.clear();
    delivery.feedback.clear();
    channels.clear();
    journal.clear();
    clock.reset();
  }

  status(): Record<string, unknown> {
    const { delivery, journal, clock, courier, gateway, http2, listeners } = this.parts;
    return {
      time: new Date(clock.now()).toISOString(),
      frozen: clock.frozen,
      devices: delivery.registry.devices.size,
      tokens: delivery.registry.tokens.size,
      stored: delivery.store.count(),
      received: journal.total,
      injected: journal.injected,
      forgotten: journal.forgotten,
      connections: { courier: courier.count, gateway: gateway.count, http2: http2.count },
      listening: Object.fromEntries([...listeners].map(([name, listener]) => [name, listener.listening ? listener.port : false])),
    };
  }

  feedback(): { readonly topic: string; readonly token: string; readonly time: number }[] {
    return this.parts.delivery.feedback.peek().map(({ topic, entry }) => ({ topic, ...entry }));
  }

  private sessionsOf(token: string | undefined): ReturnType<CourierServer['sessions']> {
    const { courier, delivery } = this.parts;
    if (token === undefined) return courier.sessions();
    const endpoint = delivery.registry.device(token.toLowerCase())?.endpoint;
    const session = endpoint === undefined ? undefined : courier.session(endpoint.connection);
    if (session === undefined) throw bad(`No device with token ${token} is connected.`);
    return [session];
  }

  private tokenOf(hex: string): Token {
    const token = this.token(hex);
    if (token === undefined) throw bad(`There is no token ${hex}.`);
    return token;
  }

  private actOnTime({ when, do: action }: Rule): void {
    const hits = (server: Listener['server']): boolean => when.server === undefined || when.server === server;
    if (action.goaway !== undefined && hits('http2')) this.goaway(action.goaway);
    if (action.shutdown === true && hits('gateway')) this.shutdownGateway();
    if (action.redirect !== undefined && hits('courier')) this.redirect(action.redirect);
    for (const [server, listener] of this.parts.listeners) {
      if (!hits(server)) continue;
      if (action.close !== undefined) listener.reset();
      if (action.refuse !== true) continue;
      void listener.down();
      // `delay` of a rule of time is how long the port stays closed.
      if (action.delay !== undefined) {
        this.clock.schedule(this.clock.now() + action.delay, () => {
          this.up(server).catch((error: unknown) => this.report(server, error));
        });
      }
    }
  }

  private report(server: Listener['server'], error: unknown): void {
    const event: EmulatorEvent = { at: this.clock.now(), kind: 'fault', server, detail: String((error as Error).message) };
    this.parts.events.emit(event);
  }
}

function payloadBytes(payload: unknown): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  return Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload ?? {}));
}

function bad(message: string): UserError {
  return new UserError('emulator.control', message);
}
