/** The prompt line with what is wrong under it, and menus over the view. */

import { printable } from '../core/text.ts';
import { type Canvas, INVERSE, layered, style } from './canvas.ts';
import { drawPane } from './draw-pane.ts';
import type { MenuState } from './menu.ts';
import type { PromptState } from './prompt.ts';
import type { State } from './state.ts';
import { cut, padded, textWidth } from './width.ts';

const HINTS: Readonly<Record<PromptState['kind'], string>> = {
  filter: '⏎ apply · Tab complete · ↑ ↓ history · ^R search history · Esc cancel',
  find: '⏎ find · Tab text / hex / regex · ↑ ↓ history · Esc cancel',
  jump: '⏎ go · 41 · +12.5 (seconds) · 18:12:06 · 2026-11-21T18:12:06Z · Esc cancel',
  command: '⏎ run · number, time or a command of the help page · Esc cancel',
  export: '⏎ write · Esc cancel',
  replay: '⏎ take over · Esc cancel',
  emulator: '⏎ attach · Esc cancel',
};

export function drawPrompt(canvas: Canvas, state: State, prompt: PromptState): void {
  const { theme, width } = state;
  const y = 1;
  canvas.fill(0, y, width, 1, theme.text);
  const label = prompt.kind === 'find' ? `${prompt.label} [${prompt.findKind}]` : prompt.label;
  const start = canvas.text(1, y, label.endsWith(':') ? label : `${label}: `, theme.label);
  const room = width - start - 1;
  const text = printable(prompt.text);
  const before = textWidth(printable(prompt.text.slice(0, prompt.cursor)));
  // The text is shown from where the cursor stays in sight.
  const skip = Math.max(0, before - room + 1);
  const bad = prompt.problem !== undefined;
  canvas.text(start, y, visible(text, skip), bad ? theme.prompt : layered(theme.prompt, theme.good), room);
  canvas.tint(start + before - skip, y, 1, 1, style(undefined, undefined, INVERSE));
  let line = y + 1;
  if (prompt.problem !== undefined) {
    const { start: from, end, reason, suggestion } = prompt.problem;
    const at = start + textWidth(printable(prompt.text.slice(0, from))) - skip;
    const marks = Math.max(1, Math.min(end - from, room));
    canvas.fill(0, line, width, 1, theme.text);
    const said = `${reason}${suggestion === undefined ? '' : ` — did you mean ${suggestion}?`}`;
    const carets = Math.max(start, Math.min(at, width - 2));
    const after = canvas.text(carets, line, '^'.repeat(Math.min(marks, width - carets - 1)), theme.error);
    // The sentence stands behind the carets when it fits there, else below.
    if (textWidth(said) + 1 <= width - after - 1) canvas.text(after + 1, line, said, theme.error);
    else {
      line++;
      canvas.fill(0, line, width, 1, theme.text);
      canvas.text(Math.max(1, Math.min(start, width - textWidth(said) - 1)), line, cut(said, width - 2), theme.error);
    }
    line++;
  }
  if (prompt.completions.length > 0) {
    canvas.fill(0, line, width, 1, theme.text);
    let x = start;
    const from = Math.max(0, prompt.chosen - 2);
    for (let i = from; i < prompt.completions.length; i++) {
      const word = prompt.completions[i];
      if (x + word.length > width - 2) {
        canvas.text(x, line, '…', theme.dim);
        break;
      }
      x = canvas.text(x, line, word, i === prompt.chosen ? theme.cursor : theme.note) + 2;
    }
    line++;
  }
  canvas.fill(0, line, width, 1, theme.text);
  canvas.text(
    start,
    line,
    cut(
      bad && prompt.kind === 'filter' ? `the list still shows the last valid filter · ${HINTS.filter.slice(10)}` : HINTS[prompt.kind],
      width - start - 1,
    ),
    theme.dim,
  );
}

/** What is left of a text without its first columns. */
function visible(text: string, skip: number): string {
  if (skip === 0) return text;
  let at = 0;
  let columns = 0;
  for (const c of text) {
    if (columns >= skip) break;
    columns += textWidth(c);
    at += c.length;
  }
  return text.slice(at);
}

export function drawMenu(canvas: Canvas, state: State, menu: MenuState): void {
  const { theme } = state;
  const labels = Math.max(...menu.items.map((i) => i.label.length));
  const docs = Math.max(...menu.items.map((i) => textWidth(i.doc)));
  const width = Math.min(canvas.width - 4, Math.max(textWidth(menu.title) + 8, labels + docs + 10));
  const height = Math.min(canvas.height - 4, menu.items.length + 2);
  const x = (canvas.width - width) >> 1;
  const y = Math.max(2, (canvas.height - height) >> 1);
  canvas.fill(x, y, width, height, theme.text);
  drawPane(canvas, theme, { x, y, width, height }, true, cut(menu.title, width - 6));
  const rows = height - 2;
  const top = Math.max(0, Math.min(menu.cursor - (rows >> 1), menu.items.length - rows));
  for (let i = 0; i < rows && top + i < menu.items.length; i++) {
    const item = menu.items[top + i];
    const box = menu.kind === 'columns' ? (item.on === true ? '[x] ' : '[ ] ') : ' ';
    const at = canvas.text(x + 2, y + 1 + i, `${box}${padded(item.label, labels)}  `, theme.text);
    canvas.text(at, y + 1 + i, cut(item.doc, x + width - 2 - at), theme.dim);
    if (top + i === menu.cursor) canvas.tint(x + 1, y + 1 + i, width - 2, 1, theme.cursor);
  }
}
