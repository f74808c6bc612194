import { displayWidth, fitted } from '../view/text-width.ts';
import type { Output } from './output.ts';

export { fitted } from '../view/text-width.ts';

/** Rows looked at before anything is written; a later cell that is wider, within its limit, widens its column from there on. */
const SAMPLE = 200;

/** Columns that a squeezed column keeps, and that the last one gets where it has that much to say. */
const LEAST = 6;
const LEAST_LAST = 24;

export interface TableColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Widest cell; 0 = the last column, as wide as it is. */
  readonly max: number;
}

/** Writes rows as an aligned table while they come. */
export class StreamingTable {
  private readonly columns: readonly TableColumn[];
  private readonly out: Output;
  private readonly lineWidth: number;
  private readonly paint: (line: string, severity: number) => string;
  private readonly header: boolean;
  private waiting: { cells: readonly string[]; severity: number }[] | undefined = [];
  private widths: number[] = [];
  /** The terminal is too narrow for what the columns hold: they stay as they are. */
  private squeezed = false;

  /** `lineWidth` 0: lines are as long as they are; else the last column is cut to fit. */
  constructor(
    columns: readonly TableColumn[],
    out: Output,
    lineWidth: number,
    header: boolean,
    paint: (line: string, severity: number) => string,
  ) {
    this.columns = columns;
    this.out = out;
    this.lineWidth = lineWidth;
    this.header = header;
    this.paint = paint;
  }

  row(cells: readonly string[], severity: number): void {
    if (this.waiting === undefined) {
      this.put(cells, severity);
      return;
    }
    this.waiting.push({ cells, severity });
    if (this.waiting.length >= SAMPLE) this.settle();
  }

  /** Widths of the columns, once they are settled and while lines are as long as they are: a line written with them fits in. */
  get settledWidths(): readonly number[] | undefined {
    return this.waiting === undefined && this.lineWidth === 0 ? this.widths : undefined;
  }

  /** Writes what waits: at the end (`last`), or when a live input pauses. */
  settle(last = true): void {
    if (this.waiting === undefined || (this.waiting.length === 0 && !last)) return;
    const rows = this.waiting;
    this.waiting = undefined;
    this.widths = this.columns.map((c, i) => {
      let w = displayWidth(c.title);
      for (const r of rows) w = Math.max(w, displayWidth(r.cells[i]));
      return c.max > 0 ? Math.min(w, Math.max(c.max, displayWidth(c.title))) : w;
    });
    if (this.lineWidth > 0) this.squeeze();
    if (this.header) this.out.line(this.paint(this.join(this.columns.map((c) => c.title)), -1));
    for (const r of rows) this.put(r.cells, r.severity);
  }

  /** Takes from the widest columns until a line fits, with room for some of the last. */
  private squeeze(): void {
    const { widths } = this;
    const last = widths.length - 1;
    let over = 2 * last + Math.min(widths[last], LEAST_LAST) - this.lineWidth;
    for (let i = 0; i < last; i++) over += widths[i];
    for (; over > 0; over--) {
      let widest = 0;
      for (let i = 1; i < last; i++) if (widths[i] > widths[widest]) widest = i;
      if (widths[widest] <= LEAST) return;
      widths[widest]--;
      this.squeezed = true;
    }
  }

  private put(cells: readonly string[], severity: number): void {
    for (let i = 0; i < cells.length - 1 && !this.squeezed; i++) {
      if (cells[i].length > this.widths[i] && this.widths[i] < this.columns[i].max)
        this.widths[i] = Math.min(this.columns[i].max, displayWidth(cells[i]));
    }
    this.out.line(this.paint(this.join(cells), severity));
  }

  private join(cells: readonly string[]): string {
    let line = '';
    for (let i = 0; i < cells.length; i++) {
      const column = this.columns[i];
      const last = i === cells.length - 1;
      if (last && column.align === 'left') {
        line += cells[i];
      } else {
        line += fitted(cells[i], this.widths[i], column.align);
        if (!last) line += '  ';
      }
    }
    line = line.trimEnd();
    return this.lineWidth > 0 && displayWidth(line) > this.lineWidth ? fitted(line, this.lineWidth, 'left') : line;
  }
}
