import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.ts';
import type { Item, Value } from '../../src/core/message.ts';
import type { Dir } from '../../src/core/stream.ts';
import { COURIER } from '../../src/schema/courier.ts';
import { COURIER_IOS4 } from '../../src/schema/courier-ios4.ts';
import { type CommandDef, type CommandTable, type FieldType, goes, idIn } from '../../src/schema/definition.ts';
import { FEEDBACK } from '../../src/schema/feedback.ts';
import { Commands, interpret } from '../../src/schema/interpret.ts';
import { GATEWAY } from '../../src/schema/provider.ts';
import { TopicNames } from '../../src/schema/topics.ts';
import { hex, MADRID } from '../support/bytes.ts';

const COMMANDS = new Commands(COURIER);
const item = (id: number, value: Value | readonly Item[], kind: Item['kind'] = 'leaf'): Item => ({
  id,
  value,
  kind,
  at: { start: 0, end: 10 },
});

function field(command: number, dir: Dir, id: number, value: Value, topics?: TopicNames) {
  const meaning = interpret(COMMANDS, command, dir, [item(id, value)], 100, topics);
  return { ...meaning.fields[0], codes: meaning.notes.map((note) => note.code) };
}

/** A right value of a type, and the words for it. */
function sample(type: FieldType): readonly [bytes: Uint8Array, text: string] {
  switch (type.kind) {
    case 'uint':
      if (type.time && type.unit === 's') return [hex('6553f100'), '2023-11-14T22:13:20Z'];
      if (type.time && type.unit === 'ms') return [hex('0000018bcfe5687b'), '2023-11-14T22:13:20.123Z'];
      if (type.time) return [hex('125136ba7a093e00'), '2011-10-29T13:52:20.335508992Z'];
      return [hex(`${'00'.repeat(type.width - 1)}63`), type.unit === undefined ? '99' : `99 ${type.unit}`];
    case 'bytes':
    case 'token':
      return [new Uint8Array(type.length ?? 3).fill(0xab), 'ab'.repeat(type.length ?? 3)];
    case 'text':
      return [new TextEncoder().encode('Grüße'), 'Grüße'];
    case 'decimal':
      return [hex('3135'), type.unit === undefined ? '15' : `15 ${type.unit}`];
    case 'topic':
      return [hex(MADRID), 'com.apple.madrid'];
    case 'uuid':
      return [hex('00112233445566778899aabbccddeeff'), '00112233-4455-6677-8899-aabbccddeeff'];
    case 'payload':
    case 'protobuf':
      return [hex('7b7d'), '{}'];
    case 'certificate':
      return [hex('3003020100'), 'certificate, 5 bytes'];
    case 'padding':
      return [new Uint8Array(64), '64 bytes of padding'];
    case 'nonce':
      return [hex('000000018bcfe5687baaaaaaaaaaaaaaaa'), '2023-11-14T22:13:20.123Z, random aaaaaaaaaaaaaaaa'];
    case 'signature':
      return [hex('0101bbbb'), 'RSA with SHA-1, 2 bytes'];
    case 'address':
      return [hex('0a000001'), '10.0.0.1'];
    case 'failures':
      return [hex('0000003c0002'), 'error 60, 2 times'];
  }
}

describe('interpret', () => {
  const tables: readonly [string, CommandTable][] = [
    ['courier', COURIER],
    ['courier-ios4', COURIER_IOS4],
    ['gateway', GATEWAY],
    ['feedback', FEEDBACK],
  ];
  for (const [dialect, table] of tables) {
    const commands = new Commands(table);
    for (const [name, def] of Object.entries(table) as [string, CommandDef][]) {
      it(`reads every field of ${dialect} ${name} in each of its directions`, () => {
        for (const dir of [0, 1] as const) {
          if (!goes(def, dir)) continue;
          const expected: [string, string][] = [];
          const items: Item[] = [];
          for (const [key, row] of Object.entries(def.fields)) {
            const id = idIn(row, dir);
            if (id === undefined) continue;
            const [bytes, words] = sample(row.type);
            const flags = row.flags === undefined ? words : expect.stringContaining('0x63');
            items.push(item(id, bytes));
            expected.push([key, flags]);
          }
          const meaning = interpret(commands, def.id, dir, items, 0);
          expect(meaning.command).toBe(name);
          expect(meaning.label).toBe(def.label);
          expect(meaning.fields.map((f) => [f.name, f.text])).toEqual(expected);
          expect(meaning.notes.filter((note) => note.code !== 'field.padding-length')).toEqual([]);
        }
      });
    }
  }

  it('names every named value of every table', () => {
    for (const [, table] of tables) {
      const commands = new Commands(table);
      for (const def of Object.values(table) as CommandDef[]) {
        for (const [key, row] of Object.entries(def.fields)) {
          for (const [value, name] of Object.entries(row.names ?? {})) {
            const dir = goes(def, 0) && idIn(row, 0) !== undefined ? 0 : 1;
            const meaning = interpret(commands, def.id, dir, [item(idIn(row, dir) as number, Number(value))], 0);
            expect(meaning.fields[0].text, key).toBe(`${name} (${value})`);
          }
        }
      }
    }
  });

  it('shows each flag bit, set or not, and the bits without a name', () => {
    const flags = field(7, 0, 5, hex('80000041'));
    expect(flags.text).toBe('0x80000041 (user connection, recent 0x40, unknown 0x80000000)');
    expect(flags.children?.find((child) => child.label === 'Wi-Fi')).toMatchObject({ name: 'bit_3', value: false, text: 'not set' });
    expect(flags.children?.find((child) => child.label === 'user connection')?.value).toBe(true);
    expect(field(7, 0, 31, hex('00000000')).text).toBe('0x0');
  });

  it('keeps 64-bit numbers exact', () => {
    expect(field(0x20, 0, 3, hex('ffffffffffffffff')).value).toBe(18446744073709551615n);
    expect(field(0x0a, 1, 6, hex('ffffffffffffffff')).text).toBe('2554-07-21T23:34:33.709551615Z');
    expect(field(0x08, 1, 10, hex('ffffffffffffffff')).text).toBe('18446744073709551615 ms');
  });

  it('takes the typed values of the packed encoding', () => {
    expect(field(0x0a, 1, 4, 7)).toMatchObject({ value: 7, text: '7', codes: [] });
    expect(field(0x0a, 1, 6, 1319896340335508992n).text).toBe('2011-10-29T13:52:20.335508992Z');
    expect(field(0x0a, 1, 6, 5)).toMatchObject({ value: 5n });
    expect(field(0x0c, 0, 1, 'WiFi')).toMatchObject({ value: 'WiFi', codes: [] });
    expect(field(0x0c, 0, 5, '20')).toMatchObject({ value: 20, text: '20 min' });
    expect(field(0x0a, 1, 13, 300).codes).toEqual(['field.range']);
    expect(field(0x0a, 1, 13, -1).codes).toEqual(['field.range']);
    expect(field(0x0a, 1, 13, true)).toMatchObject({ text: 'true', codes: ['field.type'] });
    expect(field(0x0a, 1, 1, 'text').codes).toEqual(['field.type']);
  });

  it('shows dictionaries as trees where a payload may be one, and notes them elsewhere', () => {
    const tree = [item(1, 'x'), item(2, [item(3, 5)], 'dict')];
    const payload = interpret(COMMANDS, 0x0a, 1, [item(3, tree, 'dict')], 100);
    expect(payload.notes).toEqual([]);
    expect(payload.fields[0]).toMatchObject({ name: 'payload', text: '2 keys' });
    expect(payload.fields[0].children?.[1].children?.[0].value).toBe(5);
    expect(interpret(COMMANDS, 0x0a, 1, [item(5, tree, 'array')], 100).notes[0].code).toBe('field.type');
    expect(interpret(COMMANDS, 0x0a, 1, [item(99, tree, 'array')], 100).notes[0].code).toBe('field.unknown');
  });

  it('marks unresolved references without inventing a value', () => {
    const lost = interpret(COMMANDS, 0x0a, 1, [item(1, undefined, 'lost'), item(77, undefined, 'lost')], 100);
    expect(lost.fields.map((f) => [f.name, f.value, f.text])).toEqual([
      ['token', undefined, 'unresolved reference'],
      ['77', undefined, 'unresolved reference'],
    ]);
    expect(lost.notes.map((note) => note.code)).toEqual(['field.unresolved', 'field.unknown']);
  });

  it('does not look inside trees deeper than any decoder lets through', () => {
    let deep: Item = item(1, 1);
    for (let n = 0; n < 5000; n++) deep = item(1, [deep], 'dict');
    expect(interpret(COMMANDS, 0x0a, 1, [{ ...deep, id: 3 }], 100).fields).toHaveLength(1);
  });

  it('makes hostile text harmless and says so', () => {
    const hostile = field(0x0c, 0, 1, new TextEncoder().encode('\u001b[31mred\u202e'));
    expect(hostile.text).toBe('\\x1b[31mred\\u{202e}');
    expect(hostile.codes).toEqual(['field.not-text']);
    expect(field(0x0c, 0, 1, hex('ff'))).toMatchObject({ text: 'ff', codes: ['field.not-text'] });
  });

  it('uses topics learned at run time', () => {
    const topics = new TopicNames();
    const hash = hex('11'.repeat(20));
    expect(field(0x0a, 1, 2, hash, topics).text).toBe('11'.repeat(20));
    topics.learn('com.example.app', hash);
    expect(field(0x0a, 1, 2, hash, topics).text).toBe('com.example.app');
    expect(toHex(field(0x0a, 1, 2, hash, topics).value as Uint8Array)).toBe('11'.repeat(20));
  });

  it('lists the first topics of a filter in its summary', () => {
    const topics = ['45d4a8f8d83fdc7ba96233018fe1aa475fbccd6e', MADRID, MADRID].map((hash) => item(2, hex(hash)));
    const filter = interpret(COMMANDS, 9, 0, [...topics, item(3, hex(MADRID))], 100);
    expect(filter.info).toBe('3 enabled (com.apple.mediastream.subscription.push, com.apple.madrid, …), 1 ignored');
    expect(filter.notes).toEqual([]);
  });

  it('shortens IPv6 addresses as usual', () => {
    expect(field(8, 1, 19, hex('20010db8000000000000000000000001')).text).toBe('2001:db8::1');
    expect(field(8, 1, 19, hex('00000000000000000000000000000000')).text).toBe('::');
    expect(field(8, 1, 19, hex('0102030405060708090a0b0c0d0e0f10')).text).toBe('102:304:506:708:90a:b0c:d0e:f10');
    expect(field(8, 1, 19, hex('010203')).codes).toContain('field.width');
  });
});
