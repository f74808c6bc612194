import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkJson, isJson, JSON_INVALID, JSON_PLAIN, JSON_REWRITE } from '../../src/payload/json-scan.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const check = (text: string): number => checkJson(utf8(text), 0, utf8(text).length);

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the JSON check', () => {
  it('agrees with JSON.parse on valid and damaged texts', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ stringUnit: 'binary', depthSize: 'medium' }),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(...'{}[]",:\\0123456789.eE+-tfnu \n\u0001é')), { maxLength: 3 }),
        fc.nat(2),
        (value, edits, indent) => {
          let text = JSON.stringify(value, undefined, indent);
          for (const [at, c] of edits) {
            const i = at % (text.length + 1);
            text = text.slice(0, i) + c + text.slice(i + 1);
          }
          // A text cut inside a surrogate pair has no UTF-8 form: compare what the bytes say.
          const wellFormed = new TextDecoder().decode(utf8(text));
          expect(check(wellFormed) !== JSON_INVALID).toBe(parses(wellFormed));
        },
      ),
      { seed: 20261121, numRuns: 1500 },
    );
  });

  it.each(['', ' ', '{', '[1,]', '{"a":1,}', '01', '+1', '.5', '1.', 'NaN', "'a'", '"a', '[1]]', '{}x', '"\t"', '"\\u12"', 'tru'])(
    'refuses %j',
    (text) => {
      expect(check(text)).toBe(JSON_INVALID);
      expect(parses(text)).toBe(false);
    },
  );

  it.each<[string, number[]]>([
    ['an overlong form', [0xc0, 0x80]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a code point above 10ffff', [0xf4, 0x90, 0x80, 0x80]],
    ['a lone continuation', [0x80]],
    ['a character cut off', [0xe2, 0x82]],
    ['a byte that never occurs', [0xff]],
  ])('refuses UTF-8 with %s', (_name, inner) => {
    const bytes = Uint8Array.from([0x22, ...inner, 0x22]);
    expect(checkJson(bytes, 0, bytes.length)).toBe(JSON_INVALID);
  });

  it('looks at its range only', () => {
    const bytes = utf8('xx{"a":1}yy');
    expect(isJson(bytes, 2, 9)).toBe(true);
    expect(isJson(bytes, 2, 8)).toBe(false);
    expect(isJson(bytes, 1, 9)).toBe(false);
  });

  it('tells what may be copied to a line of output from what must be escaped first', () => {
    expect(check('{"a": "“plain” ünï 😀"}')).toBe(JSON_PLAIN);
    for (const text of [
      '{\n}',
      '[1,\r2]',
      '"\u007f"',
      '"\u009b1m"',
      '"\u202e"',
      '"\u200b"',
      '"\u2066"',
      '"\ufeff"',
      '"\u061c"',
      '"\u{e0041}"',
    ]) {
      expect(check(text)).toBe(JSON_REWRITE);
    }
  });

  it('gives up on nesting that other readers cannot follow, without recursion', () => {
    expect(check('['.repeat(512) + ']'.repeat(512))).toBe(JSON_PLAIN);
    expect(check('['.repeat(513) + ']'.repeat(513))).toBe(JSON_INVALID);
    expect(check('['.repeat(1_000_000))).toBe(JSON_INVALID);
  });
});
