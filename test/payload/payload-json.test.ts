import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlistValue } from '../../src/core/plist-value.ts';
import { writePlist } from '../../src/core/plist-writer.ts';
import { printable } from '../../src/core/text.ts';
import { payloadJson } from '../../src/payload/payload-json.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('payloads as JSON', () => {
  it('pass through unchanged when they are JSON', () => {
    const text = '{"aps":{"alert":"hi"}, "n":12345678901234567890, "f":1.500, "a":1, "a":2}';
    expect(payloadJson(utf8(text))).toBe(text);
  });

  it('are always one printable line that means the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const out = payloadJson(utf8(text)) as string;
        expect(JSON.parse(out)).toEqual(JSON.parse(text));
        expect(printable(out)).toBe(out);
      }),
      { seed: 20261121, numRuns: 1000 },
    );
  });

  it('are not there for what is no JSON', () => {
    for (const text of ['', 'hello', '{"a":', '{}{}', 'bplist00']) expect(payloadJson(utf8(text))).toBeUndefined();
  });

  it('of property lists keep every value in a form that JSON has', () => {
    const list = new Map<string, PlistValue>([
      ['c', 100],
      ['big', (1n << 64n) - 1n],
      ['token', Uint8Array.of(0xab, 0xcd)],
      ['when', { date: 0.5 }],
      ['ratio', { real: 0.25 }],
      ['nan', { real: Number.NaN }],
      ['uid', { uid: 7 }],
      ['set', { set: [1, 2] }],
      ['none', null],
      ['yes', true],
      ['te\u202ext', 'a"\n'],
    ]);
    expect(payloadJson(writePlist(list))).toBe(
      '{"c":100,"big":18446744073709551615,"token":"abcd","when":"2001-01-01T00:00:00.500Z","ratio":0.25,"nan":null,' +
        '"uid":{"CF$UID":7},"set":[1,2],"none":null,"yes":true,"te\\u202ext":"a\\"\\n"}',
    );
  });
});
