import { Buffer } from 'node:buffer';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/bytes.ts';
import type { Dir } from '../../src/core/stream.ts';
import { openReading } from '../../src/timeline/open.ts';
import { guessSide, splitDirections } from '../../src/timeline/split-directions.ts';
import { GATEWAY_TALK, SEED } from '../support/talks.ts';
import { Tap } from '../support/tap.ts';

interface Piece {
  readonly dir: Dir;
  readonly bytes: Uint8Array;
}

/** The runs that the pieces make when they are joined. */
function truth(pieces: readonly Piece[]): { dir: Dir; start: number; end: number }[] {
  const runs: { dir: Dir; start: number; end: number }[] = [];
  let at = 0;
  for (const { dir, bytes } of pieces) {
    const last = runs.at(-1);
    if (last?.dir === dir) last.end += bytes.length;
    else runs.push({ dir, start: at, end: at + bytes.length });
    at += bytes.length;
  }
  return runs;
}

const join = (pieces: readonly Piece[]) => concatBytes(pieces.map((piece) => piece.bytes));

/** What went over the connections of a capture, in order. */
async function connections(name: string): Promise<Piece[][]> {
  const streams: Piece[][] = [];
  const path = fileURLToPath(new URL(`../../captures/${name}`, import.meta.url));
  const reading = await openReading([path], {
    keys: [],
    decodeAs: [],
    follow: false,
    expandPayloads: false,
    tap(level, stream, dir, buf, start, end) {
      if (level === 'tcp') (streams[stream] ??= []).push({ dir, bytes: buf.slice(start, end) });
    },
  });
  while (reading.step() !== 'done') await reading.ready();
  return streams.filter((pieces) => pieces !== undefined);
}

describe('both directions of a connection in one run of bytes', () => {
  it('are told apart in a gateway conversation with its error', () => {
    expect(splitDirections(join(GATEWAY_TALK.segments))).toEqual(truth(GATEWAY_TALK.segments));
  });

  it('are told apart in a recorded session of a provider', async () => {
    for (const pieces of await connections('apn-gateway/apn-plain.pcap')) expect(splitDirections(join(pieces))).toEqual(truth(pieces));
  });

  it('are told apart in a courier session, where many commands go both ways', async () => {
    const [session] = await connections('courier-session/courier-session.pcap');
    expect(splitDirections(join(session))).toEqual(truth(session));
  });

  it('are told apart in a recorded HTTP/2 session', async () => {
    const pieces = await http2Session();
    expect(pieces.length).toBeGreaterThan(6);
    expect(splitDirections(join(pieces))).toEqual(truth(pieces));
  });

  it('tile the bytes whatever they are, and are none when no dialect is spoken', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(...GATEWAY_TALK.segments.map((s) => s.bytes), new Uint8Array(0)),
        (noise, start) => {
          const bytes = concatBytes([start, noise]);
          const runs = splitDirections(bytes);
          let at = 0;
          for (const run of runs) {
            expect(run.start).toBe(at);
            expect(run.end).toBeGreaterThan(run.start);
            at = run.end;
          }
          if (runs.length > 0) expect(at).toBe(bytes.length);
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
    expect(splitDirections(Buffer.from('no push protocol begins like this'))).toEqual([]);
  });

  it('say which side begins, or nothing', () => {
    expect(guessSide(GATEWAY_TALK.segments[0].bytes)).toBe(0);
    expect(guessSide(GATEWAY_TALK.segments[2].bytes)).toBe(1);
    expect(guessSide(Buffer.from('hello'))).toBe(undefined);
  });
});

/** Requests of node:http2 with bodies, one of them refused, recorded on the way. */
async function http2Session(): Promise<Piece[]> {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    stream.on('data', () => {});
    stream.on('end', () => {
      const refused = String(headers[':path']).endsWith('bad');
      stream.respond({ ':status': refused ? 410 : 200, 'apns-id': 'a' });
      stream.end(refused ? '{"reason":"Unregistered"}' : '');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const tap = await Tap.before((server.address() as AddressInfo).port);
  const client = connect(`http://127.0.0.1:${tap.port}`);
  for (const path of ['/3/device/aa', '/3/device/bad', '/3/device/cc']) {
    const request = client.request({ ':method': 'POST', ':path': path, 'apns-topic': 'com.example.app' });
    request.end('{"aps":{"alert":"hello"}}');
    request.resume();
    await new Promise((done) => request.on('close', done));
  }
  await new Promise<void>((done) => client.close(done));
  await new Promise((done) => server.close(done));
  await tap.close();
  return tap.connections[0].map((chunk) => ({ dir: chunk.dir, bytes: chunk.bytes }));
}
