/** The sockets of the provider API: HTTP/2 sessions over connections, with or without ALPN; what they say is decided in api.ts. */
import { isAscii, isUtf8 } from 'node:buffer';
import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Identity } from '../certificates/identity.ts';
import type { EmulatorClock, Timer } from '../clock.ts';
import type { Events } from '../event.ts';
import type { FaultEngine } from '../faults/engine.ts';
import type { Action, Goaway } from '../faults/rule.ts';
import type { Connection } from '../sockets/listener.ts';
import { Wire } from '../sockets/wire.ts';
import { isRejection, type ProviderApi, requestFacts } from './api.ts';
import { type AuthSettings, ProviderConnection, TokenUpdates } from './connection.ts';
import type { ApiAnswer, ApiRequest } from './message.ts';
import { MAX_PAYLOAD_LARGE } from './reasons.ts';
import { StreamLimitMask } from './stream-limit.ts';

export interface Http2Settings extends AuthSettings {
  /** Whose certificates are taken: `lab` refuses those that our CA did not sign, with GOAWAY BadCertificate. */
  readonly clientCertificates: 'none' | 'any' | 'lab';
  /** New provider tokens are counted by connection, by client address as Apple seems to, or not at all. */
  readonly tokenUpdates: 'connection' | 'address' | 'off';
  /** A session without requests for so long is told GOAWAY IdleTimeout. Twenty minutes idle were seen to stay open. */
  readonly idleTimeoutMs: number;
}

/** What an exchange was, for the log. */
export interface Exchange {
  readonly connection: Connection;
  readonly stream: number;
  readonly request: ApiRequest;
  readonly answer: ApiAnswer | undefined;
  readonly receivedAt: number;
}

/** Apple was seen to announce 4096, 65535, 16384 and 8000. */
const SESSION_SETTINGS = { headerTableSize: 4096, initialWindowSize: 65_535, maxFrameSize: 16_384, maxHeaderListSize: 8_000 };
/** Clients that overrun the stream limit at the start of a session are refused stream by stream, not cut off. */
const MAX_REJECTED_STREAMS = 100_000;
/** More short headers than Node takes by itself fit in the header list that is announced. */
const MAX_HEADER_PAIRS = 256;
/**
 * Requests that a client takes back, less those that it lets be answered. At 1,000 nghttp2 ends the session by itself, and
 * Node then leaves the connection open, unread.
 */
const MAX_RESETS = 500;
/** HTTP/2's ENHANCE_YOUR_CALM. */
const CALM = 11;
/** Between the last frame and the end of the connection, and until it is cut off. */
const LEAVE_DELAY_MS = 20;
const LINGER_MS = 2_000;
/** Whoever floods does not read either. */
const FLOOD_LINGER_MS = 200;
/** Answers of APNs carry no `date`; Node adds one unless told otherwise. */
const NO_DATE = { sendDate: false } as http2.ServerStreamResponseOptions;
/** Client addresses whose token changes are counted. */
const MAX_ADDRESSES = 10_000;

interface Session {
  readonly http2: ServerHttp2Session;
  readonly connection: Connection;
  readonly state: ProviderConnection;
  readonly mask: StreamLimitMask | undefined;
  lastUse: number;
  /** Streams that are not finished. */
  streams: number;
  /** Streams that the client reset before they were answered, less those that were answered. */
  resets: number;
  /** GOAWAY was sent. */
  leaving: boolean;
  /** A change of the stream limit is on its way, or not acknowledged yet. */
  announcing: boolean;
  /** The timer of the idle time. */
  watchdog: Timer | undefined;
}

export class Http2Server {
  private readonly sessions = new Map<number, Session>();
  private readonly updates = new Map<string, TokenUpdates>();
  private readonly api: ProviderApi;
  private readonly settings: Http2Settings;
  private readonly clock: EmulatorClock;
  private readonly events: Events;
  private readonly faults: FaultEngine;
  /** Told of every exchange when set. */
  onExchange: ((exchange: Exchange) => void) | undefined;

  constructor(parts: { api: ProviderApi; settings: Http2Settings; clock: EmulatorClock; events: Events; faults: FaultEngine }) {
    this.api = parts.api;
    this.settings = parts.settings;
    this.clock = parts.clock;
    this.events = parts.events;
    this.faults = parts.faults;
  }

  attach(connection: Connection): void {
    const { settings } = this;
    const state = new ProviderConnection(
      connection.number,
      connection.peer,
      connection.identity,
      settings,
      this.updatesFor(connection.address),
    );
    const mask = settings.streamDance && connection.identity === undefined ? new StreamLimitMask(state.streamLimit) : undefined;
    const stream = mask === undefined ? connection.stream : new Wire(connection.stream, { rewrite: mask.rewrite });
    if (mask !== undefined) stream.on('error', () => {});
    const session = http2.performServerHandshake(stream, {
      settings: { ...SESSION_SETTINGS, maxConcurrentStreams: settings.maxStreams },
      maxSessionRejectedStreams: MAX_REJECTED_STREAMS,
      maxHeaderListPairs: MAX_HEADER_PAIRS,
    } as http2.ServerOptions);
    const entry: Session = {
      http2: session,
      connection,
      state,
      mask,
      lastUse: this.clock.now(),
      streams: 0,
      resets: 0,
      leaving: false,
      announcing: false,
      watchdog: undefined,
    };
    this.sessions.set(connection.number, entry);
    session.on('error', () => {});
    session.once('close', () => {
      this.sessions.delete(connection.number);
      this.clock.cancel(entry.watchdog);
      connection.stream.destroy();
      this.tell('disconnected', connection);
    });
    // A session that nghttp2 has given up does not notice by itself that its connection is gone.
    connection.stream.once('close', () => {
      if (!session.destroyed) session.destroy();
    });
    this.tell('connected', connection);
    const refused = refusedCertificate(connection.identity, settings);
    if (refused !== undefined) {
      this.goaway(connection.number, { reason: refused });
      return;
    }
    session.on('stream', (stream: ServerHttp2Stream, _headers: unknown, _flags: unknown, raw: unknown) => {
      this.request(entry, stream, raw as readonly string[]);
    });
    this.watchIdle(entry);
    if (connection.action?.goaway !== undefined) this.goaway(connection.number, connection.action.goaway);
  }

  /** Sends GOAWAY to one session or all; they end when their open streams have been answered. */
  goaway(connection: number | undefined, how: Goaway): void {
    const debug = how.reason === undefined ? undefined : Buffer.from(JSON.stringify({ reason: how.reason }));
    for (const [number, session] of this.sessions) {
      if ((connection !== undefined && number !== connection) || session.http2.destroyed) continue;
      for (let n = how.twice === true ? 2 : 1; n > 0; n--) session.http2.goaway(how.code ?? 0, how.lastStream ?? 0, debug);
      session.leaving = true;
      this.leaveWhenDone(session);
    }
  }

  /** Ends the socket rather than the session, whose own close would send a further GOAWAY, without a reason. */
  private leaveWhenDone(session: Session): void {
    if (session.leaving && session.streams <= 0) this.leave(session, LINGER_MS);
  }

  private leave(session: Session, lingerMs: number): void {
    // A turn of the loop, so that the last frames are with the socket.
    setTimeout(() => session.connection.stream.end(), LEAVE_DELAY_MS).unref();
    setTimeout(() => session.connection.stream.destroy(), lingerMs).unref();
  }

  get count(): number {
    return this.sessions.size;
  }

  private wasReset(session: Session): void {
    if (++session.resets <= MAX_RESETS || session.leaving) return;
    this.goaway(session.connection.number, { code: CALM });
    this.leave(session, FLOOD_LINGER_MS);
  }

  private request(session: Session, stream: ServerHttp2Stream, raw: readonly string[]): void {
    session.lastUse = this.clock.now();
    session.streams++;
    stream.once('close', () => {
      session.streams--;
      if (!stream.headersSent) this.wasReset(session);
      else if (session.resets > 0) session.resets--;
      this.leaveWhenDone(session);
    });
    let method = '';
    let path = '';
    const headers: (readonly [string, string])[] = [];
    for (let i = 0; i < raw.length; i += 2) {
      if (raw[i] === ':method') method = raw[i + 1];
      else if (raw[i] === ':path') path = raw[i + 1];
      else if (!raw[i].startsWith(':')) headers.push([raw[i], headerText(raw[i + 1])]);
    }
    const pieces: Buffer[] = [];
    let length = 0;
    stream.on('error', () => {});
    stream.on('data', (piece: Buffer) => {
      // One byte over the limit tells enough; the rest is read and dropped.
      if (length <= MAX_PAYLOAD_LARGE) pieces.push(piece);
      length += piece.length;
    });
    stream.once('end', () => {
      const body = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
      this.answer(session, stream, { method, path, headers, body });
    });
  }

  private answer(session: Session, stream: ServerHttp2Stream, request: ApiRequest): void {
    const receivedAt = this.clock.now();
    const { connection } = session;
    const action = this.faults.match({ server: 'http2', on: 'message', connection: connection.number, ...requestFacts(request) });
    if (action === undefined) {
      this.respond(session, stream, request, receivedAt, undefined);
      return;
    }
    if (action.close === 'before') connection.stream.destroy();
    if (action.close === 'reset') connection.reset();
    if (action.close === 'before' || action.close === 'reset') return;
    if (action.goaway !== undefined) this.goaway(connection.number, action.goaway);
    if (action.drop === true) {
      // Whoever waits in vain takes the request back some time: that is our doing.
      session.resets--;
      this.api.ignore(session.state, request);
      this.onExchange?.({ connection, stream: stream.id ?? 0, request, answer: undefined, receivedAt });
      return;
    }
    const go = (): void => {
      if (action.garbage !== undefined) {
        connection.stream.write(this.faults.garbage(action.garbage));
        return;
      }
      this.respond(session, stream, request, receivedAt, action);
      if (action.close === 'after') stream.once('close', () => connection.stream.end());
      else if (action.close === 'half') stream.once('close', () => connection.stream.end());
    };
    const delay = this.faults.delayOf(action);
    if (delay > 0) this.clock.schedule(this.clock.now() + delay, go);
    else go();
  }

  private respond(session: Session, stream: ServerHttp2Stream, request: ApiRequest, receivedAt: number, action: Action | undefined): void {
    if (stream.destroyed || stream.closed) return;
    const forced = action !== undefined && (action.reason !== undefined || action.status !== undefined) ? action : undefined;
    const { state, connection } = session;
    const answer = this.api.handle(state, request, forced);
    const headers: IncomingHttpHeaders = { ':status': answer.status as never, ...answer.headers };
    if (answer.body === undefined) stream.respond(headers, { ...NO_DATE, endStream: true });
    else {
      stream.respond(headers, NO_DATE);
      stream.end(answer.body);
    }
    if (state.answered(isRejection(answer))) this.announceLimit(session);
    this.onExchange?.({ connection, stream: stream.id ?? 0, request, answer, receivedAt });
  }

  /**
   * Tells the client its stream limit: after the answer that changed it, and not again before it has acknowledged the last
   * one. Answers to many requests at once would change it faster than that, and Node ends a session that owes ten of them.
   */
  private announceLimit(session: Session): void {
    const { mask, state } = session;
    if (mask === undefined || session.announcing) return;
    session.announcing = true;
    setImmediate(() => {
      if (session.http2.destroyed || session.http2.closed) return;
      mask.announced = state.streamLimit;
      session.http2.settings({ maxConcurrentStreams: this.settings.maxStreams }, () => {
        session.announcing = false;
        if (mask.announced !== state.streamLimit) this.announceLimit(session);
      });
    });
  }

  private watchIdle(session: Session): void {
    session.watchdog = this.clock.schedule(session.lastUse + this.settings.idleTimeoutMs, () => {
      if (this.clock.now() - session.lastUse >= this.settings.idleTimeoutMs)
        this.goaway(session.connection.number, { reason: 'IdleTimeout' });
      else this.watchIdle(session);
    });
  }

  private updatesFor(address: string): TokenUpdates | undefined {
    if (this.settings.tokenUpdates === 'off') return undefined;
    if (this.settings.tokenUpdates === 'connection') return new TokenUpdates();
    let updates = this.updates.get(address);
    if (updates === undefined) {
      if (this.updates.size >= MAX_ADDRESSES) this.updates.clear();
      updates = new TokenUpdates();
      this.updates.set(address, updates);
    }
    return updates;
  }

  private tell(kind: 'connected' | 'disconnected', connection: Connection): void {
    if (this.events.wanted)
      this.events.emit({ at: this.clock.now(), kind, server: 'http2', connection: connection.number, detail: connection.peer });
  }
}

/** Node gives the bytes of a header as Latin-1; clients mean UTF-8 where it is that. */
function headerText(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  if (isAscii(bytes)) return value;
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

/** Why a certificate is not taken at all; a real gateway says so with GOAWAY. */
function refusedCertificate(
  identity: Identity | undefined,
  settings: Http2Settings,
): 'BadCertificate' | 'BadCertificateEnvironment' | undefined {
  if (identity === undefined) return undefined;
  if (settings.clientCertificates === 'lab' && !identity.trusted) return 'BadCertificate';
  const { development, production } = identity;
  // A certificate with neither mark is no provider certificate of Apple's: nothing says which environment it is for.
  if (!development && !production) return undefined;
  return (settings.environment === 'sandbox' ? development : production) ? undefined : 'BadCertificateEnvironment';
}
