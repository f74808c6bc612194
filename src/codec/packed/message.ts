import type { TopicLookup } from '../../core/dialect.ts';
import { DIALECT, type Field, type Item, type Message, messageType } from '../../core/message.ts';
import { isBinaryPlist } from '../../core/plist-reader.ts';
import { writePlist } from '../../core/plist-writer.ts';
import type { Dir } from '../../core/stream.ts';
import { build, type FieldValues } from '../../schema/build.ts';
import { COURIER } from '../../schema/courier.ts';
import { Commands, interpret } from '../../schema/interpret.ts';
import type { PayloadFamily } from '../../schema/payload-keys.ts';
import { labelPayload } from '../../schema/payload-label.ts';
import { restField } from '../rest.ts';
import { packItems, restoreSign, rowOf } from './convert.ts';
import { parsePacked } from './syntax.ts';
import { type PackedAttribute, plistOf } from './value.ts';

const COMMANDS = new Commands(COURIER);

/** Decodes one frame; see `Dialect.decode`. `aux` is what the index logged of its references. */
export function decodePacked(bytes: Uint8Array, dir: Dir, aux?: Uint8Array, names?: TopicLookup): Message {
  const syntax = parsePacked(bytes, aux);
  const items = syntax.items.map((item) => restoreSign(item, rowOf(dir, syntax.command, item.id)));
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
  return { id, attributes: packItems(dir, id, items) };
}
