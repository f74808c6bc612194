/**
 * A listening port of the emulator: accepts, lets rules spoil the connection, ends TLS, and hands over what is ready to
 * speak. Bounded everywhere: connections, handshakes under way, time for a handshake.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import { UserError } from '../../core/errors.ts';
import { type Identity, readIdentity } from '../certificates/identity.ts';
import type { EmulatorClock } from '../clock.ts';
import type { Events } from '../event.ts';
import type { CaptureWriter, ConnectionTap } from '../evidence/capture.ts';
import type { FaultEngine } from '../faults/engine.ts';
import type { Action, When } from '../faults/rule.ts';
import { Wire } from './wire.ts';

export interface TlsOptions {
  readonly context: SecureContext;
  /** PEM of the CA that makes a client certificate trusted. */
  readonly authority: string;
  readonly requestCertificate: boolean;
  /** The protocol to speak with a client that offers these; undefined refuses the handshake. */
  readonly alpn: ((offered: readonly string[]) => string | undefined) | undefined;
}

export interface ListenerOptions {
  readonly server: NonNullable<When['server']>;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** undefined = plaintext. */
  readonly tls: TlsOptions | undefined;
  readonly clock: EmulatorClock;
  readonly events: Events;
  readonly faults: FaultEngine;
  readonly capture: CaptureWriter | undefined;
  /** Shows the plaintext of connections to somebody. */
  readonly plaintextTap?:
    | ((connection: {
        readonly number: number;
        readonly peer: string;
        readonly local: string;
        readonly alpn: string | undefined;
      }) => ConnectionTap)
    | undefined;
  /** Handshakes under way at once; MAX_HANDSHAKES by default. */
  readonly maxHandshakes?: number;
  readonly nextConnection: () => number;
  readonly onConnection: (connection: Connection) => void;
}

/** A connection that is ready to speak. */
export interface Connection {
  readonly number: number;
  /** Plaintext side: TLS socket, raw socket, or a layer over either. */
  readonly stream: Duplex;
  /** "127.0.0.1:51234". */
  readonly peer: string;
  readonly address: string;
  readonly local: string;
  /** The protocol agreed on in the handshake; undefined without ALPN or TLS. */
  readonly alpn: string | undefined;
  readonly identity: Identity | undefined;
  /** What a rule said about this connection as a whole. */
  readonly action: Action | undefined;
  /** Ends the connection with a TCP reset. */
  reset(): void;
}

/** What stays of the listener's work on a connection: ten thousand wait at a time, so no closures. */
class Accepted implements Connection {
  readonly number: number;
  readonly stream: Duplex;
  readonly address: string;
  readonly alpn: string | undefined;
  readonly identity: Identity | undefined;
  readonly action: Action | undefined;
  private readonly port: number;
  private readonly socket: Socket;

  constructor(
    facts: Pick<Connection, 'number' | 'stream' | 'alpn' | 'identity' | 'action'>,
    client: { readonly address: string; readonly port: number },
    socket: Socket,
  ) {
    this.number = facts.number;
    this.stream = facts.stream;
    this.address = client.address;
    this.alpn = facts.alpn;
    this.identity = facts.identity;
    this.action = facts.action;
    this.port = client.port;
    this.socket = socket;
  }

  get peer(): string {
    return `${this.address}:${this.port}`;
  }

  get local(): string {
    return `${this.socket.localAddress ?? LOOPBACK}:${this.socket.localPort ?? 0}`;
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }
}

const LOOPBACK = '127.0.0.1';
/** Time for a TLS handshake; Node's own default of 120 s lets silent clients pile up. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Handshakes under way at once: each costs 2 to 5 ms of CPU, so that many are seconds of work already. */
export const MAX_HANDSHAKES = 2_000;
/** Connections of one port; some 40 KB each. */
export const MAX_CONNECTIONS = 50_000;

export class Listener {
  readonly server: ListenerOptions['server'];
  readonly options: ListenerOptions;
  private readonly tcp: Server;
  private readonly open = new Map<number, Socket>();
  private readonly chooseProtocol: ((offer: { readonly protocols: string[] }) => string | undefined) | undefined;
  private handshakes = 0;
  private boundPort = 0;
  private closing = false;

  constructor(options: ListenerOptions) {
    this.options = options;
    this.server = options.server;
    const alpn = options.tls?.alpn;
    this.chooseProtocol = alpn && (({ protocols }) => alpn(protocols));
    this.tcp = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.accept(socket));
    this.tcp.maxConnections = MAX_CONNECTIONS;
  }

  get port(): number {
    return this.boundPort;
  }

  get connections(): number {
    return this.open.size;
  }

  get listening(): boolean {
    return this.tcp.listening;
  }

  /** Starts to listen; on the port it had before when it was taken down. Throws `UserError` when the port cannot be had. */
  listen(): Promise<void> {
    const { host } = this.options;
    const port = this.boundPort || this.options.port;
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => reject(listenError(error, this.server, host, port));
      this.tcp.once('error', failed);
      this.tcp.listen({ host, port, backlog: 4096 }, () => {
        this.tcp.off('error', failed);
        this.tcp.on('error', () => {});
        this.boundPort = (this.tcp.address() as { port: number }).port;
        resolve();
      });
    });
  }

  /** Stops to listen: new connections are refused by the kernel. Those that are open stay. */
  down(): Promise<void> {
    return new Promise((resolve) => {
      // close() calls back only when all connections have ended; the port is free at once.
      if (this.tcp.listening) this.tcp.close();
      setImmediate(resolve);
    });
  }

  /** Resets one connection, or all. */
  reset(connection?: number): void {
    for (const [number, socket] of this.open) if (connection === undefined || number === connection) socket.resetAndDestroy();
  }

  /** Stops to listen and ends what is left after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.closing = true;
    await this.down();
    const until = Date.now() + graceMs;
    while (this.open.size > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const socket of this.open.values()) socket.destroy();
  }

  private accept(socket: Socket): void {
    const { options } = this;
    const number = options.nextConnection();
    socket.on('error', ignore);
    if (this.closing) {
      socket.destroy();
      return;
    }
    const action = options.faults.match({ server: this.server, on: 'connect', connection: number });
    const flooded = this.handshakes >= (options.maxHandshakes ?? MAX_HANDSHAKES);
    if (action?.refuse === true || action?.close === 'before' || action?.close === 'reset' || flooded) {
      socket.resetAndDestroy();
      return;
    }
    this.open.set(number, socket);
    socket.on('close', () => this.open.delete(number));
    const wait = action?.accept ?? 0;
    if (wait > 0) setTimeout(() => this.secure(number, socket, action), wait);
    else this.secure(number, socket, action);
  }

  private secure(number: number, socket: Socket, action: Action | undefined): void {
    const { tls, capture, faults } = this.options;
    if (socket.destroyed) return;
    const client = { address: socket.remoteAddress ?? LOOPBACK, port: socket.remotePort ?? 0 };
    const tap = capture?.connection(client, { address: socket.localAddress ?? LOOPBACK, port: socket.localPort ?? this.boundPort });
    const garbage = action?.garbage === undefined ? undefined : faults.garbage(action.garbage);
    const spoiled = tap !== undefined || action?.split !== undefined || garbage !== undefined;
    const below: Duplex = spoiled ? new Wire(socket, { tap, pieces: action?.split, garbage }) : socket;
    if (below !== socket) below.on('error', ignore);
    const ready = (stream: Duplex, alpn: string | undefined, identity: Identity | undefined): void => {
      const records = action?.records;
      const plain = new Accepted({ number, stream, alpn, identity, action }, client, socket);
      const seen = this.options.plaintextTap?.(plain);
      if (records === undefined && seen === undefined) {
        this.options.onConnection(plain);
        return;
      }
      const top = new Wire(stream, { pieces: records, tap: seen });
      top.on('error', ignore);
      this.options.onConnection(new Accepted({ number, stream: top, alpn, identity, action }, client, socket));
    };
    if (tls === undefined) ready(below, undefined, undefined);
    else this.handshake(number, socket, below, tls, tap, ready);
  }

  private handshake(
    number: number,
    socket: Socket,
    below: Duplex,
    tls: TlsOptions,
    tap: ConnectionTap | undefined,
    ready: (stream: Duplex, alpn: string | undefined, identity: Identity | undefined) => void,
  ): void {
    const { clock, events } = this.options;
    const secure = new TLSSocket(below as Socket, {
      isServer: true,
      secureContext: tls.context,
      requestCert: tls.requestCertificate,
      rejectUnauthorized: false,
      ...(this.chooseProtocol === undefined ? {} : { ALPNCallback: this.chooseProtocol }),
    });
    this.handshakes++;
    let pending = true;
    const settled = (): void => {
      if (!pending) return;
      pending = false;
      this.handshakes--;
      clearTimeout(timer);
      // Ten thousand connections live long after their handshakes: nothing of these may stay with them.
      socket.off('close', settled);
      secure.off('error', failed);
      secure.off('end', left);
      secure.on('error', ignore);
    };
    const timer = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT_MS);
    if (tap !== undefined) secure.on('keylog', (line: Buffer) => tap.secret(line));
    const failed = (error: NodeJS.ErrnoException): void => {
      if (events.wanted) {
        events.emit({
          at: clock.now(),
          kind: 'refused',
          server: this.server,
          connection: number,
          reason: 'tls',
          detail: error.code ?? error.message,
        });
      }
      settled();
      // The alert is still in the socket: end it, so that the client reads why, and cut it off if it does not go.
      socket.end();
      setTimeout(() => socket.destroy(), 1000).unref();
    };
    // A client that has said its last before the handshake was through holds no place until the time is up.
    const left = (): void => {
      socket.destroy();
    };
    secure.on('error', failed);
    secure.on('end', left);
    socket.on('close', settled);
    secure.once('secure', () => {
      settled();
      // tls.Server does this for its own sockets; HTTP/2 sessions wait for it.
      Object.assign(secure, { secureConnecting: false });
      const raw = tls.requestCertificate ? secure.getPeerCertificate(false)?.raw : undefined;
      const identity = raw === undefined ? undefined : readIdentity(raw, tls.authority, clock.now());
      ready(secure, secure.alpnProtocol || undefined, identity);
    });
  }
}

/** One function for all sockets; what went wrong shows in the close that follows. */
export function ignore(): void {}

/** Says what to do about a port that cannot be had. */
function listenError(error: NodeJS.ErrnoException, server: string, host: string, port: number): Error {
  const where = `port ${port} on ${host}`;
  const option = `--${server}-port`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new UserError(
        'emulator.port',
        `The ${server} server cannot start: ${where} is in use. Stop the program that uses it, or choose another port with ${option} (0 = any free one).`,
      );
    case 'EACCES':
      return new UserError(
        'emulator.port',
        `The ${server} server cannot start: ${where} needs more rights. Choose a port above 1023 with ${option}.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new UserError('emulator.port', `The ${server} server cannot start: ${host} is no address of this machine.`);
    default:
      return error;
  }
}
