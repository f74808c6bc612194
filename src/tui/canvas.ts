/** A grid of cells, drawn by pure functions and shown by `screen.ts`. */
import { eachCell } from './width.ts';

/**
 * How a cell looks, packed: attributes << 18 | foreground << 9 | background; colours 0 to 255, 511 = the terminal's own.
 */
export type Style = number;

export const DEFAULT_COLOR = 0x1ff;
export const BOLD = 1;
export const UNDERLINE = 2;
export const INVERSE = 8;

export function style(foreground = DEFAULT_COLOR, background = DEFAULT_COLOR, attributes = 0): Style {
  return (attributes << 18) | (foreground << 9) | background;
}

export const PLAIN: Style = style();

/** `over` on top of `base`: colours that `over` leaves to the terminal are those of `base`, attributes add up. */
export function layered(base: Style, over: Style): Style {
  const foreground = (over >> 9) & 0x1ff;
  const background = over & 0x1ff;
  return style(
    foreground === DEFAULT_COLOR ? (base >> 9) & 0x1ff : foreground,
    background === DEFAULT_COLOR ? base & 0x1ff : background,
    (base >> 18) | (over >> 18),
  );
}

/** Glyphs for terminals and fonts with only ASCII. */
const ASCII: Readonly<Record<string, string>> = {
  '─': '-',
  '│': '|',
  '┌': '+',
  '┐': '+',
  '└': '+',
  '┘': '+',
  '├': '+',
  '┤': '+',
  '┬': '+',
  '┴': '+',
  '┼': '+',
  '▶': '>',
  '◀': '<',
  '▸': '+',
  '▾': '-',
  '▓': '#',
  '░': '.',
  '█': '#',
  '╌': '.',
  '▌': '#',
  '▏': '|',
  '→': '>',
  '←': '<',
  '…': '~',
  '·': '.',
  '●': '*',
  '‹': '<',
  '›': '>',
  '“': '"',
  '”': '"',
  '’': "'",
  Δ: 'd',
  '≠': '!',
  '⏎': '^',
  '⇥': '>',
  '⏸': '=',
  '↑': '^',
  '↓': 'v',
  '×': 'x',
  '–': '-',
  '—': '-',
  '▲': '^',
  '▼': 'v',
  '✓': 'v',
};

const ASCII_CELLS: readonly string[] = Array.from({ length: 0x7f }, (_, code) => String.fromCharCode(code));

export class Canvas {
  readonly width: number;
  readonly height: number;
  /** One string a cell; empty = the right half of a wide character. */
  readonly cells: string[];
  readonly styles: Int32Array;
  readonly ascii: boolean;

  constructor(width: number, height: number, ascii = false) {
    this.width = width;
    this.height = height;
    this.ascii = ascii;
    this.cells = new Array<string>(width * height).fill(' ');
    this.styles = new Int32Array(width * height).fill(PLAIN);
  }

  private put(x: number, y: number, cell: string, look: Style): void {
    const at = y * this.width + x;
    // The other half of a wide character that is written over would be left alone.
    if (this.cells[at] === '' && x > 0) this.cells[at - 1] = ' ';
    if (x + 1 < this.width && this.cells[at + 1] === '' && cell !== '') this.cells[at + 1] = ' ';
    this.cells[at] = cell;
    this.styles[at] = look;
  }

  /** Writes `text` from (x, y), cut at `limit` columns (or the edge). Returns the column behind it. */
  text(x: number, y: number, text: string, look: Style = PLAIN, limit = this.width): number {
    if (y < 0 || y >= this.height) return x;
    const { width, cells, styles } = this;
    const end = Math.min(width, x + limit);
    const row = y * width;
    let at = x;
    // Most of what is drawn is ASCII: one character a cell, without looking at widths.
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e) return this.wideText(at, y, text.slice(i), look, end);
      if (at >= end) return at;
      if (at >= 0) {
        const cell = row + at;
        if (cells[cell] === '' && at > 0) cells[cell - 1] = ' ';
        if (at + 1 < width && cells[cell + 1] === '') cells[cell + 1] = ' ';
        cells[cell] = ASCII_CELLS[code];
        styles[cell] = look;
      }
      at++;
    }
    return at;
  }

  private wideText(x: number, y: number, text: string, look: Style, end: number): number {
    let at = x;
    eachCell(text, (cell, width) => {
      if (at + width > end) return false;
      const drawn = this.ascii ? ascii(cell, width) : cell;
      if (at >= 0) {
        this.put(at, y, drawn, look);
        if (width === 2 && !this.ascii) {
          // The right half may lie on the left half of another wide character.
          if (at + 2 < this.width && this.cells[y * this.width + at + 2] === '') this.cells[y * this.width + at + 2] = ' ';
          this.cells[y * this.width + at + 1] = '';
          this.styles[y * this.width + at + 1] = look;
        } else if (width === 2) this.put(at + 1, y, '?', look);
      }
      at += width;
      return true;
    });
    return at;
  }

  /** Everything blank again, to be drawn on anew. */
  clear(look: Style = PLAIN): void {
    this.cells.fill(' ');
    this.styles.fill(look);
  }

  /** Fills a rectangle with blanks. */
  fill(x: number, y: number, width: number, height: number, look: Style = PLAIN): void {
    for (let row = Math.max(0, y); row < Math.min(this.height, y + height); row++) {
      for (let col = Math.max(0, x); col < Math.min(this.width, x + width); col++) this.put(col, row, ' ', look);
    }
  }

  /** Lays a style over a rectangle: marks, cursors, selections. */
  tint(x: number, y: number, width: number, height: number, look: Style): void {
    for (let row = Math.max(0, y); row < Math.min(this.height, y + height); row++) {
      for (let col = Math.max(0, x); col < Math.min(this.width, x + width); col++) {
        const at = row * this.width + col;
        this.styles[at] = layered(this.styles[at], look);
      }
    }
  }

  /** A frame with a title at its left and a remark at its right. */
  frame(x: number, y: number, width: number, height: number, look: Style, title: string, titleLook: Style, remark = ''): void {
    if (width < 2 || height < 2) return;
    this.text(x, y, `┌${'─'.repeat(width - 2)}┐`, look);
    this.text(x, y + height - 1, `└${'─'.repeat(width - 2)}┘`, look);
    for (let row = y + 1; row < y + height - 1; row++) {
      this.text(x, row, '│', look);
      this.text(x + width - 1, row, '│', look);
    }
    const end = title === '' ? x + 1 : this.text(x + 2, y, ` ${title} `, titleLook, Math.max(0, width - 4));
    if (remark !== '') {
      const room = x + width - 2 - end;
      if (remark.length + 2 <= room) this.text(x + width - 2 - remark.length - 2, y, ` ${remark} `, look);
    }
  }

  /** The cells as lines, each exactly as wide as the canvas. */
  lines(): string[] {
    const lines: string[] = [];
    for (let y = 0; y < this.height; y++) lines.push(this.cells.slice(y * this.width, (y + 1) * this.width).join(''));
    return lines;
  }
}

function ascii(cell: string, width: number): string {
  if (cell >= ' ' && cell <= '~') return cell;
  return ASCII[cell] ?? (width === 2 ? '?' : '?');
}
