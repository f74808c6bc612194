import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLz4Block } from '../../../src/capture/compression/lz4-block.ts';
import { lz4Block } from '../../support/compressors.ts';
import { SEED } from '../../support/talks.ts';

const decode = (hex: string, limit = 100) => {
  const src = Buffer.from(hex, 'hex');
  const out = new Uint8Array(200).fill(0xee);
  const end = decodeLz4Block(src, 0, src.length, out, 0, 0, limit);
  return end < 0 ? undefined : Buffer.from(out.subarray(0, end)).toString();
};

describe('a block of LZ4', () => {
  it('copies literals and matches, also those that overlap themselves', () => {
    // "ab" then 6 bytes from 2 back, then "c".
    expect(decode(`22${Buffer.from('ab').toString('hex')}0200${'10'}${Buffer.from('c').toString('hex')}`)).toBe('ababababc');
  });

  it('is refused when a distance is zero or reaches before the beginning', () => {
    expect(decode('1061000010')).toBe(undefined);
    expect(decode('106102001061')).toBe(undefined);
  });

  it('is refused when it would write beyond its limit, or ends without its last literals', () => {
    expect(decode('506162636465', 4)).toBe(undefined);
    expect(decode('1f610100ffffffff00')).toBe(undefined);
    expect(decode('10610100')).toBe(undefined);
  });

  it('never writes beyond the limit, whatever it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 100 }), (src, limit) => {
        const out = new Uint8Array(limit + 50).fill(0xee);
        const end = decodeLz4Block(src, 0, src.length, out, 0, 0, limit);
        expect(end < 0 ? -1 - end : end).toBeLessThanOrEqual(limit);
        expect(out.subarray(limit).every((b) => b === 0xee)).toBe(true);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it('gives back what was packed', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, 2, 200), { maxLength: 600 }), (values) => {
        const bytes = Uint8Array.from(values);
        const packed = lz4Block(bytes, 0, bytes.length, 0);
        const out = new Uint8Array(bytes.length + 1);
        expect(decodeLz4Block(packed, 0, packed.length, out, 0, 0, bytes.length)).toBe(bytes.length);
        expect(Buffer.compare(out.subarray(0, bytes.length), bytes)).toBe(0);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
