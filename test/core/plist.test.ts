import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/core/bytes.ts';
import { openPlist, plistObject, readPlist } from '../../src/core/plist-reader.ts';
import type { PlistValue } from '../../src/core/plist-value.ts';
import { writePlist } from '../../src/core/plist-writer.ts';

const PROPERTY = { seed: 20261121, numRuns: 300 };

const scalar: fc.Arbitrary<PlistValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.bigInt({ min: 1n << 32n, max: (1n << 64n) - 1n }),
  fc.bigInt({ min: -(1n << 63n), max: -1n }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.uint8Array({ maxLength: 300 }),
  fc.double({ noNaN: true }).map((real) => ({ real })),
  fc.double({ noNaN: true }).map((date) => ({ date })),
  fc.integer({ min: 0, max: 0xffffffff }).map((uid) => ({ uid })),
);
const value = fc.letrec<{ value: PlistValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    scalar,
    fc.array(tie('value'), { maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 3 }).map((set) => ({ set })),
    fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 8 }), tie('value')), { maxLength: 20 }).map((entries) => new Map(entries)),
  ),
})).value;

describe('binary property lists', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(value, (v) => {
        expect(readPlist(writePlist(v))).toEqual(v);
      }),
      PROPERTY,
    );
  });

  it('of another writer are read', () => {
    // Made with Python's plistlib: {"c": 100, "n": [1, 2.5, true], "t": b"abc", "s": "ü", "big": 2**63}.
    const bytes = fromHex(
      '62706c6973743030d501020304050607080c0d536269675163516e5173517414000000000000000080000000000000001064a3090a0b1001234004000000000000096100fc' +
        '43616263081317191b1d1f303236384142450000000000000101000000000000000e00000000000000000000000000000049',
    ) as Uint8Array;
    expect(readPlist(bytes)).toEqual(
      new Map<string, PlistValue>([
        ['big', 1n << 63n],
        ['c', 100],
        ['n', [1, { real: 2.5 }, true]],
        ['s', 'ü'],
        ['t', Uint8Array.of(97, 98, 99)],
      ]),
    );
  });

  it('that are damaged anywhere never throw and never run away', () => {
    const good = writePlist(
      new Map<string, PlistValue>([
        ['a', [1, 'two', new Uint8Array(20)]],
        ['b', { real: 3 }],
        ['c', 1n << 40n],
      ]),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
        (edits) => {
          const bytes = good.slice();
          for (const [at, b] of edits) bytes[at] = b;
          readPlist(bytes);
          const layout = openPlist(bytes);
          if (typeof layout === 'string') return;
          for (let i = 0; i < Math.min(layout.count, 50); i++) {
            const object = plistObject(layout, i);
            expect(object.end).toBeLessThanOrEqual(bytes.length);
          }
        },
      ),
      { ...PROPERTY, numRuns: 2000 },
    );
  });

  it('with reference loops, exponential sharing or too much depth give no value', () => {
    // One array that holds itself.
    expect(readPlist(list(['a100'], 0))).toBeUndefined();
    // 40 arrays, each naming the next one twice: 2^40 values.
    const doubling = Array.from({ length: 40 }, (_, i) => (i === 39 ? '1000' : `a2${hex(i + 1)}${hex(i + 1)}`));
    expect(readPlist(list(doubling, 0))).toBeUndefined();
    // 100 arrays in one another.
    const deep = Array.from({ length: 101 }, (_, i) => (i === 100 ? '1000' : `a1${hex(i + 1)}`));
    expect(readPlist(list(deep, 0))).toBeUndefined();
  });

  it('with giant counts give no value', () => {
    for (const object of ['4f137fffffffffffffff', '5f12ffffffff', 'af12ffffffff00', 'df120fffffff', '6f1100ff41', '4f2200']) {
      expect(readPlist(list([object], 0))).toBeUndefined();
    }
  });

  it('refuse to be written beyond 64 bits and 64 levels', () => {
    expect(() => writePlist(1n << 64n)).toThrow(RangeError);
    let nested: PlistValue = 1;
    for (let i = 0; i < 70; i++) nested = [nested];
    expect(() => writePlist(nested)).toThrow(RangeError);
  });
});

const hex = (n: number): string => n.toString(16).padStart(2, '0');

/** A list of the objects given as hex, with one-byte references and two-byte offsets. */
function list(objects: string[], top: number): Uint8Array {
  let body = '62706c6973743030';
  const offsets: number[] = [];
  for (const object of objects) {
    offsets.push(body.length / 2);
    body += object;
  }
  const table = body.length / 2;
  for (const offset of offsets) body += offset.toString(16).padStart(4, '0');
  const u64 = (n: number): string => n.toString(16).padStart(16, '0');
  return fromHex(`${body}000000000000${'0201'}${u64(objects.length)}${u64(top)}${u64(table)}`) as Uint8Array;
}
