import { type CipherGCMTypes, createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FastGcm } from '../../src/tls/fast-gcm.ts';

const SEED = 20261121;
const bytes = (n: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: n, maxLength: n });

function seal(bits: number, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): Uint8Array {
  const cipher = createCipheriv(`aes-${bits}-gcm` as CipherGCMTypes, key, nonce);
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** 12 bytes with the number XORed onto the end, as TLS 1.3 makes nonces. */
function mixed(iv: Uint8Array, high: number, low: number): Buffer {
  const nonce = Buffer.from(iv);
  nonce.writeUInt32BE((nonce.readUInt32BE(4) ^ high) >>> 0, 4);
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ low) >>> 0, 8);
  return nonce;
}

describe('the quick GCM', () => {
  it('opens what OpenSSL sealed, for any key, nonce, length and order, and refuses any changed bit', () => {
    const record = fc.record({ skip: fc.nat(70), text: fc.uint8Array({ maxLength: 900 }), flip: fc.nat() });
    fc.assert(
      fc.property(
        fc.constantFrom(128, 256),
        bytes(32),
        bytes(12),
        bytes(5),
        fc.nat(3),
        fc.constantFrom(0, 0xfffffff0),
        fc.array(record, { minLength: 1, maxLength: 12 }),
        (bits, long, iv, aad, high, from, records) => {
          const key = long.subarray(0, bits / 8);
          const gcm = FastGcm.make(`aes-${bits}-ecb`, key, iv) as FastGcm;
          let low = from;
          for (const { skip, text, flip } of records) {
            low = (low + skip) % 0x100000000;
            const sealed = new Uint8Array([7, 7, 7, ...seal(bits, key, mixed(iv, high, low), aad, text), 7]);
            const end = 3 + text.length;
            expect(gcm.open(high, low, aad, sealed, 3, end)).toBe(true);
            expect(Buffer.compare(gcm.out.subarray(gcm.from, gcm.from + text.length), text)).toBe(0);
            sealed[3 + (flip % (text.length + 16))] ^= 1 << (flip & 7);
            expect(gcm.open(high, low, aad, sealed, 3, end)).toBe(false);
            low++;
          }
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  });

  it('keeps directions apart when more of them take turns than the memory has room for', () => {
    const aad = new Uint8Array(13);
    const all = Array.from({ length: 1050 }, (_, i) => {
      const key = new Uint8Array(16).fill(i).fill(i >> 8, 0, 4);
      return { key, gcm: FastGcm.make('aes-128-ecb', key, new Uint8Array([1, 2, 3, i & 255])) as FastGcm, iv: [1, 2, 3, i & 255] };
    });
    for (let n = 0; n < 3; n++) {
      for (const { key, gcm, iv } of all) {
        const text = new Uint8Array(100 + n).fill(n);
        const sealed = new Uint8Array(seal(128, key, new Uint8Array([...iv, 0, 0, 0, 9, 0, 0, 0, n]), aad, text));
        expect(gcm.open(9, n, aad, sealed, 0, text.length)).toBe(true);
        expect(Buffer.compare(gcm.out.subarray(gcm.from, gcm.from + text.length), text)).toBe(0);
      }
    }
  });

  it('opens the longest record', () => {
    const key = new Uint8Array(32).fill(3);
    const iv = new Uint8Array(12).fill(4);
    const aad = new Uint8Array(5);
    const text = new Uint8Array(16384 + 256).fill(5);
    const gcm = FastGcm.make('aes-256-ecb', key, iv) as FastGcm;
    const sealed = new Uint8Array(seal(256, key, iv, aad, text));
    expect(gcm.open(0, 0, aad, sealed, 0, text.length)).toBe(true);
    expect(Buffer.compare(gcm.out.subarray(gcm.from, gcm.from + text.length), text)).toBe(0);
  });
});
