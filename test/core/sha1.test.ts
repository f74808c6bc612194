import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.ts';
import { sha1 } from '../../src/core/sha1.ts';
import { utf8Bytes } from '../../src/core/text.ts';
import { SEED } from '../support/talks.ts';

it('hashes a topic as the courier does', () => {
  expect(toHex(sha1(utf8Bytes('com.apple.madrid')))).toBe('e4e6d952954168d0a5db02dbaf27cc35fc18d159');
});

it('agrees with Node on bytes of any length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(toHex(sha1(bytes))).toBe(createHash('sha1').update(bytes).digest('hex'));
    }),
    { seed: SEED, numRuns: 300 },
  );
});
