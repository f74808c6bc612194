import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packedTableSizes, packedTiles } from '../../../src/codec/packed/detect.ts';
import { concatBytes, fromHex } from '../../../src/core/bytes.ts';

const hex = (text: string): Uint8Array => fromHex(text) as Uint8Array;
const tiles = (bytes: Uint8Array): boolean => packedTiles(bytes, 0, bytes.length);
const TOKEN = '00'.repeat(32);

describe('telling packed frames from other bytes', () => {
  it('recognises a Connect, its answer, and streams joined in the middle', () => {
    expect(tiles(hex(`072a4120${TOKEN}028105a04110108c`))).toBe(true);
    expect(tiles(hex(`082801804320${TOKEN}04a11000`))).toBe(true);
    expect(tiles(hex('0a0a04a301020304810682060b0a088004a37fffffff8105'))).toBe(true);
    expect(tiles(hex('0c000c000c00'))).toBe(true);
  });

  it('recognises a first frame that is not all there yet', () => {
    expect(tiles(hex(`07ff094120${TOKEN}028105a041`))).toBe(true);
  });

  it('leaves the unpacked dialect alone', () => {
    expect(tiles(hex(`0700000027010020${TOKEN}02000101`))).toBe(false);
    expect(tiles(hex('080000000401000100'))).toBe(false);
    expect(tiles(hex('0a0000000c040004010203040500020102'))).toBe(false);
  });

  it('leaves other protocols alone', () => {
    expect(tiles(new TextEncoder().encode('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n'))).toBe(false);
    expect(tiles(new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))).toBe(false);
    expect(tiles(hex('16030100c8010000c40303'))).toBe(false);
    expect(tiles(concatBytes([hex('000020'), new Uint8Array(32), hex('00057b7d7b7d7b')]))).toBe(false);
    expect(tiles(new Uint8Array(64))).toBe(false);
  });

  it('is not taken in by random bytes', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 40, maxLength: 400 }), (bytes) => {
        if (tiles(bytes)) taken++;
      }),
      { seed: 20261121, numRuns: 5000 },
    );
    expect(taken).toBe(0);
  });
});

describe('table sizes in the ALPN string', () => {
  it.each<[string, { c2s: number; s2c: number } | undefined]>([
    ['apns-pack-v1', { c2s: 4096, s2c: 4096 }],
    ['apns-pack-v1:4096:4096', { c2s: 4096, s2c: 4096 }],
    ['apns-pack-v1:1024:2048', { c2s: 1024, s2c: 2048 }],
    ['apns-pack-v1:1024', { c2s: 4096, s2c: 4096 }],
    ['apns-pack-v1:1:2:3', { c2s: 4096, s2c: 4096 }],
    ['apns-pack-v1:small', { c2s: 4096, s2c: 4096 }],
    ['apns-pack-v1:0:', { c2s: 4096, s2c: 4096 }],
    ['apns-pack-v1:x:-5', { c2s: 4096, s2c: 4096 }],
    ['apns-pack-v1:99999999999999:1', { c2s: 0xffffffff, s2c: 1 }],
    ['apns-security-v3', undefined],
    ['h2', undefined],
  ])('%s', (alpn, sizes) => {
    expect(packedTableSizes(alpn)).toEqual(sizes);
  });
});
