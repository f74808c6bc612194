/**
 * Cuts a header block into its representations without looking anything up: which form, which index, which byte ranges.
 *
 * One cursor is reused for all blocks. After `next()` returned true the members describe one representation; strings are
 * given as ranges of the block, still Huffman-coded where the flag says so. Source: RFC 7541, sections 5 and 6.
 */

/** How a header was written: `sizeUpdate` is no header but a command to the table. */
export const FORM = { indexed: 0, incremental: 1, literal: 2, never: 3, sizeUpdate: 4 } as const;

export const FORM_WORDS = [
  'indexed',
  'literal, added to the table',
  'literal without indexing',
  'literal never indexed',
  'table size update',
] as const;

/** Why a block could not be cut to its end. */
export const BLOCK_FAULT = { none: 0, truncated: 1, integer: 2, zeroIndex: 3, lateSizeUpdate: 4 } as const;

export const BLOCK_FAULT_WORDS = [
  '',
  'the block ends inside a representation',
  'an integer is longer than any sender needs',
  'index 0',
  'a table size update after a header',
] as const;

/** Integers beyond 2^28 are refused: no length or index of a real block is near it, and the sum stays exact in 32 bits. */
const INTEGER_LIMIT = 2 ** 28;

const NO_BYTES = new Uint8Array(0);

export class BlockCursor {
  private block: Uint8Array = NO_BYTES;
  private end = 0;
  private headers = 0;
  /** Where the next representation starts; where the fault is when `fault` is set. */
  at = 0;
  /** Start of the representation that `next` cut. */
  start = 0;
  form = 0;
  /** Table index of an indexed header or of the name of a literal; 0 when the name is literal. For a size update: the size. */
  index = 0;
  nameStart = 0;
  nameEnd = 0;
  nameHuffman = false;
  valueStart = 0;
  valueEnd = 0;
  valueHuffman = false;
  fault = 0;

  open(block: Uint8Array, start: number, end: number): void {
    this.block = block;
    this.at = this.start = start;
    this.end = end;
    this.fault = 0;
    this.headers = 0;
  }

  /** Cuts one representation; false at the end of the block and at a fault, after which nothing more can be cut. */
  next(): boolean {
    if (this.at >= this.end || this.fault !== 0) return false;
    this.start = this.at;
    const first = this.block[this.at];
    if (first & 0x80) {
      this.form = FORM.indexed;
      this.index = this.integer(0x7f);
      if (this.fault === 0 && this.index === 0) this.fault = BLOCK_FAULT.zeroIndex;
      this.headers++;
      return this.fault === 0;
    }
    if ((first & 0xe0) === 0x20) {
      this.form = FORM.sizeUpdate;
      this.index = this.integer(0x1f);
      if (this.fault === 0 && this.headers > 0) this.fault = BLOCK_FAULT.lateSizeUpdate;
      return this.fault === 0;
    }
    if (first & 0x40) {
      this.form = FORM.incremental;
      this.index = this.integer(0x3f);
    } else {
      this.form = first & 0x10 ? FORM.never : FORM.literal;
      this.index = this.integer(0x0f);
    }
    this.headers++;
    if (this.fault !== 0) return false;
    if (this.index === 0) {
      if (this.at >= this.end) return this.broken(BLOCK_FAULT.truncated);
      this.nameHuffman = this.block[this.at] >= 0x80;
      const length = this.integer(0x7f);
      if (this.fault !== 0) return false;
      if (length > this.end - this.at) return this.broken(BLOCK_FAULT.truncated);
      this.nameStart = this.at;
      this.nameEnd = this.at += length;
    } else {
      this.nameStart = this.nameEnd = this.at;
      this.nameHuffman = false;
    }
    if (this.at >= this.end) return this.broken(BLOCK_FAULT.truncated);
    this.valueHuffman = this.block[this.at] >= 0x80;
    const length = this.integer(0x7f);
    if (this.fault !== 0) return false;
    if (length > this.end - this.at) return this.broken(BLOCK_FAULT.truncated);
    this.valueStart = this.at;
    this.valueEnd = this.at += length;
    return true;
  }

  private broken(fault: number): false {
    this.fault = fault;
    return false;
  }

  /** Prefix integer at `at`, whose first byte exists; advances. */
  private integer(mask: number): number {
    let value = this.block[this.at++] & mask;
    if (value < mask) return value;
    let shift = 0;
    for (;;) {
      if (this.at >= this.end) {
        this.fault = BLOCK_FAULT.truncated;
        return 0;
      }
      const byte = this.block[this.at++];
      // Five bytes are enough for INTEGER_LIMIT; a longer run of padding zeros is as hostile as a huge number.
      if (shift > 21 && (shift > 28 || (byte & 0x7f) !== 0)) {
        this.fault = BLOCK_FAULT.integer;
        return 0;
      }
      // A shift and no power: its result would be a double, and every place in the block with it.
      value += (byte & 0x7f) << shift;
      if (value > INTEGER_LIMIT) {
        this.fault = BLOCK_FAULT.integer;
        return 0;
      }
      if (byte < 0x80) return value;
      shift += 7;
    }
  }
}
