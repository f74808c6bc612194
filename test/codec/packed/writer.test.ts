import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PackedFraming } from '../../../src/codec/packed/framing.ts';
import { attributesOf, isPackedDictionary, type PackedAttribute, type PackedValue } from '../../../src/codec/packed/value.ts';
import { PackedWriter } from '../../../src/codec/packed/writer.ts';
import { toHex } from '../../../src/core/bytes.ts';
import { EncodeError } from '../../../src/schema/build.ts';
import { seeFrame } from '../../support/packed-session.ts';

const PROPERTY = { seed: 20261121, numRuns: 200 };

const scalar: fc.Arbitrary<PackedValue> = fc.oneof(
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  fc.integer({ min: -300, max: 300 }),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.uint8Array({ maxLength: 200 }),
  fc.boolean(),
);
const key = fc.oneof(fc.constantFrom('sT', 'tP', 'c', 'E', '\u0001'), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }));
const tree: fc.Arbitrary<PackedValue> = fc.letrec<{ value: PackedValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 20 }),
    fc.array(fc.record({ id: key, value: tie('value'), indexed: fc.boolean() }), { maxLength: 6 }).map((entries) => ({ entries })),
  ),
})).value;
const attribute = fc.record({ id: fc.integer({ min: 0, max: 255 }), value: tree, indexed: fc.boolean() });

/** The value with integers in one form and without what only the writer needs. */
function plain(value: PackedValue): unknown {
  if (typeof value === 'number' || typeof value === 'bigint') return `int ${value}`;
  if (typeof value !== 'object') return value;
  if (value instanceof Uint8Array) return toHex(value);
  if (isPackedDictionary(value)) return { dict: value.entries.map(entry) };
  return (value as readonly PackedValue[]).map(plain);
}

function entry(attribute: PackedAttribute): unknown {
  return [attribute.id, plain(attribute.value)];
}

describe('the packed writer', () => {
  it('writes what the reader reads back, over a whole connection and any table size', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(33, 100, 300, 4096),
        fc.array(fc.array(attribute, { maxLength: 8 }), { maxLength: 8 }),
        (limit, messages) => {
          const writer = new PackedWriter(limit);
          const framing = new PackedFraming(`apns-pack-v1:${limit}:${limit}`);
          seeFrame(framing, 0, Uint8Array.of(7, 0));
          for (const attributes of messages) {
            const { syntax } = seeFrame(framing, 0, writer.frame(10, attributes));
            expect(syntax.notes).toEqual([]);
            expect(attributesOf(syntax.items)?.map(entry)).toEqual(attributes.map(entry));
          }
        },
      ),
      PROPERTY,
    );
  });

  it('stores an indexed value once and refers to it from then on', () => {
    const writer = new PackedWriter();
    const topic = { id: 1, value: Uint8Array.of(1, 2, 3), indexed: true };
    expect(toHex(writer.frame(9, [topic]))).toBe('09054103010203');
    expect(toHex(writer.frame(9, [topic]))).toBe('09028100');
  });

  it('never stores one-byte encodings, containers, and what is larger than the table', () => {
    const writer = new PackedWriter(40);
    const attributes = [
      { id: 1, value: 31, indexed: true },
      { id: 2, value: true, indexed: true },
      { id: 3, value: [1], indexed: true },
      { id: 4, value: new Uint8Array(8), indexed: true },
      { id: 5, value: new Uint8Array(7), indexed: true },
    ];
    expect(toHex(writer.frame(9, attributes))).toBe(`091a019f02e103d181040800000000000000004507${'00'.repeat(7)}`);
  });

  it('offers the nine keys of Apple’s encoder inside dictionaries and no others', () => {
    const writer = new PackedWriter();
    const dictionary = {
      entries: [
        { id: 'sT', value: 'ab' },
        { id: 'zz', value: 'ab' },
        { id: 'tP', value: 'ab' },
      ],
    };
    expect(toHex(writer.frame(10, [{ id: 3, value: dictionary }]))).toBe('0a1203c3' + '517354426162' + '117a7a426162' + '91745000');
  });

  it('writes a key from 16 up through the key table', () => {
    const writer = new PackedWriter();
    expect(
      toHex(
        writer.frame(7, [
          { id: 16, value: 1 },
          { id: 15, value: 1 },
          { id: 16, value: 2 },
        ]),
      ),
    ).toBe('07071010810f812082');
  });

  it('sends unsigned numbers from 2^63 up as the negative number of the same bits', () => {
    expect(toHex(new PackedWriter().frame(9, [{ id: 2, value: (1n << 64n) - 1n }]))).toBe('090302a801');
  });

  it.each<[string, number, PackedAttribute[]]>([
    ['a command below 07', 6, []],
    ['an attribute that is no byte', 7, [{ id: 256, value: 1 }]],
    ['an attribute named by text', 7, [{ id: 'c', value: 1 }]],
    ['an integer of more than 64 bits', 7, [{ id: 1, value: 1n << 64n }]],
    ['a fraction', 7, [{ id: 1, value: 1.5 }]],
    ['data of 65,536 bytes', 7, [{ id: 1, value: new Uint8Array(65_536) }]],
    [
      'a frame of more than 65,536 bytes',
      7,
      [
        { id: 1, value: new Uint8Array(65_000) },
        { id: 2, value: new Uint8Array(65_000) },
      ],
    ],
    ['an empty key', 10, [{ id: 3, value: { entries: [{ id: '', value: 1 }] } }]],
    ['a key of 65 bytes', 10, [{ id: 3, value: { entries: [{ id: 'k'.repeat(65), value: 1 }] } }]],
    ['a list of 1,025 items', 10, [{ id: 3, value: Array(1025).fill(1) }]],
    ['six levels', 10, [{ id: 3, value: [[[[[[1]]]]]] }]],
  ])('refuses %s', (_name, command, attributes) => {
    expect(() => new PackedWriter().frame(command, attributes)).toThrow(EncodeError);
  });
});
