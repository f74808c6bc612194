import { type Note, SEVERITIES } from '../core/note.ts';
import { NOTES, type NoteCode, note } from '../schema/notes.ts';
import { detailText } from './details.ts';

/** Findings that are kept. A capture in which everything is wrong makes some on each row; beyond this many nobody reads on. */
export const FINDING_LIMIT = 1 << 20;

const CODES = Object.keys(NOTES) as NoteCode[];
const NUMBER_OF = new Map(CODES.map((code, i) => [code, i]));

/** What a finding is about beside its row: another row, a number, words. The code says how they read (`details.ts`). */
export interface Particulars {
  /** Another row, or a second number. */
  readonly other?: number;
  readonly value?: number;
  readonly text?: string;
}

/** Rows of one chunk of the column of newest findings: small captures cost little, and growing copies nothing. */
const BITS = 16;
const MASK = (1 << BITS) - 1;

/** Findings as columns; a row may have several. */
export class Findings {
  private codes = new Uint16Array(64);
  private others = new Int32Array(64);
  private values = new Float64Array(64);
  /** Finding before this one on the same row, + 1. */
  private previous = new Int32Array(64);
  private readonly texts = new Map<number, string>();
  /** Newest finding of each row, + 1: 4 bytes a row, only for chunks that hold a finding. */
  private readonly newest: (Int32Array | undefined)[] = [];
  /** Rows before this one are gone. */
  private first = 0;
  private readonly counts = new Map<NoteCode, number>();
  count = 0;
  dropped = 0;

  /** Returns the finding's number, -1 when there are too many (the last that is kept says so) or the row is gone. */
  add(row: number, code: NoteCode, about: Particulars = {}): number {
    if (row < this.first) return -1;
    if (this.count >= FINDING_LIMIT) {
      this.dropped++;
      return -1;
    }
    if (this.count === this.codes.length) this.grow();
    const i = this.count++;
    if (i === FINDING_LIMIT - 1) code = 'session.findings-dropped';
    this.codes[i] = NUMBER_OF.get(code) as number;
    this.others[i] = about.other ?? -1;
    this.values[i] = about.value ?? Number.NaN;
    if (about.text !== undefined) this.texts.set(i, about.text);
    const chunk = this.chunkOf(row);
    this.previous[i] = chunk[row & MASK];
    chunk[row & MASK] = i + 1;
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1);
    return i;
  }

  /** Changes what a finding says, when later rows show it in another light. */
  change(finding: number, code: NoteCode, other: number): void {
    const before = CODES[this.codes[finding]];
    this.counts.set(before, (this.counts.get(before) ?? 0) - 1);
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1);
    this.codes[finding] = NUMBER_OF.get(code) as number;
    this.others[finding] = other;
  }

  /** Gives back the chunks whose rows all lie before `row`. What was found there still counts. */
  drop(row: number): void {
    this.newest.fill(undefined, 0, row >>> BITS);
    this.first = row;
  }

  has(row: number): boolean {
    return this.newestOf(row) >= 0;
  }

  /** The row's findings in the order in which they were made. */
  of(row: number, length: number): Note[] {
    const notes: Note[] = [];
    for (let i = this.newestOf(row); i >= 0; i = this.previous[i] - 1) notes.unshift(this.note(i, length));
    return notes;
  }

  /** Rows with findings, ascending. */
  rowsWith(): number[] {
    const rows: number[] = [];
    this.newest.forEach((chunk, index) => {
      if (chunk === undefined) return;
      for (let i = 0; i <= MASK; i++) if (chunk[i] !== 0) rows.push((index << BITS) | i);
    });
    return rows;
  }

  /** How often each code was found, the most frequent first. */
  tally(): readonly (readonly [code: NoteCode, count: number])[] {
    return [...this.counts].filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
  }

  private newestOf(row: number): number {
    return (this.newest[row >>> BITS]?.[row & MASK] ?? 0) - 1;
  }

  private chunkOf(row: number): Int32Array {
    const index = row >>> BITS;
    let chunk = this.newest[index];
    if (chunk === undefined) {
      chunk = new Int32Array(1 << BITS);
      this.newest[index] = chunk;
    }
    return chunk;
  }

  private note(i: number, length: number): Note {
    const code = CODES[this.codes[i]];
    return note(code, 0, length, this.texts.get(i) ?? detailText(code, this.others[i], this.values[i]));
  }

  private grow(): void {
    const size = this.codes.length * 2;
    const bigger = <T extends Int32Array | Uint16Array | Float64Array>(from: T, to: T): T => {
      to.set(from as never);
      return to;
    };
    this.codes = bigger(this.codes, new Uint16Array(size));
    this.others = bigger(this.others, new Int32Array(size));
    this.values = bigger(this.values, new Float64Array(size));
    this.previous = bigger(this.previous, new Int32Array(size));
  }
}

/** Severity of a code as the index counts it: 0 info to 3 error. */
export function severityOf(code: NoteCode): number {
  return SEVERITIES.indexOf(NOTES[code].severity);
}
