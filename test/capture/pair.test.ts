import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPair } from '../../src/capture/pair.ts';
import { Store } from '../../src/capture/store.ts';
import { record, withFiles } from '../support/input-recorder.ts';

describe('headerless files whose directions the user names', () => {
  it('are one connection with known roles, without times, not ordered against each other', async () => {
    await withFiles({ c: 'client', s: 'server' }, async (directory) => {
      const store = new Store();
      const { streams } = await record(openPair(join(directory, 'c'), join(directory, 's'), store), store);
      expect(streams[0].info).toMatchObject({ rolesKnown: true, timed: false, ordered: false });
      expect([streams[0].hex(0), streams[0].hex(1)]).toEqual(['636c69656e74', '736572766572']);
      store.close();
    });
  });

  it('may be one alone', async () => {
    await withFiles({ s: 'server' }, async (directory) => {
      const store = new Store();
      const { streams } = await record(openPair(undefined, join(directory, 's'), store), store);
      expect([streams[0].hex(0), streams[0].hex(1)]).toEqual(['', '736572766572']);
      expect(streams[0].ends).toEqual(['capture-end', 'capture-end']);
      store.close();
    });
  });

  it('must be named and hold something', async () => {
    const store = new Store();
    expect(() => openPair(undefined, undefined, store)).toThrow('Name at least one file: --c2s FILE, --s2c FILE.');
    await withFiles({ s: '' }, (directory) => expect(() => openPair(undefined, join(directory, 's'), store)).toThrow(/no bytes in there/));
    store.close();
  });
});
