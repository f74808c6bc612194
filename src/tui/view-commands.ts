/** Commands of the views over the timeline: ladder, statistics, comparison, help, emulator. */
import { type LadderMode, ladderOf } from '../view/ladder.ts';
import { TIME_FORMATS } from '../view/time-format.ts';
import { formatMenu } from './export-formats.ts';
import { compiled, filterPrompt } from './main-commands.ts';
import { copyMenu } from './menu.ts';
import { enter, goToRow, leave, pageSize, rescan } from './moves.ts';
import { REPLAY } from './replay-commands.ts';
import { ask, type State, type StatsState, say } from './state.ts';

type Command = (state: State, count: number | undefined) => State;
type Table = Readonly<Record<string, Command>>;

/** The same movement commands for every view, from one function that moves by lines. */
const moving = (by: (state: State, lines: number) => State): Table => ({
  down: (s, n) => by(s, n ?? 1),
  up: (s, n) => by(s, -(n ?? 1)),
  'page-down': (s) => by(s, pageSize(s)),
  'page-up': (s) => by(s, -pageSize(s)),
  'half-down': (s) => by(s, pageSize(s) >> 1),
  'half-up': (s) => by(s, -(pageSize(s) >> 1)),
  top: (s) => by(s, -1e9),
  end: (s) => by(s, 1e9),
});

const clamp = (n: number, low: number, high: number): number => Math.max(low, Math.min(high, n));

function withLadder(state: State, change: Partial<NonNullable<State['ladder']>>): State {
  return state.ladder === undefined ? state : { ...state, ladder: { ...state.ladder, ...change } };
}

/** Row under the cursor of the ladder, or -1. */
const ladderRow = (state: State): number => state.ladder?.ladder.rows[state.ladder.cursor] ?? -1;

/** Leaves the ladder with the list's cursor on its message. */
function toMessage(state: State, row: number): State {
  return row < 0 ? state : goToRow({ ...state, view: 'main', below: [] }, row);
}

const MODES: readonly LadderMode[] = ['connection', 'token', 'delivery'];

/** The ladder of the same message in the next mode that it has. */
function nextMode(state: State, step: 1 | -1): State {
  const row = ladderRow(state);
  if (row < 0 || state.ladder === undefined) return state;
  const at = MODES.indexOf(state.ladder.ladder.mode);
  for (let i = 1; i < MODES.length; i++) {
    const made = ladderOf(state.source.timeline, MODES[(at + i * step + 2 * MODES.length) % MODES.length], row);
    if (made !== undefined) return withLadder(state, { ladder: made, cursor: Math.max(0, made.rows.indexOf(row)) });
  }
  return say(state, 'this message has no token and is no part of a delivery', true);
}

const LADDER: Table = {
  ...moving((s, n) =>
    s.ladder === undefined ? s : withLadder(s, { cursor: clamp(s.ladder.cursor + n, 0, Math.max(0, s.ladder.ladder.rows.length - 1)) }),
  ),
  open: (s) => toMessage(s, ladderRow(s)),
  compress: (s) => withLadder(s, { compress: s.ladder?.compress !== true }),
  extend: (s) => nextMode(s, 1),
  'next-pane': (s) => nextMode(s, 1),
  'previous-pane': (s) => nextMode(s, -1),
  'mark-down': (s) => withLadder(s, { chosen: s.ladder?.chosen === ladderRow(s) ? -1 : ladderRow(s) }),
  compare: (s) => {
    const row = ladderRow(s);
    const other = s.ladder?.chosen ?? -1;
    if (row < 0 || other < 0 || other === row) return say(s, 'choose a message with Space, then d on another compares', true);
    return enter({ ...s, compare: { left: Math.min(row, other), right: Math.max(row, other), top: 0 } }, 'compare');
  },
  'time-format': (s) => ({ ...s, time: TIME_FORMATS[(TIME_FORMATS.indexOf(s.time) + 1) % TIME_FORMATS.length] }),
  export: (s) => ({ ...s, menu: formatMenu('ladder') }),
  copy: (s) => ({ ...s, menu: copyMenu() }),
  filter: (s) => filterPrompt({ ...s, view: 'main', below: [] }, s.filterText),
};

function withStats(state: State, change: (stats: StatsState) => Partial<StatsState>): State {
  return state.stats === undefined ? state : { ...state, stats: { ...state.stats, ...change(state.stats) } };
}

function statsCursor(stats: StatsState): number {
  return clamp(stats.cursor[stats.table] ?? 0, 0, Math.max(0, (stats.tables[stats.table]?.rows.length ?? 0) - 1));
}

const nextTable =
  (step: 1 | -1): Command =>
  (s) =>
    withStats(s, (t) => ({ table: t.tables.length === 0 ? 0 : (t.table + step + t.tables.length) % t.tables.length }));

const STATS: Table = {
  ...moving((s, n) =>
    withStats(s, (t) => {
      const cursor = [...t.cursor];
      cursor[t.table] = clamp(statsCursor(t) + n, 0, Math.max(0, (t.tables[t.table]?.rows.length ?? 0) - 1));
      return { cursor };
    }),
  ),
  expand: nextTable(1),
  collapse: nextTable(-1),
  'next-pane': nextTable(1),
  'previous-pane': nextTable(-1),
  open: (s) => {
    const stats = s.stats;
    const row = stats?.tables[stats.table]?.rows[stats === undefined ? 0 : statsCursor(stats)];
    if (row?.filter === undefined || stats === undefined) return say(s, 'this row has no filter', true);
    const text = stats.filtered && s.filter !== undefined && !s.filterOff ? `(${s.filterText}) && ${row.filter}` : row.filter;
    return rescan(
      { ...s, ...compiled(text), filterOff: false, view: 'main', below: [], onlyMarked: false },
      { type: 'history', kind: 'filter', text },
    );
  },
  filtered: (s) =>
    ask(
      withStats(s, (t) => ({ filtered: !t.filtered, busy: true })),
      { type: 'tally' },
    ),
  'sort-table': (s) =>
    withStats(s, (t) => {
      const byName = !t.byName;
      const tables = t.tables.map((table) =>
        table.name === 'Response times'
          ? table
          : { ...table, rows: [...table.rows].sort((a, b) => (byName ? (a.label < b.label ? -1 : 1) : b.count - a.count)) },
      );
      return { byName, tables };
    }),
  export: (s) => ({ ...s, menu: formatMenu('stats') }),
  filter: (s) => filterPrompt({ ...s, view: 'main', below: [] }, s.filterText),
};

const COMPARE: Table = moving((s, n) =>
  s.compare === undefined ? s : { ...s, compare: { ...s.compare, top: Math.max(0, s.compare.top + n) } },
);

const HELP: Table = {
  ...moving((s, n) => ({ ...s, help: { ...s.help, top: Math.max(0, s.help.top + n) } })),
  help: (s) => ({ ...s, help: { page: s.help.page === 'keys' ? 'filter' : 'keys', top: 0 } }),
  open: leave,
};

const EMULATOR: Table = {
  ...moving((s, n) =>
    s.emulator === undefined
      ? s
      : { ...s, emulator: { ...s.emulator, follow: false, top: clamp(s.emulator.top + n, 0, Math.max(0, s.emulator.events.length - 1)) } },
  ),
  autoscroll: (s) => (s.emulator === undefined ? s : { ...s, emulator: { ...s.emulator, follow: !s.emulator.follow } }),
  pause: (s) => (s.emulator === undefined ? s : { ...s, emulator: { ...s.emulator, paused: !s.emulator.paused } }),
};

export const VIEW_COMMANDS: Readonly<Record<string, Table>> = {
  ladder: LADDER,
  stats: STATS,
  compare: COMPARE,
  help: HELP,
  emulator: EMULATOR,
  replay: REPLAY,
};
