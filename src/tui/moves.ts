/** Moving the cursor through the list, the tree and the bytes; changing what is shown. */

import { grouped } from '../core/text.ts';
import { indexOfBytes } from '../timeline/filter/values.ts';
import { currentLayer, currentRow, detailLines, lineOfByte, scrolled, treeIndex } from './detail.ts';
import { patternBytes, textMatcher } from './jobs.ts';
import { bytesPerRow, layout, listRows, paneRows } from './layout.ts';
import { nearestPosition, type RowSet } from './row-set.ts';
import type { ByteLayer } from './source.ts';
import { ask, type Effect, type State, say, type View } from './state.ts';

const clamp = (n: number, low: number, high: number): number => Math.max(low, Math.min(high, n));

/** The cursor at a position of the list, in sight. */
export function moveTo(state: State, position: number): State {
  const cursor = clamp(position, 0, Math.max(0, state.shown.length - 1));
  const rows = listRows(state);
  const top = clamp(
    cursor < state.top ? cursor : cursor >= state.top + rows ? cursor - rows + 1 : state.top,
    0,
    Math.max(0, state.shown.length - rows),
  );
  const last = cursor === state.shown.length - 1;
  return { ...state, cursor, top, wanted: -1, byteTop: 0, byteCursor: 0, autoscroll: state.autoscroll && last };
}

/** Shows other rows, with the cursor where its row (or the nearest) is now, at the same height of the screen. */
export function withShown(state: State, shown: RowSet, row: number): State {
  const offset = state.cursor - state.top;
  const cursor = row < 0 ? Math.min(state.cursor, Math.max(0, shown.length - 1)) : nearestPosition(shown, row);
  const rows = listRows(state);
  const top = clamp(cursor - clamp(offset, 0, rows - 1), 0, Math.max(0, shown.length - rows));
  return { ...state, shown, cursor, top };
}

/** A row on the screen, if it is among those shown. */
export function goToRow(state: State, row: number): State {
  const position = nearestPosition(state.shown, row);
  const found = currentRow({ ...state, cursor: position });
  if (found < 0) return say(state, 'nothing is shown', true);
  const moved = centred(moveTo(state, position));
  return found === row ? moved : say(moved, `#${row + 1} is not shown; this is the nearest`);
}

/** The message with this number, or the nearest that is shown. */
export function goToNumber(state: State, number: number): State {
  if (number <= state.gone && state.gone > 0)
    return say(goToRow(state, state.gone), `#${number} is gone: the newest ${grouped(state.total - state.gone)} messages are kept`, true);
  return goToRow(state, Math.max(0, number - 1));
}

/** The cursor in the middle when it would be at an edge. */
function centred(state: State): State {
  const rows = listRows(state);
  if (state.cursor > state.top && state.cursor < state.top + rows - 1) return state;
  return { ...state, top: clamp(state.cursor - (rows >> 1), 0, Math.max(0, state.shown.length - rows)) };
}

/** Lines of a page of the pane that has the focus. */
export function pageSize(state: State): number {
  const at = layout(state);
  if (state.view !== 'main') return Math.max(1, at.body.height - 3);
  if (state.pane === 'tree') return paneRows(at.tree);
  if (state.pane === 'bytes') return paneRows(at.bytes) - 1;
  return listRows(state);
}

/** Moves by lines in the pane that has the focus. */
export function moveBy(state: State, lines: number): State {
  if (state.pane === 'tree') return moveTree(state, lines);
  if (state.pane === 'bytes') return moveBytes(state, lines * rowBytes(state));
  return moveTo(state, state.cursor + lines);
}

export function moveTree(state: State, lines: number): State {
  const all = detailLines(state.source, currentRow(state), state.toggled);
  if (all.length === 0) return state;
  const at = clamp(treeIndex(all, state.treePath) + lines, 0, all.length - 1);
  const treeTop = scrolled(state.treeTop, at, paneRows(layout(state).tree), all.length);
  return showByte({ ...state, treePath: all[at].path, treeTop }, all[at].at?.start);
}

/** Scrolls the bytes so that a byte of the message is in sight. */
export function showByte(state: State, at: number | undefined): State {
  const layer = currentLayer(state);
  if (at === undefined || layer === undefined) return state;
  const perRow = rowBytes(state);
  const rows = Math.max(1, paneRows(layout(state).bytes) - 1);
  const line = Math.floor((at - layer.offset) / perRow);
  if (line < 0 || line * perRow >= layer.bytes.length) return state;
  const top = line < state.byteTop ? line : line >= state.byteTop + rows ? line - (rows >> 1) : state.byteTop;
  return { ...state, byteTop: Math.max(0, top) };
}

/** Selects what a search found in the message under the cursor: the line of the detail, or the bytes. */
export function showHit(state: State): State {
  const { search, source } = state;
  if (search === undefined) return state;
  const lines = detailLines(source, currentRow(state), state.toggled);
  let line: number;
  let byte: number | undefined;
  if (search.kind === 'hex') {
    byte = indexOfBytes(source.timeline.bytes(currentRow(state)).bytes, patternBytes(search));
    line = lineOfByte(lines, byte);
  } else {
    const test = textMatcher(search);
    line = lines.findIndex((l) => test(l.text) || test(l.label));
    byte = lines[line]?.at?.start;
  }
  if (line < 0) return state;
  const treeTop = scrolled(state.treeTop, line, paneRows(layout(state).tree), lines.length);
  const byteCursor = Math.max(0, (byte ?? 0) - (currentLayer(state)?.offset ?? 0));
  return showByte({ ...state, treePath: lines[line].path, treeTop, byteCursor }, byte);
}

/** Another tab of the bytes pane: the byte under the cursor, or the selected field, stays in sight where the tab holds it. */
export function inTab(state: State, from: ByteLayer, to: ByteLayer): State {
  const lines = detailLines(state.source, currentRow(state), state.toggled);
  const at = state.pane === 'bytes' ? state.byteCursor + from.offset : (lines[treeIndex(lines, state.treePath)]?.at?.start ?? 0);
  const byteCursor = at >= to.offset && at - to.offset < to.bytes.length ? at - to.offset : 0;
  return showByte({ ...state, byteTab: to.name, byteTop: 0, byteCursor }, at);
}

/** Bytes in a row of the bytes pane. */
export function rowBytes(state: State): number {
  const layer = currentLayer(state);
  const width = layout(state).bytes?.width ?? state.width;
  return bytesPerRow(width, layer !== undefined && layer.bytes.length > 0xffff ? 8 : 4);
}

/** Moves the byte cursor, and selects the field that holds the byte. */
export function moveBytes(state: State, by: number): State {
  const layer = currentLayer(state);
  if (layer === undefined || layer.bytes.length === 0) return state;
  const byteCursor = clamp(state.byteCursor + by, 0, layer.bytes.length - 1);
  const lines = detailLines(state.source, currentRow(state), state.toggled);
  const line = lineOfByte(lines, byteCursor + layer.offset);
  return showByte({ ...state, byteCursor, treePath: line < 0 ? state.treePath : lines[line].path }, byteCursor + layer.offset);
}

/** Opens a view over the present one. */
export const enter = (state: State, view: View): State => ({ ...state, view, below: [...state.below, state.view], count: '' });

/** One level up. */
export function leave(state: State): State {
  const view = state.below[state.below.length - 1];
  return view === undefined ? state : { ...state, view, below: state.below.slice(0, -1) };
}

/** Starts filtering anew; the cursor comes back to its row when that is reached. */
export function rescan(state: State, ...effects: Effect[]): State {
  const row = currentRow(state);
  return ask(
    { ...state, sorted: undefined, wanted: row >= 0 ? row : state.wanted, scan: { looked: 0, active: true } },
    { type: 'rescan' },
    ...effects,
  );
}
