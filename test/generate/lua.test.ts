import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { feedback } from '../../src/codec/feedback.ts';
import { gateway } from '../../src/codec/gateway.ts';
import { ios4 } from '../../src/codec/ios4.ts';
import { tlv } from '../../src/codec/tlv.ts';
import type { WireDialect } from '../../src/codec/wire-syntax.ts';
import { toHex } from '../../src/core/bytes.ts';
import type { Dir } from '../../src/core/stream.ts';
import { luaDissector } from '../../src/generate/lua.ts';
import { hex, MADRID, TOKEN_A, TOKEN_B, tlvFrame } from '../support/bytes.ts';

const hasTshark = spawnSync('tshark', ['--version']).status === 0;
const template = readFileSync(fileURLToPath(new URL('../../src/generate/dissector.lua', import.meta.url)), 'utf8');
const json = new TextEncoder().encode('{"aps":{"alert":"hi"}}');

interface Segment {
  readonly dialect: WireDialect;
  readonly serverPort: number;
  readonly dir: Dir;
  /** Frames that this segment completes, in order. */
  readonly frames: readonly Uint8Array[];
  readonly bytes: Uint8Array;
}

const whole = (dialect: WireDialect, serverPort: number, dir: Dir, ...frames: Uint8Array[]): Segment => ({
  dialect,
  serverPort,
  dir,
  frames,
  bytes: new Uint8Array(frames.flatMap((frame) => [...frame])),
});

const MESSAGE = tlvFrame(
  0x0a,
  [1, TOKEN_A],
  [2, MADRID],
  [3, json],
  [4, 'deadbeef'],
  [5, '4ead64a4'],
  [6, '125136ba7a093e00'],
  [9, '03'],
  [13, '0a'],
  [77, 'ff'],
);
const NOTIFICATION = gateway.encode('notification', { token: TOKEN_A, payload: json, identifier: 7, expiry: 1700000000, priority: 5 }, 0);

const SEGMENTS: readonly Segment[] = [
  whole(
    tlv,
    5223,
    0,
    tlvFrame(0x07, [1, TOKEN_A], [2, '01'], [5, '0000024f'], [16, '000c'], [21, '0000003c0002'], [22, '0000018bcfe5687b']),
  ),
  whole(tlv, 5223, 1, tlvFrame(0x08, [1, '00'], [3, TOKEN_B], [4, '1000'], [6, '00000005'], [10, '0000018bcfe5687b'], [19, '0a000001'])),
  whole(
    tlv,
    5223,
    0,
    tlvFrame(0x09, [12, '0000000000000001'], [1, TOKEN_A], [2, MADRID], [2, '5a5fc3a1fea1dfe3770aab71bc46d0aa8a4dad41']),
    tlvFrame(0x0c, [5, '3135']),
  ),
  { ...whole(tlv, 5223, 1), bytes: MESSAGE.slice(0, 60) },
  { ...whole(tlv, 5223, 1, MESSAGE), bytes: MESSAGE.slice(60) },
  whole(tlv, 5223, 0, tlvFrame(0x0b, [8, '00'], [4, 'deadbeef'], [1, TOKEN_A]), tlvFrame(0x0c)),
  whole(tlv, 5223, 1, tlvFrame(0x0d), tlvFrame(0x0f, [1, '0040'], [2, '00'.repeat(64)])),
  whole(
    gateway,
    2195,
    0,
    NOTIFICATION,
    gateway.encode('enhanced_notification', { token: TOKEN_A, payload: '{}', identifier: 8, expiry: 0 }, 0),
  ),
  whole(gateway, 2195, 0, gateway.encode('simple_notification', { token: TOKEN_A, payload: '{}' }, 0)),
  whole(gateway, 2195, 1, gateway.encode('error_response', { status: 8, identifier: 7 }, 1)),
  whole(
    feedback,
    2196,
    1,
    feedback.encode('feedback', { timestamp: 1700000000, token: TOKEN_A }, 1),
    feedback.encode('feedback', { timestamp: 1700000060, token: 'aabbccddee' }, 1),
  ),
  // On a port that is not known for it, and with a length of two and of four bytes.
  whole(ios4, 8443, 0, ios4.encode('connect', { token: TOKEN_A }, 0)),
  whole(ios4, 8443, 1, ios4.encode('connect_response', { status: 0, token: TOKEN_B }, 1)),
  whole(
    ios4,
    8443,
    0,
    ios4.encode('filter', { enabled: [MADRID] }, 0),
    ios4.encode('keep_alive', { text: 'WiFi 4.3.3 8J2 iPhone2,1 17' }, 0),
  ),
  whole(ios4, 8443, 1, ios4.encode('keep_alive_response', {}, 1), ios4.encode('message', { topic: MADRID, payload: json }, 1)),
  whole(ios4, 8443, 0, ios4.encode('message_ack', { unknown1: '000000' }, 0)),
  whole(ios4, 9443, 0, hex(`00 00000020 ${TOKEN_A}`)),
];

/** Classic pcap, little-endian, link type 101 (raw IPv4); sequence numbers only, no handshake. */
function pcap(segments: readonly Segment[]): Uint8Array {
  const out: number[] = [];
  const le = (value: number, bytes: number): void => {
    for (let i = 0; i < bytes; i++) out.push((value >>> (8 * i)) & 255);
  };
  for (const [value, bytes] of [
    [0xa1b2c3d4, 4],
    [2, 2],
    [4, 2],
    [0, 4],
    [0, 4],
    [65535, 4],
    [101, 4],
  ] as const)
    le(value, bytes);
  const sent = new Map<string, number>();
  segments.forEach(({ serverPort, dir, bytes }, n) => {
    const key = `${serverPort} ${dir}`;
    const seq = sent.get(key) ?? 1;
    const ack = sent.get(`${serverPort} ${1 - dir}`) ?? 1;
    sent.set(key, seq + bytes.length);
    const [from, to] = dir === 0 ? [1, 2] : [2, 1];
    const ports = dir === 0 ? [50000, serverPort] : [serverPort, 50000];
    const length = 40 + bytes.length;
    const be = (value: number, size: number): number[] => Array.from({ length: size }, (_, i) => (value >>> (8 * (size - 1 - i))) & 255);
    const ip = [0x45, 0, ...be(length, 2), 0, n, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, from, 10, 0, 0, to];
    const tcp = [...be(ports[0], 2), ...be(ports[1], 2), ...be(seq, 4), ...be(ack, 4), 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0];
    le(1700000000 + n, 4);
    le(0, 4);
    le(length, 4);
    le(length, 4);
    out.push(...ip, ...tcp, ...bytes);
  });
  return Uint8Array.from(out);
}

describe('the Wireshark dissector', () => {
  it('holds every field of its dialects and no function of the tables', () => {
    const lua = luaDissector(template);
    for (const name of [
      'apns.message.expiry',
      'apns.connect.presence_flags',
      'apns.notification.token',
      'apns.error_response.status',
      'apns.feedback.timestamp',
    ]) {
      expect(lua).toContain(`"${name}"`);
    }
    expect(lua).toContain('["e4e6d952954168d0a5db02dbaf27cc35fc18d159"] = "com.apple.madrid"');
    expect(lua).not.toContain('undefined');
    expect(lua).not.toContain('@tables');
  });
});

describe.skipIf(!hasTshark)('the Wireshark dissector in tshark (skipped where tshark is missing)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'apns-lua-'));
  const script = join(folder, 'apns.lua');
  const capture = join(folder, 'session.pcap');
  const tshark = (...args: string[]): string =>
    execFileSync('tshark', ['-X', `lua_script:${script}`, '-r', capture, '-o', 'tcp.check_checksum:FALSE', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, TZ: 'UTC' },
    });

  beforeAll(() => {
    writeFileSync(script, luaDissector(template));
    writeFileSync(capture, pcap(SEGMENTS));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('finds the same messages, tokens, ids, topics and statuses as our decoder', () => {
    const columns = ['apns.dialect', 'apns.direction', 'apns.command', 'apns.token', 'apns.id', 'apns.topic', 'apns.status'];
    const out = tshark('-T', 'fields', '-E', 'separator=/t', ...columns.flatMap((name) => ['-e', name]));
    const rows = out
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => line.split('\t'));
    const expected = SEGMENTS.map(({ dialect, dir, frames }) => {
      const messages = frames.map((frame) => dialect.decode(frame, dir));
      const fields = messages.flatMap((message) => message.fields);
      const named = (...names: string[]): string =>
        fields
          .filter((field) => names.includes(field.name))
          .map((field) =>
            field.value instanceof Uint8Array && field.name !== 'topic' && field.name !== 'enabled'
              ? toHex(field.value)
              : field.name === 'status'
                ? String(field.value)
                : field.text,
          )
          .join(',');
      return [
        messages.map((message) => message.dialect).join(','),
        messages.map(() => (dir === 0 ? 'c2s' : 's2c')).join(','),
        messages.map((message) => message.command).join(','),
        named('token'),
        named('id', 'identifier'),
        named('topic', 'enabled'),
        named('status'),
      ];
    });
    expect(rows).toEqual(expected);
  });

  it('shows times to the nanosecond, flags by name, and notes what is unknown', () => {
    const text = tshark('-V');
    expect(text).toContain('Timestamp: Oct 29, 2011 13:52:20.335508992 UTC');
    expect(text).toContain('Server time: Nov 14, 2023 22:13:20.123000000 UTC');
    expect(text).toMatch(/1\.\.\. = Wi-Fi: True/);
    expect(text).toContain('Unknown field 77, 1 bytes');
    expect(text).toContain('Interval: 15 min');
    expect(text).toContain('Client IP: 10.0.0.1');
    expect(text).not.toMatch(/Lua Error/i);
  });

  it('shows packed frames: literals by the names of the fields, references by their numbers', () => {
    const frames: readonly (readonly [Dir, string])[] = [
      [0, `07 2a 41 20 ${TOKEN_A} 02 81 05 a0 41 10 10 8c`],
      [1, '08 08 01 80 04 a1 1000 20 81'],
      [0, '07 04 81 00 02 82'],
      [0, '0c 00'],
      [1, '0a 0f 03 c2 10 63 a0 64 10 73 80 04 a3 deadbeef'],
    ];
    writeFileSync(capture, pcap(frames.map(([dir, bytes]) => ({ dialect: tlv, serverPort: 5223, dir, frames: [], bytes: hex(bytes) }))));
    const text = tshark('-V');
    expect(text).not.toMatch(/Lua Error/i);
    expect(text).toContain(`Token: ${TOKEN_A.replaceAll(' ', '')}`);
    expect(text).toContain('State: connect (1)');
    expect(text).toContain('Presence flags: 0x00000041');
    expect(text).toContain('Protocol version: 12 (key added)');
    expect(text).toContain('Status: ok (0)');
    expect(text).toContain('Message size: 4096');
    expect(text).toContain('Key reference 0: 1');
    expect(text).toContain('Token: reference 0');
    expect(text).toContain('Payload: 2 keys');
    expect(text).toContain('Message id: 3735928559');
    expect(text.match(/Dialect: courier-packed/g)?.length).toBe(5);
  });

  it('survives damaged frames without a Lua error', () => {
    const broken = [
      hex('0a 00000005 01 0020 aa'),
      hex('0a 00000003 02 0000'),
      hex('08 00000004 01 0009 00'),
      hex('0d 00000000 0b 00000001 ff'),
    ];
    writeFileSync(capture, pcap(broken.map((bytes) => ({ dialect: tlv, serverPort: 5223, dir: 1, frames: [], bytes }))));
    expect(tshark('-V')).not.toMatch(/Lua Error/i);
  });
});
