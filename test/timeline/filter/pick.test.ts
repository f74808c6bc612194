import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pick, range } from '../../../src/timeline/filter/pick.ts';
import type { Relation } from '../../../src/timeline/filter/syntax.ts';

const RELATIONS: readonly Relation[] = ['==', '===', '!=', '~=', '>', '>=', '<', '<='];

const HOLDS: Record<string, (a: number, b: number) => boolean> = {
  '==': (a, b) => a === b,
  '===': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '~=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
};

/** Numbers where a few values are frequent, so that loops for rare and for frequent hits are both taken. */
const numbers = (largest: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 3 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: largest }) });

const value = fc.oneof(
  fc.integer({ min: -2, max: 5 }),
  fc.constantFrom(
    0.5,
    1.5,
    -0.5,
    65535,
    65536,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 40,
    -(2 ** 40),
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ),
);

describe('picking rows by a number', () => {
  it.each([
    ['narrow', (n: number[]) => Uint16Array.from(n), 0xffff],
    ['wide', (n: number[]) => Uint32Array.from(n), 2 ** 31 - 1],
  ] as const)('gives those of comparing each, in %s columns, dense and sparse, few and many', (_, column, largest) => {
    fc.assert(
      fc.property(
        fc.array(numbers(largest), { minLength: 1, maxLength: 2000, size: 'max' }),
        fc.constantFrom(...RELATIONS),
        value,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 20 }),
        (list, relation, wanted, every, skip) => {
          const rows = Uint32Array.from(list.keys()).filter((i) => i >= skip && i % every === 0);
          const expected = [...rows].filter((i) => HOLDS[relation](list[i], wanted));
          const out = new Uint32Array(list.length);
          const chosen = range(relation, wanted);
          expect([...out.subarray(0, pick(column(list), chosen, rows, rows.length, out))]).toEqual(expected);
          expect([...rows.subarray(0, pick(column(list), chosen, rows, rows.length, rows))]).toEqual(expected);
        },
      ),
      { seed: 20261121, numRuns: 300 },
    );
  });
});
