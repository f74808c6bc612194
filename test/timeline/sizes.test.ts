import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Sizes } from '../../src/timeline/sizes.ts';
import { statistics } from '../../src/timeline/statistics.ts';
import { sourceOf } from '../support/tui.ts';

it('percentiles are those of the sorted list, by nearest rank, also of two lists put together', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 300 }), fc.nat({ max: 300 }), (list, cut) => {
      const [sizes, others] = [new Sizes(), new Sizes()];
      list.forEach((size, i) => {
        (i < cut ? sizes : others).add(size);
      });
      sizes.addAll(others);
      const sorted = [...list].sort((a, b) => a - b);
      const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1];
      expect(sizes.summary()).toEqual({ p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) });
    }),
    { seed: 20261121, numRuns: 300 },
  );
});

it('each kind of message in the statistics has its sizes', async () => {
  const { timeline } = await sourceOf('courier-session/courier-session.pcap');
  const { kinds, largest } = statistics(timeline, undefined);
  expect(kinds.find((k) => k.name === 'courier  Message  s2c')?.sizes).toEqual({ p50: 194, p90: 271, p99: 271, max: 271 });
  expect(Math.max(...kinds.map((k) => k.sizes?.max ?? 0))).toBe(largest);
});
