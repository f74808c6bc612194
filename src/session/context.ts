import type { Field, Message, Value } from '../core/message.ts';
import { deleteOldest } from '../core/oldest.ts';
import type { NoteCode } from '../schema/notes.ts';
import type { Findings, Particulars } from './findings.ts';
import type { KindName } from './kinds.ts';
import type { Pairs } from './pairs.ts';
import type { RowColumns, SessionSource } from './source.ts';
import type { StreamState } from './stream-state.ts';

/** What rules work with. */
export interface Context {
  readonly source: SessionSource;
  readonly columns: RowColumns;
  readonly pairs: Pairs;
  readonly findings: Findings;
  /** Time of a row in seconds since the epoch, NaN when the input has none; good to a microsecond. */
  time(row: number): number;
  /** Time of the newest row before those that are being looked at; whole seconds. */
  readonly now: number;
  /** Keeps a finding and raises the row's severity. Returns its number, -1 when there are too many. */
  report(row: number, code: NoteCode, about?: Particulars): number;
  /** Question and answer. */
  join(question: number, answer: number): void;
}

/** One rule: sees every message of these kinds, in index order. */
export interface Rule {
  readonly on: readonly KindName[];
  see(c: Context, s: StreamState, row: number): void;
}

/** Rules that belong together, with what they remember over all connections. */
export interface RuleSet {
  readonly rules: readonly Rule[];
  /** The first row of a connection. */
  opened?(c: Context, s: StreamState, row: number): void;
  /** The capture ends; once for each connection. */
  end?(c: Context, s: StreamState): void;
  /** The capture ends; after all connections. */
  finish?(c: Context): void;
}

/** The value of the first field with this name in the schema, at the top of the message. */
export function fieldValue(message: Message, name: string): Value {
  return message.fields.find((f) => f.name === name)?.value;
}

/** The same as a number: integers of any width, and decimal texts; NaN for anything else. */
export function numberOf(message: Message, name: string): number {
  return toNumber(fieldValue(message, name));
}

export function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' || (typeof value === 'string' && /^\d{1,15}$/.test(value)) ? Number(value) : Number.NaN;
}

/** Levels of groups that are searched; hostile nesting costs nothing. */
const DEPTH = 8;

/** The first field with this filter name, in groups too. */
export function findByFilter(fields: readonly Field[], filter: string, depth = DEPTH): Field | undefined {
  for (const field of fields) {
    if (field.filter === filter) return field;
    if (field.children !== undefined && depth > 0) {
      const inside = findByFilter(field.children, filter, depth - 1);
      if (inside !== undefined) return inside;
    }
  }
  return undefined;
}

/** Entries that a table over the whole capture may hold: tokens, hosts. The oldest go first, some at once. */
const TABLE_LIMIT = 65_536;
const TABLE_STEP = TABLE_LIMIT / 16;

/** Puts into a table that forgets its oldest entries at the limit. */
export function remember<K, V>(table: Map<K, V>, key: K, value: V): void {
  if (!table.has(key) && table.size >= TABLE_LIMIT) deleteOldest(table, TABLE_STEP);
  table.set(key, value);
}

/** "10.0.0.1:5223" → "10.0.0.1"; what has no port stays. */
export function hostOf(end: string): string {
  const colon = end.lastIndexOf(':');
  return colon < 0 ? end : end.slice(0, colon);
}
