/**
 * A notification as the courier sends it to a device. What all devices share is encoded once and kept with the body;
 * token, message id, time and storage flags are patched into a copy for each device.
 */

import { packedAttributes } from '../../codec/packed/message.ts';
import type { PackedAttribute } from '../../codec/packed/value.ts';
import type { PackedWriter } from '../../codec/packed/writer.ts';
import { tlv } from '../../codec/tlv.ts';
import { fromHex } from '../../core/bytes.ts';
import type { Item } from '../../core/message.ts';
import type { FieldValues } from '../../schema/build.ts';
import { COURIER } from '../../schema/courier.ts';
import { idIn } from '../../schema/definition.ts';
import type { PushBody } from '../push.ts';
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

/** Encoded once: bytes, and where the individual parts lie. */
export interface Template {
  readonly bytes: Uint8Array;
  readonly id: number;
  readonly token: number;
  readonly timestamp: number;
  readonly flags: number;
}

interface Encoded {
  plain: Template | undefined;
  legacy: Template | undefined;
  packed: readonly PackedAttribute[] | undefined;
}

const FIELDS = COURIER.message.fields;
const ID = idIn(FIELDS.id, 1) as number;
const TOKEN = idIn(FIELDS.token, 1) as number;
const TIMESTAMP = idIn(FIELDS.timestamp, 1) as number;
const FLAGS = idIn(FIELDS.storage_flags, 1) as number;
const LEGACY_FLAGS = idIn(FIELDS.legacy_storage_flags, 1) as number;
const TOKEN_LENGTH = 32;
/** Header of a TLV item: id u8, length u16. */
const ITEM_HEADER = 3;

/** The TLV frame to copy and patch; from the cache when the body was sent in this form before. */
export function tlvTemplate(body: PushBody, variant: Variant): Template {
  if (variant.baseToken !== undefined || variant.correlation !== undefined) return makeTemplate(body, variant);
  const cache = cacheOf(body);
  if (variant.legacyFlags) return (cache.legacy ??= makeTemplate(body, variant));
  return (cache.plain ??= makeTemplate(body, variant));
}

/** Writes a template with its individual parts at `at` of `out`; the token must have 32 bytes. */
export function writeTemplate(template: Template, one: Individual, out: Uint8Array, at: number): void {
  out.set(template.bytes, at);
  out.set(one.token, at + template.token);
  const id = at + template.id;
  out[id] = one.id >>> 24;
  out[id + 1] = one.id >>> 16;
  out[id + 2] = one.id >>> 8;
  out[id + 3] = one.id;
  out[at + template.flags] = one.storageFlags;
  const time = at + template.timestamp;
  if (one.time !== lastTime) rememberTime(one.time);
  for (let i = 0; i < 8; i++) out[time + i] = lastTimeBytes[i];
}

/** The packed frame for one device; references depend on the connection, so only the attributes are shared. */
export function packedMessage(writer: PackedWriter, body: PushBody, variant: Variant, one: Individual): Uint8Array {
  let shared: readonly PackedAttribute[];
  if (variant.baseToken !== undefined || variant.correlation !== undefined) shared = makeAttributes(body, variant);
  else shared = cacheOf(body).packed ??= makeAttributes(body, variant);
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

function cacheOf(body: PushBody): Encoded {
  return (body.encoded ??= { plain: undefined, legacy: undefined, packed: undefined } satisfies Encoded) as Encoded;
}

function sharedFields(body: PushBody, variant: Variant): FieldValues {
  return {
    token: new Uint8Array(TOKEN_LENGTH),
    topic: fromHex(body.topicHash),
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

function makeTemplate(body: PushBody, variant: Variant): Template {
  const syntax = tlv.parse(tlv.encode('message', sharedFields(body, variant), 1), 1);
  // Servers were seen to write the fields in the order of their ids.
  const items = [...syntax.items].sort((a, b) => (a.id as number) - (b.id as number));
  const bytes = tlv.print({ ...syntax, items });
  const places = new Map(tlv.parse(bytes, 1).items.map((item: Item) => [item.id as number, (item.at?.start ?? 0) + ITEM_HEADER]));
  const place = (id: number): number => places.get(id) as number;
  return {
    bytes,
    id: place(ID),
    token: place(TOKEN),
    timestamp: place(TIMESTAMP),
    flags: place(variant.legacyFlags ? LEGACY_FLAGS : FLAGS),
  };
}

function makeAttributes(body: PushBody, variant: Variant): PackedAttribute[] {
  return packedAttributes('message', sharedFields(body, { ...variant, legacyFlags: false }), 1).attributes;
}
