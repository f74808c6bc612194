/**
 * The two protobuf messages of publish-subscribe that the courier carries, both known from rustpush only:
 * SubscribeToChannel { 1 number, 2 repeated topic { 1 name, 2 repeated channel { 1 id, 2 last message ns }, 3 channels to drop }, 3 replace }
 * and Channel { 1 id, 2 last message ns }.
 */
import { ByteWriter, concatBytes } from '../../core/bytes.ts';
import { utf8, utf8Bytes } from '../../core/text.ts';

export interface ChannelWish {
  readonly topic: string;
  /** Base64. */
  readonly channel: string;
  /** Time of the newest message the device has, ns. */
  readonly last: bigint;
  readonly drop: boolean;
}

export interface SubscriptionRequest {
  readonly wishes: readonly ChannelWish[];
  /** The list replaces earlier subscriptions. */
  readonly replace: boolean;
}

/** Channels of one request: a filter holds some hundreds of topics at most, so this is far above any real device. */
const MAX_WISHES = 4096;

/** Reads a SubscribeToChannel; what is not understood is left out. Never throws. */
export function readSubscription(bytes: Uint8Array): SubscriptionRequest {
  const wishes: ChannelWish[] = [];
  let replace = false;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 3 && field.value !== undefined) replace = field.value !== 0n;
    if (field.number !== 2 || field.bytes === undefined) continue;
    const parts = fieldsOf(field.bytes);
    const name = parts.find((part) => part.number === 1)?.bytes;
    const topic = (name && utf8(name)) ?? '';
    for (const part of parts) {
      if (part.bytes === undefined || wishes.length >= MAX_WISHES || (part.number !== 2 && part.number !== 3)) continue;
      const drop = part.number === 3;
      const inner = fieldsOf(part.bytes);
      const id = inner.find((entry) => entry.number === 1)?.bytes ?? (drop ? part.bytes : undefined);
      if (id === undefined) continue;
      const last = inner.find((entry) => entry.number === 2)?.value ?? 0n;
      wishes.push({ topic, channel: Buffer.from(id).toString('base64'), last, drop });
    }
  }
  return { wishes, replace };
}

export function writeSubscription(request: SubscriptionRequest): Uint8Array {
  const topics = new Map<string, Uint8Array[]>();
  for (const { topic, channel, last, drop } of request.wishes) {
    const parts = topics.get(topic) ?? [counted(1, utf8Bytes(topic))];
    parts.push(counted(drop ? 3 : 2, writeChannel(channel, last)));
    topics.set(topic, parts);
  }
  return concatBytes([
    varint(1, 1n),
    ...[...topics.values()].map((parts) => counted(2, concatBytes(parts))),
    varint(3, request.replace ? 1n : 0n),
  ]);
}

/** Channel { id, last message ns }: field 29 of a message. `channel` is base64. */
export function writeChannel(channel: string, last: bigint): Uint8Array {
  return concatBytes([counted(1, Buffer.from(channel, 'base64')), varint(2, last)]);
}

interface ProtobufField {
  readonly number: number;
  readonly value: bigint | undefined;
  readonly bytes: Uint8Array | undefined;
}

function fieldsOf(b: Uint8Array): ProtobufField[] {
  const out: ProtobufField[] = [];
  let at = 0;
  const number = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; at < b.length && shift < 70n; shift += 7n) {
      const byte = b[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < b.length) {
    const key = number();
    if (key === undefined) return out;
    const field = Number(key >> 3n);
    const kind = Number(key & 7n);
    if (kind === 0) {
      const value = number();
      if (value === undefined) return out;
      out.push({ number: field, value, bytes: undefined });
      continue;
    }
    const length = kind === 1 ? 8n : kind === 5 ? 4n : kind === 2 ? number() : undefined;
    if (length === undefined || BigInt(at) + length > BigInt(b.length)) return out;
    const bytes = b.slice(at, at + Number(length));
    at += bytes.length;
    out.push({ number: field, value: undefined, bytes });
  }
  return out;
}

function varint(field: number, value: bigint): Uint8Array {
  const out = new ByteWriter(12).u8(field << 3);
  for (; value > 0x7fn; value >>= 7n) out.u8(Number(value & 0x7fn) | 0x80);
  return out.u8(Number(value)).finish();
}

function counted(field: number, bytes: Uint8Array): Uint8Array {
  const length = varint(0, BigInt(bytes.length)).subarray(1);
  return concatBytes([Uint8Array.of((field << 3) | 2), length, bytes]);
}
