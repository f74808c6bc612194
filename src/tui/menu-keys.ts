/** Keys while a menu is open, and what is done with the choice. */

import { toHex } from '../core/bytes.ts';
import { grouped } from '../core/text.ts';
import { jsonRecord } from '../export/record.ts';
import { column, RowView } from '../view/columns.ts';
import { hexDigits, hexDump } from '../view/hex.ts';
import { ladderText } from '../view/ladder.ts';
import { byteLayers, currentRow, detailLines, treeIndex } from './detail.ts';
import { extensionOf } from './export-formats.ts';
import { termOf } from './field-filter.ts';
import { commandFor } from './keys.ts';
import { columnsFor, type MenuState, movedItem, toggledItem } from './menu.ts';
import { openPrompt } from './prompt.ts';
import { ask, markedRows, type State, say } from './state.ts';

export function menuKey(state: State, menu: MenuState, key: string): State {
  const command = commandFor(state.keymap, 'menu', key);
  const last = menu.items.length - 1;
  const to = (cursor: number): State => ({ ...state, menu: { ...menu, cursor: Math.max(0, Math.min(last, cursor)) } });
  if (menu.kind === 'columns') {
    if (command === 'mark-down') return { ...state, menu: toggledItem(menu) };
    if (key === '+' || key === '-') return { ...state, menu: movedItem(menu, key === '+' ? -1 : 1) };
  }
  switch (command) {
    case 'down':
      return to(menu.cursor + 1);
    case 'up':
      return to(menu.cursor - 1);
    case 'page-down':
    case 'end':
      return to(last);
    case 'page-up':
    case 'top':
      return to(0);
    case 'back':
    case 'quit':
    case 'stop':
      return { ...state, menu: undefined };
    case 'open':
      return chosen({ ...state, menu: undefined }, menu);
    default:
  }
  // The first letter of an item chooses it.
  const at = menu.kind === 'columns' || menu.kind === 'sort' ? -1 : menu.items.findIndex((i) => i.label.startsWith(key));
  return at < 0 ? state : chosen({ ...state, menu: undefined }, { ...menu, cursor: at });
}

function chosen(state: State, menu: MenuState): State {
  const value = menu.items[menu.cursor]?.value ?? '';
  switch (menu.kind) {
    case 'columns': {
      const columns = menu.items.filter((i) => i.on === true).map((i) => i.value);
      return columns.length === 0 ? say(state, 'at least one column is needed', true) : { ...state, columns };
    }
    case 'sort': {
      if (!state.loading.done && !state.loading.stopped) return say(state, 'sorting waits until everything is read', true);
      if (state.scan.active && (state.filter !== undefined || state.onlyMarked))
        return say(state, 'sorting waits until the filter has looked at everything', true);
      const descending = state.sorted?.column === value && !state.sorted.descending;
      return ask(state, { type: 'sort', column: value, descending });
    }
    case 'copy':
      return copied(state, value);
    case 'format': {
      const marked = state.view === 'main' ? markedRows(state).length : 0;
      const what = marked > 0 ? 'marked' : 'shown';
      const base = (state.source.title.split(/[\\/]/).pop() ?? 'messages').replace(/\.\w+$/, '') || 'messages';
      const label = `Write ${what === 'marked' ? `${marked} marked` : 'what is shown'} as ${value} to`;
      return { ...state, prompt: openPrompt('export', label, `${base}.${extensionOf(value)}`, [], { format: value, what }) };
    }
    default:
      return state;
  }
}

/** Largest text that is put on the clipboard; terminals refuse more (xterm: 100 kB of base64). */
const COPY_LIMIT = 72_000;

function copied(state: State, what: string): State {
  const { source } = state;
  const inLadder = state.view === 'ladder' && state.ladder !== undefined;
  const row = inLadder ? state.ladder.ladder.rows[state.ladder.cursor] : currentRow(state);
  if (row === undefined || row < 0) return say(state, 'there is no message', true);
  if (inLadder && what === 'row')
    return put(state, [...ladderText(source.timeline, state.ladder.ladder, 100, state.ladder.compress)].join('\n'), 'the flow');
  const text = textFor(state, row, what);
  return text === undefined || text === '' ? say(state, `this message has no ${what}`, true) : put(state, text, what);
}

function put(state: State, text: string, what: string): State {
  if (text.length > COPY_LIMIT)
    return say(state, `${what} is too long for the clipboard (${grouped(text.length)} characters); export it (w)`, true);
  return ask(state, { type: 'copy', text, what });
}

function textFor(state: State, row: number, what: string): string | undefined {
  const { source } = state;
  const lines = detailLines(source, row, state.toggled);
  const line = lines[treeIndex(lines, state.treePath)];
  switch (what) {
    case 'field':
      return line?.text;
    case 'row': {
      const view = new RowView(source.timeline, state.time);
      view.first = state.reference;
      return (state.columns ?? columnsFor(state.width)).map((name) => column(name)?.cell(view, row) ?? '').join('  ');
    }
    case 'json':
      return jsonRecord(source.timeline, row, { showSecrets: source.showSecrets });
    case 'filter':
      return termOf(source.timeline, row, line);
    default:
  }
  const layers = byteLayers(source, row);
  const message = layers[0];
  if (message === undefined) return undefined;
  if (what === 'hex') return hexDigits(message.bytes, message.hidden);
  if (what === 'dump') return [...hexDump(message.bytes, 16, message.hidden)].join('\n');
  const payload = layers.find((l) => l.name === 'payload');
  return payload === undefined ? undefined : (source.timeline.decoders.payloadJson(payload.bytes) ?? toHex(payload.bytes));
}
