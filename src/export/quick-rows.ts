import { Glance } from '../core/glance.ts';
import { DIALECT } from '../core/message.ts';
import { utf8 } from '../core/text.ts';
import type { TextBytes } from '../core/text-bytes.ts';
import type { Column, RowView } from '../view/columns.ts';
import { type CellSource, GLANCED, type QuickCell, quickCell } from './quick-cells.ts';
import { RowReader } from './row-bytes.ts';

/*
 * Rows of a listing as bytes, for messages that a glance tells of: from the columns of the index, and from what a glance at
 * the message's bytes gives, without making the message or a string for each cell. Whatever needs more is left to the cells of
 * `view/columns.ts`; tests hold both against each other.
 */

const SPACE = 0x20;
const COMMA = 0x2c;
const NEWLINE = 0x0a;

export class QuickRows {
  private readonly view: RowView;
  private readonly out: TextBytes;
  private readonly glance = new Glance();
  private readonly cells: readonly QuickCell[];
  private readonly glances: boolean;
  private readonly hasToken: boolean;
  /** The last column is as wide as its cells. */
  private readonly openEnd: boolean;
  private readonly reader: RowReader;

  /** For a timeline that is shown as it is: neither redacted nor with findings. */
  constructor(view: RowView, columns: readonly Column[], out: TextBytes) {
    this.view = view;
    this.out = out;
    const source: CellSource = { view, glance: this.glance, out };
    this.cells = columns.map((column) => quickCell(column, source));
    this.glances = columns.some((column) => GLANCED.includes(column.name));
    this.hasToken = columns.some((column) => column.name === 'token');
    this.openEnd = columns.at(-1)?.align === 'left';
    this.reader = new RowReader(view.timeline);
  }

  /** Writes a line of a table with columns of these widths; false, and nothing written, when that takes more. */
  table(row: number, widths: readonly number[]): boolean {
    if (!this.look(row)) return false;
    const { out, cells } = this;
    const start = out.length;
    const last = cells.length - 1;
    for (let i = 0; i < last; i++) {
      if (!cells[i].padded(row, widths[i])) return this.back(start);
      out.byte(SPACE);
      out.byte(SPACE);
    }
    if (this.openEnd) cells[last].raw(row);
    else if (!cells[last].padded(row, widths[last])) return this.back(start);
    if (!out.trim(start)) return this.back(start);
    out.byte(NEWLINE);
    return true;
  }

  /** The same as a line of comma-separated values. */
  csv(row: number): boolean {
    if (!this.look(row)) return false;
    const { out, cells } = this;
    const start = out.length;
    for (let i = 0; i < cells.length; i++) {
      if (i > 0) out.byte(COMMA);
      const from = out.length;
      cells[i].raw(row);
      if (!out.quote(from)) return this.back(start);
    }
    out.byte(NEWLINE);
    return true;
  }

  /** The same as the cells that are not empty, with a space between them. */
  text(row: number): boolean {
    if (!this.look(row)) return false;
    const { out, cells } = this;
    const start = out.length;
    for (let i = 0; i < cells.length; i++) {
      const before = out.length;
      if (before > start) out.byte(SPACE);
      const from = out.length;
      cells[i].raw(row);
      if (out.length === from) out.length = before;
    }
    out.byte(NEWLINE);
    return true;
  }

  /** The same as the texts of its cells. */
  texts(row: number): string[] | undefined {
    if (!this.look(row)) return undefined;
    const { out, cells } = this;
    const start = out.length;
    for (let i = 0; i < cells.length; i++) {
      if (i > 0) out.byte(NEWLINE);
      cells[i].raw(row);
    }
    const texts = utf8(out.view(start))?.split('\n');
    out.length = start;
    // A cell with a line break of its own is not to be told from two.
    return texts?.length === cells.length ? texts : undefined;
  }

  private back(start: number): false {
    this.out.length = start;
    return false;
  }

  private look(row: number): boolean {
    if (!this.glances) return true;
    const { timeline } = this.view;
    const { columns } = timeline.rows;
    const code = columns.type(row) >>> 8;
    if (code === DIALECT.capture) return false;
    const aux = this.reader.aux(row);
    if (code === DIALECT.tls) return aux !== undefined && timeline.decoders.glanceTls(aux, this.glance);
    const bytes = this.reader.read(row);
    const { glance } = this;
    if (bytes === undefined || !timeline.decoders.glance(code, bytes, columns.dir(row), aux, glance)) return false;
    return !this.hasToken || columns.token(row) === 0 || glance.tokenEnd > glance.tokenStart;
  }
}
