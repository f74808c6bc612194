/** What has to be written to the terminal so that it shows a canvas: only what differs from what it shows already. */
import { BOLD, type Canvas, DEFAULT_COLOR, INVERSE, type Style, UNDERLINE } from './canvas.ts';

/** Unchanged cells that are written again rather than jumped over: a jump takes about as many bytes. */
const SHORT_GAP = 8;

/** Pictures of at least so many bytes are shown at once by terminals that can (synchronized output, mode 2026); others ignore it. */
const WHOLE = 512;

export class Painter {
  /** The cells that the terminal shows; undefined when that is not known. */
  private shown: { readonly width: number; readonly height: number; readonly cells: string[]; readonly styles: Int32Array } | undefined;
  private readonly looks = new Map<Style, string>();
  private readonly eightColors: boolean;

  /** `eightColors`: the bright eight are the dark ones in bold (Linux console). */
  constructor(eightColors: boolean) {
    this.eightColors = eightColors;
  }

  /** Nothing is known of what the terminal shows: the next picture is written whole. */
  forget(): void {
    this.shown = undefined;
  }

  /** The bytes that turn the picture before into this one; the canvas may be drawn on again afterwards. */
  paint(canvas: Canvas): string {
    const { width, height, cells, styles } = canvas;
    let before = this.shown;
    let out = '';
    if (before === undefined || before.width !== width || before.height !== height) {
      // A NUL is in no cell, so every cell differs.
      before = { width, height, cells: new Array<string>(width * height).fill('\0'), styles: new Int32Array(width * height) };
      this.shown = before;
      out = '\x1b[m\x1b[2J';
    }
    for (let y = 0; y < height; y++) {
      const start = y * width;
      const end = start + width;
      let at = start;
      while (at < end) {
        while (at < end && cells[at] === before.cells[at] && styles[at] === before.styles[at]) at++;
        if (at === end) break;
        // A wide character is written whole, whichever half differs.
        if (cells[at] === '' && at > start) at--;
        let last = at;
        for (let x = at + 1; x < end && x - last <= SHORT_GAP; x++)
          if (cells[x] !== before.cells[x] || styles[x] !== before.styles[x]) last = x;
        if (last + 1 < end && cells[last + 1] === '') last++;
        out += `\x1b[${y + 1};${at - start + 1}H${this.run(canvas, at, last + 1, start)}`;
        for (; at <= last; at++) {
          before.cells[at] = cells[at];
          before.styles[at] = styles[at];
        }
      }
    }
    if (out === '') return out;
    return out.length < WHOLE ? `${out}\x1b[m` : `\x1b[?2026h${out}\x1b[m\x1b[?2026l`;
  }

  private run(canvas: Canvas, from: number, to: number, row: number): string {
    const { cells, styles } = canvas;
    let out = '';
    let look = -1;
    for (let at = from; at < to; at++) {
      const cell = cells[at];
      if (cell === '') continue;
      if (styles[at] !== look) {
        look = styles[at];
        out += this.look(look);
      }
      out += cell;
      // Terminals disagree on the widths of some characters: the next cell is found by its column.
      if ((cell.length > 1 || cells[at + 1] === '') && at + 1 < to) out += `\x1b[${at - row + (cells[at + 1] === '' ? 3 : 2)}G`;
    }
    return out;
  }

  /** The sequence that sets a style, whatever was set before. */
  private look(style: Style): string {
    let text = this.looks.get(style);
    if (text === undefined) {
      text = this.sequence(style);
      this.looks.set(style, text);
    }
    return text;
  }

  private sequence(style: Style): string {
    const attributes = style >> 18;
    const codes: (number | string)[] = [0];
    if ((attributes & BOLD) !== 0) codes.push(1);
    if ((attributes & UNDERLINE) !== 0) codes.push(4);
    if ((attributes & INVERSE) !== 0) codes.push(7);
    codes.push(...this.color((style >> 9) & 0x1ff, 30), ...this.color(style & 0x1ff, 40));
    return `\x1b[${codes.join(';')}m`;
  }

  /** SGR parameters of a colour; `base` is 30 for characters, 40 for what is behind them. */
  private color(color: number, base: 30 | 40): (number | string)[] {
    if (color === DEFAULT_COLOR) return [];
    if (color < 8) return [base + color];
    if (this.eightColors) return color > 15 ? [] : base === 30 ? [1, base + color - 8] : [base + color - 8];
    if (color < 16) return [base + 60 + color - 8];
    return [base + 8, 5, color];
  }
}
