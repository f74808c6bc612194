import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Xxh32 } from '../../../src/capture/compression/xxh32.ts';
import { SEED } from '../../support/talks.ts';

function hash(text: string): number {
  const h = new Xxh32();
  h.update(Buffer.from(text));
  return h.digest();
}

describe('xxHash of 32 bits', () => {
  it('gives the values that are known for these texts', () => {
    expect(hash('')).toBe(0x02cc5d05);
    expect(hash('a')).toBe(0x550d7456);
    expect(hash('abc')).toBe(0x32d153ff);
    expect(hash('Nobody inspects the spammish repetition')).toBe(0xe2293b2f);
  });

  it('does not depend on how the bytes are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 100 }), fc.nat({ max: 100 }), (bytes, a, b) => {
        const whole = new Xxh32();
        whole.update(bytes);
        const parts = new Xxh32();
        const [x, y] = [Math.min(a, b), Math.max(a, b)];
        for (const part of [bytes.subarray(0, x), bytes.subarray(x, y), bytes.subarray(y)]) parts.update(part);
        expect(parts.digest()).toBe(whole.digest());
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
