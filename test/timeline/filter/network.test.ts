import { describe, expect, it } from 'vitest';
import { addressBytes, addressTest } from '../../../src/timeline/filter/network.ts';

describe('an address', () => {
  it('is read in every way in which it may be written', () => {
    expect(addressBytes('10.0.0.1')).toEqual(Uint8Array.of(10, 0, 0, 1));
    const one = addressBytes('2001:db8::1');
    for (const same of ['2001:0db8:0:0:0:0:0:1', '2001:DB8::0.0.0.1', '2001:db8:0::0:1']) expect(addressBytes(same), same).toEqual(one);
    expect(addressBytes('::')).toEqual(new Uint8Array(16));
    for (const wrong of ['', '10.0.0', '10.0.0.256', ':', '1::2::3', '1:2:3:4:5:6:7', '12345::', '1:2:3:4:5:6:7::8', 'dead', '::g']) {
      expect(addressBytes(wrong), wrong).toBeUndefined();
    }
  });
  it('is compared by value, and lies in the networks that hold it', () => {
    const cases: [string, string, boolean][] = [
      ['10.0.0.0/8', '10.255.0.1', true],
      ['10.0.0.0/8', '11.0.0.1', false],
      ['10.0.0.128/25', '10.0.0.127', false],
      ['10.0.0.128/25', '10.0.0.200', true],
      ['0.0.0.0/0', '203.0.113.1', true],
      ['0.0.0.0/0', '::1', false],
      ['2001:db8::/33', '2001:db8:7fff::1', true],
      ['2001:db8::/33', '2001:db8:8000::1', false],
      ['2001:DB8::1', '2001:db8:0:0::1', true],
    ];
    for (const [network, address, inside] of cases) expect(addressTest(network)?.(address), `${address} in ${network}`).toBe(inside);
    for (const wrong of ['10.0.0.0/33', '10.0.0.0/x', 'host', '2001:db8::/129']) expect(addressTest(wrong), wrong).toBeUndefined();
  });
});
