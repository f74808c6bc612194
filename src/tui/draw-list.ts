/** The timeline: only the rows in sight are decoded and drawn. */

import { DIALECT } from '../core/message.ts';
import { grouped } from '../core/text.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { type Column, column, RowView } from '../view/columns.ts';
import type { TimeFormat } from '../view/time-format.ts';
import type { Canvas, Style } from './canvas.ts';
import { type ColorRule, colorOf } from './color-rules.ts';
import { drawPane } from './draw-pane.ts';
import type { Rect } from './layout.ts';
import { columnsFor } from './menu.ts';
import { rowAt } from './row-set.ts';
import { markedRows, type State } from './state.ts';
import type { Theme } from './theme.ts';
import { cut, padded, textWidth } from './width.ts';

const TIME_WIDTH: Readonly<Record<TimeFormat, number>> = { relative: 12, delta: 11, absolute: 26, utc: 27, epoch: 20 };

/** Width of a column in the list; 0 = what is left. */
function widthOf(c: Column, state: State): number {
  switch (c.name) {
    case 'number':
      return Math.max(4, String(state.total).length);
    case 'time':
      return TIME_WIDTH[state.time];
    case 'message':
      return state.width < 100 ? 15 : state.width < 160 ? 20 : 25;
    case 'token':
      return 17;
    case 'topic':
      return state.width < 200 ? 20 : 28;
    case 'src':
    case 'dst':
      return 21;
    case 'peers':
      return 40;
    case 'dialect':
    case 'rtt':
      return 9;
    case 'info':
      return 0;
    default:
      return Math.min(c.max, Math.max(c.title.length, c.name === 'size' ? 7 : c.name === 'id' ? 6 : 6));
  }
}

interface Slot {
  readonly column: Column;
  readonly width: number;
}

/** Columns that padded, the one without a width (or the last) taking what is left. */
function slots(state: State, room: number): Slot[] {
  const chosen = (state.columns ?? columnsFor(state.width)).flatMap((name) => column(name) ?? []);
  const out: Slot[] = [];
  let used = 0;
  for (const c of chosen) {
    const width = widthOf(c, state) || Math.max(10, room - used);
    if (used + Math.min(width, 4) > room) break;
    out.push({ column: c, width: Math.min(width, room - used) });
    used += width + 1;
  }
  const last = out[out.length - 1];
  if (last !== undefined && used - 1 < room && last.column.align === 'left')
    out[out.length - 1] = { ...last, width: last.width + room - used + 1 };
  return out;
}

/** Styles of rows by rule, kept while timeline, rules and theme are the same: rules ask for decoding. */
const KEPT_STYLES = 2000;
let kept:
  | { timeline: Timeline; rules: readonly ColorRule[]; theme: Theme; settled: boolean; styles: Map<number, Style | undefined> }
  | undefined;

function styleOf(state: State, row: number): Style | undefined {
  const { timeline } = state.source;
  const settled = timeline.analysis?.settled === true;
  if (kept?.timeline !== timeline || kept.rules !== state.rules || kept.theme !== state.theme || kept.settled !== settled) {
    kept = { timeline, rules: state.rules, theme: state.theme, settled, styles: new Map() };
  }
  if (kept.styles.has(row)) return kept.styles.get(row);
  if (kept.styles.size >= KEPT_STYLES) kept.styles.clear();
  const style = colorOf(state.rules, timeline, row, state.theme);
  kept.styles.set(row, style);
  return style;
}

export function drawList(canvas: Canvas, state: State, rect: Rect): void {
  const { theme } = state;
  const focus = state.pane === 'list';
  const { shown } = state;
  const place = shown.length === 0 ? '0' : `${grouped(state.cursor + 1)}/${grouped(shown.length)}`;
  const sorted = state.sorted === undefined ? '' : `  ${state.sorted.descending ? '▼' : '▲'} ${state.sorted.column}`;
  const lost = state.marks.size - markedRows(state).length;
  const marked = state.marks.size === 0 ? '' : `  marked ${state.marks.size}${lost === 0 ? '' : ` (${lost} gone)`}`;
  drawPane(canvas, theme, rect, focus, 'Timeline', `${place}${sorted}${marked}`);
  const x = rect.x + 1;
  const inner = rect.width - 2;
  const cells = slots(state, inner - 2);
  let at = x + 2;
  for (const { column: c, width } of cells) {
    const title = state.sorted?.column === c.name ? `${c.title.slice(0, width - 1)}${state.sorted.descending ? '▼' : '▲'}` : c.title;
    canvas.text(at, rect.y + 1, padded(title, width, c.align), theme.header);
    at += width + 1;
  }
  const view = new RowView(state.source.timeline, state.time);
  view.first = Math.min(state.reference, Math.max(0, state.total - 1));
  const rows = rect.height - 3;
  for (let line = 0; line < rows; line++) {
    const position = state.top + line;
    const row = rowAt(shown, position);
    if (row < 0) break;
    drawRow(canvas, state, view, cells, x, rect.y + 2 + line, inner, position, row);
  }
  if (shown.length === 0) canvas.text(x + 2, rect.y + 3, cut(emptyText(state), inner - 4), theme.dim);
}

function emptyText(state: State): string {
  if (state.scan.active || (!state.loading.done && state.loading.position === 0)) return 'reading…';
  if (state.onlyMarked) return 'no marked message is shown; M shows all';
  if (state.filter !== undefined && !state.filterOff) return 'no message matches the filter; Alt-f turns it off, / edits it';
  return state.loading.done ? 'there are no messages in this input' : 'no messages yet';
}

function drawRow(
  canvas: Canvas,
  state: State,
  view: RowView,
  cells: readonly Slot[],
  x: number,
  y: number,
  inner: number,
  position: number,
  row: number,
): void {
  const { theme } = state;
  const current = position === state.cursor;
  const base = (state.colors ? styleOf(state, row) : undefined) ?? theme.text;
  view.previous = position > 0 ? rowAt(state.shown, position - 1) : -1;
  const isMarked = state.marks.has(row);
  canvas.text(x, y, current ? '▶' : ' ', theme.label);
  if (isMarked) canvas.text(x + 1, y, '*', theme.marked);
  let at = x + 2;
  for (const { column: c, width } of cells) {
    let text = c.cell(view, row);
    if (c.name === 'info' && state.shift > 0) text = shifted(text, state.shift);
    if (c.name === 'time' && text === '') text = '–';
    if (text !== '') canvas.text(at, y, padded(text, width, c.align), base);
    at += width + 1;
  }
  if (view.timeline.rows.columns.severity(row) >= 3 || view.timeline.rows.columns.type(row) === DIALECT.capture << 8)
    canvas.text(x + 1, y, isMarked ? '*' : '!', theme.error);
  if (current) canvas.tint(x, y, inner, 1, state.pane === 'list' ? theme.cursor : theme.cursorIdle);
  else if (isMarked) canvas.tint(x, y, 2, 1, theme.marked);
}

/** The text without its first columns. */
function shifted(text: string, columns: number): string {
  let at = 0;
  let skipped = 0;
  for (const c of text) {
    if (skipped >= columns) break;
    skipped += textWidth(c);
    at += c.length;
  }
  return at >= text.length ? '' : `…${text.slice(at)}`;
}
