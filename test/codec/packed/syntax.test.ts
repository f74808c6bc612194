import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PackedFraming } from '../../../src/codec/packed/framing.ts';
import { parsePacked } from '../../../src/codec/packed/syntax.ts';
import { fromHex } from '../../../src/core/bytes.ts';
import type { Item, Syntax } from '../../../src/core/message.ts';
import { seeFrame } from '../../support/packed-session.ts';

const PROPERTY = { seed: 20261121, numRuns: 2000 };

/** A frame of command `command` around the attributes given as hex. */
function frame(command: number, hex: string): Uint8Array {
  const body = fromHex(hex) ?? new Uint8Array();
  const length = body.length < 0xff ? [body.length] : [0xff, ...groups(body.length - 0xff)];
  return Uint8Array.from([command, ...length, ...body]);
}

function groups(n: number): number[] {
  return n < 128 ? [n] : [0x80 | (n & 0x7f), ...groups(n >>> 7)];
}

const values = (syntax: Syntax): unknown[] => syntax.items.map((item) => item.value);
const codes = (syntax: Syntax): string[] => syntax.notes.map((note) => note.code);

describe('literals', () => {
  it('reads data and text at every form of their lengths', () => {
    const x = (n: number): string => '78'.repeat(n);
    const syntax = parsePacked(
      frame(
        0x0a,
        `0300 0301${x(1)} 033e${x(62)} 033f00${x(63)} 033f7f${x(190)} 033f8001${x(191)} 0340 035e${x(30)} 035f00${x(31)} 035f8001${x(159)}`,
      ),
    );
    expect(syntax.notes).toEqual([]);
    expect(values(syntax).map((v) => [typeof v, (v as string | Uint8Array).length])).toEqual([
      ['object', 0],
      ['object', 1],
      ['object', 62],
      ['object', 63],
      ['object', 190],
      ['object', 191],
      ['string', 0],
      ['string', 30],
      ['string', 31],
      ['string', 159],
    ]);
  });

  it('reads integers of every width with sign', () => {
    const syntax = parsePacked(
      frame(7, '0280 029f 02a020 02a1ffff 02a3ffffffff 02a40100000000 02a7ffffffffffffffff 02a801 02af8000000000000000'),
    );
    expect(values(syntax)).toEqual([0, 31, 32, 0xffff, 0xffffffff, 0x100000000n, 0xffffffffffffffffn, -1, -(1n << 63n)]);
  });

  it('reads booleans, dictionaries and arrays', () => {
    const syntax = parsePacked(frame(0x0a, '03c4 1063e1 12706179d2814178 1044e0 1070c0'));
    expect(syntax.notes).toEqual([]);
    const [c, pay, d, p] = syntax.items[0].value as Item[];
    expect([c.id, c.value]).toEqual(['c', true]);
    expect((pay.value as Item[]).map((item) => [item.id, item.value])).toEqual([
      [0, 1],
      [1, 'x'],
    ]);
    expect([d.id, d.value]).toEqual(['D', false]);
    expect([p.kind, p.value]).toEqual(['dict', []]);
  });

  it('gives every item its place, and items and rest tile the frame', () => {
    const bytes = frame(7, '0281 05a041 0c0131 01b0 77');
    const syntax = parsePacked(bytes);
    expect(syntax.items.map((item) => item.at)).toEqual([
      { start: 2, end: 4 },
      { start: 4, end: 7 },
      { start: 7, end: 10 },
    ]);
    expect(syntax.rest).toEqual({ start: 10, end: 13 });
  });
});

describe('every error of the decoder becomes a note at its place', () => {
  const cases: [string, Uint8Array, string][] = [
    ['1: a key of more than 64 bytes', frame(0x0a, `03c1 1f32${'61'.repeat(66)} 81`), 'packed.key-invalid'],
    ['1: a key directly in a frame that is not one byte', frame(7, '11414281'), 'packed.key-invalid'],
    ['1: a key in a dictionary that is not UTF-8', frame(0x0a, '03c1 10ff81'), 'packed.key-invalid'],
    ['2: text that is not UTF-8', frame(7, '0842c328'), 'packed.value-invalid'],
    ['2: a length without end', frame(7, `083f${'ff'.repeat(12)}`), 'packed.value-invalid'],
    ['3: nesting beyond five', frame(0x0a, '03d1d1d1d1d1d180'), 'packed.depth'],
    ['4: a frame of more than 65,536 bytes', frame(0x0a, '0280'.repeat(0x8001)), 'packed.frame-too-large'],
    ['5: a value of 65,536 bytes', frame(0x0a, `033fc1ff03${'00'.repeat(65_536)}`), 'packed.attribute-too-large'],
    ['more than 1,024 items', frame(0x0a, `03dff207${'80'.repeat(1025)}`), 'packed.container-too-large'],
    ['7: a key reference into an empty table', frame(7, '2581'), 'packed.key-not-found'],
    ['9: an index without end', frame(7, `82ff${'ff'.repeat(12)}`), 'packed.value-index-invalid'],
    ['10: a value reference into an empty table', frame(7, '8100'), 'packed.value-not-found'],
    ['11: a stored value larger than the table', frame(7, `413fa21f${'00'.repeat(4065)}`), 'packed.value-not-indexed'],
    ['13: value mode 3', frame(7, 'c181'), 'packed.reserved'],
    ['13: value byte 011xxxxx', frame(7, '0160'), 'packed.reserved'],
    ['13: value byte 1011xxxx', frame(7, '01b0'), 'packed.reserved'],
    ['13: value byte e2', frame(7, '01e2'), 'packed.reserved'],
    ['14: data past the end', frame(7, '0105aa'), 'packed.truncated'],
    ['14: an integer past the end', frame(7, '01a3aabb'), 'packed.truncated'],
    ['14: a key past the end', frame(7, '1541'), 'packed.truncated'],
    ['14: a value that is missing', frame(7, '01'), 'packed.truncated'],
    ['14: a dictionary with fewer items than it declares', frame(0x0a, '03c5106381'), 'packed.truncated'],
    ['15: a command below 07', Uint8Array.of(0x06, 0x00), 'packed.frame-invalid'],
    ['15: a frame length without end', Uint8Array.from([7, 0xff, ...Array(12).fill(0xff)]), 'packed.frame-invalid'],
  ];
  it.each(cases)('%s', (_name, bytes, code) => {
    // Commands 07 and 0a from the client; a Connect first, so that the tables are known to be empty.
    const framing = new PackedFraming(undefined);
    seeFrame(framing, 0, frame(7, '0281'));
    const seen = seeFrame(framing, 0, bytes);
    expect(codes(seen.syntax)).toContain(code);
    const note = seen.syntax.notes.find((n) => n.code === code);
    expect(note?.start).toBeGreaterThanOrEqual(0);
    expect(note?.end).toBeLessThanOrEqual(bytes.length);
  });

  it('goes on behind errors that leave the attributes readable', () => {
    const syntax = parsePacked(frame(0x0a, `03dff207${'80'.repeat(1025)} 0485`));
    expect(syntax.items.map((item) => item.id)).toEqual([3, 4]);
    expect(syntax.items[1].value).toBe(5);
  });

  it('keeps what could be read of a container that breaks off', () => {
    const syntax = parsePacked(frame(0x0a, '03c3106381 1064b0 1065 81'));
    expect(syntax.items).toHaveLength(1);
    expect((syntax.items[0].value as Item[]).map((item) => item.id)).toEqual(['c']);
    expect(syntax.rest.start).toBe(7);
  });
});

describe('hostile frames', () => {
  it('follows nesting to a bound and gives the rest as bytes', () => {
    const syntax = parsePacked(frame(0x0a, `03${'d1'.repeat(60_000)}80`));
    expect(codes(syntax)).toEqual(['packed.depth', 'packed.depth']);
    expect(syntax.rest.end - syntax.rest.start).toBeGreaterThan(59_000);
  });

  it('takes apart only so many fields of a frame, and keeps the rest', () => {
    const many = frame(0x0a, '0300'.repeat(5000));
    const { items, rest, notes } = parsePacked(many);
    expect(items.length).toBe(4096);
    expect(notes[0]).toMatchObject({ code: 'frame.field-limit', start: rest.start, end: many.length });
  });

  it('is not led on by absurd counts', () => {
    const syntax = parsePacked(frame(0x0a, '03dfffffffff7f 8081'));
    expect(codes(syntax)).toEqual(['packed.container-too-large', 'packed.truncated']);
    expect((syntax.items[0].value as Item[]).map((item) => item.value)).toEqual([0, 1]);
  });

  it('never throws, tiles the frame, and indexes what it parses, for any bytes', () => {
    const attributes = fc.array(
      fc.oneof(
        fc.constantFrom(0x01, 0x41, 0x81, 0x20, 0x10, 0x43, 0xc2, 0xd2, 0x3f, 0xff, 0x80, 0xa0, 0x5f),
        fc.integer({ min: 0, max: 255 }),
      ),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(fc.array(attributes, { minLength: 1, maxLength: 6 }), fc.boolean(), (bodies, late) => {
        const framing = new PackedFraming('apns-pack-v1:120:120');
        if (!late) seeFrame(framing, 0, frame(7, ''));
        for (const body of bodies) {
          const bytes = Uint8Array.from([0x0a, body.length, ...body]);
          const { syntax, severity } = seeFrame(framing, 0, bytes);
          let at = 2;
          for (const item of syntax.items) {
            expect(item.at?.start).toBe(at);
            at = item.at?.end ?? -1;
          }
          expect(syntax.rest).toEqual({ start: at, end: bytes.length });
          const textOnly = syntax.notes.every((n) => n.severity !== 'error' || n.detail?.startsWith('not UTF-8'));
          expect(severity === 3).toBe(!textOnly);
        }
      }),
      PROPERTY,
    );
  });
});

describe('a frame without its history', () => {
  it('resolves what it stores itself and calls the rest lost', () => {
    const syntax = parsePacked(frame(7, `4120${'11'.repeat(32)}8100 8101 1063 81 2081`));
    expect(syntax.items.map((item) => [item.id, item.kind, item.how])).toEqual([
      [1, 'leaf', 'stored'],
      [1, 'leaf', 'reference 0'],
      [1, 'lost', 'reference 1'],
      [0x63, 'leaf', 'literal'],
      [0x63, 'leaf', 'literal'],
    ]);
    expect(codes(syntax)).toEqual(['packed.value-lost']);
  });

  it('notes a stored container and does not guess what references inside it meant', () => {
    const syntax = parsePacked(frame(0x0a, '43c2106381a000 8300'));
    expect(codes(syntax)).toEqual(['packed.value-lost', 'packed.indexed-container']);
    const again = syntax.items[1].value as Item[];
    expect(again.map((item) => [item.id, item.kind])).toEqual([
      ['c', 'leaf'],
      ['?0', 'lost'],
    ]);
    expect(again[0].at).toEqual(syntax.items[1].at);
  });
});
