import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromHex } from '../../src/core/bytes.ts';
import type { Item } from '../../src/core/message.ts';
import { COURIER } from '../../src/schema/courier.ts';
import { Commands, interpret } from '../../src/schema/interpret.ts';
import { frameLine, tiledLine } from '../../src/schema/line.ts';
import { GATEWAY } from '../../src/schema/provider.ts';
import { PUBLISHED_TOPICS } from '../../src/schema/topics.ts';

const TABLES = [new Commands(COURIER), new Commands(GATEWAY)];

/** Values of every width that some field has, and payloads. */
const value = fc.oneof(
  fc.constantFrom(1, 2, 4, 6, 8, 16, 17, 20, 32).chain((n) => fc.uint8Array({ minLength: n, maxLength: n })),
  fc.uint8Array({ maxLength: 40 }),
  fc.constant(new TextEncoder().encode('{"aps":{"alert":"hi"}}')),
);
const items = fc.array(fc.record({ id: fc.integer({ min: 0, max: 34 }), value }), { maxLength: 8 }).map((list): Item[] => {
  let at = 5;
  return list.map(({ id, value }) => {
    const start = at;
    at += 3 + value.length;
    return { id, value, kind: 'leaf', at: { start, end: at } };
  });
});

it('the line of a frame is what the whole interpretation says, and there is none where that has a note', () => {
  let lines = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...TABLES),
      fc.integer({ min: 0, max: 40 }),
      fc.constantFrom(0 as const, 1 as const),
      items,
      (table, command, dir, cut) => {
        const line = frameLine(table, command, dir, cut, PUBLISHED_TOPICS);
        const wire = cut.flatMap((item) => {
          const bytes = item.value as Uint8Array;
          return [item.id as number, bytes.length >> 8, bytes.length & 0xff, ...bytes];
        });
        const frame = Uint8Array.from([command, 0, 0, 0, wire.length, ...wire]);
        expect(tiledLine(table, command, dir, frame, 5, frame.length, cut.length, PUBLISHED_TOPICS)).toEqual(line);
        if (line === undefined) return;
        lines++;
        const whole = interpret(table, command, dir, cut, cut.at(-1)?.at?.end ?? 5);
        expect(whole.notes).toEqual([]);
        expect({ command: line.command, label: line.label, info: line.info }).toEqual({
          command: whole.command,
          label: whole.label,
          info: whole.info,
        });
        expect(line.contents.map((c) => c.bytes)).toEqual(whole.fields.flatMap((f) => (f.payload === undefined ? [] : [f.payload])));
        expect(line.token).toEqual(whole.fields.find((f) => f.name === 'token')?.value);
      },
    ),
    { seed: 20261121, numRuns: 5000 },
  );
  expect(lines).toBeGreaterThan(25);
});

it('a push has a line with its token and its payload', () => {
  const token = new Uint8Array(32).fill(7);
  const topic = fromHex('e4e6d952954168d0a5db02dbaf27cc35fc18d159') as Uint8Array;
  const payload = new TextEncoder().encode('{"aps":{"badge":1}}');
  const cut: Item[] = [
    [1, token],
    [2, topic],
    [3, payload],
    [4, new Uint8Array([0, 0, 0, 9])],
  ].map(([id, bytes], i) => ({ id: id as number, value: bytes as Uint8Array, kind: 'leaf', at: { start: 40 * i, end: 40 * i + 40 } }));
  const line = frameLine(TABLES[0], 0x0a, 1, cut, PUBLISHED_TOPICS);
  expect(line?.label).toBe('Message');
  expect(line?.token).toBe(token);
  expect(line?.contents).toEqual([{ bytes: payload, start: 101, field: 'apns.message.payload' }]);
});
