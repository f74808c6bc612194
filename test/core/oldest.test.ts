import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deleteOldest, Oldest } from '../../src/core/oldest.ts';

describe('the oldest entry of a map', () => {
  it('is the one that stands first, whatever was added and deleted before', () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 0, max: 12 }) }),
      fc.record({ remove: fc.integer({ min: 0, max: 12 }) }),
      fc.constant('oldest' as const),
      fc.constant('clear' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new Map<number, number>();
        const oldest = new Oldest(map);
        steps.forEach((s, serial) => {
          if (s === 'clear') map.clear();
          else if (s === 'oldest') {
            const first = oldest.find();
            expect(first?.[0]).toBe(map.keys().next().value);
            if (first !== undefined) map.delete(first[0]);
          } else if ('add' in s) {
            map.delete(s.add);
            map.set(s.add, serial);
          } else map.delete(s.remove);
        });
        expect(oldest.find()?.[0]).toBe(map.keys().next().value);
      }),
      { seed: 20261121, numRuns: 500 },
    );
  });

  it('gives way with others, the newest stay', () => {
    const map = new Map([1, 2, 3, 4].map((key) => [key, key]));
    deleteOldest(map, 3);
    expect([...map.keys()]).toEqual([4]);
    deleteOldest(map, 3);
    expect(map.size).toBe(0);
  });
});
