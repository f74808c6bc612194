/**
 * Traffic in which rules over several messages find something, by place: gateway, device, http2, delivery, connections; and
 * `healthy`, the same exchanges as they should be, in which nothing is found. The findings are in `expected/*.findings.txt`.
 *
 * Run: npx tsx captures/findings/make.ts
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { feedback } from '../../src/codec/feedback.ts';
import { gateway } from '../../src/codec/gateway.ts';
import { writeFrame } from '../../src/codec/http2/frames.ts';
import { tlv } from '../../src/codec/tlv.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import type { Value } from '../../src/core/message.ts';
import { Conversation, pcapFile } from '../../test/support/conversation.ts';
import { H2Writer } from '../../test/support/http2-writer.ts';

const START_SECONDS = 1_795_284_000; // 2026-11-21T18:00:00Z
const LATER = START_SECONDS + 86_400;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const sha1 = (text: string): Uint8Array => createHash('sha1').update(text).digest();
const token = (seed: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => (seed * 16 + i * 7) & 255);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const json = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));
const alert = (text: string): Uint8Array => json({ aps: { alert: text } });

let conversations: Conversation[] = [];
function talk(second: number, client: string, server: string): Conversation {
  const c = new Conversation(client, server, BigInt(START_SECONDS + second) * 1_000_000_000n).open().wait(10);
  conversations.push(c);
  return c;
}
function write(name: string): void {
  const packets = conversations.flatMap((c) => c.packets).sort((x, y) => (x.nanos < y.nanos ? -1 : x.nanos > y.nanos ? 1 : 0));
  writeFileSync(new URL(`${name}.pcap`, import.meta.url), pcapFile(packets));
  conversations = [];
}

// --- gateway ---------------------------------------------------------------------------------------------------------

const GATEWAY = '17.188.0.10:2195';
const notification = (id: number, to: Uint8Array, text: string, more: Record<string, Value> = {}): Uint8Array =>
  gateway.encode('notification', { token: to, payload: alert(text), identifier: id, expiry: LATER, ...more }, 0);
const refusal = (status: number, id: number): Uint8Array => gateway.encode('error_response', { status, identifier: id }, 1);

const refused = talk(0, '10.0.0.2:50000', GATEWAY);
refused.send(0, notification(1, token(1), 'went through'), notification(2, token(2), 'bad token')).wait(1);
refused.send(0, notification(3, token(3), 'discarded and lost'), notification(4, token(4), 'discarded and sent again')).wait(20);
refused.send(1, refusal(8, 2)).wait(5);
refused.send(0, notification(5, token(5), 'written after the error')).close(1);
const again = talk(1, '10.0.0.2:50001', GATEWAY);
again.send(0, notification(1, token(4), 'discarded and sent again'), notification(2, token(2), 'to the refused token')).wait(4_000_000);
again.send(0, notification(3, token(6), 'after an idle hour'));
again.send(0, gateway.encode('notification', { token: token(6), payload: alert('x'.repeat(2100)), identifier: 4, expiry: LATER }, 0));
again.send(
  0,
  gateway.encode('notification', { token: token(6), payload: json({ aps: { 'content-available': 1 } }), identifier: 5, expiry: LATER }, 0),
);
again.send(0, notification(6, token(6), 'expired', { expiry: START_SECONDS - 60 })).wait(10);
again.send(1, refusal(10, 5)).close(1);
const unknown = talk(5000, '10.0.0.2:50002', GATEWAY);
unknown
  .send(0, notification(1, token(7), 'fine'))
  .wait(10)
  .send(1, refusal(7, 99))
  .close(1);
const list = talk(5100, '10.0.0.2:50003', '17.188.0.11:2196');
list.send(1, feedback.encode('feedback', { timestamp: START_SECONDS - 3600, token: token(8) }, 1)).close(1);
talk(5200, '10.0.0.2:50004', GATEWAY)
  .send(0, notification(1, token(8), 'listed by feedback'))
  .close();
const burst = token(9);
for (let i = 0; i < 10; i++) {
  const c = talk(6000 + i, `10.0.0.2:5100${i}`, GATEWAY);
  burst[0] = i + 1;
  c.send(0, notification(1, burst, 'wrong environment'))
    .wait(5)
    .send(1, refusal(8, 1))
    .close(1);
}
write('gateway');

// --- device ----------------------------------------------------------------------------------------------------------

const COURIER = '17.57.144.20:5223';
const c2s = (command: string, fields: Record<string, Value | Value[]>): Uint8Array => tlv.encode(command, fields, 0);
const s2c = (command: string, fields: Record<string, Value | Value[]>): Uint8Array => tlv.encode(command, fields, 1);
const connect = (to: Uint8Array | undefined): Uint8Array =>
  c2s('connect', { ...(to === undefined ? {} : { token: to }), state: 1, presence_flags: 0x202 });
const accepted = (more: Record<string, Value> = {}): Uint8Array =>
  s2c('connect_response', { status: 0, message_size: 4096, min_keep_alive: 10, max_keep_alive: 30, ...more });
const filter = (to: Uint8Array): Uint8Array =>
  c2s('filter', { token: to, enabled: [sha1('com.example.chat')], ignored: [sha1('com.example.news')] });
const push = (to: Uint8Array, id: number, more: Record<string, Value> = {}): Uint8Array =>
  s2c('message', { token: to, topic: sha1('com.example.chat'), payload: alert(`message ${id}`), id, expiry: LATER, priority: 10, ...more });
const ack = (to: Uint8Array, id: number, status = 0): Uint8Array => c2s('message_ack', { status, id, token: to });
const keepAlive = (minutes: number): Uint8Array => c2s('keep_alive', { carrier: 'WiFi', interval: minutes });
const alive = s2c('keep_alive_response', {});

const pushes = talk(0, '192.168.1.2:49000', COURIER).send(0, connect(token(1)));
pushes.send(0, keepAlive(15)).wait(20); // before it is accepted
pushes.send(1, accepted({ token: token(2), server_time: BigInt(START_SECONDS + 600) * 1000n })).wait(5); // another token, another clock
pushes
  .send(1, alive)
  .send(0, filter(token(2)))
  .wait(10);
pushes
  .send(1, push(token(2), 1), push(token(2), 2))
  .wait(10)
  .send(0, ack(token(2), 2))
  .wait(50); // 1 stays open
pushes.send(1, push(token(2), 1)).wait(10); // and comes again
pushes.send(0, ack(token(2), 1, 3)).wait(10); // is refused
pushes
  .send(1, push(token(2), 3, { topic: sha1('com.example.news') }))
  .wait(10)
  .send(0, ack(token(2), 3))
  .wait(10);
pushes
  .send(1, push(token(2), 4, { topic: sha1('com.example.other') }))
  .wait(10)
  .send(0, ack(token(2), 4))
  .wait(10);
pushes
  .send(1, push(token(2), 5, { expiry: START_SECONDS - 120 }))
  .wait(10)
  .send(0, ack(token(2), 5))
  .wait(10);
pushes
  .send(1, push(token(2), 6, { payload: json({ aps: { 'content-available': 1 } }) }))
  .wait(10)
  .send(0, ack(token(2), 6))
  .wait(10);
pushes
  .send(1, push(token(2), 7, { payload: alert('y'.repeat(4200)) }))
  .wait(7000)
  .send(0, ack(token(2), 7))
  .wait(10); // too large, answered late
pushes.send(0, c2s('message', { id: 70, topic: sha1('com.example.chat'), token: token(2), payload: alert('a') }));
pushes.send(0, c2s('message', { id: 71, topic: sha1('com.example.chat'), token: token(2), payload: alert('b') })).wait(10);
pushes.send(1, s2c('message_ack', { status: 0, id: 71 }), s2c('message_ack', { status: 0, id: 70 })).wait(10); // out of order
pushes.send(1, s2c('app_token_generate_response', { status: 0, token: token(9), topic: sha1('com.example.chat') })).wait(10); // nobody asked
pushes.send(0, keepAlive(15)).wait(30).send(1, alive).wait(2_400_000); // forty minutes instead of fifteen
pushes.send(0, keepAlive(15)).wait(60_000); // no answer
pushes.send(0, keepAlive(45)).wait(10).send(1, alive).wait(10); // slower than allowed
pushes
  .send(1, push(token(2), 8), push(token(2), 9))
  .wait(10)
  .send(0, ack(token(2), 9))
  .wait(10); // 8 is not acknowledged
pushes.send(0, c2s('connect', { token: token(2), state: 2 })).wait(5);
pushes
  .send(0, c2s('message', { id: 72, topic: sha1('com.example.chat'), token: token(2), payload: alert('c') }))
  .wait(30_000)
  .close();

const wrong = talk(60, '192.168.1.3:49001', COURIER)
  .send(0, connect(token(3)))
  .wait(10);
wrong
  .send(1, s2c('connect_response', { status: 2, server_time_for_bad_nonce: 1_795_284_000_000n, invalid_presence_reason: 'nonce' }))
  .wait(10);
wrong
  .send(0, filter(token(3)))
  .wait(10)
  .close(1);
talk(70, '192.168.1.3:49002', COURIER)
  .send(0, connect(undefined))
  .wait(10)
  .send(1, accepted({ token: token(4) }))
  .wait(10_000)
  .close(1); // no filter

const old = talk(100, '192.168.1.4:49003', COURIER)
  .send(0, connect(token(5)))
  .wait(10)
  .send(1, accepted())
  .wait(5)
  .send(0, filter(token(5)))
  .wait(60_000);
const newer = talk(130, '192.168.1.4:49004', COURIER)
  .send(0, connect(token(5)))
  .wait(10)
  .send(1, accepted())
  .wait(5);
newer.send(0, filter(token(5))).close();
old
  .send(1, push(token(5), 1))
  .wait(10)
  .send(0, ack(token(5), 1))
  .close(); // the old connection lives on
write('device');

// --- http2 -----------------------------------------------------------------------------------------------------------

const APNS = '17.188.166.30:443';
const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const provider = (issued: number, key = 'ABCDE12345'): string =>
  `${base64url({ alg: 'ES256', kid: key })}.${base64url({ iss: 'TEAM123456', iat: issued })}.${Buffer.alloc(64, 7).toString('base64url')}`;

/** Both ends of an HTTP/2 connection. */
class Exchange {
  readonly c: Conversation;
  readonly client = new H2Writer();
  readonly server = new H2Writer();

  constructor(c: Conversation, streams: number) {
    this.c = c;
    c.send(0, PREFACE, this.client.settings())
      .wait(10)
      .send(1, this.server.settings([[3, streams]]), this.server.settings([], true))
      .wait(1);
    c.send(0, this.client.settings([], true)).wait(1);
  }

  push(stream: number, to: Uint8Array, jwt: string, headers: Record<string, string> = {}): this {
    const all: Record<string, string> = {
      ':method': 'POST',
      ':scheme': 'https',
      ':path': `/3/device/${hex(to)}`,
      ':authority': 'api.push.apple.com',
      authorization: `bearer ${jwt}`,
      'apns-topic': 'com.example.app',
      'apns-push-type': 'alert',
      'apns-expiration': String(LATER),
      ...headers,
    };
    const list = Object.entries(all).map(([name, value]) => ({ name, value }));
    this.c.send(0, this.client.headers(stream, list), this.client.data(stream, alert(`push on stream ${stream}`))).wait(1);
    return this;
  }

  answer(stream: number, status: number, reason?: string, timestamp?: number): this {
    const head = this.server.headers(stream, [{ name: ':status', value: String(status) }], { end: reason === undefined });
    const body =
      reason === undefined
        ? new Uint8Array(0)
        : this.server.data(stream, json({ reason, ...(timestamp === undefined ? {} : { timestamp }) }));
    this.c.send(1, concatBytes([head, body])).wait(1);
    return this;
  }

  goaway(last: number, body: Uint8Array): this {
    const payload = Buffer.alloc(8 + body.length);
    payload.writeUInt32BE(last, 0);
    payload.set(body, 8);
    this.c.send(1, writeFrame(7, 0, 0, payload)).wait(1);
    return this;
  }
}

const good = provider(START_SECONDS - 60);
const streams = new Exchange(talk(0, '10.0.0.3:40000', APNS), 2);
streams.push(1, token(1), good).push(3, token(2), good).push(5, token(3), good); // the limit reached, then exceeded
streams
  .answer(1, 200)
  .answer(3, 400, 'BadDeviceToken')
  .answer(5, 410, 'Unregistered', START_SECONDS * 1000 - 5000);
streams.push(7, token(2), good).answer(7, 400, 'BadDeviceToken'); // again to a token that was refused
streams.push(9, token(3), good).answer(9, 410, 'Unregistered', START_SECONDS * 1000 - 5000);
streams
  .push(11, token(4), good)
  .push(13, token(5), good)
  .goaway(11, json({ reason: 'Shutdown' })); // 13 is not processed
streams.answer(11, 200).push(15, token(6), good).c.close(1);
const tokens = new Exchange(talk(20, '10.0.0.3:40001', APNS), 100);
tokens.push(1, token(7), provider(START_SECONDS - 7200)).answer(1, 403, 'ExpiredProviderToken'); // two hours old
tokens.push(3, token(7), provider(START_SECONDS + 300)).answer(3, 403, 'InvalidProviderToken'); // from the future, and renewed early
tokens.push(5, token(7), provider(START_SECONDS - 10, 'OTHER67890')).answer(5, 403, 'UnrelatedKeyIdInToken'); // another key
tokens.push(7, token(7), provider(START_SECONDS - 5, 'OTHER67890'), { 'apns-expiration': String(START_SECONDS - 5) });
tokens.c.wait(8000);
tokens.answer(7, 200).push(9, token(7), good).c.wait(40_000); // slow; and one without an answer
tokens.c
  .send(0, writeFrame(6, 0, 0, new Uint8Array(8)))
  .wait(5)
  .send(1, writeFrame(6, 1, 0, new Uint8Array(8)))
  .close(1);
write('http2');

// --- channels --------------------------------------------------------------------------------------------------------

const channels = new Exchange(talk(0, '10.0.0.3:40003', APNS), 100);
const about = (method: string, path: string, more: Record<string, string>): { name: string; value: string }[] =>
  Object.entries({
    ':method': method,
    ':scheme': 'https',
    ':path': path,
    ':authority': 'api.push.apple.com',
    authorization: `bearer ${good}`,
    ...more,
  }).map(([name, value]) => ({ name, value }));
const CHANNELS = '/1/apps/com.example.app/channels';
const BROADCASTS = '/4/broadcasts/apps/com.example.app';
/** A channel is made for live activities; the answer names it. */
const make = (stream: number, policy: number, channel: string): void => {
  const body = json({ 'message-storage-policy': policy, 'push-type': 'LiveActivity' });
  channels.c.send(0, channels.client.headers(stream, about('POST', CHANNELS, {})), channels.client.data(stream, body)).wait(5);
  const head = [
    { name: ':status', value: '201' },
    { name: 'apns-channel-id', value: channel },
  ];
  channels.c.send(1, channels.server.headers(stream, head, { end: true })).wait(5);
};
const broadcast = (stream: number, channel: string, expiration: number): void => {
  const more = {
    'apns-channel-id': channel,
    'apns-push-type': 'LiveActivity',
    'apns-priority': '5',
    'apns-expiration': String(expiration),
  };
  channels.c
    .send(0, channels.client.headers(stream, about('POST', BROADCASTS, more)), channels.client.data(stream, alert(`goal ${stream}`)))
    .wait(5);
};
const UNSTORED = 'dGhlIGZpcnN0IGNoYW4=';
make(1, 0, UNSTORED);
broadcast(3, UNSTORED, 0);
channels.answer(3, 200);
broadcast(5, UNSTORED, LATER); // nothing is kept that could expire
channels.answer(5, 400, 'BadExpirationDate').c.close(1);
write('channels');

// --- delivery --------------------------------------------------------------------------------------------------------

const receiver = talk(0, '192.168.1.5:49005', COURIER)
  .send(0, connect(token(1)))
  .wait(10)
  .send(1, accepted())
  .wait(5);
receiver.send(0, c2s('filter', { token: token(1), enabled: [sha1('com.example.app')] })).wait(2000);
const sender = new Exchange(talk(1, '10.0.0.4:40002', APNS), 100);
sender.push(1, token(1), good).answer(1, 200).push(3, token(1), good).answer(3, 200);
receiver.send(
  1,
  s2c('message', {
    token: token(1),
    topic: sha1('com.example.app'),
    payload: alert('push on stream 1'),
    id: 1,
    expiry: LATER,
    priority: 10,
  }),
);
receiver
  .wait(10)
  .send(0, ack(token(1), 1))
  .wait(30_000);
receiver.send(0, c2s('keep_alive', {})).wait(5).send(1, alive).close(); // stream 3 never came
sender.c.close();
write('delivery');

// --- connections -----------------------------------------------------------------------------------------------------

for (let i = 0; i < 24; i++) {
  const c = new Conversation(`10.0.0.5:${42_000 + i}`, GATEWAY, BigInt(START_SECONDS) * 1_000_000_000n + BigInt(i) * 150_000_000n).open();
  conversations.push(c.send(0, notification(1, token(i % 8), 'one push a connection')).close());
}
write('connections');

// --- healthy ---------------------------------------------------------------------------------------------------------

talk(0, '10.0.0.6:50000', GATEWAY)
  .send(0, notification(1, token(1), 'one'), notification(2, token(2), 'two'))
  .wait(1000)
  .send(0, notification(3, token(3), 'three'))
  .close();
const well = talk(1, '192.168.1.6:49006', COURIER)
  .send(0, connect(token(4)))
  .wait(10)
  .send(1, accepted({ token: token(4), server_time: BigInt(START_SECONDS + 1) * 1000n }));
well
  .wait(5)
  .send(0, filter(token(4)))
  .wait(10)
  .send(0, keepAlive(15))
  .wait(10)
  .send(1, alive)
  .wait(10);
well.send(1, push(token(4), 1), push(token(4), 2, { payload: json({ aps: { 'content-available': 1 } }), priority: 5 })).wait(10);
well.send(0, ack(token(4), 1), ack(token(4), 2)).wait(10);
well.send(0, c2s('message', { id: 70, topic: sha1('com.example.chat'), token: token(4), payload: alert('a') })).wait(10);
well.send(1, s2c('message_ack', { status: 0, id: 70 })).wait(900_000);
well
  .send(0, keepAlive(15))
  .wait(20)
  .send(1, alive)
  .wait(10)
  .send(0, c2s('connect', { token: token(4), state: 2 }))
  .close();
const calm = new Exchange(talk(2, '10.0.0.7:40003', APNS), 100);
calm.push(1, token(5), good).answer(1, 200).push(3, token(6), good).answer(3, 200);
calm.c.wait(1_500_000);
calm
  .push(5, token(5), provider(START_SECONDS + 1440))
  .answer(5, 200)
  .goaway(5, new Uint8Array(0))
  .c.close(1); // renewed after 25 minutes
write('healthy');
