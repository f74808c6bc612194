import { describe, expect, it } from 'vitest';
import { packed } from '../../../src/codec/packed/dialect.ts';
import { packedAttributes } from '../../../src/codec/packed/message.ts';
import { PackedWriter } from '../../../src/codec/packed/writer.ts';
import { fromHex, toHex } from '../../../src/core/bytes.ts';
import { Cells } from '../../../src/core/dialect.ts';
import type { Message } from '../../../src/core/message.ts';
import { DIALECT, messageType } from '../../../src/core/message.ts';
import { readPlist } from '../../../src/core/plist-reader.ts';
import type { PlistValue } from '../../../src/core/plist-value.ts';
import { writePlist } from '../../../src/core/plist-writer.ts';
import type { Dir } from '../../../src/core/stream.ts';
import type { FieldValues } from '../../../src/schema/build.ts';

const TOKEN = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';

/** Writes one command and decodes it again, with what the index kept. */
function travel(command: string, fields: FieldValues, dir: Dir): { message: Message; frame: Uint8Array } {
  const { id, attributes } = packedAttributes(command, fields, dir);
  const writer = new PackedWriter();
  const framing = packed.open({});
  const cells = new Cells();
  let frame = writer.frame(dir === 0 ? 7 : 8, []);
  framing.index(dir, frame, 0, frame.length, cells);
  frame = writer.frame(id, attributes);
  cells.clear();
  framing.index(dir, frame, 0, frame.length, cells);
  expect(cells.type).toBe(messageType(DIALECT.packed, id));
  return { message: packed.decode(frame, dir, cells.aux), frame };
}

const valuesOf = (message: Message): Record<string, unknown> =>
  Object.fromEntries(message.fields.map((field) => [field.name, field.value instanceof Uint8Array ? toHex(field.value) : field.value]));

describe('packed messages', () => {
  it('carry the same fields as unpacked ones, with the widths of the schema', () => {
    const { message, frame } = travel(
      'message',
      {
        topic: 'com.apple.madrid',
        token: TOKEN,
        payload: '{"aps":{"alert":"hi"}}',
        id: 7,
        expiry: 1_700_003_600,
        timestamp: 1_700_000_000_123_456_789n,
        priority: 10,
      },
      1,
    );
    expect([message.dialect, message.command, message.dir, message.notes]).toEqual(['courier-packed', 'message', 1, []]);
    expect(valuesOf(message)).toMatchObject({
      id: 7,
      expiry: 1_700_003_600,
      timestamp: 1_700_000_000_123_456_789n,
      priority: 10,
      token: TOKEN,
    });
    const topic = message.fields.find((field) => field.name === 'topic');
    expect([topic?.text, topic?.filter]).toEqual(['com.apple.madrid', 'apns.message.topic']);
    const payload = message.fields.find((field) => field.name === 'payload');
    expect(frame.slice(payload?.at?.start, payload?.at?.end)).toEqual(payload?.payload);
  });

  it('give an unsigned 64-bit number from 2^63 its sign back', () => {
    const { message, frame } = travel('filter', { version: 0xfffffffffffffffen, token: TOKEN }, 0);
    expect(toHex(frame)).toContain('0ca802');
    expect(valuesOf(message)).toMatchObject({ version: 0xfffffffffffffffen });
    expect(message.notes).toEqual([]);
  });

  it('send a property list whose top is a dictionary as one, and show it as what it was', () => {
    const list: PlistValue = new Map<string, PlistValue>([
      ['c', 100],
      ['U', new Uint8Array(16)],
      [
        'dtl',
        [
          new Map<string, PlistValue>([
            ['tP', 'mailto:b@example.com'],
            ['D', false],
          ]),
        ],
      ],
    ]);
    const { message, frame } = travel('message', { topic: 'com.apple.madrid', id: 1, payload: writePlist(list) }, 0);
    expect(toHex(frame)).not.toContain(toHex(new TextEncoder().encode('bplist')));
    const payload = message.fields.find((field) => field.name === 'payload');
    expect(readPlist(payload?.payload as Uint8Array)).toEqual(list);
    expect(payload?.children?.map((child) => child.name)).toEqual(['c', 'U', 'dtl']);
    expect(message.notes).toEqual([]);
  });

  it('send any other property list as data', () => {
    for (const list of [[1, 2], new Map<string, PlistValue>([['d', { date: 0 }]]), null] as PlistValue[]) {
      const bytes = writePlist(list);
      const { message } = travel('message', { id: 1, payload: bytes }, 0);
      expect(message.fields.find((field) => field.name === 'payload')?.value).toEqual(bytes);
    }
  });

  it('note a number that does not fit, a value of another type, and an unknown attribute', () => {
    const frame = fromHex('0a1404a5010000000000 054178 0904aabbccdd 101f81') as Uint8Array;
    const { notes } = packed.decode(frame, 1);
    expect(notes.map((note) => note.code)).toEqual(['field.range', 'field.type', 'field.width', 'field.unknown']);
  });

  it('show a reference that the capture does not resolve as such', () => {
    const lost = packed.decode(fromHex('0b0408808105') as Uint8Array, 0);
    const token = lost.fields.find((field) => field.name === 'token');
    expect([token?.value, token?.text]).toEqual([undefined, 'unresolved reference']);
    expect(lost.notes.map((note) => note.code)).toContain('packed.value-lost');
  });

  it('keep the bytes that could not be read in sight', () => {
    const message = packed.decode(fromHex('0704028101b0') as Uint8Array, 0);
    expect(message.fields.at(-1)?.name).toBe('rest');
    expect(message.fields.at(-1)?.value).toEqual(Uint8Array.of(0x01, 0xb0));
  });
});
