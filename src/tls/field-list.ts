import { toHex } from '../core/bytes.ts';
import type { Field, Privacy, Range, Value } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import { printable } from '../core/text.ts';
import type { NoteCode } from '../schema/notes.ts';
import { note } from '../schema/notes.ts';
import type { Cursor } from './cursor.ts';

/** Bytes of a value that its text shows; the value itself is whole. */
const TEXT_BYTES = 48;
/** Fields of one list in a message; what is beyond is shown as one. */
export const LIST_LIMIT = 512;

/** A name for a value that comes from a table. */
export type Naming = (value: number) => string;

/** "name (0x0017)". */
export function named(names: Readonly<Record<number, string>>, value: number, width = 4): string {
  const hex = `0x${value.toString(16).padStart(width, '0')}`;
  const name = names[value];
  return name === undefined ? hex : `${name} (${hex})`;
}

/** Collects the fields and notes of one message or of one part of it. Ranges are offsets in the message's bytes. */
export class FieldList {
  readonly fields: Field[] = [];
  readonly notes: Note[];

  constructor(notes: Note[] = []) {
    this.notes = notes;
  }

  /** `filter` is the full filter name; its last part is the field's name. */
  add(filter: string, label: string, value: Value, text: string, at: Range | undefined, children?: FieldList, privacy?: Privacy): this {
    this.fields.push({
      name: filter.slice(filter.lastIndexOf('.') + 1),
      label,
      value,
      text: printable(text),
      at,
      filter,
      ...(children === undefined || children.fields.length === 0 ? {} : { children: children.fields }),
      ...(privacy === undefined ? {} : { privacy }),
    });
    return this;
  }

  /** Reads an unsigned integer of `width` bytes. */
  uint(c: Cursor, width: number, filter: string, label: string, naming: Naming = String): number {
    const start = c.at;
    const value = c.uint(width);
    if (c.ok) this.add(filter, label, value, naming(value), { start, end: c.at });
    return value;
  }

  /** Takes the rest of a cursor as bytes. */
  rest(c: Cursor, filter: string, label: string, privacy?: Privacy): Uint8Array {
    const bytes = c.copy();
    this.add(filter, label, bytes, bytesText(bytes), { start: c.at, end: c.end }, undefined, privacy);
    c.at = c.end;
    return bytes;
  }

  /** Reads numbers of `width` bytes to the end of the cursor into one field with children. */
  numbers(c: Cursor, width: number, filter: string, label: string, naming: Naming): number[] {
    const start = c.at;
    const inside = new FieldList(this.notes);
    const values: number[] = [];
    while (c.left >= width && values.length < LIST_LIMIT) values.push(inside.uint(c, width, filter, label, naming));
    const shown = inside.fields.slice(0, 4).map((field) => field.text);
    const text = `${values.length}: ${shown.join(', ')}${values.length > shown.length ? ', …' : ''}`;
    this.add(
      filter.replace(/[^.]+$/, (last) => `${last}s`),
      `${label}s`,
      undefined,
      text,
      { start, end: c.end },
      inside,
    );
    c.at = c.end;
    return values;
  }

  note(code: NoteCode, start: number, end: number, detail?: string): void {
    this.notes.push(note(code, start, end, detail));
  }

  /** Notes what is wrong with a cursor that should have been read to its end. */
  close(c: Cursor): void {
    if (!c.ok) this.note('tls.malformed', c.end, c.end);
    else if (c.left > 0) {
      this.note('tls.trailing', c.at, c.end, `${c.left} bytes`);
      this.rest(c, 'tls.malformed.trailing_data', 'Trailing data');
    }
  }
}

/** Hex, cut to what fits a line. */
export function bytesText(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'empty';
  return bytes.length <= TEXT_BYTES ? toHex(bytes) : `${toHex(bytes, 0, TEXT_BYTES)}… (${bytes.length} bytes)`;
}
