import { existsSync, readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { EXIT, UserError } from '../core/errors.ts';
import { Lab, splitPem, stateDirectory } from '../emulator/certificates/lab.ts';
import { REAL_CLOCK } from '../replay/clock.ts';
import { DIAL_DEFAULTS, type DialOptions } from '../replay/dial.ts';
import type { Outcome } from '../replay/ledger.ts';
import { parseSpan } from '../replay/pace.ts';
import { signer } from '../replay/signer.ts';
import type { ReadOptions } from './options.ts';

/** Options as commander gives them. */
export interface ReplayOptions extends ReadOptions {
  to?: string;
  /** [HOST:]PORT. */
  listen?: string;
  topic?: string;
  numbers?: string;
  marks?: string;
  stream?: string[];
  limit?: number;
  role?: string;
  dryRun?: boolean;
  speed?: string;
  gapMax?: string;
  rate?: string;
  loop?: number;
  loopDelay?: string;
  startAt?: string;
  connections?: number;
  concurrency?: number;
  set?: string[];
  rules?: string;
  keepTimes?: boolean;
  tokenMap?: string[];
  signKey?: string;
  keyId?: string;
  teamId?: string;
  edit?: string;
  ignore?: string[];
  format?: string;
  output?: string;
  failOn?: string;
  control?: string;
  controlToken?: string;
  allowRemote?: string[];
  reallyApple?: boolean;
  ca?: string[];
  insecure?: boolean;
  cert?: string;
  certKey?: string;
  pkcs12?: string;
  passphrase?: string;
  serverName?: string;
  alpn?: string;
  tlsMin?: string;
  tlsMax?: string;
  plaintext?: boolean;
  connectTimeout?: string;
  timeout?: string;
  quiet?: string;
  proxy?: string;
  identity?: string;
  stateDir?: string;
}

const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
const FAILURES: readonly Outcome[] = ['different', 'missing', 'unexpected', 'failed'];

export function tlsOf(options: ReplayOptions, lab: Lab | undefined): Omit<DialOptions, 'target' | 'address' | 'proxy'> {
  const version = (name: string, value: string | undefined): (typeof VERSIONS)[number] | undefined =>
    value === undefined ? undefined : choice(name, value, VERSIONS);
  const given = options.ca?.map((path) => readText('--ca', path));
  // On this machine the emulator's own authority is trusted as well.
  const ca = given ?? (lab === undefined ? undefined : [...rootCertificates, lab.authority.certificate]);
  return {
    plaintext: options.plaintext === true,
    ca,
    insecure: options.insecure === true,
    certificate: options.cert === undefined ? undefined : readText('--cert', options.cert),
    key: options.certKey === undefined ? undefined : readText('--cert-key', options.certKey),
    pkcs12: options.pkcs12 === undefined ? undefined : readBytes('--pkcs12', options.pkcs12),
    passphrase: options.passphrase,
    serverName: options.serverName,
    alpn: options.alpn === undefined ? undefined : options.alpn.split(',').filter((name) => name !== ''),
    tlsMin: version('--tls-min', options.tlsMin),
    tlsMax: version('--tls-max', options.tlsMax),
    connectTimeoutMs: span('--connect-timeout', options.connectTimeout) ?? DIAL_DEFAULTS.connectTimeoutMs,
  };
}

export async function signerOf(options: ReplayOptions): Promise<((nowMs: number) => string) | undefined> {
  const { signKey, keyId, teamId } = options;
  if (signKey !== undefined) return signer(signKey, keyId, teamId);
  if (keyId !== undefined || teamId !== undefined) throw usage('--key-id and --team-id need --sign-key.');
  return undefined;
}

export async function identityOf(options: ReplayOptions, lab: Lab | undefined): Promise<{ certificate: string; key: string } | undefined> {
  const { identity } = options;
  if (identity === 'captured') return undefined;
  if (identity === undefined) return lab?.device('phone');
  if (!identity.includes('/') && !identity.endsWith('.pem'))
    return (lab ?? (await Lab.open(options.stateDir ?? stateDirectory()))).device(identity);
  const pair = splitPem(readText('--identity', identity));
  if (pair === undefined) throw usage(`--identity ${identity} must hold a private key and a certificate in PEM.`);
  return pair;
}

export function failures(text: string | undefined): ReadonlySet<Outcome> {
  if (text === undefined) return new Set(FAILURES);
  if (text === 'never') return new Set();
  return new Set(text.split(',').map((name) => choice('--fail-on', name.trim() as Outcome, FAILURES)));
}

export function startAt(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const after = text.startsWith('+') ? parseSpan(text.slice(1)) : undefined;
  if (after !== undefined) return REAL_CLOCK.now() + after;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw usage(`--start-at takes a time such as 2026-11-21T18:00:00Z or +30s, not "${text}".`);
  return time;
}

export function span(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = parseSpan(text);
  if (value === undefined) throw usage(`${name} takes a time such as 500ms, 2s or 1m, not "${text}".`);
  return value;
}

export function positive(name: string, value: number | undefined): number | undefined {
  if (value !== undefined && value < 1) throw usage(`${name} takes a number from 1.`);
  return value;
}

export function choice<T extends string>(name: string, value: string, all: readonly T[]): T {
  if (!(all as readonly string[]).includes(value)) throw usage(`${name} takes ${all.join(', ')}, not "${value}".`);
  return value as T;
}

export function readBytes(option: string, path: string): Uint8Array {
  if (!existsSync(path)) throw new UserError('replay.file', `${option}: cannot read ${path}: no such file.`);
  return readFileSync(path);
}

export function readText(option: string, path: string): string {
  return Buffer.from(readBytes(option, path)).toString('utf8');
}

export function usage(message: string): UserError {
  return new UserError('replay.usage', message, EXIT.usage);
}
