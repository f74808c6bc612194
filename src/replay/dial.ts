import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type SecureVersion } from 'node:tls';
import { EXIT, UserError } from '../core/errors.ts';
import type { Target } from './target.ts';

/** How connections to the target are made. */
export interface DialOptions {
  readonly target: Target;
  /** The one address that was admitted. */
  readonly address: string;
  readonly plaintext: boolean;
  /** PEM texts of authorities beside, or instead of, those of the system. */
  readonly ca: readonly string[] | undefined;
  readonly insecure: boolean;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly pkcs12: Uint8Array | undefined;
  readonly passphrase: string | undefined;
  readonly serverName: string | undefined;
  readonly alpn: readonly string[] | undefined;
  readonly tlsMin: SecureVersion | undefined;
  readonly tlsMax: SecureVersion | undefined;
  readonly connectTimeoutMs: number;
  /** HTTP proxy that is asked to CONNECT. */
  readonly proxy: { readonly target: Target; readonly address: string } | undefined;
}

/** A connection over TLS, without a certificate of ours, to a server that the system trusts. */
export const DIAL_DEFAULTS: Omit<DialOptions, 'target' | 'address'> = {
  plaintext: false,
  ca: undefined,
  insecure: false,
  certificate: undefined,
  key: undefined,
  pkcs12: undefined,
  passphrase: undefined,
  serverName: undefined,
  alpn: undefined,
  tlsMin: undefined,
  tlsMax: undefined,
  connectTimeoutMs: 10_000,
  proxy: undefined,
};

export interface Link {
  readonly socket: Socket;
  /** The protocol that both sides agreed on. */
  readonly alpn: string | undefined;
}

/** Opens a connection; `alpn` is what the dialect would offer. Throws `UserError` with one sentence. */
export async function dial(options: DialOptions, alpn: readonly string[], signal: AbortSignal): Promise<Link> {
  const { target, address, plaintext, proxy, connectTimeoutMs } = options;
  const where = `${target.host}:${target.port}`;
  const raw = proxy === undefined ? undefined : await tunnel(proxy, address, target.port, connectTimeoutMs, signal);
  const offered = options.alpn ?? alpn;
  return new Promise((resolve, reject) => {
    let socket: Socket;
    if (plaintext) {
      socket = raw ?? connectTcp({ host: address, port: target.port, noDelay: true });
      if (raw !== undefined) return resolve({ socket: raw, alpn: undefined });
    } else {
      try {
        socket = connectTls(tlsOptions(options, offered, raw));
      } catch (error) {
        raw?.destroy();
        reject(
          new UserError('replay.tls', `The certificate or key for the connection cannot be used: ${(error as Error).message}.`, EXIT.usage),
        );
        return;
      }
    }
    const timer = setTimeout(() => socket.destroy(new Error('timeout')), connectTimeoutMs);
    const abort = (): void => void socket.destroy(new Error('interrupted'));
    signal.addEventListener('abort', abort, { once: true });
    const fail = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      reject(connectError(error, where, connectTimeoutMs, plaintext));
    };
    const early = (): void => fail(Object.assign(new Error('closed'), { code: 'CLOSED' }));
    socket.once('error', fail);
    socket.once('close', early);
    socket.once(plaintext ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.off('error', fail);
      socket.off('close', early);
      socket.on('error', () => {});
      socket.setNoDelay(true);
      const chosen = plaintext ? undefined : (socket as Socket & { alpnProtocol?: string | false }).alpnProtocol;
      resolve({ socket, alpn: chosen === false ? undefined : chosen });
    });
  });
}

function tlsOptions(options: DialOptions, alpn: readonly string[], socket: Socket | undefined): ConnectionOptions {
  const { target, address, ca, certificate, key, pkcs12, passphrase, serverName, tlsMin, tlsMax, insecure } = options;
  const isName = !/^[\d.]+$|:/.test(target.host);
  const name = serverName ?? (isName ? target.host : undefined);
  const old = tlsMin === 'TLSv1' || tlsMin === 'TLSv1.1' || tlsMax === 'TLSv1' || tlsMax === 'TLSv1.1';
  return {
    ...(socket === undefined ? { host: address, port: target.port } : { socket, host: address }),
    ...(name === undefined ? {} : { servername: name }),
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    ...(ca === undefined ? {} : { ca: [...ca] }),
    ...(certificate === undefined ? {} : { cert: certificate, key: key ?? certificate }),
    ...(pkcs12 === undefined ? {} : { pfx: Buffer.from(pkcs12) }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(tlsMin === undefined ? {} : { minVersion: tlsMin }),
    ...(tlsMax === undefined ? {} : { maxVersion: tlsMax }),
    // OpenSSL admits TLS 1.0 and 1.1 at security level 0 only.
    ...(old ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {}),
    rejectUnauthorized: !insecure,
  };
}

/** Longest answer of a proxy that is read: a status line and a few headers. */
const MAX_PROXY_ANSWER = 16 * 1024;

function tunnel(
  proxy: { target: Target; address: string },
  host: string,
  port: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  const where = `${proxy.target.host}:${proxy.target.port}`;
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: proxy.address, port: proxy.target.port, noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Error('timeout')), timeoutMs);
    const abort = (): void => void socket.destroy(new Error('interrupted'));
    signal.addEventListener('abort', abort, { once: true });
    let answer = Buffer.alloc(0);
    const fail = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      reject(connectError(error, `the proxy ${where}`, timeoutMs, true));
    };
    const early = (): void => fail(Object.assign(new Error('closed'), { code: 'CLOSED' }));
    socket.once('error', fail);
    socket.once('close', early);
    const name = host.includes(':') ? `[${host}]` : host;
    socket.once('connect', () => socket.write(`CONNECT ${name}:${port} HTTP/1.1\r\nHost: ${name}:${port}\r\n\r\n`));
    const read = (bytes: Buffer): void => {
      answer = Buffer.concat([answer, bytes]);
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0 && answer.length <= MAX_PROXY_ANSWER) return;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.off('data', read);
      socket.off('error', fail);
      socket.off('close', early);
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer.toString('latin1'))?.[1];
      if (end < 0 || status?.startsWith('2') !== true) {
        socket.destroy();
        reject(new UserError('replay.proxy', `The proxy ${where} refused to connect to ${name}:${port} (${status ?? 'no HTTP answer'}).`));
        return;
      }
      socket.on('error', () => {});
      socket.pause();
      const rest = answer.subarray(end + 4);
      if (rest.length > 0) socket.unshift(rest);
      resolve(socket);
    };
    socket.on('data', read);
  });
}

function connectError(error: NodeJS.ErrnoException, where: string, timeoutMs: number, plaintext: boolean): UserError {
  const code = error.code ?? '';
  const say = (text: string): UserError => new UserError('replay.connect', text);
  if (error.message === 'interrupted') return say('interrupted while connecting.');
  if (error.message === 'timeout')
    return say(`${where} did not take the connection within ${timeoutMs / 1000} s: is the address right, or give --connect-timeout.`);
  if (code === 'ECONNREFUSED') return say(`Nothing listens on ${where}: is it running, and is this the right port?`);
  if (code === 'ECONNRESET' || code === 'CLOSED' || code === 'EPIPE')
    return say(
      `${where} closed the connection while it was being made${plaintext ? '.' : ': does it speak TLS there (else give --plaintext), and does it want a client certificate?'}`,
    );
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return say(`The certificate of ${where} is for another name: give --server-name, or --insecure.`);
  if (code.startsWith('UNABLE_') || code.includes('SELF_SIGNED') || code.startsWith('CERT_'))
    return say(`The certificate of ${where} is not trusted (${code}): give its authority with --ca, or --insecure.`);
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' || code === 'EPROTO')
    return say(`${where} does not answer as TLS does (${code}): give --plaintext if it speaks none, or other --tls-min and --tls-max.`);
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS|HANDSHAKE_FAILURE/.test(code))
    return say(`${where} and we have no TLS version or cipher in common (${code}): give other --tls-min and --tls-max.`);
  if (code.includes('NO_APPLICATION_PROTOCOL'))
    return say(`${where} takes none of the protocols that were offered: give others with --alpn.`);
  return say(`Cannot connect to ${where}: ${code !== '' ? code : error.message}.`);
}
