/** What the terminal UI knows. Changed only by reducers, which make a new one; drawn by pure functions. */

import type { Filter } from '../timeline/filter/filter.ts';
import type { Ladder } from '../view/ladder.ts';
import type { TallyTable } from '../view/tally.ts';
import type { TimeFormat } from '../view/time-format.ts';
import type { ColorRule } from './color-rules.ts';
import type { EmulatorState } from './emulator-view.ts';
import type { Keymap } from './keys.ts';
import { makeKeymap } from './keys.ts';
import type { MenuState } from './menu.ts';
import type { PromptState } from './prompt.ts';
import type { ReplayState } from './replay-view.ts';
import { allRows, type RowSet } from './row-set.ts';
import type { Source } from './source.ts';
import { THEMES, type Theme } from './theme.ts';

export type Pane = 'list' | 'tree' | 'bytes';
export type View = 'main' | 'ladder' | 'stats' | 'compare' | 'help' | 'emulator' | 'replay';
export type ByteTab = 'message' | 'payload' | 'record' | 'packet';

/** Work that the shell (`app.ts`) has to do: everything that is not pure. */
export type Effect =
  | { readonly type: 'quit' }
  | { readonly type: 'suspend' }
  | { readonly type: 'redraw' }
  | { readonly type: 'mouse'; readonly on: boolean }
  | { readonly type: 'rescan' }
  | { readonly type: 'stop' }
  | { readonly type: 'pause'; readonly on: boolean }
  | { readonly type: 'search'; readonly pattern: SearchPattern; readonly from: number; readonly step: 1 | -1 }
  | { readonly type: 'copy'; readonly text: string; readonly what: string }
  | { readonly type: 'export'; readonly format: string; readonly path: string; readonly what: 'shown' | 'marked' | 'this' }
  | { readonly type: 'edit'; readonly row: number }
  | { readonly type: 'tally' }
  | { readonly type: 'sort'; readonly column: string; readonly descending: boolean }
  | { readonly type: 'history'; readonly kind: 'filter' | 'find'; readonly text: string }
  | { readonly type: 'emulator'; readonly address: string }
  | { readonly type: 'replay'; readonly do: 'start' | 'pause' | 'stop' };

export interface SearchPattern {
  readonly kind: 'text' | 'hex' | 'regex';
  readonly text: string;
}

export interface Loading {
  readonly position: number;
  readonly size: number | undefined;
  /** Bytes a second. */
  readonly rate: number;
  readonly done: boolean;
  /** The user stopped it: what is there is not all. */
  readonly stopped: boolean;
  /** A live input has nothing at the moment. */
  readonly waiting: boolean;
}

/** How far a filter has looked. */
export interface Scan {
  readonly looked: number;
  readonly active: boolean;
}

export interface StatsState {
  readonly tables: readonly TallyTable[];
  readonly table: number;
  readonly cursor: readonly number[];
  /** Of what is shown, or of everything. */
  readonly filtered: boolean;
  readonly rows: number;
  readonly busy: boolean;
  readonly byName: boolean;
}

export interface LadderState {
  readonly ladder: Ladder;
  readonly cursor: number;
  readonly compress: boolean;
  /** A message chosen for comparison, or -1. */
  readonly chosen: number;
}

export interface CompareState {
  readonly left: number;
  readonly right: number;
  readonly top: number;
}

export interface State {
  readonly source: Source;
  readonly width: number;
  readonly height: number;
  readonly total: number;
  /** Rows before this one left the list (ring limit). */
  readonly gone: number;
  readonly loading: Loading;
  readonly paused: boolean;
  readonly shown: RowSet;
  readonly filterText: string;
  readonly filter: Filter | undefined;
  /** The filter asks what only the rules over several messages know. */
  readonly filterAsksRules: boolean;
  /** The filter is set but not applied. */
  readonly filterOff: boolean;
  readonly scan: Scan;
  readonly onlyMarked: boolean;
  readonly sorted: { readonly column: string; readonly descending: boolean } | undefined;
  readonly cursor: number;
  readonly top: number;
  /** Columns that the info column is scrolled by. */
  readonly shift: number;
  readonly autoscroll: boolean;
  /** Row that the cursor goes back to once the filter has come to it, or -1. */
  readonly wanted: number;
  readonly marks: ReadonlySet<number>;
  readonly view: View;
  /** Views under this one. */
  readonly below: readonly View[];
  readonly pane: Pane;
  readonly maximised: boolean;
  /** Share of the height that the list has, in percent. */
  readonly split: number;
  readonly bytesBelow: boolean;
  /** Path of the selected line of the detail tree. */
  readonly treePath: string;
  readonly treeTop: number;
  /** Paths of tree lines that are not as they are at first. */
  readonly toggled: ReadonlySet<string>;
  readonly byteTab: ByteTab;
  readonly byteCursor: number;
  readonly byteTop: number;
  readonly columns: readonly string[] | undefined;
  readonly time: TimeFormat;
  /** Row that relative times count from. */
  readonly reference: number;
  readonly rules: readonly ColorRule[];
  readonly colors: boolean;
  readonly theme: Theme;
  readonly ascii: boolean;
  readonly mouse: boolean;
  readonly keymap: Keymap;
  readonly prompt: PromptState | undefined;
  readonly menu: MenuState | undefined;
  readonly history: { readonly filter: readonly string[]; readonly find: readonly string[] };
  readonly search: SearchPattern | undefined;
  readonly searching: boolean;
  readonly ladder: LadderState | undefined;
  readonly stats: StatsState | undefined;
  readonly compare: CompareState | undefined;
  readonly emulator: EmulatorState | undefined;
  readonly replay: ReplayState | undefined;
  readonly help: { readonly page: 'keys' | 'filter'; readonly top: number };
  /** Digits typed before a command: `123G`. */
  readonly count: string;
  readonly message: { readonly text: string; readonly bad: boolean } | undefined;
  readonly effects: readonly Effect[];
}

export function initialState(source: Source, width: number, height: number): State {
  return {
    source,
    width,
    height,
    total: source.timeline.length,
    gone: source.timeline.first,
    loading: { position: 0, size: undefined, rate: 0, done: false, stopped: false, waiting: false },
    paused: false,
    shown: allRows(source.timeline.length, source.timeline.first),
    filterText: '',
    filter: undefined,
    filterAsksRules: false,
    filterOff: false,
    scan: { looked: 0, active: false },
    onlyMarked: false,
    sorted: undefined,
    cursor: 0,
    top: 0,
    shift: 0,
    autoscroll: source.live,
    wanted: -1,
    marks: new Set(),
    view: 'main',
    below: [],
    pane: 'list',
    maximised: false,
    split: 50,
    bytesBelow: false,
    treePath: '',
    treeTop: 0,
    toggled: new Set(),
    byteTab: 'message',
    byteCursor: 0,
    byteTop: 0,
    columns: undefined,
    time: 'relative',
    reference: 0,
    rules: [],
    colors: true,
    theme: THEMES.dark as Theme,
    ascii: false,
    mouse: true,
    keymap: makeKeymap({}).keymap,
    prompt: undefined,
    menu: undefined,
    history: { filter: [], find: [] },
    search: undefined,
    searching: false,
    ladder: undefined,
    stats: undefined,
    compare: undefined,
    emulator: undefined,
    replay: undefined,
    help: { page: 'keys', top: 0 },
    count: '',
    message: undefined,
    effects: [],
  };
}

/** The marked rows that are still in the list, ascending. */
export const markedRows = (state: State): Uint32Array =>
  Uint32Array.from(state.marks)
    .filter((row) => row >= state.gone)
    .sort();

export const say = (state: State, text: string, bad = false): State => ({ ...state, message: { text, bad } });
export const ask = (state: State, ...effects: Effect[]): State => ({ ...state, effects: [...state.effects, ...effects] });
