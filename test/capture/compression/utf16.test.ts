import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isUtf16, Utf16Decoder } from '../../../src/capture/compression/utf16.ts';
import { column, RowView } from '../../../src/view/columns.ts';
import { capture, readAll } from '../../support/captures.ts';

function utf16(text: string, order: 'le' | 'be'): Buffer {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
}

async function messages(path: string): Promise<string[]> {
  const { timeline } = await readAll([path]);
  const view = new RowView(timeline, 'utc');
  return Array.from({ length: timeline.length }, (_, row) =>
    ['time', 'dir', 'message', 'info'].map((name) => column(name)?.cell(view, row)).join(' | '),
  );
}

describe.each(['le', 'be'] as const)('text in UTF-16 (%s)', (order) => {
  it('becomes the same text in UTF-8, wherever it is cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 }), (tail, cuts) => {
        const bytes = utf16(`text ${tail}`, order);
        expect(isUtf16(bytes)).toBe(true);
        const out: Uint8Array[] = [];
        const decoder = new Utf16Decoder((part) => out.push(part));
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          decoder.write(bytes.subarray(at, at + cut));
          at += cut;
        }
        decoder.end();
        expect(Buffer.concat(out).toString()).toBe(`text ${tail}`);
      }),
      { seed: 20261121, numRuns: 200 },
    );
  });

  it.each(['follow-raw.txt', 'follow-hex.txt', 'follow.yaml', 'socat-x.txt'])('has the messages of %s', async (name) => {
    const plain = capture(`formats/${name}`);
    const directory = mkdtempSync(join(tmpdir(), 'utf16-'));
    try {
      const path = join(directory, name);
      writeFileSync(path, utf16(readFileSync(plain, 'utf8'), order));
      const expected = await messages(plain);
      expect(expected.length).toBe(3);
      expect(await messages(path)).toEqual(expected);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

it('is not seen in other bytes', () => {
  for (const bytes of [[], [0xff], [0xff, 0xfe], [0xff, 0xfe, 0, 0, 1, 0, 2, 0, 3, 0], [0xfe, 0xff, 0x30, 0x42, 0, 65, 0, 65, 0, 65]])
    expect(isUtf16(Uint8Array.from(bytes))).toBe(false);
});
