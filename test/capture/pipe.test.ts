import { Buffer } from 'node:buffer';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openInput, openSource } from '../../src/capture/open.ts';
import { isPipe, openStream } from '../../src/capture/pipe.ts';
import { Store } from '../../src/capture/store.ts';
import type { Input } from '../../src/core/input.ts';
import { InputRecorder, record, recordBytes, recordPath, withFiles } from '../support/input-recorder.ts';
import { SEED } from '../support/talks.ts';

/** Reads bytes through a pipe, in chunks of these sizes (the last one repeats). */
async function throughPipe(bytes: Uint8Array, sizes: readonly number[] = [65_536]): Promise<InputRecorder> {
  const store = new Store();
  const stream = new PassThrough();
  const input = openStream('pipe', stream, store, {}, openSource);
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const n = sizes[Math.min(i, sizes.length - 1)];
    stream.write(bytes.subarray(at, at + n));
    at += n;
  }
  stream.end();
  const recorder = await record(input, store);
  store.close();
  return recorder;
}

const comparable = ({ packets, notes, keys, streams }: InputRecorder) => ({
  packets,
  notes: notes.map(({ code, start, end, detail }) => ({ code, start, end, detail })),
  keys,
  streams: streams.map((stream) => [stream.info.client, stream.hex(0), stream.hex(1)]),
});

const ROOT = fileURLToPath(new URL('../../captures/', import.meta.url));
const CAPTURES = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.pcap(ng)?$/.test(name))
  .sort();

describe('a capture through a pipe', () => {
  it('gives the same as the file, for every capture that we have', async () => {
    expect(CAPTURES.length).toBeGreaterThan(0);
    for (const name of CAPTURES) {
      const path = join(ROOT, name);
      const file = await recordPath(path);
      const pipe = await throughPipe(readFileSync(path), [1, 23, 3, 100, 1000, 7]);
      expect(comparable(pipe), name).toEqual(comparable(file));
    }
  });

  it('shows packets while the writer is still writing', async () => {
    const bytes = pcapFile({ magic: 0xa1b2c3d4, littleEndian: true, modified: false, minor: 4 }, [packet(1, 'one'), packet(2, 'two')]);
    const stream = new PassThrough();
    const store = new Store();
    const input = openStream('pipe', stream, store, {}, openSource);
    const recorder = new InputRecorder(store);
    const untilStarved = async (count: number) => {
      while (recorder.packets.length < count)
        if (input.step(recorder) === 'starved' && recorder.packets.length < count) await input.ready();
    };
    stream.write(bytes.subarray(0, 24));
    stream.write(bytes.subarray(24, 24 + 16 + 3));
    await untilStarved(1);
    expect(recorder.packets).toHaveLength(1);
    stream.write(bytes.subarray(24 + 16 + 3));
    await untilStarved(2);
    expect(recorder.packets[1]).toMatchObject({ number: 2, sec: 2 });
    input.close();
    store.close();
  });

  it('says when it was empty, no capture, or cut inside the header', async () => {
    await expect(throughPipe(new Uint8Array(0))).rejects.toThrow('pipe ended without a byte: the program before it wrote nothing.');
    await expect(throughPipe(Buffer.from('tcpdump: permission denied\n'))).rejects.toThrow(/pipe is not a capture: it looks like text/);
    await expect(throughPipe(Buffer.from('d4c3b2a102000400', 'hex'))).rejects.toThrow(/ends inside its pcap header, after 8 of 24 bytes/);
  });

  it('tells a reading error and keeps what came before', async () => {
    const stream = new PassThrough();
    const store = new Store();
    const input = openStream('pipe', stream, store, {}, openSource);
    stream.write(pcapFile({ magic: 0xa1b2c3d4, littleEndian: true, modified: false, minor: 4 }, [packet(1, 'one')]));
    setImmediate(() => stream.destroy(new Error('connection lost')));
    const recorder = await record(input, store);
    expect(recorder.packets).toHaveLength(1);
    expect(recorder.notes).toMatchObject([{ code: 'format.truncated', detail: 'reading stopped: connection lost' }]);
    store.close();
  });

  it('is read from a FIFO by its path, also one that nobody writes to yet', async (context) => {
    await withFiles({}, async (directory) => {
      const path = join(directory, 'fifo');
      if (spawnSync('mkfifo', [path]).status !== 0) context.skip('mkfifo is not installed');
      expect(isPipe(path)).toBe(true);
      const store = new Store();
      const input = openInput(path, store);
      const recorder = new InputRecorder(store);
      expect(input.step(recorder)).toBe('starved');
      const writer = spawn('sh', ['-c', 'cat > "$0"', path]);
      writer.stdin.end(pcapFile({ magic: 0xa1b23c4d, littleEndian: false, modified: false, minor: 4 }, [packet(7, 'x')]));
      while (input.step(recorder) !== 'done') await input.ready();
      expect(recorder.packets).toMatchObject([{ sec: 7, nsec: 7 }]);
      input.close();
      store.close();
    });
  });

  const tcpdump = spawnSync('tcpdump', ['--version']).error === undefined && process.getuid?.() === 0;
  it.skipIf(!tcpdump)('shows the packets of a running tcpdump (needs tcpdump and root)', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    const dump = spawn('tcpdump', ['-i', 'lo', '-U', '-w', '-', 'udp', 'port', String(port)]);
    await new Promise<void>((resolve) => dump.stderr.on('data', (text: Buffer) => String(text).includes('listening on') && resolve()));
    const store = new Store();
    const input = openStream('tcpdump', dump.stdout, store, {}, openSource);
    const recorder = new InputRecorder(store);
    const again = setInterval(() => socket.send('live', port, '127.0.0.1'), 50);
    await untilPackets(input, recorder, 3);
    clearInterval(again);
    expect(dump.exitCode).toBe(null);
    expect(Buffer.from(recorder.packets[0].bytes).subarray(-4).toString()).toBe('live');
    expect(Math.abs(recorder.packets[0].sec - Date.now() / 1000)).toBeLessThan(120);
    dump.kill();
    socket.close();
    input.close();
    store.close();
  });
});

async function untilPackets(input: Input, recorder: InputRecorder, count: number): Promise<void> {
  while (recorder.packets.length < count) if (input.step(recorder) === 'starved' && recorder.packets.length < count) await input.ready();
}

interface Shape {
  readonly magic: number;
  readonly littleEndian: boolean;
  readonly modified: boolean;
  readonly minor: number;
}

interface Record {
  readonly sec: number;
  readonly fraction: number;
  readonly wire: number;
  readonly bytes: Uint8Array;
}

function packet(n: number, text: string): Record {
  return { sec: n, fraction: n % 1000, wire: text.length, bytes: Buffer.from(text) };
}

/** A classic capture of any shape that exists. */
function pcapFile(shape: Shape, records: readonly Record[]): Uint8Array {
  const word = (value: number) => {
    const out = Buffer.alloc(4);
    if (shape.littleEndian) out.writeUInt32LE(value);
    else out.writeUInt32BE(value);
    return out;
  };
  const version = shape.littleEndian ? (shape.minor << 16) | 2 : (2 << 16) | shape.minor;
  const parts = [word(shape.magic), word(version), word(0), word(0), word(65_535), word(1)];
  for (const { sec, fraction, wire, bytes } of records) {
    const lengths = shape.minor < 3 ? [wire, bytes.length] : [bytes.length, wire];
    parts.push(word(sec), word(fraction), word(lengths[0]), word(lengths[1]));
    if (shape.modified) parts.push(Buffer.alloc(8, 0x5a));
    parts.push(Buffer.from(bytes));
  }
  return Buffer.concat(parts);
}

const anyRecord = fc
  .record({
    sec: fc.integer({ min: 1_700_000_000, max: 1_700_000_100 }),
    fraction: fc.integer({ min: 0, max: 999_999_999 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }),
    more: fc.nat({ max: 100 }),
  })
  .map(({ sec, fraction, bytes, more }) => ({ sec, fraction, bytes, wire: bytes.length + more }));

const anyShape = fc
  .record({ kind: fc.constantFrom('micro', 'nano', 'modified'), littleEndian: fc.boolean(), minor: fc.constantFrom(2, 3, 4) })
  .map(
    ({ kind, littleEndian, minor }): Shape => ({
      magic: kind === 'micro' ? 0xa1b2c3d4 : kind === 'nano' ? 0xa1b23c4d : 0xa1b2cd34,
      littleEndian,
      modified: kind === 'modified',
      minor,
    }),
  );

describe('the guard around pcap-parser', () => {
  it('reads every shape of classic capture as the reader of files does, nanoseconds exact', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyShape,
        fc.array(anyRecord, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 }),
        async (shape, records, sizes) => {
          const bytes = pcapFile(shape, records);
          const pipe = await throughPipe(bytes, sizes);
          expect(pipe.packets).toHaveLength(records.length);
          if (shape.magic === 0xa1b23c4d) expect(pipe.packets.map((p) => p.nsec)).toEqual(records.map((r) => r.fraction));
          expect(comparable(pipe)).toEqual(comparable(await recordBytes(bytes)));
        },
      ),
      { seed: SEED, numRuns: 150 },
    );
  });

  it('reads damaged captures as the reader of files does: same packets, same notes', async () => {
    const damage = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(
        anyShape,
        fc.array(anyRecord, { minLength: 4, maxLength: 12 }),
        damage,
        fc.nat({ max: 30 }),
        async (shape, records, changes, cut) => {
          const bytes = Buffer.from(pcapFile(shape, records));
          for (const [where, value] of changes) bytes[24 + Math.floor(where * (bytes.length - 24))] = value;
          const rest = bytes.subarray(0, Math.max(24, bytes.length - cut));
          const pipe = await throughPipe(rest);
          expect(comparable(pipe)).toEqual(comparable(await recordBytes(rest)));
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('goes on behind the header of a second capture, wherever the chunks end', async () => {
    const shape: Shape = { magic: 0xa1b2c3d4, littleEndian: true, modified: false, minor: 4 };
    const files = [1_700_000_000, 1_800_000_000].map((sec) =>
      pcapFile(shape, [packet(sec, 'one'), packet(sec, 'two'), packet(sec, 'three')]),
    );
    const bytes = Buffer.concat(files);
    for (const size of [1, 7, 16, 23, 100, bytes.length]) {
      const pipe = await throughPipe(bytes, [size]);
      expect(pipe.packets).toHaveLength(6);
      expect(comparable(pipe)).toEqual(comparable(await recordBytes(bytes)));
    }
  });

  it('never hands the package a length that it would wait for: an absurd one is told at once', async () => {
    const records = Array.from({ length: 30 }, (_, i) => packet(1_700_000_000 + i, 'x'.repeat(50)));
    const bytes = Buffer.from(pcapFile({ magic: 0xa1b2c3d4, littleEndian: true, modified: false, minor: 4 }, records));
    bytes.writeUInt32LE(0x7fffffff, 24 + 66 * 3 + 8);
    const recorder = await throughPipe(bytes);
    expect(recorder.packets).toHaveLength(29);
    expect(recorder.notes).toMatchObject([{ code: 'format.unreadable', start: 24 + 66 * 3, end: 24 + 66 * 4 }]);
  });

  it('finds a packet again by its number and by the address of its bytes', async () => {
    const records = Array.from({ length: 1000 }, (_, i) => packet(1_700_000_000 + i, `packet ${i}`));
    const store = new Store();
    const stream = new PassThrough();
    stream.end(pcapFile({ magic: 0xa1b2cd34, littleEndian: true, modified: true, minor: 4 }, records));
    const input = openStream('pipe', stream, store, {}, openSource);
    await record(input, store);
    const place = store.packet(777);
    expect(place).toMatchObject({ packet: 777, sec: 1_700_000_776, capturedLength: 10 });
    expect(Buffer.from(store.read(place?.dataAddress ?? 0, 10)).toString()).toBe('packet 776');
    expect(store.locate((place?.dataAddress ?? 0) + 9)?.packet).toBe(777);
    store.close();
  });
});

describe('other inputs through a pipe', () => {
  it('are read like the file: a log of sslsplit in small chunks', async () => {
    const log = Buffer.from('2026-11-21 18:12:10 UTC [a]:1 -> [b]:2 (4):\nabcd2026-11-21 18:12:10 UTC [a]:1 -> [b]:2 (EOF)\n');
    const recorder = await throughPipe(log, [1]);
    expect(recorder.format).toBe('sslsplit -L (pipe)');
    expect(recorder.streams[0].hex(0)).toBe('61626364');
  });

  it('reads standard input that is a file as the file', async () => {
    const bytes = pcapFile({ magic: 0xa1b2c3d4, littleEndian: true, modified: false, minor: 4 }, [packet(1, 'one')]);
    await withFiles({ 'a.pcap': bytes }, async (directory) => {
      const store = new Store();
      const recorder = await record(openStream('file', createReadStream(join(directory, 'a.pcap')), store, {}, openSource), store);
      expect(recorder.packets).toHaveLength(1);
      store.close();
    });
  });
});
