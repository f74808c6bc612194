import { beforeEach, describe, expect, test } from 'vitest';
import { currentRow } from '../../src/tui/detail.ts';
import { draw } from '../../src/tui/draw.ts';
import { FilterJob } from '../../src/tui/jobs.ts';
import { compiled } from '../../src/tui/main-commands.ts';
import { reduce } from '../../src/tui/reduce.ts';
import { rowAt, rowsOf, someRows, withoutRowsBefore } from '../../src/tui/row-set.ts';
import { needsRules } from '../../src/tui/rules-job.ts';
import type { Source } from '../../src/tui/source.ts';
import type { State } from '../../src/tui/state.ts';
import { loaded, press, sourceOf } from '../support/tui.ts';

let source: Source;
let start: State;
beforeEach(async () => {
  source = await sourceOf('courier-session/courier-session.pcap');
  start = loaded(source, 160, 40);
});

/** What the ring limit does when all rows before `gone` are too many. */
function taken(state: State, gone: number): State {
  source.timeline.first = gone;
  return reduce(state, { type: 'progress', loading: state.loading, total: state.total, gone });
}

const screen = (state: State): string => draw(state).lines().join('\n');

describe('when the oldest messages leave the list', () => {
  test('the others keep their numbers, and the cursor stays on its message', () => {
    const state = taken(press(start, '5', 'j'), 3);
    expect(currentRow(state)).toBe(5);
    expect(rowAt(state.shown, 0)).toBe(3);
    expect(state.shown.length).toBe(source.timeline.length - 3);
    expect(currentRow(press(state, 'g'))).toBe(3);
    expect(screen(state)).toContain('(3 gone)');
  });

  test('the cursor goes to the first that is left when its message is gone', () => {
    expect(currentRow(taken(press(start, 'j'), 4))).toBe(4);
  });

  test('marks of messages that are gone are named so, and count no more', () => {
    const marked = taken(press(start, 'm', 'j', 'j', 'j', 'j', 'm'), 3);
    expect(screen(marked)).toContain('marked 2 (1 gone)');
    expect(currentRow(press(marked, 'j', "'"))).toBe(4);
    expect([...rowsOf(press(marked, 'M').shown)]).toEqual([4]);
    const none = taken(marked, 5);
    expect(screen(none)).toContain('marked 2 (2 gone)');
    expect(press(none, "'").message?.text).toMatch(/marked messages are gone/);
    expect(press(none, 'M').message?.text).toMatch(/marked messages are gone/);
  });

  test('a number that is gone is told', () => {
    const state = taken(start, 5);
    expect(press(state, '2', 'G').message).toMatchObject({ bad: true, text: expect.stringMatching(/^#2 is gone: the newest/) });
    expect(currentRow(press(state, '2', 'G'))).toBe(5);
    expect(currentRow(press(state, 'C-g', '7', 'enter'))).toBe(6);
  });

  test('a time reference that is gone is told, and times count from the first message', () => {
    const state = taken(press(start, 'j', 'T'), 4);
    expect(state.reference).toBe(0);
    expect(state.message?.text).toMatch(/^#2, from which times were counted, is gone/);
  });

  test('a filter shows only what is left, whenever it looked', () => {
    const { filter } = compiled('apns.direction == s2c');
    const job = new FilterJob(source.timeline, filter, undefined);
    while (job.behind) job.step(50);
    const before = [...rowsOf(job.shown)];
    const state = taken({ ...start, shown: job.shown }, 6);
    const left = before.filter((row) => row >= 6);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(before.length);
    expect([...rowsOf(state.shown)]).toEqual(left);
    expect([...rowsOf(job.shown)]).toEqual(left);
    const anew = new FilterJob(source.timeline, filter, undefined);
    while (anew.behind) anew.step(50);
    expect([...rowsOf(anew.shown)]).toEqual(left);
  });

  test('a sorted list keeps its order', () => {
    const sorted = { ...someRows(Uint32Array.of(9, 2, 7, 1, 8)), ascending: false };
    expect([...rowsOf(withoutRowsBefore(sorted, 7))]).toEqual([9, 7, 8]);
  });
});

test('rules look at once at what a ring limit left, however much there was', () => {
  const { timeline } = source;
  const huge = { ...timeline, length: 10_000_000, first: 10_000_000 - 100, analysis: { ...timeline.analysis, settled: false } };
  const state = { ...start, source: { ...source, timeline: huge as unknown as Source['timeline'] } };
  expect(needsRules(state)).toBe(true);
  expect(needsRules({ ...state, source: { ...source, timeline: { ...huge, first: 0 } as unknown as Source['timeline'] } })).toBe(false);
});
