import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Compression, unpack } from '../../src/capture/compressed.ts';
import type { Limits } from '../../src/capture/compression/decoder.ts';
import { GzipDecoder } from '../../src/capture/compression/gzip.ts';
import { Lz4Decoder } from '../../src/capture/compression/lz4.ts';
import { ZstdDecoder } from '../../src/capture/compression/zstd.ts';
import { SpooledSource } from '../../src/capture/pipe-source.ts';
import { Store } from '../../src/capture/store.ts';
import { lz4Frame, skippableFrame, zstdFrame } from '../support/compressors.ts';
import { recordBytes, recordPath, withFiles } from '../support/input-recorder.ts';
import { nanoPcap } from '../support/stream-formats.ts';
import { SEED } from '../support/talks.ts';

const WIDE: Limits = { free: 1 << 30, ratio: 200, most: 2 ** 40 };
const KINDS: Record<'gzip' | 'zstd' | 'lz4', Compression> = {
  gzip: { name: 'gzip', recognise: () => true, decoder: (emit) => new GzipDecoder(emit), lossy: true },
  zstd: { name: 'zstd', recognise: () => true, decoder: (emit) => new ZstdDecoder(emit), lossy: false },
  lz4: { name: 'lz4', recognise: () => true, decoder: (emit) => new Lz4Decoder(emit), lossy: false },
};

/** Unpacks in pieces of this size, as they would come through a pipe. */
async function unpacked(
  kind: Compression,
  packed: Uint8Array,
  limits = WIDE,
  piece = packed.length,
): Promise<{ bytes: Buffer; trouble: string | undefined }> {
  const store = new Store();
  const source = new SpooledSource('packed', store);
  const to = new SpooledSource('unpacked', store);
  const running = unpack(kind, source, to, limits);
  for (let at = 0; at < packed.length; at += Math.max(1, piece)) {
    source.append(packed, at, Math.min(packed.length, at + Math.max(1, piece)));
    if (piece < packed.length) await new Promise((resolve) => setImmediate(resolve));
  }
  source.finish();
  const bytes: Buffer[] = [];
  const buffer = Buffer.alloc(1 << 20);
  for (let position = 0; ; ) {
    const { ended } = to;
    const n = to.read(buffer, 0, buffer.length, position);
    if (n > 0) bytes.push(Buffer.from(buffer.subarray(0, n)));
    else if (ended) break;
    else await to.ready();
    position += n;
  }
  await running;
  store.close();
  return { bytes: Buffer.concat(bytes), trouble: to.trouble?.code };
}

const packets = Array.from({ length: 400 }, (_, i) => ({ bytes: Buffer.from(`packet ${i} with some text that repeats`), sec: i, nsec: i }));
const CAPTURE = nanoPcap(101, packets);

const PACK: Record<keyof typeof KINDS, (bytes: Uint8Array) => Uint8Array> = {
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstdFrame(bytes),
  lz4: (bytes) => lz4Frame(bytes),
};

const names = ['gzip', 'zstd', 'lz4'] as const;

describe.each(names)('%s around a capture', (name) => {
  const pack = PACK[name];
  const kind = KINDS[name];

  it('is found by content, whatever the file is called', async () => {
    await withFiles({ 'capture.pcap': pack(CAPTURE) }, async (directory) => {
      const recorded = await recordPath(`${directory}/capture.pcap`);
      expect(recorded.format).toBe(`pcap (${name})`);
      expect(recorded.packets).toHaveLength(400);
      expect(recorded.packets[399]).toMatchObject({ sec: 399, nsec: 399, linkType: 101 });
      expect(recorded.notes).toEqual([]);
    });
  });

  it('may consist of several members one after the other', async () => {
    const cut = 5000;
    const packed = Buffer.concat([pack(CAPTURE.subarray(0, cut)), pack(CAPTURE.subarray(cut))]);
    expect((await recordBytes(packed)).packets).toHaveLength(400);
  });

  it('may wrap another compression, and a text format', async () => {
    expect((await recordBytes(pack(gzipSync(CAPTURE)))).packets).toHaveLength(400);
    const log = Buffer.from('2026-11-21 18:12:10 UTC [a]:1 -> [b]:2 (4):\nabcd');
    const recorded = await recordBytes(pack(log));
    expect(recorded.format).toBe(`sslsplit -L (${name})`);
    expect(recorded.streams[0].hex(0)).toBe('61626364');
  });

  it('unpacks any bytes that come in any pieces', async () => {
    const content = fc
      .array(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.tuple(fc.nat({ max: 255 }), fc.nat({ max: 3000 })).map(([b, n]) => new Uint8Array(n).fill(b)),
        ),
        { maxLength: 6 },
      )
      .map((parts) => Buffer.concat(parts));
    await fc.assert(
      fc.asyncProperty(content, fc.integer({ min: 1, max: 500 }), async (bytes, piece) => {
        const result = await unpacked(kind, pack(bytes), WIDE, piece);
        expect(result.trouble).toBe(undefined);
        expect(result.bytes.equals(bytes)).toBe(true);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it('that ends early keeps everything up to there, with a note', async () => {
    const packed = pack(CAPTURE);
    const recorded = await recordBytes(packed.subarray(0, packed.length - 6));
    expect(recorded.codes()).toContain('format.compression-truncated');
    expect(recorded.packets.length).toBeGreaterThan(300);
    const half = await recordBytes(packed.subarray(0, packed.length >> 1));
    expect(half.packets.length).toBeGreaterThan(50);
    expect(half.codes()).toContain('format.compression-truncated');
  });

  it('damaged anywhere stays within its limits and never passes other bytes off as good', async () => {
    const packed = pack(CAPTURE);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 4, max: packed.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const bad = Buffer.from(packed);
        bad[at] ^= flip;
        const { bytes, trouble } = await unpacked(kind, bad);
        expect(bytes.length).toBeLessThanOrEqual(1 << 20);
        // Our frames of zstd have no checksum; the others never give other bytes without a word.
        if (name !== 'zstd') expect(trouble !== undefined || bytes.equals(CAPTURE)).toBe(true);
      }),
      { seed: SEED, numRuns: 80 },
    );
  });

  it('that is a bomb stops at the limit, with a note', async () => {
    const bomb = pack(new Uint8Array(20_000_000));
    const { bytes, trouble } = await unpacked(kind, bomb, { free: 100_000, ratio: 10, most: 1 << 30 });
    expect(trouble).toBe('format.expansion-limit');
    expect(bytes.length).toBeLessThan(100_000 + bomb.length * 10 + (1 << 20));
    expect((await unpacked(kind, bomb, { free: 1 << 30, ratio: 200, most: 1_000_000 })).trouble).toBe('format.expansion-limit');
  });

  it('with nothing in it says so in one sentence', async () => {
    await expect(recordBytes(pack(new Uint8Array(0)))).rejects.toThrow(/holds nothing that can be unpacked/);
  });

  it('unpacks what the program itself packs', async (context) => {
    if (spawnSync(name, ['--version']).error !== undefined) context.skip(`${name} is not installed`);
    const path = fileURLToPath(new URL('../../package-lock.json', import.meta.url));
    const original = readFileSync(path);
    for (const level of ['-1', '-9']) {
      const packed = spawnSync(name, [level, '-q', '-c', path], { maxBuffer: 1 << 26 }).stdout;
      const result = await unpacked(kind, packed);
      expect(result.trouble).toBe(undefined);
      expect(result.bytes.equals(original)).toBe(true);
    }
  });
});

describe('a compression that is not read', () => {
  it('is named together with the way out', async () => {
    await expect(recordBytes(Buffer.from('BZh91AY&SY'), {}, 'a.bz2')).rejects.toThrow(
      'a.bz2 is compressed with bzip2, which is not read here. Unpack it on the way: bzip2 -dc FILE | apns-inspect -',
    );
  });
});

describe('gzip', () => {
  it('keeps all bytes before a wrong checksum, and before bytes that are no gzip', async () => {
    const packed = Buffer.from(gzipSync(CAPTURE));
    packed[packed.length - 6] ^= 1;
    const wrong = await recordBytes(packed);
    expect(wrong.packets.length).toBeGreaterThan(395);
    expect(wrong.codes()).toContain('format.compression-corrupt');
    const trailing = await recordBytes(Buffer.concat([gzipSync(CAPTURE), Buffer.from('trailing text')]));
    expect(trailing.packets).toHaveLength(400);
    expect(trailing.codes()).toEqual(['format.compression-trailing']);
  });

  it('passes over zeros that fill the last block of a tape', async () => {
    const recorded = await recordBytes(Buffer.concat([gzipSync(CAPTURE), Buffer.alloc(512)]));
    expect(recorded.packets).toHaveLength(400);
    expect(recorded.notes).toEqual([]);
  });
});

describe('zstd', () => {
  it('passes over skippable frames', async () => {
    const packed = Buffer.concat([skippableFrame(Buffer.from('hello')), zstdFrame(CAPTURE), skippableFrame(new Uint8Array(0))]);
    const recorded = await recordBytes(packed);
    expect(recorded.format).toBe('pcap (zstd)');
    expect(recorded.packets).toHaveLength(400);
  });

  it('refuses a window beyond what the program itself accepts, without allocating it', async () => {
    const { trouble } = await unpacked(KINDS.zstd, zstdFrame(CAPTURE, 1000, 31));
    expect(trouble).toBe('format.compression-corrupt');
  });
});

describe('lz4', () => {
  it('reads linked blocks, block checksums and content sizes', async () => {
    const bytes = Buffer.concat(Array.from({ length: 40 }, (_, i) => Buffer.concat([CAPTURE, Buffer.from([i])])));
    for (const options of [
      { linked: true },
      { linked: true, blockSize: 5000 },
      { blockChecksums: true },
      { contentSize: true, contentChecksum: false },
    ]) {
      const result = await unpacked(KINDS.lz4, lz4Frame(bytes, options));
      expect(result.trouble).toBe(undefined);
      expect(result.bytes.equals(bytes)).toBe(true);
    }
  });

  it('tells a wrong content checksum', async () => {
    const packed = Buffer.from(lz4Frame(CAPTURE));
    packed[packed.length - 1] ^= 1;
    const recorded = await recordBytes(packed);
    expect(recorded.packets).toHaveLength(400);
    expect(recorded.notes).toMatchObject([{ code: 'format.compression-corrupt', detail: 'lz4: the checksum of the content is wrong' }]);
  });

  it('passes over skippable frames behind the first, and over bytes that are no frame with a note', async () => {
    const whole = Buffer.concat([lz4Frame(CAPTURE), skippableFrame(Buffer.alloc(100_000))]);
    expect((await unpacked(KINDS.lz4, whole, WIDE, 777)).trouble).toBe(undefined);
    expect((await recordBytes(Buffer.concat([skippableFrame(Buffer.from('x')), lz4Frame(CAPTURE)]))).format).toBe('pcap (lz4)');
    expect((await unpacked(KINDS.lz4, Buffer.concat([whole, Buffer.from('text')]))).trouble).toBe('format.compression-trailing');
  });
});
