import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { feedback } from '../../src/codec/feedback.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import { openReading } from '../../src/timeline/open.ts';
import { hex } from '../support/courier-play.ts';
import { replay } from '../support/replay-lab.ts';

const entry = (token: string, timestamp: number): Uint8Array => feedback.encode('feedback', { timestamp, token: hex(token.repeat(32)) }, 1);

it('reads the list of a feedback service and compares it token by token', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'apns-replay-')), 's2c.bin');
  writeFileSync(path, concatBytes([entry('aa', 1_700_000_000), entry('bb', 1_700_000_001), entry('cc', 1_700_000_002)]));
  const reading = await openReading([], { keys: [], decodeAs: ['tcp.stream==0,feedback'], s2c: path, follow: false, expandPayloads: true });
  while (reading.step() !== 'done');
  const server = createServer((socket) =>
    socket.end(concatBytes([entry('cc', 1_800_000_000), entry('aa', 1_800_000_001), entry('dd', 1)])),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { ledger } = await replay(reading, { port: (server.address() as { port: number }).port, plaintext: true });
    expect(ledger.findings.map(({ row, outcome }) => [row, outcome])).toEqual([[1, 'missing']]);
    expect(ledger.counts.equal).toBe(2);
    expect([...ledger.remarks.keys()]).toEqual([`the feedback service lists ${'dd'.repeat(32)}, which the capture does not`]);
  } finally {
    server.close();
    reading.close();
  }
});
