/** Ladder, comparison and emulator view. */

import { grouped, printable } from '../core/text.ts';
import { compareTrees } from '../view/compare.ts';
import { type LadderMode, ladderHead, ladderStep } from '../view/ladder.ts';
import { treeLines } from '../view/tree.ts';
import type { Canvas } from './canvas.ts';
import { colorOf } from './color-rules.ts';
import { HIDDEN } from './detail.ts';
import { drawPane } from './draw-pane.ts';
import type { Rect } from './layout.ts';
import type { State } from './state.ts';
import { cut } from './width.ts';

const MODES: Readonly<Record<LadderMode, string>> = {
  connection: 'x: token, delivery',
  token: 'x: delivery, connection',
  delivery: 'x: connection, token',
};

export function drawLadder(canvas: Canvas, state: State, rect: Rect): void {
  const view = state.ladder;
  if (view === undefined) return;
  const { theme } = state;
  const { ladder, cursor, compress } = view;
  const { timeline } = state.source;
  const place = `${grouped(cursor + 1)}/${grouped(ladder.rows.length)}`;
  drawPane(canvas, theme, rect, true, `Flow: ${printable(ladder.title)}`, `${place}  ${MODES[ladder.mode]}`);
  const width = rect.width - 2;
  canvas.text(rect.x + 1, rect.y + 1, ladderHead(ladder, width), theme.header);
  const perStep = compress ? 1 : 2;
  const steps = Math.max(1, Math.floor((rect.height - 3) / perStep));
  const top = Math.max(0, Math.min(cursor - (steps >> 1), ladder.rows.length - steps));
  for (let i = 0; i < steps && top + i < ladder.rows.length; i++) {
    const row = ladder.rows[top + i];
    const lines = ladderStep(timeline, ladder, top + i, width, compress);
    const style = (state.colors ? colorOf(state.rules, timeline, row, theme) : undefined) ?? theme.text;
    lines.forEach((line, k) => {
      const y = rect.y + 2 + i * perStep + k;
      canvas.text(rect.x + 1, y, line, style);
      if (row === view.chosen) canvas.tint(rect.x + 1, y, width, 1, theme.marked);
      if (top + i === cursor) canvas.tint(rect.x + 1, y, width, 1, theme.cursor);
    });
  }
}

export function drawCompare(canvas: Canvas, state: State, rect: Rect): void {
  const view = state.compare;
  if (view === undefined) return;
  const { theme } = state;
  const { timeline, showSecrets } = state.source;
  const lines = compareTrees(treeLines(timeline.message(view.left)), treeLines(timeline.message(view.right)));
  const differ = lines.filter((l) => l.differs).length;
  const half = rect.width >> 1;
  const title = (row: number): string => `#${row + 1} ${printable(timeline.message(row).label)}`;
  drawPane(canvas, theme, { ...rect, width: half }, true, title(view.left));
  drawPane(canvas, theme, { ...rect, x: rect.x + half, width: rect.width - half }, true, title(view.right), `${differ} differ`);
  const rows = rect.height - 2;
  const top = Math.max(0, Math.min(view.top, lines.length - rows));
  for (let i = 0; i < rows && top + i < lines.length; i++) {
    const line = lines[top + i];
    const y = rect.y + 1 + i;
    for (const [side, x, width] of [
      [line.left, rect.x + 1, half - 2],
      [line.right, rect.x + half + 1, rect.width - half - 2],
    ] as const) {
      if (side === undefined) continue;
      const text = side.field?.privacy === 'credential' && !showSecrets ? HIDDEN : side.text;
      const indent = Math.min(side.depth * 2, width >> 1);
      const at = canvas.text(x + 2 + indent, y, cut(`${side.label}: `, width - indent - 2), line.differs ? theme.differs : theme.label);
      canvas.text(at, y, cut(text, x + width - at), line.differs ? theme.differs : theme.text);
    }
    if (line.differs) {
      canvas.text(rect.x + 1, y, line.right === undefined ? '–' : line.left === undefined ? ' ' : '≠', theme.differs);
      canvas.text(rect.x + half + 1, y, line.left === undefined ? '+' : line.right === undefined ? ' ' : '≠', theme.differs);
    }
  }
}

export function drawEmulator(canvas: Canvas, state: State, rect: Rect): void {
  const view = state.emulator;
  if (view === undefined) return;
  const { theme } = state;
  const head = Math.min(view.status.length, 6) + 2;
  const health = view.error ?? (view.connected ? 'attached' : 'connecting…');
  drawPane(
    canvas,
    theme,
    { ...rect, height: head },
    false,
    `Emulator ${printable(view.address.replace(/#.*$/, ''))}`,
    cut(printable(health), rect.width >> 1),
  );
  view.status.slice(0, head - 2).forEach(([name, value], i) => {
    const x = canvas.text(rect.x + 2, rect.y + 1 + i, `${printable(name)}: `, theme.label);
    canvas.text(x, rect.y + 1 + i, cut(printable(value), rect.width - x - 2), theme.text);
  });
  const y = rect.y + head;
  const height = rect.height - head;
  const rows = height - 2;
  const top = view.follow ? Math.max(0, view.events.length - rows) : Math.min(view.top, Math.max(0, view.events.length - rows));
  const remark = `${view.events.length} events${view.follow ? '  following' : ''}${view.paused ? '  paused' : ''}`;
  drawPane(canvas, theme, { ...rect, y, height }, true, 'Events', remark);
  for (let i = 0; i < rows && top + i < view.events.length; i++) {
    const event = view.events[top + i];
    let x = canvas.text(rect.x + 2, y + 1 + i, `${printable(event.time)} `, theme.dim);
    x = canvas.text(x, y + 1 + i, `${printable(event.server).padEnd(9)} `, theme.label);
    canvas.text(x, y + 1 + i, cut(printable(event.text), rect.width - x - 2), event.bad ? theme.warn : theme.text);
  }
  if (view.events.length === 0)
    canvas.text(
      rect.x + 2,
      y + 1,
      cut(view.error === undefined ? 'nothing happened yet' : `cannot reach it: ${printable(view.error)}`, rect.width - 4),
      theme.dim,
    );
}
