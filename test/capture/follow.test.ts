import { appendFileSync, renameSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openInput } from '../../src/capture/open.ts';
import { Store } from '../../src/capture/store.ts';
import { InputRecorder, withFiles } from '../support/input-recorder.ts';
import { nanoPcap } from '../support/stream-formats.ts';

const packet = (text: string) => ({ bytes: Buffer.from(text), sec: 1, nsec: 2 });
const CAPTURE = nanoPcap(101, [packet('one'), packet('two'), packet('three')]);
/** File header, then records of 16 bytes and the text. */
const FIRST = 24 + 19;
const SECOND = FIRST + 19;

interface Following {
  readonly path: string;
  readonly recorder: InputRecorder;
  /** Reads until so many packets are there. */
  until(count: number): Promise<void>;
  /** Reads until the input says that it is done. */
  toEnd(): Promise<void>;
  close(): void;
}

function follow(path: string): Following {
  const store = new Store();
  const input = openInput(path, store, { follow: true });
  const recorder = new InputRecorder(store);
  const read = async (done: () => boolean) => {
    while (!done()) {
      const state = input.step(recorder);
      if (state === 'done') return;
      if (state === 'starved' && !done()) await input.ready();
    }
  };
  return {
    path,
    recorder,
    until: (count) => read(() => recorder.packets.length >= count),
    toEnd: () => read(() => false),
    close() {
      input.close();
      store.close();
    },
  };
}

async function following(start: Uint8Array, use: (f: Following) => Promise<void>): Promise<void> {
  await withFiles({ 'a.pcap': start }, async (directory) => {
    const f = follow(join(directory, 'a.pcap'));
    await use(f);
    f.close();
  });
}

describe('a file that is followed', () => {
  it('gives packets as they are written, also when it was empty and when records come in parts', async () => {
    await following(new Uint8Array(0), async (f) => {
      appendFileSync(f.path, CAPTURE.subarray(0, 10));
      setTimeout(() => appendFileSync(f.path, CAPTURE.subarray(10, FIRST + 5)), 5);
      await f.until(1);
      expect(f.recorder.packets).toHaveLength(1);
      setTimeout(() => appendFileSync(f.path, CAPTURE.subarray(FIRST + 5, SECOND)), 5);
      await f.until(2);
      appendFileSync(f.path, CAPTURE.subarray(SECOND));
      await f.until(3);
      expect(f.recorder.packets.map((p) => Buffer.from(p.bytes).toString())).toEqual(['one', 'two', 'three']);
      expect(f.recorder.notes).toEqual([]);
    });
  });

  it('ends with a note when it is cut', async () => {
    await following(CAPTURE, async (f) => {
      await f.until(3);
      truncateSync(f.path, 30);
      await f.toEnd();
      expect(f.recorder.notes).toMatchObject([{ code: 'format.file-replaced', detail: 'it was cut to 30 bytes' }]);
    });
  });

  it('ends with a note when another file takes its place, after reading it to its end', async () => {
    await following(CAPTURE.subarray(0, SECOND), async (f) => {
      await f.until(2);
      appendFileSync(f.path, CAPTURE.subarray(SECOND));
      writeFileSync(`${f.path}.new`, 'x');
      renameSync(`${f.path}.new`, f.path);
      await f.toEnd();
      expect(f.recorder.packets).toHaveLength(3);
      expect(f.recorder.notes).toMatchObject([{ code: 'format.file-replaced', detail: 'another file stands in its place' }]);
    });
  });

  it('ends with a note when it is removed', async () => {
    await following(CAPTURE.subarray(0, SECOND + 4), async (f) => {
      await f.until(2);
      unlinkSync(f.path);
      await f.toEnd();
      expect(f.recorder.codes()).toEqual(['format.truncated', 'format.file-replaced']);
    });
  });

  it('ends when it is closed while it waits', async () => {
    await following(CAPTURE, async (f) => {
      await f.until(3);
      setTimeout(() => f.close(), 5);
      await f.toEnd();
      expect(f.recorder.packets).toHaveLength(3);
    });
  });

  it('may hold text that another tool is writing', async () => {
    const block = (n: number) => `> 2026/11/21 18:12:0${n}.000000001  length=1 from=${n} to=${n}\n 0${n}\n`;
    await withFiles({ log: block(0) }, async (directory) => {
      const f = follow(join(directory, 'log'));
      setTimeout(() => appendFileSync(f.path, block(1) + block(2)), 5);
      setTimeout(() => unlinkSync(f.path), 50);
      await f.toEnd();
      expect(f.recorder.streams[0].hex(0)).toBe('000102');
      f.close();
    });
  });
});
