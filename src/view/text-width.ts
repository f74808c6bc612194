import { eastAsianWidth } from 'get-east-asian-width';

/** Text in which every UTF-16 unit is one column: Latin, general punctuation, arrows, boxes. Looking closer is fifty times slower. */
const NARROW = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u257f]*$/;

/** Characters that join others to one emoji: joiner, emoji variation, keycap, regional indicators, skin tones. */
const JOINING = /[\u200d\ufe0f\u20e3\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}]/u;

/** What loads tables of Unicode, of milliseconds each, is made when it is first wanted. */
let zeroWidth: RegExp | undefined;
let emoji: RegExp | undefined;
let clusters: Intl.Segmenter | undefined;

/** Widths of the first plane that were asked for, + 1; asking the tables anew for each character of a screen is dear. */
const known = new Uint8Array(0x10000);

/** Terminal columns of one code point, as modern terminals count: East Asian wide and emoji two, combining marks none. */
export function pointWidth(point: number): 0 | 1 | 2 {
  if (point < 0x300) return point < 0x20 || (point >= 0x7f && point < 0xa0) ? 0 : 1;
  if (point >= known.length) return measured(point);
  if (known[point] === 0) known[point] = measured(point) + 1;
  return (known[point] - 1) as 0 | 1 | 2;
}

function measured(point: number): 0 | 1 | 2 {
  zeroWidth ??= /^[\p{Mn}\p{Me}\p{Cf}]$/u;
  if (zeroWidth.test(String.fromCodePoint(point))) return 0;
  return eastAsianWidth(point) === 2 ? 2 : 1;
}

/** True for text whose length is its width. */
export function isNarrow(text: string): boolean {
  return NARROW.test(text);
}

/** Terminal columns of a printable text; emoji that are joined from several characters are one of two columns. */
export function displayWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  if (!JOINING.test(text)) return sumOfPoints(text);
  clusters ??= new Intl.Segmenter();
  emoji ??= /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;
  let width = 0;
  for (const { segment } of clusters.segment(text)) {
    width += JOINING.test(segment) && emoji.test(segment) && segment.length > 2 ? 2 : sumOfPoints(segment);
  }
  return width;
}

function sumOfPoints(text: string): number {
  let width = 0;
  for (const c of text) width += pointWidth(c.codePointAt(0) ?? 0);
  return width;
}

/** Cuts or pads to exactly `size` terminal columns; cut text ends in an ellipsis. */
export function fitted(text: string, size: number, align: 'left' | 'right'): string {
  let w = displayWidth(text);
  if (w > size) {
    if (isNarrow(text)) {
      text = `${text.slice(0, size - 1)}…`;
      w = size;
    } else {
      let out = '';
      w = 0;
      for (const c of text) {
        const cw = displayWidth(c);
        if (w + cw > size - 1) break;
        out += c;
        w += cw;
      }
      text = `${out}…`;
      // Emoji that are joined are narrower than their parts.
      w = displayWidth(text);
    }
  }
  const space = ' '.repeat(Math.max(0, size - w));
  return align === 'left' ? text + space : space + text;
}
