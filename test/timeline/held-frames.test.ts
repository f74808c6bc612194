import { describe, expect, it } from 'vitest';
import { HOLE } from '../../src/core/stream.ts';
import { HeldFrames } from '../../src/timeline/held-frames.ts';
import type { Location } from '../../src/timeline/rows.ts';

const at = (address: number): Location => ({ address, count: 0, addresses: [], lengths: [] });
const places = (where: Location) => Array.from({ length: where.count }, (_, i) => [where.addresses[i], where.lengths[i]]);

describe('frames that wait for the end of their message', () => {
  it('are one piece where they lie one behind the other', () => {
    const held = new HeldFrames();
    held.hold(2, at(100), 9);
    held.hold(2, at(109), 20);
    const message = held.take(2);
    expect(message).toMatchObject({ address: 100, count: 0, length: 29, frames: 2 });
  });

  it('are pieces where other bytes or a hole lie between them', () => {
    const held = new HeldFrames();
    held.hold(2, at(0), 1);
    held.hold(2, { address: HOLE, count: 2, addresses: [HOLE, 50], lengths: [1, 4] }, 5);
    held.hold(2, at(0), 3);
    const message = held.take(2);
    expect(message === undefined ? [] : places(message)).toEqual([
      [0, 1],
      [HOLE, 1],
      [50, 4],
      [0, 3],
    ]);
  });

  it('are counted until their message is taken, however many came and went before', () => {
    const held = new HeldFrames();
    for (let i = 0; i < 1000; i++) {
      held.hold(i, at(i * 100), 10);
      held.hold(i + 1, at(i * 100 + 50), 10);
      held.take(i);
    }
    expect(held.frames).toBe(1);
    expect(held.keys()).toEqual([1000]);
    expect(held.oldest()).toBe(1000);
    expect(held.take(5)).toBeUndefined();
  });
});
