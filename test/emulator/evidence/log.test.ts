import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gateway } from '../../../src/codec/gateway.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import { connectDevice } from '../../../src/emulator/device/connection.ts';
import { type Emulator, signProviderToken, startEmulator } from '../../../src/emulator/index.ts';
import { hex } from '../../support/courier-play.ts';
import { LAB_DIRECTORY } from '../../support/lab.ts';

const NOON = Date.UTC(2026, 10, 21, 12);
const TOKEN = 'ab'.repeat(32);
const APP = 'com.example.app';

/** The log of a run in plaintext, its clock frozen; client and server ports are left out. */
async function logOf(play: (emulator: Emulator) => Promise<void>): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'apns-log-'));
  const log = join(directory, 'log.jsonl');
  const emulator = await startEmulator({
    directory: LAB_DIRECTORY,
    plaintext: true,
    frozenAt: NOON,
    seed: 1,
    log,
    courier: { verify: 'off' },
  });
  try {
    await play(emulator);
  } finally {
    await emulator.stop();
  }
  const text = readFileSync(log, 'utf8');
  rmSync(directory, { recursive: true });
  return text.replaceAll(/"(src|dst)":"127\.0\.0\.1:\d+",/g, '').replaceAll(/"kid":"[^"]*"/g, '"kid":"‹the lab’s›"');
}

/** A provider over HTTP/2 with a valid token, one request after the other. */
function provider(emulator: Emulator) {
  const session: ClientHttp2Session = connectHttp2(`http://127.0.0.1:${emulator.ports.http2}`);
  const { key, keyId, teamId } = emulator.signingKey;
  const authorization = `bearer ${signProviderToken(key, keyId, teamId, NOON / 1000)}`;
  const ask = (method: string, path: string, headers: Record<string, string>, body?: object): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':method': method, ':path': path, authorization, ...headers });
      let answered: Record<string, unknown> = {};
      stream.on('response', (answer) => {
        answered = answer;
      });
      stream.on('error', reject);
      stream.on('close', () => resolve(answered));
      stream.resume().end(body === undefined ? undefined : JSON.stringify(body));
    });
  return { ask, close: () => session.close() };
}

describe('the log of a session', () => {
  it('with the gateway has all three commands, the error, and what was discarded', async () => {
    const text = await logOf(async (emulator) => {
      emulator.addDevice({ token: TOKEN });
      const socket = connect(emulator.ports.gateway as number, '127.0.0.1').resume();
      const payload = '{"aps":{"alert":"hi"}}';
      socket.write(
        concatBytes([
          gateway.encode('simple_notification', { token: hex(TOKEN), payload }, 0),
          gateway.encode('enhanced_notification', { token: hex(TOKEN), payload, identifier: 1, expiry: 2_000_000_000 }, 0),
          gateway.encode('notification', { token: hex(TOKEN), payload, identifier: 2, expiry: 2_000_000_000, priority: 5 }, 0),
          gateway.encode('notification', { token: hex('cd'.repeat(32)), payload, identifier: 3 }, 0),
          gateway.encode('notification', { token: hex(TOKEN), payload, identifier: 4 }, 0),
        ]),
      );
      await once(socket, 'close');
    });
    await expect(text).toMatchFileSnapshot('expected/gateway.jsonl');
  });

  for (const dialect of ['tlv', 'packed', 'ios4'] as const)
    it(`with a ${dialect} device has its Connect, its filter, a notification and the ack`, async () => {
      const text = await logOf(async (emulator) => {
        const filtered = new Promise((resolve) => emulator.on((event) => event.kind === 'filter' && resolve(event)));
        const device = await connectDevice({
          port: emulator.ports.courier as number,
          topics: [APP],
          dialect,
          plaintext: true,
          token: TOKEN,
          onEvent: () => {},
        });
        await filtered;
        emulator.inject({ to: TOKEN, topic: APP, payload: { aps: { alert: 'hi' } } });
        await emulator.waitFor({ command: 'message_ack' });
        device.destroy();
        await device.ended;
      });
      await expect(text.replaceAll(/"time":"[^"]*",/g, '')).toMatchFileSnapshot(`expected/courier-${dialect}.jsonl`);
    });

  it('with the feedback service has a tuple for each token that was refused since the last reading', async () => {
    const text = await logOf(async (emulator) => {
      const dead = 'de'.repeat(32);
      for (const token of [TOKEN, dead]) emulator.addDevice({ token });
      emulator.setTokenState(dead, 'unregistered', NOON - 60_000);
      const socket = connect(emulator.ports.gateway as number, '127.0.0.1').resume();
      const payload = '{"aps":{"alert":"hi"}}';
      socket.write(gateway.encode('notification', { token: hex(dead), payload, identifier: 1, expiry: 2_000_000_000 }, 0));
      expect(await emulator.waitFor({ id: '1' })).toHaveLength(1);
      socket.end();
      await once(socket, 'close');
      for (let reading = 0; reading < 2; reading++) await once(connect(emulator.ports.feedback as number, '127.0.0.1').resume(), 'close');
    });
    await expect(text).toMatchFileSnapshot('expected/feedback.jsonl');
  });

  it('with the provider API has each push, its answer and its reason', async () => {
    const text = await logOf(async (emulator) => {
      const dead = 'de'.repeat(32);
      for (const token of [TOKEN, dead]) emulator.addDevice({ token });
      emulator.setTokenState(dead, 'unregistered', NOON - 60_000);
      const { ask, close } = provider(emulator);
      const headers = { 'apns-topic': APP, 'apns-push-type': 'alert' };
      const id = '123e4567-e89b-12d3-a456-426655440000';
      const body = { aps: { alert: 'hi' } };
      const more = { 'apns-id': id, 'apns-priority': '5', 'apns-expiration': '0', 'apns-collapse-id': 'one' };
      await ask('POST', `/3/device/${TOKEN}`, { ...headers, ...more }, body);
      await ask('POST', `/3/device/${dead}`, headers, body);
      await ask('POST', `/3/device/${'cd'.repeat(32)}`, headers, body);
      await ask('POST', `/3/device/${TOKEN}`, headers);
      await ask('POST', `/3/device/${TOKEN}`, { ...headers, authorization: 'bearer nonsense' }, body);
      close();
    });
    await expect(text).toMatchFileSnapshot('expected/http2.jsonl');
  });

  it('with channels has their making, a broadcast to a subscribed device, and their end', async () => {
    const text = await logOf(async (emulator) => {
      const { ask, close } = provider(emulator);
      const channels = `/1/apps/${APP}/channels`;
      const made = await ask('POST', channels, {}, { 'message-storage-policy': 1, 'push-type': 'LiveActivity' });
      const channel = String(made['apns-channel-id']);
      const device = await connectDevice({
        port: emulator.ports.courier as number,
        topics: [APP],
        channels: [{ topic: APP, channel }],
        dialect: 'tlv',
        plaintext: true,
        token: TOKEN,
        onEvent: () => {},
      });
      expect(await emulator.waitFor({ command: 'pub_sub_channel_list' })).toHaveLength(1);
      const headers = {
        'apns-channel-id': channel,
        'apns-push-type': 'liveactivity',
        'apns-expiration': '2000000000',
        'apns-priority': '10',
      };
      await ask('POST', `/4/broadcasts/apps/${APP}`, headers, { aps: { event: 'update' } });
      expect(await emulator.waitFor({ command: 'broadcast', state: 'acknowledged' })).toHaveLength(1);
      device.destroy();
      await device.ended;
      await ask('GET', channels, { 'apns-channel-id': channel });
      await ask('GET', `/1/apps/${APP}/all-channels`, {});
      await ask('DELETE', channels, { 'apns-channel-id': channel });
      await ask('POST', `/4/broadcasts/apps/${APP}`, headers, { aps: { event: 'update' } });
      close();
    });
    await expect(text).toMatchFileSnapshot('expected/channels.jsonl');
  });
});
