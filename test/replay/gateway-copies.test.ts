/** Recorded bytes that go out as they are must be those that a message taken apart and put together again would have. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gateway } from '../../src/codec/gateway.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import type { Clock } from '../../src/replay/clock.ts';
import { Conversation, pcapFile } from '../support/conversation.ts';
import { load, replay } from '../support/replay-lab.ts';

const SEED = 20261121;
const START = 1_790_000_000_000;
const directory = mkdtempSync(join(tmpdir(), 'apns-copies-'));
let sink: Server;
let heard: Buffer[] = [];
let closed: () => void = () => {};

beforeAll(async () => {
  sink = createServer((socket) => {
    socket.on('data', (bytes: Buffer) => heard.push(bytes));
    socket.on('end', () => socket.end());
    socket.on('error', () => {});
    socket.on('close', () => closed());
  });
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  sink.close();
  rmSync(directory, { recursive: true });
});

/** Three days after the recording, and moved on only by waiting. */
function later(): Clock {
  let now = START + 3 * 86_400_000;
  return {
    now: () => now,
    until: (time) => {
      now = Math.max(now, time);
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

async function sent(path: string, sending?: () => void): Promise<Buffer> {
  const reading = await load(path);
  heard = [];
  const done = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const port = (sink.address() as { port: number }).port;
  await replay(reading, { port, plaintext: true, clock: later(), ...(sending === undefined ? {} : { sending }) });
  await done;
  reading.close();
  return Buffer.concat(heard);
}

const token = fc.uint8Array({ minLength: 32, maxLength: 32 });
const expiry = fc.constantFrom(0, 1, 1_790_000_060, 1_800_000_000, 0xffffffff);
const payload = fc.string({ maxLength: 700 }).map((text) => JSON.stringify({ aps: { alert: text } }));
const message = fc.oneof(
  fc.record({ token, payload }).map((fields) => ({ command: 'simple_notification', fields })),
  fc.record({ token, payload, expiry }).map((fields) => ({ command: 'enhanced_notification', fields })),
  fc
    .record({ token, payload, expiry, priority: fc.constantFrom(5, 10) }, { requiredKeys: ['token', 'payload'] })
    .map((fields) => ({ command: 'notification', fields })),
);

it('is the same bytes as taking each message apart, however TCP cut the recording', async () => {
  const path = join(directory, 'gateway.pcap');
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { minLength: 1, maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 1448 })),
      async (said, cuts) => {
        const bytes = concatBytes(
          said.map(({ command, fields }, identifier) =>
            gateway.encode(command, { ...fields, ...(command === 'simple_notification' ? {} : { identifier }) }, 0),
          ),
        );
        const talk = new Conversation('10.0.0.1:50000', '10.0.0.2:2195', BigInt(START) * 1_000_000n);
        talk.open();
        let at = 0;
        for (let n = 0; at < bytes.length; n++) {
          const size = cuts[n % Math.max(1, cuts.length)] ?? 1448;
          talk.now += 1_700_000n;
          talk.send(0, bytes.subarray(at, at + size));
          at += size;
        }
        talk.close();
        writeFileSync(path, pcapFile(talk.packets));
        const [copied, rebuilt] = [await sent(path), await sent(path, () => {})];
        expect(copied.length).toBe(bytes.length);
        expect(copied.equals(rebuilt)).toBe(true);
      },
    ),
    { seed: SEED, numRuns: 25 },
  );
});
