import type { Glance } from '../core/glance.ts';
import type { Note } from '../core/note.ts';
import { DOUBLE_ZERO } from '../core/stream.ts';
import { printable, utf8Bytes } from '../core/text.ts';
import { digitsOf, type TextBytes } from '../core/text-bytes.ts';
import { FLAG_UNTIMED } from '../timeline/columns.ts';
import type { Endpoints } from '../timeline/streams.ts';
import { type Column, type RowView, warnings } from '../view/columns.ts';
import { fitted } from '../view/text-width.ts';

/** The cell of one column, written without a string where that is worth it. */
export interface QuickCell {
  /** Writes the cell in exactly `width` terminal columns; false when it must be cut in a way, or its column widened, that needs its text. */
  padded(row: number, width: number): boolean;
  /** Writes the cell as it is. */
  raw(row: number): void;
}

/** What cells are made from. `glance` is that of the row that is written. */
export interface CellSource {
  readonly view: RowView;
  readonly glance: Glance;
  readonly out: TextBytes;
}

/** The text of a cell that comes again, with its bytes as they were last needed. */
class CellText {
  readonly text: string;
  readonly bytes: Uint8Array;
  private fit: Uint8Array = new Uint8Array(0);
  private fitWidth = -1;

  constructor(text: string) {
    this.text = text;
    this.bytes = utf8Bytes(text);
  }

  padded(column: Column, width: number): Uint8Array | undefined {
    if (width !== this.fitWidth) {
      if (this.text.length > width && width < column.max) return undefined;
      this.fit = utf8Bytes(fitted(this.text, width, column.align));
      this.fitWidth = width;
    }
    return this.fit;
  }
}

const EMPTY = new CellText('');

/** Cells whose texts come again. */
abstract class TextCell implements QuickCell {
  protected readonly column: Column;
  protected readonly source: CellSource;

  constructor(column: Column, source: CellSource) {
    this.column = column;
    this.source = source;
  }

  protected abstract text(row: number): CellText;

  padded(row: number, width: number): boolean {
    const bytes = this.text(row).padded(this.column, width);
    if (bytes === undefined) return false;
    this.source.out.bytes(bytes);
    return true;
  }

  raw(row: number): void {
    this.source.out.bytes(this.text(row).bytes);
  }

  protected make(row: number): CellText {
    return new CellText(this.column.cell(this.source.view, row));
  }
}

/** Any column, by its text. */
class OtherCell extends TextCell {
  protected text(row: number): CellText {
    return this.make(row);
  }
}

/** Addresses of a stream: they change when the roles turn out to be others. */
class EndpointCell extends TextCell {
  private readonly texts: CellText[] = [];
  private readonly endpoints: (Endpoints | undefined)[] = [];
  private readonly swapped: (boolean | undefined)[] = [];

  protected text(row: number): CellText {
    const { timeline } = this.source.view;
    const { columns } = timeline.rows;
    const stream = columns.stream(row);
    const key = stream * 2 + columns.dir(row);
    const record = timeline.streams[stream];
    if (record === undefined || this.endpoints[key] !== record.endpoints || this.swapped[key] !== record.facts.swapped) {
      this.texts[key] = this.make(row);
      this.endpoints[key] = record?.endpoints;
      this.swapped[key] = record?.facts.swapped;
    }
    return this.texts[key];
  }
}

/** The topic: a name that is learned later changes it. */
class TopicCell extends TextCell {
  private texts: (CellText | undefined)[] = [];
  private learned = 0;

  protected text(row: number): CellText {
    const { timeline } = this.source.view;
    const topic = timeline.rows.columns.topic(row);
    if (topic < 0) return EMPTY;
    const learned = timeline.decoders.learnedNames();
    if (learned !== this.learned) {
      this.learned = learned;
      this.texts = [];
    }
    let text = this.texts[topic];
    if (text === undefined) this.texts[topic] = text = this.make(row);
    return text;
  }
}

class DialectCell extends TextCell {
  private readonly texts: (CellText | undefined)[] = [];

  protected text(row: number): CellText {
    const dialect = this.source.view.timeline.rows.columns.type(row) >>> 8;
    let text = this.texts[dialect];
    if (text === undefined) this.texts[dialect] = text = this.make(row);
    return text;
  }
}

class DirectionCell extends TextCell {
  private readonly texts: (CellText | undefined)[] = [];

  protected text(row: number): CellText {
    const dir = this.source.view.timeline.rows.columns.dir(row);
    let text = this.texts[dir];
    if (text === undefined) this.texts[dir] = text = this.make(row);
    return text;
  }
}

class LabelCell extends TextCell {
  private readonly texts = new Map<string, CellText>();
  private last = EMPTY;

  protected text(): CellText {
    const { label } = this.source.glance;
    if (label === this.last.text) return this.last;
    let text = this.texts.get(label);
    if (text === undefined) this.texts.set(label, (text = new CellText(label)));
    this.last = text;
    return text;
  }
}

/** Whole numbers from the index; -1 is an empty cell. */
const NUMBERS: Readonly<Record<string, (view: RowView, row: number) => number>> = {
  number: (_, row) => row + 1,
  stream: (view, row) => view.timeline.rows.columns.stream(row),
  packet: (view, row) => view.timeline.rows.columns.packet(row) || -1,
  id: (view, row) => view.timeline.rows.columns.id(row) ?? -1,
  status: (view, row) => view.timeline.rows.columns.status(row),
  size: (view, row) => view.timeline.rows.columns.length(row),
};

class NumberCell implements QuickCell {
  private readonly value: (view: RowView, row: number) => number;
  private readonly source: CellSource;

  constructor(value: (view: RowView, row: number) => number, source: CellSource) {
    this.value = value;
    this.source = source;
  }

  padded(row: number, width: number): boolean {
    const { out, view } = this.source;
    const value = this.value(view, row);
    if (value < 0) {
      out.spaces(width);
      return true;
    }
    const digits = digitsOf(value);
    if (digits > width) return false;
    out.spaces(width - digits);
    out.number(value);
    return true;
  }

  raw(row: number): void {
    const value = this.value(this.source.view, row);
    if (value >= 0) this.source.out.number(value);
  }
}

const NANOS = 1_000_000_000;
const MICROS_DIGITS = 6;

/** Seconds and microseconds since the first row, or since the row before. */
class ElapsedCell implements QuickCell {
  private readonly source: CellSource;
  private readonly other: OtherCell;
  private seconds = DOUBLE_ZERO;
  private nanos = 0;

  constructor(column: Column, source: CellSource) {
    this.source = source;
    this.other = new OtherCell(column, source);
  }

  padded(row: number, width: number): boolean {
    const { out } = this.source;
    if (this.isUntimed(row)) {
      out.spaces(width);
      return true;
    }
    if (!this.measure(row)) return this.other.padded(row, width);
    const length = digitsOf(this.seconds) + 1 + MICROS_DIGITS;
    if (length > width) return false;
    out.spaces(width - length);
    this.write();
    return true;
  }

  raw(row: number): void {
    if (this.isUntimed(row)) return;
    if (this.measure(row)) this.write();
    else this.other.raw(row);
  }

  private isUntimed(row: number): boolean {
    return (this.source.view.timeline.rows.columns.flags(row) & FLAG_UNTIMED) !== 0;
  }

  /** Finds the time to write; false when it goes back, or is none that numbers hold. */
  private measure(row: number): boolean {
    const { view } = this.source;
    const { columns } = view.timeline.rows;
    const from = view.time === 'relative' ? view.first : view.previous < 0 ? row : view.previous;
    this.seconds = columns.sec(row) - columns.sec(from);
    this.nanos = columns.nsec(row) - columns.nsec(from);
    if (this.nanos < 0) {
      this.seconds--;
      this.nanos += NANOS;
    }
    return this.seconds >= 0 && this.seconds <= Number.MAX_SAFE_INTEGER;
  }

  private write(): void {
    const { out } = this.source;
    out.number(this.seconds);
    out.byte(0x2e);
    out.padded((this.nanos / 1000) | 0, MICROS_DIGITS);
  }
}

/** `shortHex` of bytes: all of up to ten, else the first and last four. */
const WHOLE_BYTES = 10;
const END_BYTES = 4;
const SHORT_WIDTH = 4 * END_BYTES + 1;
const ELLIPSIS = utf8Bytes('…');

class TokenCell implements QuickCell {
  private readonly source: CellSource;

  constructor(source: CellSource) {
    this.source = source;
  }

  padded(row: number, width: number): boolean {
    const length = this.length(row);
    const used = length > WHOLE_BYTES ? SHORT_WIDTH : 2 * length;
    if (used > width) return false;
    this.write(length);
    this.source.out.spaces(width - used);
    return true;
  }

  raw(row: number): void {
    this.write(this.length(row));
  }

  private length(row: number): number {
    const { view, glance } = this.source;
    return view.timeline.rows.columns.token(row) === 0 ? 0 : glance.tokenEnd - glance.tokenStart;
  }

  private write(length: number): void {
    const { out, glance } = this.source;
    const { tokenFrom, tokenStart } = glance;
    const end = tokenStart + length;
    if (length <= WHOLE_BYTES) {
      out.hex(tokenFrom, tokenStart, end);
      return;
    }
    out.hex(tokenFrom, tokenStart, tokenStart + END_BYTES);
    out.bytes(ELLIPSIS);
    out.hex(tokenFrom, end - END_BYTES, end);
  }
}

/** The info line; in a table only as the last column, which is as wide as it is. */
class InfoCell implements QuickCell {
  private readonly source: CellSource;
  private readonly told = new WeakMap<readonly Note[], Uint8Array>();

  constructor(source: CellSource) {
    this.source = source;
  }

  padded(): boolean {
    return false;
  }

  raw(): void {
    const { out, glance } = this.source;
    out.append(glance.info);
    if (glance.notes.length === 0) return;
    let told = this.told.get(glance.notes);
    if (told === undefined) this.told.set(glance.notes, (told = utf8Bytes(printable(warnings(glance.notes)))));
    out.bytes(told);
  }
}

/** Columns that are not in the index: the message must be glanced at. */
export const GLANCED: readonly string[] = ['message', 'token', 'info'];

export function quickCell(column: Column, source: CellSource): QuickCell {
  const value = NUMBERS[column.name];
  if (value !== undefined) return new NumberCell(value, source);
  switch (column.name) {
    case 'time':
      return source.view.time === 'relative' || source.view.time === 'delta'
        ? new ElapsedCell(column, source)
        : new OtherCell(column, source);
    case 'src':
    case 'dst':
    case 'peers':
      return new EndpointCell(column, source);
    case 'dir':
      return new DirectionCell(column, source);
    case 'dialect':
      return new DialectCell(column, source);
    case 'message':
      return new LabelCell(column, source);
    case 'topic':
      return new TopicCell(column, source);
    case 'token':
      return new TokenCell(source);
    case 'info':
      return new InfoCell(source);
    default:
      return new OtherCell(column, source);
  }
}
