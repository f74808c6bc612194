/** The sockets of the courier: bytes to speech, speech to sessions, and one write a turn back. */

import type { Timer } from '../clock.ts';
import type { PushBody } from '../push.ts';
import { type Connection, ignore } from '../sockets/listener.ts';
import { Outbox } from '../sockets/outbox.ts';
import { countTurn, resume } from '../sockets/turn.ts';
import { type Individual, messageLength, skeletonFor, type Variant, writeMessage } from './message-body.ts';
import type { Outlet, SessionParts } from './outlet.ts';
import { CourierSession } from './session.ts';
import { alpnByBytes, type Speech, speechFor, TELLING_BYTES } from './speech.ts';

/** Whoever does not read our last words within this time is cut off. */
const CLOSE_GRACE_MS = 2_000;
const TOKEN_LENGTH = 32;

/** ALPN that the courier takes, best first; packed with sizes is matched by its beginning. */
export function chooseCourierProtocol(offered: readonly string[]): string | undefined {
  return (
    offered.find((name) => name === 'apns-pack-v1' || name.startsWith('apns-pack-v1:')) ??
    ['apns-security-v3', 'apns-security-v2'].find((name) => offered.includes(name))
  );
}

export class CourierServer {
  private readonly live = new Map<number, CourierConnection>();
  readonly parts: SessionParts;

  constructor(parts: SessionParts) {
    this.parts = parts;
  }

  get count(): number {
    return this.live.size;
  }

  attach(connection: Connection): void {
    this.live.set(connection.number, new CourierConnection(connection, this.parts, this.live));
  }

  session(connection: number): CourierSession | undefined {
    return this.live.get(connection)?.session;
  }

  sessions(): CourierSession[] {
    return [...this.live.values()].flatMap(({ session }) => (session === undefined ? [] : [session]));
  }

  close(connection: number | undefined, why: string): void {
    for (const [number, live] of this.live) if (connection === undefined || number === connection) live.close(why);
  }
}

/** One connection. Kept small: ten thousand of them wait at the same time. */
class CourierConnection implements Outlet {
  session: CourierSession | undefined;
  private readonly connection: Connection;
  private readonly parts: SessionParts;
  private readonly outbox: Outbox;
  private speech: Speech | undefined;
  /** First bytes, too few to tell the dialect. */
  private early: Buffer | undefined;
  private lastHeard: number;
  private readonly since: number;
  private gone = false;
  private closing = false;
  private watchdog: Timer | undefined;

  /** `live`: where it stands until it is gone. */
  constructor(connection: Connection, parts: SessionParts, live: Map<number, CourierConnection>) {
    this.connection = connection;
    this.parts = parts;
    this.since = this.lastHeard = parts.clock.now();
    const { stream } = connection;
    this.outbox = new Outbox(stream, connection);
    stream.on('data', (bytes: Buffer) => this.hear(bytes));
    stream.on('error', ignore);
    stream.on('end', () => this.outbox.end());
    stream.on('close', () => {
      if (this.gone) return;
      this.gone = true;
      parts.clock.cancel(this.watchdog);
      this.session?.disconnected();
      live.delete(connection.number);
      this.tell('disconnected');
    });
    this.tell('connected');
    this.watch(this.since + parts.settings.setupTimeoutMs);
  }

  say(command: string, fields: Parameters<Outlet['say']>[1]): void {
    if (!this.gone && this.speech !== undefined) this.outbox.write(this.speech.say(command, fields));
  }

  deliver(body: PushBody, variant: Variant, one: Individual): void {
    const { speech, outbox } = this;
    if (this.gone || speech === undefined) return;
    const skeleton = speech.dialect === 'courier' && one.token.length === TOKEN_LENGTH ? skeletonFor(body, variant) : undefined;
    if (skeleton !== undefined) {
      const at = outbox.reserve(messageLength(skeleton, body));
      writeMessage(skeleton, body, one, outbox.bytes, at);
    } else outbox.write(speech.sayMessage(body, variant, one));
  }

  close(why: string): void {
    if (this.gone) return;
    this.closing = true;
    this.tell('closed', why);
    this.outbox.end();
    setTimeout(() => this.connection.stream.destroy(), CLOSE_GRACE_MS).unref();
  }

  reset(): void {
    this.connection.reset();
  }

  garble(length: number): void {
    this.outbox.write(this.parts.faults.garbage(length));
  }

  private hear(bytes: Buffer): void {
    countTurn(this.connection.stream, bytes.length, resume);
    // After our last words a client may still flood: it is read so that it finds the end, and not listened to.
    if (this.closing) return;
    this.lastHeard = this.parts.clock.now();
    let data = bytes;
    if (this.speech === undefined) {
      if (this.early !== undefined) data = Buffer.concat([this.early, bytes]);
      this.early = data.length < TELLING_BYTES ? data : undefined;
      if (this.early !== undefined) return;
      this.begin(data);
    }
    const { speech, session } = this;
    if (speech === undefined || session === undefined) return;
    for (const heard of speech.hear(data)) session.hear(heard);
    if (speech.broken !== undefined) session.close(`cannot read on: ${speech.broken}`);
  }

  private begin(first: Uint8Array): void {
    const { number, address, alpn, identity } = this.connection;
    this.speech = speechFor(alpn ?? alpnByBytes(first), first[0], 'server');
    const ios4 = this.speech.dialect === 'courier-ios4';
    this.session = new CourierSession(this.parts, { number, address, alpn, tlsIdentity: identity?.key, ios4 }, this);
  }

  /** One timer for each connection, set anew when it fires: connections that talk cost nothing here. */
  private watch(at: number): void {
    const { clock, settings } = this.parts;
    this.watchdog = clock.schedule(at, () => {
      const now = clock.now();
      if (this.session?.filtered !== true && now - this.since >= settings.setupTimeoutMs) {
        const missing = this.session?.connected === true ? 'filter' : 'connect';
        this.end(`no ${missing} in ${settings.setupTimeoutMs / 1000} s`);
      } else if (now - this.lastHeard >= settings.idleTimeoutMs) this.end('idle');
      else this.watch(this.lastHeard + settings.idleTimeoutMs);
    });
  }

  private end(why: string): void {
    if (this.session === undefined) this.close(why);
    else this.session.close(why);
  }

  private tell(kind: 'connected' | 'disconnected' | 'closed', reason?: string): void {
    const { events, clock } = this.parts;
    if (!events.wanted) return;
    const { number, peer } = this.connection;
    events.emit({
      at: clock.now(),
      kind,
      server: 'courier',
      connection: number,
      ...(reason === undefined ? { detail: peer } : { reason }),
    });
  }
}
