import { UserError } from '../../core/errors.ts';
import { DIALECT } from '../../core/message.ts';
import type { ControlClient, ControlEvent } from '../control-client.ts';
import { NO_TOPIC, type Notification, notificationOf } from '../notification.ts';
import { acknowledgement } from '../recorded.ts';
import type { NameMap } from '../rewrite.ts';
import { deviceToken } from './device-token.ts';
import type { Peer, PeerParts } from './peer.ts';
import { Waiting } from './waiting.ts';

/** Events that came before the answer to the request that caused them; more are not kept for requests that failed. */
const MAX_EARLY = 10_000;
/** What the emulator says became of a push that no device got. */
const UNDELIVERED: Readonly<Record<string, string>> = {
  stored: 'the emulator keeps it: its device is away, or does not ask for the topic',
  replaced: 'a later one for the same topic replaced it while its device was away',
  expired: 'it had expired',
  dropped: 'the emulator dropped it: the token is not known, or the device ignores the topic',
};

interface Device {
  readonly token: string;
  readonly online: boolean;
  readonly filter: Readonly<Record<string, string>> | null;
}

/** The emulator's control API as the place where notifications go: to the devices that are connected to it. */
export class InjectionDesk {
  private readonly control: ControlClient;
  private readonly names: NameMap;
  private readonly topic: string | undefined;
  private devices: readonly Device[] = [];
  private readonly given = new Set<string>();
  private readonly waiting = new Map<string, (event: ControlEvent) => void>();
  private early = new Map<string, ControlEvent[]>();
  private readonly stop = new AbortController();

  private constructor(control: ControlClient, names: NameMap, topic: string | undefined) {
    this.control = control;
    this.names = names;
    this.topic = topic;
  }

  /** `topic`: hash, for notifications that name none. Throws `UserError` when there is no emulator. */
  static async open(control: ControlClient, names: NameMap, topic: string | undefined): Promise<InjectionDesk> {
    const desk = new InjectionDesk(control, names, topic);
    const devices = await control.get('/devices');
    if (!Array.isArray(devices)) throw new UserError('replay.control', `${control.url} is not the control API of an emulator.`);
    desk.devices = devices as Device[];
    await control.follow(
      desk.stop.signal,
      (event) => desk.heard(event),
      () => {},
    );
    return desk;
  }

  close(): void {
    this.stop.abort();
  }

  peer(parts: PeerParts): Promise<Peer> {
    return Promise.resolve(new InjectPeer(this, parts));
  }

  /** The token at the emulator that stands for a recorded one: its own, a given one, or that of a device that is connected. */
  tokenFor(recorded: string): string {
    const known = this.names.of(recorded);
    if (known !== undefined) return known;
    if (this.devices.some(({ token }) => token === recorded)) return recorded;
    const online = this.devices.filter((device) => device.online);
    const free = online.find(({ token }) => !this.given.has(token)) ?? (online.length === 1 ? online[0] : undefined);
    if (free === undefined)
      throw new UserError(
        'replay.devices',
        online.length === 0
          ? `No device is connected to the emulator at ${this.control.url}: start one with "apns-inspect device", or name one with --token-map.`
          : `The capture has notifications for more devices than the ${online.length} that are connected: connect more, or give --token-map.`,
      );
    this.given.add(free.token);
    this.names.learn(recorded, free.token);
    return free.token;
  }

  topicFor(token: string): string | undefined {
    if (this.topic !== undefined) return this.topic;
    const topics = Object.keys(this.devices.find((device) => device.token === token)?.filter ?? {});
    return topics.length === 1 ? topics[0] : undefined;
  }

  /** Hands a notification over; `take` hears what becomes of it. */
  async inject(to: string, topic: string, said: Notification, take: (event: ControlEvent) => void): Promise<void> {
    const { payload, expiry, priority, pushType, collapseId } = said;
    const pushes = (await this.control.post('/inject', {
      to,
      topic,
      payloadBase64: Buffer.from(payload).toString('base64'),
      expiry,
      priority,
      pushType,
      collapseId,
    })) as { id: string; state: string }[];
    const [{ id, state }] = pushes;
    const early = this.early.get(id) ?? [];
    this.early.delete(id);
    this.waiting.set(id, take);
    for (const event of early) this.heard(event);
    if (early.length === 0 && UNDELIVERED[state] !== undefined) this.heard({ kind: state, id });
  }

  private heard(event: ControlEvent): void {
    const { id, kind } = event;
    if (id === undefined || (kind !== 'acknowledged' && UNDELIVERED[kind] === undefined)) return;
    const take = this.waiting.get(id);
    if (take !== undefined) {
      if (kind !== 'stored') this.waiting.delete(id);
      take(event);
      return;
    }
    if (this.early.size >= MAX_EARLY) this.early = new Map();
    this.early.set(id, [...(this.early.get(id) ?? []), event]);
  }
}

/** A server towards the devices of an emulator. */
class InjectPeer implements Peer {
  private readonly desk: InjectionDesk;
  private readonly parts: PeerParts;
  private readonly recordedToken: string;
  private readonly waiting: Waiting;
  private readonly kept = new Set<number>();
  private open = 0;

  constructor(desk: InjectionDesk, parts: PeerParts) {
    this.desk = desk;
    this.parts = parts;
    this.waiting = new Waiting(parts);
    this.recordedToken = parts.connection.dialect === DIALECT.ios4 ? (deviceToken(parts.timeline, parts.connection.stream) ?? '') : '';
  }

  async send(index: number): Promise<void> {
    const { ledger, clock } = this.parts;
    const out = this.parts.prepare(index);
    if (out === undefined) return;
    const said = notificationOf(out);
    const token = this.desk.tokenFor(said.token ?? this.recordedToken);
    const topic = said.topic ?? this.desk.topicFor(token);
    if (topic === undefined) {
      ledger.hasFailed(index, NO_TOPIC);
      return;
    }
    ledger.wasSent(index, clock.now());
    this.parts.sending?.(said.payload);
    this.open++;
    await this.desk.inject(token, topic, said, (event) => this.became(index, token, event));
  }

  private became(index: number, sent: string, { kind, status, ackToken }: ControlEvent): void {
    const { ledger, clock } = this.parts;
    if (kind === 'stored') {
      this.kept.add(index);
      return;
    }
    this.open--;
    if (kind === 'acknowledged') ledger.wasAnswered(index, acknowledgement(String(status ?? 0), ackToken, sent), clock.now());
    else ledger.hasFailed(index, UNDELIVERED[kind]);
    this.waiting.wake();
  }

  flush(): void {}

  async finish(): Promise<void> {
    const { ledger, connection, settings } = this.parts;
    await this.waiting.until(() => this.open === 0);
    for (const index of connection.units) {
      if (!ledger.isOpen(index)) continue;
      if (this.kept.has(index)) ledger.isMissing(index, UNDELIVERED['stored']);
      else if (ledger.recorded(index) !== undefined)
        ledger.isMissing(index, `the device did not acknowledge it in ${settings.timeoutMs / 1000} s`);
    }
  }

  abort(): void {}
}
