/** curl with HTTP/2: what a newcomer types first. */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signProviderToken } from '../../src/emulator/index.ts';
import { APP, alerts, DEAD, GOOD, type Interop, interop, UNKNOWN } from '../support/interop.ts';

const run = promisify(execFile);

function hasHttp2(): boolean {
  try {
    return /\bHTTP2\b/.test(execFileSync('curl', ['--version']).toString());
  } catch {
    return false;
  }
}

describe.skipIf(!hasHttp2())('curl (skipped when it is missing or has no HTTP/2)', () => {
  let lab: Interop;
  beforeAll(async () => {
    lab = await interop();
  });
  afterAll(() => lab.stop());

  async function push(token: string, ...more: string[]): Promise<{ status: number; body: string; version: string }> {
    const { emulator } = lab;
    const { key, keyId, teamId } = emulator.signingKey;
    const jwt = signProviderToken(key, keyId, teamId, Math.floor(Date.now() / 1000));
    const { stdout } = await run('curl', [
      '-sS',
      '--http2',
      ...['--cacert', emulator.lab.caPath],
      ...['-H', `authorization: bearer ${jwt}`, '-H', `apns-topic: ${APP}`, '-H', 'apns-push-type: alert'],
      ...['-d', '{"aps":{"alert":"Hello from curl"}}', '-w', '\n%{http_code} %{http_version}'],
      ...more,
      `https://localhost:${emulator.ports.http2}/3/device/${token}`,
    ]);
    const lines = stdout.split('\n');
    const [status, version] = (lines.pop() as string).split(' ');
    return { status: Number(status), version, body: lines.join('\n') };
  }

  it('delivers to the device, and is told of unknown and unregistered tokens', async () => {
    expect(await push(GOOD)).toEqual({ status: 200, version: '2', body: '' });
    await lab.received(1);
    expect(alerts(lab.messages)).toEqual(['Hello from curl']);
    expect(await push(UNKNOWN)).toMatchObject({ status: 400, body: '{"reason":"BadDeviceToken"}' });
    expect(JSON.parse((await push(DEAD)).body)).toMatchObject({ reason: 'Unregistered', timestamp: expect.any(Number) });
  });

  it('reaches the API without ALPN', async () => {
    expect(await push(GOOD, '--no-alpn', '--http2-prior-knowledge')).toMatchObject({ status: 200, version: '2' });
  });
});
