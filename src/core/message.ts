import type { Note, Severity } from './note.ts';
import type { Dir } from './stream.ts';

/** The dialects, numbered: the number is the upper byte of a message type in the index. */
export const DIALECTS = ['capture', 'tls', 'courier', 'courier-packed', 'courier-ios4', 'gateway', 'feedback', 'http2'] as const;
export type DialectName = (typeof DIALECTS)[number];

export const DIALECT = {
  capture: 0,
  tls: 1,
  courier: 2,
  packed: 3,
  ios4: 4,
  gateway: 5,
  feedback: 6,
  http2: 7,
} as const;

/** Type of an entry in the index: dialect number and command byte. */
export function messageType(dialect: number, command: number): number {
  return (dialect << 8) | command;
}

/** Entries of the `capture` dialect: what is no message but must not be lost. */
export const CAPTURE_ENTRY = { unknown: 0, gap: 1, skipped: 2, truncated: 3 } as const;

export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * A value as data. Integers are bigint when wider than 4 bytes, so that nanoseconds stay exact.
 * `undefined` means that the bytes are known but the value is not (unresolved reference, wrong width).
 */
export type Value = number | bigint | string | boolean | Uint8Array | null | undefined;

/** One labelled field of a decoded message; a tree. */
export interface Field {
  /** Name in the schema: the last part of the filter name, e.g. `expiry`. */
  readonly name: string;
  readonly label: string;
  readonly value: Value;
  /** The value in words, printable, without control characters: "2026-11-21T18:12:06Z (in 1 h)". */
  readonly text: string;
  /** Byte range in the message's bytes; undefined when it has none (resolved from a table, computed). */
  readonly at: Range | undefined;
  /** Wire id, when the dialect has ids. */
  readonly id?: number | string;
  readonly children?: readonly Field[];
  /** Name of the class of privacy, for redaction: see `schema/privacy`. */
  readonly privacy?: Privacy;
  /** Content that a payload decoder should take apart ("what is in here"). */
  readonly payload?: Uint8Array;
  /** The full filter name, e.g. `apns.message.expiry`. */
  readonly filter?: string;
  readonly note?: Severity;
}

export type Privacy = 'token' | 'content' | 'credential' | 'identity' | 'address';

/** A decoded message: the answer to "what is in this row". */
export interface Message {
  readonly dialect: DialectName;
  /** Name in the schema, e.g. `message`, `connect`, `request`. */
  readonly command: string;
  readonly label: string;
  readonly type: number;
  readonly dir: Dir;
  readonly fields: readonly Field[];
  readonly notes: readonly Note[];
  /** One line for lists: the most telling fields, printable. */
  readonly info: string;
  /**
   * The contents that the fields mark with `payload`, from dialects that make their fields on demand: a list can then
   * summarise them without asking for the fields. Undefined: look at the fields.
   */
  readonly contents?: readonly Content[] | undefined;
  /** The bytes of the field `token` at the top, from dialects that know them without making their fields. */
  readonly token?: Uint8Array | undefined;
}

/** Content in the bytes of a message, and where it starts. */
export interface Content {
  readonly bytes: Uint8Array;
  readonly start: number;
  /** Full filter name of the field that holds it, where that says what it is. */
  readonly field?: string | undefined;
}

/** Lossless, nameless syntax of a frame: what a codec cuts before the schema gives it names. */
export interface Item {
  readonly id: number | string;
  /** Leaf value, or the items of a group; `lost` for a reference to a dictionary entry that is not known. */
  readonly value: Value | readonly Item[];
  readonly kind: 'leaf' | 'dict' | 'array' | 'lost';
  readonly at: Range | undefined;
  /** How a packed value was written: literal, indexed literal, reference. */
  readonly how?: string;
}

export interface Syntax {
  readonly command: number;
  readonly items: readonly Item[];
  /** What could not be cut into items; empty when start === end. */
  readonly rest: Range;
  readonly notes: readonly Note[];
}
