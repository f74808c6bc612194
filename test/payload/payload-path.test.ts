import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlistValue } from '../../src/core/plist-value.ts';
import { writePlist } from '../../src/core/plist-writer.ts';
import { payloadPath } from '../../src/payload/payload-path.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const at = (text: string, path: string): unknown[] => payloadPath(utf8(text), path === '' ? [] : path.split('.'));

/** The same search over a parsed value. */
function search(value: unknown, path: string[]): unknown[] {
  if (Array.isArray(value)) {
    if (path.length > 0 && /^\d+$/.test(path[0]))
      return Number(path[0]) < value.length ? search(value[Number(path[0])], path.slice(1)) : [];
    return value.flatMap((item) => search(item, path));
  }
  if (typeof value === 'object' && value !== null) {
    if (path.length === 0) return Object.values(value).flatMap((item) => search(item, []));
    return Object.hasOwn(value, path[0]) ? search((value as Record<string, unknown>)[path[0]], path.slice(1)) : [];
  }
  return path.length === 0 ? [value] : [];
}

describe('values at a path', () => {
  const push = '{"aps":{"alert":{"title":"T","body":"B"},"badge":3},"l":[{"k":1},{"k":[2,3]}],"\\u0061b":true}';

  it.each<[string, unknown[]]>([
    ['aps.alert.title', ['T']],
    ['aps.alert', ['T', 'B']],
    ['aps.badge', [3]],
    ['l.k', [1, 2, 3]],
    ['l.1.k', [2, 3]],
    ['l.1.k.0', [2]],
    ['l.7.k', []],
    ['ab', [true]],
    ['aps.alert.title.x', []],
    ['nothing', []],
    ['', ['T', 'B', 3, 1, 2, 3, true]],
  ])('%s', (path, values) => {
    expect(at(push, path)).toEqual(values);
  });

  it('are those that a search through the parsed value finds', () => {
    const key = fc.constantFrom('a', 'b', 'ab', '0', '1', 'é', '"', '\\');
    const tree = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        fc.constantFrom(1, 'x', true, null, 2.5, ''),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(tree, fc.array(key, { maxLength: 3 }), fc.nat(2), (value, path, indent) => {
        expect(payloadPath(utf8(JSON.stringify(value, undefined, indent)), path)).toEqual(search(JSON.parse(JSON.stringify(value)), path));
      }),
      { seed: 20261121, numRuns: 2000 },
    );
  });

  it('of a key that stands twice are both', () => {
    expect(at('{"a":1,"a":2}', 'a')).toEqual([1, 2]);
  });

  it('keep big integers', () => {
    expect(at('{"a":12345678901234567890}', 'a')).toEqual([12345678901234567890n]);
  });

  it('are found before the place where a payload is damaged', () => {
    expect(at('{"a":1,"b":', 'a')).toEqual([1]);
    expect(at('no json', 'a')).toEqual([]);
    expect(payloadPath(new Uint8Array(), ['a'])).toEqual([]);
  });

  it('of property lists are found as those of JSON', () => {
    const list = writePlist(
      new Map<string, PlistValue>([
        ['c', 100],
        [
          'dtl',
          [
            new Map<string, PlistValue>([['tP', 'a']]),
            new Map<string, PlistValue>([
              ['tP', 'b'],
              ['D', { date: 0 }],
            ]),
          ],
        ],
        ['U', Uint8Array.of(1)],
      ]),
    );
    expect(payloadPath(list, ['c'])).toEqual([100]);
    expect(payloadPath(list, ['dtl', 'tP'])).toEqual(['a', 'b']);
    expect(payloadPath(list, ['dtl', '1'])).toEqual(['b', '2001-01-01T00:00:00.000Z']);
    expect(payloadPath(list, ['dtl', '5'])).toEqual([]);
    expect(payloadPath(list, ['U'])).toEqual([Uint8Array.of(1)]);
  });

  it('are bounded, whatever is nested or shared', () => {
    expect(at(`[${'1,'.repeat(5000)}1]`, '')).toHaveLength(1000);
    expect(at('['.repeat(100_000) + ']'.repeat(100_000), 'a')).toEqual([]);
    expect(at(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'a')).toEqual([]);
    const shared: number[] = [];
    for (let i = 0; i < 30; i++) shared.push(0xa2, i + 1, i + 1);
    const u64 = (n: number): number[] => [0, 0, 0, 0, 0, 0, n >> 8, n & 0xff];
    const offsets = Array.from({ length: 31 }, (_, i) => 8 + 3 * i);
    const bomb = Uint8Array.from([
      ...utf8('bplist00'),
      ...shared,
      0x10,
      1,
      ...offsets,
      0,
      0,
      0,
      0,
      0,
      0,
      1,
      1,
      ...u64(31),
      ...u64(0),
      ...u64(100),
    ]);
    expect(payloadPath(bomb, [])).toHaveLength(1000);
    expect(payloadPath(bomb, ['x'])).toEqual([]);
  });
});
