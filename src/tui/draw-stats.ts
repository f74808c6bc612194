/** Statistics: tables with bars, as many beside each other as fit. */

import { grouped } from '../core/text.ts';
import type { TallyTable } from '../view/tally.ts';
import type { Canvas } from './canvas.ts';
import { drawPane } from './draw-pane.ts';
import type { Rect } from './layout.ts';
import type { State, StatsState } from './state.ts';
import { cut, padded, textWidth } from './width.ts';

/** What the rows of a table are called. */
const HEADERS: Readonly<Record<TallyTable['name'], string>> = {
  Messages: 'message',
  Status: 'status',
  Topics: 'topic',
  Tokens: 'token',
  Connections: 'connection',
  'Response times': 'time',
  Severity: 'severity',
  Findings: 'finding',
};

/** A table beside others is at least this wide. */
const MIN_TABLE = 58;

export function drawStats(canvas: Canvas, state: State, rect: Rect): void {
  const { stats, theme } = state;
  if (stats === undefined) return;
  let x = rect.x + 1;
  // Where not all names fit, the chosen one is in sight.
  const names = stats.tables.reduce((sum, table) => sum + table.name.length + 3, 0);
  const from = names > rect.width ? Math.max(0, stats.table - 2) : 0;
  stats.tables.forEach((table, i) => {
    if (i < from) return;
    x = canvas.text(x, rect.y, ` ${table.name} `, i === stats.table ? theme.cursor : theme.dim) + 1;
  });
  const of = `${grouped(stats.rows)} ${stats.filtered ? 'shown' : 'of all'}${stats.busy ? '…' : ''}  S: ${stats.filtered ? 'all' : 'shown'}`;
  if (x + textWidth(of) + 1 < rect.width) canvas.text(rect.width - textWidth(of) - 1, rect.y, of, theme.note);
  const across = Math.max(1, Math.min(3, Math.floor(rect.width / MIN_TABLE)));
  const height = rect.height - 1;
  const down = height >= 24 ? 2 : 1;
  const each = Math.min(stats.tables.length, across * down);
  if (each === 0) {
    canvas.text(rect.x + 2, rect.y + 2, 'counting…', theme.dim);
    return;
  }
  const first = Math.max(0, Math.min(stats.table - (each >> 1), stats.tables.length - each));
  const width = Math.floor(rect.width / across);
  const tall = Math.floor(height / down);
  for (let i = 0; i < each; i++) {
    const column = i % across;
    const line = Math.floor(i / across);
    const at: Rect = {
      x: rect.x + column * width,
      y: rect.y + 1 + line * tall,
      width: column === across - 1 ? rect.width - column * width : width,
      height: line === down - 1 ? height - line * tall : tall,
    };
    drawTable(canvas, state, stats, first + i, at);
  }
}

function drawTable(canvas: Canvas, state: State, stats: StatsState, index: number, rect: Rect): void {
  const { theme } = state;
  const table: TallyTable = stats.tables[index];
  const focus = index === stats.table;
  const more = table.keys > table.rows.length ? `first ${table.rows.length} of ${table.keys}` : `${table.keys}`;
  drawPane(canvas, theme, rect, focus, table.name, more);
  const inner = rect.width - 2;
  let y = rect.y + 1;
  if (table.summary !== '') canvas.text(rect.x + 2, y++, cut(table.summary, inner - 2), theme.note);
  const bar = Math.max(6, Math.min(24, inner - 48));
  const label = Math.max(10, inner - 11 - 7 - bar - 4);
  canvas.text(
    rect.x + 1,
    y,
    ` ${padded(HEADERS[table.name], label)}${padded('count', 11, 'right')}${padded('%', 7, 'right')}`,
    theme.header,
  );
  y++;
  const rows = rect.y + rect.height - 1 - y;
  const cursor = Math.min(stats.cursor[index] ?? 0, Math.max(0, table.rows.length - 1));
  const top = Math.max(0, Math.min(cursor - (rows >> 1), table.rows.length - rows));
  const most = table.rows.reduce((m, r) => Math.max(m, r.share), 0);
  for (let i = 0; i < rows && top + i < table.rows.length; i++) {
    const row = table.rows[top + i];
    const length = most === 0 ? 0 : (row.share / most) * bar;
    const text = ` ${padded(row.label, label)}${padded(grouped(row.count), 11, 'right')}${padded((row.share * 100).toFixed(1), 7, 'right')} `;
    const x = canvas.text(rect.x + 1, y + i, text, theme.text, inner);
    canvas.text(
      x,
      y + i,
      `${'█'.repeat(Math.floor(length))}${length % 1 >= 0.5 ? '▌' : length < 1 && row.count > 0 ? '▏' : ''}`,
      theme.label,
      rect.x + rect.width - 1 - x,
    );
    if (focus && top + i === cursor) canvas.tint(rect.x + 1, y + i, inner, 1, theme.cursor);
  }
  if (table.rows.length === 0 && !stats.busy) canvas.text(rect.x + 2, y, 'none', theme.dim);
}
