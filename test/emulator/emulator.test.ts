import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { gateway } from '../../src/codec/gateway.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import { UserError } from '../../src/core/errors.ts';
import { connectDevice, type DeviceConnection, type DeviceConnectionOptions } from '../../src/emulator/device/connection.ts';
import type { DeviceEvent, DeviceMessage } from '../../src/emulator/device/peer.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.ts';
import { topicHash } from '../../src/emulator/push.ts';
import { hex } from '../support/courier-play.ts';
import { LAB_DIRECTORY } from '../support/lab.ts';

const APP = 'com.example.app';
const open: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apns-emulator-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator({ directory: LAB_DIRECTORY, ...options });
  open.push(() => emulator.stop());
  return emulator;
}

interface TestDevice extends DeviceConnection {
  readonly events: DeviceEvent[];
  readonly messages: DeviceMessage[];
  until(condition: (device: TestDevice) => boolean): Promise<void>;
}

async function device(emulator: Emulator, options: Partial<DeviceConnectionOptions> = {}): Promise<TestDevice> {
  const events: DeviceEvent[] = [];
  const waiting = new Set<() => void>();
  const connection = await connectDevice({
    port: emulator.ports.courier as number,
    topics: [APP],
    identity: await emulator.lab.device('phone'),
    ca: emulator.lab.authority.certificate,
    protocolVersion: 12,
    onEvent: (event) => {
      events.push(event);
      for (const look of waiting) look();
    },
    ...options,
  });
  open.push(() => connection.destroy());
  const made: TestDevice = Object.assign(connection, {
    events,
    get messages(): DeviceMessage[] {
      return events.flatMap((event) => (event.kind === 'message' ? [event.message] : []));
    },
    until: (condition: (device: TestDevice) => boolean): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!condition(made)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  });
  // Object.assign copies what a getter gives: put the getter itself there.
  Object.defineProperty(made, 'messages', { get: () => events.flatMap((event) => (event.kind === 'message' ? [event.message] : [])) });
  return made;
}

const settled = (d: TestDevice): boolean => d.events.some((event) => event.kind === 'other' && event.command === 'no_storage');
const text = (message: DeviceMessage): string => Buffer.from(message.payload).toString();
const note = (identifier: number, token: string, payload = '{"aps":{}}'): Uint8Array =>
  gateway.encode('notification', { token: hex(token), payload, identifier, expiry: 2_000_000_000 }, 0);

describe('the way of a push', () => {
  for (const [dialect, alpn, plaintext] of [
    ['tlv', undefined, false],
    ['tlv', 'apns-security-v2', false],
    ['tlv', '', false],
    ['packed', undefined, false],
    ['packed', 'apns-pack-v1:1024:512', false],
    ['ios4', undefined, false],
    ['tlv', undefined, true],
    ['packed', undefined, true],
    ['ios4', undefined, true],
  ] as const) {
    it(`leads from the gateway to a ${dialect} device${alpn === undefined ? '' : ` with ALPN "${alpn}"`}${plaintext ? ' in plaintext' : ''}, and its ack back`, async () => {
      const emulator = await start({ plaintext, ports: { http2: false, feedback: false, control: false } });
      const filtered = new Promise((resolve) => emulator.on((event) => event.kind === 'filter' && resolve(event)));
      const d = await device(emulator, { dialect, plaintext, ...(alpn === undefined ? {} : { alpn }) });
      await filtered;
      const token = d.peer.token as string;
      const { certificate, key } = await emulator.lab.provider({ bundle: APP });
      const port = emulator.ports.gateway as number;
      const ca = emulator.lab.authority.certificate;
      const provider = plaintext ? connectTcp(port, '127.0.0.1') : connectTls({ port, host: 'localhost', ca, cert: certificate, key });
      open.push(() => provider.destroy());
      provider.write(concatBytes([note(1, token, '{"n":1}'), note(2, token, '{"n":2}')]));
      await d.until(({ messages }) => messages.length === 2);
      expect(d.messages.map(text)).toEqual(['{"n":1}', '{"n":2}']);
      expect(d.messages[0].topic).toBe(APP);
      if (dialect !== 'ios4') expect(d.messages[0]).toMatchObject({ token, expiry: 2_000_000_000, fromStorage: false });
      expect(await emulator.waitFor({ server: 'gateway', state: 'acknowledged' }, 2)).toHaveLength(2);
      expect(d.alpn).toBe(
        plaintext || dialect === 'ios4' || alpn === '' ? undefined : (alpn ?? (dialect === 'packed' ? 'apns-pack-v1' : 'apns-security-v3')),
      );
    });
  }

  it('waits in the store while the device is away and reaches it with the storage flags', async () => {
    const emulator = await start();
    const first = await device(emulator);
    await first.until(settled);
    const token = first.peer.token as string;
    first.close();
    await first.ended;
    emulator.inject({ to: token, topic: APP, payload: { n: 1 } });
    emulator.inject({ to: token, topic: APP, payload: { n: 2 } });
    const again = await device(emulator, { token, acknowledge: false });
    await again.until(({ messages }) => messages.length === 2);
    expect(again.messages.map((m) => [text(m), m.fromStorage, m.lastFromStorage])).toEqual([
      ['{"n":1}', true, false],
      ['{"n":2}', true, true],
    ]);
    again.destroy();
    await again.ended;
    const third = await device(emulator, { token });
    await third.until(({ messages }) => messages.length === 2);
  });

  it('leads to scoped tokens and broadcast channels', async () => {
    const emulator = await start();
    const d = await device(emulator, { scoped: ['com.example.scoped'] });
    await d.until(({ events }) => events.some((event) => event.kind === 'scoped-token'));
    const scoped = d.events.flatMap((event) => (event.kind === 'scoped-token' ? [event.token] : []))[0];
    await d.until(settled);
    emulator.inject({ to: scoped, topic: 'com.example.scoped', payload: 'x' });
    await d.until(({ messages }) => messages.length === 1);
    expect(d.messages[0]).toMatchObject({ token: scoped, baseToken: d.peer.token, topic: 'com.example.scoped' });
  });

  it('leads from device to device', async () => {
    const emulator = await start();
    const a = await device(emulator);
    const b = await device(emulator, { identity: await emulator.lab.device('tablet'), dialect: 'packed' });
    await Promise.all([a.until(settled), b.until(settled)]);
    a.peer.send(APP, Buffer.from('hi'), b.peer.token);
    await b.until(({ messages }) => messages.length === 1);
    await a.until(({ events }) => events.some((event) => event.kind === 'ack' && event.status === 0));
    expect(text(b.messages[0])).toBe('hi');
    expect(await emulator.waitFor({ command: 'message', state: 'acknowledged' })).toMatchObject([{ pushes: [{ token: b.peer.token }] }]);
  });
});

describe('identity', () => {
  it('is verified: a wrong key is refused, an old nonce is told the time', async () => {
    const emulator = await start();
    const phone = await emulator.lab.device('phone');
    const tablet = await emulator.lab.device('tablet');
    const forged = await device(emulator, { identity: { certificate: phone.certificate, key: tablet.key } });
    await forged.until(({ events }) => events.length > 0);
    expect(forged.events[0]).toEqual({ kind: 'refused', status: 2, reason: 'signature' });
    const late = await device(emulator, { now: () => Date.now() - 3_600_000 });
    await late.until(({ events }) => events.length > 0);
    expect(late.events[0]).toEqual({ kind: 'refused', status: 2, reason: 'time' });
    const none = await device(emulator, { identity: undefined });
    await none.until(({ events }) => events.length > 0);
    expect(none.events[0]).toMatchObject({ kind: 'refused', reason: 'no signature' });
  });

  it('keeps its token over connections', async () => {
    const emulator = await start();
    const first = await device(emulator);
    await first.until(settled);
    first.destroy();
    await first.ended;
    const again = await device(emulator);
    await again.until(({ events }) => events.some((event) => event.kind === 'connected'));
    expect(again.peer.token).toBe(first.peer.token);
  });
});

describe('bad input', () => {
  it('of any kind on any port ends that connection and disturbs no other', async () => {
    const emulator = await start({ plaintext: true });
    const d = await device(emulator, { plaintext: true });
    await d.until(settled);
    const rubbish = [
      'GET / HTTP/1.1\r\n\r\n',
      '\x16\x03\x01\x02\x00',
      '\x07\xff\xff\xff\xff\xff',
      '\x07\x7f\xff\xff\xff',
      '\x02\xff\xff\xff\xff',
      '\xff'.repeat(5000),
    ];
    for (const port of [emulator.ports.courier, emulator.ports.gateway, emulator.ports.feedback, emulator.ports.http2]) {
      for (const bytes of rubbish) {
        const socket = connectTcp(port as number, '127.0.0.1');
        socket.on('error', () => {});
        socket.write(bytes, 'latin1');
        socket.end();
        await new Promise((resolve) => socket.on('close', resolve).resume());
      }
    }
    emulator.inject({ to: d.peer.token as string, topic: APP, payload: 'still here' });
    await d.until(({ messages }) => messages.length === 1);
  });

  it('is bounded by a handshake that never comes', async () => {
    const emulator = await start();
    const silent = connectTcp(emulator.ports.courier as number, '127.0.0.1');
    const garbage = connectTcp(emulator.ports.http2 as number, '127.0.0.1');
    open.push(() => silent.destroy());
    garbage.write('this is not TLS at all, really');
    await new Promise((resolve) =>
      garbage
        .on('error', () => {})
        .on('close', resolve)
        .resume(),
    );
    const d = await device(emulator);
    await d.until(settled);
  });

  it('of no Connect and of no filter in time closes the connection', async () => {
    const emulator = await start({ plaintext: true, frozenAt: Date.now() });
    const mute = connectTcp(emulator.ports.courier as number, '127.0.0.1');
    const closed = new Promise((resolve) =>
      mute
        .on('error', () => {})
        .on('close', resolve)
        .resume(),
    );
    await new Promise((resolve) => emulator.on((event) => event.kind === 'connected' && resolve(event)));
    emulator.clock.advance(30_000);
    await closed;
  });

  it('is told in one sentence when a port is taken or the address is none of this machine', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    open.push(() => new Promise((resolve) => taken.close(resolve)));
    const { port } = taken.address() as { port: number };
    const inUse = await startEmulator({ directory: LAB_DIRECTORY, ports: { http2: port } }).catch((error: unknown) => error);
    expect(inUse).toBeInstanceOf(UserError);
    expect((inUse as Error).message).toMatch(new RegExp(`port ${port} on 127.0.0.1 is in use.*--http2-port`));
    const nowhere = await startEmulator({ directory: LAB_DIRECTORY, host: '192.0.2.1' }).catch((error: unknown) => error);
    expect((nowhere as Error).message).toContain('no address of this machine');
  });
});

describe('evidence', () => {
  it('logs every message with the analyzer’s names, without credentials', async () => {
    const log = join(directory, 'log.jsonl');
    const emulator = await start({ log });
    const d = await device(emulator, { dialect: 'packed' });
    await d.until(settled);
    emulator.inject({ to: d.peer.token as string, topic: APP, payload: { aps: { alert: 'logged' } } });
    await d.until(({ messages }) => messages.length === 1);
    await emulator.stop();
    const records = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.map(({ message }) => message)).toEqual(
      expect.arrayContaining(['connect', 'connect_response', 'filter', 'filter_response', 'no_storage', 'message']),
    );
    expect(records.find(({ message }) => message === 'message')).toMatchObject({
      v: 1,
      stream: 1,
      dir: 's2c',
      dialect: 'courier-packed',
      topic: topicHash(APP),
      id: 1,
      fields: { payload: { aps: { alert: 'logged' } } },
    });
  });

  it('captures the run as pcapng with its secrets before the packets they open', async () => {
    const capture = join(directory, 'run.pcapng');
    const emulator = await start({ capture });
    const d = await device(emulator);
    await d.until(settled);
    d.close();
    await d.ended;
    await emulator.stop();
    const file = readFileSync(capture);
    expect(file.readUInt32LE(0)).toBe(0x0a0d0d0a);
    const types: number[] = [];
    for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4)) types.push(file.readUInt32LE(at));
    expect(types.filter((type) => type === 10)).toHaveLength(5);
    expect(types.indexOf(10)).toBeLessThan(types.lastIndexOf(6));
    expect(file.includes('CLIENT_TRAFFIC_SECRET_0')).toBe(true);
  });
});

describe('the same seed', () => {
  it('gives the same tokens and ids', async () => {
    const runs = [];
    for (let n = 0; n < 2; n++) {
      const emulator = await start({ seed: 7, ports: { courier: false, gateway: false, feedback: false, http2: false, control: false } });
      runs.push([emulator.addDevice().token, emulator.inject({ to: 'all', topic: APP, payload: 1 })[0].id]);
    }
    expect(runs[0]).toEqual(runs[1]);
  });
});
