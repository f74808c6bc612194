/** A simulated device on a real socket. */
import { randomBytes, X509Certificate } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { EXIT, UserError } from '../../core/errors.ts';
import type { FieldValues } from '../../schema/build.ts';
import type { KeyPair } from '../certificates/issue.ts';
import { type Speech, speechFor } from '../courier/speech.ts';
import { type DeviceEvent, DevicePeer, type DevicePeerOptions } from './peer.ts';

export type DeviceDialect = 'tlv' | 'packed' | 'ios4';

export interface DeviceConnectionOptions extends Omit<DevicePeerOptions, 'identity' | 'ios4'> {
  readonly host?: string;
  readonly port: number;
  readonly plaintext?: boolean;
  readonly dialect?: DeviceDialect;
  /** ALPN in place of the dialect's own: `apns-pack-v1:1024:1024`, `apns-security-v2`; '' offers none. */
  readonly alpn?: string;
  /** PEM of the CA to trust; undefined trusts the system's. */
  readonly ca?: string;
  /** Take any server certificate. */
  readonly insecure?: boolean;
  /** Certificate and key of the device. */
  readonly identity?: KeyPair | undefined;
  readonly serverName?: string;
  /** Seconds between keep-alives; 0 = none. */
  readonly keepAlive?: number;
  readonly onEvent: (event: DeviceEvent) => void;
  readonly now?: () => number;
}

export interface DeviceConnection {
  readonly peer: DevicePeer;
  readonly alpn: string | undefined;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  /** Says goodbye and ends the connection. */
  close(): void;
  /** Cuts it. */
  destroy(): void;
}

const ALPN: Readonly<Record<DeviceDialect, string>> = { tlv: 'apns-security-v3', packed: 'apns-pack-v1', ios4: '' };
const CONNECT_TIMEOUT_MS = 10_000;
/** First byte of the dialect's Connect: it decides where ALPN does not. */
const FIRST_BYTE: Readonly<Record<DeviceDialect, number>> = { tlv: 7, packed: 7, ios4: 0 };

/** Connects a device and says Connect. Throws `UserError` when there is no courier. */
export async function connectDevice(options: DeviceConnectionOptions): Promise<DeviceConnection> {
  const dialect = options.dialect ?? 'tlv';
  const { stream, alpn } = await open(options, options.alpn ?? ALPN[dialect]);
  // Without TLS there is no ALPN to agree on: the dialect is what the user says.
  const speech = speechFor(alpn ?? (dialect === 'packed' ? ALPN.packed : undefined), FIRST_BYTE[dialect], 'client');
  const { identity } = options;
  const peer = new DevicePeer(
    {
      ...options,
      ios4: dialect === 'ios4',
      identity: identity === undefined ? undefined : { certificate: new X509Certificate(identity.certificate).raw, key: identity.key },
    },
    { say: (command, fields) => say(stream, speech, command, fields), tell: options.onEvent },
  );
  stream.on('data', (bytes: Buffer) => {
    for (const heard of speech.hear(bytes)) peer.hear(heard);
    if (speech.broken !== undefined) stream.destroy();
  });
  const seconds = options.keepAlive ?? 0;
  // The wire has whole minutes.
  const minutes = Math.max(1, Math.round(seconds / 60));
  const timer = seconds > 0 ? setInterval(() => peer.keepAlive(minutes), seconds * 1000) : undefined;
  const ended = new Promise<void>((resolve) => {
    stream.once('close', () => {
      clearInterval(timer);
      resolve();
    });
  });
  stream.once('end', () => stream.end());
  peer.connect(options.now?.() ?? Date.now(), randomBytes(8));
  return {
    peer,
    alpn,
    ended,
    close: () => {
      peer.leave();
      stream.end();
    },
    destroy: () => stream.destroy(),
  };
}

function say(stream: Duplex, speech: Speech, command: string, fields: FieldValues): void {
  if (stream.writable) stream.write(speech.say(command, fields));
}

function open(options: DeviceConnectionOptions, alpn: string): Promise<{ stream: Duplex; alpn: string | undefined }> {
  const { host = '127.0.0.1', port, plaintext, ca, insecure, identity, serverName = 'courier.push.apple.com' } = options;
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(connectError(error, host, port));
    const socket =
      plaintext === true
        ? connectTcp({ host, port, noDelay: true })
        : connectTls({
            host,
            port,
            servername: serverName,
            rejectUnauthorized: insecure !== true,
            ...(alpn === '' ? {} : { ALPNProtocols: [alpn] }),
            ...(ca === undefined ? {} : { ca }),
            // Before v3 the client certificate of TLS says who the device is.
            ...(identity !== undefined && (alpn === '' || alpn === 'apns-security-v2')
              ? { cert: identity.certificate, key: identity.key, ciphers: 'DEFAULT@SECLEVEL=0' }
              : {}),
          });
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    socket.once('error', fail);
    socket.once(plaintext === true ? 'connect' : 'secureConnect', () => {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      socket.off('error', fail);
      socket.on('error', () => {});
      resolve({ stream: socket, alpn: plaintext === true ? undefined : (socket as TLSSocket).alpnProtocol || undefined });
    });
  });
}

function connectError(error: NodeJS.ErrnoException, host: string, port: number): UserError {
  const where = `${host}:${port}`;
  if (error.code === 'ECONNREFUSED') {
    return new UserError(
      'device.connect',
      `Nothing listens on ${where}: start "apns-inspect emulator" first, or give --port.`,
      EXIT.failed,
    );
  }
  if (
    error.code?.startsWith('UNABLE_') ||
    error.code?.includes('SELF_SIGNED') ||
    error.code?.startsWith('CERT_') ||
    error.code === 'DEPTH_ZERO_SELF_SIGNED_CERT'
  ) {
    return new UserError(
      'device.connect',
      `The certificate of ${where} is not trusted (${error.code}): give its CA with --ca, or --insecure.`,
      EXIT.failed,
    );
  }
  return new UserError('device.connect', `Cannot connect to ${where}: ${error.code ?? error.message}.`, EXIT.failed);
}
