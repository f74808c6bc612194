import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamingTable } from '../../src/cli/table.ts';
import { TextBytes } from '../../src/core/text-bytes.ts';
import { QuickRows } from '../../src/export/quick-rows.ts';
import type { Timeline } from '../../src/timeline/timeline.ts';
import { COLUMNS, type Column, DEFAULT_COLUMNS, RowView } from '../../src/view/columns.ts';
import { TIME_FORMATS, type TimeFormat } from '../../src/view/time-format.ts';
import { captureFiles, keysBeside, readAll } from '../support/captures.ts';
import { courierFrame, timelineOf } from '../support/courier-frames.ts';

const DEFAULTS = DEFAULT_COLUMNS.map((name) => COLUMNS.find((c) => c.name === name) as Column);
/** All columns that need no answers, those of the index first. */
const ALL = COLUMNS.filter((c) => c.name !== 'pair' && c.name !== 'rtt');

/** The lines of a table of those columns, with those widths, as cells make them. */
function slowTable(columns: readonly Column[], cells: readonly string[], widths: readonly number[]): string {
  const lines: string[] = [];
  const table = new StreamingTable(columns, { line: (text: string) => lines.push(text) } as never, 0, false, (line) => line);
  table.row(cells, 0);
  table.settle();
  (table.settledWidths as number[]).splice(0, widths.length, ...widths);
  table.row(cells, 0);
  return `${lines[1]}\n`;
}

/** Rows that are written the quick way, each compared with its cells. */
function compare(timeline: Timeline, columns: readonly Column[], time: TimeFormat): number {
  const view = new RowView(timeline, time);
  const out = new TextBytes(64);
  const quick = new QuickRows(view, columns, out);
  const written = (write: (row: number) => boolean, row: number): string | undefined => {
    out.length = 0;
    const done = write(row);
    const text = Buffer.from(out.view()).toString();
    if (!done) expect(text).toBe('');
    return done ? text : undefined;
  };
  const widths = columns.map((c) => c.max || 4);
  let n = 0;
  for (let row = 0; row < timeline.length; row++) {
    const cells = columns.map((c) => c.cell(view, row));
    const text = written((r) => quick.text(r), row);
    if (text !== undefined) expect(text).toBe(`${cells.filter((t) => t !== '').join(' ')}\n`);
    const csv = written((r) => quick.csv(r), row);
    if (csv !== undefined) {
      expect(csv).toBe(`${cells.map((t) => (/[",\r\n]/.test(t) ? `"${t.replaceAll('"', '""')}"` : t)).join(',')}\n`);
    }
    out.length = 0;
    const texts = quick.texts(row);
    if (texts !== undefined) expect(texts).toEqual(cells);
    expect(out.length).toBe(0);
    const line = written((r) => quick.table(r, widths), row);
    if (line !== undefined) {
      n++;
      expect(line).toBe(slowTable(columns, cells, widths));
    }
    view.previous = row;
  }
  return n;
}

describe('rows that are written without their messages', () => {
  it('are what their cells say, for every capture of the project', async () => {
    let quick = 0;
    let rows = 0;
    for (const path of captureFiles()) {
      const reading = await readAll([path], { keys: keysBeside(path) });
      rows += reading.timeline.length;
      quick += compare(reading.timeline, DEFAULTS, 'relative');
      reading.close();
    }
    // Otherwise nothing would have been compared.
    expect(quick).toBeGreaterThan(rows / 4);
  }, 60_000);

  it('are what their cells say, for courier messages of any kind, columns and times', () => {
    let quick = 0;
    fc.assert(
      fc.property(
        fc.array(courierFrame, { minLength: 1, maxLength: 3 }),
        fc.shuffledSubarray(ALL, { minLength: 1 }),
        fc.constantFrom(...TIME_FORMATS),
        (frames, columns, time) => {
          quick += compare(timelineOf(frames), columns, time);
        },
      ),
      { seed: 20261121, numRuns: 1500 },
    );
    expect(quick).toBeGreaterThan(300);
  });
});
