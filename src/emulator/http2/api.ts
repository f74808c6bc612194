/** The provider API as a law: a request of a connection in, an answer out. No sockets, no clock of its own. */
import { HTTP2_ROWS } from '../../schema/http2.ts';
import type { Channels } from '../channels.ts';
import type { EmulatorClock } from '../clock.ts';
import type { Delivery, Verdict } from '../delivery.ts';
import type { Events } from '../event.ts';
import type { Journal } from '../journal.ts';
import { Push, pushBody } from '../push.ts';
import type { SeededRandom } from '../random.ts';
import { checkBroadcast, createChannel, deleteChannel, listChannels, readChannel } from './channel-requests.ts';
import { mayUse, type ProviderConnection, type Sender } from './connection.ts';
import { checkDevicePush, hasDuplicates } from './device-push.ts';
import { type ApiAnswer, type ApiRequest, accept, header, isUuid, refuse } from './message.ts';
import type { TokenChecker } from './provider-token.ts';
import { type Reason, reasonRow } from './reasons.ts';

export interface ApiSettings {
  /** The sandbox adds `apns-unique-id` to its answers. */
  readonly environment: 'sandbox' | 'production';
  /** Apps that may use broadcast; undefined = all. */
  readonly broadcastApps: readonly string[] | undefined;
  readonly maxChannels: number;
  /** More pushes to one token within `seconds` are answered with TooManyRequests; undefined = no limit. */
  readonly tokenRate: { readonly pushes: number; readonly seconds: number } | undefined;
}

type Route =
  | { readonly to: 'device'; readonly token: string }
  | { readonly to: 'broadcast' | 'channels' | 'all-channels'; readonly bundle: string };

/** An answer, and what is delivered once the request is on record: one push, or one for each device of a broadcast. */
interface Decision {
  readonly answer: ApiAnswer;
  readonly push?: Push;
  readonly pushes?: readonly Push[];
}

const NO_PUSHES: readonly Push[] = [];

const METHODS: Readonly<Record<Route['to'], readonly string[]>> = {
  device: ['POST'],
  broadcast: ['POST'],
  channels: ['POST', 'GET', 'DELETE'],
  'all-channels': ['GET'],
};

/** Tokens whose rate is watched; when there are more, counting starts anew. */
const MAX_RATE_TOKENS = 100_000;

export class ProviderApi {
  private readonly delivery: Delivery;
  private readonly channels: Channels;
  private readonly checker: TokenChecker;
  private readonly journal: Journal;
  private readonly events: Events;
  private readonly clock: EmulatorClock;
  private readonly random: SeededRandom;
  private readonly settings: ApiSettings;
  private readonly rates = new Map<string, { since: number; count: number }>();

  constructor(parts: {
    delivery: Delivery;
    channels: Channels;
    checker: TokenChecker;
    journal: Journal;
    events: Events;
    clock: EmulatorClock;
    random: SeededRandom;
    settings: ApiSettings;
  }) {
    this.delivery = parts.delivery;
    this.channels = parts.channels;
    this.checker = parts.checker;
    this.journal = parts.journal;
    this.events = parts.events;
    this.clock = parts.clock;
    this.random = parts.random;
    this.settings = parts.settings;
  }

  /** Answers a request and records it. `forced`: the answer of a rule, given in place of ours after the request was read. */
  handle(
    connection: ProviderConnection,
    request: ApiRequest,
    forced?: { reason?: string; status?: number; timestamp?: number },
  ): ApiAnswer {
    const route = routeOf(request.path);
    const idName = route?.to === 'device' || route === undefined ? 'apns-id' : 'apns-request-id';
    const given = header(request, idName);
    const id = given !== undefined && isUuid(given) ? given.toLowerCase() : this.random.uuid();
    // The client finds its id as it wrote it: some compare the letters.
    const common: Record<string, string> = { [idName]: given !== undefined && isUuid(given) ? given : id };
    if (this.settings.environment === 'sandbox' && (route?.to === 'device' || route?.to === 'broadcast'))
      common['apns-unique-id'] = this.random.uuid();

    const result: Decision =
      forced === undefined ? this.decide(connection, request, route, given, id, common) : { answer: this.forcedAnswer(forced, common) };
    const { answer, push, pushes } = result;
    const topic = header(request, 'apns-topic') ?? push?.body.topic;
    const token = route?.to === 'device' ? route.token.toLowerCase() : undefined;
    this.journal.add({
      at: this.clock.now(),
      server: 'http2',
      connection: connection.number,
      command: commandName(request.method, route),
      token,
      topic,
      id,
      path: request.path,
      headers: request.headers,
      payload: request.body,
      status: answer.status,
      reason: answer.reason,
      push,
      pushes,
    });
    if (this.events.wanted) {
      const at = this.clock.now();
      const facts = {
        server: 'http2',
        connection: connection.number,
        id,
        topic,
        status: answer.status,
        ...(token === undefined ? {} : { token }),
      } as const;
      this.events.emit(
        answer.reason === undefined ? { at, kind: 'received', ...facts } : { at, kind: 'rejected', reason: answer.reason, ...facts },
      );
    }
    if (push !== undefined) this.delivery.submit(push);
    for (const one of pushes ?? NO_PUSHES) this.delivery.submit(one);
    return answer;
  }

  /** Records a request that a rule leaves without an answer. */
  ignore(connection: ProviderConnection, request: ApiRequest): void {
    const { token, topic, path, command } = requestFacts(request);
    const at = this.clock.now();
    this.journal.add({
      at,
      server: 'http2',
      connection: connection.number,
      command,
      token,
      topic,
      path,
      headers: request.headers,
      payload: request.body,
      status: -1,
    });
  }

  private decide(
    connection: ProviderConnection,
    request: ApiRequest,
    route: Route | undefined,
    givenId: string | undefined,
    id: string,
    common: Record<string, string>,
  ): Decision {
    const no = (reason: Reason, timestamp?: number): Decision => ({ answer: refuse(reason, common, timestamp) });
    if (route === undefined) return no('BadPath');
    if (!METHODS[route.to].includes(request.method)) return no('MethodNotAllowed');
    if (route.to === 'device' && route.token === '') return no('MissingDeviceToken');
    if (hasDuplicates(request)) return no('DuplicateHeaders');
    const now = this.clock.now();
    const sender = connection.authorize(request, this.checker, now);
    if (typeof sender === 'string') return no(sender);
    if (route.to !== 'device') {
      if (givenId !== undefined && !isUuid(givenId)) return no('BadMessageId');
      return this.channelRequest(request, route.to, route.bundle, sender, id, common);
    }

    const wanted = checkDevicePush(request, route.token, sender);
    if (typeof wanted === 'string') return no(wanted);
    if (!this.withinRate(wanted.token, now)) return no('TooManyRequests');
    const verdict = this.delivery.judge(wanted.token, wanted.topic, wanted.topicHash);
    if (!verdict.taken) return no(REASON_OF[verdict.why], verdict.since);
    return { answer: accept(200, common), push: new Push(id, 'http2', wanted.token, pushBody(wanted.body), now) };
  }

  private channelRequest(
    request: ApiRequest,
    to: 'broadcast' | 'channels' | 'all-channels',
    bundle: string,
    sender: Sender,
    id: string,
    common: Record<string, string>,
  ): Decision {
    const { broadcastApps, maxChannels } = this.settings;
    const { channels } = this;
    if (broadcastApps !== undefined && !broadcastApps.includes(bundle)) return { answer: refuse('FeatureNotEnabled', common) };
    if (!mayUse(sender, bundle)) return { answer: refuse(sender.certificate ? 'TopicMismatch' : 'TopicDisallowed', common) };
    if (to === 'all-channels') return { answer: listChannels(channels, bundle, common) };
    if (to === 'broadcast') return this.broadcast(request, bundle, id, common);
    if (request.method === 'POST') return { answer: createChannel(request, channels, bundle, maxChannels, common) };
    if (request.method === 'GET') return { answer: readChannel(request, channels, bundle, common) };
    return { answer: deleteChannel(request, channels, bundle, common) };
  }

  private broadcast(request: ApiRequest, bundle: string, id: string, common: Record<string, string>): Decision {
    const wanted = checkBroadcast(request, this.channels, bundle);
    if (typeof wanted === 'string') return { answer: refuse(wanted, common) };
    const body = pushBody(wanted.body);
    const now = this.clock.now();
    if (wanted.channel.policy === 1 && body.expiry !== 0) wanted.channel.latest = { body, at: now };
    const pushes: Push[] = [];
    for (const device of this.delivery.registry.devices)
      if (device.subscriptions?.has(wanted.channel.id) === true) pushes.push(new Push(id, 'broadcast', device.token, body, now));
    return { answer: accept(200, common), pushes };
  }

  private forcedAnswer(forced: { reason?: string; status?: number; timestamp?: number }, common: Record<string, string>): ApiAnswer {
    if (forced.reason === undefined) return accept(forced.status ?? 200, common);
    return refuse(forced.reason, common, forced.timestamp ?? this.clock.now(), forced.status);
  }

  private withinRate(token: string, now: number): boolean {
    const rate = this.settings.tokenRate;
    if (rate === undefined) return true;
    const known = this.rates.get(token);
    if (known === undefined || now - known.since >= rate.seconds * 1000) {
      if (this.rates.size >= MAX_RATE_TOKENS) this.rates.clear();
      this.rates.set(token, { since: now, count: 1 });
      return true;
    }
    known.count++;
    return known.count <= rate.pushes;
  }
}

/** What rules can look at in a request. */
export function requestFacts(request: ApiRequest): { command: string; path: string; token: string | undefined; topic: string | undefined } {
  const route = routeOf(request.path);
  return {
    command: commandName(request.method, route),
    path: request.path,
    token: route?.to === 'device' ? route.token.toLowerCase() : undefined,
    topic: header(request, 'apns-topic'),
  };
}

/** Whether an answer counts against the peer's stream limit. */
export function isRejection(answer: ApiAnswer): boolean {
  return answer.reason !== undefined && reasonRow(answer.reason)?.lowersLimit !== false;
}

const REASON_OF: Readonly<Record<Extract<Verdict, { taken: false }>['why'], Reason>> = {
  'unknown-token': 'BadDeviceToken',
  'not-for-topic': 'DeviceTokenNotForTopic',
  unregistered: 'Unregistered',
  'expired-token': 'ExpiredToken',
};

function routeOf(path: string): Route | undefined {
  const device = /^\/3\/device(?:\/([^/?]*))?$/.exec(path);
  if (device) return { to: 'device', token: device[1] ?? '' };
  const broadcast = /^\/4\/broadcasts\/apps\/([^/?]+)$/.exec(path);
  if (broadcast) return { to: 'broadcast', bundle: broadcast[1] };
  const channels = /^\/1\/apps\/([^/?]+)\/(channels|all-channels)$/.exec(path);
  if (channels) return { to: channels[2] as 'channels' | 'all-channels', bundle: channels[1] };
  return undefined;
}

const COMMANDS: Readonly<Record<string, string>> = {
  POST: HTTP2_ROWS.channelCreate.name,
  GET: HTTP2_ROWS.channelRead.name,
  DELETE: HTTP2_ROWS.channelDelete.name,
};

/** The name that the analyzer gives the request. */
function commandName(method: string, route: Route | undefined): string {
  if (route === undefined) return HTTP2_ROWS.request.name;
  if (route.to === 'device') return HTTP2_ROWS.push.name;
  if (route.to === 'broadcast') return HTTP2_ROWS.broadcast.name;
  return route.to === 'all-channels' ? HTTP2_ROWS.channelList.name : (COMMANDS[method] ?? HTTP2_ROWS.request.name);
}
