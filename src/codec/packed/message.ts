import type { TopicLookup } from '../../core/dialect.ts';
import { DIALECT, type Field, type Item, type Message, messageType } from '../../core/message.ts';
import { isBinaryPlist, readPlist } from '../../core/plist-reader.ts';
import type { PlistValue } from '../../core/plist-value.ts';
import { writePlist } from '../../core/plist-writer.ts';
import type { Dir } from '../../core/stream.ts';
import { utf8 } from '../../core/text.ts';
import { build, type FieldValues } from '../../schema/build.ts';
import { COURIER } from '../../schema/courier.ts';
import { type CommandDef, type FieldDef, goes, idIn } from '../../schema/definition.ts';
import { Commands, interpret } from '../../schema/interpret.ts';
import type { PayloadFamily } from '../../schema/payload-keys.ts';
import { labelPayload } from '../../schema/payload-label.ts';
import { restField } from '../rest.ts';
import { parsePacked } from './syntax.ts';
import { type PackedAttribute, type PackedValue, packedOf, plistOf } from './value.ts';

const COMMANDS = new Commands(COURIER);

/** Rows by direction, command and attribute id. */
const ROWS = compileRows();

function rowKey(dir: Dir, command: number, id: number): number {
  return (dir << 16) | (command << 8) | id;
}

function compileRows(): ReadonlyMap<number, FieldDef> {
  const rows = new Map<number, FieldDef>();
  for (const command of Object.values<CommandDef>(COURIER)) {
    for (const dir of [0, 1] as const) {
      if (!goes(command, dir)) continue;
      for (const field of Object.values(command.fields)) {
        const id = idIn(field, dir);
        if (id !== undefined) rows.set(rowKey(dir, command.id, id), field);
      }
    }
  }
  return rows;
}

function rowOf(dir: Dir, command: number, id: number | string): FieldDef | undefined {
  return typeof id === 'number' ? ROWS.get(rowKey(dir, command, id)) : undefined;
}

/** Decodes one frame; see `Dialect.decode`. `aux` is what the index logged of its references. */
export function decodePacked(bytes: Uint8Array, dir: Dir, aux?: Uint8Array, names?: TopicLookup): Message {
  const syntax = parsePacked(bytes, aux);
  const items = syntax.items.map((item) => restoreWidth(item, rowOf(dir, syntax.command, item.id)));
  const meaning = interpret(COMMANDS, syntax.command, dir, items, bytes.length, names);
  const fields: Field[] = meaning.fields.map((field, i) => withPlist(field, items[i]));
  if (syntax.rest.start < syntax.rest.end) fields.push(restField({ ...syntax, tail: bytes.slice(syntax.rest.start) }));
  return {
    dialect: 'courier-packed',
    command: meaning.command,
    label: meaning.label,
    type: messageType(DIALECT.packed, syntax.command & 0xff),
    dir,
    fields,
    // Why a reference is not resolved, the syntax says more exactly.
    notes: [...syntax.notes, ...meaning.notes.filter((n) => n.code !== 'field.unresolved')],
    info: meaning.info,
  };
}

/** An unsigned 64-bit number from 2^63 up travels as the negative number with the same bits. */
function restoreWidth(item: Item, row: FieldDef | undefined): Item {
  if (row?.type.kind !== 'uint' || row.type.width !== 8) return item;
  const { value } = item;
  if ((typeof value !== 'bigint' && typeof value !== 'number') || value >= 0) return item;
  return { ...item, value: BigInt.asUintN(64, BigInt(value)) };
}

/**
 * A payload that travels as a dictionary was a property list: its fields are named as those of a list, and the field gets that
 * list's bytes, for all who look into payloads. They are made here; the places of the fields are those in the frame.
 */
function withPlist(field: Field, item: Item): Field {
  if (item.kind !== 'dict' || field.filter === undefined) return field;
  const plist = plistOf(item);
  if (plist === undefined || field.children === undefined) return field;
  const children = labelPayload(field.children, familyOf(item.value as readonly Item[])).map(withInner);
  return { ...field, children, payload: writePlist(plist) };
}

/** Data that says of itself that it is gzip or a property list is a payload in turn. */
function withInner(field: Field): Field {
  if (field.children !== undefined) return { ...field, children: field.children.map(withInner) };
  const { value } = field;
  if (!(value instanceof Uint8Array)) return field;
  return (value[0] === 0x1f && value[1] === 0x8b) || isBinaryPlist(value) ? { ...field, payload: value } : field;
}

/** As for property lists: an integer under `c` marks an IDS message. */
function familyOf(entries: readonly Item[]): PayloadFamily {
  for (const { id, value } of entries) {
    if (id === 'aps') return 'aps';
    if (id === 'c' && (typeof value === 'number' || typeof value === 'bigint')) return 'ids';
  }
  return 'none';
}

/** The attributes of a command from names and values of the schema, as Apple's encoder would write them. Throws `EncodeError`. */
export function packedAttributes(command: string, fields: FieldValues, dir: Dir): { id: number; attributes: PackedAttribute[] } {
  const { id, items } = build(COMMANDS, command, fields, dir);
  const attributes = items.map((item): PackedAttribute => {
    const row = rowOf(dir, id, item.id);
    return { id: item.id, value: packedValue(item.value as Uint8Array, row), indexed: row?.indexed === true };
  });
  return { id, attributes };
}

/** The bytes of a field in the type that the packed encoding uses for its row; rows unknown to the schema stay data. */
function packedValue(bytes: Uint8Array, row: FieldDef | undefined): PackedValue {
  switch (row?.type.kind) {
    case 'uint':
      return unsigned(bytes);
    case 'text':
    case 'decimal':
      return utf8(bytes) ?? bytes;
    case 'payload':
      return dictionaryOf(readPlist(bytes)) ?? bytes;
    default:
      return bytes;
  }
}

/** Only a dictionary at the top is sent as one; any other list is sent as data. */
function dictionaryOf(plist: PlistValue | undefined): PackedValue | undefined {
  return plist instanceof Map ? packedOf(plist) : undefined;
}

function unsigned(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const b of bytes) value = (value << 8n) | BigInt(b);
  return bytes.length <= 4 ? Number(value) : value;
}
