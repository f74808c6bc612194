/** Who may connect, and as which device. */
import type { Device, Registry } from '../registry.ts';
import { checkPresence } from './presence.ts';
import type { CourierSettings } from './settings.ts';
import type { Heard, Plain } from './speech.ts';

export type Identified =
  /** The key of who connects; undefined for nobody in particular. */
  { readonly ok: true; readonly identity: string | undefined } | { readonly ok: false; readonly why: string };

/** Looks at certificate, nonce and signature of a Connect, as far as the settings ask for it. `nowMs`: the emulator's time. */
export function identify(
  f: Heard['fields'],
  settings: CourierSettings,
  connection: { readonly alpn: string | undefined; readonly tlsIdentity: string | undefined },
  nowMs: number,
): Identified {
  const { alpn, tlsIdentity } = connection;
  const unproven: Identified = { ok: true, identity: tlsIdentity };
  if (settings.verify === 'off') return unproven;
  const certificates = f['certificate'] as readonly Uint8Array[] | undefined;
  const needed = settings.verify === 'require' && alpn !== undefined && alpn !== 'apns-security-v2';
  if (!needed && certificates === undefined) return unproven;
  return checkPresence(certificates?.[0], f['nonce'] as Uint8Array | undefined, f['signature'] as Uint8Array | undefined, nowMs);
}

/**
 * The device behind a Connect: by its token (hex), by its key, or a new one; undefined when no more are taken. It gets a new
 * token when its own is not good any more.
 */
export function resolveDevice(registry: Registry, given: string | undefined, identity: string | undefined): Device | undefined {
  const device = findDevice(registry, given, identity);
  if (device === undefined) return undefined;
  if (identity !== undefined && device.identity === undefined) registry.identify(device, identity);
  if (device.reassign || registry.token(device.token)?.state !== 'active') registry.replaceToken(device);
  return device;
}

function findDevice(registry: Registry, given: string | undefined, identity: string | undefined): Device | undefined {
  const mine = identity === undefined ? undefined : registry.known(identity);
  const add = (token?: string): Device | undefined =>
    registry.full ? undefined : registry.addDevice({ identity, ...(token === undefined ? {} : { token }) });
  if (given === undefined) return mine ?? add();
  const known = registry.token(given);
  if (known === undefined) return add(given);
  const owner = known.device.identity;
  // Somebody else's token: this key has or gets its own.
  if (identity !== undefined && owner !== undefined && owner !== identity) return mine ?? add();
  return known.device;
}

/** First protocol version that was seen to read the keep-alive fields of the response. */
const KEEP_ALIVE_VERSION = 12;

/** Fields of the response to a Connect that was taken, without its status. `token`: the one to be told, if any. */
export function welcome(
  settings: CourierSettings,
  protocolVersion: unknown,
  nowMs: number,
  token: Uint8Array | undefined,
): Readonly<Record<string, Plain | undefined>> {
  const { min, expected, max } = settings.keepAliveMinutes;
  return {
    ...(token === undefined ? {} : { token }),
    message_size: settings.messageSize,
    unknown5: 2,
    capabilities: settings.capabilities,
    large_message_size: settings.largeMessageSize,
    server_time: BigInt(Math.floor(nowMs)),
    ...(Number(protocolVersion ?? 0) >= KEEP_ALIVE_VERSION
      ? { min_keep_alive: min, expected_keep_alive: expected, max_keep_alive: max }
      : {}),
  };
}
