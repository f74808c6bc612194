/** Where the panes are, by the size of the terminal and what is maximised. */
import type { Pane, State } from './state.ts';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly list: Rect | undefined;
  readonly tree: Rect | undefined;
  readonly bytes: Rect | undefined;
  readonly related: Rect | undefined;
  /** All between the two top lines and the line of hints. */
  readonly body: Rect;
}

/** Smaller than this nothing useful fits. */
export const MIN_WIDTH = 60;
export const MIN_HEIGHT = 15;
/** Below this height only one pane is shown. */
const PANES_HEIGHT = 20;
/** From this width on there is room for a third pane below. */
export const WIDE = 160;
/** From this width on the bytes pane has 16 bytes a row. */
export const MEDIUM = 100;

export function layout(state: State): Layout {
  const { width, height } = state;
  const body = { x: 0, y: 2, width, height: Math.max(3, height - 3) };
  const none = { list: undefined, tree: undefined, bytes: undefined, related: undefined, body };
  if (state.maximised || height < PANES_HEIGHT) {
    const shown: Pane = state.pane;
    return { ...none, [shown]: body };
  }
  const listHeight = Math.min(body.height - 5, Math.max(5, Math.round((body.height * state.split) / 100)));
  const list = { ...body, height: listHeight };
  const y = body.y + listHeight;
  const rest = body.height - listHeight;
  if (state.bytesBelow && rest >= 10) {
    const half = rest >> 1;
    return { ...none, list, tree: { x: 0, y, width, height: half }, bytes: { x: 0, y: y + half, width, height: rest - half } };
  }
  if (width >= WIDE) {
    const bytesWidth = 80;
    const relatedWidth = Math.min(56, Math.floor((width - bytesWidth) * 0.4));
    const treeWidth = width - bytesWidth - relatedWidth;
    return {
      ...none,
      list,
      tree: { x: 0, y, width: treeWidth, height: rest },
      bytes: { x: treeWidth, y, width: bytesWidth, height: rest },
      related: { x: treeWidth + bytesWidth, y, width: relatedWidth, height: rest },
    };
  }
  // 74 columns hold 16 bytes a row.
  const treeWidth = width >= MEDIUM + 14 ? Math.max(40, width - 74) : width >> 1;
  return {
    ...none,
    list,
    tree: { x: 0, y, width: treeWidth, height: rest },
    bytes: { x: treeWidth, y, width: width - treeWidth, height: rest },
  };
}

/** Rows of the list that fit: without frame and header line. */
export const listRows = (state: State): number => Math.max(1, (layout(state).list?.height ?? state.height - 3) - 3);

export const paneRows = (rect: Rect | undefined): number => Math.max(1, (rect?.height ?? 3) - 2);

/** Bytes a row of the bytes pane for its width. */
export function bytesPerRow(width: number, digits: number): number {
  for (const n of [32, 16, 8]) if (digits + 2 + hexWidth(n) + textGap(n) + n <= width - 2) return n;
  return 4;
}

/** Blanks between hex and text; 80 columns have room for eight bytes with one. */
export const textGap = (perRow: number): number => (perRow > 8 ? 2 : 1);

/** Columns of the hex part: two digits a byte, a blank between, one more every eight. */
export const hexWidth = (n: number): number => n * 3 - 1 + Math.floor((n - 1) / 8);
