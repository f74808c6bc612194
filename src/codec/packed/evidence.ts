import type { Dir } from '../../core/stream.ts';
import { COURIER } from '../../schema/courier.ts';
import { type CommandDef, type FieldType, goes, idIn } from '../../schema/definition.ts';
import { MAX_BODY, MAX_DEPTH, MAX_ITEMS, MIN_COMMAND } from './limits.ts';
import { Cursor, readPrefixed } from './numbers.ts';

/*
 * How likely it is that packed frames begin at an offset, in bits: what a row of the schema says of a command's attributes,
 * against how often random bytes would look like that. A contradiction (reserved byte, overrun, command below 07, a key that is
 * not one byte) ends it.
 */

/** Evidence of bytes that cannot be packed frames. */
export const CONTRADICTED = -1000;

/** What the schema expects of an attribute: 0 unknown, 1 integer, 2 data of any length, 3 text, 4 dictionary or data, 32 + n data of n bytes. */
const UNKNOWN = 0;
const INTEGER = 1;
const DATA = 2;
const TEXT = 3;
const PAYLOAD = 4;
const FIXED = 32;

/** Bits: a command that the schema knows in this direction (about 24 of 256). */
const KNOWN_COMMAND = 3;
/** Bits: an attribute id that the schema knows for the command. */
const KNOWN_ATTRIBUTE = 4;
/** Bits: its value has the type that the schema says. */
const RIGHT_TYPE = 3;
/** Bits: its value has the fixed length that the schema says. */
const RIGHT_LENGTH = 8;
/** Bits: the attributes end exactly where the frame's length says. */
const EXACT_END = 6;
/** Bits lost by a value of another type, an unknown id, an unknown command. */
const DOUBT = 4;

/** Attributes and nested values looked at per offset: bounds the search over hostile bytes. */
const STEPS = 256;

const EXPECTED = compileExpected();

function expectedOf(type: FieldType): number {
  switch (type.kind) {
    case 'uint':
      return INTEGER;
    case 'text':
    case 'decimal':
      return TEXT;
    case 'payload':
      return PAYLOAD;
    case 'topic':
      return FIXED + 20;
    case 'uuid':
      return FIXED + 16;
    case 'nonce':
      return FIXED + 17;
    case 'failures':
      return FIXED + 6;
    case 'bytes':
    case 'token':
      return type.length === undefined ? DATA : FIXED + type.length;
    default:
      return DATA;
  }
}

/** By direction, command and attribute id; slot 255 of a command says that the command is known (ids end at 32). */
function compileExpected(): Uint8Array {
  const table = new Uint8Array(2 << 16);
  for (const command of Object.values<CommandDef>(COURIER)) {
    for (const dir of [0, 1] as const) {
      if (!goes(command, dir)) continue;
      const base = (dir << 16) | (command.id << 8);
      table[base + 255] = 1;
      for (const field of Object.values(command.fields)) {
        const id = idIn(field, dir);
        if (id !== undefined) table[base + id] = expectedOf(field.type);
      }
    }
  }
  return table;
}

/** Walks frames and weighs them; one object is reused, so that searching allocates nothing. */
export class Evidence {
  private readonly cursor = new Cursor();
  /** Whether the frames that were weighed last end exactly where the bytes end. */
  exact = false;
  private steps = 0;
  private at = 0;
  /** The last frame goes on beyond the bytes. */
  private cut = false;

  /**
   * Bits of evidence that packed frames of direction `dir` begin at `start`, from at most `frames` frames, or CONTRADICTED.
   * A last frame that is cut off by `end` counts as far as it goes.
   */
  weigh(dir: Dir, buf: Uint8Array, start: number, end: number, frames: number): number {
    this.steps = STEPS;
    let bits = 0;
    this.at = start;
    this.cut = false;
    for (let n = 0; n < frames && this.at < end && this.steps > 0; n++) {
      const score = this.frame(dir, buf, end);
      if (score === CONTRADICTED) return CONTRADICTED;
      bits += score;
    }
    this.exact = this.at === end && !this.cut;
    return bits;
  }

  private frame(dir: Dir, buf: Uint8Array, end: number): number {
    const command = buf[this.at];
    if (command < MIN_COMMAND) return CONTRADICTED;
    const length = readPrefixed(buf, this.at + 1, end, 0xff, this.cursor);
    if (length < 0) {
      this.cut = this.cursor.at >= end;
      this.at = end;
      return this.cut ? 0 : CONTRADICTED;
    }
    if (length > MAX_BODY) return CONTRADICTED;
    const base = (dir << 16) | (command << 8);
    const known = EXPECTED[base + 255] === 1;
    let bits = known ? KNOWN_COMMAND : -DOUBT;
    if (length === 0) bits += known ? 8 : 0;
    const bodyEnd = this.cursor.at + length;
    const limit = Math.min(bodyEnd, end);
    if (bodyEnd > end) this.cut = true;
    this.at = this.cursor.at;
    while (this.at < limit && this.steps > 0) {
      const score = this.attribute(buf, limit, base);
      if (score === CONTRADICTED) {
        if (bodyEnd <= end) return CONTRADICTED;
        this.at = end; // cut off by the end of the data, which proves nothing
        return bits;
      }
      bits += score;
    }
    if (this.at === bodyEnd && length > 0) bits += EXACT_END;
    return bits;
  }

  private attribute(buf: Uint8Array, end: number, base: number): number {
    this.steps--;
    const head = buf[this.at++];
    let id = -1;
    if ((head & 0x30) === 0) id = head & 15;
    else if ((head & 0x30) === 0x10) {
      if ((head & 15) !== 0 || this.at >= end) return CONTRADICTED; // a key directly in a frame has one byte
      id = buf[this.at++];
    }
    const expected = id < 0 ? UNKNOWN : EXPECTED[base + id];
    const bits = id < 0 ? 0 : expected === UNKNOWN ? -DOUBT : KNOWN_ATTRIBUTE;
    if (head >= 0xc0) return CONTRADICTED;
    if (head >= 0x80) {
      const index = readPrefixed(buf, this.at, end, 0xff, this.cursor);
      this.at = this.cursor.at;
      return index < 0 ? CONTRADICTED : bits;
    }
    const from = this.at;
    if (!this.literal(buf, end, 0)) return CONTRADICTED;
    return expected === UNKNOWN ? bits : bits + agreement(expected, buf[from], this.at - from);
  }

  private literal(buf: Uint8Array, end: number, depth: number): boolean {
    this.steps--;
    if (this.at >= end) return false;
    const head = buf[this.at];
    if (head < 0x60) {
      const length = readPrefixed(buf, this.at, end, head < 0x40 ? 0x3f : 0x1f, this.cursor);
      this.at = this.cursor.at + length;
      return length >= 0 && this.at <= end;
    }
    if (head < 0x80 || (head >= 0xb0 && head < 0xc0) || head > 0xe1) return false;
    if (head < 0xb0) {
      this.at += head < 0xa0 ? 1 : 2 + (head & 7);
      return this.at <= end;
    }
    if (head >= 0xe0) {
      this.at++;
      return true;
    }
    const count = readPrefixed(buf, this.at, end, 0x0f, this.cursor);
    if (count < 0 || count > MAX_ITEMS || depth >= MAX_DEPTH) return false;
    this.at = this.cursor.at;
    for (let i = 0; i < count && this.steps > 0; i++) {
      if (head >= 0xd0 ? !this.literal(buf, end, depth + 1) : !this.nested(buf, end, depth + 1)) return false;
    }
    return true;
  }

  /** An attribute of a dictionary: any key, any value. */
  private nested(buf: Uint8Array, end: number, depth: number): boolean {
    if (this.at >= end) return false;
    const head = buf[this.at];
    if (head >= 0xc0) return false;
    if ((head & 0x30) === 0x10) {
      const more = readPrefixed(buf, this.at, end, 0x0f, this.cursor);
      if (more < 0 || more > 63) return false;
      this.at = this.cursor.at + more + 1;
    } else this.at++;
    if (head < 0x80) return this.literal(buf, end, depth);
    const index = readPrefixed(buf, this.at, end, 0xff, this.cursor);
    this.at = this.cursor.at;
    return index >= 0;
  }
}

/** Bits for or against: a value that begins with `head` and has `length` encoded bytes, where the schema expects `expected`. */
function agreement(expected: number, head: number, length: number): number {
  const data = head < 0x40;
  if (expected >= FIXED) return data && length === expected - FIXED + 1 ? RIGHT_LENGTH : -DOUBT;
  if (expected === INTEGER) return (head >= 0x80 && head < 0xb0) || (data && length <= 9) ? RIGHT_TYPE : -DOUBT;
  if (expected === TEXT) return head >= 0x40 && head < 0x60 ? RIGHT_TYPE : data ? 0 : -DOUBT;
  if (expected === DATA) return data ? 1 : -DOUBT;
  return head >= 0xc0 && head < 0xd0 ? RIGHT_TYPE : data ? 1 : -DOUBT;
}
