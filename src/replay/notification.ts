import { createHash } from 'node:crypto';
import { toHex, u32 } from '../core/bytes.ts';
import { DIALECT } from '../core/message.ts';
import { build, EncodeError } from '../schema/build.ts';
import { type Outgoing, speakerOf, type WireOut, wireValue } from './outgoing.ts';

/** What a notification to a device says, whichever dialect it was recorded in. */
export interface Notification {
  /** Hex; undefined in the first courier dialect, whose messages name no token. */
  readonly token: string | undefined;
  /** Hash of the topic, hex; undefined in the gateway's, whose certificate says it. */
  readonly topic: string | undefined;
  readonly payload: Uint8Array;
  /** Unix seconds. */
  readonly expiry: number | undefined;
  readonly priority: number | undefined;
  readonly pushType: string | undefined;
  readonly collapseId: string | undefined;
}

/** The notification that a message carries. */
export function notificationOf(out: Outgoing): Notification {
  if (out.kind === 'http') {
    const header = (name: string): string | undefined => out.headers.find(([known]) => known === name)?.[1];
    const topic = header('apns-topic');
    return {
      token: /^\/3\/device\/([0-9a-fA-F]+)/.exec(header(':path') ?? '')?.[1].toLowerCase(),
      topic: topic === undefined ? undefined : topicHash(topic),
      payload: out.body,
      expiry: whole(header('apns-expiration')),
      priority: whole(header('apns-priority')),
      pushType: header('apns-push-type'),
      collapseId: header('apns-collapse-id'),
    };
  }
  const hex = (field: string): string | undefined => {
    const bytes = wireValue(out, field);
    return bytes === undefined ? undefined : toHex(bytes);
  };
  const expiry = wireValue(out, 'expiry');
  return {
    token: hex('token'),
    topic: hex('topic'),
    payload: wireValue(out, 'payload') ?? new Uint8Array(0),
    expiry: expiry?.length === 4 ? u32(expiry, 0) : undefined,
    priority: wireValue(out, 'priority')?.[0],
    pushType: undefined,
    collapseId: undefined,
  };
}

/** SHA-1 of a topic's name, hex: what the courier speaks of. */
export function topicHash(name: string): string {
  return createHash('sha1').update(name).digest('hex');
}

/** Whoever delivers a message puts the device's own in its place. */
const NO_TOKEN = new Uint8Array(32);

/** The message with which a courier delivers it: as recorded with all its fields, or made of what a provider sent. Throws `EncodeError`. */
export function courierMessage(out: Outgoing, topic: string | undefined, nowMs: number): WireOut {
  if (out.kind === 'wire' && (out.dialect === DIALECT.courier || out.dialect === DIALECT.packed)) return out;
  const said = notificationOf(out);
  const named = said.topic ?? topic;
  if (named === undefined) throw new EncodeError(NO_TOPIC);
  const fields = {
    token: said.token ?? NO_TOKEN,
    topic: named,
    payload: said.payload,
    id: 0,
    expiry: said.expiry,
    timestamp: BigInt(Math.floor(nowMs)) * 1_000_000n,
    priority: said.priority ?? 10,
    storage_flags: 0,
  };
  const { id, def, items } = build(speakerOf(DIALECT.courier).commands, 'message', fields, 1);
  const syntax = { command: id, items, rest: { start: 0, end: 0 }, notes: [], tail: new Uint8Array(0) };
  return { kind: 'wire', dialect: DIALECT.courier, dir: 1, command: 'message', def, items: [...items], syntax };
}

export const NO_TOPIC = 'The notification names no topic, and the device asks for several: give --topic.';

function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
