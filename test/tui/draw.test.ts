import { beforeAll, describe, expect, test } from 'vitest';
import { draw } from '../../src/tui/draw.ts';
import { TallyJob } from '../../src/tui/jobs.ts';
import { reduce } from '../../src/tui/reduce.ts';
import type { Source } from '../../src/tui/source.ts';
import type { State } from '../../src/tui/state.ts';
import { textWidth } from '../../src/tui/width.ts';
import { loaded, press, sourceOf, type } from '../support/tui.ts';

const SIZES = [
  [80, 24],
  [120, 40],
  [200, 50],
] as const;

let source: Source;
beforeAll(async () => {
  source = await sourceOf('courier-session/courier-session.pcap');
});

/** The screen, each line checked to be exactly as wide as the terminal. */
function screen(state: State): string {
  const lines = draw(state).lines();
  expect(lines).toHaveLength(state.height);
  for (const line of lines) expect(textWidth(line)).toBe(state.width);
  return lines.map((l) => l.trimEnd()).join('\n');
}

function counted(state: State): State {
  const job = new TallyJob(source.timeline, state.shown);
  while (!job.step(1000));
  return reduce(state, { type: 'stats', stats: { tables: job.tally.tables(), rows: job.tally.rows, busy: false } });
}

const VIEWS: Readonly<Record<string, (state: State) => State>> = {
  timeline: (s) => press(s, 'j', 'j', 'm'),
  'detail with a field selected': (s) => press(s, 'j', 'j', 'tab', 'j', 'j', 'j'),
  'bytes with their cursor': (s) => press(s, 'tab', 'tab', 'j'),
  ladder: (s) => press(s, 'j', 'j', 'f'),
  'ladder, one line a message': (s) => press(s, 'f', 'C'),
  statistics: (s) => counted(press(s, 'i')),
  comparison: (s) => press(s, 'm', 'j', 'j', 'd'),
  help: (s) => press(s, '?'),
  'filter language': (s) => press(s, '?', '?'),
  'columns menu': (s) => press(s, 'C'),
  'filter with an error': (s) => type(press(s, '/'), 'apns.statu == 4'),
  'filter with completions': (s) => type(press(s, '/'), 'apns.sta'),
  filtered: (s) => press(type(press(s, '/'), 'apns.direction == s2c'), 'enter'),
  loading: (s) => ({ ...s, loading: { position: 38e6, size: 100e6, rate: 91e6, done: false, stopped: false, waiting: false } }),
};

for (const [width, height] of SIZES) {
  describe(`at ${width}x${height}`, () => {
    for (const [name, make] of Object.entries(VIEWS)) {
      test(`the screen shows: ${name}`, () => {
        expect(screen(make(loaded(source, width, height)))).toMatchSnapshot();
      });
    }
  });
}

test('a terminal that is too small says so', () => {
  expect(screen(loaded(source, 58, 12))).toContain('terminal too small (58x12, need 60x15)');
});

test('a low terminal shows the list alone, and Enter opens the detail in its place', () => {
  const low = loaded(source, 80, 18);
  expect(screen(low)).not.toContain('Detail');
  expect(screen(press(low, 'enter'))).toContain('─ Detail ─');
  expect(screen(press(low, 'enter', 'escape'))).not.toContain('─ Detail ─');
});

test('with ASCII only, no other character is drawn', () => {
  const text = screen({ ...press(loaded(source, 120, 40), 'f'), ascii: true });
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
});

test('the mono theme uses no colours', () => {
  let state = loaded(source, 80, 24);
  while (state.theme.name !== 'mono') state = press(state, 'M-c');
  for (const style of draw(state).styles) expect(style & 0x3ffff).toBe(0x3ffff);
});

test('every size from 60x15 to 130x45 draws lines of the right width in every view', () => {
  for (let width = 60; width <= 130; width += 35) {
    for (let height = 15; height <= 45; height += 10) {
      for (const make of [VIEWS['timeline'], VIEWS['ladder'], VIEWS['comparison'], VIEWS['help'], VIEWS['columns menu']])
        screen(make(loaded(source, width, height)));
    }
  }
});
