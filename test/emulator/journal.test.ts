import { describe, expect, it } from 'vitest';
import { Journal, MAX_INJECTED_KEPT } from '../../src/emulator/journal.ts';
import { Push, pushBody } from '../../src/emulator/push.ts';

function record(command: string, payload = 0) {
  return { at: 0, server: 'http2', connection: 1, command, status: 200, payload: new Uint8Array(payload) } as const;
}

describe('what was received', () => {
  it('is bounded in number: the oldest go, and numbers go on', () => {
    const journal = new Journal({ records: 3 });
    for (let n = 1; n <= 10_000; n++) journal.add(record(`c${n}`));
    expect(journal.query().map(({ number, command }) => [number, command])).toEqual([
      [9998, 'c9998'],
      [9999, 'c9999'],
      [10_000, 'c10000'],
    ]);
    expect([journal.total, journal.forgotten]).toEqual([10_000, 9_997]);
  });

  it('is bounded in bytes as well, so that large payloads do not fill the memory', () => {
    const journal = new Journal({ bytes: 100_000 });
    for (let n = 0; n < 100; n++) journal.add(record('push', 10_000));
    expect(journal.query().length).toBe(9);
    journal.clear();
    journal.add(record('push', 200_000));
    expect(journal.query()).toEqual([]);
    journal.add(record('push'));
    expect(journal.query().length).toBe(1);
  });

  it('counts injected notifications and those that a message became, and finds them by their state', () => {
    const journal = new Journal({ records: 4 });
    const push = () => new Push(1, 'control', 'ab', pushBody({ topic: 'a', payload: new Uint8Array(0) }), 0);
    const [injected, first, second] = [push(), push(), push()];
    for (let n = 0; n < 3; n++) journal.add(record('push'));
    journal.addInjected(injected);
    journal.became(journal.add(record('broadcast')), [first, second]);
    expect(journal.query({ state: 'accepted' }).map(({ number, command }) => [number, command])).toEqual([
      [4, 'inject'],
      [5, 'broadcast'],
    ]);
    second.state = 'acknowledged';
    expect(journal.query({ state: 'acknowledged' }).map(({ number }) => number)).toEqual([5]);
    expect([journal.total, journal.forgotten]).toEqual([5, 0]);
    for (let n = 0; n < MAX_INJECTED_KEPT + 1; n++) journal.addInjected(push());
    const kept = journal.query({ command: 'inject' }).map(({ number }) => number);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([MAX_INJECTED_KEPT, 7, MAX_INJECTED_KEPT + 6]);
    expect(journal.forgotten).toBe(6);
    expect(journal.query({ limit: 5 }).map(({ number }) => number)).toEqual([1, 2, 3, 5, 7]);
    journal.clear();
    expect(journal.query()).toEqual([]);
    journal.addInjected(push());
    expect(journal.query().map(({ number }) => number)).toEqual([MAX_INJECTED_KEPT + 7]);
  });

  it('tells the newest that is gone, also when an older one goes after it', () => {
    const journal = new Journal({ records: 1 });
    journal.add(record('push'));
    const push = new Push(1, 'control', 'ab', pushBody({ topic: 'a', payload: new Uint8Array(0) }), 0);
    for (let n = 0; n < MAX_INJECTED_KEPT + 5; n++) journal.addInjected(push);
    expect(journal.forgotten).toBe(6);
    journal.add(record('push'));
    expect(journal.query({ command: 'push' }).map(({ number }) => number)).toEqual([MAX_INJECTED_KEPT + 7]);
    expect(journal.forgotten).toBe(6);
  });

  it('is waited for, by several and until their time is over', async () => {
    const journal = new Journal();
    const two = journal.waitFor({ command: 'b' }, 2, 5_000);
    const never = journal.waitFor({ command: 'z' }, 1, 1);
    for (const command of ['a', 'b', 'c', 'b', 'b']) journal.add(record(command));
    expect((await two)?.map(({ number }) => number)).toEqual([2, 4]);
    expect(await never).toBeUndefined();
    expect((await journal.waitFor({ command: 'a' }, 1, 0))?.length).toBe(1);
  });
});
