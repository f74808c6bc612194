import type { Severity } from '../../core/note.ts';

/** One row of the note table. A note gets its place and its `detail` when it is made; all else stands here. */
export interface NoteDef {
  readonly severity: Severity;
  /** What was seen, one sentence for people. */
  readonly sentence: string;
  /** What it means for the user or what to do about it. */
  readonly advice: string;
}
