import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type ReplayOptions, runReplay } from '../../src/cli/replay.ts';
import { connectDevice, type DeviceConnection, type DeviceDialect } from '../../src/emulator/device/connection.ts';
import type { DeviceEvent, DeviceMessage } from '../../src/emulator/device/peer.ts';
import { type Emulator, Lab } from '../../src/emulator/index.ts';
import { emulator, LAB } from '../support/replay-lab.ts';

const DELIVERY = 'captures/delivery/delivery.pcapng';
const GATEWAY = 'captures/apn-gateway/apn-plain.pcap';
const TOPIC = 'com.example.app';
const directory = mkdtempSync(join(tmpdir(), 'apns-replay-server-'));
const running: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop();
});

interface Phone {
  readonly device: DeviceConnection;
  readonly messages: DeviceMessage[];
}

/** A simulated device that is in and has sent its filter. */
async function phone(port: number, wish: Partial<Parameters<typeof connectDevice>[0]> = {}): Promise<Phone> {
  const lab = await Lab.open(LAB);
  const messages: DeviceMessage[] = [];
  let connected = (): void => {};
  const ready = new Promise<void>((resolve) => (connected = resolve));
  const onEvent = (event: DeviceEvent): void => {
    if (event.kind === 'message') messages.push(event.message);
    if (event.kind === 'connected') connected();
  };
  const device = await connectDevice({
    port,
    topics: [TOPIC],
    ca: lab.authority.certificate,
    identity: await lab.device('phone'),
    protocolVersion: 12,
    onEvent,
    ...wish,
  });
  running.push(async () => {
    device.destroy();
    await device.ended;
  });
  await ready;
  return { device, messages };
}

async function server(): Promise<Emulator> {
  const target = await emulator();
  running.push(() => target.stop());
  return target;
}

/** Waits until a device's filter has arrived. */
async function filtered(target: Emulator, count = 1): Promise<void> {
  expect(await target.waitFor({ command: 'filter' }, count)).toBeDefined();
}

async function run(options: ReplayOptions, file: string): Promise<{ code: number; report: Record<string, unknown>; text: string }> {
  const output = join(directory, 'report.json');
  const code = await runReplay([file], { speed: 'max', stateDir: LAB, format: 'json', role: 'server', output, timeout: '2s', ...options });
  const text = readFileSync(output, 'utf8');
  return { code, report: JSON.parse(text) as Record<string, unknown>, text };
}

const control = (target: Emulator): ReplayOptions => ({
  control: target.control?.url as string,
  controlToken: target.control?.token as string,
});
const payloads = (messages: readonly DeviceMessage[]): string[] => messages.map(({ payload }) => Buffer.from(payload).toString());

describe('replaying a server to the devices of an emulator', () => {
  for (const dialect of ['tlv', 'packed', 'ios4'] as const) {
    it(`delivers what a courier delivered to a ${dialect} device, and its acknowledgements are equal`, async () => {
      const target = await server();
      const { messages } = await phone(target.ports.courier as number, {
        dialect,
        ...(dialect === 'ios4' ? { token: 'ab'.repeat(32) } : {}),
      });
      await filtered(target);
      const { code, report } = await run({ ...control(target), filter: 'apns.dialect == "courier"' }, DELIVERY);
      expect(report['findings']).toEqual([]);
      expect([code, report['planned'], report['sent'], report['answered']]).toEqual([0, 1, 1, 1]);
      expect(messages).toHaveLength(1);
      expect(messages[0].topic).toBe(TOPIC);
    });
  }

  it('delivers what a provider sent and the service took, and leaves out what it refused', async () => {
    const target = await server();
    const { messages } = await phone(target.ports.courier as number);
    await filtered(target);
    const { code, report } = await run(control(target), GATEWAY);
    expect([code, report['findings'], report['sent'], report['record']]).toEqual([0, [], 4, { sent: 4, received: 4, same: 4 }]);
    expect(payloads(messages).map((text) => (JSON.parse(text) as { aps: { badge?: number } }).aps.badge)).toHaveLength(4);
    expect(Object.keys(report['tokens'] as object).sort()).toEqual(['aa', 'ab', 'ac', 'ad'].map((byte) => byte.repeat(32)));
  });

  it('gives each recorded device one of the connected ones, or the one that a map names', async () => {
    const target = await server();
    const [first, second] = [
      await phone(target.ports.courier as number, { token: '11'.repeat(32) }),
      await phone(target.ports.courier as number, { token: '22'.repeat(32), identity: await target.lab.device('tablet') }),
    ];
    await filtered(target, 2);
    const tokenMap = ['aa', 'ab', 'ac'].map((byte) => `${byte.repeat(32)}=${'22'.repeat(32)}`);
    const { code } = await run({ ...control(target), tokenMap }, GATEWAY);
    expect([code, first.messages.length, second.messages.length]).toEqual([0, 1, 3]);
  });

  it('names an acknowledgement with another status, one that does not come, and a topic that nobody asks for', async () => {
    const target = await server();
    const refusing = await phone(target.ports.courier as number, { ackStatus: 2 });
    await filtered(target);
    const wish = { ...control(target), numbers: '1', timeout: '300ms' };
    const refused = await run(wish, GATEWAY);
    expect(refused.report['findings']).toMatchObject([
      { outcome: 'different', differences: [{ field: 'status', recorded: '0', live: '2' }] },
    ]);
    expect(refused.code).toBe(3);
    refusing.device.destroy();
    await refusing.device.ended;

    const other = await server();
    await phone(other.ports.courier as number, { acknowledge: false });
    await filtered(other);
    const silent = await run({ ...wish, ...control(other) }, GATEWAY);
    expect(silent.report['findings']).toMatchObject([{ outcome: 'missing', why: 'the device did not acknowledge it in 0.3 s' }]);
    const unwanted = await run({ ...wish, ...control(other), topic: 'com.example.other' }, GATEWAY);
    expect(unwanted.report['findings']).toMatchObject([
      { outcome: 'missing', why: 'the emulator keeps it: its device is away, or does not ask for the topic' },
    ]);
  });

  it('compares acknowledgements by token as well, where both dialects have a word for it', async () => {
    const ackToken = '00'.repeat(32);
    const named = [{ outcome: 'different', differences: [{ field: 'token', recorded: 'that of the message', live: ackToken }] }];
    const filter = 'apns.dialect == "courier"';
    const target = await server();
    await phone(target.ports.courier as number, { ackToken });
    await filtered(target);
    expect((await run({ ...control(target), filter }, DELIVERY)).report['findings']).toMatchObject(named);
    expect((await run(control(target), GATEWAY)).report['findings']).toEqual([]);
    const { port, done } = await listening({ plaintext: true, filter }, DELIVERY);
    await phone(port, { plaintext: true, ackToken });
    expect((await done).report['findings']).toMatchObject(named);
  });

  it('says in one sentence that no device is connected, or that no emulator answers', async () => {
    const target = await server();
    await expect(run(control(target), GATEWAY)).rejects.toThrow('No device is connected to the emulator at');
    await expect(run({ control: 'http://127.0.0.1:1', controlToken: 'x' }, GATEWAY)).rejects.toThrow('No control API answers at');
    await expect(run({}, GATEWAY)).rejects.toThrow('--role server needs --control URL');
    await expect(run({ to: '127.0.0.1:1' }, GATEWAY)).rejects.toThrow('--role server takes no --to');
  });
});

/** Starts a replay that listens, and gives its port as soon as it is known. */
async function listening(options: ReplayOptions, file: string): Promise<{ port: number; done: ReturnType<typeof run> }> {
  const write = process.stderr.write;
  let done: ReturnType<typeof run> | undefined;
  const port = await new Promise<number>((resolve, reject) => {
    process.stderr.write = ((text: string) => {
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(text);
      if (found !== null) resolve(Number(found[1]));
      return true;
    }) as typeof process.stderr.write;
    done = run({ listen: '0', ...options }, file);
    done.catch(reject);
  });
  process.stderr.write = write;
  return { port, done: done as ReturnType<typeof run> };
}

describe('replaying a server to a device that connects to us', () => {
  const WAYS: readonly [DeviceDialect, boolean][] = [
    ['tlv', false],
    ['packed', false],
    ['ios4', false],
    ['tlv', true],
    ['packed', true],
    ['ios4', true],
  ];
  for (const [dialect, plaintext] of WAYS) {
    it(`speaks ${dialect} ${plaintext ? 'in plaintext' : 'over TLS'} and finds every acknowledgement equal`, async () => {
      const { port, done } = await listening({ plaintext, filter: 'apns.dialect contains "courier"' }, DELIVERY);
      const { device, messages } = await phone(port, { dialect, plaintext });
      if (dialect !== 'ios4') device.peer.keepAlive(5);
      const { code, report } = await done;
      expect([code, report['findings']]).toEqual([0, []]);
      expect(messages.length).toBe(report['sent']);
      expect(report['planned']).toBe(3);
      expect(new Set(messages.map(({ topic }) => topic))).toEqual(new Set([TOPIC]));
    });
  }

  it('gives a device without a token one, and says so in the messages that it delivers', async () => {
    const { port, done } = await listening({ plaintext: true }, GATEWAY);
    const { device, messages } = await phone(port, { plaintext: true });
    const { code } = await done;
    expect(code).toBe(0);
    expect(messages).toHaveLength(4);
    expect(new Set(messages.map(({ token }) => token))).toEqual(new Set([device.peer.token]));
    expect(new Set(messages.map(({ id }) => id)).size).toBe(4);
  });

  it('names statuses that differ, topics that are not asked for, and a device that leaves', async () => {
    const refused = await listening({ numbers: '1' }, GATEWAY);
    await phone(refused.port, { ackStatus: 3 });
    expect((await refused.done).report['findings']).toMatchObject([
      { outcome: 'different', differences: [{ field: 'status', recorded: '0', live: '3' }] },
    ]);
    const unwanted = await listening({ numbers: '1', topic: TOPIC }, GATEWAY);
    await phone(unwanted.port, { topics: ['com.example.other'] });
    expect((await unwanted.done).report['findings']).toMatchObject([
      { outcome: 'failed', why: expect.stringContaining('the device does not ask for its topic') },
    ]);
    const left = await listening({ numbers: '1' }, GATEWAY);
    const { device, messages } = await phone(left.port, { acknowledge: false });
    while (messages.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    device.destroy();
    expect((await left.done).report['findings']).toMatchObject([
      { outcome: 'missing', why: 'the device closed the connection without acknowledging it' },
    ]);
  });

  it('says in one sentence that no device came, that the port is taken, and that other addresses must be allowed', async () => {
    await expect(run({ listen: '0', connectTimeout: '100ms' }, GATEWAY)).rejects.toThrow(
      /^No device connected to 127\.0\.0\.1:\d+ in 0\.1 s\.$/,
    );
    const target = await server();
    await expect(run({ listen: String(target.ports.courier) }, GATEWAY)).rejects.toThrow('Cannot listen on 127.0.0.1:');
    await expect(run({ listen: '0.0.0.0:0' }, GATEWAY)).rejects.toThrow('--allow-remote 0.0.0.0');
    await expect(run({ listen: '0', to: '127.0.0.1:1' }, GATEWAY)).rejects.toThrow('--to and --listen do not go together');
  });
});
