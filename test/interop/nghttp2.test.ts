/** The programs of nghttp2: a client that shows every frame and starts at stream 13, and a load of many streams. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signProviderToken } from '../../src/emulator/index.ts';
import { APP, alerts, GOOD, type Interop, interop, UNKNOWN } from '../support/interop.ts';

const run = promisify(execFile);
const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

let lab: Interop;
let directory: string;
let body: string;
beforeAll(async () => {
  lab = await interop();
  directory = mkdtempSync(join(tmpdir(), 'apns-nghttp2-'));
  body = join(directory, 'body.json');
  writeFileSync(body, '{"aps":{"alert":"Hello from nghttp2"}}');
});
afterAll(async () => {
  await lab.stop();
  rmSync(directory, { recursive: true });
});

function headers(): string[] {
  const { key, keyId, teamId } = lab.emulator.signingKey;
  const jwt = signProviderToken(key, keyId, teamId, Math.floor(Date.now() / 1000));
  return ['-H', `authorization: bearer ${jwt}`, '-H', `apns-topic: ${APP}`, '-H', 'apns-push-type: alert', '-d', body];
}
const url = (token: string): string => `https://localhost:${lab.emulator.ports.http2}/3/device/${token}`;

describe.skipIf(!has('nghttp'))('nghttp (skipped when it is missing)', () => {
  const show = async (token: string): Promise<string> => (await run('nghttp', ['-v', '--no-verify-peer', ...headers(), url(token)])).stdout;

  it('is limited to one stream until its token is known to be good, is answered on HEADERS alone, and delivers', async () => {
    const text = await show(GOOD);
    const settings = (text.match(/recv SETTINGS frame[^\n]*\n(?: +[^\n]*\n)*/g) ?? []).join('');
    const limits = [...settings.matchAll(/MAX_CONCURRENT_STREAMS\(0x03\):(\d+)/g)].map(([, limit]) => Number(limit));
    expect(limits).toEqual([1, 1000]);
    expect(text).toMatch(/recv \(stream_id=13\) :status: 200/);
    expect(text).toMatch(/recv \(stream_id=13\) apns-unique-id: [0-9a-f-]{36}/);
    expect(text).not.toContain('recv DATA');
    await lab.received(1);
    expect(alerts(lab.messages)).toEqual(['Hello from nghttp2']);
  });

  it('is told the reason of a rejection in one DATA frame', async () => {
    const text = await show(UNKNOWN);
    expect(text).toMatch(/recv \(stream_id=13\) :status: 400/);
    expect(text.match(/recv DATA frame <length=27, flags=0x01, stream_id=13>/g)).toHaveLength(1);
    expect(text).toContain('{"reason":"BadDeviceToken"}');
  });
});

describe.skipIf(!has('h2load'))('h2load (skipped when it is missing)', () => {
  it('has every request of many streams and connections answered with 200', async () => {
    const before = lab.emulator.received({ server: 'http2', status: 200 }).length;
    const { stdout } = await run('h2load', ['-n', '1000', '-c', '4', '-m', '50', ...headers(), url(GOOD)]);
    expect(stdout).toContain('1000 total, 1000 started, 1000 done, 1000 succeeded, 0 failed, 0 errored, 0 timeout');
    expect(stdout).toContain('status codes: 1000 2xx, 0 3xx, 0 4xx, 0 5xx');
    expect(lab.emulator.received({ server: 'http2', status: 200 })).toHaveLength(before + 1000);
  });
});
