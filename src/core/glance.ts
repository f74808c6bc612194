import type { Note } from './note.ts';
import { TextBytes } from './text-bytes.ts';

/** Payload fields of one message that a glance tells of: as many as an info line does. */
export const GLANCED_CONTENTS = 4;

const NO_BYTES = new Uint8Array(0);
const NO_NOTES: readonly Note[] = [];

/**
 * What a list shows of a message that is like others before it, read off its bytes: the same words as in its `Message`, without
 * making one. One object is reused for all messages; a dialect fills it after `clear`.
 */
export class Glance {
  label = '';
  /** The token is `tokenFrom[tokenStart, tokenEnd)`; empty: the message has none, or it must be looked for among the fields. */
  tokenFrom: Uint8Array = NO_BYTES;
  tokenStart = 0;
  tokenEnd = 0;
  /** The info line, printable. */
  readonly info = new TextBytes(4096);
  /** Its notes but for their places; the same array for messages of which the same is noted. */
  notes: readonly Note[] = NO_NOTES;
  /** Payload fields, as ranges of the message's bytes, in their order. */
  contents = 0;
  readonly contentStarts = new Uint32Array(GLANCED_CONTENTS);
  readonly contentEnds = new Uint32Array(GLANCED_CONTENTS);
  /** Filter names of the fields; undefined: the field says nothing of what it holds. */
  readonly contentFields: (string | undefined)[] = new Array(GLANCED_CONTENTS).fill(undefined);

  /** Messages of the same kind have the same fields, and differ only in what `varied` holds and in their payload. Undefined: not known. */
  kind: object | undefined = undefined;
  /** Set by who wants `varied` filled in place of the info line; payloads are not looked into then. */
  wantsVaried = false;
  /** JSON of the fields that differ, one after the other: `variedNames[i]` ends at `variedEnds[i]`. The last ones are start and end of each note. */
  readonly varied = new TextBytes(1024);
  readonly variedNames: string[] = [];
  readonly variedEnds: number[] = [];

  clear(): void {
    this.label = '';
    this.kind = undefined;
    this.tokenFrom = NO_BYTES;
    this.tokenStart = this.tokenEnd = 0;
    this.info.length = 0;
    this.notes = NO_NOTES;
    this.contents = 0;
  }

  /** Ends the JSON of a field in `varied`. */
  endVaried(name: string): void {
    this.variedNames.push(name);
    this.variedEnds.push(this.varied.length);
  }

  /** False when there are more than a line tells of. */
  addContent(start: number, end: number, field: string | undefined): boolean {
    if (this.contents === GLANCED_CONTENTS) return false;
    this.contentStarts[this.contents] = start;
    this.contentEnds[this.contents] = end;
    this.contentFields[this.contents++] = field;
    return true;
  }
}
