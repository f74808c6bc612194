import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer as createTlsServer, type SecureVersion, type TLSSocket } from 'node:tls';
import { EXIT, UserError } from '../../core/errors.ts';
import { DeliveryPeer } from './delivery.ts';
import { DeviceLink } from './device-link.ts';
import { deviceToken } from './device-token.ts';
import type { Peer, PeerParts } from './peer.ts';
import { Waiting } from './waiting.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Undefined = plaintext. */
  readonly tls:
    | {
        readonly certificate?: string | undefined;
        readonly key?: string | undefined;
        readonly pkcs12?: Uint8Array | undefined;
        readonly passphrase?: string | undefined;
        /** Protocols to agree on, best first; undefined: all that couriers speak. */
        readonly alpn?: readonly string[] | undefined;
        readonly min?: SecureVersion | undefined;
        readonly max?: SecureVersion | undefined;
      }
    | undefined;
  /** Hash of the topic of notifications that name none. */
  readonly topic?: string | undefined;
  /** Longest wait for a device. */
  readonly waitMs: number;
  /** Called with a sentence when a device could not connect. */
  readonly remark?: ((text: string) => void) | undefined;
}

/** Devices that wait at the same time; a thousandth of them would be a crowd. */
const MAX_DEVICES = 1000;

/** A courier's port: devices that connect to it are given recorded connections to be played to. */
export class DeviceListener {
  private readonly options: ListenOptions;
  private readonly server: Server;
  private readonly all = new Set<DeviceLink>();
  /** Devices that are ready and have nothing played to them. */
  private readonly idle: DeviceLink[] = [];
  private readonly wishes: { readonly token: string | undefined; readonly take: (link: DeviceLink) => void }[] = [];
  port = 0;

  private constructor(options: ListenOptions) {
    this.options = options;
    const accept = (socket: Socket, alpn?: string | false | null): void =>
      this.accept(socket, alpn === false || alpn === null ? undefined : alpn);
    const { tls } = options;
    if (tls === undefined) this.server = createTcpServer({ noDelay: true }, (socket) => accept(socket));
    else {
      const server = createTlsServer(
        { ...contextOf(tls), ALPNCallback: ({ protocols }: { protocols: string[] }) => chooseProtocol(tls.alpn, protocols) },
        (socket: TLSSocket) => {
          socket.setNoDelay(true);
          accept(socket, socket.alpnProtocol);
        },
      );
      server.on('tlsClientError', (error: NodeJS.ErrnoException) =>
        options.remark?.(`a device could not connect over TLS (${error.code ?? error.message})`),
      );
      this.server = server;
    }
  }

  /** Throws `UserError` when the port or the certificate cannot be had. */
  static async listen(options: ListenOptions): Promise<DeviceListener> {
    const listener = new DeviceListener(options);
    const { server } = listener;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(new UserError('replay.listen', `Cannot listen on ${options.host}:${options.port} (${error.code ?? error.message}).`)),
      );
      server.listen({ host: options.host, port: options.port }, resolve);
    });
    listener.port = (server.address() as { port: number }).port;
    return listener;
  }

  async close(): Promise<void> {
    for (const link of this.all) link.end();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  /** Waits for a device, and plays to it what was recorded. Throws `UserError` when none comes. */
  async peer(parts: PeerParts): Promise<Peer> {
    const token = deviceToken(parts.timeline, parts.connection.stream);
    const link = await this.device(token, parts);
    if (token !== undefined) parts.names.learn(token, link.token);
    const release = (): void => {
      if (!link.closed) this.ready(link);
    };
    return new DeliveryPeer(link, parts, this.options.topic, release);
  }

  private async device(token: string | undefined, parts: PeerParts): Promise<DeviceLink> {
    const at = this.idle.findIndex((link) => link.token === token || link.token === parts.names.of(token ?? ''));
    const [link] = this.idle.splice(Math.max(0, at), 1);
    if (link !== undefined) return link;
    let found: DeviceLink | undefined;
    const waiting = new Waiting(parts);
    const wish = {
      token,
      take: (one: DeviceLink): void => {
        found = one;
        waiting.wake();
      },
    };
    this.wishes.push(wish);
    await waiting.until(() => found !== undefined, this.options.waitMs);
    if (found !== undefined) return found;
    this.wishes.splice(this.wishes.indexOf(wish), 1);
    const { host, waitMs } = this.options;
    throw new UserError(
      'replay.device',
      parts.signal.aborted
        ? 'interrupted while waiting for a device.'
        : `No device connected to ${host}:${this.port} in ${waitMs / 1000} s.`,
    );
  }

  private accept(socket: Socket, alpn: string | undefined): void {
    if (this.all.size >= MAX_DEVICES) {
      socket.destroy();
      return;
    }
    this.all.add(
      new DeviceLink(socket, alpn, {
        ready: (link) => this.ready(link),
        acknowledged: () => {},
        closed: (link) => this.gone(link),
      }),
    );
  }

  /** A device has nothing to do: it is given to whoever waits for it, else to whoever waits longest. */
  private ready(link: DeviceLink): void {
    link.ears = { ready: () => {}, acknowledged: () => {}, closed: () => this.gone(link) };
    const at = this.wishes.findIndex(({ token }) => token === link.token);
    const [wish] = this.wishes.splice(Math.max(0, at), 1);
    if (wish === undefined) this.idle.push(link);
    else wish.take(link);
  }

  private gone(link: DeviceLink): void {
    this.all.delete(link);
    const at = this.idle.indexOf(link);
    if (at >= 0) this.idle.splice(at, 1);
  }
}

/** OpenSSL admits TLS 1.0, SHA-1 and short keys at security level 0 only: what devices of the time speak. */
function contextOf(tls: NonNullable<ListenOptions['tls']>): object {
  const options = {
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate, key: tls.key ?? tls.certificate }),
    ...(tls.pkcs12 === undefined ? {} : { pfx: Buffer.from(tls.pkcs12) }),
    ...(tls.passphrase === undefined ? {} : { passphrase: tls.passphrase }),
    ...(tls.max === undefined ? {} : { maxVersion: tls.max }),
    minVersion: tls.min ?? 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  } as const;
  try {
    createSecureContext(options);
  } catch (error) {
    throw new UserError('replay.tls', `The certificate or key to listen with cannot be used: ${(error as Error).message}.`, EXIT.usage);
  }
  return options;
}

/** Packed first, as Apple's couriers choose; undefined ends the handshake. */
function chooseProtocol(allowed: readonly string[] | undefined, offered: readonly string[]): string | undefined {
  if (allowed !== undefined) return allowed.find((name) => offered.includes(name));
  return (
    offered.find((name) => name === 'apns-pack-v1' || name.startsWith('apns-pack-v1:')) ??
    ['apns-security-v3', 'apns-security-v2'].find((name) => offered.includes(name))
  );
}
