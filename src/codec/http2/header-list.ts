import type { Range } from '../../core/message.ts';
import { headerText, STATIC_NAME_TEXTS, STATIC_VALUE_TEXTS } from './header-text.ts';
import { BLOCK_FAULT, BlockCursor, FORM } from './hpack-block.ts';
import { STATIC_COUNT } from './hpack-static.ts';
import { type ReferenceReader, TAG } from './references.ts';

/** Headers of one row that are shown. APNs takes 8,000 bytes, at 33 and more for each; one-byte references could make many. */
const HEADER_LINES = 512;

/** One header as it was written, with its places in the row's bytes. */
export interface HeaderLine {
  /** Undefined when the table entry is not known. */
  readonly name: string | undefined;
  readonly value: string | undefined;
  readonly form: number;
  /** Table index that was used, 0 for none. */
  readonly index: number;
  /** Why something is missing: a TAG, or undefined. */
  readonly missing: number | undefined;
  /** A string is not valid Huffman code. */
  readonly badHuffman: boolean;
  readonly at: Range;
  readonly valueAt: Range | undefined;
}

/** A header block put together from its frames: where each of its pieces lies in the row. */
export interface Block {
  readonly bytes: Uint8Array;
  /** Ascending: piece `i` is `bytes[offset, next offset)` and lies at `at` in the row. */
  readonly pieces: readonly { readonly offset: number; readonly at: number }[];
}

export interface HeaderList {
  readonly lines: readonly HeaderLine[];
  /** New table sizes that the block announced. */
  readonly sizeUpdates: readonly { readonly size: number; readonly at: Range }[];
  /** BLOCK_FAULT, and where the rest of the block lies that could not be read. */
  readonly fault: number;
  readonly faultAt: Range | undefined;
  /** Headers beyond HEADER_LINES. */
  readonly more: number;
}

// One for all blocks: a block is read to its end before the next.
const cursor = new BlockCursor();

/** Reads a header block whose table references were resolved when it was indexed. Never throws. */
export function readHeaders(block: Block, references: ReferenceReader): HeaderList {
  const lines: HeaderLine[] = [];
  const sizeUpdates: { size: number; at: Range }[] = [];
  const bytes = block.bytes;
  let more = 0;
  cursor.open(bytes, 0, bytes.length);
  while (cursor.next()) {
    if (cursor.form === FORM.sizeUpdate) {
      if (sizeUpdates.length < HEADER_LINES) sizeUpdates.push({ size: cursor.index, at: place(block, cursor.start, cursor.at) });
    } else if (lines.length < HEADER_LINES) lines.push(readLine(block, cursor, references, place(block, cursor.start, cursor.at)));
    else {
      more++;
      if (cursor.index > STATIC_COUNT) references.take();
    }
  }
  const fault = cursor.fault;
  const faultAt = fault === BLOCK_FAULT.none ? undefined : place(block, cursor.start, bytes.length);
  return { lines, sizeUpdates, fault, faultAt, more };
}

function readLine(block: Block, cursor: BlockCursor, references: ReferenceReader, at: Range): HeaderLine {
  const { form, index } = cursor;
  if (form === FORM.indexed) {
    if (index <= STATIC_COUNT) {
      const name = STATIC_NAME_TEXTS[index];
      return { name, value: STATIC_VALUE_TEXTS[index], form, index, missing: undefined, badHuffman: false, at, valueAt: undefined };
    }
    const { tag, name, value } = references.take();
    return { name, value, form, index, missing: tag === TAG.field ? undefined : tag, badHuffman: false, at, valueAt: undefined };
  }
  let name: string | undefined;
  let missing: number | undefined;
  let badHuffman = false;
  if (index === 0) {
    name = headerText(block.bytes, cursor.nameStart, cursor.nameEnd, cursor.nameHuffman);
    badHuffman = name === undefined;
  } else if (index <= STATIC_COUNT) name = STATIC_NAME_TEXTS[index];
  else {
    const reference = references.take();
    name = reference.name;
    if (name === undefined) missing = reference.tag;
  }
  const value = headerText(block.bytes, cursor.valueStart, cursor.valueEnd, cursor.valueHuffman);
  const valueAt = place(block, cursor.valueStart, cursor.valueEnd);
  return { name, value, form, index, missing, badHuffman: badHuffman || value === undefined, at, valueAt };
}

/** Where block bytes [start, end) lie in the row; over a frame boundary the range includes the frame header between. */
function place(block: Block, start: number, end: number): Range {
  return { start: locate(block, start), end: end > start ? locate(block, end - 1) + 1 : locate(block, start) };
}

function locate(block: Block, offset: number): number {
  if (block.pieces.length === 1) return block.pieces[0].at + offset;
  let piece = block.pieces[0];
  for (const next of block.pieces) {
    if (next.offset > offset) break;
    piece = next;
  }
  return piece === undefined ? 0 : piece.at + offset - piece.offset;
}
