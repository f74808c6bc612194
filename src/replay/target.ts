import { EXIT, UserError } from '../core/errors.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** What the user has allowed beyond the loopback. */
export interface Permission {
  readonly allowRemote: readonly string[];
  readonly reallyApple: boolean;
}

/** Addresses of a name, as the system resolves it. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** "host:port", "[::1]:5223". Throws `UserError`. */
export function parseTarget(text: string, option = '--to', lowestPort = 1): Target {
  const found = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = found === null ? 0 : Number(found[3]);
  if (found === null || port < lowestPort || port > 65535)
    throw new UserError('replay.target', `${option} takes HOST:PORT such as 127.0.0.1:5223 or [::1]:5223, not "${text}".`, EXIT.usage);
  return { host: (found[1] ?? found[2]).toLowerCase(), port };
}

/**
 * Decides whether the target may be spoken to and gives the one address to use, so that a name cannot point elsewhere later.
 * The loopback is always allowed; other hosts need `allowRemote`; Apple's names, and names that resolve into Apple's address
 * block 17.0.0.0/8 or its IPv6 blocks, need `reallyApple` as well. Throws `UserError`.
 */
export async function admit(target: Target, permission: Permission, lookup: Lookup): Promise<string> {
  const { host } = target;
  // A name that may not be spoken to is not even asked for.
  if (isAppleName(host)) refuse(host, host, true, permission);
  let addresses: readonly string[];
  try {
    addresses = isAddress(host) ? [host] : await lookup(host);
  } catch (error) {
    throw new UserError('replay.lookup', `Cannot find the host ${host} (${(error as NodeJS.ErrnoException).code ?? 'no answer'}).`);
  }
  if (addresses.length === 0) throw new UserError('replay.lookup', `The host ${host} has no address.`);
  const apple = isAppleName(host) || addresses.some(isAppleAddress);
  if (apple || !addresses.every(isLoopback)) refuse(host, isAddress(host) ? host : `${host} (${addresses.join(', ')})`, apple, permission);
  return addresses[0];
}

/** Throws unless another machine, or Apple's, was allowed by name. */
function refuse(host: string, where: string, apple: boolean, permission: Permission): void {
  if (!permission.allowRemote.some((allowed) => allowed.toLowerCase() === host)) {
    throw new UserError(
      'replay.remote',
      apple
        ? `${where} is Apple's: captured messages are not sent there unless both --allow-remote ${host} and --really-apple are given.`
        : `${where} is not this machine: give --allow-remote ${host} if captured messages may be sent there.`,
      EXIT.usage,
    );
  }
  if (apple && !permission.reallyApple)
    throw new UserError('replay.apple', `${where} is Apple's: --really-apple must be spelled out as well.`, EXIT.usage);
}

export function isLoopback(address: string): boolean {
  const plain = withoutMapping(address);
  return /^127(\.\d{1,3}){3}$/.test(plain) || canonical6(plain) === '0:0:0:0:0:0:0:1';
}

/** Registries give Apple 17.0.0.0/8, 2620:149::/32, 2a01:b740::/32, 2403:300::/32 and 2a01:b747::/32 lies within its allocation. */
const APPLE_IPV6: readonly string[] = ['2620:149:', '2a01:b740:', '2a01:b747:', '2403:300:'];

export function isAppleAddress(address: string): boolean {
  const plain = withoutMapping(address);
  return /^17(\.\d{1,3}){3}$/.test(plain) || APPLE_IPV6.some((prefix) => canonical6(plain)?.startsWith(prefix) === true);
}

/** Apple's names end in apple.com, icloud.com or, behind DNS aliases, akadns.net names that hold one of them. */
export function isAppleName(host: string): boolean {
  return /(^|\.)(apple\.com|icloud\.com|apple-dns\.net|aaplimg\.com|apple\.com\.akadns\.net)\.?$/i.test(host);
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) ? /^\d{1,3}(\.\d{1,3}){3}$/.test(host) : host.includes(':');
}

/** IPv4 inside IPv6, dotted or in hex. */
function withoutMapping(address: string): string {
  const plain = address.toLowerCase().replace(/%.*$/, '');
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain);
  if (dotted !== null) return dotted[1];
  const six = canonical6(plain);
  const hex = six === undefined ? null : /^0:0:0:0:0:ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(six);
  if (hex === null) return plain;
  const [high, low] = [Number.parseInt(hex[1], 16), Number.parseInt(hex[2], 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Eight groups without leading zeros; undefined for what is no IPv6 address. */
function canonical6(address: string): string | undefined {
  if (!address.includes(':') || address.includes('.')) return undefined;
  const [head, tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = 8 - left.length - right.length;
  if (missing < 0 || (tail === undefined && missing !== 0)) return undefined;
  return [...left, ...new Array<string>(missing).fill('0'), ...right].map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
