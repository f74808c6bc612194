import { utf8Bytes } from '../../core/text.ts';
import { BlockCursor, FORM } from './hpack-block.ts';
import { decodeHuffman, encodeHuffman, huffmanRoom } from './hpack-huffman.ts';
import { STATIC_COUNT, STATIC_NAMES, STATIC_VALUES } from './hpack-static.ts';
import { DynamicTable, KNOWN, NO_ENTRY, UNKNOWN_ENTRY } from './hpack-table.ts';
import { TAG } from './references.ts';
import { methodNumber } from './request-line.ts';
import type { RowState } from './row-state.ts';

/** Headers whose values the index needs. */
const KIND = { other: 0, method: 1, path: 2, status: 3, topic: 4 } as const;

const KIND_NAMES = ['', ':method', ':path', ':status', 'apns-topic'].map((name) => utf8Bytes(name));
/** A name has one Huffman code, so that coded names can be told without decoding them. Made for the first connection of HTTP/2: most captures have none. */
let kindCoded: readonly Uint8Array[] | undefined;

const STATIC_KINDS = Uint8Array.from(STATIC_NAMES, (name) => kindOf(name, 0, name.length, KIND_NAMES));

/** Bytes that the table entries of one block may come to. APNs takes header lists of 8,000 bytes; without a limit two bytes could copy a name as large as the table. */
const EXPANSION_LIMIT = 1 << 20;

/** Values that are only looked at: methods and status. Longer ones are neither. */
const small = new Uint8Array(16);

/**
 * Runs the header blocks of one direction through its table, keeping of each only what the index needs and what a later
 * look cannot know: the entries referred to. Literals that are not indexed and not of interest are not even decoded.
 */
export class HeaderIndex {
  readonly table = new DynamicTable();
  private readonly cursor = new BlockCursor();
  /** Largest table size that the block just walked asked for, -1 when it did not. */
  tableSize = -1;
  /** The block just walked was given up because it expands beyond EXPANSION_LIMIT. */
  expanded = false;
  private budget = 0;
  private readonly coded: readonly Uint8Array[];

  constructor() {
    kindCoded ??= KIND_NAMES.map((name) => encodeHuffman(name));
    this.coded = kindCoded;
  }

  /** Takes one whole header block. False when it is broken; the table is then unknown from here on. */
  walk(block: Uint8Array, start: number, end: number, row: RowState): boolean {
    const cursor = this.cursor;
    this.tableSize = -1;
    this.budget = EXPANSION_LIMIT;
    this.expanded = false;
    cursor.open(block, start, end);
    while (cursor.next()) {
      if (cursor.form === FORM.indexed) this.indexed(cursor.index, row);
      else if (cursor.form === FORM.incremental) {
        this.incremental(block, row);
        if (this.expanded) break;
      } else if (cursor.form === FORM.sizeUpdate) {
        if (cursor.index > this.tableSize) this.tableSize = cursor.index;
        this.table.resize(cursor.index);
      } else this.literal(block, row);
    }
    if (cursor.fault === 0 && !this.expanded) return true;
    this.table.forget();
    return false;
  }

  private indexed(index: number, row: RowState): void {
    if (index <= STATIC_COUNT) {
      const kind = STATIC_KINDS[index];
      if (kind !== KIND.other) take(kind, STATIC_VALUES[index], 0, STATIC_VALUES[index].length, false, row);
      return;
    }
    const slot = this.table.find(index);
    const references = row.references;
    if (slot < 0) {
      references.tag(slot === NO_ENTRY ? TAG.invalid : TAG.lost);
      return;
    }
    const table = this.table;
    const nameStart = table.starts[slot];
    const nameEnd = nameStart + table.nameLengths[slot];
    const valueEnd = nameEnd + table.valueLengths[slot];
    const known = table.known[slot];
    if (known === KNOWN.all) references.pair(table.bytes, nameStart, nameEnd, valueEnd);
    else if (known === KNOWN.name) references.text(TAG.name, table.bytes, nameStart, nameEnd);
    else if (known === KNOWN.value) references.text(TAG.value, table.bytes, nameEnd, valueEnd);
    else references.tag(TAG.lost);
    if (table.kinds[slot] !== KIND.other && known & KNOWN.value) take(table.kinds[slot], table.bytes, nameEnd, valueEnd, false, row);
  }

  /** Refers to the name of an entry: notes it and gives its slot, or a negative find result. */
  private nameReference(index: number, row: RowState): number {
    const slot = this.table.find(index);
    if (slot === NO_ENTRY) row.references.tag(TAG.invalid);
    else if (slot === UNKNOWN_ENTRY || !(this.table.known[slot] & KNOWN.name)) row.references.tag(TAG.lost);
    else row.references.text(TAG.name, this.table.bytes, this.table.starts[slot], this.table.starts[slot] + this.table.nameLengths[slot]);
    return slot;
  }

  private literal(block: Uint8Array, row: RowState): void {
    const cursor = this.cursor;
    let kind = 0;
    if (cursor.index === 0) kind = kindOf(block, cursor.nameStart, cursor.nameEnd, cursor.nameHuffman ? this.coded : KIND_NAMES);
    else if (cursor.index <= STATIC_COUNT) kind = STATIC_KINDS[cursor.index];
    else {
      const slot = this.nameReference(cursor.index, row);
      if (slot >= 0) kind = this.table.kinds[slot];
    }
    if (kind !== KIND.other) take(kind, block, cursor.valueStart, cursor.valueEnd, cursor.valueHuffman, row);
  }

  private incremental(block: Uint8Array, row: RowState): void {
    const cursor = this.cursor;
    const table = this.table;
    const index = cursor.index;
    const valueSpan = cursor.valueEnd - cursor.valueStart;
    const valueRoom = cursor.valueHuffman ? huffmanRoom(valueSpan) : valueSpan;
    let slot = -1;
    let nameRoom: number;
    if (index === 0) nameRoom = huffmanRoom(cursor.nameEnd - cursor.nameStart);
    else if (index <= STATIC_COUNT) nameRoom = STATIC_NAMES[index].length;
    else {
      slot = this.nameReference(index, row);
      nameRoom = slot >= 0 ? table.nameLengths[slot] : 0;
    }
    this.budget -= nameRoom + valueRoom;
    if (this.budget < 0) {
      this.expanded = true;
      return;
    }
    const at = table.reserve(nameRoom + valueRoom);
    const bytes = table.bytes;
    let known: number = KNOWN.all;
    let nameLength = nameRoom;
    let kind = 0;
    if (index === 0) {
      nameLength = putString(block, cursor.nameStart, cursor.nameEnd, cursor.nameHuffman, bytes, at);
      if (nameLength >= 0) kind = kindOf(bytes, at, at + nameLength, KIND_NAMES);
    } else if (index <= STATIC_COUNT) {
      bytes.set(STATIC_NAMES[index], at);
      kind = STATIC_KINDS[index];
    } else if (slot >= 0 && table.known[slot] & KNOWN.name) {
      bytes.copyWithin(at, table.starts[slot], table.starts[slot] + nameLength);
      kind = table.kinds[slot];
    } else nameLength = -1;
    if (nameLength < 0) {
      nameLength = 0;
      known &= ~KNOWN.name;
    }
    const valueAt = at + nameLength;
    let valueLength = putString(block, cursor.valueStart, cursor.valueEnd, cursor.valueHuffman, bytes, valueAt);
    if (valueLength < 0) {
      valueLength = 0;
      known &= ~KNOWN.value;
    } else if (kind !== KIND.other) take(kind, bytes, valueAt, valueAt + valueLength, false, row);
    table.add(nameLength, valueLength, kind, known);
  }
}

/** Writes the plain form of a string to `out` at `at`; its length, or a negative number when its Huffman code is broken. */
function putString(b: Uint8Array, start: number, end: number, huffman: boolean, out: Uint8Array, at: number): number {
  if (huffman) return decodeHuffman(b, start, end, out, at);
  for (let i = start; i < end; i++) out[at++] = b[i];
  return end - start;
}

function kindOf(b: Uint8Array, start: number, end: number, names: readonly Uint8Array[]): number {
  const length = end - start;
  for (let kind = 1; kind < names.length; kind++) {
    const name = names[kind];
    if (name.length !== length) continue;
    let i = 0;
    while (i < length && b[start + i] === name[i]) i++;
    if (i === length) return kind;
  }
  return KIND.other;
}

/** Puts a value of interest into the row. */
function take(kind: number, b: Uint8Array, start: number, end: number, huffman: boolean, row: RowState): void {
  if (kind === KIND.path) row.pathLength = Math.max(0, fill(b, start, end, huffman, row.path));
  else if (kind === KIND.topic) row.topicLength = Math.max(0, fill(b, start, end, huffman, row.topic));
  else {
    const length = fill(b, start, end, huffman, small);
    if (kind === KIND.method) row.method = length < 0 ? 0 : methodNumber(small, 0, length);
    else row.status = statusNumber(length);
  }
}

/** Plain bytes of a value into the start of `out`; their number, or a negative number when they are broken or too many. */
function fill(b: Uint8Array, start: number, end: number, huffman: boolean, out: Uint8Array): number {
  if (huffman) return decodeHuffman(b, start, end, out, 0);
  if (end - start > out.length) return -1;
  for (let i = start, to = 0; i < end; i++) out[to++] = b[i];
  return end - start;
}

/** The three digits in `small` as a number, or -1. */
function statusNumber(length: number): number {
  if (length !== 3) return -1;
  let value = 0;
  for (let i = 0; i < 3; i++) {
    const digit = small[i] - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
