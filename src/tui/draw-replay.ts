/** The replay view: the form, progress, results, and what differs in the selected one. */

import { grouped, printable } from '../core/text.ts';
import type { Canvas, Style } from './canvas.ts';
import { scrolled } from './detail.ts';
import { drawPane } from './draw-pane.ts';
import type { Rect } from './layout.ts';
import { isRunning, REPLAY_FIELDS, type ReplayLine, type ReplayState } from './replay-view.ts';
import { markedRows, type State } from './state.ts';
import { cut, padded } from './width.ts';

/** From this width on the form has two columns. */
const TWO_COLUMNS = 110;
/** Below this height form and results take turns. */
const BOTH = 20;
const LABEL = 13;

export function drawReplay(canvas: Canvas, state: State, rect: Rect): void {
  const { replay } = state;
  if (replay === undefined) return;
  const columns = rect.width >= TWO_COLUMNS ? 2 : 1;
  // The form scrolls where it would leave less than half to the results.
  const formHeight = Math.min(Math.ceil(REPLAY_FIELDS.length / columns), (rect.height >> 1) - 1) + 2;
  if (rect.height < BOTH) {
    if (replay.focus === 'form') drawForm(canvas, state, replay, rect, columns);
    else drawResults(canvas, state, replay, rect);
    return;
  }
  drawForm(canvas, state, replay, { ...rect, height: formHeight }, columns);
  const rest = { ...rect, y: rect.y + formHeight, height: rect.height - formHeight };
  const line = selectedLine(replay);
  const rows = line === undefined ? 0 : Math.min(line.differences.length + (line.why === undefined ? 0 : 1), 6);
  const height = rows > 0 && rest.height - rows - 2 >= 6 ? rows + 2 : 0;
  drawResults(canvas, state, replay, { ...rest, height: rest.height - height });
  if (height > 0 && line !== undefined) drawDifference(canvas, state, line, { ...rest, y: rest.y + rest.height - height, height });
}

const selectedLine = (replay: ReplayState): ReplayLine | undefined =>
  replay.plan.length > 0 ? undefined : replay.lines[replay.follow ? replay.lines.length - 1 : replay.selected];

function fieldText(state: State, replay: ReplayState, name: (typeof REPLAY_FIELDS)[number]['name']): string {
  const value = replay.form[name];
  if (name === 'messages') {
    if (value === 'marked') return `${grouped(markedRows(state).length)} marked`;
    return value === 'shown' ? `${grouped(state.shown.length)} shown` : 'this message';
  }
  if (name === 'remote' && value === '') return 'none: only this machine';
  if (name === 'rate' && value === '') return 'no limit';
  if (value === '') return 'none';
  return printable(value);
}

function drawForm(canvas: Canvas, state: State, replay: ReplayState, rect: Rect, columns: number): void {
  const { theme } = state;
  const focus = replay.focus === 'form';
  const perColumn = Math.ceil(REPLAY_FIELDS.length / columns);
  const width = Math.floor((rect.width - 2) / columns);
  const rows = rect.height - 2;
  const how = isRunning(replay) ? 'x stops' : replay.form.dry === 'yes' ? 'r shows the plan' : 'r sends';
  const more = perColumn > rows ? `${replay.field + 1}/${REPLAY_FIELDS.length}  ` : '';
  drawPane(canvas, theme, rect, focus, 'Replay', more + how);
  const top = perColumn > rows ? Math.max(0, Math.min(replay.field - (rows >> 1), perColumn - rows)) : 0;
  REPLAY_FIELDS.forEach((field, i) => {
    const line = (i % perColumn) - top;
    if (line < 0 || line >= rows) return;
    const x = rect.x + 1 + Math.floor(i / perColumn) * width;
    const y = rect.y + 1 + line;
    let at = canvas.text(x + 1, y, padded(field.label, LABEL), theme.label);
    const value = fieldText(state, replay, field.name);
    const shown = field.values === undefined ? `[${value}]` : `‹ ${value} ›`;
    const risky = field.name === 'dry' && replay.form.dry === 'no';
    at = canvas.text(at, y, cut(shown, width - LABEL - 2), risky ? theme.warn : theme.text);
    canvas.text(at + 2, y, cut(field.doc, x + width - at - 3), theme.dim);
    if (i === replay.field) canvas.tint(x, y, width, 1, focus ? theme.cursor : theme.cursorIdle);
  });
}

const PHASES: Readonly<Record<ReplayState['phase'], string>> = {
  form: 'not started',
  starting: 'starting…',
  running: 'running',
  paused: 'paused (p goes on)',
  done: 'done',
  failed: 'failed',
};

const BAR = 20;

function drawResults(canvas: Canvas, state: State, replay: ReplayState, rect: Rect): void {
  const { theme } = state;
  const focus = replay.focus === 'results';
  const title = replay.plan.length > 0 ? 'Plan (nothing was sent)' : 'Results';
  drawPane(canvas, theme, rect, focus, title, PHASES[replay.phase]);
  const x = rect.x + 2;
  const inner = rect.width - 4;
  let y = rect.y + 1;
  if (replay.error !== undefined) canvas.text(x, y++, cut(printable(replay.error), inner), theme.error);
  if (replay.planned > 0) {
    const share = Math.min(1, replay.sent / replay.planned);
    const bar = Math.round(share * BAR);
    const c = replay.counts;
    const words = (['equal', 'different', 'missing', 'unexpected', 'failed'] as const).filter(
      (name) => (c[name] ?? 0) > 0 || name === 'equal',
    );
    const times = replay.times === undefined ? '' : `  p50 ${milliseconds(replay.times.p50)} p90 ${milliseconds(replay.times.p90)}`;
    const text = `sent ${grouped(replay.sent)}/${grouped(replay.planned)} ${'▓'.repeat(bar)}${'░'.repeat(BAR - bar)} ${words.map((name) => `${name} ${grouped(c[name] ?? 0)}`).join('  ')}${times}`;
    canvas.text(x, y++, cut(text, inner), theme.note);
  }
  for (const remark of replay.remarks.slice(0, 2)) canvas.text(x, y++, cut(printable(remark), inner), theme.warn);
  const rows = rect.y + rect.height - 1 - y;
  if (replay.plan.length > 0) {
    const top = scrolled(0, replay.selected, rows, replay.plan.length);
    for (let i = 0; i < rows && top + i < replay.plan.length; i++) {
      canvas.text(x, y + i, cut(printable(replay.plan[top + i]), inner), theme.text);
      if (focus && top + i === replay.selected) canvas.tint(x - 1, y + i, inner + 2, 1, theme.cursor);
    }
    return;
  }
  if (replay.lines.length === 0 && replay.phase === 'form')
    canvas.text(x, y, cut('Choose with j k, change with ← → or ⏎, and press r. Nothing is sent in a dry run.', inner), theme.dim);
  const selected = Math.max(0, replay.follow ? replay.lines.length - 1 : replay.selected);
  const top = scrolled(Math.max(0, selected - rows + 1), selected, rows, replay.lines.length);
  for (let i = 0; i < rows && top + i < replay.lines.length; i++) {
    const line = replay.lines[top + i];
    canvas.text(x, y + i, cut(resultText(line), inner), styleOf(state, line));
    if (top + i === selected) canvas.tint(x - 1, y + i, inner + 2, 1, focus ? theme.cursor : theme.cursorIdle);
  }
}

const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

function resultText(line: ReplayLine): string {
  const took = Number.isNaN(line.now) ? '' : milliseconds(line.now);
  const [first] = line.differences;
  const what = first === undefined ? (line.why ?? '') : `${first.field}: ${first.recorded ?? '–'} → ${first.live ?? '–'}`;
  const more = line.differences.length > 1 ? ` (+${line.differences.length - 1})` : '';
  return `${padded(line.outcome, 10)} ${padded(took, 8, 'right')}  ${padded(printable(line.text), 34)}  ${printable(what)}${more}`;
}

function styleOf(state: State, line: ReplayLine): Style {
  const { theme } = state;
  if (line.outcome === 'equal') return theme.good;
  return line.outcome === 'different' || line.outcome === 'unexpected' ? theme.warn : theme.error;
}

function drawDifference(canvas: Canvas, state: State, line: ReplayLine, rect: Rect): void {
  const { theme } = state;
  const recorded = Number.isNaN(line.recorded) ? '' : `recorded ${milliseconds(line.recorded)}`;
  drawPane(canvas, theme, rect, false, `#${line.row + 1}: in the capture → now`, recorded);
  const inner = rect.width - 4;
  let y = rect.y + 1;
  if (line.why !== undefined) canvas.text(rect.x + 2, y++, cut(printable(line.why), inner), theme.warn);
  for (const { field, recorded: then, live } of line.differences) {
    if (y >= rect.y + rect.height - 1) break;
    const at = canvas.text(rect.x + 2, y, `${padded(printable(field), 18)} `, theme.label);
    const half = Math.max(10, (inner - 22) >> 1);
    canvas.text(at, y, padded(printable(then ?? '–'), half), theme.text);
    canvas.text(at + half, y, ' → ', theme.dim);
    canvas.text(at + half + 3, y, cut(printable(live ?? '–'), half), theme.differs);
    y++;
  }
}
