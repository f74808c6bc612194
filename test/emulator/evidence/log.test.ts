import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gateway } from '../../../src/codec/gateway.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import { connectDevice } from '../../../src/emulator/device/connection.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/index.ts';
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
  return text.replaceAll(/"(src|dst)":"127\.0\.0\.1:\d+",/g, '');
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
});
