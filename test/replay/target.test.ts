import { describe, expect, it } from 'vitest';
import { admit, isAppleAddress, isLoopback, parseTarget } from '../../src/replay/target.ts';

const NONE = { allowRemote: [], reallyApple: false };
const resolves = (table: Record<string, string[]>) => (host: string) => Promise.resolve(table[host] ?? []);
const dns = resolves({
  'test.example': ['192.0.2.7'],
  'sneaky.example': ['17.57.144.20'],
  'sneaky6.example': ['2620:149:a44::1'],
  'half.example': ['127.0.0.1', '192.0.2.7'],
  'api.push.apple.com': ['127.0.0.1'],
  localhost: ['127.0.0.1', '::1'],
});
const admitted = (text: string, allowRemote: string[] = [], reallyApple = false): Promise<string> =>
  admit(parseTarget(text), { allowRemote, reallyApple }, dns);

describe('where a replay may go', () => {
  it('is the loopback, in every spelling', async () => {
    for (const text of ['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', '[0:0:0:0:0:0:0:1]:1', '[::ffff:127.0.0.1]:1', 'localhost:1'])
      await expect(admitted(text)).resolves.toBeTypeOf('string');
  });

  it('is no other machine unless it is named', async () => {
    await expect(admitted('test.example:1')).rejects.toThrow(
      'test.example (192.0.2.7) is not this machine: give --allow-remote test.example',
    );
    await expect(admitted('test.example:1', ['other.example'])).rejects.toThrow('--allow-remote test.example');
    await expect(admitted('test.example:1', ['test.example'])).resolves.toBe('192.0.2.7');
    await expect(admitted('half.example:1')).rejects.toThrow('is not this machine');
    await expect(admitted('0.0.0.0:1')).rejects.toThrow('is not this machine');
  });

  it('is Apple only when both words are spelled out, whatever the name that points there', async () => {
    for (const host of [
      '17.57.144.20',
      'sneaky.example',
      'sneaky6.example',
      'api.push.apple.com',
      '[::ffff:17.1.2.3]',
      '[::ffff:1101:203]',
    ]) {
      const name = host.replace(/[[\]]/g, '');
      await expect(admitted(`${host}:1`)).rejects.toThrow('both --allow-remote');
      await expect(admitted(`${host}:1`, [name])).rejects.toThrow('--really-apple must be spelled out');
      await expect(admitted(`${host}:1`, [], true)).rejects.toThrow('both --allow-remote');
      await expect(admitted(`${host}:1`, [name], true)).resolves.toBeTypeOf('string');
    }
  });

  it('is not looked up where the name alone says that it is Apple', async () => {
    const asked: string[] = [];
    const lookup = (host: string): Promise<string[]> => {
      asked.push(host);
      return Promise.resolve(['17.1.2.3']);
    };
    await expect(admit(parseTarget('gateway.push.apple.com:2195'), NONE, lookup)).rejects.toThrow(
      "gateway.push.apple.com is Apple's: captured messages are not sent there unless both",
    );
    expect(asked).toEqual([]);
  });

  it('is nowhere without an address', async () => {
    await expect(admitted('nobody.example:1')).rejects.toThrow('has no address');
    await expect(
      admit(parseTarget('x.example:1'), NONE, () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))),
    ).rejects.toThrow('Cannot find the host x.example (ENOTFOUND).');
  });

  it('is given as host and port', () => {
    expect(parseTarget('[::1]:5223')).toEqual({ host: '::1', port: 5223 });
    for (const text of ['host', ':1', 'host:0', 'host:65536', '::1:5', 'a b:1'])
      expect(() => parseTarget(text), text).toThrow('--to takes HOST:PORT');
  });

  it('knows addresses', () => {
    expect(isLoopback('128.0.0.1')).toBe(false);
    expect(isAppleAddress('170.1.1.1')).toBe(false);
    expect(isAppleAddress('2403:0300:0a0c::1')).toBe(true);
  });
});
