import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Split } from '../../../src/capture/formats/headerless.ts';
import { recordPath, withFiles } from '../../support/input-recorder.ts';

const NAME = '20261121T181214Z-10.0.0.1,35860-17.0.0.1,443.log';
/** Capital letters are the server's. */
const byCase: Split = (bytes) => {
  const pieces: { dir: 0 | 1; start: number; end: number }[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const dir = bytes[i] < 0x60 ? 1 : 0;
    const last = pieces.at(-1);
    if (last?.dir === dir) last.end = i + 1;
    else pieces.push({ dir, start: i, end: i + 1 });
  }
  return pieces;
};

describe('a directory of sslsplit -S', () => {
  it('gives a connection for each file, its endpoints by name and its directions by content', async () => {
    const files = { [NAME]: 'abXYc', '20261121T181215Z-2001_db8__1,1-__1,443.log': 'dZ', 'notes.txt': 'x' };
    await withFiles(files, async (directory) => {
      const recorded = await recordPath(directory, { split: byCase });
      expect(recorded.format).toBe('sslsplit -S');
      expect(recorded.streams.map(({ info }) => [info.client, info.server, info.timed, info.decrypted])).toEqual([
        ['10.0.0.1:35860', '17.0.0.1:443', false, true],
        ['[2001:db8::1]:1', '[::1]:443', false, true],
      ]);
      expect(recorded.streams[0].pieces.map(({ dir, bytes }) => [dir, Buffer.from(bytes ?? []).toString()])).toEqual([
        [0, 'ab'],
        [1, 'XY'],
        [0, 'c'],
      ]);
      expect(recorded.codes()).toEqual(['format.direction-lost']);
    });
  });

  it('opens one file of it by its name', async () => {
    await withFiles({ [NAME]: 'XYab' }, async (directory) => {
      const { streams } = await recordPath(join(directory, NAME), { split: byCase });
      expect([streams[0].hex(0), streams[0].hex(1)]).toEqual(['6162', '5859']);
    });
  });

  it('hands all bytes over as one direction when nobody can tell them apart', async () => {
    await withFiles({ [NAME]: 'XYab' }, async (directory) => {
      const { streams } = await recordPath(directory);
      expect(streams[0].hex(0)).toBe('58596162');
      expect(streams[0].info.rolesKnown).toBe(false);
    });
  });

  it('refuses a directory that no tool wrote', async () => {
    await withFiles({ 'notes.txt': 'x' }, async (directory) => {
      await expect(recordPath(directory)).rejects.toThrow(/is a directory, and not one that sslsplit or tcpflow wrote/);
    });
  });
});
