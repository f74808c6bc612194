/** How many terminal columns a text takes, as modern terminals count: East Asian wide and emoji two, combining marks none. */
import { pointWidth } from '../view/text-width.ts';

/** Marks that a cell may carry on top of its character; more are dropped, so that no text grows out of its line. */
const MAX_MARKS = 2;

const ELLIPSIS = '…';
/** Printable ASCII: one column each. */
const FIRST_PLAIN = 0x20;
const LAST_PLAIN = 0x7e;

/** Units of `text` from `from` on that are printable ASCII: up to the first that is not. */
function plainEnd(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < FIRST_PLAIN || code > LAST_PLAIN) break;
  }
  return at;
}

/** Columns of a text. */
export function textWidth(text: string): number {
  let at = plainEnd(text, 0);
  let width = at;
  while (at < text.length) {
    const point = text.codePointAt(at) as number;
    width += pointWidth(point);
    at += point > 0xffff ? 2 : 1;
  }
  return width;
}

/** Variation selectors and joiners change the width of what they follow in some terminals and not in others: they are left out. */
const isSelector = (point: number): boolean => (point >= 0xfe00 && point <= 0xfe0f) || point === 0x200d || point >= 0xe0000;

/** Calls `each` for every cell of the text: what is drawn in it and how wide it is. False from it stops. */
export function eachCell(text: string, each: (cell: string, width: 1 | 2) => boolean): void {
  let held = '';
  let heldWidth: 1 | 2 = 1;
  let marks = 0;
  for (const c of text) {
    const point = c.codePointAt(0) ?? 0;
    const width = pointWidth(point);
    if (width === 0) {
      if (held !== '' && marks < MAX_MARKS && point > 0xa0 && !isSelector(point)) {
        held += c;
        marks++;
      }
      continue;
    }
    if (held !== '' && !each(held, heldWidth)) return;
    held = c;
    heldWidth = width;
    marks = 0;
  }
  if (held !== '') each(held, heldWidth);
}

/** The text cut to `columns`, with an ellipsis when something was cut. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return '';
  const plain = plainEnd(text, 0);
  if (plain === text.length) return text.length <= columns ? text : text.slice(0, columns - 1) + ELLIPSIS;
  if (plain > columns) return text.slice(0, columns - 1) + ELLIPSIS;
  if (textWidth(text) <= columns) return text;
  let out = '';
  let used = 0;
  eachCell(text, (cell, width) => {
    if (used + width > columns - 1) return false;
    out += cell;
    used += width;
    return true;
  });
  return out + ELLIPSIS;
}

/** The text in exactly `columns`: cut or filled up. */
export function padded(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const short = cut(text, columns);
  const blank = columns - textWidth(short);
  if (blank <= 0) return short;
  return align === 'right' ? ' '.repeat(blank) + short : short + ' '.repeat(blank);
}
