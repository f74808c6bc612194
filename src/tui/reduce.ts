/** Events → the next state. Pure: what has to be done outside is left in `state.effects`. */

import { ladderOf } from '../view/ladder.ts';
import type { EmulatorState } from './emulator-view.ts';
import { commandFor, type Place } from './keys.ts';
import { layout } from './layout.ts';
import { MAIN_COMMANDS } from './main-commands.ts';
import { menuKey } from './menu-keys.ts';
import { clicked } from './mouse.ts';
import { enter, leave, moveTo, showHit, withShown } from './moves.ts';
import { promptKey } from './prompt-keys.ts';
import { isRunning, type ReplayState } from './replay-view.ts';
import { type RowSet, withoutRowsBefore } from './row-set.ts';
import { ask, type Loading, type Scan, type State, type StatsState, say } from './state.ts';
import { THEMES } from './theme.ts';
import { VIEW_COMMANDS } from './view-commands.ts';

export type Event =
  | { readonly type: 'key'; readonly key: string; readonly char: string | undefined }
  | { readonly type: 'mouse'; readonly action: 'click' | 'double' | 'wheel-up' | 'wheel-down'; readonly x: number; readonly y: number }
  | { readonly type: 'resize'; readonly width: number; readonly height: number }
  | { readonly type: 'progress'; readonly loading: Loading; readonly total: number; readonly gone: number }
  | { readonly type: 'shown'; readonly shown: RowSet; readonly scan: Scan }
  | { readonly type: 'sorted'; readonly shown: RowSet; readonly column: string; readonly descending: boolean }
  | { readonly type: 'searching'; readonly looked: number }
  | { readonly type: 'found'; readonly position: number; readonly wrapped: boolean }
  | { readonly type: 'stats'; readonly stats: Partial<StatsState> }
  | { readonly type: 'emulator'; readonly change: (emulator: EmulatorState | undefined) => EmulatorState }
  | { readonly type: 'replay'; readonly change: (replay: ReplayState) => Partial<ReplayState> }
  | { readonly type: 'analysed' }
  | { readonly type: 'stopped'; readonly what: 'search' | 'filter' | 'reading' }
  | { readonly type: 'say'; readonly text: string; readonly bad: boolean };

/** Commands that are the same in every view. */
const COMMON: Readonly<Record<string, (state: State) => State>> = {
  help: (s) => enter({ ...s, help: { page: 'keys', top: 0 } }, 'help'),
  back,
  quit: (s) => {
    if (s.below.length > 0 || s.maximised || s.pane !== 'list') return back(s);
    if (isRunning(s.replay)) return say(enter(s, 'replay'), 'a replay is running: x stops it, Q quits at once', true);
    return ask(s, { type: 'quit' });
  },
  'quit-now': (s) => ask(s, { type: 'quit' }),
  redraw: (s) => ask(s, { type: 'redraw' }),
  suspend: (s) => ask(s, { type: 'suspend' }),
  theme: (s) => {
    const names = Object.keys(THEMES) as (keyof typeof THEMES)[];
    const theme = THEMES[names[(names.indexOf(s.theme.name as 'dark') + 1) % names.length]];
    return say({ ...s, theme }, `theme: ${theme.name}`);
  },
  mouse: (s) =>
    ask(say({ ...s, mouse: !s.mouse }, s.mouse ? 'mouse off: the terminal selects text' : 'mouse on'), { type: 'mouse', on: !s.mouse }),
  stop: (s) => {
    if (s.searching || s.scan.active || (!s.loading.done && !s.loading.stopped)) return ask(s, { type: 'stop' });
    return ask(s, { type: 'quit' });
  },
};

/** One level up: view, maximised pane, pane, search, in this order. Never quits. */
function back(state: State): State {
  if (state.below.length > 0) return leave(state);
  if (state.maximised) return { ...state, maximised: false, pane: 'list' };
  if (state.pane !== 'list') return { ...state, pane: 'list' };
  return { ...state, message: undefined };
}

function place(state: State): Place {
  return state.view === 'main' ? state.pane : state.view;
}

/** Runs a command by its name; unknown ones change nothing. */
export function runCommand(state: State, command: string, count: number | undefined): State {
  const table = state.view === 'main' ? MAIN_COMMANDS : VIEW_COMMANDS[state.view];
  const own = table?.[command];
  if (own !== undefined) return own(state, count);
  return COMMON[command]?.(state) ?? state;
}

function press(state: State, key: string, char: string | undefined): State {
  const clear: State = state.message === undefined ? state : { ...state, message: undefined };
  if (state.prompt !== undefined) return promptKey(clear, state.prompt, key, char, runCommand);
  if (state.menu !== undefined) return menuKey(clear, state.menu, key);
  if (/^\d$/.test(key) && (key !== '0' || state.count !== '') && state.view !== 'help')
    return { ...clear, count: (state.count + key).slice(0, 12) };
  const count = state.count === '' ? undefined : Number(state.count);
  const ready: State = state.count === '' ? clear : { ...clear, count: '' };
  const command = commandFor(state.keymap, place(state), key);
  return command === undefined ? ready : runCommand(ready, command, count);
}

/** A ladder with what the rules found meanwhile. */
function rebuilt(state: State, view: NonNullable<State['ladder']>): State['ladder'] {
  const { ladder } = view;
  const row = ladder.rows[view.cursor] ?? 0;
  const made = ladder.mode === 'connection' ? undefined : ladderOf(state.source.timeline, ladder.mode, row);
  return made === undefined ? view : { ...view, ladder: made, cursor: Math.max(0, made.rows.indexOf(row)) };
}

/** The list after the ring limit took its first rows: the cursor stays on its row, or goes to the first that is left. */
function withoutGone(state: State, gone: number): State {
  if (gone <= state.gone) return state;
  const shown = withoutRowsBefore(state.shown, gone);
  const less = state.shown.length - shown.length;
  const next: State = {
    ...state,
    gone,
    shown,
    cursor: Math.max(0, state.cursor - less),
    top: Math.max(0, state.top - less),
    wanted: state.wanted < gone ? -1 : state.wanted,
  };
  if (state.reference === 0 || state.reference >= gone) return next;
  return say(
    { ...next, reference: 0 },
    `#${state.reference + 1}, from which times were counted, is gone: they count from the first message`,
  );
}

/** The user stopped a search, a filter or the reading: what is there is not all. */
function stopped(state: State, what: 'search' | 'filter' | 'reading'): State {
  if (what === 'search') return say({ ...state, searching: false }, 'search stopped');
  if (what === 'filter')
    return say({ ...state, scan: { ...state.scan, active: false } }, 'filtering stopped: not all messages were looked at', true);
  const loading = { ...state.loading, done: true, stopped: true };
  return say({ ...state, loading }, 'reading stopped: not all is there (^C again quits)', true);
}

/** The next state after an event. */
export function reduce(state: State, event: Event): State {
  switch (event.type) {
    case 'key':
      return press(state, event.key, event.char);
    case 'mouse':
      return clicked(state, event.action, event.x, event.y, runCommand);
    case 'resize': {
      const sized = { ...state, width: event.width, height: event.height };
      const moved = moveTo(sized, sized.cursor);
      const pane = layout(moved)[moved.pane] === undefined && !moved.maximised ? 'list' : moved.pane;
      return { ...moved, pane, byteTop: state.byteTop, byteCursor: state.byteCursor, autoscroll: state.autoscroll, wanted: state.wanted };
    }
    case 'progress':
      return withoutGone({ ...state, loading: event.loading, total: event.total }, event.gone);
    case 'shown': {
      const { shown, scan } = event;
      if (state.wanted >= 0) {
        const reached = scan.looked > state.wanted || !scan.active;
        const next = withShown({ ...state, scan }, shown, reached ? state.wanted : -1);
        return reached ? { ...next, wanted: -1 } : next;
      }
      if (state.autoscroll) return { ...moveTo({ ...state, shown, scan }, shown.length - 1), autoscroll: true };
      // Rows are only added at the end: the cursor stays where it is.
      const cursor = Math.min(state.cursor, Math.max(0, shown.length - 1));
      return { ...state, shown, scan, cursor, top: Math.min(state.top, cursor) };
    }
    case 'sorted': {
      const next = withShown(state, event.shown, -1);
      return say(
        { ...moveTo(next, 0), sorted: { column: event.column, descending: event.descending } },
        `sorted by ${event.column}${event.descending ? ', largest first' : ''}`,
      );
    }
    case 'searching':
      return { ...state, searching: true };
    case 'found': {
      const found = { ...state, searching: false };
      if (event.position < 0) return say(found, `not found: ${state.search?.text ?? ''}`, true);
      const moved = showHit(moveTo(found, event.position));
      return event.wrapped ? say(moved, 'found from the other end') : moved;
    }
    case 'stopped':
      return stopped(state, event.what);
    case 'stats':
      return state.stats === undefined ? state : { ...state, stats: { ...state.stats, ...event.stats } };
    case 'emulator':
      return { ...state, emulator: event.change(state.emulator) };
    case 'replay':
      return state.replay === undefined ? state : { ...state, replay: { ...state.replay, ...event.change(state.replay) } };
    case 'analysed':
      return {
        ...state,
        effects: state.view === 'stats' ? [...state.effects, { type: 'tally' }] : state.effects,
        scan: state.filterAsksRules && !state.filterOff ? { looked: 0, active: true } : state.scan,
        ladder: state.ladder === undefined ? undefined : rebuilt(state, state.ladder),
      };
    case 'say':
      return say(state, event.text, event.bad);
  }
}
