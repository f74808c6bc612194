/**
 * Speed of filters, as a table with the goals: `npx tsx bench/filter.ts`. A filter of four column terms over ten million rows against one loop
 * that compares one column, and `contains` over the payloads of a capture in bytes a second. Processor time of this process, the
 * least of interleaved rounds; the numbers of rows found are checked first.
 */
import { CHUNK_BITS, CHUNK_ROWS } from '../src/timeline/columns.ts';
import { compileFilter } from '../src/timeline/filter/filter.ts';
import { openReading } from '../src/timeline/open.ts';

import type { Timeline } from '../src/timeline/timeline.ts';
import { type ColumnRow, columnTimeline } from '../test/support/column-rows.ts';
import { capture } from './generate.ts';

const ROWS = 10_000_000;
const ROUNDS = 9;
const COLUMNS_GOAL = 2.5;
const CONTAINS_GOAL = 1;

/** Seconds of processor time that `work` takes. */
function cpu(work: () => number, expected: number): number {
  const before = process.cpuUsage();
  const found = work();
  const used = process.cpuUsage(before);
  if (found !== expected) throw new Error(`found ${found} rows, expected ${expected}`);
  return (used.user + used.system) / 1e6;
}

/** Rows as a provider's connections make them: a hundred streams, both directions, many sizes. */
function* manyRows(): Generator<ColumnRow> {
  for (let row = 0; row < ROWS; row++) {
    const mixed = Math.imul(row, 0x9e3779b1) >>> 0;
    yield { stream: mixed % 100, dir: (mixed & 1) as 0 | 1, length: 60 + ((mixed >>> 8) % 1400) };
  }
}

function equalityLoop(timeline: Timeline, out: Uint32Array): number {
  let n = 0;
  timeline.rows.columns.chunks.forEach((chunk, index) => {
    const { length } = chunk;
    const base = index << CHUNK_BITS;
    const end = Math.min(CHUNK_ROWS, ROWS - base);
    for (let i = 0; i < end; i++) if (length[i] === 777) out[n++] = base + i;
  });
  return n;
}

const FILTER = 'apns.direction == s2c && apns.size > 700 && tcp.stream == 3 && frame.number > 1000000';

async function columnTerms(): Promise<void> {
  const timeline = columnTimeline(manyRows());
  const out = new Uint32Array(ROWS);
  const filter = compileFilter(FILTER);
  const select = (): number => filter.select(timeline, 0, ROWS).length;
  const expected = [equalityLoop(timeline, out), select()];
  const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    least[0] = Math.min(
      least[0],
      cpu(() => equalityLoop(timeline, out), expected[0]),
    );
    least[1] = Math.min(least[1], cpu(select, expected[1]));
  }
  const ratio = least[1] / least[0];
  console.log(`one column, equality loop      ${(least[0] * 1000).toFixed(0).padStart(6)} ms   ${expected[0]} of ${ROWS} rows`);
  console.log(`filter of four column terms    ${(least[1] * 1000).toFixed(0).padStart(6)} ms   ${expected[1]} rows: ${FILTER}`);
  console.log(`  ${ratio.toFixed(2)} times the loop, goal ${COLUMNS_GOAL}: ${ratio <= COLUMNS_GOAL ? 'met' : 'MISSED'}`);
}

async function contains(): Promise<void> {
  const reading = await openReading([capture('p100').path], { keys: [], decodeAs: [], follow: false, expandPayloads: true });
  while (reading.step() !== 'done');
  const { timeline } = reading;
  const { columns } = timeline.rows;
  let bytes = 0;
  for (let row = 0; row < timeline.length; row++) bytes += columns.length(row);
  const filter = compileFilter('apns.payload contains "no such words in any payload"');
  const select = (): number => filter.select(timeline, 0, timeline.length).length;
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) least = Math.min(least, cpu(select, 0));
  const rate = bytes / least / 1e9;
  console.log(
    `contains over raw payloads     ${(least * 1000).toFixed(0).padStart(6)} ms   ${(bytes / 1e6).toFixed(0)} MB in ${timeline.length} messages`,
  );
  console.log(`  ${rate.toFixed(2)} GB per CPU second, goal ${CONTAINS_GOAL}: ${rate >= CONTAINS_GOAL ? 'met' : 'MISSED'}`);
  reading.close();
}

await columnTerms();
await contains();
