import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digitsOf, TextBytes } from '../../src/core/text-bytes.ts';

const seeded = { seed: 20261121, numRuns: 500 };
const textOf = (out: TextBytes): string => Buffer.from(out.view()).toString();
const whole = fc.oneof(fc.nat(1000), fc.maxSafeNat());

describe('text as bytes', () => {
  it('has numbers as String writes them, and counts their digits', () => {
    fc.assert(
      fc.property(whole, (n) => {
        const out = new TextBytes(1);
        out.number(n);
        expect(textOf(out)).toBe(String(n));
        expect(digitsOf(n)).toBe(String(n).length);
      }),
      seeded,
    );
  });

  it('has unsigned integers of any width as JSON that loses no digit', () => {
    fc.assert(
      fc.property(fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 2n ** 53n - 9n, max: 2n ** 53n + 9n })), (n) => {
        for (const width of [1, 2, 4, 8]) {
          const value = BigInt.asUintN(8 * width, n);
          const bytes = Buffer.alloc(9);
          bytes.writeBigUInt64BE(value, 1);
          const out = new TextBytes(1);
          out.unsigned(bytes, 9 - width, width);
          expect(textOf(out)).toBe(value <= Number.MAX_SAFE_INTEGER ? String(value) : `"${value}"`);
        }
      }),
      seeded,
    );
  });

  it('pads numbers with zeros', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999), fc.integer({ min: 9, max: 12 }), (n, width) => {
        const out = new TextBytes(1);
        out.padded(n, width);
        out.nine(n);
        expect(textOf(out)).toBe(String(n).padStart(width, '0') + String(n).padStart(9, '0'));
      }),
      seeded,
    );
  });

  it('copies constants, parts and spaces of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(100), (bytes, n, skip) => {
        const out = new TextBytes(1);
        const start = Math.min(skip, bytes.length);
        out.bytes(bytes);
        out.spaces(n);
        out.range(bytes, start, bytes.length);
        expect(Array.from(out.view())).toEqual([...bytes, ...new Array(n).fill(0x20), ...bytes.subarray(start)]);
      }),
      seeded,
    );
  });

  it('grows with what is written, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.uint8Array({ maxLength: 200 }))), (parts) => {
        const out = new TextBytes(1);
        let expected = '';
        for (const part of parts) {
          if (typeof part === 'string') {
            out.text(part);
            expected += part;
          } else {
            out.hex(part, 0, part.length);
            expected += Buffer.from(part).toString('hex');
          }
          out.spaces(3);
          expected += '   ';
        }
        expect(textOf(out)).toBe(expected);
      }),
      seeded,
    );
  });

  it('is trimmed as trimEnd does, or says that it may not be', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(3), (text, spaces) => {
        const out = new TextBytes(8);
        out.text(`x${text}`);
        out.spaces(spaces);
        const before = textOf(out);
        // Control characters are no part of printable text.
        // biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
        if (/[\u0000-\u001f]/.test(before)) return;
        if (out.trim(0)) expect(textOf(out)).toBe(before.trimEnd());
      }),
      seeded,
    );
    for (const ending of ['”', '…', 'a', '→ b  ']) {
      const out = new TextBytes(8);
      out.text(ending);
      expect(out.trim(0)).toBe(true);
      expect(textOf(out)).toBe(ending.trimEnd());
    }
  });

  it('is quoted where commas and line breaks stand, and refuses quotes', () => {
    for (const [text, quoted] of [
      ['', ''],
      ['plain', 'plain'],
      ['a,b', '"a,b"'],
      ['a\nb', '"a\nb"'],
      ['ö,', '"ö,"'],
    ]) {
      const out = new TextBytes(1);
      out.text(`before,${text}`);
      expect(out.quote(7)).toBe(true);
      expect(textOf(out)).toBe(`before,${quoted}`);
    }
    const out = new TextBytes(1);
    out.text('a"b');
    expect(out.quote(0)).toBe(false);
  });
});
