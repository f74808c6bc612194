import { ByteWriter } from './bytes.ts';
import { isPlistDict, type PlistValue } from './plist-value.ts';

/** Containers written into one another; the reader follows no more. */
const MAX_DEPTH = 64;

/**
 * The binary property list (`bplist00`) of a value. Equal texts and numbers are stored once, as Apple's writer does.
 * Throws RangeError for a value that nests deeper than 64 or holds an integer of more than 64 bits.
 */
export function writePlist(value: PlistValue): Uint8Array {
  const flat: Flat[] = [];
  const top = flatten(value, flat, new Map(), 0);
  const refSize = widthOf(flat.length - 1);
  const out = new ByteWriter(256);
  for (const char of 'bplist00') out.u8(char.charCodeAt(0));
  const offsets: number[] = [];
  for (const object of flat) {
    offsets.push(out.length);
    if (object.refs === undefined) writeScalar(out, object.value);
    else {
      writeSize(out, object.marker, object.marker === 0xd0 ? object.refs.length / 2 : object.refs.length);
      for (const ref of object.refs) writeUint(out, ref, refSize);
    }
  }
  const tableStart = out.length;
  const offsetSize = widthOf(tableStart);
  for (const offset of offsets) writeUint(out, offset, offsetSize);
  for (let i = 0; i < 6; i++) out.u8(0);
  out.u8(offsetSize).u8(refSize);
  for (const n of [flat.length, top, tableStart]) out.u64(BigInt(n));
  return out.finish();
}

/** An object with its place in the offset table decided: a scalar, or the references of a container. */
interface Flat {
  readonly value: PlistValue;
  readonly marker: number;
  refs: number[] | undefined;
}

function flatten(value: PlistValue, flat: Flat[], known: Map<unknown, number>, depth: number): number {
  if (depth > MAX_DEPTH) throw new RangeError(`Property list nests deeper than ${MAX_DEPTH}.`);
  const unique = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  const seen = unique ? known.get(value) : undefined;
  if (seen !== undefined) return seen;
  const index = flat.length;
  if (unique) known.set(value, index);
  const inner = (list: readonly PlistValue[]): number[] => list.map((item) => flatten(item, flat, known, depth + 1));
  const container = (marker: number, refs: () => number[]): number => {
    const object: Flat = { value: null, marker, refs: [] };
    flat.push(object);
    object.refs = refs();
    return index;
  };
  if (isPlistDict(value)) return container(0xd0, () => [...inner([...value.keys()]), ...inner([...value.values()])]);
  if (Array.isArray(value)) return container(0xa0, () => inner(value as readonly PlistValue[]));
  if (isWrapped(value, 'set')) return container(0xc0, () => inner((value as { set: readonly PlistValue[] }).set));
  flat.push({ value, marker: 0, refs: undefined });
  return index;
}

function isWrapped(value: PlistValue, name: 'real' | 'date' | 'uid' | 'set'): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && name in value;
}

function writeScalar(out: ByteWriter, value: PlistValue): void {
  if (value === null) out.u8(0x00);
  else if (typeof value === 'boolean') out.u8(value ? 0x09 : 0x08);
  else if (typeof value === 'string') writeText(out, value);
  else if (value instanceof Uint8Array) {
    writeSize(out, 0x40, value.length);
    out.bytes(value);
  } else if (typeof value === 'bigint') writeInteger(out, value);
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) writeInteger(out, BigInt(value));
    else writeFloat(out, 0x23, value);
  } else if ('uid' in value) {
    const width = widthOf(value.uid);
    out.u8(0x80 | (width - 1));
    writeUint(out, value.uid, width);
  } else if ('date' in value) writeFloat(out, 0x33, value.date);
  else if ('real' in value) writeFloat(out, 0x23, value.real);
}

/** 1, 2, 4 bytes unsigned; 8 bytes for the rest of the signed 64-bit numbers; 16 for unsigned ones from 2^63. */
function writeInteger(out: ByteWriter, value: bigint): void {
  if (value >= 0n && value < 0x100n) out.u8(0x10).u8(Number(value));
  else if (value >= 0n && value < 0x10000n) out.u8(0x11).u16(Number(value));
  else if (value >= 0n && value < 0x100000000n) out.u8(0x12).u32(Number(value));
  else if (BigInt.asIntN(64, value) === value) out.u8(0x13).u64(BigInt.asUintN(64, value));
  else if (BigInt.asUintN(64, value) === value) out.u8(0x14).u64(0n).u64(value);
  else throw new RangeError(`Property list integer ${value} has more than 64 bits.`);
}

function writeFloat(out: ByteWriter, marker: number, value: number): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  out.u8(marker).bytes(bytes);
}

function writeText(out: ByteWriter, text: string): void {
  let ascii = true;
  for (let i = 0; i < text.length && ascii; i++) ascii = text.charCodeAt(i) < 0x80;
  writeSize(out, ascii ? 0x50 : 0x60, text.length);
  for (let i = 0; i < text.length; i++) {
    if (ascii) out.u8(text.charCodeAt(i));
    else out.u16(text.charCodeAt(i));
  }
}

function writeSize(out: ByteWriter, marker: number, count: number): void {
  if (count < 15) out.u8(marker | count);
  else {
    out.u8(marker | 15);
    writeInteger(out, BigInt(count));
  }
}

/** Bytes for an unsigned number: 1, 2, 4 or 8. */
function widthOf(value: number): number {
  return value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000 ? 4 : 8;
}

function writeUint(out: ByteWriter, value: number, width: number): void {
  if (width === 8) out.u64(BigInt(value));
  else for (let shift = 8 * (width - 1); shift >= 0; shift -= 8) out.u8(value >>> shift);
}
