import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Field } from '../../src/core/message.ts';
import type { PlistValue } from '../../src/core/plist-value.ts';
import { writePlist } from '../../src/core/plist-writer.ts';
import { decodePayload, type PayloadTree } from '../../src/payload/payload.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (text: string): PayloadTree => decodePayload(utf8(text));
const codes = (tree: PayloadTree): string[] => tree.notes.map((note) => note.code);
const inflate = (bytes: Uint8Array, maxOutputLength: number): Uint8Array | undefined => {
  try {
    return new Uint8Array(gunzipSync(bytes, { maxOutputLength }));
  } catch {
    return undefined;
  }
};
const list = (...entries: [string, PlistValue][]): Uint8Array => writePlist(new Map(entries));

/** A field at a path of names. */
function at(tree: PayloadTree | Field, ...path: string[]): Field | undefined {
  const [name, ...rest] = path;
  const fields = 'kind' in tree ? tree.fields : (tree.children ?? []);
  const field = fields.find((f) => f.name === name);
  return rest.length === 0 || field === undefined ? field : at(field, ...rest);
}

function everyField(fields: readonly Field[], visit: (field: Field) => void): void {
  for (const field of fields) {
    visit(field);
    everyField(field.children ?? [], visit);
  }
}

describe('what a payload is', () => {
  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'empty'],
    ['an object', utf8('{}'), 'json'],
    ['an array behind white space', utf8(' \n[1]'), 'json'],
    ['a binary property list', list(['a', 1]), 'bplist'],
    ['text', utf8('hello wörld'), 'text'],
    ['an XML property list', utf8('<?xml version="1.0"?>\n<plist version="1.0"><dict/></plist>'), 'text'],
    ['bytes', Uint8Array.of(0, 1, 2, 0xff), 'hex'],
    ['text with control characters', utf8('a\u0000b'), 'hex'],
    ['gzip that nobody opens', new Uint8Array(gzipSync('{}')), 'gzip'],
  ])('%s', (_name, bytes, kind) => {
    expect(decodePayload(bytes).kind).toBe(kind);
  });
});

describe('JSON payloads', () => {
  it('give each value its place and its filter name', () => {
    const text = '{"aps":{"alert":"Grüße","badge":7},"list":[true,{"x":null}]}';
    const tree = json(text);
    const bytes = utf8(text);
    const part = (field: Field | undefined): string => new TextDecoder().decode(bytes.slice(field?.at?.start, field?.at?.end));
    expect(tree.notes).toEqual([]);
    expect(part(at(tree, 'aps', 'alert'))).toBe('"Grüße"');
    expect(part(at(tree, 'aps', 'badge'))).toBe('7');
    expect(part(at(tree, 'list', '1'))).toBe('{"x":null}');
    expect(at(tree, 'list', '1', 'x')?.filter).toBe('apns.payload.list.1.x');
    expect([at(tree, 'aps', 'alert')?.value, at(tree, 'list', '0')?.value, at(tree, 'list', '1', 'x')?.value]).toEqual([
      'Grüße',
      true,
      null,
    ]);
  });

  it('keep numbers to the last digit', () => {
    const tree = json('{"big":12345678901234567890,"frac":1.50,"neg":-0.1e+3,"max":9007199254740991}');
    expect(at(tree, 'big')?.value).toBe(12345678901234567890n);
    expect([at(tree, 'frac')?.value, at(tree, 'frac')?.text]).toEqual([1.5, '1.50']);
    expect([at(tree, 'neg')?.value, at(tree, 'neg')?.text]).toEqual([-100, '-0.1e+3']);
    expect(at(tree, 'max')?.value).toBe(9007199254740991);
  });

  it('name the keys that Apple documents', () => {
    const tree = json('{"aps":{"content-available":1,"timestamp":1700000000,"own":1}}');
    expect(at(tree, 'aps', 'content-available')).toMatchObject({ label: 'content-available (Background update)', text: '1 (yes)' });
    expect(at(tree, 'aps', 'timestamp')?.text).toBe('1700000000 (2023-11-14T22:13:20Z)');
    expect(at(tree, 'aps', 'own')?.label).toBe('own');
  });

  it('read every escape and keep lone surrogates from the terminal', () => {
    const tree = json('{"k\\u0065y":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00","lone":"\\ud800"}');
    expect(at(tree, 'key')?.value).toBe('"\\/\b\f\n\r\té😀');
    expect(at(tree, 'key')?.text).toBe('"\\/\\x08\\x0c\\n\\r\\té😀');
    expect(at(tree, 'lone')?.text).toBe('\\u{d800}');
  });

  it('show a key that stands twice twice, with a note at the second', () => {
    const tree = json('{"a":1,"\\u0061":2}');
    expect(tree.fields.map((field) => [field.name, field.value])).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
    expect(tree.notes).toMatchObject([{ code: 'payload.duplicate-key', start: 7, end: 15 }]);
  });

  it.each<[string, string, number, string]>([
    ['{"a":1', 'payload.json-invalid', 6, 'object not closed'],
    ['{"a":[1,2', 'payload.json-invalid', 9, 'array not closed'],
    ['{"a":', 'payload.json-invalid', 5, 'value missing'],
    ['{"a" 1}', 'payload.json-invalid', 5, 'colon missing'],
    ['{a:1}', 'payload.json-invalid', 1, 'key missing'],
    ['{"a":1,}', 'payload.json-invalid', 7, 'key missing'],
    ['[1,]', 'payload.json-invalid', 3, 'no value can begin so'],
    ['[1 2]', 'payload.json-invalid', 3, 'comma or closing bracket missing'],
    ['["a', 'payload.json-invalid', 1, 'string not closed'],
    ['["\\x"]', 'payload.json-invalid', 2, 'unknown escape'],
    ['["\\u12g4"]', 'payload.json-invalid', 6, 'escape needs four hex digits'],
    ['["a\nb"]', 'payload.json-invalid', 3, 'control character in a string'],
    ['[nul]', 'payload.json-invalid', 1, 'unknown word'],
    ['[-]', 'payload.json-invalid', 1, 'digits missing'],
    ['[1.]', 'payload.json-invalid', 1, 'digits missing after the point'],
    ['[1e]', 'payload.json-invalid', 1, 'digits missing in the exponent'],
    ['{"a":1}{"b":2}', 'payload.json-trailing', 7, '7 bytes'],
  ])('note what is wrong with %j', (text, code, start, detail) => {
    expect(json(text).notes).toMatchObject([{ code, start, detail }]);
  });

  it('show what was read before the fault and the rest as text', () => {
    const tree = json('{"aps":{"alert":"hi"},"x":[1,oops]}');
    expect(at(tree, 'aps', 'alert')?.value).toBe('hi');
    expect(at(tree, 'x', '0')?.value).toBe(1);
    expect(at(tree, 'rest')?.value).toBe('oops]}');
  });

  it('with invalid UTF-8 are noted where it stands', () => {
    const tree = decodePayload(Uint8Array.from([...utf8('{"a":"'), 0xc3, 0x28, ...utf8('"}')]));
    expect(tree.notes).toMatchObject([{ code: 'payload.json-invalid', start: 6, detail: 'not valid UTF-8' }]);
  });

  it('nested 100,000 deep are read without recursion', () => {
    const tree = json('['.repeat(100_000) + ']'.repeat(100_000));
    expect(tree.notes).toMatchObject([{ code: 'payload.depth', detail: '99936 more levels' }]);
    expect(codes(json('{"a":'.repeat(100_000)))).toEqual(['payload.json-invalid']);
  });

  it('with more values than anybody reads are cut with a note', () => {
    const tree = json(`[${'0,'.repeat(300_000)}0]`);
    expect(codes(tree)).toEqual(['payload.too-many-values']);
    expect(tree.fields.length).toBeLessThan(20_001);
  });

  it('with a number of a million digits cost nothing', () => {
    expect(at(json(`{"n":${'9'.repeat(1_000_000)}}`), 'n')?.value).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('summaries', () => {
  it.each<[string, string]>([
    ['{"aps":{"alert":"Hello"}}', '“Hello”'],
    ['{"aps":{"alert":{"title":"Mail","body":"New"},"badge":2}}', '“Mail: New”, badge 2'],
    ['{"aps":{"alert":{"loc-key":"NEW_MAIL"}}}', '“NEW_MAIL”'],
    ['{"aps":{"content-available":1}}', 'background update'],
    ['{"aps":{"event":"update","content-state":{}}}', 'Live Activity update'],
    ['{"aps":{},"mdm":"x"}', 'mdm'],
    ['{"mdm":"x","b":1}', 'mdm, b'],
    ['[1,2]', '2 elements'],
    ['{"aps":{"alert":"\\u001b[31mred\\u202e"}}', '“\\x1b[31mred\\u{202e}”'],
  ])('of %s', (text, summary) => {
    expect(json(text).summary).toBe(summary);
  });

  it('of an IDS message name its kind, the parties and a failure', () => {
    const tree = decodePayload(list(['c', 120], ['sP', 'mailto:a@example.com'], ['tP', 'tel:+1555'], ['s', 5008]));
    expect(tree.summary).toBe('IDS error report (120), mailto:a@example.com → tel:+1555, status 5008');
    expect(decodePayload(list(['c', 7777])).summary).toBe('IDS command 7777');
  });
});

describe('property list payloads', () => {
  it('name the short keys of IDS, at any depth, with their class of privacy', () => {
    const devices: PlistValue = [
      new Map<string, PlistValue>([
        ['tP', 'mailto:b@example.com'],
        ['sT', new Uint8Array(4)],
      ]),
    ];
    const tree = decodePayload(
      list(['c', 100], ['e', 1_700_000_000_123_456_789n], ['dtl', devices], ['d', { date: 0 }], ['x', { uid: 3 }]),
    );
    expect(at(tree, 'c')).toMatchObject({ label: 'c (IDS command)', text: '100 (iMessage: text, reaction or typing)' });
    expect(at(decodePayload(list(['c', 160], ['qI', 1], ['qX', 2], ['quota', 3])), 'c')?.text).toBe('160 (seen, meaning not confirmed)');
    const queue = decodePayload(list(['c', 100], ['qI', 1], ['qX', 2], ['quota', 3]));
    expect(['qI', 'qX', 'quota'].map((key) => at(queue, key)?.label)).toEqual(['qI (Queue)', 'qX (Queue or relay)', 'quota']);
    expect(at(tree, 'e')?.text).toBe('1700000000123456789 (2023-11-14T22:13:20.123456789Z)');
    expect(at(tree, 'dtl', '0', 'tP')).toMatchObject({ label: 'tP (Target)', privacy: 'identity' });
    expect(at(tree, 'dtl', '0', 'sT')?.privacy).toBe('token');
    expect([at(tree, 'd')?.value, at(tree, 'x')?.text]).toEqual(['2001-01-01T00:00:00.000Z', 'UID 3']);
  });

  it('do not take another list with short keys for IDS', () => {
    expect(at(decodePayload(list(['c', 'text'], ['s', 1])), 's')?.label).toBe('s');
  });

  it('with a gzip member show what is in it, at the place of the member', () => {
    const body = new Uint8Array(gzipSync('{"ok":true}'));
    const bytes = list(['c', 97], ['hs', 200], ['b', body]);
    const tree = decodePayload(bytes, { inflate });
    const b = at(tree, 'b');
    expect(bytes.slice((b?.at?.end ?? 0) - body.length, b?.at?.end)).toEqual(body);
    const ok = at(b as Field, 'gzip', 'ok');
    expect([ok?.value, ok?.at]).toEqual([true, b?.at]);
  });

  it('that are damaged, looped, exponential or deep are cut and noted', () => {
    const good = list(['a', [1, 2]]);
    const damaged = good.slice();
    damaged[damaged.length - 1] = 0xff;
    expect(decodePayload(damaged)).toMatchObject({ kind: 'bplist', fields: [], notes: [{ code: 'payload.plist-invalid' }] });
    // An array that holds itself: object 0 = a1 00.
    const loop = Uint8Array.from([...utf8('bplist00'), 0xa1, 0x00, 0x08, ...Array(6).fill(0), 1, 1, ...u64(1), ...u64(0), ...u64(10)]);
    expect(codes(decodePayload(loop))).toEqual(['payload.plist-loop']);
    let shared: number[] = [];
    for (let i = 0; i < 30; i++) shared = [...shared, 0xa2, i + 1, i + 1];
    const offsets = Array.from({ length: 31 }, (_, i) => 8 + 3 * i);
    const bomb = Uint8Array.from([
      ...utf8('bplist00'),
      ...shared,
      0x10,
      1,
      ...offsets,
      ...Array(6).fill(0),
      1,
      1,
      ...u64(31),
      ...u64(0),
      ...u64(100),
    ]);
    expect(codes(decodePayload(bomb))).toEqual(['payload.too-many-values']);
  });

  it('that name a long text again and again show it a few times', () => {
    const names = 4000;
    const texts = 1000;
    const count = (n: number): number[] => [0x11, n >> 8, n & 0xff];
    const array = [0xaf, ...count(names), ...Array<number>(names).fill(1)];
    const text = [0x5f, ...count(texts), ...Array<number>(texts).fill(0x61)];
    const at = 8 + array.length;
    const table = at + text.length;
    const bytes = [...utf8('bplist00'), ...array, ...text, 0, 8, at >> 8, at & 0xff, ...Array(6).fill(0), 2, 1, ...u64(2), ...u64(0)];
    const tree = decodePayload(Uint8Array.from([...bytes, ...u64(table)]));
    expect(codes(tree)).toEqual(['payload.too-many-values']);
    expect(tree.fields.length).toBeGreaterThan(60);
    expect(tree.fields.length).toBeLessThan(100);
  });
});

describe('gzip payloads', () => {
  it('are opened when something can open them', () => {
    const tree = decodePayload(new Uint8Array(gzipSync('{"aps":{"alert":"zip"}}')), { inflate });
    expect([tree.kind, tree.summary, at(tree, 'gzip', 'aps', 'alert')?.value]).toEqual(['gzip', '“zip”', 'zip']);
  });

  it('that are bombs, damaged, or packed again and again stay closed', () => {
    expect(codes(decodePayload(new Uint8Array(gzipSync(new Uint8Array(50 << 20))), { inflate }))).toEqual(['payload.inflate-failed']);
    expect(codes(decodePayload(new Uint8Array(gzipSync(new Uint8Array(1_000_000))), { inflate }))).toEqual(['payload.inflate-failed']);
    const damaged = new Uint8Array(gzipSync('hello hello hello'));
    damaged[14] ^= 0xff;
    expect(codes(decodePayload(damaged, { inflate }))).toEqual(['payload.inflate-failed']);
    let nested = utf8('{}');
    for (let i = 0; i < 10; i++) nested = new Uint8Array(gzipSync(nested));
    expect(codes(decodePayload(nested, { inflate }))).toEqual(['payload.inflate-failed']);
  });
});

describe('protocol buffer payloads', () => {
  const subscribe = Uint8Array.from([0x08, 1, 0x12, 17, 0x0a, 9, ...utf8('com.a.b.c'), 0x12, 4, 0x0a, 2, 0xaa, 0xbb, 0x18, 1]);

  it('of the known fields have the known names', () => {
    const channel = [0x0a, 1, 0xaa, 0x10, 0xe8, 0x07];
    const topic = [0x0a, 9, ...utf8('com.a.b.c'), 0x12, channel.length, ...channel];
    const bytes = Uint8Array.from([0x08, 1, 0x12, topic.length, ...topic, 0x18, 1]);
    const tree = decodePayload(bytes, { field: 'apns.pub_sub_channel_list.payload' });
    expect([tree.kind, tree.notes]).toEqual(['protobuf', []]);
    expect(at(tree, 'topic', 'name')).toMatchObject({ label: 'Topic name (1)', value: 'com.a.b.c' });
    expect(at(tree, 'topic', 'channel', 'id')?.value).toEqual(Uint8Array.of(0xaa));
    expect(at(tree, 'topic', 'channel', 'last_message')?.text).toBe('1000 (1970-01-01T00:00:00.000001000Z)');
    expect(at(tree, 'replace')?.value).toBe(1);
    expect(at(tree, 'topic')?.at).toEqual({ start: 2, end: 4 + topic.length });
  });

  it('that do not parse are noted and shown as what they are', () => {
    const tree = decodePayload(Uint8Array.of(0x0a, 0x7f, 1), { field: 'apns.message.pub_sub_info' });
    expect([tree.kind, codes(tree)]).toEqual(['hex', ['payload.protobuf-invalid']]);
  });

  it('of unknown kind are only guessed from bytes that speak for it', () => {
    const tree = decodePayload(Uint8Array.from([0x08, 0x96, 0x01, 0x12, 0x04, ...utf8('text'), 0x1a, 0x02, 0x08, 0x01, 0x25, 1, 0, 0, 0]));
    expect([tree.kind, codes(tree)]).toEqual(['protobuf', ['payload.guessed']]);
    expect(tree.fields.map((field) => field.value)).toEqual([150, 'text', Uint8Array.of(8, 1), 1]);
    expect(decodePayload(Uint8Array.of(0x08, 0x01, 0x10, 0x02, 0xff)).kind).toBe('hex');
  });

  it('cut at any byte never throw', () => {
    for (let length = 0; length < subscribe.length; length++) {
      expect(decodePayload(subscribe.slice(0, length), { field: 'apns.pub_sub_channel_list.payload' }).kind).toBeDefined();
    }
  });
});

describe('any bytes', () => {
  const seeds = ['{"aps":{"alert":{"title":"T","body":"B"},"badge":1},"n":[1,2.5,{"x":"\\u00e9"}]}', ...['', ' ', '[', '{"', '\u0000']].map(
    utf8,
  );
  const lists = [list(['c', 100], ['dtl', [new Map<string, PlistValue>([['tP', 'x']])]], ['b', new Uint8Array(gzipSync('{}'))])];

  it('never throw, and every place lies within the payload', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds, ...lists),
        fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 5 }),
        fc.nat(400),
        (seed, edits, cut) => {
          const bytes = seed.slice(0, Math.max(1, seed.length - (cut % 7)));
          for (const [offset, b] of edits) bytes[offset % bytes.length] = b;
          const tree = decodePayload(bytes, { inflate });
          everyField(tree.fields, (field) => {
            expect(field.at?.start).toBeGreaterThanOrEqual(0);
            expect(field.at?.end).toBeLessThanOrEqual(bytes.length);
            // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be there
            expect(field.text + field.label).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
          });
          for (const note of tree.notes) expect([note.start <= note.end, note.end <= bytes.length]).toEqual([true, true]);
        },
      ),
      { seed: 20261121, numRuns: 1000 },
    );
  });
});

function u64(n: number): number[] {
  return [0, 0, 0, 0, 0, 0, n >> 8, n & 0xff];
}
