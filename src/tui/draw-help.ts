/** The help page: keys from the key table, and the filter language in short. */

import type { Canvas } from './canvas.ts';
import { drawPane } from './draw-pane.ts';
import { BINDINGS, type Binding, type Keymap, keyName, keysOf } from './keys.ts';
import type { Rect } from './layout.ts';
import type { State } from './state.ts';
import { cut, padded } from './width.ts';

const GROUPS: readonly Binding['group'][] = ['Move', 'Views', 'Filter', 'Find', 'Act', 'Live'];

/** Keys of every command as lines, by group. */
export function helpLines(keymap: Keymap): { readonly title: boolean; readonly keys: string; readonly doc: string }[] {
  const lines: { title: boolean; keys: string; doc: string }[] = [];
  for (const group of GROUPS) {
    if (lines.length > 0) lines.push({ title: false, keys: '', doc: '' });
    lines.push({ title: true, keys: group, doc: '' });
    for (const binding of BINDINGS) {
      if (binding.group !== group) continue;
      const keys = keysOf(keymap, binding).map(keyName);
      const only =
        binding.places.includes('main') || binding.places.length > 3 || binding.group === 'Move' ? '' : ` (${binding.places.join(', ')})`;
      lines.push({ title: false, keys: keys.slice(0, 3).join(' '), doc: `${binding.doc}${only}` });
    }
  }
  return lines;
}

const FILTER_PAGE: readonly (readonly [string, string])[] = [
  ['apns.status != 0', 'compare: == != > < >= <=  (eq ne gt lt ge le)'],
  ['apns.topic contains "mail"', 'holds this text, or these bytes (de:ad:be)'],
  ['apns.info matches "un(reg|known)"', 'regular expression; ~ is the same'],
  ['apns.status in {2, 7, 400..499}', 'one of several values, or a range'],
  ['a && b   a || b   !a   (a)', 'and, or, not; also written as words'],
  ['apns.token', 'the field is there'],
  ['apns.token[0:4] == de:ad:be:ef', 'a slice: [from:length], [from-to], [-4:]'],
  ['len(apns.payload) > 4096', 'also lower() upper() count()'],
  ['apns.payload.aps.alert contains "x"', 'a key inside the payload'],
  ['frame.time >= "2026-11-21 18:12"', 'times; durations as 50ms, 2s, 1.5h; sizes as 4KB'],
  ['apns.rtt > 500ms', 'time between question and answer'],
  ['apns.note == "field.width"', 'messages with this finding; apns.severity >= warn'],
  ['tcp.stream == 3', 'one connection (F); one token: K'],
  ['', ''],
  ['', 'A missing field makes every comparison false, also !=; write !(f == x) to include it.'],
  ['', 'All fields: apns-inspect fields. In the prompt Tab completes names and values.'],
];

export function drawHelp(canvas: Canvas, state: State, rect: Rect): void {
  const { theme } = state;
  const page = state.help.page;
  const title = page === 'keys' ? 'Keys (? again: filter language)' : 'Filter language (? again: keys)';
  const lines = page === 'keys' ? helpLines(state.keymap) : FILTER_PAGE.map(([keys, doc]) => ({ title: false, keys, doc }));
  const keysWidth = page === 'keys' ? 16 : 38;
  const inner = rect.width - 4;
  const columns = page === 'keys' && inner >= 110 ? (inner >= 165 ? 3 : 2) : 1;
  const columnWidth = Math.floor(inner / columns);
  const rows = rect.height - 2;
  const perColumn = Math.max(rows, Math.ceil(lines.length / columns));
  const top = Math.max(0, Math.min(state.help.top, perColumn - rows));
  const remark = perColumn > rows ? `${top + 1}–${Math.min(perColumn, top + rows)} of ${perColumn}` : '';
  drawPane(canvas, theme, rect, true, title, remark);
  for (let c = 0; c < columns; c++) {
    for (let i = 0; i < rows; i++) {
      const line = lines[c * perColumn + top + i];
      if (line === undefined || top + i >= perColumn) break;
      const x = rect.x + 2 + c * columnWidth;
      const y = rect.y + 1 + i;
      if (line.title) canvas.text(x, y, line.keys, theme.header);
      else {
        canvas.text(x, y, padded(line.keys, keysWidth), theme.label);
        canvas.text(x + keysWidth + 1, y, cut(line.doc, columnWidth - keysWidth - 2), theme.text);
      }
    }
  }
}
