import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Interned } from '../../src/timeline/interned.ts';

const SLICE = 1 << 17;

/** The values one behind the other in a buffer as large as a capture's slices. */
function large(values: readonly Uint8Array[]): { buf: Uint8Array; at: number[] } {
  const buf = new Uint8Array(SLICE);
  const at: number[] = [];
  let end = 1;
  for (const value of values) {
    buf.set(value, end);
    at.push(end);
    end += value.length;
  }
  return { buf, at };
}

test('a value has the same number in a small buffer and in a slice, and others have other numbers', () => {
  const values = fc.array(
    fc.oneof(fc.uint8Array({ minLength: 20, maxLength: 20, max: 2 }), fc.uint8Array({ minLength: 1, maxLength: 24, max: 1 })),
    { minLength: 1, maxLength: 300 },
  );
  fc.assert(
    fc.property(values, fc.boolean(), (list, largeFirst) => {
      const interned = new Interned();
      const { buf, at } = large(list);
      const inSlice = () => list.map((value, i) => interned.number(buf, at[i], at[i] + value.length));
      const alone = () => list.map((value) => interned.number(value, 0, value.length));
      const [first, second] = largeFirst ? [inSlice(), alone()] : [alone(), inSlice()];
      expect(second).toEqual(first);
      const names = list.map((value) => value.join());
      const order = [...new Set(names)];
      expect(first).toEqual(names.map((name) => order.indexOf(name)));
      expect(interned.values.map((value) => value.join())).toEqual(order);
    }),
    { seed: 20261121, numRuns: 200 },
  );
});

test('a hash of zeros is not taken for a name, whose words are zero', () => {
  const interned = new Interned();
  expect(interned.number(new Uint8Array(19), 0, 19)).toBe(0);
  expect(interned.number(new Uint8Array(SLICE), 0, 20)).toBe(1);
  expect(interned.number(new Uint8Array(SLICE), 0, 19)).toBe(0);
});

test('empty values and those beyond the limit have no number', () => {
  const interned = new Interned();
  expect(interned.number(new Uint8Array(600), 5, 5)).toBe(-1);
  expect(interned.number(new Uint8Array(600), 0, 513)).toBe(-1);
});

test('values chosen to meet in one place are not looked for without end', () => {
  const interned = new Interned();
  const value = new Uint8Array(20);
  const view = new DataView(value.buffer);
  let kept = 0;
  for (let n = 0; n < 5000; n++) {
    view.setUint32(8, n);
    if (interned.number(value, 0, 20) >= 0) kept++;
  }
  expect(kept).toBe(interned.values.length);
  expect(kept).toBeLessThan(200);
  expect(interned.number(Uint8Array.of(1, 2, 3), 0, 3)).toBe(kept);
});
