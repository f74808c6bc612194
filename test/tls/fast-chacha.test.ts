import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FastChacha } from '../../src/tls/fast-chacha.ts';

const SEED = 20261121;

function seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: text.length });
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

describe('the quick ChaCha20-Poly1305', () => {
  it('opens what OpenSSL sealed, for any key, nonce and length, and refuses any changed bit', () => {
    const fixed = (n: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: n, maxLength: n });
    fc.assert(
      fc.property(
        fixed(32),
        fixed(12),
        fc.constantFrom(5, 13),
        fc.uint8Array({ maxLength: 1200, size: 'max' }),
        fc.nat(),
        (key, nonce, extra, text, flip) => {
          const aad = new Uint8Array(extra).fill(flip);
          const chacha = FastChacha.make(key) as FastChacha;
          const sealed = new Uint8Array([1, 2, 3, ...seal(key, nonce, aad, text), 9]);
          const end = 3 + text.length;
          expect(chacha.open(nonce, aad, sealed, 3, end)).toBe(true);
          expect(Buffer.compare(chacha.out.subarray(chacha.from, chacha.from + text.length), text)).toBe(0);
          sealed[3 + (flip % (text.length + 16))] ^= 1 << (flip & 7);
          expect(chacha.open(nonce, aad, sealed, 3, end)).toBe(false);
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('opens every length around the block sizes, with keys in turns', () => {
    const [one, two] = [1, 2].map((n) => ({
      key: new Uint8Array(32).fill(n),
      chacha: FastChacha.make(new Uint8Array(32).fill(n)) as FastChacha,
    }));
    const nonce = new Uint8Array(12).fill(7);
    const aad = new Uint8Array(5).fill(8);
    for (let length = 0; length <= 530; length++) {
      for (const { key, chacha } of [one, two]) {
        // All ones drive the carries of the authenticator.
        const text = new Uint8Array(length).fill(255);
        const sealed = new Uint8Array(seal(key, nonce, aad, text));
        expect(
          chacha.open(nonce, aad, sealed, 0, length) && Buffer.compare(chacha.out.subarray(chacha.from, chacha.from + length), text) === 0,
        ).toBe(true);
      }
    }
    const long = new Uint8Array(16384 + 256).fill(255);
    expect(one.chacha.open(nonce, aad, new Uint8Array(seal(one.key, nonce, aad, long)), 0, long.length)).toBe(true);
  });
});
