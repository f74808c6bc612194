import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOST, MISSING, ValueTable } from '../../../src/codec/packed/value-table.ts';

const PROPERTY = { seed: 20261121, numRuns: 300 };

const entry = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

function content(table: ValueTable, index: number): number[] | number {
  const slot = table.find(index);
  if (slot < 0) return slot;
  const start = table.startOf(slot);
  return [...table.bytes.slice(start, start + table.lengthOf(slot))];
}

describe('the value table', () => {
  it('puts the newest first and moves nothing on a hit', () => {
    const table = new ValueTable(4096);
    table.add(entry(3, 1), 0, 3);
    table.add(entry(2, 2), 0, 2);
    expect(content(table, 0)).toEqual([2, 2]);
    expect(content(table, 1)).toEqual([1, 1, 1]);
    expect(content(table, 0)).toEqual([2, 2]);
    expect(content(table, 2)).toBe(MISSING);
  });

  it('lets equality fit and evicts the oldest one byte beyond', () => {
    const table = new ValueTable(2 * (10 + 32));
    table.add(entry(10, 1), 0, 10);
    table.add(entry(10, 2), 0, 10);
    expect([table.count, table.used]).toEqual([2, 84]);
    table.add(entry(1, 3), 0, 1);
    expect([table.count, table.used]).toEqual([2, 75]);
    expect(content(table, 1)).toEqual(Array(10).fill(2));
  });

  it('does not add an entry larger than the table and evicts nothing for it', () => {
    const table = new ValueTable(100);
    expect(table.add(entry(10, 1), 0, 10)).toBe(true);
    expect(table.add(entry(69, 2), 0, 69)).toBe(false);
    expect([table.count, table.used]).toEqual([1, 42]);
    expect(table.add(entry(68, 3), 0, 68)).toBe(true);
    expect(content(table, 0)).toEqual(Array(68).fill(3));
    expect(table.count).toBe(1);
  });

  it('finds equal bytes at their newest index', () => {
    const table = new ValueTable(4096);
    for (const fill of [1, 2, 1]) table.add(entry(4, fill), 0, 4);
    expect(table.indexOf(entry(4, 1), 0, 4)).toBe(0);
    expect(table.indexOf(entry(4, 2), 0, 4)).toBe(1);
    expect(table.indexOf(entry(5, 1), 0, 5)).toBe(-1);
  });

  it('agrees with a plain list of entries whatever is added', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600 }), fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 120 }), (limit, lengths) => {
        const table = new ValueTable(limit);
        const model: number[][] = [];
        lengths.forEach((length, i) => {
          const cost = length + 32;
          const fits = cost <= limit;
          expect(table.add(entry(length, i & 255), 0, length)).toBe(fits);
          if (!fits) return;
          model.unshift(Array(length).fill(i & 255));
          while (model.reduce((sum, e) => sum + e.length + 32, 0) > limit) model.pop();
        });
        expect(model.map((_, i) => content(table, i))).toEqual(model);
        expect(content(table, model.length)).toBe(MISSING);
      }),
      PROPERTY,
    );
  });

  it('after a gap knows exactly what a reader that saw everything knows of the newer entries, and calls the rest lost', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 600 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 60 }),
        fc.nat(),
        (limit, lengths, at) => {
          const whole = new ValueTable(limit);
          const gapped = new ValueTable(limit);
          const gap = at % lengths.length;
          lengths.forEach((length, i) => {
            if (i === gap) gapped.forget();
            whole.add(entry(length, i), 0, length);
            gapped.add(entry(length, i), 0, length);
          });
          for (let index = 0; index < whole.count + 3; index++) {
            const seen = content(gapped, index);
            if (seen === LOST) continue; // may or may not exist: nothing is claimed
            expect(seen).toEqual(content(whole, index));
          }
          const since = lengths.slice(gap).filter((length) => length + 32 <= limit).length;
          expect(gapped.count).toBe(Math.min(whole.count, since));
        },
      ),
      PROPERTY,
    );
  });

  it('says lost only while an unknown entry could still fit behind the known ones', () => {
    const table = new ValueTable(100);
    table.forget();
    expect([content(table, 0), content(table, 2), content(table, 3)]).toEqual([LOST, LOST, MISSING]);
    table.add(entry(30, 7), 0, 30);
    expect([content(table, 1), content(table, 2)]).toEqual([LOST, MISSING]);
    table.add(entry(1, 8), 0, 1);
    expect(content(table, 2)).toBe(MISSING);
    expect(table.unknown).toBe(false);
  });

  it('keeps a bounded number of bytes for a peer that negotiates a giant table, and calls what it dropped lost', () => {
    const table = new ValueTable(0xffffffff);
    for (let i = 0; i < 40; i++) table.add(entry(60_000, i), 0, 60_000);
    expect(table.bytes.length).toBeLessThan(4 << 20);
    expect(table.count).toBeLessThan(20);
    expect(content(table, 0)).toEqual(Array(60_000).fill(39));
    expect(content(table, 39)).toBe(LOST);
  });
});
