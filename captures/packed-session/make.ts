/**
 * Courier sessions in the packed encoding, already in plaintext.
 *
 * 49711: a whole session: Connect and its answer, state, filter, keep-alive, notifications (JSON, and IDS property lists sent as
 * dictionaries) with acknowledgements, flush. 49712: the same kind of session joined in the middle: the first segments are
 * not in the capture. 49713: one segment from the server is lost; what it added to the table stays unknown. 49714: a faulty
 * sender: reserved encodings, references to nothing, too deep, cut off.
 *
 * Run: npx tsx captures/packed-session/make.ts
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { packedAttributes } from '../../src/codec/packed/message.ts';
import { PackedWriter } from '../../src/codec/packed/writer.ts';
import { fromHex } from '../../src/core/bytes.ts';
import type { PlistValue } from '../../src/core/plist-value.ts';
import { writePlist } from '../../src/core/plist-writer.ts';
import type { FieldValues } from '../../src/schema/build.ts';
import { Conversation, type Packet, pcapFile } from '../../test/support/conversation.ts';

const START = 1_795_284_000_000_000_000n; // 2026-11-21T18:00:00Z
const sha1 = (text: string): Uint8Array => createHash('sha1').update(text).digest();
const fill = (length: number, seed: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (seed + i * 7) & 255);
const token = fill(32, 0x40);
const json = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));

/** The two writers of one connection. */
class Session {
  readonly conversation: Conversation;
  private readonly writers = [new PackedWriter(), new PackedWriter()] as const;

  constructor(port: number, second: number) {
    this.conversation = new Conversation(`192.168.1.23:${port}`, '17.57.144.20:5223', START + BigInt(second) * 1_000_000_000n)
      .open()
      .wait(20);
  }

  bytes(dir: 0 | 1, command: string, fields: FieldValues): Uint8Array {
    const { id, attributes } = packedAttributes(command, fields, dir);
    return this.writers[dir].frame(id, attributes);
  }

  send(dir: 0 | 1, command: string, fields: FieldValues): this {
    this.conversation.send(dir, this.bytes(dir, command, fields)).wait(25);
    return this;
  }
}

const ids = (c: number, more: [string, PlistValue][]): Uint8Array =>
  writePlist(
    new Map<string, PlistValue>([
      ['c', c],
      ['E', 'pair'],
      ['sP', 'mailto:ada@example.com'],
      ['tP', 'mailto:grace@example.com'],
      ['sT', fill(32, 0x11)],
      ['U', fill(16, c)],
      ['e', 1_795_284_000_123_456_789n],
      ...more,
    ]),
  );

function begin(session: Session): Session {
  return session
    .send(0, 'connect', {
      token,
      state: 1,
      presence_flags: 0x20a,
      carrier: 'WiFi',
      software_version: '26.1',
      build: '23B85',
      hardware_version: 'iPhone16,1',
      certificate: fill(64, 0x30),
      nonce: Uint8Array.from([0, ...Buffer.from(1_795_284_000_020n.toString(16).padStart(16, '0'), 'hex'), ...fill(8, 3)]),
      signature: Uint8Array.from([1, 1, ...fill(128, 9)]),
      protocol_version: 12,
    })
    .send(1, 'connect_response', {
      status: 0,
      message_size: 4096,
      token,
      capabilities: 3,
      server_time: 1_795_284_000_063n,
      geo_region: 'DE',
    })
    .send(0, 'set_active_state', { state: 1, interval: 0x7fffffff })
    .send(0, 'filter', {
      version: (1n << 64n) - 2n,
      token,
      enabled: [sha1('com.apple.madrid'), sha1('com.apple.ess')],
      ignored: [sha1('com.me.ubiquity')],
    });
}

function talk(session: Session): Session {
  const push = (id: number, topic: string, payload: Uint8Array): void => {
    session.send(1, 'message', {
      topic,
      token,
      payload,
      id,
      expiry: 1_795_290_000,
      timestamp: 1_795_284_000_000_000_000n + BigInt(id),
      priority: 10,
    });
    session.send(0, 'message_ack', { status: 0, id, token });
  };
  session.send(0, 'keep_alive', {
    carrier: 'WiFi',
    software_version: '26.1',
    build: '23B85',
    hardware_version: 'iPhone16,1',
    interval: 15,
  });
  session.send(1, 'keep_alive_response', { response: 0 });
  push(1, 'com.apple.ess', json({ aps: { alert: { title: 'Grüße', body: 'first' }, badge: 1 } }));
  push(
    2,
    'com.apple.madrid',
    ids(100, [
      ['P', fill(40, 5)],
      [
        'dtl',
        [
          new Map<string, PlistValue>([
            ['tP', 'mailto:grace@example.com'],
            ['D', true],
          ]),
        ],
      ],
    ]),
  );
  push(
    3,
    'com.apple.madrid',
    ids(97, [
      ['hs', 200],
      ['b', new Uint8Array(gzipSync('{"ok":true}'))],
    ]),
  );
  session.send(0, 'message', { id: 77, topic: 'com.apple.madrid', token, payload: ids(101, [['D', false]]), last_rtt: 31 });
  session.send(1, 'message_ack', { status: 0, id: 77 });
  push(4, 'com.apple.ess', json({ aps: { 'content-available': 1 } }));
  session.send(1, 'flush', { want_padding: 64, padding: 64 });
  session.send(0, 'flush_response', { padding: 64 });
  return session;
}

const whole = talk(begin(new Session(49711, 0)));
whole.conversation.close();

// Joined late: only what follows after the first ten packets with content.
const late = talk(begin(new Session(49712, 5)));
const joined = late.conversation.packets.slice(-30);

// One message from the server is lost, with the topic and the texts that it stored.
const gapped = begin(new Session(49713, 10));
gapped.conversation.lose(
  1,
  gapped.bytes(1, 'message', { topic: 'com.apple.madrid', token, payload: ids(100, []), id: 9, priority: 10 }).length,
);
talk(gapped);
gapped.conversation.close();

const faulty = begin(new Session(49714, 15));
for (const frame of [
  '07 02 01b0', // reserved value byte
  '07 02 8163', // a value that was never stored, in tables that are unknown by now
  '0a 08 03d1d1d1d1d1d180', // six levels
  '0b 05 0880 0104aa', // data cut off
  '07 03 413f ff', // a length without its end
  '0c 00',
]) {
  faulty.conversation.send(0, fromHex(frame) as Uint8Array).wait(10);
}
faulty.conversation.send(1, fromHex('0d 02 0180') as Uint8Array).close();

const packets: Packet[] = [...whole.conversation.packets, ...joined, ...gapped.conversation.packets, ...faulty.conversation.packets];
packets.sort((x, y) => (x.nanos < y.nanos ? -1 : x.nanos > y.nanos ? 1 : 0));
writeFileSync(new URL('packed-session.pcap', import.meta.url), pcapFile(packets));
