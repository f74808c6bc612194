import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter } from '../../../src/timeline/filter/filter.ts';
import { type ColumnRow, columnTimeline } from '../../support/column-rows.ts';

/** More than two chunks. */
const ROWS = 140_000;

const made: Required<Omit<ColumnRow, 'pieces'>>[] = Array.from({ length: ROWS }, (_, row) => {
  const mixed = Math.imul(row, 0x9e3779b1) >>> 0;
  // Lengths and streams outgrow 16 bits in the last chunk.
  const late = row > 135_000 && mixed % 7 === 0 ? 100_000 : 0;
  return {
    stream: (mixed % 90) + late,
    dir: ((mixed >>> 5) & 1) as 0 | 1,
    length: 60 + ((mixed >>> 8) % 1400) + late,
    packet: (row >>> 1) + 1,
  };
});

const timeline = columnTimeline(made);

type Made = (typeof made)[number];
const TERMS: readonly [string, (m: Made, row: number) => boolean][] = [
  ['apns.direction == s2c', (m) => m.dir === 1],
  ['apns.direction != s2c', (m) => m.dir === 0],
  ['apns.size > 700', (m) => m.length > 700],
  ['apns.size <= 90', (m) => m.length <= 90],
  ['apns.size > 70000', (m) => m.length > 70_000],
  ['apns.size != 777', (m) => m.length !== 777],
  ['tcp.stream == 3', (m) => m.stream === 3],
  ['tcp.stream != 3', (m) => m.stream !== 3],
  ['tcp.stream < 2', (m) => m.stream < 2],
  ['tcp.stream >= 88', (m) => m.stream >= 88],
  ['frame.number > 40000', (m) => m.packet > 40_000],
  ['frame.number in {5..300, 69999}', (m) => (m.packet >= 5 && m.packet <= 300) || m.packet === 69_999],
  ['apns.number >= 65536', (_, row) => row + 1 >= 65_536],
  ['apns.status != 3', () => false],
];

describe('a filter over columns', () => {
  it('finds the rows of asking one by one, in any order of its terms and in slices', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: TERMS.length - 1 }), { minLength: 1, maxLength: 5 }),
        fc.constantFrom('&&', '||', 'xor'),
        fc.integer({ min: 1, max: ROWS }),
        (chosen, operator, cut) => {
          const terms = chosen.map((c) => TERMS[c]);
          const filter = compileFilter(terms.map(([text]) => text).join(` ${operator} `));
          const expected: number[] = [];
          for (let row = 0; row < ROWS; row++) {
            const held = terms.filter(([, holds]) => holds(made[row], row)).length;
            if (operator === '&&' ? held === terms.length : operator === '||' ? held > 0 : held % 2 === 1) expected.push(row);
          }
          expect(Buffer.compare(Buffer.from(filter.select(timeline, 0, ROWS)), Buffer.from(Uint32Array.from(expected)))).toBe(0);
          const sliced = [...filter.select(timeline, 0, cut), ...filter.select(timeline, cut, ROWS)];
          expect(sliced.length).toBe(expected.length);
          expect(sliced.every((row, i) => row === expected[i])).toBe(true);
        },
      ),
      { seed: 20261121, numRuns: 30 },
    );
  });
});
