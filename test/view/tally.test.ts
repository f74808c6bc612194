import { expect, test } from 'vitest';
import { compileFilter } from '../../src/timeline/filter/filter.ts';
import type { Timeline } from '../../src/timeline/timeline.ts';
import { Tally } from '../../src/view/tally.ts';
import { capture, readAll } from '../support/captures.ts';

const read = async (name: string): Promise<Timeline> => (await readAll([capture(name)])).timeline;

function counted(timeline: Timeline): Tally {
  const tally = new Tally(timeline);
  for (let row = 0; row < timeline.length; row++) tally.add(row);
  return tally;
}

const CAPTURES = [
  'courier-session/courier-session.pcap',
  'delivery/delivery.pcapng',
  'findings/gateway.pcap',
  'packed-session/packed-session.pcap',
];

for (const name of CAPTURES) {
  test(`every row of every table of ${name} filters what was counted in it`, async () => {
    const timeline = await read(name);
    timeline.analysis?.advance(timeline.length);
    for (const table of counted(timeline).tables()) {
      // Times and findings are not counted by rows; severities as the index knows them, where filters know more.
      if (['Response times', 'Findings', 'Severity'].includes(table.name)) continue;
      for (const row of table.rows) {
        if (row.filter === undefined) continue;
        const hits = compileFilter(row.filter).select(timeline, 0, timeline.length).length;
        expect(hits, `${table.name}: ${row.label}: ${row.filter}`).toBe(row.count);
      }
    }
  });
}

test('shares of a table add up to one, and the largest come first', async () => {
  const timeline = await read('courier-session/courier-session.pcap');
  for (const table of counted(timeline).tables()) {
    if (table.rows.length === 0) continue;
    expect(table.rows.reduce((sum, row) => sum + row.share, 0)).toBeCloseTo(1);
    if (table.name === 'Response times') continue;
    expect(table.rows.map((row) => row.count)).toEqual(table.rows.map((row) => row.count).sort((a, b) => b - a));
  }
});

test('a topic that is a name here and a hash there is one row', async () => {
  const timeline = await read('delivery/delivery.pcapng');
  const topics = counted(timeline)
    .tables()
    .find((table) => table.name === 'Topics');
  expect(topics?.rows.map((row) => row.label)).toEqual(['com.example.app']);
});

test('findings are a table once the rules have looked', async () => {
  const timeline = await read('findings/delivery.pcap');
  const names = (): string[] =>
    counted(timeline)
      .tables()
      .map((table) => table.name);
  expect(names()).not.toContain('Findings');
  timeline.analysis?.advance(timeline.length);
  const findings = counted(timeline)
    .tables()
    .find((table) => table.name === 'Findings');
  expect(findings?.rows.map((row) => row.label)).toContain('session.not-delivered');
  expect(findings?.rows[0]?.filter).toBe(`apns.note == "${findings?.rows[0]?.label}"`);
});
