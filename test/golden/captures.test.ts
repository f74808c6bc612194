import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openReading } from '../../src/timeline/open.ts';
import { column, DEFAULT_COLUMNS, RowView } from '../../src/view/columns.ts';
import { treeLines } from '../../src/view/tree.ts';

/*
 * Every capture of the project, listed and taken apart. The expectations are text beside the capture, made to be read
 * in a review: `<name>.list.txt` is the timeline, `<name>.full.txt` every field with its byte range and every note.
 */

const ROOT = join(import.meta.dirname, '../../captures');

function captures(dir: string): string[] {
  return readdirSync(dir)
    .flatMap((name) => {
      const path = join(dir, name);
      if (statSync(path).isDirectory()) return captures(path);
      return /\.(pcap|pcapng)$/.test(name) ? [path] : [];
    })
    .sort();
}

async function read(path: string): Promise<{ list: string; full: string }> {
  const keys = path.replace(/\.pcap(ng)?$/, '.keys');
  const reading = await openReading([path], { keys: existsSync(keys) ? [keys] : [], decodeAs: [], follow: false, expandPayloads: true });
  while (reading.step() !== 'done') await reading.ready();
  const { timeline } = reading;
  const view = new RowView(timeline, 'relative');
  const columns = DEFAULT_COLUMNS.map((name) => column(name));
  const list: string[] = [];
  const full: string[] = [];
  for (let row = 0; row < timeline.length; row++) {
    list.push(columns.map((c) => c?.cell(view, row) ?? '').join(' | '));
    const message = timeline.message(row);
    full.push(`#${row + 1} ${message.dialect} ${message.command} ${message.dir === 0 ? 'c2s' : 's2c'}: ${message.info}`);
    for (const line of treeLines(message)) {
      if (line.label === 'advice') continue;
      const text = line.text.length > 400 ? `${line.text.slice(0, 400)}… (${line.text.length} characters)` : line.text;
      full.push(
        `${'  '.repeat(line.depth + 1)}${line.label}: ${text}${line.at === undefined ? '' : ` [${line.at.start}..${line.at.end}]`}`,
      );
    }
  }
  for (const text of reading.complaints()) list.push(text.replace(path, relative(ROOT, path)));
  reading.close();
  return { list: `${list.join('\n')}\n`, full: `${full.join('\n')}\n` };
}

describe('captures', () => {
  for (const path of captures(ROOT)) {
    const base = join(dirname(path), 'expected', path.slice(dirname(path).length + 1));
    it(`${relative(ROOT, path)} lists as expected`, async () => {
      const { list, full } = await read(path);
      await expect(list).toMatchFileSnapshot(`${base}.list.txt`);
      await expect(full).toMatchFileSnapshot(`${base}.full.txt`);
    });
  }
});
