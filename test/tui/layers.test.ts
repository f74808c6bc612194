import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { concatBytes } from '../../src/core/bytes.ts';
import { utf8Bytes } from '../../src/core/text.ts';
import type { Reading } from '../../src/timeline/open.ts';
import { layersOf } from '../../src/tui/layers.ts';
import { credentialRanges } from '../../src/view/hex.ts';
import { readAll } from '../support/captures.ts';
import { Conversation, pcapFile } from '../support/conversation.ts';
import { H2Writer, pushHeaders } from '../support/http2-writer.ts';

/** Two pushes with provider tokens and a SETTINGS frame, unencrypted, in one segment. */
async function sharedPacket(): Promise<Reading> {
  const writer = new H2Writer();
  const push = (stream: number, token: string): Uint8Array =>
    concatBytes([writer.headers(stream, pushHeaders({ authorization: `bearer ${token}` })), writer.data(stream, '{"aps":{}}')]);
  const bytes = concatBytes([
    utf8Bytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    writer.settings(),
    push(1, 'header.first-claims.first-signature'),
    push(3, 'header.second-claims.second-signature'),
  ]);
  const talk = new Conversation('10.0.0.1:50000', '10.0.0.2:2197', 1_700_000_000_000_000_000n).open().send(0, bytes);
  const directory = mkdtempSync(join(tmpdir(), 'layers-'));
  try {
    const path = join(directory, 'h2c.pcap');
    writeFileSync(path, pcapFile(talk.packets));
    return await readAll([path]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test('in the packet of a message, credentials of every message in it are hidden', async () => {
  const reading = await sharedPacket();
  const { timeline } = reading;
  const pushes = [...Array(timeline.length).keys()].filter((row) => credentialRanges(timeline.message(row).fields).length > 0);
  expect(pushes).toHaveLength(2);
  const secrets = pushes.flatMap((row) => {
    const { bytes } = timeline.bytes(row);
    return credentialRanges(timeline.message(row).fields).map((r) => Buffer.from(bytes.subarray(r.start, r.end)).toString('latin1'));
  });
  for (let row = 0; row < timeline.length; row++) {
    const layer = layersOf(reading, row, false).find((l) => l.name === 'packet');
    expect(layer).toBeDefined();
    const masked = Buffer.from(layer?.bytes ?? []);
    for (const secret of secrets) expect(masked.includes(secret, 0, 'latin1')).toBe(true);
    for (const { start, end } of layer?.hidden ?? []) masked.fill('*', start, end);
    for (const secret of secrets) expect(masked.includes(secret, 0, 'latin1')).toBe(false);
    expect(layersOf(reading, row, true).find((l) => l.name === 'packet')?.hidden ?? []).toEqual([]);
  }
  reading.close();
});
