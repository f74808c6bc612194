import { ByteWriter } from '../../core/bytes.ts';
import type { Item, Value } from '../../core/message.ts';
import { readPlist } from '../../core/plist-reader.ts';
import type { PlistValue } from '../../core/plist-value.ts';
import { writePlist } from '../../core/plist-writer.ts';
import type { Dir } from '../../core/stream.ts';
import { utf8, utf8Bytes } from '../../core/text.ts';
import { EncodeError } from '../../schema/build.ts';
import { COURIER } from '../../schema/courier.ts';
import { type CommandDef, type FieldDef, goes, idIn } from '../../schema/definition.ts';
import { type PackedAttribute, type PackedValue, packedOf, plistOf } from './value.ts';

/*
 * Between the two encodings of the courier protocol: bytes of a fixed width in one, typed values without width in the other.
 * The schema says which type and width a field has (courier.md 5.5).
 */

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

/** The row of an attribute, undefined for one that the schema does not know. */
export function rowOf(dir: Dir, command: number, id: number | string): FieldDef | undefined {
  return typeof id === 'number' ? ROWS.get(rowKey(dir, command, id)) : undefined;
}

/** An unsigned 64-bit number from 2^63 up travels as the negative number with the same bits. */
export function restoreSign(item: Item, row: FieldDef | undefined): Item {
  if (row?.type.kind !== 'uint' || row.type.width !== 8) return item;
  const { value } = item;
  if ((typeof value !== 'bigint' && typeof value !== 'number') || value >= 0) return item;
  return { ...item, value: BigInt.asUintN(64, BigInt(value)) };
}

/** Items of the unpacked encoding as attributes, typed and offered to the table as Apple's encoder does. */
export function packItems(dir: Dir, command: number, items: readonly Item[]): PackedAttribute[] {
  return items.map((item) => {
    const row = rowOf(dir, command, item.id);
    return { id: item.id, value: packedValue(item.value as Uint8Array, row), indexed: row?.indexed === true };
  });
}

/**
 * Items of the packed encoding as those of the unpacked one, with the widths of the schema; for replay to a server that speaks
 * only that. A number that the schema does not know takes as few bytes as it can. Throws `EncodeError` for what has no unpacked
 * form: a reference that is not resolved, a number that does not fit, a dictionary that is no payload.
 */
export function unpackItems(dir: Dir, command: number, items: readonly Item[]): Item[] {
  return items.map((item) => {
    const row = rowOf(dir, command, item.id);
    return { id: item.id, kind: 'leaf', value: unpackedValue(restoreSign(item, row), row), at: undefined };
  });
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

function unpackedValue(item: Item, row: FieldDef | undefined): Uint8Array {
  if (item.kind === 'dict' && row?.type.kind === 'payload') {
    const plist = plistOf(item);
    if (plist !== undefined) return writePlist(plist);
  }
  if (item.kind !== 'leaf') throw new EncodeError(`Attribute ${item.id} (${item.kind}) has no unpacked form.`);
  const value = item.value as Value;
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return utf8Bytes(value);
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0);
  return numberBytes(item.id, BigInt(value as number | bigint), row);
}

function numberBytes(id: number | string, value: bigint, row: FieldDef | undefined): Uint8Array {
  if (row?.type.kind === 'decimal') return utf8Bytes(String(value));
  const width = row?.type.kind === 'uint' ? row.type.width : Math.max(1, Math.ceil(value.toString(16).length / 2));
  if (value < 0n || value >> BigInt(8 * width) !== 0n) throw new EncodeError(`Attribute ${id}: ${value} does not fit ${width} byte(s).`);
  const out = new ByteWriter(8).u64(value).finish();
  return out.slice(8 - width);
}
