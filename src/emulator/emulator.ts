/** Puts an emulator together and starts it. */
import { randomBytes } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { UserError } from '../core/errors.ts';
import type { KeyPair } from './certificates/issue.ts';
import { Lab, type SigningKey, stateDirectory } from './certificates/lab.ts';
import { Channels } from './channels.ts';
import { EmulatorClock } from './clock.ts';
import { ControlServer } from './control/server.ts';
import { Controls } from './controls.ts';
import { CourierServer, chooseCourierProtocol } from './courier/server.ts';
import { COURIER_DEFAULTS } from './courier/settings.ts';
import { Delivery } from './delivery.ts';
import { Events, type ServerName } from './event.ts';
import { CaptureWriter } from './evidence/capture.ts';
import { MessageLog } from './evidence/log.ts';
import { FaultEngine } from './faults/engine.ts';
import { FeedbackList } from './feedback-list.ts';
import { GATEWAY_DEFAULTS } from './gateway/peer.ts';
import { FeedbackServer, GatewayServer } from './gateway/server.ts';
import { ProviderApi } from './http2/api.ts';
import { providerKey, TokenChecker } from './http2/provider-token.ts';
import { MAX_CHANNELS } from './http2/reasons.ts';
import { Http2Server } from './http2/server.ts';
import { Journal } from './journal.ts';
import type { EmulatorOptions } from './options.ts';
import { SeededRandom } from './random.ts';
import { Registry } from './registry.ts';
import { type Connection, Listener } from './sockets/listener.ts';
import { Store } from './store.ts';

/** Time for open connections to end on their own when the emulator stops. */
const DRAIN_MS = 500;
const DEFAULT_SEED = 1;
/** Topic of gateway clients that cannot show a certificate. */
const PLAIN_TOPIC = 'com.example.app';

export interface Emulator extends Controls {
  readonly host: string;
  /** Ports of the servers that run. */
  readonly ports: Readonly<Partial<Record<ServerName, number>>>;
  readonly lab: Lab;
  /** The lab's provider key, which the emulator knows. */
  readonly signingKey: SigningKey;
  /** Base URL of the control API and the bearer token it asks for. */
  readonly control: { readonly url: string; readonly token: string } | undefined;
  /** Lets connections finish, closes them, writes files to their end. */
  stop(): Promise<void>;
}

/** Starts an emulator. Throws `UserError` when a port, the state directory or a file cannot be had. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const clock = new EmulatorClock();
  if (options.frozenAt !== undefined) {
    clock.freeze();
    clock.set(options.frozenAt);
  }
  const lab = await Lab.open(options.directory ?? stateDirectory());
  const signingKey = await lab.signingKey();
  const random = new SeededRandom(options.seed ?? DEFAULT_SEED);
  const events = new Events();
  const journal = new Journal();
  const environment = options.environment ?? 'sandbox';
  const faults = new FaultEngine(clock, new SeededRandom((options.seed ?? DEFAULT_SEED) + 1), events);
  const registry = new Registry(random, () => clock.now());
  const channels = new Channels(random);
  const delivery = new Delivery({
    registry,
    store: new Store(() => clock.now()),
    feedback: new FeedbackList(),
    clock,
    events,
    journal,
    settings: { unknownTokens: options.unknownTokens ?? 'reject', keep: options.keep ?? 'per-topic' },
  });
  const parts = { delivery, channels, journal, events, clock, random, faults };

  const courier = new CourierServer({ ...parts, settings: { ...COURIER_DEFAULTS, ...options.courier } });
  const certificates = options.plaintext === true ? 'none' : (options.clientCertificates ?? 'any');
  const gateway = new GatewayServer({
    ...parts,
    settings: { ...GATEWAY_DEFAULTS, ...(certificates === 'none' ? { defaultTopic: PLAIN_TOPIC } : {}), ...options.gateway },
  });
  const feedback = new FeedbackServer(delivery.feedback, clock, events);
  const http2 = new Http2Server({
    api: new ProviderApi({
      ...parts,
      checker: checkerFor(options, signingKey),
      settings: {
        environment,
        broadcastApps: options.broadcastApps,
        maxChannels: options.maxChannels ?? MAX_CHANNELS,
        tokenRate: options.tokenRate,
      },
    }),
    settings: {
      environment,
      maxStreams: options.maxStreams ?? 1000,
      streamDance: options.streamDance ?? true,
      badEnvironmentSpelling: options.badEnvironmentSpelling ?? 'BadEnvironmentKeyIdInToken',
      clientCertificates: certificates,
      tokenUpdates: options.tokenUpdates ?? 'connection',
      idleTimeoutMs: options.http2IdleTimeoutMs ?? 3_600_000,
    },
    clock,
    events,
    faults,
  });

  const host = options.host ?? '127.0.0.1';
  const capture = options.capture === undefined ? undefined : new CaptureWriter(options.capture);
  const contexts =
    options.plaintext === true
      ? undefined
      : contextsFor(options, options.certificate ?? (await lab.server(options.names, options.addresses)), lab);
  const log = options.log === undefined ? undefined : new MessageLog(options.log, () => clock.now());
  if (log !== undefined) http2.onExchange = (exchange) => log.exchange(exchange);
  let connections = 0;
  const listeners = new Map<Listener['server'], Listener>();
  const handlers: Readonly<Record<Listener['server'], (connection: Connection) => void>> = {
    courier: (connection) => courier.attach(connection),
    gateway: trustedOnly(certificates, (connection) => gateway.attach(connection)),
    feedback: trustedOnly(certificates, (connection) => feedback.attach(connection)),
    http2: (connection) => http2.attach(connection),
  };
  for (const server of ['courier', 'gateway', 'feedback', 'http2'] as const) {
    const port = options.ports?.[server] ?? 0;
    if (port === false) continue;
    const tls = contexts && {
      context: contexts[server],
      authority: lab.authority.certificate,
      requestCertificate: certificates !== 'none',
      alpn: server === 'courier' ? chooseCourierProtocol : server === 'http2' ? chooseHttp2 : undefined,
    };
    listeners.set(
      server,
      new Listener({
        plaintextTap:
          log === undefined || server === 'http2'
            ? undefined
            : ({ number, peer, local, alpn }) => log.connection(server, alpn, { connection: number, client: peer, server: local }),
        server,
        host,
        port,
        tls,
        clock,
        events,
        faults,
        capture,
        nextConnection: () => ++connections,
        onConnection: handlers[server],
      }),
    );
  }
  const controls = new Controls({ ...parts, courier, gateway, http2, listeners });
  const controlPort = options.ports?.control ?? 0;
  const token = options.controlToken ?? randomBytes(18).toString('base64url');
  const control = controlPort === false ? undefined : new ControlServer(controls, controlPort, token);
  const ports: Partial<Record<ServerName, number>> = {};

  const stop = async (): Promise<void> => {
    await Promise.all([...listeners.values()].map((listener) => listener.down()));
    http2.goaway(undefined, { reason: 'Shutdown' });
    gateway.close();
    courier.close(undefined, 'shutdown');
    await Promise.all([...listeners.values()].map((listener) => listener.close(DRAIN_MS)));
    await control?.close();
    clock.stop();
    capture?.close();
    log?.close();
  };
  try {
    for (const [name, listener] of listeners) {
      await listener.listen();
      ports[name] = listener.port;
    }
    if (control !== undefined) {
      await control.listen();
      ports.control = control.port;
    }
  } catch (error) {
    await stop();
    throw error;
  }
  for (const rule of options.rules ?? []) controls.addRule(rule);
  return Object.assign(controls, {
    host,
    ports,
    lab,
    signingKey,
    control: control === undefined ? undefined : { url: `http://127.0.0.1:${control.port}`, token },
    stop,
  });
}

function checkerFor(options: EmulatorOptions, signingKey: SigningKey): TokenChecker {
  const checker = new TokenChecker();
  checker.trustUnknownKeys = options.trustUnknownKeys ?? false;
  checker.add(providerKey(signingKey.keyId, signingKey.teamId, signingKey.key));
  for (const { keyId, teamId, pem, ...more } of options.keys ?? []) {
    try {
      checker.add(providerKey(keyId, teamId, pem, more));
    } catch {
      throw new UserError('emulator.key', `The key ${keyId} is no PEM of a P-256 key: give the .p8 file as Apple delivers it.`);
    }
  }
  return checker;
}

/**
 * OpenSSL security level 0 admits TLS 1.0, SHA-1 and 1024-bit keys: what devices and providers of the time speak.
 * The session id context lets clients resume although certificates are asked for.
 */
function contextsFor(options: EmulatorOptions, pair: KeyPair, lab: Lab): Readonly<Record<Listener['server'], SecureContext>> {
  const base: SecureContextOptions = {
    cert: pair.certificate,
    key: pair.key,
    ca: lab.authority.certificate,
    sessionIdContext: 'apns-inspect',
  };
  const old: SecureContextOptions = { ...base, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };
  try {
    const courier = createSecureContext(old);
    const legacy = createSecureContext({ ...old, maxVersion: options.legacyTlsMax ?? 'TLSv1.2' });
    return { courier, gateway: legacy, feedback: legacy, http2: createSecureContext({ ...base, minVersion: 'TLSv1.2' }) };
  } catch (error) {
    throw new UserError('emulator.certificate', `Certificate and key of the servers do not fit together: ${(error as Error).message}.`);
  }
}

function chooseHttp2(offered: readonly string[]): string | undefined {
  return offered.includes('h2') ? 'h2' : undefined;
}

/** With `lab`, binary connections without a certificate of ours end at once, as Apple's did. */
function trustedOnly(policy: 'none' | 'any' | 'lab', attach: (connection: Connection) => void): (connection: Connection) => void {
  if (policy !== 'lab') return attach;
  return (connection) => {
    if (connection.identity?.trusted === true) attach(connection);
    else connection.stream.destroy();
  };
}
