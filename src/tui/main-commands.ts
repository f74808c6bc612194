/** Commands of the timeline and its panes. */
import { compileFilter } from '../timeline/filter/filter.ts';
import { tokenOf } from '../view/columns.ts';
import { connectionLadder, tokenLadder } from '../view/ladder.ts';
import { pairOf } from '../view/pairs.ts';
import { TIME_FORMATS } from '../view/time-format.ts';
import { byteLayers, currentRow, detailLines, treeIndex } from './detail.ts';
import { formatMenu } from './export-formats.ts';
import { joined, termOf } from './field-filter.ts';
import { layout } from './layout.ts';
import { columnsFor, columnsMenu, copyMenu, sortMenu } from './menu.ts';
import { enter, goToNumber, goToRow, inTab, moveBy, moveBytes, moveTo, moveTree, pageSize, rescan } from './moves.ts';
import { openPrompt } from './prompt.ts';
import { openReplay } from './replay-commands.ts';
import { ask, markedRows, type Pane, type State, say } from './state.ts';

type Command = (state: State, count: number | undefined) => State;

const PANES: readonly Pane[] = ['list', 'tree', 'bytes'];

function nextPane(state: State, step: 1 | -1): State {
  const at = layout(state);
  const shown = state.maximised || at.tree === undefined ? PANES : PANES.filter((p) => at[p] !== undefined);
  const pane = shown[(shown.indexOf(state.pane) + step + shown.length) % shown.length];
  return { ...state, pane };
}

function selectedTerm(state: State): string | undefined {
  const row = currentRow(state);
  if (row < 0) return undefined;
  const lines = detailLines(state.source, row, state.toggled);
  return termOf(state.source.timeline, row, lines[treeIndex(lines, state.treePath)]);
}

const addTerm =
  (how: 'and' | 'or' | 'not' | 'only'): Command =>
  (state) => {
    const term = selectedTerm(state);
    if (term === undefined) return say(state, 'the selected line has no filter; choose a field in the detail (Tab)', true);
    return filterPrompt(state, joined(state.filterOff ? '' : state.filterText, how, term));
  };

export const filterPrompt = (state: State, text: string): State => ({
  ...state,
  prompt: openPrompt('filter', 'Filter', text, state.history.filter),
});

/** Folds or unfolds the selected tree line. */
function fold(state: State, open: boolean | undefined): State {
  const row = currentRow(state);
  const lines = detailLines(state.source, row, state.toggled);
  const index = treeIndex(lines, state.treePath);
  const line = lines[index];
  if (line === undefined) return state;
  if (line.row !== undefined && open === undefined) return goToRow(state, line.row);
  if (line.children === 0 || (open === false && !line.open)) {
    if (open !== false) return state;
    // Left on a leaf goes to what holds it.
    for (let i = index - 1; i >= 0; i--) if (lines[i].depth < line.depth) return { ...state, treePath: lines[i].path };
    return state;
  }
  if (open === line.open) return open ? moveTree(state, 1) : state;
  const toggled = new Set(state.toggled);
  if (!toggled.delete(line.path)) toggled.add(line.path);
  return { ...state, toggled };
}

function mark(state: State): State {
  const row = currentRow(state);
  if (row < 0) return state;
  const marks = new Set(state.marks);
  if (!marks.delete(row)) marks.add(row);
  return { ...state, marks };
}

const nothingMarked = (state: State): string =>
  state.marks.size === 0 ? 'nothing is marked (m marks)' : 'the marked messages are gone (ring limit)';

function nextMark(state: State): State {
  const marked = markedRows(state);
  if (marked.length === 0) return say(state, nothingMarked(state), true);
  const row = currentRow(state);
  return goToRow(state, marked.find((r) => r > row) ?? marked[0]);
}

function pair(state: State, step: 1 | -1): State {
  const row = currentRow(state);
  const other = row < 0 ? undefined : pairOf(state.source.timeline, row);
  if (other === undefined) return say(state, 'no other message of the pair is known', true);
  if (Math.sign(other.row - row) !== step)
    return say(state, step > 0 ? 'this is the answer ([ goes to the question)' : 'this is the question (] goes to the answer)');
  return goToRow(state, other.row);
}

function ladder(state: State): State {
  const row = currentRow(state);
  if (row < 0) return state;
  const { timeline } = state.source;
  const made = tokenLadder(timeline, row) ?? connectionLadder(timeline, row);
  const cursor = Math.max(0, made.rows.indexOf(row));
  return enter({ ...state, ladder: { ladder: made, cursor, compress: false, chosen: -1 } }, 'ladder');
}

function compare(state: State): State {
  const row = currentRow(state);
  if (row < 0) return state;
  const marked = [...state.marks].filter((r) => r !== row && r >= state.gone);
  const other = marked.length > 0 ? marked[marked.length - 1] : (pairOf(state.source.timeline, row)?.row ?? -1);
  if (other < 0) return say(state, 'mark another message first (m), then d compares', true);
  return enter({ ...state, compare: { left: Math.min(row, other), right: Math.max(row, other), top: 0 } }, 'compare');
}

/** The filter with one term replaced by another of the same field, so that following twice does not contradict itself. */
function followed(state: State, term: string): State {
  return { ...rescan({ ...state, ...compiled(term), filterOff: false }), message: undefined };
}

/** Fields whose values come from rules over several messages. */
const RULE_FIELDS = /\bapns\.(pair|rtt|note|severity)\b/;

export function compiled(text: string): Pick<State, 'filterText' | 'filter' | 'filterAsksRules'> {
  if (text.trim() === '') return { filterText: '', filter: undefined, filterAsksRules: false };
  return { filterText: text, filter: compileFilter(text), filterAsksRules: RULE_FIELDS.test(text) };
}

export const MAIN_COMMANDS: Readonly<Record<string, Command>> = {
  down: (s, n) => moveBy(s, n ?? 1),
  up: (s, n) => moveBy(s, -(n ?? 1)),
  'page-down': (s) => moveBy(s, pageSize(s)),
  'page-up': (s) => moveBy(s, -pageSize(s)),
  'half-down': (s) => moveBy(s, pageSize(s) >> 1),
  'half-up': (s) => moveBy(s, -(pageSize(s) >> 1)),
  top: (s) => (s.pane === 'list' ? moveTo(s, 0) : moveBy(s, -1e9)),
  end: (s, n) => {
    if (n !== undefined) return goToNumber(s, n);
    if (s.pane !== 'list') return moveBy(s, 1e9);
    const moved = moveTo(s, s.shown.length - 1);
    return s.source.live && !s.loading.done ? { ...moved, autoscroll: true } : moved;
  },
  expand: (s) => (s.pane === 'tree' ? fold(s, true) : s.pane === 'bytes' ? moveBytes(s, 1) : { ...s, shift: s.shift + 8 }),
  collapse: (s) => (s.pane === 'tree' ? fold(s, false) : s.pane === 'bytes' ? moveBytes(s, -1) : { ...s, shift: Math.max(0, s.shift - 8) }),
  open: (s) => {
    if (s.pane === 'tree') return fold(s, undefined);
    if (s.pane === 'bytes') return { ...s, pane: 'tree' };
    return { ...s, pane: 'tree' };
  },
  'next-pane': (s) => nextPane(s, 1),
  'previous-pane': (s) => nextPane(s, -1),
  maximise: (s) => moveTo0({ ...s, maximised: !s.maximised }),
  'bytes-below': (s) => ({ ...s, bytesBelow: !s.bytesBelow }),
  grow: (s) => moveTo0({ ...s, split: Math.min(80, s.split + 5) }),
  shrink: (s) => moveTo0({ ...s, split: Math.max(20, s.split - 5) }),
  'byte-tab': (s) => {
    const layers = byteLayers(s.source, currentRow(s));
    if (layers.length === 0) return say(s, 'no bytes to show', true);
    const at = Math.max(
      0,
      layers.findIndex((l) => l.name === s.byteTab),
    );
    return inTab(s, layers[at], layers[(at + 1) % layers.length]);
  },
  'pair-next': (s) => pair(s, 1),
  'pair-previous': (s) => pair(s, -1),
  jump: (s) => ({ ...s, prompt: openPrompt('jump', 'Go to #number, +seconds or hh:mm:ss', '', []) }),
  run: (s) => ({ ...s, prompt: openPrompt('command', ':', '', []) }),
  ladder,
  stats: (s) =>
    enter(
      ask({ ...s, stats: { tables: [], table: 0, cursor: [], filtered: true, rows: 0, busy: true, byName: false } }, { type: 'tally' }),
      'stats',
    ),
  emulator: (s) => ({
    ...s,
    prompt: openPrompt('emulator', 'Emulator control address', s.emulator?.address ?? 'http://127.0.0.1:9000', []),
  }),
  columns: (s) => ({ ...s, menu: columnsMenu(s.columns ?? columnsFor(s.width)) }),
  'time-format': (s) => {
    const time = TIME_FORMATS[(TIME_FORMATS.indexOf(s.time) + 1) % TIME_FORMATS.length];
    return say({ ...s, time }, `time: ${time}`);
  },
  'time-reference': (s) => {
    const row = currentRow(s);
    if (row < 0) return s;
    const reference = s.reference === row ? 0 : row;
    return say({ ...s, reference, time: 'relative' }, `times count from #${reference + 1}`);
  },
  sort: (s) => ({ ...s, menu: sortMenu() }),
  colors: (s) => say({ ...s, colors: !s.colors }, s.colors ? 'colour rules are off' : 'colour rules are on'),
  filter: (s) => filterPrompt(s, s.filterText),
  'filter-toggle': (s) => {
    if (s.filter === undefined) return say(s, 'there is no filter (/ makes one)', true);
    return rescan({ ...s, filterOff: !s.filterOff });
  },
  'filter-clear': (s) => rescan({ ...s, ...compiled(''), filterOff: false, onlyMarked: false }),
  'filter-and': addTerm('and'),
  'filter-or': addTerm('or'),
  'filter-not': addTerm('not'),
  'filter-only': addTerm('only'),
  'follow-stream': (s) => {
    const row = currentRow(s);
    return row < 0 ? s : followed(s, `tcp.stream == ${s.source.timeline.rows.columns.stream(row)}`);
  },
  'follow-token': (s) => {
    const row = currentRow(s);
    if (row < 0) return s;
    const { timeline } = s.source;
    const token = tokenOf(timeline, row) ?? tokenOf(timeline, pairOf(timeline, row)?.row ?? row);
    return token === undefined
      ? say(s, 'this message has no token', true)
      : followed(s, `apns.token == ${/^[0-9a-f]+$/.test(token) ? (token.match(/../g) ?? []).join(':') : JSON.stringify(token)}`);
  },
  'only-marked': (s) => {
    if (!s.onlyMarked && markedRows(s).length === 0) return say(s, nothingMarked(s), true);
    return rescan({ ...s, onlyMarked: !s.onlyMarked });
  },
  find: (s) => ({ ...s, prompt: openPrompt('find', 'Find', '', s.history.find, { findKind: s.search?.kind ?? 'text' }) }),
  'find-next': (s) => search(s, 1),
  'find-previous': (s) => search(s, -1),
  mark,
  'mark-down': (s) => moveTo(mark(s), s.cursor + 1),
  'unmark-all': (s) => (s.onlyMarked ? rescan({ ...s, marks: new Set(), onlyMarked: false }) : { ...s, marks: new Set() }),
  'mark-next': nextMark,
  compare,
  export: (s) => ({ ...s, menu: formatMenu('list') }),
  copy: (s) => ({ ...s, menu: copyMenu() }),
  edit: (s) => {
    const row = currentRow(s);
    return row < 0 ? s : ask(s, { type: 'edit', row });
  },
  replay: openReplay,
  pause: (s) => {
    if (s.loading.done) return say(s, 'everything is read');
    return ask(say({ ...s, paused: !s.paused }, s.paused ? 'reading on' : 'paused (p goes on)'), { type: 'pause', on: !s.paused });
  },
  autoscroll: (s) =>
    s.autoscroll
      ? say({ ...s, autoscroll: false }, 'the end is not followed')
      : say({ ...moveTo(s, s.shown.length - 1), autoscroll: true }, 'following the end'),
};

/** The list kept in sight after its height changed. */
const moveTo0 = (s: State): State => ({ ...moveTo(s, s.cursor), byteTop: s.byteTop, byteCursor: s.byteCursor });

/** Looks for the pattern, from the message beside the cursor on, or from a position. */
export function search(state: State, step: 1 | -1, from = state.cursor + step): State {
  if (state.search === undefined) return { ...state, prompt: openPrompt('find', 'Find', '', state.history.find) };
  return ask({ ...state, searching: true }, { type: 'search', pattern: state.search, from, step });
}
