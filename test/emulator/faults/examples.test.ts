import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { gateway } from '../../../src/codec/gateway.ts';
import { tlv } from '../../../src/codec/tlv.ts';
import { connectDevice } from '../../../src/emulator/device/connection.ts';
import { parseRule } from '../../../src/emulator/faults/rule.ts';
import { type Emulator, signProviderToken, startEmulator } from '../../../src/emulator/index.ts';
import { hex } from '../../support/courier-play.ts';
import { LAB_DIRECTORY } from '../../support/lab.ts';

const TOKEN = 'ab'.repeat(32);
const APP = 'com.example.app';
const manual = readFileSync('docs/emulator.md', 'utf8');
const section = manual.slice(manual.indexOf('A fault of each kind'), manual.indexOf('## Control API'));
const shown = [...section.matchAll(/^\| .* \| `(.*)` \|$/gm)].map((row) => row[1]).filter((rule) => rule !== '--rule');

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function session(emulator: Emulator): http2.ClientHttp2Session {
  const made = http2.connect(`https://localhost:${emulator.ports.http2}`, { ca: emulator.lab.authority.certificate });
  made.on('error', () => {});
  open.push(() => made.destroy());
  return made;
}

/** "200", "429 {…}", or "lost" when no answer comes before the connection ends. */
function push(emulator: Emulator, over: http2.ClientHttp2Session, token = TOKEN): Promise<string> {
  const { key, keyId, teamId } = emulator.signingKey;
  const jwt = signProviderToken(key, keyId, teamId, Math.floor(Date.now() / 1000));
  return new Promise((resolve) => {
    const headers = { ':method': 'POST', ':path': `/3/device/${token}`, authorization: `bearer ${jwt}`, 'apns-topic': APP };
    const stream = over.request(headers);
    let status = 'lost';
    let body = '';
    stream.on('response', (answer) => {
      status = String(answer[':status']);
    });
    stream.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    stream.on('error', () => {});
    stream.on('close', () => resolve(`${status} ${body}`.trim()));
    stream.end('{"aps":{}}');
  });
}

async function socket(emulator: Emulator, server: 'gateway' | 'courier'): Promise<TLSSocket> {
  const { certificate, key } = await emulator.lab.provider({ bundle: APP, environment: 'development' });
  const provider: ConnectionOptions = server === 'gateway' ? { cert: certificate, key } : { ALPNProtocols: ['apns-security-v3'] };
  const made = connectTls({
    port: emulator.ports[server] as number,
    servername: 'localhost',
    ca: emulator.lab.authority.certificate,
    ...provider,
  });
  made.on('error', () => {});
  open.push(() => made.destroy());
  return made;
}

/** What the gateway says to notifications with the identifiers 1, 2 …, until it closes its half. */
async function toGateway(emulator: Emulator, count: number): Promise<string> {
  const made = await socket(emulator, 'gateway');
  const said: Buffer[] = [];
  made.on('data', (bytes: Buffer) => said.push(bytes));
  const ended = new Promise((resolve) => made.once('end', resolve));
  for (let identifier = 1; identifier <= count; identifier++)
    made.write(gateway.encode('notification', { token: hex(TOKEN), payload: Buffer.from('{}'), identifier }, 0));
  await ended;
  return Buffer.concat(said).toString('hex');
}

/** The pieces in which a courier's answer to Connect comes. */
async function toCourier(emulator: Emulator, enough: number): Promise<Buffer[]> {
  const made = await socket(emulator, 'courier');
  const pieces: Buffer[] = [];
  made.write(tlv.encode('connect', { token: hex(TOKEN), state: 1 }, 0));
  await new Promise<void>((resolve) => {
    made.on('data', (bytes: Buffer) => {
      pieces.push(bytes);
      if (Buffer.concat(pieces).length >= enough) resolve();
    });
    made.on('close', () => resolve());
  });
  return pieces;
}

const lostThenGood = async (emulator: Emulator): Promise<void> => {
  expect(await push(emulator, session(emulator))).toBe('lost');
  expect(await push(emulator, session(emulator))).toBe('200');
};
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const before = performance.now();
  await work();
  return performance.now() - before;
};

const CASES: Readonly<Record<string, (emulator: Emulator) => Promise<void>>> = {
  'token=ab*,reason=TooManyRequests': async (emulator) => {
    expect(await push(emulator, session(emulator))).toBe('429 {"reason":"TooManyRequests"}');
    expect(await push(emulator, session(emulator), 'cd'.repeat(32))).toBe('200');
  },
  'nth=1,status=418,reason=Teapot': async (emulator) => expect(await push(emulator, session(emulator))).toBe('418 {"reason":"Teapot"}'),
  'nth=1,reason=Unregistered,timestamp=2026-11-01T00:00:00Z': async (emulator) =>
    expect(await push(emulator, session(emulator))).toBe('410 {"reason":"Unregistered","timestamp":1793491200000}'),
  'server=http2,delay=50ms,jitter=50ms': async (emulator) =>
    expect(await timed(() => push(emulator, session(emulator)))).toBeGreaterThanOrEqual(45),
  'server=http2,nth=1,drop': async (emulator) => {
    const over = session(emulator);
    const first = push(emulator, over);
    expect(await push(emulator, over)).toBe('200');
    over.destroy();
    expect(await first).toBe('lost');
  },
  'server=http2,nth=1,close=before': lostThenGood,
  'server=http2,nth=1,close=reset': lostThenGood,
  'server=http2,nth=1,close=after': async (emulator) => {
    const over = session(emulator);
    const closed = new Promise((resolve) => over.once('close', resolve));
    expect(await push(emulator, over)).toBe('200');
    await closed;
  },
  'server=gateway,nth=1,close=half': async (emulator) => {
    expect(await toGateway(emulator, 1)).toBe('');
    expect(emulator.received({ server: 'gateway', status: 0 })).toHaveLength(1);
  },
  'server=gateway,nth=2,status=8': async (emulator) => {
    expect(await toGateway(emulator, 3)).toBe('080800000002');
    expect(emulator.received({ reason: 'discarded' })).toHaveLength(1);
  },
  'server=gateway,nth=2,shutdown': async (emulator) => expect(await toGateway(emulator, 3)).toBe('080a00000001'),
  'server=courier,on=connect,split=3': async (emulator) => {
    const whole = Buffer.concat(await toCourier(emulator, 5));
    expect(whole[0]).toBe(8);
  },
  'server=courier,on=connect,records=5': async (emulator) => {
    const pieces = await toCourier(emulator, 20);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(5);
    expect(pieces[0][0]).toBe(8);
  },
  'server=courier,on=connect,garbage=32': async (emulator) => expect(Buffer.concat(await toCourier(emulator, 1))).toHaveLength(0),
  '{"do":{"goaway":{"reason":"Shutdown","lastStream":1,"twice":true}}}': async (emulator) => {
    const over = session(emulator);
    const seen: unknown[] = [];
    over.on('goaway', (_code, last, data) => seen.push([last, Buffer.from(data ?? []).toString()]));
    const closed = new Promise((resolve) => over.once('close', resolve));
    await push(emulator, over);
    await closed;
    expect(seen).toEqual([
      [1, '{"reason":"Shutdown"}'],
      [1, '{"reason":"Shutdown"}'],
    ]);
  },
  'server=http2,on=connect,refuse': async (emulator) => expect(await push(emulator, session(emulator))).toBe('lost'),
  'server=http2,on=connect,accept=200ms': async (emulator) =>
    expect(await timed(() => push(emulator, session(emulator)))).toBeGreaterThanOrEqual(190),
  'on=delivery,nth=1,drop': async (emulator) => {
    const got: string[] = [];
    const filtered = new Promise((resolve) => emulator.on((event) => event.kind === 'filter' && resolve(event)));
    const device = await connectDevice({
      port: emulator.ports.courier as number,
      ca: emulator.lab.authority.certificate,
      token: TOKEN,
      topics: [APP],
      onEvent: (event) => event.kind === 'message' && got.push(Buffer.from(event.message.payload).toString()),
    });
    open.push(() => device.destroy());
    await filtered;
    for (const payload of ['first', 'second']) emulator.inject({ to: TOKEN, topic: APP, payload });
    await emulator.waitFor({ command: 'message_ack' });
    expect(got).toEqual(['second']);
  },
  'server=http2,nth=1,skew=2h': async (emulator) =>
    expect(await push(emulator, session(emulator))).toBe('403 {"reason":"ExpiredProviderToken"}'),
};

describe('the faults of the manual, each on a real client', () => {
  it('are those that are tested here', () => {
    expect(shown).toEqual(expect.arrayContaining(Object.keys(CASES)));
    expect(shown).toHaveLength(Object.keys(CASES).length);
  });

  for (const [rule, broken] of Object.entries(CASES)) {
    it(rule, async () => {
      const emulator = await startEmulator({
        directory: LAB_DIRECTORY,
        ports: { feedback: false, control: false },
        courier: { verify: 'off' },
        rules: [parseRule(rule)],
        unknownTokens: 'accept',
      });
      open.push(() => emulator.stop());
      emulator.addDevice({ token: TOKEN });
      await broken(emulator);
    });
  }
});
