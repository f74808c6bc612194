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

/** Findings as columns; a row may have several. */
export class Findings {
  private rows = new Int32Array(64);
  private codes = new Uint16Array(64);
  private others = new Int32Array(64);
  private values = new Float64Array(64);
  /** Finding before this one on the same row, + 1. */
  private previous = new Int32Array(64);
  private readonly texts = new Map<number, string>();
  /** Newest finding of a row. */
  private readonly newest = new Map<number, number>();
  private readonly counts = new Map<NoteCode, number>();
  count = 0;
  dropped = 0;

  /** Returns the finding's number, -1 when there are too many: the last that is kept says so. */
  add(row: number, code: NoteCode, about: Particulars = {}): number {
    if (this.count >= FINDING_LIMIT) {
      this.dropped++;
      return -1;
    }
    if (this.count === this.rows.length) this.grow();
    const i = this.count++;
    if (i === FINDING_LIMIT - 1) code = 'session.findings-dropped';
    this.rows[i] = row;
    this.codes[i] = NUMBER_OF.get(code) as number;
    this.others[i] = about.other ?? -1;
    this.values[i] = about.value ?? Number.NaN;
    if (about.text !== undefined) this.texts.set(i, about.text);
    this.previous[i] = (this.newest.get(row) ?? -1) + 1;
    this.newest.set(row, i);
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

  has(row: number): boolean {
    return this.newest.has(row);
  }

  /** The row's findings in the order in which they were made. */
  of(row: number, length: number): Note[] {
    const notes: Note[] = [];
    for (let i = this.newest.get(row) ?? -1; i >= 0; i = this.previous[i] - 1) notes.unshift(this.note(i, length));
    return notes;
  }

  /** Rows with findings, ascending. */
  rowsWith(): number[] {
    return [...this.newest.keys()].sort((a, b) => a - b);
  }

  /** How often each code was found, the most frequent first. */
  tally(): readonly (readonly [code: NoteCode, count: number])[] {
    return [...this.counts].filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
  }

  private note(i: number, length: number): Note {
    const code = CODES[this.codes[i]];
    return note(code, 0, length, this.texts.get(i) ?? detailText(code, this.others[i], this.values[i]));
  }

  private grow(): void {
    const size = this.rows.length * 2;
    const bigger = <T extends Int32Array | Uint16Array | Float64Array>(from: T, to: T): T => {
      to.set(from as never);
      return to;
    };
    this.rows = bigger(this.rows, new Int32Array(size));
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
