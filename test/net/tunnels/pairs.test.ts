import { describe, expect, it } from 'vitest';
import { TunnelPairs } from '../../../src/net/tunnels/pairs.ts';

const OUTER = 77;

describe('pairs of tunnel keys that differ by direction', () => {
  it('stay apart until both directions carry the same conversation', () => {
    const pairs = new TunnelPairs();
    const up = pairs.identify(OUTER, 0, 1, 500);
    expect(pairs.identify(OUTER, 1, 2, 501)).not.toBe(up);
    expect(pairs.identify(OUTER, 1, 3, 500)).toBe(up);
    expect(pairs.identify(OUTER, 1, 3, 999)).toBe(up);
  });

  it('do not pair across other outer addresses, or within one direction', () => {
    const pairs = new TunnelPairs();
    const up = pairs.identify(OUTER, 0, 1, 500);
    expect(pairs.identify(OUTER + 1, 1, 2, 500)).not.toBe(up);
    expect(pairs.identify(OUTER, 0, 2, 500)).not.toBe(up);
  });

  it('give the same identity again for content that is not known', () => {
    const pairs = new TunnelPairs();
    const alone = pairs.identify(OUTER, 0, 1, 0);
    expect(pairs.identify(OUTER, 0, 1, 0)).toBe(alone);
    expect(pairs.identify(OUTER, 1, 2, 0)).not.toBe(alone);
  });

  it('take bounded memory under ever new keys, and still know a pair made last', () => {
    const pairs = new TunnelPairs();
    for (let key = 0; key < 140_000; key++) pairs.identify(OUTER, 0, key, key + 1);
    const up = pairs.identify(OUTER, 0, 300_000, 42);
    expect(pairs.identify(OUTER, 1, 300_001, 42)).toBe(up);
    const kept = Object.values(pairs).map((map: Map<number, number> | Set<number>) => map.size);
    expect(Math.max(...kept)).toBeLessThanOrEqual(65_536);
  });
});
