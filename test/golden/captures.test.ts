import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { column, DEFAULT_COLUMNS, RowView } from '../../src/view/columns.ts';
import { treeLines } from '../../src/view/tree.ts';
import { CAPTURES, captureFiles, keysBeside, readAll } from '../support/captures.ts';

/*
 * Every capture of the project, listed and taken apart. The expectations are text beside the capture, made to be read
 * in a review: `<name>.list.txt` is the timeline, `<name>.full.txt` every field with its byte range and every note.
 */

async function read(path: string): Promise<{ list: string; full: string }> {
  const reading = await readAll([path], { keys: keysBeside(path) });
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
  for (const text of reading.complaints()) list.push(text.replace(path, relative(CAPTURES, path)));
  reading.close();
  return { list: `${list.join('\n')}\n`, full: `${full.join('\n')}\n` };
}

describe('captures', () => {
  for (const path of captureFiles()) {
    const base = join(dirname(path), 'expected', path.slice(dirname(path).length + 1));
    it(`${relative(CAPTURES, path)} lists as expected`, async () => {
      const { list, full } = await read(path);
      await expect(list).toMatchFileSnapshot(`${base}.list.txt`);
      await expect(full).toMatchFileSnapshot(`${base}.full.txt`);
    });
  }
});
