import { uintBig } from './bytes.ts';
import type { PlistValue } from './plist-value.ts';
import { utf8 } from './text.ts';

/*
 * The binary property list, format `bplist00`: 8 bytes of magic, objects, a table of object offsets, a trailer of 32 bytes.
 * Object references are numbers of the offset table. Source: the header comment of Apple's open CFBinaryPList.c.
 * Nothing in the file is trusted: every offset, size and count is checked against the bytes before it is used.
 */

const MAGIC = [0x62, 0x70, 0x6c, 0x69, 0x73, 0x74, 0x30] as const; // "bplist0", then a version digit
const HEADER = 8;
const TRAILER = 32;

/** Containers followed into one another; no payload seen nests deeper than 10. Ends reference loops. */
export const PLIST_DEPTH = 64;
/**
 * What one list may stand for, counted at each use: ends lists that name one object in exponentially many ways. A value takes
 * a byte at least where it is named, so a list of n bytes without repetition has fewer than n.
 */
export class PlistBudget {
  private values: number;
  private bytes: number;

  constructor(length: number) {
    this.values = Math.max(LEAST_VALUES, Math.min(MOST_VALUES, length));
    this.bytes = Math.max(LEAST_BYTES, MOST_USES * length);
  }

  /** Counts a use of an object; false when there is no room for it. The bytes of containers are those of what they hold. */
  admit({ kind, at, end }: PlistObject): boolean {
    if (kind !== 'array' && kind !== 'set' && kind !== 'dict') this.bytes -= end - at;
    return --this.values >= 0 && this.bytes >= 0;
  }
}

/** Values of a short list that repeats much, and of any list. */
const LEAST_VALUES = 256;
const MOST_VALUES = 50_000;
/** Bytes that the values of a short list may have, and how often on average those of a long one may be named. */
const LEAST_BYTES = 64 * 1024;
const MOST_USES = 4;

export function isBinaryPlist(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER) return false;
  for (let i = 0; i < MAGIC.length; i++) if (bytes[i] !== MAGIC[i]) return false;
  return true;
}

/** Where things are in the file, checked. */
export interface PlistLayout {
  readonly bytes: Uint8Array;
  readonly offsetSize: number;
  readonly refSize: number;
  readonly count: number;
  /** Number of the root object. */
  readonly top: number;
  /** Start of the offset table; objects lie in [8, tableStart). */
  readonly tableStart: number;
}

/** The layout that the trailer tells, or in words what is wrong with it. */
export function openPlist(bytes: Uint8Array): PlistLayout | string {
  if (!isBinaryPlist(bytes)) return 'no binary property list';
  const length = bytes.length;
  if (length < HEADER + 1 + TRAILER) return `${length} bytes are too few for header, an object and trailer`;
  const trailer = length - TRAILER;
  const offsetSize = bytes[trailer + 6];
  const refSize = bytes[trailer + 7];
  const count = uint(bytes, trailer + 8, 8);
  const top = uint(bytes, trailer + 16, 8);
  const tableStart = uint(bytes, trailer + 24, 8);
  if (offsetSize < 1 || offsetSize > 8) return `offsets of ${offsetSize} bytes`;
  if (refSize < 1 || refSize > 8) return `references of ${refSize} bytes`;
  if (count === 0) return 'no objects';
  if (tableStart <= HEADER || tableStart > trailer) return `offset table at ${tableStart}, outside the list`;
  if (count > (trailer - tableStart) / offsetSize) return `${count} objects, more than the offset table holds`;
  if (top >= count) return `root object ${top} of ${count}`;
  return { bytes, offsetSize, refSize, count, top, tableStart };
}

type PlistKind =
  | 'null'
  | 'bool'
  | 'int'
  | 'real'
  | 'date'
  | 'data'
  | 'ascii'
  | 'utf16'
  | 'utf8'
  | 'uid'
  | 'array'
  | 'set'
  | 'dict'
  | 'invalid';

/** One object, not yet its contents. `start` to `end` is what follows its marker and count. */
export interface PlistObject {
  readonly kind: PlistKind;
  /** Offset of the marker byte. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
  /** Bytes of a number or data, characters of a text, entries of a container; 0 or 1 of a bool. */
  readonly count: number;
  /** What is wrong, when `kind` is `invalid`. */
  readonly problem?: string;
}

/** The object of that number. Outcome `invalid` for anything that does not lie wholly between header and offset table. */
export function plistObject(layout: PlistLayout, number: number): PlistObject {
  const { bytes, offsetSize, tableStart } = layout;
  if (!(number < layout.count)) return invalid(HEADER, `object ${number} of ${layout.count}`);
  const at = uint(bytes, tableStart + number * offsetSize, offsetSize);
  if (at < HEADER || at >= tableStart) return invalid(Math.min(at, bytes.length), `object ${number} at ${at}, outside the list`);
  const marker = bytes[at];
  const low = marker & 15;
  const high = marker >> 4;
  const fixed = (kind: PlistKind, length: number, count = length): PlistObject =>
    at + 1 + length <= tableStart ? { kind, at, start: at + 1, end: at + 1 + length, count } : invalid(at, 'runs past the end');
  switch (high) {
    case 0x0:
      if (marker === 0x00) return fixed('null', 0);
      if (marker === 0x08 || marker === 0x09) return fixed('bool', 0, marker & 1);
      return invalid(at, `marker 0x${hex(marker)}`);
    case 0x1:
      return low <= 4 ? fixed('int', 1 << low) : invalid(at, `integer of 2^${low} bytes`);
    case 0x2:
      return low === 2 || low === 3 ? fixed('real', 1 << low) : invalid(at, `real of 2^${low} bytes`);
    case 0x3:
      return marker === 0x33 ? fixed('date', 8) : invalid(at, `marker 0x${hex(marker)}`);
    case 0x8:
      return fixed('uid', low + 1);
    case 0x4:
      return sized(layout, at, 'data', 1);
    case 0x5:
      return sized(layout, at, 'ascii', 1);
    case 0x6:
      return sized(layout, at, 'utf16', 2);
    case 0x7:
      return sized(layout, at, 'utf8', 1);
    case 0xa:
      return sized(layout, at, 'array', layout.refSize);
    case 0xb:
    case 0xc:
      return sized(layout, at, 'set', layout.refSize);
    case 0xd:
      return sized(layout, at, 'dict', 2 * layout.refSize);
    default:
      return invalid(at, `marker 0x${hex(marker)}`);
  }
}

/** Number of the object that entry `index` of a container names. In a dictionary the keys come first, then the values. */
export function plistReference(layout: PlistLayout, container: PlistObject, index: number): number {
  return uint(layout.bytes, container.start + index * layout.refSize, layout.refSize);
}

/** The value of an object that is no container; undefined for containers and invalid ones. */
export function plistScalar(layout: PlistLayout, object: PlistObject): PlistValue | undefined {
  const { bytes } = layout;
  const { start, end, count } = object;
  switch (object.kind) {
    case 'null':
      return null;
    case 'bool':
      return count === 1;
    case 'int':
      return integer(bytes, start, count);
    case 'real':
      return { real: float(bytes, start, count) };
    case 'date':
      return { date: float(bytes, start, 8) };
    case 'uid':
      return { uid: uint(bytes, start, count) };
    case 'data':
      return bytes.slice(start, end);
    case 'ascii':
      return latin1(bytes, start, end);
    case 'utf16':
      return utf16(bytes, start, end);
    case 'utf8':
      return utf8(bytes.subarray(start, end)) ?? bytes.slice(start, end);
    default:
      return undefined;
  }
}

/**
 * The whole list as a value, or undefined when any part of it is broken, nests deeper than `PLIST_DEPTH`, stands for more
 * than `PlistBudget` grants, or has a dictionary key that is no text. For showing broken lists use the objects one by one.
 */
export function readPlist(bytes: Uint8Array): PlistValue | undefined {
  const layout = openPlist(bytes);
  if (typeof layout === 'string') return undefined;
  const budget = new PlistBudget(bytes.length);
  const read = (number: number, depth: number): PlistValue | undefined => {
    const object = plistObject(layout, number);
    if (!budget.admit(object) || depth > PLIST_DEPTH) return undefined;
    if (object.kind === 'dict') {
      const entries = new Map<string, PlistValue>();
      for (let i = 0; i < object.count; i++) {
        const key = read(plistReference(layout, object, i), depth + 1);
        const value = read(plistReference(layout, object, object.count + i), depth + 1);
        if (typeof key !== 'string' || value === undefined) return undefined;
        entries.set(key, value);
      }
      return entries;
    }
    if (object.kind !== 'array' && object.kind !== 'set') return plistScalar(layout, object);
    const items: PlistValue[] = [];
    for (let i = 0; i < object.count; i++) {
      const value = read(plistReference(layout, object, i), depth + 1);
      if (value === undefined) return undefined;
      items.push(value);
    }
    return object.kind === 'array' ? items : { set: items };
  };
  return read(layout.top, 0);
}

/** An object whose length stands in the marker, or, when that is 15, in an integer object behind it. */
function sized(layout: PlistLayout, at: number, kind: PlistKind, unit: number): PlistObject {
  const { bytes, tableStart } = layout;
  let count = bytes[at] & 15;
  let start = at + 1;
  if (count === 15) {
    const marker = start < tableStart ? bytes[start] : 0;
    const length = 1 << (marker & 15);
    if (marker >> 4 !== 1 || (marker & 15) > 3 || start + 1 + length > tableStart) return invalid(at, 'length is no integer');
    count = uint(bytes, start + 1, length);
    start += 1 + length;
  }
  if (count > (tableStart - start) / unit) return invalid(at, `length ${count} runs past the end`);
  return { kind, at, start, end: start + count * unit, count };
}

function invalid(at: number, problem: string): PlistObject {
  return { kind: 'invalid', at, start: at, end: at, count: 0, problem };
}

/** Unsigned, big-endian; inexact above 2^53, which no check here lets through. */
function uint(b: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = at; i < at + length; i++) value = value * 256 + b[i];
  return value;
}

/** Integers of 1, 2, 4 bytes are unsigned, of 8 and 16 signed; 16 bytes carry unsigned 64-bit numbers. */
function integer(b: Uint8Array, at: number, length: number): number | bigint {
  if (length <= 4) return uint(b, at, length);
  return BigInt.asIntN(8 * length, uintBig(b, at, length));
}

function float(b: Uint8Array, at: number, length: number): number {
  const view = new DataView(b.buffer, b.byteOffset + at, length);
  return length === 4 ? view.getFloat32(0) : view.getFloat64(0);
}

/** Characters put together at once, below the limit of arguments of a call. */
const SLICE = 4096;

/** Up to this length putting characters together one by one is quicker than calling a decoder. */
const SHORT = 32;

/** ASCII text; bytes above 7f, which no sound writer puts there, as Latin-1. */
function latin1(b: Uint8Array, start: number, end: number): string {
  let text = '';
  if (end - start <= SHORT) {
    for (let at = start; at < end; at++) text += String.fromCharCode(b[at]);
    return text;
  }
  for (let at = start; at < end; at += SLICE)
    text += String.fromCharCode.apply(null, b.subarray(at, Math.min(end, at + SLICE)) as unknown as number[]);
  return text;
}

function utf16(b: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += 2 * SLICE) {
    const units: number[] = [];
    for (let i = at; i < Math.min(end, at + 2 * SLICE); i += 2) units.push((b[i] << 8) | b[i + 1]);
    text += String.fromCharCode(...units);
  }
  return text;
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}
