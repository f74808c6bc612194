import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.ts';
import type { Item, Value } from '../../src/core/message.ts';
import type { Dir } from '../../src/core/stream.ts';
import { build, EncodeError, type FieldValues } from '../../src/schema/build.ts';
import { COURIER } from '../../src/schema/courier.ts';
import { type CommandDef, type FieldType, goes, idIn } from '../../src/schema/definition.ts';
import { Commands, interpret } from '../../src/schema/interpret.ts';
import { TopicNames } from '../../src/schema/topics.ts';

const SEED = 20261121;
const COMMANDS = new Commands(COURIER);

const fixed = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const words = fc.string({ unit: 'grapheme-ascii', maxLength: 30 });

/** Values of a type as a caller may give them and as the decoder gives them back. */
function values(type: FieldType): fc.Arbitrary<Value> {
  switch (type.kind) {
    case 'uint':
      return type.width === 8 ? fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }) : fc.integer({ min: 0, max: 2 ** (8 * type.width) - 1 });
    case 'bytes':
    case 'token':
      return type.length === undefined ? fc.uint8Array({ maxLength: 40 }) : fixed(type.length);
    case 'text':
      return words;
    case 'decimal':
      return fc.integer({ min: 0, max: 100_000 });
    case 'topic':
      return fixed(20);
    case 'uuid':
      return fc.uuid();
    case 'address':
      return fc.ipV4();
    case 'nonce':
      return fixed(16).map((rest) => Uint8Array.of(0, ...rest));
    case 'failures':
      return fixed(6);
    case 'padding':
      return fc.nat(300).map((n) => new Uint8Array(n));
    case 'signature':
      return fixed(128).map((rest) => Uint8Array.of(1, 1, ...rest));
    case 'payload':
    case 'protobuf':
    case 'certificate':
      return fc.uint8Array({ maxLength: 60 });
  }
}

function anyFields(def: CommandDef, dir: Dir): fc.Arbitrary<FieldValues> {
  const entries = Object.entries(def.fields).filter(([, field]) => idIn(field, dir) !== undefined);
  const shape = Object.fromEntries(
    entries.map(([key, field]) => [
      key,
      field.repeated ? fc.array(values(field.type), { minLength: 1, maxLength: 4 }) : values(field.type),
    ]),
  );
  return fc.record(shape, { requiredKeys: entries.filter(([, field]) => field.required).map(([key]) => key) }) as fc.Arbitrary<FieldValues>;
}

const plain = (value: unknown): unknown => (value instanceof Uint8Array ? toHex(value) : value);

/** Items as a reader of the wire would have them: with places. */
const placed = (items: readonly Item[]): Item[] =>
  items.map((item) => ({ ...item, at: { start: 0, end: 3 + (item.value as Uint8Array).length } }));

describe('build', () => {
  for (const [name, def] of Object.entries(COURIER) as [string, CommandDef][]) {
    it(`makes items of ${name} that are read back as the same values`, () => {
      for (const dir of [0, 1] as const) {
        if (!goes(def, dir)) continue;
        fc.assert(
          fc.property(anyFields(def, dir), (fields) => {
            const built = build(COMMANDS, name, fields, dir);
            const meaning = interpret(COMMANDS, built.id, dir, placed(built.items), 0);
            const back: Record<string, unknown[]> = {};
            for (const field of meaning.fields) back[field.name] = [...(back[field.name] ?? []), plain(field.value)];
            const given = Object.fromEntries(
              Object.entries(fields)
                .filter(([, value]) => value !== undefined)
                .map(([key, value]) => [key, (Array.isArray(value) ? value : [value]).map(plain)]),
            );
            expect(back).toEqual(given);
            expect(meaning.notes.filter((note) => note.code !== 'field.padding-length')).toEqual([]);
          }),
          { seed: SEED, numRuns: 30 },
        );
      }
    });
  }

  it('takes names of values, ISO times, hex, UUIDs and topic names', () => {
    const items = build(
      COMMANDS,
      'message',
      {
        topic: 'com.apple.madrid',
        expiry: '2026-11-21T18:12:06Z',
        tracing_uuid: '00112233-4455-6677-8899-aabbccddeeff',
        token: 'ab'.repeat(32),
      },
      1,
    ).items;
    const hexOf = (id: number): string => toHex(items.find((item) => item.id === id)?.value as Uint8Array);
    expect(hexOf(2)).toBe('e4e6d952954168d0a5db02dbaf27cc35fc18d159');
    expect(hexOf(5)).toBe((Date.UTC(2026, 10, 21, 18, 12, 6) / 1000).toString(16));
    expect(hexOf(21)).toBe('00112233445566778899aabbccddeeff');
    expect(toHex(build(COMMANDS, 'message_ack', { status: 'ok' }, 0).items[0].value as Uint8Array)).toBe('00');
    expect(toHex(build(COMMANDS, 'set_active_state', { state: 'active', interval: 'forever' }, 0).items[1].value as Uint8Array)).toBe(
      '7fffffff',
    );
    expect(
      toHex(build(COMMANDS, 'connect_response', { status: 0, server_time: '2026-11-21T18:12:06.500Z' }, 1).items[1].value as Uint8Array),
    ).toBe(Date.UTC(2026, 10, 21, 18, 12, 6, 500).toString(16).padStart(16, '0'));
  });

  it('writes the fields in the order of Apple’s client, repeated ones together', () => {
    const { items } = build(
      COMMANDS,
      'filter',
      {
        enabled: ['com.apple.madrid', 'com.apple.ess'],
        token: '00'.repeat(32),
        version: 1,
        paused: 'com.me.ubiquity',
        non_waking: 'com.apple.ess',
      },
      0,
    );
    expect(items.map((item) => item.id)).toEqual([12, 1, 2, 2, 6, 5]);
  });

  it('uses topics learned at run time', () => {
    const topics = new TopicNames();
    topics.learn('com.example.app', '11'.repeat(20));
    expect(toHex(build(COMMANDS, 'message', { topic: 'com.example.app' }, 1, topics).items[0].value as Uint8Array)).toBe('11'.repeat(20));
  });

  it.each<[string, string, FieldValues, Dir, RegExp]>([
    ['an unknown command', 'nope', {}, 0, /No command "nope"/],
    ['a wrong direction', 'no_storage', {}, 0, /client to server/],
    ['an unknown field', 'no_storage', { tokn: '' }, 1, /no field "tokn"/],
    ['two of a field that stands once', 'message_ack', { id: [1, 2] }, 0, /only once/],
    ['a number that does not fit', 'message', { priority: 256 }, 1, /does not fit/],
    ['a negative number', 'message', { id: -1 }, 1, /does not fit/],
    ['a fraction', 'message', { id: 1.5 }, 1, /whole number/],
    ['a name that is none', 'message_ack', { status: 'fine' }, 0, /one of ok/],
    ['no hex', 'message', { token: 'xyz' }, 1, /bytes or hex/],
    ['an address that is none', 'connect_response', { client_ip: '300.1.1.1' }, 1, /no address/],
    ['a value longer than its length field', 'message', { payload: new Uint8Array(0x10000) }, 1, /65535 fit/],
    ['no text', 'keep_alive', { carrier: 5 }, 0, /needs text/],
  ])('refuses %s with a sentence', (_what, command, fields, dir, message) => {
    expect(() => build(COMMANDS, command, fields, dir)).toThrow(EncodeError);
    expect(() => build(COMMANDS, command, fields, dir)).toThrow(message);
  });
});
