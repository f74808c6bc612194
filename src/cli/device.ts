import { readFileSync } from 'node:fs';
import { EXIT, UserError } from '../core/errors.ts';
import { printable, shortHex, utf8 } from '../core/text.ts';
import { Lab, splitPem, stateDirectory } from '../emulator/certificates/lab.ts';
import { connectDevice, type DeviceDialect } from '../emulator/device/connection.ts';
import type { DeviceEvent, DeviceMessage } from '../emulator/device/peer.ts';
import { USUAL_PORTS } from '../emulator/options.ts';

/** Options as commander gives them; every one may be missing. */
export interface DeviceCommandOptions {
  host?: string;
  port?: number;
  topic?: string[];
  /** Topics to ask scoped tokens for. */
  scopedToken?: string[];
  /** `ID:topic` of broadcast channels. */
  channel?: string[];
  token?: string;
  dialect?: string;
  alpn?: string;
  /** Name of the identity in the lab, or a PEM file with key and certificate. */
  identity?: string;
  plaintext?: boolean;
  ca?: string;
  insecure?: boolean;
  stateDir?: string;
  /** Seconds. */
  keepAlive?: number;
  /** Ends after so many messages. */
  count?: number;
  /** Ends after so many seconds; 1 when `count` was not reached by then. */
  timeout?: number;
  ack?: boolean;
  ackStatus?: number;
  json?: boolean;
}

const DIALECTS: readonly string[] = ['tlv', 'packed', 'ios4'];
const DEFAULT_TOPIC = 'com.example.app';
/** A device of today: apsd 18 and 26 say 12. */
const PROTOCOL_VERSION = 12;

/** `device`: connects a simulated device to a courier and prints what it receives, until Ctrl-C or `--count`. */
export async function runDevice(options: DeviceCommandOptions = {}): Promise<number> {
  const dialect = options.dialect ?? 'tlv';
  if (!DIALECTS.includes(dialect)) throw usage(`--dialect takes ${DIALECTS.join(', ')}, not "${dialect}".`);
  if (options.token !== undefined && !/^[0-9a-f]{64}$/i.test(options.token))
    throw usage(`--token takes 64 hex digits, not "${options.token}".`);
  const lab = await Lab.open(options.stateDir ?? stateDirectory());
  const print = (text: string, json: Record<string, unknown>): void => {
    process.stdout.write(`${options.json === true ? JSON.stringify(json) : text}\n`);
  };
  let received = 0;
  let refused = false;
  let finish: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const onEvent = (event: DeviceEvent): void => {
    const line = describe(event);
    if (line !== undefined) print(line, jsonOf(event));
    if (event.kind === 'refused') {
      refused = true;
      finish();
    }
    if (event.kind === 'message' && ++received === options.count) finish();
  };
  const device = await connectDevice({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? USUAL_PORTS.courier,
    dialect: dialect as DeviceDialect,
    topics: options.topic ?? [DEFAULT_TOPIC],
    scoped: options.scopedToken ?? [],
    channels: (options.channel ?? []).map(channelOf),
    identity: await identityOf(options, lab),
    protocolVersion: PROTOCOL_VERSION,
    acknowledge: options.ack !== false,
    ca: options.ca === undefined ? lab.authority.certificate : readText(options.ca, '--ca'),
    onEvent,
    ...(options.token === undefined ? {} : { token: options.token.toLowerCase() }),
    ...(options.alpn === undefined ? {} : { alpn: options.alpn }),
    ...(options.plaintext === undefined ? {} : { plaintext: options.plaintext }),
    ...(options.insecure === undefined ? {} : { insecure: options.insecure }),
    ...(options.keepAlive === undefined ? {} : { keepAlive: options.keepAlive }),
    ...(options.ackStatus === undefined ? {} : { ackStatus: options.ackStatus }),
  });
  const timer = options.timeout === undefined ? undefined : setTimeout(finish, options.timeout * 1000);
  process.once('SIGINT', finish);
  process.once('SIGTERM', finish);
  const closedByCourier = await Promise.race([done.then(() => false), device.ended.then(() => true)]);
  clearTimeout(timer);
  device.close();
  setTimeout(() => device.destroy(), 1000).unref();
  await device.ended;
  if (refused) return EXIT.failed;
  if (closedByCourier) throw new UserError('device.closed', 'The courier closed the connection.');
  return options.count !== undefined && received < options.count ? EXIT.failed : EXIT.ok;
}

function describe(event: DeviceEvent): string | undefined {
  switch (event.kind) {
    case 'connected':
      return `connected  token ${event.token}${event.assigned ? ' (assigned)' : ''}`;
    case 'refused':
      return `refused    status ${event.status}${event.reason === undefined ? '' : `: ${printable(event.reason)}`}`;
    case 'message':
      return describeMessage(event.message);
    case 'scoped-token':
      return `token      ${event.token} for ${printable(event.topic)}`;
    case 'ack':
      return `ack        id ${event.id ?? '-'}, status ${event.status}`;
    case 'redirect':
      return `redirected ${printable(event.reason ?? '')}`;
    default:
      return undefined;
  }
}

function describeMessage(message: DeviceMessage): string {
  const { id, topic, payload, priority, expiry, fromStorage, broadcast, token, baseToken } = message;
  const parts = [
    `message    id ${id ?? '-'}`,
    printable(topic),
    ...(priority === undefined ? [] : [`priority ${priority}`]),
    ...(expiry === undefined ? [] : [expiry === 0 ? 'not stored' : `expires ${new Date(expiry * 1000).toISOString()}`]),
    ...(fromStorage ? ['from storage'] : []),
    ...(broadcast ? ['broadcast'] : []),
    ...(baseToken === undefined || token === undefined ? [] : [`for ${shortHex(token)}`]),
  ];
  const text = utf8(payload);
  return `${parts.join('  ')}\n           ${text === undefined ? `${payload.length} bytes` : printable(text)}`;
}

function jsonOf(event: DeviceEvent): Record<string, unknown> {
  if (event.kind === 'message') {
    const { payload, timestamp, ...rest } = event.message;
    const text = utf8(payload);
    let parsed: unknown;
    try {
      parsed = JSON.parse(text ?? '');
    } catch {
      parsed = undefined;
    }
    return {
      event: 'message',
      ...rest,
      ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
      ...(parsed === undefined ? { payloadBase64: Buffer.from(payload).toString('base64') } : { payload: parsed }),
    };
  }
  if (event.kind === 'connected') return { event: 'connected', token: event.token, assigned: event.assigned };
  if (event.kind === 'other') return { event: 'other', command: event.command };
  const { kind, ...rest } = event;
  return { event: kind, ...rest };
}

async function identityOf(options: DeviceCommandOptions, lab: Lab): Promise<{ certificate: string; key: string } | undefined> {
  const { identity = 'phone' } = options;
  if (!identity.includes('/') && !identity.endsWith('.pem')) return lab.device(identity);
  const pair = splitPem(readText(identity, '--identity'));
  if (pair === undefined) throw usage(`--identity ${identity} must hold a private key and a certificate in PEM.`);
  return pair;
}

function channelOf(text: string): { channel: string; topic: string } {
  const at = text.indexOf(':');
  if (at < 0) throw usage(`--channel ${text}: give ID:topic.`);
  return { channel: text.slice(0, at), topic: text.slice(at + 1) };
}

function readText(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError('device.file', `${option}: cannot read ${path} (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function usage(message: string): UserError {
  return new UserError('device.usage', message, EXIT.usage);
}
