/** The whole screen from the state. Pure: no terminal in it. */
import { grouped } from '../core/text.ts';
import { Canvas } from './canvas.ts';
import { drawBytes } from './draw-bytes.ts';
import { drawDetail, drawRelated } from './draw-detail.ts';
import { drawHelp } from './draw-help.ts';
import { drawList } from './draw-list.ts';
import { drawMenu, drawPrompt } from './draw-prompt.ts';
import { drawReplay } from './draw-replay.ts';
import { drawStats } from './draw-stats.ts';
import { drawCompare, drawEmulator, drawLadder } from './draw-views.ts';
import { BINDINGS, keyName, keysOf, type Place } from './keys.ts';
import { layout, MIN_HEIGHT, MIN_WIDTH } from './layout.ts';
import type { State } from './state.ts';
import { cut, textWidth } from './width.ts';

/** `used`: a canvas that may be drawn over, so that pictures cost no memory. */
export function draw(state: State, used?: Canvas): Canvas {
  const fits = used !== undefined && used.width === state.width && used.height === state.height && used.ascii === state.ascii;
  const canvas = fits ? used : new Canvas(state.width, state.height, state.ascii);
  canvas.clear(state.theme.text);
  if (state.width < MIN_WIDTH || state.height < MIN_HEIGHT) {
    canvas.text(0, state.height >> 1, `terminal too small (${state.width}x${state.height}, need ${MIN_WIDTH}x${MIN_HEIGHT})`);
    return canvas;
  }
  drawTitle(canvas, state);
  drawFilterLine(canvas, state);
  const at = layout(state);
  switch (state.view) {
    case 'ladder':
      drawLadder(canvas, state, at.body);
      break;
    case 'stats':
      drawStats(canvas, state, at.body);
      break;
    case 'compare':
      drawCompare(canvas, state, at.body);
      break;
    case 'help':
      drawHelp(canvas, state, at.body);
      break;
    case 'emulator':
      drawEmulator(canvas, state, at.body);
      break;
    case 'replay':
      drawReplay(canvas, state, at.body);
      break;
    default:
      if (at.list !== undefined) drawList(canvas, state, at.list);
      if (at.tree !== undefined) drawDetail(canvas, state, at.tree);
      if (at.bytes !== undefined) drawBytes(canvas, state, at.bytes);
      if (at.related !== undefined) drawRelated(canvas, state, at.related);
  }
  drawBottom(canvas, state);
  if (state.prompt !== undefined) drawPrompt(canvas, state, state.prompt);
  if (state.menu !== undefined) drawMenu(canvas, state, state.menu);
  return canvas;
}

const mega = (bytes: number): string =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

const TITLES: Readonly<Record<State['view'], string>> = {
  main: '',
  ladder: ' › Flow',
  stats: ' › Statistics',
  compare: ' › Compare',
  help: ' › Help',
  emulator: ' › Emulator',
  replay: ' › Replay',
};

/** What is loaded, and how far. */
export function loadingText(state: State): string {
  const { loading, total } = state;
  const messages = `${grouped(total)} msg${total === 1 ? '' : 's'}${state.gone === 0 ? '' : ` (${grouped(state.gone)} gone)`}`;
  if (loading.done) return `${messages}${loading.stopped ? '  stopped: not all is read' : ''}`;
  if (state.paused) return `${messages}  ⏸ paused`;
  if (state.source.live && loading.waiting) return `${messages}  ● live${state.autoscroll ? ' ↓' : ''}`;
  if (loading.size === undefined || loading.size === 0) return `${messages}  ● ${mega(loading.position)} read`;
  const share = Math.min(1, loading.position / loading.size);
  const left = loading.rate > 0 ? `  ETA ${Math.ceil((loading.size - loading.position) / loading.rate)} s` : '';
  const bar = Math.round(share * 10);
  return `${messages}  ${'▓'.repeat(bar)}${'░'.repeat(10 - bar)} ${Math.floor(share * 100)}%  ${mega(loading.rate)}/s${left}`;
}

function drawTitle(canvas: Canvas, state: State): void {
  const { theme } = state;
  canvas.fill(0, 0, canvas.width, 1, theme.bar);
  const right = ` ${loadingText(state)} `;
  const size = state.loading.size;
  const left = ` apns-inspect${TITLES[state.view]}  ${state.source.title}${size === undefined || size === 0 ? '' : `  ${mega(size)}`}`;
  canvas.text(0, 0, cut(left, Math.max(0, canvas.width - textWidth(right) - 1)), theme.bar);
  canvas.text(canvas.width - textWidth(right), 0, right, theme.bar);
}

function drawFilterLine(canvas: Canvas, state: State): void {
  const { theme } = state;
  let x = canvas.text(1, 1, 'Filter: ', theme.label);
  const hits = `${grouped(state.shown.length)} of ${grouped(state.total - state.gone)}`;
  let status = '';
  if (state.scan.active && (state.filter !== undefined || state.onlyMarked)) {
    const share = state.total === 0 ? 0 : Math.floor((state.scan.looked / state.total) * 100);
    // Until the filter has come to the cursor's row, the rows of before are shown: they are no hits.
    status = state.wanted >= 0 ? `scanning… ${share}%, ^C stops` : `scanning… ${hits} (${share}%, ^C stops)`;
  } else if (state.filter !== undefined || state.onlyMarked || state.shown.rows !== undefined) status = hits;
  if (state.searching) status = `searching… ^C stops  ${status}`;
  if (state.onlyMarked) status = `marked only  ${status}`;
  if (state.filter === undefined) {
    x = canvas.text(x, 1, '‹none›', theme.dim);
    if (status === '')
      canvas.text(x + 3, 1, cut('press / to type, e.g.  apns.status != 0 && apns.topic contains "mail"', canvas.width - x - 4), theme.dim);
  } else {
    const room = Math.max(0, canvas.width - x - textWidth(status) - 3);
    canvas.text(
      x,
      1,
      cut(state.filterText + (state.filterOff ? '  (off, Alt-f turns it on)' : ''), room),
      state.filterOff ? theme.dim : theme.prompt,
    );
  }
  if (status !== '') canvas.text(Math.max(x, canvas.width - textWidth(status) - 1), 1, status, theme.note);
}

/** The most wanted hints first: a narrow terminal shows only these. */
const HINT_ORDER = ['help', 'filter', 'find', 'ladder', 'stats', 'mark', 'next-pane', 'export', 'copy', 'replay', 'quit'];
const rank = (command: string): number => (HINT_ORDER.includes(command) ? HINT_ORDER.indexOf(command) : HINT_ORDER.length - 1.5);

/** Commands that have no hint on the timeline, in a word. */
const WORDS: Readonly<Record<string, string>> = {
  'mark-down': 'choose',
  extend: 'mode',
  compress: 'lines',
  filtered: 'all',
  'sort-table': 'sort',
};

/** The line of hints, from the key table; or what was said last. */
function drawBottom(canvas: Canvas, state: State): void {
  const y = canvas.height - 1;
  const { theme } = state;
  if (state.message !== undefined) {
    canvas.text(1, y, cut(state.message.text.split('\n')[0], canvas.width - 2), state.message.bad ? theme.error : theme.note);
    return;
  }
  if (state.count !== '') {
    canvas.text(1, y, `${state.count}…  G goes there`, theme.note);
    return;
  }
  const places: readonly Place[] = state.view === 'main' ? [state.pane, 'main'] : [state.view];
  const hints = BINDINGS.filter(
    (b) =>
      (b.hint !== undefined || (state.view !== 'main' && b.group === 'Act')) &&
      (b.group !== 'Live' || state.view !== 'main') &&
      b.places.some((p) => places.includes(p)),
  );
  hints.sort((a, b) => rank(a.command) - rank(b.command));
  let x = 1;
  for (const binding of hints) {
    const [key] = keysOf(state.keymap, binding);
    if (key === undefined) continue;
    const word = binding.hint ?? WORDS[binding.command] ?? binding.command;
    if (state.view !== 'main' && key === 'escape') continue;
    const gap = canvas.width >= 100 ? 3 : 1;
    const room = state.view === 'main' ? canvas.width - 1 : canvas.width - 11;
    if (x + textWidth(keyName(key)) + 1 + word.length > room) break;
    x = canvas.text(x, y, keyName(key), theme.barKey);
    x = canvas.text(x, y, `${canvas.width >= 100 || keyName(key).length > 1 ? ' ' : ''}${word}`, theme.dim) + gap;
  }
  if (state.view !== 'main') canvas.text(Math.max(x, canvas.width - 9), y, 'Esc back', theme.dim);
}
