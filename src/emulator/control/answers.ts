/** What the control API tells, as JSON: times in ISO, bytes that are no JSON in base64, signatures left out. */
import type { Controls } from '../controls.ts';
import type { EmulatorEvent } from '../event.ts';
import type { Received } from '../journal.ts';
import type { Push } from '../push.ts';
import type { Device } from '../registry.ts';
import { ControlFailure } from './failure.ts';

export function eventJson(event: EmulatorEvent): Record<string, unknown> {
  return { ...event, at: new Date(event.at).toISOString() };
}

export function receivedJson(record: Received): Record<string, unknown> {
  const { payload, push, pushes, at, headers, ...rest } = record;
  return {
    ...rest,
    at: new Date(at).toISOString(),
    ...(headers === undefined
      ? {}
      : { headers: headers.map(([name, value]) => [name, name === 'authorization' ? withoutSignature(value) : value]) }),
    ...(payload === undefined ? {} : payloadJson(payload)),
    ...(push === undefined ? {} : { push: pushJson(push) }),
    ...(pushes === undefined ? {} : { pushes: pushes.map(pushJson) }),
  };
}

/** Whoever may read the log may not send pushes with what it shows: the signature of a provider token stays out. */
function withoutSignature(authorization: string): string {
  return authorization.replace(/\.[^.]*$/, '.‹redacted›');
}

export function pushJson(push: Push): Record<string, unknown> {
  const { id, token, state, attempts, ackStatus } = push;
  return {
    id,
    token,
    state,
    attempts,
    acceptedAt: new Date(push.acceptedAt).toISOString(),
    ...(ackStatus < 0 ? {} : { ackStatus }),
  };
}

export function deviceJson(device: Device): Record<string, unknown> {
  return {
    token: device.token,
    ...(device.name === undefined ? {} : { name: device.name }),
    online: device.endpoint !== undefined,
    active: device.active,
    ...(device.endpoint === undefined ? {} : { connection: device.endpoint.connection }),
    filter: device.filter === undefined ? null : Object.fromEntries(device.filter),
    scoped: Object.fromEntries([...(device.scoped ?? [])].map(([topic, token]) => [topic, token.hex])),
    channels: [...(device.subscriptions?.keys() ?? [])],
  };
}

export function tokenJson(controls: Controls, hex: string): Record<string, unknown> {
  const token = controls.token(hex);
  if (token === undefined) throw new ControlFailure(404, `There is no token ${hex}.`);
  return {
    token: token.hex,
    device: token.device.token,
    state: token.state,
    since: new Date(token.since).toISOString(),
    scope: token.scope ?? null,
  };
}

function payloadJson(payload: Uint8Array): Record<string, unknown> {
  const bytes = Buffer.from(payload);
  try {
    return { payload: JSON.parse(bytes.toString('utf8')) as unknown };
  } catch {
    return { payloadBase64: bytes.toString('base64') };
  }
}

export function clockJson(controls: Controls): Record<string, unknown> {
  return { time: new Date(controls.clock.now()).toISOString(), frozen: controls.clock.frozen };
}
