import { beforeAll, describe, expect, test } from 'vitest';
import { draw } from '../../src/tui/draw.ts';
import { type EmulatorState, emulatorState } from '../../src/tui/emulator-view.ts';
import { TallyJob } from '../../src/tui/jobs.ts';
import { reduce } from '../../src/tui/reduce.ts';
import type { ReplayState } from '../../src/tui/replay-view.ts';
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

/** A replay as it is told while it runs and once it is done. */
function replayed(state: State, change: Partial<ReplayState>): State {
  return reduce(press(state, 'm', 'j', 'j', 'm', 'r'), { type: 'replay', change: () => change });
}

const EMULATOR: EmulatorState = {
  ...emulatorState('http://127.0.0.1:2198#secret'),
  connected: true,
  status: [['counts', 'devices 1, received 2']],
  events: [{ time: '18:00:00.000', server: 'courier', text: 'connected  \x1b[2J', bad: false }],
};

const RESULTS: Partial<ReplayState> = {
  phase: 'done',
  focus: 'results',
  planned: 3,
  sent: 3,
  answered: 2,
  counts: { equal: 1, different: 1, missing: 1 },
  times: { p50: 12.3, p90: 45 },
  remarks: ['the courier sent NoStorage'],
  follow: false,
  selected: 1,
  lines: [
    { row: 0, text: '#1 Connect', outcome: 'equal', now: 25.4, recorded: 31, why: undefined, differences: [] },
    {
      row: 2,
      text: '#3 Message',
      outcome: 'different',
      now: 6.7,
      recorded: 5,
      why: undefined,
      differences: [
        { field: 'status', recorded: '0', live: '8' },
        { field: 'reason', recorded: undefined, live: 'bad \x1b[31mtoken 漢字' },
      ],
    },
    { row: 4, text: '#5 KeepAlive', outcome: 'missing', now: Number.NaN, recorded: 15, why: 'no answer', differences: [] },
  ],
};

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
  'replay form': (s) => press(s, 'm', 'j', 'j', 'm', 'r', 'j'),
  'replay results': (s) => replayed(s, RESULTS),
  'replay plan': (s) => replayed(s, { phase: 'done', focus: 'results', plan: ['plan: 2 messages', 'stream 0: courier, as device'] }),
  emulator: (s) => ({ ...s, view: 'emulator', below: ['main'], emulator: EMULATOR }),
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
      for (const make of [
        VIEWS['timeline'],
        VIEWS['ladder'],
        VIEWS['comparison'],
        VIEWS['help'],
        VIEWS['columns menu'],
        VIEWS['replay form'],
        VIEWS['replay results'],
        VIEWS['emulator'],
      ])
        screen(make(loaded(source, width, height)));
    }
  }
});
