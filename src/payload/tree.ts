import { toHex } from '../core/bytes.ts';
import type { Field, Range, Value } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import { printable, shorten } from '../core/text.ts';
import { type NoteCode, note } from '../schema/notes.ts';
import type { PayloadFamily } from '../schema/payload-keys.ts';
import { payloadField } from '../schema/payload-label.ts';

/** Containers shown inside one another; the deepest payload seen has 6. Deeper ones stand as raw text. */
export const MAX_DEPTH = 64;
/** Values shown of one payload; a payload of 16 KiB cannot hold more than a third of it. */
const MAX_VALUES = 20_000;
/** Notes about one payload; what is wrong in more places than this needs no further proof. */
const MAX_NOTES = 256;
/** Characters of a text that a field shows; the value itself is whole. */
const TEXT_LIMIT = 4096;
/** Bytes of data that a field shows as hex. */
const HEX_LIMIT = 2048;

/** Name of a value that stands at the top, under no key. */
export const TOP_NAME = 'value';

/** What the readers of the formats share while they build one tree. */
export class TreeBuilder {
  readonly notes: Note[] = [];
  family: PayloadFamily = 'none';
  private values = 0;
  private full = false;

  /** Counts a value; false when no more are shown. */
  admit(at: Range): boolean {
    if (++this.values <= MAX_VALUES) return true;
    if (!this.full) this.note('payload.too-many-values', at.start, at.end, `more than ${MAX_VALUES}`);
    this.full = true;
    return false;
  }

  note(code: NoteCode, start: number, end: number, detail?: string): void {
    if (this.notes.length < MAX_NOTES) this.notes.push(note(code, start, end, detail));
  }

  /** A value without parts, called `name` at `path`. `words` replaces its text. */
  leaf(path: string, name: string, value: Value, at: Range | undefined, words?: string): Field {
    return payloadField(this.family, path, name, value, words ?? valueText(value), at, undefined);
  }

  group(path: string, name: string, children: readonly Field[], words: string, at: Range | undefined): Field {
    return payloadField(this.family, path, name, null, words, at, children);
  }
}

/** A value in words, printable. */
export function valueText(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Uint8Array)
    return value.length <= HEX_LIMIT ? toHex(value) : `${toHex(value, 0, HEX_LIMIT)}… (${value.length} bytes)`;
  return typeof value === 'string' ? shorten(printable(value), TEXT_LIMIT) : String(value);
}

/** The fields, and all inside them, at one place: for bytes that stand packed in others and have no place of their own. */
export function placed(fields: readonly Field[], at: Range | undefined): Field[] {
  return fields.map((field) => (field.children === undefined ? { ...field, at } : { ...field, at, children: placed(field.children, at) }));
}

/** Number of entries in words. */
export function entries(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
