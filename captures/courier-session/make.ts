/**
 * A courier session in the TLV encoding, already in plaintext: first the order of a real session (Connect, ConnectResponse,
 * active state, filter, keep-alive, notifications with acks, a message from the device, scoped token, flush), then, on a
 * second connection, every command of the schema in every direction with every field.
 *
 * Run: npx tsx captures/courier-session/make.ts
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tlv } from '../../src/codec/tlv.ts';
import type { Value } from '../../src/core/message.ts';
import { COURIER } from '../../src/schema/courier.ts';
import { type CommandDef, type FieldDef, goes, idIn } from '../../src/schema/definition.ts';
import { Conversation, pcapFile } from '../../test/support/conversation.ts';

const START = 1_795_284_000_000_000_000n; // 2026-11-21T18:00:00Z
const sha1 = (text: string): Uint8Array => createHash('sha1').update(text).digest();
const fill = (length: number, seed: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (seed + i * 7) & 255);
const token = fill(32, 0x40);
const payload = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));
const nonce = Uint8Array.from([0, ...Buffer.from(1_795_284_000_020n.toString(16).padStart(16, '0'), 'hex'), ...fill(8, 3)]);
const c2s = (command: string, fields: Record<string, Value | Value[]>): Uint8Array => tlv.encode(command, fields, 0);
const s2c = (command: string, fields: Record<string, Value | Value[]>): Uint8Array => tlv.encode(command, fields, 1);

const a = new Conversation('192.168.1.23:49701', '17.57.144.20:5223', START).open().wait(20);
a.send(
  0,
  c2s('connect', {
    token,
    state: 1,
    presence_flags: 0x20a,
    interface: 1,
    carrier: 'WiFi',
    software_version: '26.1',
    build: '23B85',
    hardware_version: 'iPhone16,1',
    certificate: fill(64, 0x30),
    nonce,
    signature: Uint8Array.from([1, 1, ...fill(128, 9)]),
    protocol_version: 12,
  }),
).wait(31);
a.send(
  1,
  s2c('connect_response', {
    status: 0,
    message_size: 4096,
    unknown5: 2,
    token,
    capabilities: 3,
    large_message_size: 15360,
    server_time: 1_795_284_000_063n,
    geo_region: 'DE',
    min_keep_alive: 10,
    expected_keep_alive: 15,
    max_keep_alive: 30,
  }),
).wait(4);
a.send(
  0,
  c2s('set_active_state', { state: 1, interval: 0x7fffffff }),
  c2s('filter', {
    version: 7n,
    token,
    enabled: [sha1('com.apple.madrid'), sha1('com.apple.ess'), sha1('com.example.chat')],
    ignored: [sha1('com.me.ubiquity')],
  }),
).wait(18);
a.send(
  0,
  c2s('keep_alive', { carrier: 'WiFi', software_version: '26.1', build: '23B85', hardware_version: 'iPhone16,1', interval: 15 }),
).wait(15);
a.send(1, s2c('keep_alive_response', {})).wait(900);
const push = (id: number, topic: string, body: object, more: Record<string, Value> = {}): Uint8Array =>
  s2c('message', {
    token,
    topic: sha1(topic),
    payload: payload(body),
    id,
    expiry: 1_795_370_400,
    timestamp: a.now - 45_123_457n,
    storage_flags: 0,
    priority: 10,
    ...more,
  });
a.send(
  1,
  push(0x1001, 'com.example.chat', { aps: { alert: { title: 'Ada', body: 'Lunch at noon?' }, badge: 1, sound: 'default' }, room: 42 }),
).wait(6);
a.send(0, c2s('message_ack', { status: 0, id: 0x1001, token })).wait(350);
a.send(
  1,
  push(
    0x1002,
    'com.apple.madrid',
    { c: 100, e: 1795284001000000000, sP: 'tel:+15550100', tP: 'mailto:ada@example.com', P: 'AAECAwQFBgc=' },
    { storage_flags: 1 },
  ),
  push(0x1003, 'com.example.chat', { aps: { 'content-available': 1 } }, { priority: 5, storage_flags: 3 }),
).wait(9);
a.send(0, c2s('message_ack', { status: 0, id: 0x1002, token }), c2s('message_ack', { status: 0, id: 0x1003, token })).wait(40);
a.send(0, c2s('message', { id: 77, topic: sha1('com.apple.madrid'), token, payload: payload({ c: 101, U: 'delivered' }) })).wait(28);
a.send(1, s2c('message_ack', { status: 0, id: 77, ack_timestamp: a.now })).wait(200);
a.send(0, c2s('app_token_generate', { topic: sha1('com.example.chat'), base_token: token, app_id: 4 })).wait(22);
a.send(1, s2c('app_token_generate_response', { status: 0, token: fill(32, 0x91), topic: sha1('com.example.chat'), app_id: 4 })).wait(3000);
a.send(0, c2s('flush', { want_padding: 64, padding: new Uint8Array(128) })).wait(12);
a.send(1, s2c('flush_response', { padding: new Uint8Array(64) })).wait(2000);
a.send(0, c2s('connect', { token, state: 2 }))
  .wait(1)
  .close();

/** A plausible value of a field, made from its type. */
function sample(name: string, field: FieldDef): Value {
  const { type } = field;
  const known = Object.keys(field.names ?? {}).map(Number);
  switch (type.kind) {
    case 'uint': {
      if (known.length > 0) return known[known.length - 1];
      if (field.flags !== undefined) return Object.keys(field.flags).reduce((sum, bit) => (sum | Number(bit)) >>> 0, 0);
      if (type.time === true)
        return type.unit === 'ns' ? 1_795_284_000_123_456_789n : type.unit === 'ms' ? 1_795_284_000_123n : 1_795_284_000;
      return type.width === 8 ? 0x0123_4567_89ab_cdefn : type.width === 4 ? 123_456 : type.width === 2 ? 1_234 : 3;
    }
    case 'bytes':
    case 'token':
      return fill(type.length ?? 12, name.length);
    case 'text':
      return `${name} of the session`;
    case 'decimal':
      return 17;
    case 'topic':
      return sha1('com.apple.madrid');
    case 'uuid':
      return fill(16, 0x10);
    case 'payload':
      return payload({ aps: { alert: 'every field' }, n: 12345678901234567890n.toString() });
    case 'protobuf':
      return Uint8Array.from([0x0a, 4, 1, 2, 3, 4, 0x10, 0x96, 1]);
    case 'padding':
      return new Uint8Array(16);
    case 'nonce':
      return nonce;
    case 'signature':
      return Uint8Array.from([1, 1, ...fill(128, 9)]);
    case 'address':
      return Uint8Array.from([192, 0, 2, 7]);
    case 'failures':
      return Uint8Array.from([0, 0, 0, 54, 0, 3]);
    default:
      return fill(24, 0x55);
  }
}

const b = new Conversation('192.168.1.23:49702', '17.57.144.21:5223', START + 5_000_000_000n, { isn: [0xffff_ff00, 0x7fff_fff0] })
  .open()
  .wait(20);
for (const [name, def] of Object.entries(COURIER as Record<string, CommandDef>)) {
  for (const dir of [0, 1] as const) {
    if (!goes(def, dir)) continue;
    const fields: Record<string, Value | Value[]> = {};
    for (const [key, field] of Object.entries(def.fields)) {
      if (idIn(field, dir) === undefined) continue;
      const value = sample(key, field);
      fields[key] = field.repeated ? [value, value] : value;
    }
    b.send(dir, tlv.encode(name, fields, dir)).wait(10);
  }
}
b.close();

const packets = [...a.packets, ...b.packets].sort((x, y) => (x.nanos < y.nanos ? -1 : x.nanos > y.nanos ? 1 : 0));
writeFileSync(new URL('courier-session.pcap', import.meta.url), pcapFile(packets));
