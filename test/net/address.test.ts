import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressTable, ipv4Text } from '../../src/net/address.ts';

const bytes = (...groups: number[]): Uint8Array => Uint8Array.from(groups.flatMap((g) => [g >> 8, g & 255]));

describe('addresses as text', () => {
  const table = new AddressTable();
  const text = (...groups: number[]): string => table.text(table.number(bytes(...groups), 0));

  it('IPv4 is dotted', () => {
    expect([ipv4Text(0x0a000001), ipv4Text(0xffffffff | 0), ipv4Text(0)]).toEqual(['10.0.0.1', '255.255.255.255', '0.0.0.0']);
  });

  it('IPv6 follows RFC 5952: lower case, the longest and first run of zeros shortened, single zeros kept', () => {
    expect(text(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)).toBe('2001:db8::1');
    expect(text(0, 0, 0, 0, 0, 0, 0, 0)).toBe('::');
    expect(text(0, 0, 0, 0, 0, 0, 0, 1)).toBe('::1');
    expect(text(0xfe80, 0, 0, 0, 0, 0, 0, 0)).toBe('fe80::');
    expect(text(0x2001, 0xdb8, 0, 1, 1, 1, 1, 1)).toBe('2001:db8:0:1:1:1:1:1');
    expect(text(0x2001, 0, 0, 1, 0, 0, 0, 1)).toBe('2001:0:0:1::1');
    expect(text(0x2001, 0, 0, 1, 0, 0, 1, 1)).toBe('2001::1:0:0:1:1');
    expect(text(0xabcd, 1, 2, 3, 4, 5, 6, 7)).toBe('abcd:1:2:3:4:5:6:7');
    expect(text(0, 0, 0, 0, 0, 0xffff, 0x0a00, 1)).toBe('::ffff:10.0.0.1');
  });

  it('numbers are the same for the same address only, however many there are', () => {
    const address = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(0xffff)).map(([a, b, c]) => bytes(a, b, 0, 0, 0, 0, c, a));
    fc.assert(
      fc.property(fc.array(address, { maxLength: 1500 }), (all) => {
        const fresh = new AddressTable();
        const seen = new Map<string, number>();
        for (const one of all) {
          const key = one.join();
          const number = fresh.number(one, 0);
          expect(number).toBe(seen.get(key) ?? seen.size);
          seen.set(key, number);
        }
      }),
      { seed: 20261121, numRuns: 20 },
    );
  });
});
