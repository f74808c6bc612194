import { describe, expect, it } from 'vitest';
import { KeyTable } from '../../../src/codec/packed/key-table.ts';
import { LOST, MISSING } from '../../../src/codec/packed/value-table.ts';

const key = (n: number): Uint8Array => Uint8Array.of(n, n);

function content(table: KeyTable, index: number): number[] | number {
  const slot = table.find(index);
  if (slot < 0) return slot;
  return [...table.bytes.slice(table.startOf(slot), table.startOf(slot) + table.lengthOf(slot))];
}

describe('the key table', () => {
  it('has 32 slots, newest first, and forgets the oldest', () => {
    const table = new KeyTable();
    for (let i = 0; i < 33; i++) table.add(key(i), 0, 2);
    expect(content(table, 0)).toEqual([32, 32]);
    expect(content(table, 31)).toEqual([1, 1]);
    expect(table.indexOf(key(0), 0, 2)).toBe(-1);
    expect(table.indexOf(key(5), 0, 2)).toBe(27);
  });

  it('is missing what was never added', () => {
    const table = new KeyTable();
    expect(content(table, 0)).toBe(MISSING);
    table.add(key(1), 0, 2);
    expect(content(table, 1)).toBe(MISSING);
  });

  it('after a gap knows what was added since, and all again after 32 keys', () => {
    const table = new KeyTable();
    table.forget();
    table.add(key(1), 0, 2);
    expect([content(table, 0), content(table, 1), content(table, 31)]).toEqual([[1, 1], LOST, LOST]);
    for (let i = 2; i <= 32; i++) table.add(key(i), 0, 2);
    expect(content(table, 31)).toEqual([1, 1]);
    expect(table.unknown).toBe(false);
  });

  it('takes keys of 64 bytes', () => {
    const table = new KeyTable();
    for (let i = 0; i < 32; i++) table.add(new Uint8Array(64).fill(i), 0, 64);
    expect(content(table, 31)).toEqual(Array(64).fill(0));
    expect(content(table, 0)).toEqual(Array(64).fill(31));
  });
});
