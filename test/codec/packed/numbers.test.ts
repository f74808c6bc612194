import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cursor, OVERLONG, prefixedLength, readPrefixed, TRUNCATED, writePrefixed } from '../../../src/codec/packed/numbers.ts';

const PROPERTY = { seed: 20261121, numRuns: 500 };
const bytes = (...b: number[]): Uint8Array => Uint8Array.from(b);

describe('prefixed numbers', () => {
  it('reads what it wrote, for every prefix width, and says the length beforehand', () => {
    fc.assert(
      fc.property(fc.constantFrom(0x0f, 0x1f, 0x3f, 0xff), fc.maxSafeInteger().map(Math.abs), (mask, value) => {
        const out = new Uint8Array(16);
        const end = writePrefixed(out, 0, value, mask, 0);
        const cursor = new Cursor();
        expect(readPrefixed(out, 0, end, mask, cursor)).toBe(value);
        expect(cursor.at).toBe(end);
        expect(prefixedLength(value, mask)).toBe(end);
      }),
      PROPERTY,
    );
  });

  it('takes one byte below the all-ones prefix and two from there', () => {
    const cursor = new Cursor();
    expect(readPrefixed(bytes(0x3e), 0, 1, 0x3f, cursor)).toBe(62);
    expect(readPrefixed(bytes(0x3f, 0x00), 0, 2, 0x3f, cursor)).toBe(63);
    expect(readPrefixed(bytes(0x3f, 0x7f), 0, 2, 0x3f, cursor)).toBe(190);
    expect(readPrefixed(bytes(0x3f, 0x80, 0x01), 0, 3, 0x3f, cursor)).toBe(191);
  });

  it('keeps the bits above the prefix', () => {
    const out = new Uint8Array(2);
    expect(writePrefixed(out, 0, 5, 0x1f, 0x40)).toBe(1);
    expect(out[0]).toBe(0x45);
  });

  it('says when the bytes end inside the number', () => {
    const cursor = new Cursor();
    expect(readPrefixed(bytes(), 0, 0, 0xff, cursor)).toBe(TRUNCATED);
    expect(readPrefixed(bytes(0xff), 0, 1, 0xff, cursor)).toBe(TRUNCATED);
    expect(readPrefixed(bytes(0xff, 0x80, 0x80), 0, 3, 0xff, cursor)).toBe(TRUNCATED);
  });

  it('refuses an eleventh group and numbers that no length can be', () => {
    const cursor = new Cursor();
    expect(readPrefixed(new Uint8Array(32).fill(0xff), 0, 32, 0xff, cursor)).toBe(OVERLONG);
    expect(cursor.at).toBe(11);
    expect(readPrefixed(bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), 0, 10, 0xff, cursor)).toBe(OVERLONG);
  });
});
