/**
 * A notification as the courier sends it to a device. TLV frames are filled into a skeleton; packed ones share their
 * attributes between devices, and references make the rest of them different for each connection.
 */

import { packedAttributes } from '../../codec/packed/message.ts';
import type { PackedAttribute } from '../../codec/packed/value.ts';
import type { PackedWriter } from '../../codec/packed/writer.ts';
import { tlv } from '../../codec/tlv.ts';
import { fromHex } from '../../core/bytes.ts';
import type { Item } from '../../core/message.ts';
import type { FieldValues } from '../../schema/build.ts';
import { COURIER } from '../../schema/courier.ts';
import { type FieldDef, idIn } from '../../schema/definition.ts';
import { type PushBody, pushBody, topicBytes } from '../push.ts';
import { writeChannel } from './subscription.ts';

export const STORED = 1;
export const LAST_STORED = 2;

/** What differs from device to device. */
export interface Individual {
  readonly id: number;
  /** 32 bytes as a rule. */
  readonly token: Uint8Array;
  /** Milliseconds since the epoch; the wire has nanoseconds. */
  readonly time: number;
  readonly storageFlags: number;
}

export interface Variant {
  /** Clients before protocol version numbers read the storage flags in field 7. */
  readonly legacyFlags: boolean;
  /** The device's own token, when the push is for a scoped one. */
  readonly baseToken: Uint8Array | undefined;
  readonly correlation: string | undefined;
}

const MODERN: Variant = { legacyFlags: false, baseToken: undefined, correlation: undefined };
const LEGACY: Variant = { legacyFlags: true, baseToken: undefined, correlation: undefined };

/** `baseToken`: hex. The usual two are shared, so that a fan-out makes none. */
export function variantOf(legacyFlags: boolean, baseToken: string | undefined, correlation: string | undefined): Variant {
  if (baseToken === undefined && correlation === undefined) return legacyFlags ? LEGACY : MODERN;
  return { legacyFlags, baseToken: baseToken === undefined ? undefined : fromHex(baseToken), correlation };
}

/**
 * The frame of a message with everything in it but what `writeMessage` fills in: places are offsets in the frame before the
 * payload grows it. One for each set of fields; made by the real encoder, so that ids and order stay the schema's business.
 */
export interface Skeleton {
  /** Up to the payload, and behind it. */
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  /** Where the payload's length (u16) stands, in the head. */
  readonly payloadLength: number;
  readonly token: number;
  readonly topic: number;
  /** Offsets in the tail; -1 for a field that this skeleton does not have. */
  readonly id: number;
  readonly expiry: number;
  readonly timestamp: number;
  readonly flags: number;
  readonly priority: number;
}

const FIELDS = COURIER.message.fields;
const ID = idIn(FIELDS.id, 1) as number;
const TOKEN = idIn(FIELDS.token, 1) as number;
const TIMESTAMP = idIn(FIELDS.timestamp, 1) as number;
const FLAGS = idIn(FIELDS.storage_flags, 1) as number;
const TOKEN_LENGTH = 32;
const TOPIC_LENGTH = 20;
/** Header of a TLV item: id u8, length u16. */
const ITEM_HEADER = 3;
/** Header of a frame: command u8, length u32. */
const FRAME_HEADER = 5;

/** Skeletons by whether there is an expiry, and which of the two storage flags. */
const skeletons: (Skeleton | undefined)[] = [];

/** The skeleton for a message, or undefined when it has a field that only the general encoder writes. */
export function skeletonFor(body: PushBody, variant: Variant): Skeleton | undefined {
  if (variant.baseToken !== undefined || variant.correlation !== undefined || body.channel !== undefined) return undefined;
  const shape = (body.expiry === undefined ? 0 : 1) | (variant.legacyFlags ? 2 : 0);
  return (skeletons[shape] ??= makeSkeleton(shape));
}

/** Length of the frame that `writeMessage` writes. */
export function messageLength(skeleton: Skeleton, body: PushBody): number {
  return skeleton.head.length + body.payload.length + skeleton.tail.length;
}

/** Writes the frame at `at` of `out`; the token must have 32 bytes. */
export function writeMessage(skeleton: Skeleton, body: PushBody, one: Individual, out: Uint8Array, at: number): void {
  const { head, tail } = skeleton;
  const { payload } = body;
  const n = payload.length;
  out.set(head, at);
  out.set(payload, at + head.length);
  const after = at + head.length + n;
  out.set(tail, after);
  putU32(out, at + 1, head.length + n + tail.length - FRAME_HEADER);
  out[at + skeleton.payloadLength] = n >>> 8;
  out[at + skeleton.payloadLength + 1] = n;
  out.set(one.token, at + skeleton.token);
  out.set(topicBytes(body.topicHash), at + skeleton.topic);
  putU32(out, after + skeleton.id, one.id);
  if (skeleton.expiry >= 0) putU32(out, after + skeleton.expiry, Math.min(body.expiry as number, 0xffffffff));
  out[after + skeleton.flags] = one.storageFlags;
  out[after + skeleton.priority] = body.priority;
  if (one.time !== lastTime) rememberTime(one.time);
  for (let i = 0; i < 8; i++) out[after + skeleton.timestamp + i] = lastTimeBytes[i];
}

function putU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

/** The packed frame for one device; references depend on the connection, so only the attributes are shared. */
export function packedMessage(writer: PackedWriter, body: PushBody, variant: Variant, one: Individual): Uint8Array {
  let shared: readonly PackedAttribute[];
  if (variant.baseToken !== undefined || variant.correlation !== undefined) shared = makeAttributes(body, variant);
  else shared = (body.encoded ??= makeAttributes(body, variant)) as readonly PackedAttribute[];
  const attributes = shared.map((attribute): PackedAttribute => {
    if (attribute.id === ID) return { ...attribute, value: one.id };
    if (attribute.id === TOKEN) return { ...attribute, value: one.token };
    if (attribute.id === TIMESTAMP) return { ...attribute, value: BigInt(Math.floor(one.time)) * 1_000_000n };
    if (attribute.id === FLAGS) return { ...attribute, value: one.storageFlags };
    return attribute;
  });
  return writer.frame(COURIER.message.id, attributes);
}

/** All fields of the message to one device, for dialects without a cheaper way. */
export function messageFields(body: PushBody, variant: Variant, one: Individual): FieldValues {
  const flags = variant.legacyFlags ? { legacy_storage_flags: one.storageFlags } : { storage_flags: one.storageFlags };
  return { ...sharedFields(body, variant), ...flags, token: one.token, id: one.id, timestamp: BigInt(Math.floor(one.time)) * 1_000_000n };
}

/** The last time that was written, as bytes: 64-bit arithmetic for each message would cost more than all the rest of it. */
let lastTime = Number.NaN;
const lastTimeBytes = new Uint8Array(8);

function rememberTime(ms: number): void {
  lastTime = ms;
  new DataView(lastTimeBytes.buffer).setBigUint64(0, BigInt(Math.floor(ms)) * 1_000_000n);
}

function sharedFields(body: PushBody, variant: Variant): FieldValues {
  return {
    token: new Uint8Array(TOKEN_LENGTH),
    topic: topicBytes(body.topicHash),
    payload: body.payload,
    id: 0,
    expiry: body.expiry === undefined ? undefined : Math.min(body.expiry, 0xffffffff),
    timestamp: 0n,
    priority: body.priority,
    ...(variant.legacyFlags ? { legacy_storage_flags: 0 } : { storage_flags: 0 }),
    ...(variant.baseToken === undefined ? {} : { base_token: variant.baseToken }),
    ...(variant.correlation === undefined ? {} : { correlation_id: variant.correlation }),
    ...(body.channel === undefined ? {} : { pub_sub_info: writeChannel(body.channel, 0n) }),
  };
}

function makeSkeleton(shape: number): Skeleton {
  const body = pushBody({ topicHash: '00'.repeat(TOPIC_LENGTH), payload: new Uint8Array(0), expiry: (shape & 1) === 0 ? undefined : 0 });
  const legacyFlags = (shape & 2) !== 0;
  const syntax = tlv.parse(tlv.encode('message', sharedFields(body, { legacyFlags, baseToken: undefined, correlation: undefined }), 1), 1);
  // Servers were seen to write the fields in the order of their ids; the payload then stands before all small ones.
  const items = [...syntax.items].sort((a, b) => (a.id as number) - (b.id as number));
  const bytes = tlv.print({ ...syntax, items });
  const places = new Map(tlv.parse(bytes, 1).items.map((item: Item) => [item.id as number, (item.at?.start ?? 0) + ITEM_HEADER]));
  const place = (field: FieldDef): number => places.get(idIn(field, 1) as number) ?? -1;
  const cut = place(FIELDS.payload);
  const inTail = (field: FieldDef): number => Math.max(-1, place(field) - cut);
  return {
    head: bytes.slice(0, cut),
    tail: bytes.slice(cut),
    payloadLength: cut - 2,
    token: place(FIELDS.token),
    topic: place(FIELDS.topic),
    id: inTail(FIELDS.id),
    expiry: inTail(FIELDS.expiry),
    timestamp: inTail(FIELDS.timestamp),
    flags: inTail(legacyFlags ? FIELDS.legacy_storage_flags : FIELDS.storage_flags),
    priority: inTail(FIELDS.priority),
  };
}

function makeAttributes(body: PushBody, variant: Variant): PackedAttribute[] {
  return packedAttributes('message', sharedFields(body, { ...variant, legacyFlags: false }), 1).attributes;
}
