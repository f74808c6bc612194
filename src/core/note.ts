/** What was found wrong or remarkable at a place, as data. Wire bytes make notes; they never throw. */
export type Severity = 'info' | 'note' | 'warn' | 'error';

export const SEVERITIES: readonly Severity[] = ['info', 'note', 'warn', 'error'];

export interface Note {
  /** `area.kebab-case`; the table that explains every code is `schema/notes.ts`. */
  readonly code: string;
  readonly severity: Severity;
  /** Half-open byte range in the bytes of the entry (message) that carries the note. */
  readonly start: number;
  readonly end: number;
  /** What is particular about this case, as a phrase: "3 bytes, expected 4". */
  readonly detail?: string;
}
