import type { Note } from '../../core/note.ts';

/*
 * The headers of plain messages as a tree: a way through it is a list of headers, without what differs from message to message.
 * A place keeps what the decoder found in the first message that ended there.
 */

/** What all messages with the same fixed headers have in common; made from the first of them. */
export interface PlainKind {
  readonly command: string;
  readonly label: string;
  readonly type: number;
  /** The info line up to the expiry; of a response, all of it. Printable; and the same as UTF-8. */
  readonly lead: string;
  readonly leadBytes: Uint8Array;
  /** What the decoder notes, but for the places; of requests nothing. */
  readonly notes: readonly Note[];
  /** Where those stand in each message; undefined: they must be decoded to tell. */
  readonly places: readonly NotePlace[] | undefined;
}

/** A place in any message of a kind: that of a header, by its number, or a range from the start of the body. */
export type NotePlace = { readonly header: number } | { readonly start: number; readonly end: number };

/** Times that a list of headers is tried with the decoder before it is taken for one that needs it. */
const TRIALS = 8;
/** Headers that a place knows by their bytes; others are found by their text. */
const STEPS = 32;

/** A header as it stood at a place of the tree: where the same bytes stand again, they lead to the same place. */
export interface Step {
  /** `formOf` the header. */
  readonly form: number;
  /** The name where the form does not tell it. */
  readonly name: Uint8Array;
  /** How the value is looked at when it differs from message to message; 0 when it is `value`. */
  readonly varies: number;
  readonly huffman: boolean;
  readonly value: Uint8Array;
  readonly next: Node;
}

/**
 * How a header is written, in one number. `fixed`: index in the static table, negative when the value stands there as well, 0 when
 * the name is written out.
 */
export function formOf(fixed: number, added: boolean, huffmanName: boolean): number {
  return fixed * 4 + (added ? 2 : 0) + (huffmanName ? 1 : 0);
}

export class Node {
  /** By the name of the next header, and by the value of the header whose name was the last step. */
  readonly names = new Map<string, Node>();
  /** The same for headers that go into the table: they may be noted where others are not. */
  readonly added = new Map<string, Node>();
  readonly values = new Map<string, Node>();
  readonly steps: Step[] = [];
  kind: PlainKind | undefined = undefined;
  private trials = 0;

  /** Whether the decoder should be asked what messages like this one are. */
  get open(): boolean {
    return this.kind === undefined && this.trials < TRIALS;
  }

  /** Says what the decoder found; without a kind it found something to note. */
  learn(kind: PlainKind | undefined): void {
    this.trials++;
    if (kind !== undefined) this.kind = kind;
  }

  remember(step: Step): void {
    if (this.steps.length < STEPS) this.steps.push(step);
  }
}
