import { describe, expect, it } from 'vitest';
import { Push, pushBody } from '../../src/emulator/push.ts';
import { SeededRandom } from '../../src/emulator/random.ts';
import { Registry } from '../../src/emulator/registry.ts';
import { MAX_STORED, Store } from '../../src/emulator/store.ts';

const registry = new Registry(new SeededRandom(1), () => 0);
const push = (bytes: number): Push => new Push(1, 'control', '', pushBody({ topic: 'com.example.app', payload: new Uint8Array(bytes) }), 0);
const all = (): boolean => true;

describe('what is stored', () => {
  it('is bounded for each device: the oldest goes', () => {
    const store = new Store(() => 0);
    const device = registry.addDevice({});
    const pushes = Array.from({ length: MAX_STORED + 1 }, () => push(1));
    const outcomes = pushes.map((one) => store.put(device, one, 'all'));
    expect(outcomes.at(-1)).toEqual({ stored: true, replaced: [pushes[0]] });
    expect(store.count(device)).toBe(MAX_STORED);
  });

  it('is bounded in bytes over all devices, and takes again what was delivered, replaced or forgotten', () => {
    const store = new Store(() => 0, 10_000);
    const [one, two] = [registry.addDevice({}), registry.addDevice({})];
    const fits = (keep: 'all' | 'per-topic' = 'all'): boolean => store.put(two, push(4_000), keep).stored;
    expect([store.put(one, push(4_000), 'all').stored, fits(), fits()]).toEqual([true, true, false]);
    expect(store.take(one, all).due).toHaveLength(1);
    expect([fits(), fits()]).toEqual([true, false]);
    store.forget(two);
    expect([fits('per-topic'), fits('per-topic'), fits('per-topic')]).toEqual([true, true, true]);
    expect([fits(), fits()]).toEqual([true, false]);
    store.clear();
    expect([fits(), fits(), fits()]).toEqual([true, true, false]);
  });
});
