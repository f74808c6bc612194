/** How much a replay does at the same time, counted at the target. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp2 } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { gateway } from '../../src/codec/gateway.ts';
import { Conversation, type Packet, pcapFile } from '../support/conversation.ts';
import { load, replay } from '../support/replay-lab.ts';

const directory = mkdtempSync(join(tmpdir(), 'apns-concurrency-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** So many connections that were open at the same time. */
async function overlapping(connections: number): Promise<string> {
  const talks = Array.from({ length: connections }, (_, n) =>
    new Conversation(`10.0.0.1:${50_000 + n}`, '10.0.0.2:2195', 1_790_000_000_000_000_000n + BigInt(n)).open(),
  );
  const payload = JSON.stringify({ aps: { alert: 'x'.repeat(200) } });
  for (const identifier of [1, 2, 3, 4])
    for (const talk of talks) talk.wait(20).send(0, gateway.encode('notification', { token: new Uint8Array(32), payload, identifier }, 0));
  for (const talk of talks) talk.close();
  const packets: Packet[] = talks.flatMap((talk) => talk.packets);
  packets.sort((a, b) => (a.nanos < b.nanos ? -1 : 1));
  const path = join(directory, `gateway-${connections}.pcap`);
  writeFileSync(path, pcapFile(packets));
  return path;
}

it('of --connections is reached and never exceeded', async () => {
  let open = 0;
  let most = 0;
  const sink = createServer((socket) => {
    most = Math.max(most, ++open);
    socket
      .on('error', () => {})
      .on('end', () => {
        open--;
        socket.end();
      })
      .resume();
  });
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
  const { port } = sink.address() as AddressInfo;
  const path = await overlapping(6);
  for (const [connections, expected] of [
    [1, 1],
    [2, 2],
    [undefined, 6],
  ] as const) {
    const reading = await load(path);
    most = 0;
    const { ledger, plan } = await replay(reading, { port, plaintext: true, run: { connections }, peer: { quietMs: 20 } });
    reading.close();
    expect([plan.connections.length, ledger.sent, most]).toEqual([6, 24, expected]);
  }
  sink.close();
});

it('of --concurrency is reached and never exceeded', async () => {
  let open = 0;
  let most = 0;
  const sink = createHttp2();
  sink.on('stream', (stream) => {
    most = Math.max(most, ++open);
    // Answered when as many others have come as may: a few turns of the loop later.
    let turns = 20;
    const answer = (): void => {
      if (turns-- > 0) {
        setImmediate(answer);
        return;
      }
      open--;
      stream.respond({ ':status': 200 }, { endStream: true });
    };
    stream
      .on('error', () => {})
      .resume()
      .on('end', answer);
  });
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
  const { port } = sink.address() as AddressInfo;
  for (const concurrency of [1, 3]) {
    const reading = await load('captures/findings/http2.pcap');
    most = 0;
    const { ledger } = await replay(reading, { port, plaintext: true, peer: { concurrency } });
    reading.close();
    expect(ledger.sent).toBeGreaterThan(concurrency);
    expect(most).toBe(concurrency);
  }
  sink.close();
});
