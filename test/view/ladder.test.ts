import { describe, expect, test } from 'vitest';
import type { Timeline } from '../../src/timeline/timeline.ts';
import { type Ladder, ladderHead, ladderOf, ladderStep, ladderText } from '../../src/view/ladder.ts';
import { pointWidth } from '../../src/view/text-width.ts';
import { capture, readAll } from '../support/captures.ts';

const read = async (name: string): Promise<Timeline> => (await readAll([capture(name)])).timeline;

/** First row of a kind of message. */
function rowOf(timeline: Timeline, label: string, from = 0): number {
  for (let row = from; row < timeline.length; row++) if (timeline.message(row).label === label) return row;
  throw new Error(`there is no ${label}`);
}

const labels = (timeline: Timeline, ladder: Ladder): string[] => [...ladder.rows].map((row) => timeline.message(row).label);

describe('the ladder', () => {
  test('of a connection holds its messages and no others, in order', async () => {
    const timeline = await read('courier-session/courier-session.pcap');
    const ladder = ladderOf(timeline, 'connection', 0) as Ladder;
    const { columns } = timeline.rows;
    expect([...ladder.rows]).toEqual(Array.from({ length: timeline.length }, (_, row) => row).filter((row) => columns.stream(row) === 0));
    expect(ladder.lanes.map((lane) => lane.role)).toEqual(['courier', 'device']);
  });

  test('of a token holds the answers that carry none', async () => {
    const timeline = await read('findings/delivery.pcap');
    const push = rowOf(timeline, 'Push');
    const ladder = ladderOf(timeline, 'token', push) as Ladder;
    expect(labels(timeline, ladder)).toContain('Response');
    expect(ladder.lanes.map((lane) => lane.role)).toEqual(['provider', 'gateway', 'courier', 'device']);
    expect(ladderOf(timeline, 'token', rowOf(timeline, 'SETTINGS'))).toBeUndefined();
  });

  test('of a delivery goes from the provider to the device, whichever of its messages is asked', async () => {
    const timeline = await read('findings/delivery.pcap');
    const push = rowOf(timeline, 'Push');
    const ladder = ladderOf(timeline, 'delivery', push) as Ladder;
    expect(labels(timeline, ladder)).toEqual(['Push', 'Response', 'Message', 'MessageAck']);
    expect(ladder.title).toMatch(/^delivery of #\d+, .* from provider to device$/);
    for (const row of ladder.rows) expect(ladderOf(timeline, 'delivery', row)?.title).toBe(ladder.title);
    const other = rowOf(timeline, 'Push', push + 1);
    expect(ladderOf(timeline, 'delivery', other)).toBeUndefined();
  });

  test('dashes the way that nobody captured, from the gateway to the courier', async () => {
    const timeline = await read('findings/delivery.pcap');
    const ladder = ladderOf(timeline, 'delivery', rowOf(timeline, 'Push')) as Ladder;
    const dashed = Array.from(ladder.rows, (_, i) => ladderStep(timeline, ladder, i, 100, false).join('').includes('╌'));
    expect(dashed).toEqual([false, false, true, false]);
    const [above, arrow] = ladderStep(timeline, ladder, 2, 100, false);
    expect(above).toMatch(/#\d+ [\d.]+ m?s/);
    expect(arrow).toMatch(/│╌+▶│─+▶│/);
  });

  test('has lines of the width that is asked, at any width, compressed or not', async () => {
    const timeline = await read('findings/delivery.pcap');
    for (const mode of ['connection', 'token', 'delivery'] as const) {
      const ladder = ladderOf(timeline, mode, rowOf(timeline, 'Push')) as Ladder;
      for (const width of [56, 78, 118, 198]) {
        expect([...ladderHead(ladder, width)]).toHaveLength(width);
        for (let i = 0; i < ladder.rows.length; i++)
          for (const compress of [true, false])
            for (const line of ladderStep(timeline, ladder, i, width, compress)) expect([...line]).toHaveLength(width);
      }
    }
  });

  test('as text says what is in the messages where there is room', async () => {
    const timeline = await read('findings/delivery.pcap');
    const ladder = ladderOf(timeline, 'delivery', rowOf(timeline, 'Push')) as Ladder;
    expect([...ladderText(timeline, ladder, 160, false)].join('\n')).toContain('Response  200 OK');
  });

  test('finds no delivery while the rules are held and have not looked', async () => {
    const timeline = await read('findings/delivery.pcap');
    const { analysis } = timeline;
    if (analysis === undefined) throw new Error('no analysis');
    analysis.held = true;
    const push = rowOf(timeline, 'Push');
    expect(ladderOf(timeline, 'delivery', push)).toBeUndefined();
    expect(analysis.settled).toBe(false);
    while (!analysis.advance(3));
    expect(analysis.settled).toBe(true);
    expect(ladderOf(timeline, 'delivery', push)).toBeDefined();
  });

  test('fills its width exactly, whatever characters its messages hold', async () => {
    const timeline = await read('courier-session/courier-session.pcap');
    const row = rowOf(timeline, 'Message');
    const message = timeline.message(row);
    for (const info of [
      'plain',
      '“quoted”',
      'Grüße 你好 🚀👨‍👩‍👧 列表列表列表列表列表列表列表列表',
      'e\u0301e\u0301e\u0301 combining',
      '\x1b[31mred',
    ]) {
      const shown = Object.create(timeline, {
        message: { value: (at: number) => (at === row ? { ...message, info } : timeline.message(at)) },
      });
      const ladder = ladderOf(shown, 'connection', row) as Ladder;
      for (const width of [60, 61, 80, 131]) {
        for (const compress of [true, false]) {
          const lines = ladderStep(shown, ladder, ladder.rows.indexOf(row), width, compress);
          for (const line of lines) expect([...line].reduce((sum, c) => sum + pointWidth(c.codePointAt(0) as number), 0)).toBe(width);
          for (const line of lines) expect(line).not.toContain('\x1b');
        }
      }
    }
  });
});
