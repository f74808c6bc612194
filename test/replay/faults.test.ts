import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ReplayOptions, runReplay } from '../../src/cli/replay.ts';
import type { Emulator, Rule } from '../../src/emulator/index.ts';
import { emulator, LAB } from '../support/replay-lab.ts';

const GATEWAY = 'captures/apn-gateway/apn-plain.pcap';
const DELIVERY = 'captures/delivery/delivery.pcapng';
const output = join(mkdtempSync(join(tmpdir(), 'apns-replay-faults-')), 'report.json');
let target: Emulator;
const closing: (() => void)[] = [];

beforeAll(async () => {
  target = await emulator({ gateway: { defaultTopic: 'com.example.app' }, clientCertificates: 'none' });
});
afterAll(() => target.stop());
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Told {
  readonly code: number;
  readonly sent: unknown;
  readonly findings: readonly {
    readonly number: number;
    readonly outcome: string;
    readonly why: string | null;
    readonly differences: unknown;
  }[];
}

async function run(options: ReplayOptions, capture: string): Promise<Told> {
  const code = await runReplay([capture], {
    speed: 'max',
    quiet: '150ms',
    timeout: '400ms',
    stateDir: LAB,
    format: 'json',
    output,
    ...options,
  });
  const { findings, sent } = JSON.parse(readFileSync(output, 'utf8')) as { findings: Told['findings']; sent: number };
  return { code, findings, sent };
}

/** Number, outcome, and what differs of all findings. */
const said = ({ findings }: Told): unknown[] =>
  findings.map(({ number, outcome, why, differences }) => [number, outcome, why ?? differences]);

/** A replay of a capture to the emulator in its first state, with these rules. */
async function under(rules: readonly Rule[], server: 'courier' | 'gateway' | 'http2'): Promise<Told> {
  target.reset();
  for (const byte of ['aa', 'ab', 'ac', 'ad']) target.addDevice({ token: byte.repeat(32) });
  for (const rule of rules) target.addRule(rule);
  const filter = server === 'courier' ? 'apns.dialect == "courier"' : `apns.dialect == "${server}"`;
  return run({ to: `127.0.0.1:${target.ports[server]}`, filter }, server === 'gateway' ? GATEWAY : DELIVERY);
}

describe('a replay under faults names exactly these', () => {
  it('a refused push, a dropped one and a closed connection of a gateway', async () => {
    expect(await under([], 'gateway')).toMatchObject({ code: 0, findings: [] });
    expect(said(await under([{ when: { server: 'gateway', token: 'ad*' }, do: { status: 7 } }], 'gateway'))).toEqual([
      [
        7,
        'different',
        [
          { field: 'answer', recorded: 'silence (accepted)', live: 'error' },
          { field: 'status', live: '7 invalid payload size' },
        ],
      ],
    ]);
    // A gateway that drops a push without a word looks like one that took it.
    expect((await under([{ when: { server: 'gateway', token: 'ad*' }, do: { drop: true } }], 'gateway')).findings).toEqual([]);
    const closed = await under([{ when: { server: 'gateway', token: 'ad*' }, do: { close: 'before' } }], 'gateway');
    expect(closed.code).toBe(3);
    expect(closed.findings.map(({ number, outcome }) => [number, outcome])).toContainEqual([7, 'missing']);
    const late = await under([{ when: { server: 'gateway', token: 'bad0*' }, do: { status: 8, delay: 50 } }], 'gateway');
    expect(late.findings).toEqual([]);
  });

  it('statuses, a dropped answer and a closed connection of a courier', async () => {
    expect(await under([], 'courier')).toMatchObject({ code: 0, findings: [], sent: 5 });
    expect(said(await under([{ when: { server: 'courier', command: 'connect' }, times: 1, do: { status: 2 } }], 'courier'))).toContainEqual(
      [12, 'different', expect.arrayContaining([{ field: 'status', recorded: '0', live: '2' }])],
    );
    expect(said(await under([{ when: { server: 'courier', command: 'filter' }, do: { drop: true } }], 'courier'))).toEqual([
      [17, 'missing', 'no answer in 0.4 s'],
    ]);
    expect(said(await under([{ when: { server: 'courier', command: 'filter' }, do: { close: 'before' } }], 'courier'))).toContainEqual([
      17,
      'missing',
      'the courier closed the connection without an answer',
    ]);
    expect((await under([{ when: { server: 'courier', command: 'filter' }, do: { delay: 100 } }], 'courier')).findings).toEqual([]);
  });

  it('reasons, dropped answers and resets of the HTTP/2 service', async () => {
    const answers = await under([], 'http2');
    const usual = said(answers);
    const reason = said(await under([{ when: { server: 'http2', nth: 1 }, do: { reason: 'TooManyRequests' } }], 'http2'));
    expect(reason.slice(1)).toEqual(usual.slice(1));
    expect(reason[0]).toEqual([35, 'different', expect.arrayContaining([{ field: 'reason', live: 'TooManyRequests' }])]);
    const dropped = said(await under([{ when: { server: 'http2', nth: 1 }, do: { drop: true } }], 'http2'));
    expect(dropped).toContainEqual([35, 'missing', 'no answer in 0.4 s']);
    expect(dropped).toHaveLength(usual.length);
  });
});

/** A target that does one thing with whoever connects. */
async function peer(act: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    act(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

describe('targets that misbehave', () => {
  const garbage = (socket: Socket): void => void socket.once('data', () => socket.write(Buffer.alloc(64, 0xff)));
  const silence = (socket: Socket): void => void socket.resume();
  const reset = (socket: Socket): void => void socket.once('data', () => socket.resetAndDestroy());
  const courier = { filter: 'apns.dialect == "courier"', plaintext: true };
  const http2 = { filter: 'apns.dialect == "http2"', plaintext: true };

  it('a courier that sends garbage, says nothing, or resets is told for each message', async () => {
    const why = async (act: (socket: Socket) => void): Promise<unknown> => {
      const told = await run({ ...courier, to: await peer(act) }, DELIVERY);
      expect([told.code, told.sent]).not.toEqual([0, 0]);
      return told.findings[0].why;
    };
    expect(await why(garbage)).toBe('the courier sent bytes that are no frames');
    expect(await why(silence)).toBe('no answer in 0.4 s');
    expect(await why(reset)).toBe('the courier had closed the connection');
  });

  it('a service that does not speak HTTP/2 is told in one sentence, and nothing counts as sent', async () => {
    for (const act of [garbage, silence, reset])
      await expect(run({ ...http2, to: await peer(act) }, DELIVERY)).rejects.toThrow(
        /does not speak HTTP\/2|before it said a word of HTTP\/2/,
      );
    expect(JSON.parse(readFileSync(output, 'utf8'))).toMatchObject({ sent: 0 });
  });

  it('a target that speaks no TLS, or resets during the handshake, is told in one sentence', async () => {
    await expect(run({ to: await peer(garbage) }, GATEWAY)).rejects.toThrow('give --plaintext');
    await expect(run({ to: await peer(reset) }, GATEWAY)).rejects.toThrow('closed the connection while it was being made');
    await expect(run({ to: await peer(silence), connectTimeout: '100ms' }, GATEWAY)).rejects.toThrow(
      'did not take the connection within 0.1 s',
    );
  });

  it('a capture without keys holds nothing that can be sent, and the sentence says why', async () => {
    await expect(run({ to: '127.0.0.1:1' }, 'captures/apn-gateway/apn-tls.pcap')).rejects.toThrow(
      /nothing that can be sent: .*TLS records: a replay makes its own \(are the keys missing\?\)/,
    );
  });
});
