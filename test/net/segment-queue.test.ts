import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SegmentQueue } from '../../src/net/segment-queue.ts';

const SEED = 20261121;

describe('segments that wait', () => {
  it('are disjoint and in order, the first taker of a byte keeps it, and overlaps are told exactly', () => {
    const insertion = fc.record({ start: fc.integer({ min: -200, max: 3000 }), length: fc.integer({ min: 0, max: 80 }) });
    fc.assert(
      fc.property(fc.array(insertion, { maxLength: 900 }), (insertions) => {
        const queue = new SegmentQueue();
        const owner = new Map<number, number>();
        insertions.forEach(({ start, length }, i) => {
          let known = 0;
          for (let at = start; at < start + length; at++) {
            if (owner.has(at)) known++;
            else owner.set(at, i);
          }
          queue.insert(start, start + length, i * 10_000, i, 0, 0);
          expect(queue.overlaps.reduce((sum, o) => sum + o.to - o.from, 0)).toBe(known);
        });
        expect(queue.bytes).toBe(owner.size);
        let count = 0;
        let before = Number.NEGATIVE_INFINITY;
        for (let s = queue.shift(); s !== undefined; s = queue.shift()) {
          expect(s.start).toBeGreaterThanOrEqual(before);
          expect(s.end).toBeGreaterThan(s.start);
          for (let at = s.start; at < s.end; at++) expect(owner.get(at)).toBe(s.packet);
          expect(s.address).toBe(s.packet * 10_000 + (s.start - insertions[s.packet].start));
          before = s.end;
          count += s.end - s.start;
        }
        expect([count, queue.count, queue.bytes]).toEqual([owner.size, 0, 0]);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it('know their first and last', () => {
    const queue = new SegmentQueue();
    expect([queue.first, queue.last]).toEqual([undefined, undefined]);
    for (const start of [50, 10, 90]) queue.insert(start, start + 5, 0, 1, 0, 0);
    expect([queue.first?.start, queue.last?.end, queue.count]).toEqual([10, 95, 3]);
  });
});
