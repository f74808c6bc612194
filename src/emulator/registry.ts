/** Who exists: devices with their tokens, topics, filters and subscriptions. Knows no sockets. */
import { createHash } from 'node:crypto';
import { type Push, topicHash } from './push.ts';
import type { SeededRandom } from './random.ts';

export type TokenState = 'active' | 'unregistered' | 'expired';

/** The topic lists of a courier filter, in the order of their field ids. */
export const FILTER_LISTS = ['enabled', 'ignored', 'opportunistic', 'paused', 'nonWaking'] as const;
export type FilterList = (typeof FILTER_LISTS)[number];

export interface Token {
  /** Lower-case hex. */
  readonly hex: string;
  readonly device: Device;
  /** A scoped (per app) token is for one topic hash; undefined for a base token. */
  readonly scope: string | undefined;
  /** Topic hashes this token may be used for; undefined = any that the device's filter holds. */
  topics: Set<string> | undefined;
  state: TokenState;
  /** When the state last changed, milliseconds since the epoch. */
  since: number;
}

/** What the delivery core needs of a connection that serves a device. */
export interface Endpoint {
  readonly connection: number;
  /** Sends a notification now. `stored`: it waited; `last`: no other waits behind it. */
  deliver(device: Device, push: Push, stored: boolean, last: boolean): void;
}

export interface Device {
  /** Base token, lower-case hex; changes when the device is given a new one. */
  token: string;
  /** Key fingerprint of its certificate, or undefined for a device without one. */
  identity: string | undefined;
  /** Free name, for people. */
  name: string | undefined;
  /** Topic hash to list; undefined until the device has sent a filter. */
  filter: Map<string, FilterList> | undefined;
  /** Topics that an earlier filter held and a later one dropped: hash to the time of that. This and the next two are made when they are needed. */
  removed: Map<string, number> | undefined;
  /** Topic hash to scoped token. */
  scoped: Map<string, Token> | undefined;
  /** Channel id (base64) to the time (ns) of the last message the device knows of it. */
  subscriptions: Map<string, bigint> | undefined;
  endpoint: Endpoint | undefined;
  /** False after SetActiveState inactive. */
  active: boolean;
  /** The next Connect gets a new token. */
  reassign: boolean;
}

/** Devices and tokens are made by clients too; beyond this the emulator refuses more and says so. */
export const MAX_DEVICES = 1_000_000;
/** Scoped tokens of a device: one for each app that asks, and phones hold some hundred. */
export const MAX_SCOPED = 1_000;
/** Topics that a device dropped and that are remembered, the oldest forgotten first. */
export const MAX_REMOVED = 10_000;
const TOKEN_BYTES = 32;

export class Registry {
  readonly tokens = new Map<string, Token>();
  readonly devices = new Set<Device>();
  private readonly byIdentity = new Map<string, Device>();
  private readonly random: SeededRandom;
  private readonly now: () => number;

  constructor(random: SeededRandom, now: () => number) {
    this.random = random;
    this.now = now;
  }

  /** No more devices are taken from clients. */
  get full(): boolean {
    return this.devices.size >= MAX_DEVICES;
  }

  token(hex: string): Token | undefined {
    return this.tokens.get(hex);
  }

  /** The device with this token, base or scoped. */
  device(hex: string): Device | undefined {
    return this.tokens.get(hex)?.device;
  }

  /** The device that connected with this key before, for a Connect without token. */
  known(identity: string): Device | undefined {
    return this.byIdentity.get(identity);
  }

  /** Adds a device with a given or new base token. An existing token gives its device back, active again. */
  addDevice(options: { token?: string; identity?: string | undefined; name?: string; topics?: readonly string[] | undefined }): Device {
    const hex = options.token ?? (options.identity === undefined ? undefined : this.tokenOfKey(options.identity)) ?? this.newToken();
    const known = this.tokens.get(hex);
    if (known !== undefined) {
      this.setState(known, 'active');
      if (options.name !== undefined) known.device.name = options.name;
      if (options.topics !== undefined) known.topics = new Set(options.topics.map(topicHash));
      if (options.identity !== undefined) this.identify(known.device, options.identity);
      return known.device;
    }
    const device: Device = {
      token: hex,
      identity: undefined,
      name: options.name,
      filter: undefined,
      removed: undefined,
      scoped: undefined,
      subscriptions: undefined,
      endpoint: undefined,
      active: true,
      reassign: false,
    };
    if (options.identity !== undefined) this.identify(device, options.identity);
    this.devices.add(device);
    this.tokens.set(hex, {
      hex,
      device,
      scope: undefined,
      topics: options.topics && new Set(options.topics.map(topicHash)),
      state: 'active',
      since: this.now(),
    });
    return device;
  }

  identify(device: Device, identity: string): void {
    device.identity = identity;
    this.byIdentity.set(identity, device);
  }

  /** A token for one topic of a device; the same one when asked again, undefined when it has as many as one may have. */
  addScopedToken(device: Device, hash: string): Token | undefined {
    const known = device.scoped?.get(hash);
    if (known?.state === 'active') return known;
    if (known === undefined && (device.scoped?.size ?? 0) >= MAX_SCOPED) return undefined;
    const token: Token = { hex: this.newToken(), device, scope: hash, topics: new Set([hash]), state: 'active', since: this.now() };
    this.tokens.set(token.hex, token);
    device.scoped ??= new Map();
    device.scoped.set(hash, token);
    return token;
  }

  /** Gives the device a new base token; the old one and all scoped ones are unregistered from now on. */
  replaceToken(device: Device): string {
    const fresh = this.newToken();
    const old = this.tokens.get(device.token);
    if (old !== undefined) this.setState(old, 'unregistered');
    for (const token of device.scoped?.values() ?? []) this.setState(token, 'unregistered');
    device.scoped = undefined;
    this.tokens.set(fresh, { hex: fresh, device, scope: undefined, topics: old?.topics, state: 'active', since: this.now() });
    device.token = fresh;
    device.reassign = false;
    return fresh;
  }

  setState(token: Token, state: TokenState, since = this.now()): void {
    if (token.state === state) return;
    token.state = state;
    token.since = since;
  }

  /** Replaces the device's filter and notes which topics it dropped. */
  setFilter(device: Device, filter: Map<string, FilterList>): void {
    const now = this.now();
    for (const hash of device.filter?.keys() ?? []) {
      if (filter.has(hash)) continue;
      device.removed ??= new Map();
      device.removed.set(hash, now);
    }
    const { removed } = device;
    if (removed !== undefined) {
      for (const hash of filter.keys()) removed.delete(hash);
      for (const hash of removed.keys()) {
        if (removed.size <= MAX_REMOVED) break;
        removed.delete(hash);
      }
    }
    device.filter = filter;
  }

  /** Forgets a device and all its tokens. */
  removeDevice(device: Device): void {
    this.devices.delete(device);
    if (device.identity !== undefined) this.byIdentity.delete(device.identity);
    for (const [hex, token] of this.tokens) if (token.device === device) this.tokens.delete(hex);
  }

  clear(): void {
    this.tokens.clear();
    this.devices.clear();
    this.byIdentity.clear();
  }

  /** A device without a token gets the same one in every run, so that what was written down about it stays true; undefined when it is taken. */
  private tokenOfKey(identity: string): string | undefined {
    const hex = createHash('sha256').update(identity).digest('hex');
    return this.tokens.has(hex) ? undefined : hex;
  }

  private newToken(): string {
    for (;;) {
      const hex = Array.from(this.random.bytes(TOKEN_BYTES), (b) => b.toString(16).padStart(2, '0')).join('');
      if (!this.tokens.has(hex)) return hex;
    }
  }
}
