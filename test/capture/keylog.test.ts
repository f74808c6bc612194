import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyLogFollower, readKeyFile } from '../../src/capture/keylog.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('key files', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'keys-'));
    path = join(dir, 'keys.log');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('are read whole, with a last line that has no end', () => {
    writeFileSync(path, 'a\nb');
    expect(text(readKeyFile(path))).toBe('a\nb');
  });

  it('that are missing or directories make one sentence', () => {
    expect(() => readKeyFile(join(dir, 'none'))).toThrow(`cannot read the keys in ${join(dir, 'none')}: no such file`);
    expect(() => readKeyFile(dir)).toThrow(`cannot read the keys in ${dir}: it is a directory`);
  });

  it('are followed line by line while they grow', () => {
    const follower = new KeyLogFollower(path);
    expect(text(follower.poll())).toBe('');
    writeFileSync(path, 'one\ntw');
    expect(text(follower.poll())).toBe('one\n');
    expect(text(follower.poll())).toBe('');
    appendFileSync(path, 'o\nthree');
    expect(text(follower.poll())).toBe('two\n');
    expect(text(follower.rest())).toBe('three');
    follower.close();
  });

  it('are read from the front again when they were truncated or replaced', () => {
    const follower = new KeyLogFollower(path);
    writeFileSync(path, 'first line\n');
    expect(text(follower.poll())).toBe('first line\n');
    truncateSync(path, 0);
    appendFileSync(path, 'new\n');
    expect(text(follower.poll())).toBe('new\n');
    writeFileSync(join(dir, 'other'), 'other file\n');
    renameSync(join(dir, 'other'), path);
    expect(text(follower.poll())).toBe('other file\n');
    follower.close();
  });
});
