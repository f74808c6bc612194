import type { Item, Value } from '../../core/message.ts';
import { isPlistDict, type PlistValue } from '../../core/plist-value.ts';

/** A value that the packed encoding can carry: integers within 64 bits, text, data, bool, lists, dictionaries. */
export type PackedValue = number | bigint | string | boolean | Uint8Array | readonly PackedValue[] | PackedDictionary;

export interface PackedDictionary {
  readonly entries: readonly PackedAttribute[];
}

/** A key and its value. */
export interface PackedAttribute {
  /** Directly in a frame the attribute number, else a text. */
  readonly id: number | string;
  readonly value: PackedValue;
  /** Offer the value to the table: referred to when it is there, stored otherwise. Left out: as Apple's encoder does for this key. */
  readonly indexed?: boolean;
}

export function isPackedDictionary(value: PackedValue): value is PackedDictionary {
  return typeof value === 'object' && 'entries' in value && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** Items as attributes to be written again, stored or referred to where they were before; undefined when one of them is lost. */
export function attributesOf(items: readonly Item[]): PackedAttribute[] | undefined {
  const attributes: PackedAttribute[] = [];
  for (const item of items) {
    const value = packedValueOf(item);
    if (value === undefined) return undefined;
    attributes.push({ id: item.id, value, indexed: item.how !== 'literal' });
  }
  return attributes;
}

function packedValueOf(item: Item): PackedValue | undefined {
  if (item.kind === 'lost') return undefined;
  if (item.kind === 'leaf') return item.value as PackedValue;
  const items = item.value as readonly Item[];
  if (item.kind === 'dict') {
    const entries = attributesOf(items);
    return entries === undefined ? undefined : { entries };
  }
  const values = items.map(packedValueOf);
  return values.includes(undefined) ? undefined : (values as PackedValue[]);
}

/** A dictionary item as the property list that it was made from. What is lost is left out, of equal keys the last one counts. */
export function plistOf(item: Item): PlistValue | undefined {
  if (item.kind === 'lost') return undefined;
  if (item.kind === 'leaf') return leafPlist(item.value as Value);
  const inner = item.value as readonly Item[];
  if (item.kind === 'array') return inner.map(plistOf).filter((value) => value !== undefined);
  const dict = new Map<string, PlistValue>();
  for (const entry of inner) {
    const value = plistOf(entry);
    if (value !== undefined && !isLostKey(entry.id)) dict.set(String(entry.id), value);
  }
  return dict;
}

/** `?5`: the syntax could not resolve the key. */
function isLostKey(id: number | string): boolean {
  return typeof id === 'string' && /^\?\d+$/.test(id);
}

/** The encoding has room for negative numbers of 65 bits, a property list has not: such a one keeps its low 64 bits. */
function leafPlist(value: Value): PlistValue | undefined {
  if (typeof value === 'bigint' && value < -(1n << 63n)) return BigInt.asIntN(64, value);
  return value === null ? undefined : value;
}

/** A property list as a packed value, or undefined when it holds what the encoding has no type for: then it is sent as data. */
export function packedOf(value: PlistValue): PackedValue | undefined {
  if (value === null) return undefined;
  if (typeof value !== 'object') return typeof value === 'number' && !Number.isSafeInteger(value) ? undefined : value;
  if (value instanceof Uint8Array) return value;
  if (isPlistDict(value)) {
    const entries: PackedAttribute[] = [];
    for (const [id, inner] of value) {
      const packed = packedOf(inner);
      if (packed === undefined) return undefined;
      entries.push({ id, value: packed });
    }
    return { entries };
  }
  if (!Array.isArray(value)) return undefined;
  const values = (value as readonly PlistValue[]).map(packedOf);
  return values.includes(undefined) ? undefined : (values as PackedValue[]);
}
