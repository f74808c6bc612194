import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowTable } from '../../src/net/flow-table.ts';

describe('the table of flows', () => {
  it('finds the newest flow of each key and no other, while it grows', () => {
    const key = fc.tuple(fc.nat(30), fc.nat(30), fc.nat(3), fc.nat(1));
    fc.assert(
      fc.property(fc.array(fc.record({ key, again: fc.boolean() }), { maxLength: 3000 }), (steps) => {
        const table = new FlowTable();
        const newest = new Map<string, number>();
        let count = 0;
        for (const {
          key: [low, high, ports, tunnel],
          again,
        } of steps) {
          const name = `${low} ${high} ${ports} ${tunnel}`;
          const found = table.find(low | 0, high | 0, ports, tunnel);
          expect(found).toBe(newest.get(name) ?? -1);
          if (found >= 0 && !again) continue;
          expect(table.add(low, high, ports, tunnel)).toBe(count);
          newest.set(name, count++);
        }
      }),
      { seed: 20261121, numRuns: 15 },
    );
  });
});
