import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { samples } from '../../captures/formats/make.ts';
import type { ReadingOptions } from '../../src/timeline/open.ts';
import { column, RowView } from '../../src/view/columns.ts';
import { readAll } from '../support/captures.ts';

/*
 * The conversation of captures/formats in every format: each must give the same messages, and what its format loses
 * (times, endpoints) must be blank, not made up. `expected/<name>.messages.txt` is the timeline with absolute times.
 */

const ROOT = join(import.meta.dirname, '../../captures/formats');
const REFUSED = 'follow-ascii.txt';
/** Read together with another file, or part of a directory. */
const PARTS = /^(c2s\.bin|s2c\.bin|tcpflow\/.*|sslsplit-S\/.*)$/;

const INPUTS: readonly (readonly [name: string, paths: readonly string[], options: Partial<ReadingOptions>])[] = [
  ...Object.keys(samples())
    .filter((name) => name !== REFUSED && !PARTS.test(name))
    .map((name) => [name, [join(ROOT, name)], {}] as const),
  ['sslsplit-S', [join(ROOT, 'sslsplit-S')], {}],
  ['tcpflow', [join(ROOT, 'tcpflow')], {}],
  ['c2s-and-s2c', [], { c2s: join(ROOT, 'c2s.bin'), s2c: join(ROOT, 's2c.bin') }],
];

async function list(paths: readonly string[], options: Partial<ReadingOptions>): Promise<{ lines: string[]; messages: string[] }> {
  const reading = await readAll(paths, options);
  const view = new RowView(reading.timeline, 'utc');
  const cells = (names: readonly string[]) =>
    Array.from({ length: reading.timeline.length }, (_, row) => names.map((name) => column(name)?.cell(view, row) ?? '').join(' | '));
  const lines = [
    ...cells(['time', 'dir', 'peers', 'dialect', 'message', 'info']),
    ...reading.complaints().map((text) => text.replace(`${ROOT}/`, '')),
  ];
  const messages = cells(['dir', 'dialect', 'message', 'size', 'info']);
  reading.close();
  return { lines, messages };
}

describe('one conversation in every format', () => {
  it('is what the generator writes', () => {
    for (const [name, content] of Object.entries(samples())) {
      const path = join(ROOT, name);
      expect(existsSync(path), name).toBe(true);
      if (!/gz/.test(name)) expect(readFileSync(path).equals(Buffer.from(content)), name).toBe(true);
    }
  });

  for (const [name, paths, options] of INPUTS) {
    it(`${name} lists as expected, with the same messages as the packets`, async () => {
      const { lines, messages } = await list(paths, options);
      const packets = await list([join(ROOT, 'packets.pcap.zst')], {});
      expect(messages).toEqual(packets.messages);
      expect(messages).toHaveLength(3);
      await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(join(ROOT, 'expected', `${name}.messages.txt`));
    });
  }

  it('is refused as ASCII with the reason and the way out', async () => {
    await expect(list([join(ROOT, REFUSED)], {})).rejects.toThrow(
      /nothing can be decoded from it. Make one that keeps the bytes: tshark -r CAPTURE -q -z follow,tls,yaml,0$/,
    );
  });
});
