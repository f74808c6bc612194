import { describe, expect, it } from 'vitest';
import { DeliveryHistory } from '../../src/net/delivery-history.ts';

describe('the history of deliveries', () => {
  it('finds the newest delivery before a position in the chain of its own direction', () => {
    const history = new DeliveryHistory();
    const last = [-1, -1];
    for (let i = 0; i < 100; i++) for (const d of [0, 1]) last[d] = history.add(last[d], i * 10, 10, 1000 * d + i);
    const entry = history.find(last[1], 555);
    expect([history.position(entry), history.length(entry), history.address(entry)]).toEqual([550, 10, 1055]);
    expect(history.find(last[0], 0)).toBe(-1);
    expect(history.find(-1, 100)).toBe(-1);
  });

  it('forgets what is long ago', () => {
    const history = new DeliveryHistory();
    const old = history.add(-1, 0, 10, 7);
    let other = -1;
    for (let i = 0; i < 100_000; i++) other = history.add(other, i, 1, i);
    expect(history.find(old, 5)).toBe(-1);
  });
});
