import { mkdtempSync } from 'node:fs';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Emulator, type EmulatorOptions, signProviderToken } from '../../src/emulator/index.ts';
import { parseSet } from '../../src/replay/rewrite.ts';
import type { Reading } from '../../src/timeline/open.ts';
import { emulator, load, replay } from '../support/replay-lab.ts';

const GOOD = 'ab'.repeat(32);
const TOPIC = 'com.example.app';
let reading: Reading;

/** Records three pushes, the last one to a token that nobody has. */
async function record(path: string): Promise<void> {
  const server = await emulator({ capture: path });
  server.addDevice({ token: GOOD });
  const session = connect(`https://127.0.0.1:${server.ports.http2}`, { ca: server.lab.authority.certificate });
  const key = server.signingKey;
  const token = signProviderToken(key.key, key.keyId, key.teamId, Math.floor(Date.now() / 1000));
  for (const [i, device] of [GOOD, GOOD, 'cd'.repeat(32)].entries()) {
    await new Promise<void>((resolve, reject) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': `/3/device/${device}`,
        authorization: `bearer ${token}`,
        'apns-topic': TOPIC,
        'apns-push-type': 'alert',
      });
      stream.on('error', reject);
      stream.on('close', resolve);
      stream.resume();
      stream.end(JSON.stringify({ aps: { alert: `push ${i}` } }));
    });
  }
  await new Promise<void>((resolve) => session.close(resolve));
  await server.stop();
}

beforeAll(async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'apns-replay-')), 'http2.pcapng');
  await record(path);
  reading = await load(path);
});
afterAll(() => reading.close());

async function against(
  options: EmulatorOptions,
  run: (target: Emulator, wish: { port: number; ca: string; rewrite: { authorization: () => string } }) => Promise<void>,
): Promise<void> {
  const target = await emulator(options);
  try {
    target.addDevice({ token: GOOD });
    const { key, keyId, teamId } = target.signingKey;
    const token = `bearer ${signProviderToken(key, keyId, teamId, Math.floor(Date.now() / 1000))}`;
    await run(target, {
      port: target.ports.http2 as number,
      ca: target.lab.authority.certificate,
      rewrite: { authorization: () => token },
    });
  } finally {
    await target.stop();
  }
}

describe('replaying a provider to the HTTP/2 service', () => {
  it('re-encodes every request, signs anew, and finds every answer equal', () =>
    against({}, async (target, wish) => {
      const { ledger } = await replay(reading, wish);
      expect(ledger.findings).toEqual([]);
      expect([ledger.planned, ledger.sent, ledger.counts.equal]).toEqual([3, 3, 3]);
      expect(target.received({ server: 'http2' }).map(({ status, reason }) => [status, reason])).toEqual([
        [200, undefined],
        [200, undefined],
        [400, 'BadDeviceToken'],
      ]);
    }));

  it('names exactly the answer that a fault changed, by status and reason', () =>
    against({ rules: [{ when: { server: 'http2', nth: 2 }, do: { reason: 'TooManyRequests' } }] }, async (_, wish) => {
      const { ledger } = await replay(reading, wish);
      expect(ledger.findings.map(({ outcome, differences }) => [outcome, differences])).toEqual([
        [
          'different',
          [
            { field: 'status', recorded: '200', live: '429' },
            { field: 'reason', recorded: undefined, live: 'TooManyRequests' },
          ],
        ],
      ]);
    }));

  it('tells an answer that does not come as missing', () =>
    against({ rules: [{ when: { server: 'http2', nth: 1 }, do: { drop: true } }] }, async (_, wish) => {
      const { ledger } = await replay(reading, { ...wish, peer: { timeoutMs: 300 } });
      expect(ledger.findings.map(({ outcome, why }) => [outcome, why])).toEqual([['missing', 'no answer in 0.3 s']]);
      expect(ledger.counts.equal).toBe(2);
    }));

  it('rewrites token, headers and payload members', () =>
    against({}, async (target, wish) => {
      const rules = ['payload.aps.badge=3', 'header.apns-priority=5', `token=${GOOD}`].map(parseSet);
      await replay(reading, { ...wish, rewrite: { ...wish.rewrite, rules } });
      const [first, , last] = target.received({ server: 'http2' });
      expect(JSON.parse(Buffer.from(first.payload ?? []).toString())).toEqual({ aps: { alert: 'push 0', badge: 3 } });
      expect(first.headers).toContainEqual(['apns-priority', '5']);
      expect([last.token, last.status]).toEqual([GOOD, 200]);
    }));

  it('goes on with a new connection when the server says GOAWAY', () =>
    against({ rules: [{ when: { server: 'http2', nth: 1 }, do: { goaway: {} } }] }, async (target, wish) => {
      const { ledger } = await replay(reading, wish);
      expect(ledger.counts.missing + ledger.counts.failed + ledger.counts['not sent']).toBe(0);
      expect(target.received({ server: 'http2' }).length).toBeGreaterThanOrEqual(3);
    }));

  it('names a channel only when the server has said what it is called', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'apns-replay-')), 'channels.pcapng');
    const server = await emulator({ capture: path });
    const session = connect(`https://127.0.0.1:${server.ports.http2}`, { ca: server.lab.authority.certificate });
    const key = server.signingKey;
    const authorization = `bearer ${signProviderToken(key.key, key.keyId, key.teamId, Math.floor(Date.now() / 1000))}`;
    const post = (requestPath: string, headers: Record<string, string>, body: object): Promise<string> =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':method': 'POST', ':path': requestPath, authorization, ...headers });
        let channel = '';
        stream.on('response', (answer) => {
          channel = String(answer['apns-channel-id'] ?? '');
        });
        stream.on('error', reject);
        stream.on('close', () => resolve(channel));
        stream.resume();
        stream.end(JSON.stringify(body));
      });
    const create = (): Promise<string> =>
      post(`/1/apps/${TOPIC}/channels`, {}, { 'message-storage-policy': 0, 'push-type': 'LiveActivity' });
    const broadcast = (channel: string): Promise<string> =>
      post(
        `/4/broadcasts/apps/${TOPIC}`,
        { 'apns-channel-id': channel, 'apns-push-type': 'LiveActivity', 'apns-expiration': '0', 'apns-priority': '10' },
        { aps: { event: 'update', timestamp: 1, 'content-state': {} } },
      );
    const channels: string[] = [];
    for (let i = 0; i < 4; i++) {
      channels.push(await create());
      for (const channel of channels) await broadcast(channel);
    }
    await new Promise<void>((resolve) => session.close(resolve));
    await server.stop();
    const recorded = await load(path);
    try {
      await against({ seed: 7 }, async (_, wish) => {
        const { ledger, names } = await replay(recorded, wish);
        expect(ledger.findings).toEqual([]);
        expect([ledger.sent, ledger.counts.equal]).toEqual([14, 14]);
        expect([...names.entries()].map(([from]) => from).sort()).toEqual([...channels].sort());
      });
    } finally {
      recorded.close();
    }
  });
});
