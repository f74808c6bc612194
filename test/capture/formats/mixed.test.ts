import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Split } from '../../../src/capture/formats/headerless.ts';
import { MixedInput } from '../../../src/capture/formats/mixed.ts';
import { SpooledSource } from '../../../src/capture/pipe-source.ts';
import { Store } from '../../../src/capture/store.ts';
import { record } from '../../support/input-recorder.ts';
import { SEED } from '../../support/talks.ts';

const INFO = { client: '', server: '', rolesKnown: false, timed: false, ordered: true, decrypted: false, label: 'test' };

/** Bytes from 128 up are the server's. */
const byBit: Split = (bytes) => {
  const pieces: { dir: 0 | 1; start: number; end: number }[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const dir = bytes[i] < 128 ? 0 : 1;
    const last = pieces.at(-1);
    if (last?.dir === dir) last.end = i + 1;
    else pieces.push({ dir, start: i, end: i + 1 });
  }
  return pieces;
};

describe('bytes of both directions in one file', () => {
  it('are told apart alike, however small the stretches are in which they are read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.integer({ min: 8, max: 70 }), async (bytes, chunk) => {
        const store = new Store();
        const source = new SpooledSource('test', store);
        source.append(bytes);
        source.finish();
        const { streams } = await record(new MixedInput('test', source, INFO, byBit, undefined, undefined, chunk), store);
        const both = Buffer.from(bytes);
        expect(Buffer.concat(streams[0].pieces.map((piece) => piece.bytes ?? new Uint8Array(0)))).toEqual(both);
        const first = bytes.subarray(0, chunk);
        // The first stretch decides whether there are two directions at all.
        if (first.some((b) => b < 128) && first.some((b) => b >= 128))
          expect(streams[0].hex(1)).toBe(Buffer.from(both.filter((b) => b >= 128)).toString('hex'));
        store.close();
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
