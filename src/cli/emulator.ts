import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { EXIT, UserError } from '../core/errors.ts';
import { printable, shortHex } from '../core/text.ts';
import { stateDirectory } from '../emulator/certificates/lab.ts';
import { trustHelp } from '../emulator/certificates/trust.ts';
import { parseRule, parseRules } from '../emulator/faults/rule.ts';
import {
  type Emulator,
  type EmulatorEvent,
  type EmulatorOptions,
  Lab,
  type ServerName,
  startEmulator,
  USUAL_PORTS,
} from '../emulator/index.ts';
import type { KeyOptions } from '../emulator/options.ts';
import { bold, dim, red, wantsColor, yellow } from './colors.ts';
import { fitted } from './table.ts';

/** Options as commander gives them; every one may be missing. */
export interface EmulatorCommandOptions {
  host?: string;
  /** One number for all servers: only 0, any free port, makes sense. */
  port?: number;
  courierPort?: number;
  gatewayPort?: number;
  feedbackPort?: number;
  http2Port?: number;
  controlPort?: number;
  /** Names of the servers to start, separated by commas; all by default. */
  only?: string;
  plaintext?: boolean;
  environment?: string;
  stateDir?: string;
  /** Further names or addresses of the server certificate. */
  name?: string[];
  cert?: string;
  certKey?: string;
  /** `AuthKey_<kid>.p8` files, each with `:TEAM` behind it when the team is not the lab's. */
  key?: string[];
  trustUnknownKeys?: boolean;
  clientCerts?: string;
  acceptUnknownTokens?: boolean;
  storeAll?: boolean;
  /** Tokens to register from the start, each with `:topic,topic` behind it when it is for some topics only. */
  device?: string[];
  verify?: string;
  defaultTopic?: string;
  maxStreams?: number;
  seed?: number;
  rules?: string;
  rule?: string[];
  capture?: string;
  log?: string;
  readyJson?: boolean;
  quiet?: boolean;
  color?: string | boolean;
}

const SERVERS: readonly ServerName[] = ['courier', 'gateway', 'feedback', 'http2', 'control'];

/** `emulator`: runs until Ctrl-C or SIGTERM, then drains and gives 0. */
export async function runEmulator(options: EmulatorCommandOptions = {}): Promise<number> {
  const emulator = await startEmulator(emulatorOptions(options));
  let silence = (): void => {};
  for (const text of options.device ?? []) {
    const [token, topics] = split(text, ':');
    emulator.addDevice({ token, ...(topics === undefined ? {} : { topics: topics.split(',') }) });
  }
  if (options.readyJson === true) process.stdout.write(`${JSON.stringify(readiness(emulator))}\n`);
  else {
    const color = wantsColor(options.color, process.stdout.isTTY === true);
    process.stdout.write(banner(emulator, options, color));
    if (options.quiet !== true) silence = emulator.on(liveTable(color));
  }
  await interrupted();
  silence();
  if (options.readyJson !== true) process.stderr.write('Stopping.\n');
  await emulator.stop();
  return EXIT.ok;
}

/** `emulator ca`: where the CA is and how programs are told to trust it. */
export async function runEmulatorCa(options: { stateDir?: string; pem?: boolean } = {}): Promise<number> {
  const lab = await Lab.open(options.stateDir ?? stateDirectory());
  process.stdout.write(options.pem === true ? lab.authority.certificate : trustHelp(lab.caPath));
  return EXIT.ok;
}

/** `emulator credentials`: makes what a client needs, and says where it is. Prints JSON with `json`. */
export async function runEmulatorCredentials(
  options: { stateDir?: string; bundle?: string; device?: string; json?: boolean } = {},
): Promise<number> {
  const lab = await Lab.open(options.stateDir ?? stateDirectory());
  const bundle = options.bundle ?? 'com.example.app';
  const topics = [
    { topic: bundle, kind: 'app' },
    { topic: `${bundle}.voip`, kind: 'voip' },
    { topic: `${bundle}.complication`, kind: 'complication' },
  ];
  const [provider, single, device, key] = [
    await lab.provider({ bundle: `${bundle}`, topics, environment: 'both' }),
    await lab.provider({ bundle, environment: 'development' }),
    await lab.device(options.device ?? 'phone'),
    await lab.signingKey(),
  ];
  const paths = {
    ca: lab.caPath,
    providerCertificate: provider.path,
    singleTopicCertificate: single.path,
    signingKey: key.path,
    keyId: key.keyId,
    teamId: key.teamId,
    deviceIdentity: device.path,
  };
  if (options.json === true) process.stdout.write(`${JSON.stringify(paths, null, 2)}\n`);
  else {
    process.stdout.write(
      [
        `CA                       ${paths.ca}`,
        `provider key (.p8)       ${paths.signingKey}, key id ${paths.keyId}, team id ${paths.teamId}`,
        `provider certificate     ${paths.providerCertificate} (topics ${topics.map(({ topic }) => topic).join(', ')})`,
        `  of one topic           ${paths.singleTopicCertificate} (development)`,
        `device identity          ${paths.deviceIdentity}`,
        '',
      ].join('\n'),
    );
  }
  return EXIT.ok;
}

/** Turns the words of the command line into options. Throws `UserError`. */
export function emulatorOptions(options: EmulatorCommandOptions): EmulatorOptions {
  const only = options.only?.split(',').map((name) => name.trim());
  for (const name of only ?? []) {
    if (!(SERVERS as readonly string[]).includes(name))
      throw usage(`--only: there is no server "${name}"; there are ${SERVERS.join(', ')}.`);
  }
  const given: Readonly<Record<ServerName, number | undefined>> = {
    courier: options.courierPort,
    gateway: options.gatewayPort,
    feedback: options.feedbackPort,
    http2: options.http2Port,
    control: options.controlPort,
  };
  const ports = Object.fromEntries(
    SERVERS.map((name) => [
      name,
      only !== undefined && name !== 'control' && !only.includes(name) ? false : (given[name] ?? options.port ?? USUAL_PORTS[name]),
    ]),
  );
  const names = options.name ?? [];
  const isAddress = (name: string): boolean => /^[\d.]+$|:/.test(name);
  return {
    ports,
    environment: choice('--environment', options.environment, ['sandbox', 'production']) ?? 'sandbox',
    clientCertificates: choice('--client-certs', options.clientCerts, ['none', 'any', 'lab']) ?? 'any',
    names: names.filter((name) => !isAddress(name)),
    addresses: names.filter(isAddress),
    keys: (options.key ?? []).map(keyOf),
    rules: [
      ...(options.rules === undefined ? [] : parseRules(read(options.rules, '--rules'), options.rules)),
      ...(options.rule ?? []).map(parseRule),
    ],
    courier: { ...optional('verify', choice('--verify', options.verify, ['require', 'present', 'off'])) },
    gateway: { ...optional('defaultTopic', options.defaultTopic) },
    unknownTokens: options.acceptUnknownTokens === true ? 'accept' : 'reject',
    keep: options.storeAll === true ? 'all' : 'per-topic',
    ...optional('host', options.host),
    ...optional('plaintext', options.plaintext),
    ...optional('directory', options.stateDir),
    ...optional('trustUnknownKeys', options.trustUnknownKeys),
    ...optional('maxStreams', options.maxStreams),
    ...optional('seed', options.seed),
    ...optional('capture', options.capture),
    ...optional('log', options.log),
    ...certificateOf(options),
  };
}

/** What `--ready-json` prints: one line, as soon as all ports are open. */
export function readiness(emulator: Emulator): Record<string, unknown> {
  return {
    ready: true,
    host: emulator.host,
    ports: emulator.ports,
    control: emulator.control ?? null,
    ca: emulator.lab.caPath,
    signingKey: { path: emulator.signingKey.path, keyId: emulator.signingKey.keyId, teamId: emulator.signingKey.teamId },
    pid: process.pid,
  };
}

function banner(emulator: Emulator, options: EmulatorCommandOptions, color: boolean): string {
  const strong = color ? bold : (text: string): string => text;
  const { ports, host, lab, signingKey, control } = emulator;
  const tls = options.plaintext === true ? 'plaintext' : 'TLS';
  const lines = [strong('apns-inspect emulator')];
  const what: Readonly<Record<ServerName, string>> = {
    courier: 'devices (courier)',
    gateway: 'binary gateway',
    feedback: 'feedback service',
    http2: 'HTTP/2 provider API',
    control: 'control API',
  };
  for (const name of SERVERS) {
    const port = ports[name];
    if (port !== undefined && name !== 'control') lines.push(`  ${what[name].padEnd(20)} ${host}:${port}  ${tls}`);
  }
  if (control !== undefined) lines.push(`  ${what.control.padEnd(20)} ${control.url}  Authorization: Bearer ${control.token}`);
  lines.push(`  ${'CA'.padEnd(20)} ${lab.caPath}`);
  lines.push(`  ${'provider key'.padEnd(20)} ${signingKey.path}  key id ${signingKey.keyId}, team id ${signingKey.teamId}`);
  lines.push('Ctrl-C stops. "apns-inspect device" connects a device; "apns-inspect emulator ca" says how to trust the CA.', '');
  return `${lines.join('\n')}\n`;
}

/** Bytes of the table that a slow reader may leave waiting; events beyond it are counted, not shown. */
const MAX_TABLE_BACKLOG = 1024 * 1024;

/** Writes each event as a line, as fast as it is read. */
function liveTable(color: boolean): (event: EmulatorEvent) => void {
  let hidden = 0;
  return (event) => {
    if (process.stdout.writableLength > MAX_TABLE_BACKLOG) {
      hidden++;
      return;
    }
    const gap = hidden === 0 ? '' : `… ${hidden} events not shown\n`;
    hidden = 0;
    process.stdout.write(`${gap}${eventLine(event, color)}\n`);
  };
}

/** One event as a line: time, server, connection, what, token, topic, more. */
function eventLine(event: EmulatorEvent, color: boolean): string {
  const { at, kind, server = '', connection, token, topic, status, reason, detail, id } = event;
  const cells = [
    new Date(at).toISOString().slice(11, 23),
    fitted(server, 8, 'left'),
    fitted(connection === undefined ? '' : `#${connection}`, 6, 'left'),
    fitted(kind, 14, 'left'),
    fitted(token === undefined ? '' : shortHex(token), 17, 'left'),
    [topic, status === undefined ? undefined : `status ${status}`, reason, detail, kind === 'received' ? id : undefined]
      .filter((part) => part !== undefined)
      .map((part) => printable(part))
      .join('  '),
  ];
  const line = cells.join('  ').trimEnd();
  if (!color) return line;
  if (kind === 'rejected' || kind === 'refused' || kind === 'discarded') return red(line);
  if (kind === 'fault' || kind === 'dropped' || kind === 'expired') return yellow(line);
  return kind === 'message' || kind === 'connected' || kind === 'disconnected' ? dim(line) : line;
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.once('SIGINT', () => process.exit(130));
      process.once('SIGTERM', () => process.exit(143));
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}

function keyOf(text: string): KeyOptions {
  const [path, team] = split(text, ':');
  const keyId = /AuthKey_([A-Z0-9]{10})\.p8$/.exec(basename(path))?.[1];
  if (keyId === undefined) throw usage(`--key ${path}: the file must be named AuthKey_<key id>.p8, as Apple delivers it.`);
  return { keyId, teamId: team ?? 'LABTEAM001', pem: read(path, '--key') };
}

function certificateOf(options: EmulatorCommandOptions): { certificate?: NonNullable<EmulatorOptions['certificate']> } {
  if (options.cert === undefined) return {};
  const certificate = read(options.cert, '--cert');
  return { certificate: { certificate, key: options.certKey === undefined ? certificate : read(options.certKey, '--cert-key') } };
}

function read(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError('emulator.file', `${option}: cannot read ${path} (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function choice<const T extends string>(option: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined || allowed.includes(value as T)) return value as T | undefined;
  throw usage(`${option} takes ${allowed.join(', ')}, not "${value}".`);
}

function optional<K extends string, T>(key: K, value: T | undefined): { [P in K]?: NonNullable<T> } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: NonNullable<T> });
}

/** Splits at the first separator that is not part of a Windows drive letter. */
function split(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator, 2);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function usage(message: string): UserError {
  return new UserError('emulator.usage', message, EXIT.usage);
}
