import { C2S, type Dir, S2C } from '../core/stream.ts';
import { CONTENT, HANDSHAKE, TLS13 } from '../schema/tls.ts';
import { REASON } from '../schema/tls-reason.ts';
import { Cursor } from './cursor.ts';
import type { Direction } from './direction.ts';
import {
  type ClientHello,
  highestVersion,
  readClientHello,
  readEncryptedExtensions,
  readServerHello,
  readSsl2Hello,
  type ServerHello,
  unheardClientHello,
  unheardServerHello,
} from './hello.ts';
import type { FoundKeys } from './key-search.ts';
import type { TlsKeys } from './keys.ts';
import { Negotiation } from './negotiation.ts';
import { RefusedEarlyData } from './refused-early-data.ts';
import type { TlsSession } from './session.ts';

/** Server messages that may wait for the ClientHello of a renegotiation: a flight has at most seven. */
const AHEAD_LIMIT = 16;
/** Bytes of a handshake header. */
const HEAD = 4;

/** The handshake of a connection as a state machine: what each message changes about keys, roles and what is known of the session. */
export class Handshake {
  current: Negotiation | undefined = undefined;
  private readonly keys: TlsKeys;
  private readonly session: TlsSession;
  private readonly directions: [Direction, Direction];
  private ticket: Uint8Array | undefined = undefined;
  /** The server's answer to early data is still to come. */
  private earlyOpen = false;
  private refused: RefusedEarlyData | undefined = undefined;
  private secondHello = false;
  private ahead: Uint8Array[] = [];
  private waitsForKeys = false;
  private live = false;

  constructor(keys: TlsKeys, session: TlsSession, directions: [Direction, Direction]) {
    this.keys = keys;
    this.session = session;
    this.directions = directions;
  }

  /** Application data in the clear part of the client's stream is early data. */
  get early(): boolean {
    return this.session.earlyData !== undefined;
  }

  mustWait(d: Direction, type: number, live: boolean): boolean {
    this.live = live;
    if (d.dead !== 0) return false;
    const other = this.directions[1 - d.dir];
    const n = this.current;
    if (n === undefined) return d.dir === S2C && !d.started && !other.started && !other.ended;
    if (live && this.lacksKeys(d, type, n)) return true;
    if (other.dead !== 0 || other.ended) return false;
    if (d.dir === S2C) return type === CONTENT.ccs && (this.ahead.length > 0 || (!d.protected && n.pendingExchange));
    if (n.server === undefined) {
      if (type === CONTENT.handshake || type === CONTENT.alert) return false;
      // A renegotiation: application data goes on under the old keys.
      if (d.protected) return type === CONTENT.ccs;
      if (this.session.retried) return this.secondHello && type === CONTENT.data;
      return !other.started || other.waiting || other.assembly.pending;
    }
    if (n.version === TLS13) return this.earlyOpen && type === CONTENT.data;
    // A second ClientHello must not overtake the end of the first handshake.
    if (d.protected) return type === CONTENT.handshake && d.state.verified > 0 && !other.protected;
    return type === CONTENT.ccs && !n.serverDone && !other.protected && n.unknown;
  }

  private lacksKeys(d: Direction, type: number, n: Negotiation): boolean {
    if (n.server === undefined) return false;
    if (n.version === TLS13) return d.protected && d.state.hopeless && type !== CONTENT.ccs;
    return type === CONTENT.ccs && !d.protected && n.unknown;
  }

  /** Reads a message for what it changes; `after` follows once its row is told. */
  message(d: Direction, buf: Uint8Array, start: number, end: number): void {
    const type = buf[start];
    const from = start + HEAD;
    if (type === HANDSHAKE.clientHello) {
      const hello = readClientHello(buf, from, end);
      if (hello !== undefined) this.clientHello(hello, d, buf, start, end);
      return;
    }
    if (this.overtakes(d, type)) {
      this.ahead.push(buf.slice(start, end));
      return;
    }
    this.current?.record(d.dir, type, buf, start, end);
    const n = this.current;
    switch (type) {
      case HANDSHAKE.serverHello: {
        const server = readServerHello(buf, from, end);
        if (server !== undefined) this.serverHello(server);
        return;
      }
      case HANDSHAKE.encryptedExtensions: {
        const answer = readEncryptedExtensions(buf, from, end);
        this.session.alpn = answer.alpn ?? this.session.alpn;
        if (this.earlyOpen) this.answerEarly(answer.earlyData);
        return;
      }
      case HANDSHAKE.certificate:
      case HANDSHAKE.compressedCertificate:
        if (d.dir === S2C && n !== undefined) n.certificateSeen = true;
        else if (d.dir === C2S && end - from > (this.session.version === TLS13 ? 4 + buf[from] : 3)) this.session.clientCertificate = true;
        return;
      case HANDSHAKE.serverHelloDone:
        if (n !== undefined) n.serverDone = true;
        return;
      case HANDSHAKE.clientKeyExchange:
        n?.exchange(buf, from, end);
        return;
      case HANDSHAKE.newSessionTicket:
        this.newTicket(buf, from, end);
        return;
    }
  }

  /** Key changes that follow from a message. */
  after(d: Direction, type: number): void {
    if (this.session.version !== TLS13) return;
    if (type === HANDSHAKE.serverHello) this.activate();
    else if (type === HANDSHAKE.endOfEarlyData) d.state.advance('handshake');
    else if (type === HANDSHAKE.finished && d.state.current?.name === 'handshake') this.enterApplication(d);
    else if (type === HANDSHAKE.keyUpdate && d.protected) {
      this.session.keyUpdates++;
      d.state.update();
    }
  }

  /** A ChangeCipherSpec, up to TLS 1.2: the pending keys of this direction come into force. */
  changeCipher(d: Direction): void {
    const n = this.current;
    if (
      this.session.version === TLS13 ||
      (n !== undefined && n.server === undefined && n.hello.versions.length > 0 && highestVersion(n.hello) === TLS13)
    )
      return;
    if (n === undefined) {
      this.unheard(d, this.whyUnprotected());
      return;
    }
    if (d.dir === S2C && this.session.renegotiations === 0) {
      this.session.resumed = n.resumes();
      if (this.session.resumed !== undefined)
        this.session.origin = (this.keys.recall('ticket', n.hello.ticket) ?? this.keys.recall('id', n.server?.sessionId))?.stream;
    }
    const keys = n.sessionKeys(d.dir);
    this.summarise();
    if ('reason' in keys) {
      this.kill(d, keys.reason);
      return;
    }
    d.dead = 0;
    d.protected = true;
    d.assembly.drop();
    d.state.begin(keys.epochs);
    this.session.reason[d.dir] = REASON.none;
    if (d.dir === S2C && this.ticket !== undefined) n.rememberSession(this.ticket);
    n.rememberSession(undefined);
    this.ticket = undefined;
  }

  /** Nothing more of this direction can be decrypted. */
  kill(d: Direction, reason: number): void {
    d.dead = reason;
    d.protected = true;
    this.session.reason[d.dir] = reason;
    d.assembly.drop();
    if (this.earlyOpen && d.dir === S2C) this.answerEarly(this.current?.server?.identity !== undefined);
    this.summarise();
  }

  /** The handshake that agreed on the keys of this direction was not heard. Unless a secret of the key log can be tried, nothing of it can be decrypted. */
  unheard(d: Direction, reason: number): void {
    if (d.protected) return;
    if (this.keys.store.size === 0) {
      this.kill(d, reason);
      return;
    }
    d.assembly.drop();
    d.protected = true;
    d.unheard = reason;
  }

  /**
   * The protected record `buf[start, end)` came and there are no keys at all: a last look for them, then the reason.
   * Returns what was found by trial. `roles`: it is certain which side this is.
   */
  lastLook(d: Direction, buf: Uint8Array, start: number, end: number, roles: boolean): FoundKeys | undefined {
    const n = this.current;
    if (d.unheard !== 0) {
      const found = buf[start] === CONTENT.data ? this.search(d, buf, start, end, roles) : undefined;
      if (found === undefined) {
        const keys = n?.version === TLS13 ? n.trafficKeys(d.dir, false) : undefined;
        this.kill(d, keys !== undefined && 'reason' in keys ? keys.reason : d.unheard);
      }
      d.unheard = 0;
      return found;
    }
    if (n === undefined) {
      this.kill(d, this.whyUnprotected());
      return undefined;
    }
    const keys = n.trafficKeys(d.dir, false);
    if ('reason' in keys) this.kill(d, keys.reason);
    else d.state.begin(keys.epochs);
    return undefined;
  }

  /** Tries the secrets of the key log on a record of TLS 1.3 whose hellos are missing, and goes on from there. */
  private search(d: Direction, buf: Uint8Array, start: number, end: number, roles: boolean): FoundKeys | undefined {
    const { session } = this;
    const n = this.current;
    const offered = n?.hello.versions ?? [];
    if ((n?.server !== undefined && n.version !== TLS13) || (offered.length > 0 && !offered.includes(TLS13))) return undefined;
    const suites = session.suite >= 0 ? [session.suite] : n?.hello.suites;
    const dirs: Dir[] = roles ? [d.dir] : [C2S, S2C];
    const found = this.keys.search.find({ random: session.clientRandom, suites, dirs }, buf, start, end);
    if (found === undefined) return undefined;
    session.version = TLS13;
    session.suite = found.epoch.suite.id;
    session.clientRandom = found.random;
    this.current ??= new Negotiation(this.keys, unheardClientHello(found.random), session.stream);
    if (this.current.server === undefined) this.current.choose(unheardServerHello(session.suite));
    const keys = this.current.trafficKeys(found.dir, false);
    if ('reason' in keys) return undefined;
    const from = keys.epochs.findIndex((epoch) => epoch.name === found.epoch.name);
    d.state.begin(keys.epochs.slice(from));
    d.state.sequence = found.sequence;
    this.summarise();
    session.source = 'key log, by trial';
    return found;
  }

  /** A record of the encrypted handshake cannot be read for want of its secret. */
  unreadable(d: Direction): void {
    if (this.earlyOpen && d.dir === S2C) this.answerEarly(this.current?.server?.identity !== undefined);
  }

  /** A record was verified. */
  opened(d: Direction): void {
    if (d.state.verified === 1 && d.state.current?.master !== undefined) this.current?.settle(d.state.current);
    if (this.earlyOpen && d.dir === S2C && d.state.current?.name === 'application') this.unreadable(d);
  }

  /** Why a protected record cannot be read when no keys were ever agreed. */
  whyUnprotected(): number {
    if (this.current === undefined) return REASON.startsLate;
    return this.current.server === undefined ? REASON.helloLost : REASON.handshakeLost;
  }

  lose(): void {
    this.current?.lose();
  }

  /** Plaintext of an early data record that the server refused, when its secret is known. */
  rejectedEarlyData(buf: Uint8Array, start: number, end: number): Uint8Array | undefined {
    this.refused ??= new RefusedEarlyData(this.current?.earlyKeys() ?? []);
    return this.refused.open(buf, start, end);
  }

  /** Brings the session's facts up to date. */
  summarise(): void {
    const n = this.current;
    if (n === undefined) return;
    this.session.labels = this.keys.labels(n.hello.random);
    this.session.source = n.source ?? this.session.source;
  }

  /** The key log has grown. */
  retry(): void {
    if (!this.waitsForKeys || this.session.version !== TLS13) return;
    this.waitsForKeys = false;
    for (const d of this.directions) {
      if (d.dead !== 0 || !d.protected || !d.state.hopeless) continue;
      const keys = this.current?.trafficKeys(d.dir, false);
      if (keys !== undefined && 'epochs' in keys) {
        d.state.begin(this.applicationOnly.has(d) ? keys.epochs.filter((epoch) => epoch.name === 'application') : keys.epochs);
      }
      if (d.state.hopeless) this.waitsForKeys = true;
    }
  }
  /** Directions whose handshake is over and which lack only the application secret. */
  private readonly applicationOnly = new Set<Direction>();

  ssl2Hello(buf: Uint8Array, start: number, end: number): void {
    const hello = readSsl2Hello(buf, start, end);
    if (hello === undefined) return;
    // The session hash leaves out the two bytes of length.
    this.clientHello(hello, this.directions[C2S], buf, start + 2, end);
  }

  /** Server messages of a renegotiation whose ClientHello has not come by yet; they wait for it. */
  private overtakes(d: Direction, type: number): boolean {
    if (d.dir !== S2C || this.session.version === TLS13 || !d.protected || this.ahead.length >= AHEAD_LIMIT) return false;
    return this.ahead.length > 0 || (type === HANDSHAKE.serverHello && this.current?.server !== undefined && this.current.serverDone);
  }

  private catchUp(): void {
    const { ahead } = this;
    this.ahead = [];
    for (const message of ahead) this.message(this.directions[S2C], message, 0, message.length);
  }

  private clientHello(hello: ClientHello, d: Direction, buf: Uint8Array, start: number, end: number): void {
    const { session } = this;
    const again = this.current;
    this.current = new Negotiation(this.keys, hello, session.stream);
    this.current.record(d.dir, HANDSHAKE.clientHello, buf, start, end);
    if (this.ahead.length > 0) this.catchUp();
    if (again !== undefined && session.retried && again.server === undefined) {
      this.secondHello = true;
      return;
    }
    if (again !== undefined && d.protected) session.renegotiations++;
    else {
      session.version = highestVersion(hello);
      session.clientRandom = hello.random;
      session.sni = hello.sni;
      session.alpnOffered = hello.alpn;
      if (hello.earlyData) session.earlyData = 'offered';
    }
  }

  private serverHello(server: ServerHello): void {
    const { session } = this;
    session.version = server.version;
    session.suite = server.suite;
    if (server.retry) {
      session.retried = true;
      if (session.earlyData !== undefined) session.earlyData = 'rejected';
      return;
    }
    session.serverRandom = server.random;
    session.sessionId = server.sessionId;
    session.alpn = server.alpn ?? session.alpn;
    this.current?.choose(server);
    const chosen = server.identity === undefined ? undefined : this.current?.hello.identities[server.identity];
    if (chosen === undefined) return;
    session.resumed = 'psk';
    session.origin = this.keys.recall('ticket', chosen)?.stream;
  }

  /** The hellos of TLS 1.3 are through: everything after them is protected. */
  private activate(): void {
    const n = this.current;
    const [client, server] = this.directions;
    if (n === undefined) {
      // The ServerHello alone does not name the session.
      for (const d of this.directions) this.unheard(d, REASON.startsLate);
      return;
    }
    if (n.server === undefined) return;
    const early = this.session.earlyData === 'offered';
    this.earlyOpen = early;
    this.enter(server, false);
    if (early && n.server.identity === undefined) this.answerEarly(false);
    else if (!early) {
      this.enter(client, false);
      if (this.session.earlyData === 'rejected') client.state.tolerant = true;
    } else if (server.dead !== 0 && this.earlyOpen) this.answerEarly(true);
  }

  private answerEarly(accepted: boolean): void {
    const n = this.current;
    const client = this.directions[C2S];
    this.earlyOpen = false;
    this.session.earlyData = accepted ? 'accepted' : 'rejected';
    if (n === undefined || client.dead !== 0) return;
    this.enter(client, accepted);
    // Without its secret, or refused, early data comes before the first record that fits.
    if (client.dead === 0 && client.state.current?.name !== 'early') client.state.tolerant = true;
  }

  private enter(d: Direction, early: boolean): void {
    const keys = (this.current as Negotiation).trafficKeys(d.dir, early);
    d.assembly.drop();
    d.protected = true;
    if ('epochs' in keys) {
      const [first] = keys.epochs;
      // Without its handshake secret a direction begins with unreadable records, until the application keys fit.
      d.state.begin(first.name === 'application' ? [undefined, ...keys.epochs] : keys.epochs);
    } else if (this.live && (keys.reason === REASON.noKeys || keys.reason === REASON.oneDirection)) this.waitsForKeys = true;
    else this.kill(d, keys.reason);
    this.summarise();
  }

  private enterApplication(d: Direction): void {
    d.state.advance('application');
    if (!d.state.hopeless) return;
    const keys = this.current?.trafficKeys(d.dir, false);
    const application = keys !== undefined && 'epochs' in keys ? keys.epochs.filter((epoch) => epoch.name === 'application') : [];
    if (application.length > 0) d.state.begin(application);
    else if (this.live) {
      this.waitsForKeys = true;
      this.applicationOnly.add(d);
    } else this.kill(d, this.current?.missingApplication(d.dir) ?? REASON.noKeys);
  }

  private newTicket(buf: Uint8Array, from: number, end: number): void {
    const c = new Cursor(buf, from, end);
    c.uint(4);
    if (this.session.version === TLS13) {
      c.uint(4);
      c.vector(1);
    }
    const ticket = c.vector(2).copy();
    if (!c.ok || ticket.length === 0) return;
    if (this.session.version === TLS13) this.current?.rememberSession(ticket);
    else this.ticket = ticket;
  }
}
