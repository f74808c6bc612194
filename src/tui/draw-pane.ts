/** The frame around a pane: bright when it has the focus. */
import type { Canvas } from './canvas.ts';
import type { Rect } from './layout.ts';
import type { Theme } from './theme.ts';

/** A frame with a title at its left and a remark at its right. */
export function drawPane(canvas: Canvas, theme: Theme, rect: Rect, focus: boolean, title: string, remark = ''): void {
  const { x, y, width, height } = rect;
  canvas.frame(x, y, width, height, focus ? theme.frameFocus : theme.frame, title, focus ? theme.titleFocus : theme.title, remark);
}
