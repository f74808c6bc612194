import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Spool } from '../../src/capture/spool.ts';
import { Store } from '../../src/capture/store.ts';
import { UserError } from '../../src/core/errors.ts';
import { SOURCE_SPAN } from '../../src/core/stream.ts';
import { withFiles } from '../support/input-recorder.ts';

const SEED = 20261121;
function pattern(length: number, from = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, at = from; i < length; i++, at++) bytes[i] = at * 31 + (at >> 8);
  return bytes;
}

let store = new Store();
afterEach(() => {
  store.close();
  store = new Store();
});

describe('a store', () => {
  it('reads any range of its files, within and across its blocks', async () => {
    await withFiles({ a: pattern(300_000), b: pattern(10, 5) }, (directory) => {
      const a = store.addFile(join(directory, 'a'));
      const b = store.addFile(join(directory, 'b'));
      expect([a.address, b.address, a.size]).toEqual([SOURCE_SPAN, 2 * SOURCE_SPAN, 300_000]);
      fc.assert(
        fc.property(fc.nat(299_999), fc.nat(150_000), (at, length) => {
          expect(Buffer.compare(store.read(a.address + at, length), pattern(Math.min(length, 300_000 - at), at))).toBe(0);
        }),
        { seed: SEED, numRuns: 60 },
      );
      expect([...store.read(b.address + 8, 100)]).toEqual([...pattern(2, 13)]);
      expect(store.read(b.address + 10, 1).length).toBe(0);
      expect(store.read(9 * SOURCE_SPAN, 1).length).toBe(0);
      expect(store.read(a.address, 2 ** 40).length).toBe(300_000);
    });
  });

  it('sees what a growing file has gained', async () => {
    await withFiles({ log: pattern(100) }, (directory) => {
      const path = join(directory, 'log');
      const { address } = store.addFile(path);
      expect(store.read(address + 50, 100).length).toBe(50);
      appendFileSync(path, pattern(100, 100));
      expect([...store.read(address + 50, 100)]).toEqual([...pattern(100, 50)]);
    });
  });

  it('answers from a lent buffer without reading', () => {
    const { address } = { address: store.add({ read: () => expect.unreachable('a system call'), close: () => undefined }) };
    const buf = pattern(100);
    store.lend(buf, 20, 80, address + 1000);
    expect([...store.read(address + 1010, 5)]).toEqual([...pattern(5, 30)]);
    expect(store.difference(address + 1000, buf, 20, 80)).toBe(-1);
    const other = buf.slice();
    other[33] ^= 1;
    expect(store.difference(address + 1000, other, 20, 80)).toBe(13);
  });

  it('tells a missing file, a directory and an unreadable file in one sentence each', async () => {
    expect(() => store.addFile('/no/such/file')).toThrow(new UserError('input.missing', '/no/such/file: no such file.'));
    expect(() => store.addFile('/')).toThrow(/is a directory/);
  });

  it('reads nothing more after it is closed', async () => {
    await withFiles({ a: pattern(10) }, (directory) => {
      const { address } = store.addFile(join(directory, 'a'));
      store.close();
      expect(store.read(address, 5).length).toBe(0);
    });
  });
});

describe('a spool', () => {
  it('gives back what was appended, in memory and beyond it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3_000_000), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(1, 1000, 100_000, 16 << 20),
        (sizes, memory) => {
          const spool = new Spool(memory);
          const own = new Store(spool);
          let at = 0;
          for (const size of sizes) {
            expect(spool.append(pattern(size + 4, at), 2, size + 2)).toBe(at);
            at += size;
          }
          expect(spool.size).toBe(at);
          let from = 0;
          for (const size of sizes) {
            expect(Buffer.compare(own.read(from, size), pattern(size + 4, from).subarray(2, size + 2))).toBe(0);
            from += size;
          }
          own.close();
        },
      ),
      { seed: SEED, numRuns: 10 },
    );
  });

  it('gives back what lies before a position in whole files, and keeps the rest where it is', () => {
    const spool = new Spool(1000, 10_000_000);
    const block = pattern(1_000_000);
    for (let i = 0; i < 45; i++) {
      spool.append(block);
      spool.drop(spool.size - 5_000_000);
      // Never more than what is wanted, a file, and what is not written yet.
      expect(spool.kept).toBeLessThanOrEqual(16_000_000);
    }
    expect(spool.size).toBe(45_000_000);
    const back = new Uint8Array(10);
    expect(spool.read(back, 0, 10, 35_000_000)).toBe(0);
    // Across the border of two files.
    expect([spool.read(back, 0, 10, 43_999_995), ...back]).toEqual([10, ...pattern(10, 999_995).subarray(0, 5), ...pattern(5)]);
    spool.close();
  });

  it('sees bytes that were appended after a read of the same place', () => {
    store.spool.append(pattern(10));
    expect(store.read(0, 20).length).toBe(10);
    store.spool.append(pattern(10, 10));
    expect([...store.read(0, 20)]).toEqual([...pattern(20)]);
  });

  it('leaves no file behind, and says what to do when none can be made', async () => {
    await withFiles({}, (directory) => {
      const before = process.env['TMPDIR'];
      try {
        process.env['TMPDIR'] = directory;
        const spool = new Spool(10);
        for (let i = 0; i < 10; i++) spool.append(pattern(100_000));
        // Nothing has a name there any more, so nothing can be left.
        expect(statSync(directory).nlink).toBe(2);
        const back = new Uint8Array(5);
        expect([spool.read(back, 0, 5, 100_000), ...back]).toEqual([5, ...pattern(5)]);
        spool.close();
        process.env['TMPDIR'] = join(directory, 'missing');
        const other = new Spool(10);
        expect(() => {
          for (let i = 0; i < 3; i++) other.append(pattern(100_000));
        }).toThrow(/Set TMPDIR/);
      } finally {
        if (before === undefined) delete process.env['TMPDIR'];
        else process.env['TMPDIR'] = before;
      }
    });
  });
});
