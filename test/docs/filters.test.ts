import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileFilter } from '../../src/timeline/filter/filter.ts';
import type { Reading } from '../../src/timeline/open.ts';
import { keysBeside, readAll } from '../support/captures.ts';

const ROOT = join(import.meta.dirname, '../..');
const LINE = /^\| `(.+)` \| (\S+\.pcap(?:ng)?) \| (\d+) \| .+ \|$/;

const examples = readFileSync(join(ROOT, 'docs/filters.md'), 'utf8')
  .split('\n')
  .map((line) => LINE.exec(line))
  .filter((match) => match !== null)
  .map(([, filter, capture, matches]) => ({ filter: filter.replaceAll('\\|', '|'), capture, matches: Number(matches) }));

const readings = new Map<string, Promise<Reading>>();

function open(name: string): Promise<Reading> {
  let reading = readings.get(name);
  if (reading === undefined) {
    const dir = readdirSync(join(ROOT, 'captures')).find((d) => existsSync(join(ROOT, 'captures', d, name))) ?? '';
    const path = join(ROOT, 'captures', dir, name);
    reading = readAll([path], { keys: keysBeside(path) });
    readings.set(name, reading);
  }
  return reading;
}

describe('docs/filters.md', () => {
  it('has at least thirty examples', () => {
    expect(examples.length).toBeGreaterThanOrEqual(30);
  });

  for (const { filter, capture, matches } of examples) {
    it(`${filter} finds ${matches} in ${capture}`, async () => {
      const { timeline } = await open(capture);
      expect(compileFilter(filter).select(timeline, 0, timeline.length).length).toBe(matches);
    });
  }
});
