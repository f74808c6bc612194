/** The hex pane: tabs for message, payload, record and packet, with the selected field highlighted. */

import { grouped } from '../core/text.ts';
import type { Canvas } from './canvas.ts';
import { byteLayers, currentLayer, currentRow, highlight } from './detail.ts';
import { drawPane } from './draw-pane.ts';
import { bytesPerRow, hexWidth, type Rect, textGap } from './layout.ts';
import type { ByteLayer } from './source.ts';
import type { State } from './state.ts';
import { cut } from './width.ts';

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Where the tabs begin, behind the title. */
const TABS = 9;

/** Neighbouring tabs that fit `room` columns, with the chosen one among them. */
function tabsInSight(layers: readonly ByteLayer[], chosen: ByteLayer, room: number): readonly ByteLayer[] {
  const fits = (some: readonly ByteLayer[]): boolean => some.reduce((sum, l) => sum + l.name.length + 2, 0) <= room;
  let end = layers.indexOf(chosen) + 1;
  let from = 0;
  while (from < end - 1 && !fits(layers.slice(from, end))) from++;
  while (end < layers.length && fits(layers.slice(from, end + 1))) end++;
  return layers.slice(from, end);
}

export function drawBytes(canvas: Canvas, state: State, rect: Rect): void {
  const { theme } = state;
  const focus = state.pane === 'bytes';
  const row = currentRow(state);
  const layers = byteLayers(state.source, row);
  const layer = currentLayer(state);
  const mark = highlight(state);
  const range =
    mark === undefined || layer === undefined || mark.end <= mark.start || mark.end < 0
      ? ''
      : `[${mark.start.toString(16)}..${mark.end.toString(16)}] `;
  const length = layer === undefined ? '' : `${grouped(layer.bytes.length)} B`;
  // The chosen tab is always in sight, the range where there is room beside it.
  const free = rect.width - TABS - 5;
  const size = (layer?.name.length ?? 0) + 2 + range.length + length.length <= free ? range + length : length;
  drawPane(canvas, theme, rect, focus, 'Bytes', size);
  let tabs = rect.x + TABS;
  for (const l of layer === undefined || layers.length < 2 ? [] : tabsInSight(layers, layer, free - size.length))
    tabs = canvas.text(tabs, rect.y, l === layer ? `[${l.name}]` : ` ${l.name} `, l === layer ? theme.titleFocus : theme.dim);
  const width = rect.width - 2;
  if (layer === undefined || layer.bytes.length === 0) {
    const why = state.source.timeline.redactor !== undefined ? 'bytes are left out because of --redact' : row < 0 ? '' : 'no bytes';
    canvas.text(rect.x + 2, rect.y + 1, cut(why, width - 2), theme.dim);
    return;
  }
  const { bytes, hidden } = layer;
  const digits = bytes.length > 0xffff ? 8 : 4;
  const perRow = bytesPerRow(rect.width, digits);
  const hexAt = rect.x + 1 + digits + 2;
  const textAt = hexAt + hexWidth(perRow) + textGap(perRow);
  const lines = Math.ceil(bytes.length / perRow);
  const rows = rect.height - 2;
  const top = Math.max(0, Math.min(state.byteTop, lines - 1));
  for (let i = 0; i < rows && top + i < lines; i++) {
    const y = rect.y + 1 + i;
    const from = (top + i) * perRow;
    canvas.text(rect.x + 1, y, from.toString(16).padStart(digits, '0'), theme.dim);
    for (let k = 0; k < perRow && from + k < bytes.length; k++) {
      const b = bytes[from + k];
      const marked = mark !== undefined && from + k >= mark.start && from + k < mark.end;
      const x = hexAt + k * 3 + (k >> 3);
      const secret = hidden?.some((r) => from + k >= r.start && from + k < r.end) === true;
      canvas.text(x, y, secret ? '**' : HEX[b], marked ? theme.field : theme.text);
      if (marked && k > 0 && from + k > mark.start)
        canvas.tint(x - 1 - (k % 8 === 0 ? 1 : 0), y, 1 + (k % 8 === 0 ? 1 : 0), 1, theme.field);
      const plain = !secret && b >= 0x20 && b < 0x7f;
      canvas.text(
        textAt + k,
        y,
        plain ? String.fromCharCode(b) : secret ? '*' : '·',
        marked ? theme.field : plain ? theme.text : theme.dim,
      );
    }
  }
}
