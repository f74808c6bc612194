/** The detail tree, and the messages around the selected one on its connection. */

import { printable } from '../core/text.ts';
import { elapsed } from '../core/time.ts';
import { pairOf } from '../view/pairs.ts';
import type { Canvas, Style } from './canvas.ts';
import { currentRow, detailLines, scrolled, treeIndex } from './detail.ts';
import { drawPane } from './draw-pane.ts';
import type { Rect } from './layout.ts';
import type { State } from './state.ts';
import { cut, padded } from './width.ts';

export function severityStyle(state: State, severity: string | undefined): Style | undefined {
  const { theme } = state;
  return severity === 'error' ? theme.error : severity === 'warn' ? theme.warn : severity === 'note' ? theme.note : undefined;
}

export function drawDetail(canvas: Canvas, state: State, rect: Rect): void {
  const { theme } = state;
  const focus = state.pane === 'tree';
  const row = currentRow(state);
  const lines = detailLines(state.source, row, state.toggled);
  const index = treeIndex(lines, state.treePath);
  const rows = rect.height - 2;
  const top = scrolled(state.treeTop, index, rows, lines.length);
  const remark = lines.length > rows ? `${index + 1}/${lines.length}` : '';
  drawPane(canvas, theme, rect, focus, 'Detail', remark);
  const width = rect.width - 2;
  for (let i = 0; i < rows && top + i < lines.length; i++) {
    const line = lines[top + i];
    const y = rect.y + 1 + i;
    const indent = Math.min(line.depth * 2, width >> 1);
    let x = rect.x + 1 + indent;
    canvas.text(x, y, line.children > 0 ? (line.open ? '▾' : '▸') : ' ', theme.dim);
    x += 2;
    const end = rect.x + 1 + width;
    const tone = severityStyle(state, line.severity);
    const found = line.label.startsWith('! ');
    x = canvas.text(
      x,
      y,
      cut(line.text === '' ? line.label : `${line.label}: `, end - x),
      tone ?? (line.depth === 0 && line.children > 0 ? theme.header : theme.label),
    );
    canvas.text(x, y, cut(line.text, end - x), found ? (tone ?? theme.text) : theme.text);
    if (top + i === index) canvas.tint(rect.x + 1, y, width, 1, focus ? theme.cursor : theme.cursorIdle);
  }
}

/** Messages of the same connection before and after, one line each, with the pair marked. */
export function drawRelated(canvas: Canvas, state: State, rect: Rect): void {
  const { theme } = state;
  const { timeline } = state.source;
  drawPane(canvas, theme, rect, false, 'Connection');
  const row = currentRow(state);
  if (row < 0) return;
  const rows = rect.height - 2;
  const near = neighbours(state, row, rows);
  const pair = pairOf(timeline, row, REACH)?.row;
  const { columns } = timeline.rows;
  near.forEach((at, i) => {
    const y = rect.y + 1 + i;
    const message = timeline.message(at);
    const arrow = columns.dir(at) === 0 ? '→' : '←';
    const status = columns.status(at) < 0 ? '' : ` ${columns.status(at)}`;
    const time =
      at === row || !timeline.timed(at) || !timeline.timed(row)
        ? ''
        : elapsed(columns.sec(at), columns.nsec(at), columns.sec(row), columns.nsec(row), 3);
    const sign = time === '' || time.startsWith('-') ? time : `+${time}`;
    const text = `${at === row ? '▶' : at === pair ? '●' : ' '} ${padded(sign, 9, 'right')} ${arrow} #${at + 1} ${printable(message.label)}${status}`;
    canvas.text(rect.x + 1, y, cut(text, rect.width - 2), at === row ? theme.header : at === pair ? theme.good : theme.text);
  });
}

/** Rows that are looked through for neighbours; a quiet connection between busy ones shows fewer. */
const REACH = 20_000;
let kept: { state: unknown; row: number; count: number; total: number; rows: number[] } | undefined;

function neighbours(state: State, row: number, count: number): number[] {
  const { timeline } = state.source;
  if (kept !== undefined && kept.state === state.source && kept.row === row && kept.count === count && kept.total === timeline.length)
    return kept.rows;
  const { columns } = timeline.rows;
  const stream = columns.stream(row);
  const before: number[] = [];
  const after: number[] = [];
  for (let at = row - 1; at >= timeline.first && at > row - REACH && before.length < count; at--)
    if (columns.stream(at) === stream) before.unshift(at);
  for (let at = row + 1; at < timeline.length && at < row + REACH && after.length < count; at++)
    if (columns.stream(at) === stream) after.push(at);
  const up = Math.min(before.length, Math.max(count >> 1, count - 1 - after.length));
  const rows = [...before.slice(before.length - up), row, ...after].slice(0, count);
  kept = { state: state.source, row, count, total: timeline.length, rows };
  return rows;
}
