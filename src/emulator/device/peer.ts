/** A device's side of a courier connection, without sockets: enough of apsd to receive pushes and to be tested against. */
import { fromHex } from '../../core/bytes.ts';
import { utf8Bytes } from '../../core/text.ts';
import type { FieldValues } from '../../schema/build.ts';
import { signPresence } from '../courier/presence.ts';
import type { Heard } from '../courier/speech.ts';
import { type ChannelWish, writeSubscription } from '../courier/subscription.ts';
import { flatHex } from '../hex.ts';
import { topicHash } from '../push.ts';

export interface DeviceIdentity {
  /** DER. */
  readonly certificate: Uint8Array;
  /** PEM. */
  readonly key: string;
}

export interface DevicePeerOptions {
  /** Hex; without one the courier assigns it. */
  readonly token?: string | undefined;
  /** Topic names that the filter enables. */
  readonly topics: readonly string[];
  readonly identity?: DeviceIdentity | undefined;
  /** Topics to ask scoped tokens for. */
  readonly scoped?: readonly string[];
  /** Broadcast channels to subscribe to: base64 id and topic. */
  readonly channels?: readonly { readonly topic: string; readonly channel: string }[];
  /** Whether messages are acknowledged; some tests want them to come again. */
  readonly acknowledge?: boolean;
  /** Status of acknowledgements. */
  readonly ackStatus?: number;
  /** Token that acknowledgements name, hex; that of the message by default. */
  readonly ackToken?: string;
  /** The first dialect: no certificate, no states. */
  readonly ios4?: boolean;
  /** Field 16; left out for clients older than it. */
  readonly protocolVersion?: number | undefined;
}

export interface DeviceMessage {
  readonly id: number | undefined;
  /** Hex. */
  readonly token: string | undefined;
  /** Name when it is one of the device's, else the hash in hex. */
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly priority: number | undefined;
  /** Unix seconds. */
  readonly expiry: number | undefined;
  /** Nanoseconds since the epoch. */
  readonly timestamp: bigint | undefined;
  readonly fromStorage: boolean;
  readonly lastFromStorage: boolean;
  readonly baseToken: string | undefined;
  readonly broadcast: boolean;
}

export type DeviceEvent =
  | { readonly kind: 'connected'; readonly token: string; readonly assigned: boolean; readonly response: Heard['fields'] }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string | undefined }
  | { readonly kind: 'message'; readonly message: DeviceMessage }
  | { readonly kind: 'scoped-token'; readonly topic: string; readonly token: string }
  | { readonly kind: 'ack'; readonly id: number | undefined; readonly status: number }
  | { readonly kind: 'redirect'; readonly reason: string | undefined }
  | { readonly kind: 'other'; readonly command: string; readonly fields: Heard['fields'] };

export interface DeviceOutlet {
  say(command: string, fields: FieldValues): void;
  tell(event: DeviceEvent): void;
}

const CONNECT = 1;
const DISCONNECT = 2;
const ACTIVE = 1;
const FOREVER = 0x7fffffff;
const PRESENCE_FLAGS = 0x41;
const FROM_STORAGE = 1;
const LAST_FROM_STORAGE = 2;

export class DevicePeer {
  token: string | undefined;
  private readonly options: DevicePeerOptions;
  private readonly outlet: DeviceOutlet;
  private readonly names: ReadonlyMap<string, string>;
  private nextId = 1;
  private leaving = false;

  constructor(options: DevicePeerOptions, outlet: DeviceOutlet) {
    this.options = options;
    this.outlet = outlet;
    this.token = options.token;
    const channelTopics = (options.channels ?? []).map(({ topic }) => topic);
    this.names = new Map([...options.topics, ...channelTopics, ...(options.scoped ?? [])].map((name) => [topicHash(name), name]));
  }

  /** Says Connect. `random`: 8 bytes for the nonce; `nowMs`: time of the nonce. */
  connect(nowMs: number, random: Uint8Array): void {
    const { identity, ios4, protocolVersion } = this.options;
    const token = this.token === undefined ? undefined : fromHex(this.token);
    if (ios4 === true) {
      this.outlet.say('connect', { token: token ?? new Uint8Array(32) });
      return;
    }
    this.outlet.say('connect', {
      token,
      state: CONNECT,
      presence_flags: PRESENCE_FLAGS,
      ...(identity === undefined ? {} : { certificate: [identity.certificate], ...signPresence(identity.key, nowMs, random) }),
      ...(protocolVersion === undefined ? {} : { protocol_version: protocolVersion }),
    });
  }

  hear(heard: Heard): void {
    const { fields } = heard;
    switch (heard.command) {
      case 'connect_response':
        this.connected(fields);
        break;
      case 'message':
        this.message(fields);
        break;
      case 'flush':
        this.outlet.say('flush_response', { padding: new Uint8Array(Number(fields['want_padding'] ?? 0)) });
        break;
      case 'app_token_generate_response':
        this.outlet.tell({ kind: 'scoped-token', topic: this.topicName(fields['topic']), token: hex(fields['token']) ?? '' });
        break;
      case 'message_ack':
        this.outlet.tell({ kind: 'ack', id: fields['id'] as number | undefined, status: Number(fields['status'] ?? 0) });
        break;
      case 'redirect':
        this.outlet.tell({ kind: 'redirect', reason: fields['redirect_reason'] as string | undefined });
        break;
      default:
        this.outlet.tell({ kind: 'other', command: heard.command, fields });
    }
  }

  keepAlive(minutes: number): void {
    if (this.options.ios4 === true) this.outlet.say('keep_alive', { text: `WiFi 4.3.3 8J2 iPhone2,1 ${minutes}` });
    else this.outlet.say('keep_alive', { carrier: 'WiFi', interval: minutes });
  }

  /** Sends a message to a service or, through it, to another device. Returns its id. */
  send(topic: string, payload: Uint8Array, to?: string): number {
    const id = this.nextId++;
    this.outlet.say('message', { id, topic: fromHex(topicHash(topic)), token: fromHex(to ?? this.token ?? ''), payload });
    return id;
  }

  leave(): void {
    this.leaving = true;
    if (this.options.ios4 !== true && this.token !== undefined)
      this.outlet.say('connect', { token: fromHex(this.token), state: DISCONNECT });
  }

  private connected(fields: Heard['fields']): void {
    // The courier answers a goodbye as it answers a Connect.
    if (this.leaving) return;
    const status = Number(fields['status'] ?? 0);
    if (status !== 0) {
      this.outlet.tell({ kind: 'refused', status, reason: fields['invalid_presence_reason'] as string | undefined });
      return;
    }
    const given = hex(fields['token']);
    const assigned = given !== undefined && given !== '' && given !== this.token;
    if (assigned) this.token = given;
    this.outlet.tell({ kind: 'connected', token: this.token ?? '', assigned, response: fields });
    this.introduce();
  }

  /** What a device says once it is in: active, filter, wishes. */
  private introduce(): void {
    const { topics, scoped = [], channels = [], ios4 } = this.options;
    const token = this.token === undefined ? undefined : fromHex(this.token);
    const all = [...new Set([...topics, ...scoped, ...channels.map(({ topic }) => topic)])];
    const enabled = all.map((name) => fromHex(topicHash(name)) as Uint8Array);
    if (ios4 === true) {
      this.outlet.say('filter', { enabled });
      return;
    }
    this.outlet.say('set_active_state', { state: ACTIVE, interval: FOREVER });
    for (const name of scoped) this.outlet.say('app_token_generate', { topic: fromHex(topicHash(name)), base_token: token, app_id: 1 });
    this.outlet.say('filter', { token, enabled, version: 1n });
    if (channels.length > 0) {
      const wishes = channels.map(({ topic, channel }): ChannelWish => ({ topic, channel, last: 0n, drop: false }));
      this.outlet.say('pub_sub_channel_list', { id: this.nextId++, payload: writeSubscription({ wishes, replace: true }), token });
    }
  }

  private message(f: Heard['fields']): void {
    const id = f['id'] as number | undefined;
    const flags = Number(f['storage_flags'] ?? f['legacy_storage_flags'] ?? 0);
    const payload = f['payload'];
    this.outlet.tell({
      kind: 'message',
      message: {
        id,
        token: hex(f['token']),
        topic: this.topicName(f['topic']),
        payload: payload instanceof Uint8Array ? payload : utf8Bytes(String(payload ?? '')),
        priority: f['priority'] as number | undefined,
        expiry: f['expiry'] as number | undefined,
        timestamp: f['timestamp'] as bigint | undefined,
        fromStorage: (flags & FROM_STORAGE) !== 0,
        lastFromStorage: (flags & LAST_FROM_STORAGE) !== 0,
        baseToken: hex(f['base_token']),
        broadcast: f['pub_sub_info'] !== undefined,
      },
    });
    if (this.options.acknowledge === false) return;
    if (this.options.ios4 === true) this.outlet.say('message_ack', { unknown1: new Uint8Array(3) });
    else
      this.outlet.say('message_ack', {
        status: this.options.ackStatus ?? 0,
        id,
        token: fromHex(this.options.ackToken ?? hex(f['token']) ?? this.token ?? ''),
      });
  }

  private topicName(topic: unknown): string {
    const hash = hex(topic) ?? '';
    return this.names.get(hash) ?? hash;
  }
}

function hex(value: unknown): string | undefined {
  return value instanceof Uint8Array ? flatHex(value) : undefined;
}
