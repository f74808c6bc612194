import type { TopicLookup } from '../core/dialect.ts';
import type { Field, Item, Range, Value } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import type { Dir } from '../core/stream.ts';
import { type CommandDef, type CommandTable, type FieldDef, type FieldType, goes, idIn } from './definition.ts';
import { note, noteDef } from './notes.ts';
import { compileSummary, type Summary } from './summary.ts';
import { PUBLISHED_TOPICS } from './topics.ts';
import { hexText, plainReading, type Reader, type Reading, readerOf } from './values.ts';

/** What a frame's items mean. */
export interface Interpretation {
  /** Name of the command's row, or `unknown_1a`. */
  readonly command: string;
  readonly label: string;
  readonly fields: readonly Field[];
  readonly notes: readonly Note[];
  /** One line for lists. */
  readonly info: string;
}

/** Width of a value whose reader finds nothing wrong, however long it is. */
export const ANY_WIDTH = -1;
/** Width of a value that must be read to know whether something is wrong with it. */
const READ_IT = -2;

export interface CompiledField {
  readonly name: string;
  readonly def: FieldDef;
  readonly filter: string;
  readonly read: Reader;
  /** Known only from the other direction. */
  readonly foreign: boolean;
  /** Its slot in the command's summary; -1 when that does not show it. */
  readonly slot: number;
  readonly isContent: boolean;
  readonly isToken: boolean;
  /** Its bit in sets of the command's rows; 0 for those beyond 32. */
  readonly bit: number;
  /** Bytes of a value that needs no reading to be right, or `ANY_WIDTH`, or `READ_IT`. */
  readonly width: number;
}

export interface CompiledCommand {
  readonly name: string;
  readonly def: CommandDef;
  readonly foreign: boolean;
  readonly byId: ReadonlyMap<number | string, CompiledField>;
  readonly required: readonly string[];
  readonly summary: Summary;
  /** The bits of the required rows. */
  readonly requiredBits: number;
  /** Some field says how long another one is. */
  readonly comparesLengths: boolean;
}

/** The full filter name of a row. */
export function filterName(command: string, def: CommandDef, field: string): string {
  return `apns.${def.space ?? command}.${field}`;
}

function compileCommand(name: string, def: CommandDef, dir: Dir, foreign: boolean): CompiledCommand {
  const byId = new Map<number | string, CompiledField>();
  const summary = compileSummary(def);
  const keys = Object.keys(def.fields);
  const bitOf = (key: string): number => (keys.indexOf(key) < 32 ? 1 << keys.indexOf(key) : 0);
  const add = (side: Dir, isForeign: boolean): void => {
    for (const [key, field] of Object.entries(def.fields)) {
      const id = idIn(field, side);
      if (id === undefined || byId.has(id)) continue;
      byId.set(id, {
        name: key,
        def: field,
        filter: filterName(name, def, key),
        read: readerOf(field),
        foreign: isForeign,
        slot: summary.names.indexOf(key),
        isContent: field.type.kind === 'payload' || field.type.kind === 'protobuf',
        isToken: key === 'token',
        bit: bitOf(key),
        width: rightWidth(field.type),
      });
    }
  };
  add(dir, false);
  add(dir === 0 ? 1 : 0, true);
  const required = Object.entries(def.fields)
    .filter(([, field]) => field.required)
    .map(([key]) => key);
  const requiredBits = required.reduce((bits, key) => bits | bitOf(key), 0);
  const comparesLengths = Object.values(def.fields).some((field) => field.lengthOf !== undefined);
  return { name, def, foreign, byId, required, summary, requiredBits, comparesLengths };
}

/** The width at which a value of the wire needs no reading to be right. */
function rightWidth(type: FieldType): number {
  switch (type.kind) {
    case 'uint':
      return type.width;
    case 'bytes':
    case 'token':
      return type.length ?? ANY_WIDTH;
    case 'topic':
      return 20;
    case 'uuid':
      return 16;
    case 'payload':
    case 'protobuf':
    case 'certificate':
      return ANY_WIDTH;
    default:
      return READ_IT;
  }
}

/** The rows of one dialect, compiled into readers command by command at first use. */
export class Commands {
  readonly table: CommandTable;
  private readonly compiled = new Map<number, CompiledCommand | null>();

  constructor(table: CommandTable) {
    this.table = table;
  }

  /** The row of a command byte in a direction; that of the other direction when this one has none. */
  find(id: number, dir: Dir): CompiledCommand | undefined {
    const key = (id << 1) | dir;
    let found = this.compiled.get(key);
    if (found === undefined) {
      const rows = Object.entries(this.table).filter(([, def]) => def.id === id);
      const row = rows.find(([, def]) => goes(def, dir)) ?? rows[0];
      found = row === undefined ? null : compileCommand(row[0], row[1], dir, !goes(row[1], dir));
      this.compiled.set(key, found);
    }
    return found ?? undefined;
  }
}

/** Place of an item's value: bytes stand at the end of their item; a value from a table has the place of its reference. */
function valuePlace(at: Range | undefined, value: Value): Range | undefined {
  if (at === undefined || !(value instanceof Uint8Array) || value.length > at.end - at.start) return at;
  return { start: at.end - value.length, end: at.end };
}

/** Nesting that the packed decoder lets through (5) and some; deeper trees are shown as their number of entries. */
const MAX_DEPTH = 16;

function groupFields(items: readonly Item[], depth: number): Field[] {
  return items.map((item) => {
    const label = String(item.id);
    if (item.kind === 'dict' || item.kind === 'array') {
      const inner = item.value as readonly Item[];
      const children = depth < MAX_DEPTH ? groupFields(inner, depth + 1) : [];
      return {
        name: label,
        label,
        value: null,
        text: `${inner.length} ${item.kind === 'dict' ? 'keys' : 'elements'}`,
        at: item.at,
        id: item.id,
        children,
      };
    }
    const value = item.value as Value;
    if (item.kind === 'lost')
      return { name: label, label, value: undefined, text: 'unresolved reference', at: item.at, id: item.id, note: 'warn' };
    return { name: label, label, value, text: plainReading(value).text, at: valuePlace(item.at, value), id: item.id };
  });
}

function unknownField(command: string, item: Item): Field {
  const name = `unknown${item.id}`;
  const value = item.value as Value;
  const reading = value instanceof Uint8Array ? { text: hexText(value) } : plainReading(value);
  const label = `Unknown ${item.id}`;
  return {
    name,
    label,
    value,
    text: reading.text,
    at: valuePlace(item.at, value),
    id: item.id,
    filter: `apns.${command}.${name}`,
    note: 'note',
  };
}

/** Notes about one message's fields; what is wrong in more places than this needs no further proof. */
const MAX_NOTES = 256;

/**
 * Gives names, values and words to the items that a codec has cut. Items may hold bytes of the wire or, packed, typed values.
 *
 * `end` is the frame's length, for notes that concern all of it. Unknown commands and fields are kept as what they are.
 * Never throws on values that a codec makes.
 */
export function interpret(
  commands: Commands,
  command: number,
  dir: Dir,
  items: readonly Item[],
  end: number,
  names: TopicLookup = PUBLISHED_TOPICS,
): Interpretation {
  const notes: Note[] = [];
  const fields: Field[] = [];
  const found = commands.find(command, dir);
  const hex = (command & 0xff).toString(16).padStart(2, '0');
  const name = found?.name ?? `unknown_${hex}`;
  if (found === undefined) notes.push(note('frame.unknown-command', 0, Math.min(1, end), `command ${hex}`));
  else if (found.foreign) notes.push(note('frame.wrong-direction', 0, Math.min(1, end)));
  const seen = new Set<CompiledField>();
  const briefs: (string[] | undefined)[] = [];
  const lengths = new Map<string, number>();
  for (const item of items) {
    const row = found?.byId.get(item.id);
    const place = valuePlace(item.at, item.value as Value);
    const start = place?.start ?? 0;
    const stop = place?.end ?? end;
    if (row === undefined) {
      if (item.kind === 'leaf') fields.push(unknownField(found?.def.space ?? name, item));
      else fields.push(...groupFields([item], 0));
      if (found !== undefined) notes.push(note('field.unknown', start, stop, `field ${item.id}`));
      continue;
    }
    if (seen.has(row) && !row.def.repeated) notes.push(note('field.repeated', start, stop, row.def.label));
    seen.add(row);
    if (row.foreign) notes.push(note('field.other-direction', start, stop, row.def.label));
    const reading = readItem(row, item, place, names);
    const code = reading.problem?.[0];
    if (reading.problem !== undefined) notes.push(note(reading.problem[0], start, stop, `${row.def.label}: ${reading.problem[1]}`));
    fields.push(fieldOf(row, item, place, reading, code === undefined ? undefined : noteDef(code)?.severity));
    addBrief(briefs, row.slot, reading);
    if (item.value instanceof Uint8Array) lengths.set(row.name, item.value.length);
    if (notes.length > MAX_NOTES) notes.length = MAX_NOTES;
  }
  if (found !== undefined) checkCommand(found, fields, lengths, end, notes);
  return { command: name, label: found?.def.label ?? `Unknown ${hex}`, fields, notes, info: found?.summary.text(briefs) ?? '' };
}

/** Adds the short text of a field to those of its slot. */
export function addBrief(briefs: (string[] | undefined)[], slot: number, reading: Reading): void {
  if (slot < 0) return;
  const brief = reading.brief ?? reading.text;
  const others = briefs[slot];
  if (others === undefined) briefs[slot] = [brief];
  else others.push(brief);
}

function readItem(row: CompiledField, item: Item, place: Range | undefined, names: TopicLookup): Reading {
  if (item.kind === 'lost')
    return { value: undefined, text: 'unresolved reference', problem: ['field.unresolved', 'table entry not known'] };
  if (item.kind === 'leaf') return row.read(item.value as Value, place, names);
  const inner = item.value as readonly Item[];
  const reading: Reading = {
    value: null,
    text: `${inner.length} ${item.kind === 'dict' ? 'keys' : 'elements'}`,
    children: groupFields(inner, 0),
  };
  const mayGroup = row.def.type.kind === 'payload' || row.def.type.kind === 'protobuf';
  return mayGroup ? reading : { ...reading, problem: ['field.type', `${item.kind}, expected ${row.def.type.kind}`] };
}

function fieldOf(row: CompiledField, item: Item, at: Range | undefined, reading: Reading, severity: Field['note']): Field {
  return {
    name: row.name,
    label: row.def.label,
    value: reading.value,
    text: reading.text,
    at,
    id: item.id,
    filter: row.filter,
    ...(reading.children === undefined ? undefined : { children: reading.children }),
    ...(row.def.privacy === undefined ? undefined : { privacy: row.def.privacy }),
    ...(reading.payload === undefined ? undefined : { payload: reading.payload }),
    ...(severity === undefined ? undefined : { note: severity }),
  };
}

/** What can only be said when all fields are known. */
function checkCommand(
  command: CompiledCommand,
  fields: readonly Field[],
  lengths: ReadonlyMap<string, number>,
  end: number,
  notes: Note[],
): void {
  for (const name of command.required) {
    if (!fields.some((field) => field.name === name)) notes.push(note('field.missing', 0, end, command.def.fields[name].label));
  }
  for (const field of fields) {
    const other = command.def.fields[field.name]?.lengthOf;
    if (other === undefined || typeof field.value !== 'number') continue;
    const length = lengths.get(other);
    if (length === undefined || length === field.value || field.at === undefined) continue;
    notes.push(note('field.padding-length', field.at.start, field.at.end, `says ${field.value}, carries ${length}`));
  }
}
