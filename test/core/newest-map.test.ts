import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NewestMap } from '../../src/core/newest-map.ts';

const step = fc.record({ key: fc.nat({ max: 5 }), what: fc.constantFrom('set', 'set', 'delete', 'oldest') });

describe('a map whose newest entry stands outside', () => {
  it('holds what a map holds, and knows the oldest', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const map = new NewestMap<{ n: number }>();
        // A key that is set again is the newest.
        const model = new Map<number, { n: number }>();
        steps.forEach(({ key, what }, n) => {
          if (what === 'set') {
            const value = { n };
            const newest = [...model.keys()].at(-1);
            if (newest !== key) model.delete(key);
            model.set(key, value);
            map.set(key, value);
          } else if (what === 'delete') {
            model.delete(key);
            map.delete(key);
          } else expect(map.oldest()).toEqual([...model][0]);
          expect(map.size).toBe(model.size);
          expect(map.entries()).toEqual([...model]);
          for (let k = 0; k < 6; k++) expect(map.get(k)).toBe(model.get(k));
        });
      }),
      { seed: 20261121, numRuns: 500 },
    );
  });
});
