import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/core/message.ts';
import { MessageCache } from '../../src/timeline/message-cache.ts';

const message = (info: string): Message => ({
  dialect: 'courier',
  command: 'message',
  label: 'Message',
  type: 0,
  dir: 0,
  fields: [],
  notes: [],
  info,
});

describe('the messages that are kept', () => {
  it('are made once, and the oldest give way to the limit of their number and of their bytes', () => {
    const cache = new MessageCache();
    const made: number[] = [];
    const ask = (row: number, size: number): Message =>
      cache.message(row, size, 3, () => {
        made.push(row);
        return message(String(row));
      });
    for (const row of [1, 2, 1, 3, 1]) expect(ask(row, 10).info).toBe(String(row));
    expect(made).toEqual([1, 2, 3]);
    // A fourth pushes the first out.
    ask(4, 10);
    ask(1, 10);
    expect(made).toEqual([1, 2, 3, 4, 1]);
    // One that is larger than all room is kept alone.
    ask(5, 1 << 20);
    ask(5, 1 << 20);
    ask(1, 10);
    expect(made).toEqual([1, 2, 3, 4, 1, 5, 1]);
  });
});
