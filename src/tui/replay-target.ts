/** Where a replay of the form goes: a connection that we open, or devices that connect to us. */
import { lookup } from 'node:dns/promises';
import { rootCertificates } from 'node:tls';
import { EXIT, UserError } from '../core/errors.ts';
import { Lab, stateDirectory } from '../emulator/certificates/lab.ts';
import { DIAL_DEFAULTS, type DialOptions, dial } from '../replay/dial.ts';
import { DeviceListener } from '../replay/peers/listen.ts';
import type { ReplayOptions } from '../replay/replay.ts';
import { admit, isLoopback, type Permission, parseTarget, type Target } from '../replay/target.ts';
import type { ReplayForm } from './replay-view.ts';

/** Milliseconds: a device that is started by hand takes a while. */
const DEVICE_WAIT = 60_000;

/** What is behind the target once it is open. */
export interface OpenTarget extends Pick<ReplayOptions, 'open' | 'serve'> {
  readonly identity: { readonly certificate: string; readonly key: string } | undefined;
  close(): void | Promise<void>;
}

export interface ReplayTarget {
  readonly name: string;
  /** Opens what the messages need. `remark` is told what becomes of devices. Throws `UserError`. */
  open(remark: (text: string) => void): Promise<OpenTarget>;
}

/** The target that a form names. Throws `UserError` when it names none. */
export function targetOf(form: ReplayForm): ReplayTarget {
  const remote = form.remote.trim();
  const permission: Permission = { allowRemote: remote === '' ? [] : [remote], reallyApple: false };
  return form.role === 'server' ? listening(form, permission) : dialing(form, permission);
}

function dialing(form: ReplayForm, permission: Permission): ReplayTarget {
  const target = parseTarget(form.target.trim(), 'Target');
  const via = form.proxy
    .trim()
    .replace(/^http:\/\//, '')
    .replace(/\/$/, '');
  const proxyTarget = via === '' ? undefined : parseTarget(via, 'Proxy');
  return {
    name: nameOf(target),
    async open() {
      const address = await admit(target, permission, resolveAll);
      const proxy = proxyTarget && { target: proxyTarget, address: await admit(proxyTarget, permission, resolveAll) };
      const lab = isLoopback(address) ? await Lab.open(stateDirectory()) : undefined;
      const how: DialOptions = {
        ...DIAL_DEFAULTS,
        target,
        address,
        proxy,
        plaintext: form.tls === 'none',
        ca: lab === undefined ? undefined : [...rootCertificates, lab.authority.certificate],
        insecure: form.tls === 'any certificate',
      };
      return { identity: await lab?.device('phone'), open: (alpn, signal) => dial(how, alpn, signal), close: () => undefined };
    },
  };
}

function listening(form: ReplayForm, permission: Permission): ReplayTarget {
  const text = form.listen.trim();
  if (text === '')
    throw new UserError('replay.listen', 'Speaking as a server needs a port that devices connect to: set Listen.', EXIT.usage);
  const target = parseTarget(text.includes(':') ? text : `127.0.0.1:${text}`, 'Listen', 0);
  return {
    name: `devices that connect to ${nameOf(target)}`,
    async open(remark) {
      const host = await admit(target, permission, resolveAll);
      const tls = form.tls === 'none' ? undefined : await (await Lab.open(stateDirectory())).server();
      const listener = await DeviceListener.listen({ host, port: target.port, tls, waitMs: DEVICE_WAIT, remark });
      remark(`listening on ${nameOf({ host: target.host, port: listener.port })} for devices`);
      return { identity: undefined, serve: (parts) => listener.peer(parts), close: () => listener.close() };
    },
  };
}

const nameOf = ({ host, port }: Target): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

async function resolveAll(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
