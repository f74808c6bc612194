import { describe, expect, it } from 'vitest';
import { packItems, unpackItems } from '../../../src/codec/packed/convert.ts';
import { parsePacked } from '../../../src/codec/packed/syntax.ts';
import { PackedWriter } from '../../../src/codec/packed/writer.ts';
import { tlv } from '../../../src/codec/tlv.ts';
import { fromHex } from '../../../src/core/bytes.ts';
import type { PlistValue } from '../../../src/core/plist-value.ts';
import { writePlist } from '../../../src/core/plist-writer.ts';
import type { Dir } from '../../../src/core/stream.ts';
import { EncodeError } from '../../../src/schema/build.ts';
import { COURIER } from '../../../src/schema/courier.ts';
import { type CommandDef, type FieldType, goes, idIn } from '../../../src/schema/definition.ts';

const hex = (text: string): Uint8Array => fromHex(text) as Uint8Array;

/** Bytes that fit a type, with the top bit set where there is room for it. */
function sample(type: FieldType): Uint8Array {
  switch (type.kind) {
    case 'uint':
      return new Uint8Array(type.width).fill(0xfe);
    case 'text':
      return new TextEncoder().encode('WiFi');
    case 'decimal':
      return new TextEncoder().encode('15');
    case 'topic':
      return new Uint8Array(20).fill(7);
    case 'payload':
      return writePlist(
        new Map<string, PlistValue>([
          ['c', 100],
          ['U', new Uint8Array(16)],
        ]),
      );
    default:
      return new Uint8Array('length' in type ? (type.length ?? 5) : 5).fill(0x81);
  }
}

describe('between the two encodings', () => {
  it('every field of every command comes back with its width', () => {
    for (const command of Object.values<CommandDef>(COURIER)) {
      for (const dir of [0, 1] as Dir[]) {
        if (!goes(command, dir)) continue;
        const items = Object.values(command.fields).flatMap((field) => {
          const id = idIn(field, dir);
          return id === undefined ? [] : [{ id, kind: 'leaf' as const, value: sample(field.type), at: undefined }];
        });
        const frame = new PackedWriter().frame(command.id, packItems(dir, command.id, items));
        const { items: packed, notes } = parsePacked(frame);
        expect(notes).toEqual([]);
        expect(unpackItems(dir, command.id, packed)).toEqual(items);
      }
    }
  });

  it('a packed message becomes the bytes of an unpacked one', () => {
    const { command, items } = parsePacked(hex('0b0a 0880 04a101ff 0102aabb'));
    const bytes = tlv.print({
      command,
      items: unpackItems(0, command, items),
      rest: { start: 0, end: 0 },
      notes: [],
      tail: new Uint8Array(),
    });
    expect(bytes).toEqual(hex('0b 00000010 08000100 040004000001ff 010002aabb'));
  });

  it('numbers of unknown attributes take as few bytes as they can, texts and truths their own', () => {
    const { items } = parsePacked(hex('0c0f 107885 1079a10100 107a4141 107be1'));
    expect(unpackItems(0, 0x0c, items).map((item) => item.value)).toEqual([hex('05'), hex('0100'), hex('41'), hex('01')]);
  });

  it.each([
    ['an unresolved reference', '0b028105'],
    ['a number that does not fit', '0b0408a10100'],
    ['a negative number', '0b0308a801'],
    ['a dictionary that is no payload', '0b0208c0'],
    ['a list', '0a0203d0'],
  ])('refuses %s', (_name, frame) => {
    const { command, items } = parsePacked(hex(frame));
    expect(() => unpackItems(0, command, items)).toThrow(EncodeError);
  });
});
