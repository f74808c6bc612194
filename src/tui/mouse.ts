/** Clicks and the wheel. */
import { byteLayers, currentLayer, currentRow, detailLines, scrolled, treeIndex } from './detail.ts';
import { hexWidth, layout, paneRows, type Rect, textGap } from './layout.ts';
import { inTab, moveBy, moveBytes, moveTo, moveTree, rowBytes } from './moves.ts';
import type { State } from './state.ts';

/** Lines that one step of the wheel moves. */
const WHEEL = 3;

const inside = (rect: Rect | undefined, x: number, y: number): rect is Rect =>
  rect !== undefined && x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;

export function clicked(
  state: State,
  action: 'click' | 'double' | 'wheel-up' | 'wheel-down',
  x: number,
  y: number,
  run: (state: State, command: string, count: number | undefined) => State,
): State {
  if (state.prompt !== undefined || state.menu !== undefined) return state;
  const wheel = action === 'wheel-up' ? -WHEEL : action === 'wheel-down' ? WHEEL : 0;
  if (state.view !== 'main') return wheel === 0 ? state : run(state, wheel < 0 ? 'up' : 'down', WHEEL);
  const at = layout(state);
  if (inside(at.list, x, y)) {
    if (wheel !== 0) return moveTo({ ...state, pane: 'list' }, state.cursor + wheel);
    const line = y - at.list.y - 2;
    const focused: State = { ...state, pane: 'list' };
    if (line < 0 || line >= at.list.height - 3) return focused;
    const moved = moveTo(focused, state.top + line);
    return action === 'double' ? run(moved, 'open', undefined) : moved;
  }
  if (inside(at.tree, x, y)) {
    const focused: State = { ...state, pane: 'tree' };
    if (wheel !== 0) return moveTree(focused, wheel);
    const lines = detailLines(state.source, currentRow(state), state.toggled);
    const rows = paneRows(at.tree);
    const index = treeIndex(lines, state.treePath);
    const target = scrolled(state.treeTop, index, rows, lines.length) + y - at.tree.y - 1;
    if (target < 0 || target >= lines.length) return focused;
    const selected = { ...focused, treePath: lines[target].path };
    return action === 'double' ? run(selected, 'open', undefined) : moveTree(selected, 0);
  }
  if (inside(at.bytes, x, y)) {
    const focused: State = { ...state, pane: 'bytes' };
    if (wheel !== 0) return moveBy(focused, wheel);
    const layer = currentLayer(state);
    if (layer === undefined) return focused;
    if (y === at.bytes.y) {
      const layers = byteLayers(state.source, currentRow(state));
      const next = layers[(layers.indexOf(layer) + 1) % layers.length];
      return inTab(focused, layer, next);
    }
    const perRow = rowBytes(state);
    const digits = layer.bytes.length > 0xffff ? 8 : 4;
    const column = x - at.bytes.x - 1 - digits - 2;
    const text = hexWidth(perRow) + textGap(perRow);
    const inText = column >= text;
    const byte = inText ? column - text : Math.floor((column - Math.floor(Math.max(0, column) / 25)) / 3);
    const target = (state.byteTop + y - at.bytes.y - 1) * perRow + Math.max(0, Math.min(perRow - 1, byte));
    return moveBytes(focused, target - state.byteCursor);
  }
  return state;
}
