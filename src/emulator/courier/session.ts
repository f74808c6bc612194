/**
 * The courier's side of one connection, without sockets: commands come in by `hear`, what is to be sent goes to an outlet.
 * Order of a real session: Connect, ConnectResponse, active state, filter, stored messages, then anything.
 */
import { fromHex } from '../../core/bytes.ts';
import type { Action } from '../faults/rule.ts';
import { flatHex } from '../hex.ts';
import type { Received } from '../journal.ts';
import { type BodyOptions, Push, pushBody } from '../push.ts';
import { type Device, type Endpoint, FILTER_LISTS, type FilterList } from '../registry.ts';
import { type Identified, identify, resolveDevice, welcome } from './admission.ts';
import { InFlight } from './in-flight.ts';
import { type Individual, LAST_STORED, STORED, type Variant, variantOf } from './message-body.ts';
import type { ConnectionFacts, Outlet, SessionParts } from './outlet.ts';
import { subscribe } from './pub-sub.ts';
import type { Heard } from './speech.ts';
import { targetsOf } from './targets.ts';

const TOKEN_LENGTH = 32;
/** Devices of one connection: a Mac has one for each of its users. */
export const MAX_USERS = 64;

const STATUS_OK = 0;
const STATUS_INVALID = 2;
const STATUS_REJECTED = 3;
const STATE_DISCONNECT = 2;
const ACTIVE = 1;

type Fields = Heard['fields'];

export class CourierSession implements Endpoint {
  /** What a command does; commands that are not here are only recorded. */
  private static readonly handlers: Readonly<
    Record<string, (session: CourierSession, f: Fields, action: Action | undefined, record: Received) => void>
  > = {
    connect: (session, f, action) => session.connect(f, action),
    filter: (session, f) => session.filter(f),
    message: (session, f, action, record) => session.message(f, action, record),
    message_ack: (session, f) => session.acknowledge(f),
    keep_alive: (session) => session.outlet.say('keep_alive_response', {}),
    flush: (session, f) => session.outlet.say('flush_response', { padding: new Uint8Array(paddingOf(f)) }),
    app_token_generate: (session, f) => session.scopedToken(f),
    set_active_state: (session, f) => session.setActive(f),
    pub_sub_channel_list: (session, f) => session.subscribe(f),
    presence_tracking: (session, f) => session.trackPresence(f),
  };

  readonly connection: number;
  private readonly parts: SessionParts;
  private readonly facts: ConnectionFacts;
  private readonly outlet: Outlet;
  private readonly users = new Map<string, Device>();
  /** The connection's first device: commands without a token mean it. */
  private user: Device | undefined;
  private userToken: Uint8Array = new Uint8Array(TOKEN_LENGTH);
  private readonly inFlight = new InFlight();
  private legacyFlags = false;
  private closed = false;
  /** Whether a filter has come; the shell closes connections that never send one. */
  filtered = false;

  constructor(parts: SessionParts, facts: ConnectionFacts, outlet: Outlet) {
    this.parts = parts;
    this.facts = facts;
    this.outlet = outlet;
    this.connection = facts.number;
  }

  get connected(): boolean {
    return this.user !== undefined;
  }

  /** Unacknowledged notifications. */
  get pending(): number {
    return this.inFlight.size;
  }

  hear({ command, fields }: Heard): void {
    if (this.closed) return;
    const token = hexOf(fields['token']) ?? this.user?.token;
    const topic = hexOf(fields['topic']);
    const action = this.parts.faults.match({ server: 'courier', on: 'message', connection: this.connection, command, token, topic });
    const record = this.record(command, fields, token, topic);
    if (action !== undefined && this.spoil(action)) return;
    if (this.user === undefined && command !== 'connect') {
      this.close(`${command} before connect`);
      return;
    }
    const handler = CourierSession.handlers[command];
    if (action?.delay !== undefined && handler !== undefined) {
      const { clock, faults } = this.parts;
      clock.schedule(clock.now() + faults.delayOf(action), () => {
        if (!this.closed) handler(this, fields, action, record);
      });
    } else handler?.(this, fields, action, record);
    if (action?.close === 'after') this.close('rule');
  }

  deliver(device: Device, push: Push, stored: boolean, last: boolean): void {
    const id = this.inFlight.add(push);
    const scoped = push.token !== device.token && push.body.channel === undefined;
    const token = device === this.user && !scoped ? this.userToken : (fromHex(push.token) ?? this.userToken);
    const { settings } = this.parts;
    const variant = variantOf(this.legacyFlags, scoped ? device.token : undefined, settings.correlation ? push.id : undefined);
    const storageFlags = stored ? STORED | (last ? LAST_STORED : 0) : 0;
    const one: Individual = { id, token, time: push.acceptedAt, storageFlags };
    if (this.parts.faults.watchesDeliveries) this.deliverUnderRules(push, variant, one);
    else this.outlet.deliver(push.body, variant, one);
  }

  private deliverUnderRules(push: Push, variant: Variant, one: Individual): void {
    const { faults, clock } = this.parts;
    const { body } = push;
    const action = faults.match({
      server: 'courier',
      on: 'delivery',
      connection: this.connection,
      token: push.token,
      topic: body.topic ?? body.topicHash,
    });
    if (action !== undefined && this.spoil(action)) return;
    const send = (): void => {
      if (this.closed) return;
      this.outlet.deliver(body, variant, one);
      if (action?.close === 'after') this.close('rule');
    };
    if (action?.delay === undefined && action?.jitter === undefined) send();
    else clock.schedule(clock.now() + faults.delayOf(action), send);
  }

  /** The connection is gone: its devices are away, and what they did not acknowledge is kept. */
  disconnected(): void {
    if (this.closed && this.users.size === 0) return;
    this.closed = true;
    const { delivery } = this.parts;
    const left = new Map<Device, Push[]>();
    for (const push of this.inFlight.takeWhere(() => true)) {
      const device = delivery.registry.device(push.token);
      if (device === undefined) continue;
      const list = left.get(device);
      if (list === undefined) left.set(device, [push]);
      else list.push(push);
    }
    for (const device of this.users.values()) delivery.offline(device, this, left.get(device) ?? []);
    this.users.clear();
  }

  close(why: string): void {
    if (this.closed) return;
    this.closed = true;
    this.outlet.close(why);
  }

  /** Commands that the server begins, for the control API and rules. */
  flush(size: number): void {
    // The first dialect has no word for it.
    if (this.facts.ios4) return;
    this.outlet.say('flush', { want_padding: size, padding: new Uint8Array(size) });
  }

  redirect(reason: string): void {
    if (!this.facts.ios4) this.outlet.say('redirect', { server_metadata: 'apns-inspect', redirect_reason: reason });
    this.close('redirect');
  }

  private connect(f: Fields, action: Action | undefined): void {
    const given = givenToken(f['token']);
    if (f['state'] === STATE_DISCONNECT) {
      this.leave(given);
      return;
    }
    if (action?.status !== undefined && action.status !== STATUS_OK) {
      this.refuse('rule', action.status);
      return;
    }
    const { clock, events, settings, delivery } = this.parts;
    // Further users of a connection (a Mac) send no certificate.
    const who: Identified = this.user === undefined ? identify(f, settings, this.facts, clock.now()) : { ok: true, identity: undefined };
    if (!who.ok) {
      this.refuse(who.why);
      return;
    }
    if (given !== undefined && given.length !== TOKEN_LENGTH * 2) {
      this.refuse('token');
      return;
    }
    const device =
      this.users.size < MAX_USERS || this.users.has(given ?? '') ? resolveDevice(delivery.registry, given, who.identity) : undefined;
    if (device === undefined) {
      this.refuse('too many');
      return;
    }
    const other = device.endpoint;
    if (other instanceof CourierSession && other !== this) {
      // Apple's way with a second connection of one token is not known; the newer one is the one that works.
      other.close('replaced by a newer connection');
      other.disconnected();
    }
    device.endpoint = this;
    device.active = true;
    this.users.set(device.token, device);
    if (this.user === undefined) {
      this.user = device;
      this.userToken = fromHex(device.token) ?? this.userToken;
      this.legacyFlags = f['protocol_version'] === undefined;
    }
    if (events.wanted) events.emit({ at: clock.now(), kind: 'device-online', token: device.token, connection: this.connection });
    const token = given === device.token && !this.facts.ios4 ? undefined : fromHex(device.token);
    this.outlet.say('connect_response', { status: STATUS_OK, ...welcome(settings, f['protocol_version'], clock.now(), token) });
  }

  private refuse(why: string, status: number = STATUS_INVALID): void {
    const { clock, events } = this.parts;
    if (events.wanted)
      events.emit({ at: clock.now(), kind: 'refused', server: 'courier', connection: this.connection, reason: why, status });
    this.outlet.say('connect_response', {
      status,
      ...(why === 'time' ? { server_time_for_bad_nonce: BigInt(Math.floor(clock.now())) } : {}),
      invalid_presence_reason: why,
    });
    this.close(why);
  }

  private leave(token: string | undefined): void {
    const device = token === undefined ? this.user : this.users.get(token);
    this.outlet.say('connect_response', { status: STATUS_OK });
    if (device === undefined) return;
    const { delivery } = this.parts;
    this.users.delete(device.token);
    const mine = this.inFlight.takeWhere((push) => delivery.registry.device(push.token) === device);
    delivery.offline(device, this, mine);
  }

  private filter(f: Fields): void {
    const device = this.userOf(f);
    if (device === undefined) return;
    const { delivery, clock, events, settings } = this.parts;
    const filter = new Map<string, FilterList>();
    for (const list of FILTER_LISTS) {
      const field = list === 'nonWaking' ? 'non_waking' : list;
      for (const hash of (f[field] as readonly Uint8Array[] | undefined) ?? []) filter.set(flatHex(hash), list);
    }
    const first = device.filter === undefined || !this.filtered;
    delivery.registry.setFilter(device, filter);
    this.filtered = true;
    if (events.wanted)
      events.emit({ at: clock.now(), kind: 'filter', token: device.token, connection: this.connection, detail: `${filter.size} topics` });
    const version = f['version'];
    if (version !== undefined)
      this.outlet.say('filter_response', { token: fromHex(device.token), version: version as bigint, status: STATUS_OK });
    const sent = delivery.flush(device);
    if (first && sent === 0 && settings.noStorage && !this.facts.ios4) this.outlet.say('no_storage', { token: fromHex(device.token) });
  }

  private message(f: Fields, action: Action | undefined, record: Received): void {
    const id = f['id'] as number | undefined;
    const payload = (f['payload'] as Uint8Array | undefined) ?? new Uint8Array(0);
    const status = action?.status ?? (payload.length > this.parts.settings.largeMessageSize ? STATUS_REJECTED : STATUS_OK);
    this.outlet.say('message_ack', {
      status,
      ...(id === undefined ? {} : { id }),
      ack_timestamp: BigInt(Math.floor(this.parts.clock.now())) * 1_000_000n,
    });
    const topic = f['topic'];
    if (status !== STATUS_OK || !(topic instanceof Uint8Array)) return;
    const { delivery, random, clock, journal } = this.parts;
    const body = pushBody({ topicHash: flatHex(topic), payload } satisfies BodyOptions);
    const pushes: Push[] = [];
    for (const token of targetsOf(hexOf(f['token']), payload)) {
      const target = delivery.registry.device(token);
      if (target !== undefined && !this.users.has(target.token)) pushes.push(new Push(random.uuid(), 'device', token, body, clock.now()));
    }
    journal.became(record, pushes);
    for (const push of pushes) delivery.submit(push);
  }

  private acknowledge(f: Fields): void {
    // Acks without an id count in order, as Apple's client does with ours.
    const push = this.inFlight.take(f['id'] as number | undefined);
    if (push === undefined) return;
    const { delivery, events } = this.parts;
    const token = this.facts.ios4 || !events.wanted ? undefined : (hexOf(f['token']) ?? '');
    delivery.acknowledged(push, typeof f['status'] === 'number' ? f['status'] : STATUS_OK, token);
  }

  private scopedToken(f: Fields): void {
    const device = this.userOf({ token: f['base_token'] as Uint8Array });
    const topic = f['topic'];
    if (device === undefined || !(topic instanceof Uint8Array)) return;
    const token = this.parts.delivery.registry.addScopedToken(device, flatHex(topic));
    this.outlet.say('app_token_generate_response', {
      status: token === undefined ? STATUS_REJECTED : STATUS_OK,
      ...(token === undefined ? {} : { token: fromHex(token.hex) }),
      topic,
      ...(f['app_id'] === undefined ? {} : { app_id: f['app_id'] as number }),
    });
  }

  private trackPresence(f: Fields): void {
    this.outlet.say('presence_tracking_response', { id: f['id'] as number, token: f['token'] as Uint8Array, status: STATUS_OK });
  }

  private setActive(f: Fields): void {
    for (const device of this.users.values()) device.active = f['state'] === ACTIVE;
  }

  private subscribe(f: Fields): void {
    const device = this.userOf(f);
    if (device === undefined) return;
    const due = subscribe(device, (f['payload'] as Uint8Array | undefined) ?? new Uint8Array(0), this.parts);
    this.outlet.say('pub_sub_channel_list', { id: f['id'] as number, token: fromHex(device.token), status: STATUS_OK });
    for (const push of due) this.parts.delivery.submit(push);
  }

  /** The device that a command's token names, or the connection's first one. */
  private userOf(f: Fields): Device | undefined {
    const token = hexOf(f['token']);
    return token === undefined ? this.user : (this.users.get(token) ?? this.user);
  }

  /** Performs the parts of a rule that end or silence the connection; true when nothing else is to happen. */
  private spoil(action: Action): boolean {
    if (action.redirect !== undefined) {
      this.redirect(action.redirect);
      return true;
    }
    if (action.close === 'reset') {
      this.closed = true;
      this.outlet.reset();
      return true;
    }
    if (action.close === 'before') {
      this.close('rule');
      return true;
    }
    if (action.garbage !== undefined) {
      this.outlet.garble(action.garbage);
      return true;
    }
    return action.drop === true;
  }

  private record(command: string, fields: Fields, token: string | undefined, topic: string | undefined): Received {
    const { journal, clock, events } = this.parts;
    const at = clock.now();
    const id = fields['id'];
    const payload = fields['payload'];
    const record = journal.add({
      at,
      server: 'courier',
      connection: this.connection,
      command,
      token,
      topic,
      id: id === undefined ? undefined : String(id),
      payload: payload instanceof Uint8Array ? payload : undefined,
      status: command === 'message_ack' && typeof fields['status'] === 'number' ? fields['status'] : -1,
    });
    if (events.wanted)
      events.emit({
        at,
        kind: 'message',
        server: 'courier',
        connection: this.connection,
        detail: command,
        ...(token === undefined ? {} : { token }),
      });
    return record;
  }
}

/** Bytes of padding to answer a flush with: what it asks for, or as much as it brought. Sources differ on the meaning of field 1. */
function paddingOf(f: Fields): number {
  const wanted = f['want_padding'];
  if (typeof wanted === 'number' && wanted > 0) return wanted;
  return f['padding'] instanceof Uint8Array ? f['padding'].length : 0;
}

/** The token of a Connect; no bytes and zeros alone (the first dialect always has the field) mean that there is none. */
function givenToken(value: unknown): string | undefined {
  const hex = hexOf(value);
  return hex === undefined || /^0*$/.test(hex) ? undefined : hex;
}

function hexOf(value: unknown): string | undefined {
  return value instanceof Uint8Array ? flatHex(value) : undefined;
}
