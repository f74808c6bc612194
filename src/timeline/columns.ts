/**
 * The index: one row a message, as columns of typed arrays in chunks of 64 Ki rows. No object per message.
 *
 * Chunks never move, so growing costs no copy of other rows; columns that most rows leave at their default (status, aux) are
 * allocated in a chunk at the first value that differs. About 30 bytes a row.
 */
import { CAPTURE_ENTRY, DIALECT } from '../core/message.ts';
import { DOUBLE_ZERO } from '../core/stream.ts';

export const CHUNK_BITS = 16;
export const CHUNK_ROWS = 1 << CHUNK_BITS;
const MASK = CHUNK_ROWS - 1;

/** The row's bytes are `pieces[address …]` instead of one contiguous range. */
export const FLAG_PIECES = 0x01;
/** `id` is a value, even when it is 0. */
export const FLAG_ID = 0x02;
/** The row's input had no times. */
export const FLAG_UNTIMED = 0x04;
/** Bytes of the row were derived: decrypted, inflated, spooled. */
export const FLAG_DERIVED = 0x08;
/** Severity 0 to 3 in the two upper bits. */
export const SEVERITY_SHIFT = 6;

/** The first chunk starts small: most captures are. */
const FIRST_ROWS = 2048;

/** How far rows of a chunk may lie before its first one in time, and in the file: a segment that waits for others is older than they are. */
const SECONDS_BELOW = 1024;
const BYTES_BELOW = 2 ** 28;

const U16_LIMIT = 0x10000;
const U32_LIMIT = 0x1_0000_0000;

/**
 * 64 Ki rows. Columns start as narrow as captures allow and widen in place at the first value that does not fit:
 * `sec` and `address` are offsets from a base of the chunk, `length` and `stream` start with 16 bits.
 */
export class Chunk {
  readonly capacity: number;
  /** Added to `sec[i]`. */
  secBase = DOUBLE_ZERO;
  private begun = false;
  /** Smallest value that the columns cannot hold as they are now. */
  private secLimit = U16_LIMIT;
  private addressLimit = U32_LIMIT;
  private lengthLimit = U16_LIMIT;
  private streamLimit = U16_LIMIT;
  /** Added to `address[i]` of rows without `FLAG_PIECES`. */
  addressBase = DOUBLE_ZERO;

  sec: Uint16Array | Uint32Array | Float64Array;
  nsec: Uint32Array;
  address: Uint32Array | Float64Array;
  length: Uint16Array | Uint32Array;
  /** Stream number × 2 + direction. */
  stream: Uint16Array | Uint32Array;
  packet: Uint32Array;
  /** Dialect × 256 + command. */
  type: Uint16Array;
  flags: Uint8Array;
  id: Uint32Array | undefined;
  /** Interned topic + 1; 0 = none. */
  topic: Uint16Array | undefined;
  /** First four bytes of the token, big-endian; 0 = none (a token that begins with four zero bytes is found by decoding). */
  token: Uint32Array | undefined;
  /** Status + 1; 0 = none. */
  status: Uint16Array | undefined;
  auxAddress: Float64Array | undefined;
  auxLength: Uint32Array | undefined;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.sec = new Uint16Array(capacity);
    this.nsec = new Uint32Array(capacity);
    this.address = new Uint32Array(capacity);
    this.length = new Uint16Array(capacity);
    this.stream = new Uint16Array(capacity);
    this.packet = new Uint32Array(capacity);
    this.type = new Uint16Array(capacity);
    this.flags = new Uint8Array(capacity);
    this.id = undefined;
    this.topic = undefined;
    this.token = undefined;
    this.status = undefined;
    this.auxAddress = undefined;
    this.auxLength = undefined;
  }

  /** Chooses the bases by the first row, with room below: times and places go back a little. `sec` is NaN without times. */
  begin(sec: number, address: number): void {
    if (this.begun) return;
    this.begun = true;
    if (sec >= 0) this.secBase = sec - SECONDS_BELOW;
    this.addressBase = address - BYTES_BELOW;
  }

  /** Has the columns from the start that most rows use, if the chunk before needed them. */
  expect(before: Chunk | undefined): void {
    if (before?.id !== undefined) this.id = new Uint32Array(this.capacity);
    if (before?.topic !== undefined) this.topic = new Uint16Array(this.capacity);
    if (before?.token !== undefined) this.token = new Uint32Array(this.capacity);
  }

  setSec(i: number, sec: number): void {
    const offset = sec - this.secBase;
    if (offset >= 0 && offset < this.secLimit) this.sec[i] = offset;
    else this.widenSec(i, offset);
  }

  private widenSec(i: number, offset: number): void {
    const fits = offset >= 0 && offset < U32_LIMIT && this.secLimit === U16_LIMIT;
    this.sec = fits ? copy(this.sec, new Uint32Array(this.capacity)) : copy(this.sec, new Float64Array(this.capacity));
    this.secLimit = fits ? U32_LIMIT : Number.POSITIVE_INFINITY;
    this.sec[i] = offset;
  }

  setAddress(i: number, address: number): void {
    const offset = address - this.addressBase;
    if (offset >= 0 && offset < this.addressLimit) this.address[i] = offset;
    else this.setWide(i, offset);
  }

  /** Number of a row's first piece. */
  setPieces(i: number, piece: number): void {
    if (piece < this.addressLimit) this.address[i] = piece;
    else this.setWide(i, piece);
  }

  private setWide(i: number, value: number): void {
    if (this.addressLimit === U32_LIMIT) {
      this.address = copy(this.address, new Float64Array(this.capacity));
      this.addressLimit = Number.POSITIVE_INFINITY;
    }
    this.address[i] = value;
  }

  setLength(i: number, length: number): void {
    if (length >= this.lengthLimit) {
      this.length = copy(this.length, new Uint32Array(this.capacity));
      this.lengthLimit = Number.POSITIVE_INFINITY;
    }
    this.length[i] = length;
  }

  setStream(i: number, stream: number): void {
    if (stream >= this.streamLimit) {
      this.stream = copy(this.stream, new Uint32Array(this.capacity));
      this.streamLimit = Number.POSITIVE_INFINITY;
    }
    this.stream[i] = stream;
  }

  /** The same rows with room for a whole chunk. */
  grown(): Chunk {
    const big = new Chunk(CHUNK_ROWS);
    big.secBase = this.secBase;
    big.addressBase = this.addressBase;
    big.begun = this.begun;
    big.secLimit = this.secLimit;
    big.addressLimit = this.addressLimit;
    big.lengthLimit = this.lengthLimit;
    big.streamLimit = this.streamLimit;
    for (const key of COLUMN_KEYS) {
      const column = this[key];
      if (column !== undefined) (big as unknown as Record<string, Column>)[key] = copy(column, same<Column>(column));
    }
    return big;
  }
}

const COLUMN_KEYS = [
  'sec',
  'nsec',
  'address',
  'length',
  'stream',
  'packet',
  'type',
  'flags',
  'id',
  'topic',
  'token',
  'status',
  'auxAddress',
  'auxLength',
] as const;

type Column = Uint32Array | Uint16Array | Uint8Array | Float64Array;

function copy<T extends Column>(from: Column, to: T): T {
  to.set(from as never);
  return to;
}

const same = <T extends Column>(from: T): T => new (from.constructor as new (n: number) => T)(CHUNK_ROWS);

export class Columns {
  readonly chunks: Chunk[] = [];
  rows = 0;
  /** Rows before this one were given back (`drop`): they answer as unknown data without bytes, at the time of the first row. */
  gone = 0;

  private last: Chunk | undefined = undefined;
  /** Rows that fit before `tail` has to look again. */
  private limit = 0;

  /** The chunk for the next row; the caller writes at `rows & (CHUNK_ROWS - 1)` and then increments `rows`. */
  tail(): Chunk {
    return this.rows < this.limit ? (this.last as Chunk) : this.nextChunk();
  }

  private nextChunk(): Chunk {
    const index = this.rows >>> CHUNK_BITS;
    let chunk = this.chunks[index];
    if (chunk === undefined) {
      chunk = new Chunk(index === 0 ? FIRST_ROWS : CHUNK_ROWS);
      chunk.expect(this.last);
    } else if ((this.rows & MASK) >= chunk.capacity) chunk = chunk.grown();
    this.chunks[index] = chunk;
    this.last = chunk;
    this.limit = (index << CHUNK_BITS) + chunk.capacity;
    return chunk;
  }

  private of(row: number): Chunk {
    return this.chunks[row >>> CHUNK_BITS];
  }

  /** Gives back the chunks whose rows all lie before `row`. True when there were some. */
  drop(row: number): boolean {
    const end = Math.min(row, this.rows) >>> CHUNK_BITS;
    const from = this.gone >>> CHUNK_BITS;
    if (end <= from) return false;
    // One chunk stands for all that are gone: whoever still asks, asks safely.
    const empty = from === 0 ? this.emptyChunk() : this.chunks[0];
    this.chunks.fill(empty, from, end);
    this.gone = end << CHUNK_BITS;
    return true;
  }

  private emptyChunk(): Chunk {
    const chunk = new Chunk(CHUNK_ROWS);
    chunk.type.fill((DIALECT.capture << 8) + CAPTURE_ENTRY.unknown);
    chunk.flags.fill(this.flags(0) & FLAG_UNTIMED);
    chunk.secBase = this.sec(0);
    chunk.nsec.fill(this.nsec(0));
    return chunk;
  }

  sec(row: number): number {
    const chunk = this.of(row);
    return chunk.sec[row & MASK] + chunk.secBase;
  }
  nsec(row: number): number {
    return this.of(row).nsec[row & MASK];
  }
  /** Address of the row's bytes; with `FLAG_PIECES` the number of its first piece. */
  address(row: number): number {
    const chunk = this.of(row);
    const value = chunk.address[row & MASK];
    return (chunk.flags[row & MASK] & FLAG_PIECES) === 0 ? value + chunk.addressBase : value;
  }
  length(row: number): number {
    return this.of(row).length[row & MASK];
  }
  stream(row: number): number {
    return this.of(row).stream[row & MASK] >>> 1;
  }
  dir(row: number): 0 | 1 {
    return (this.of(row).stream[row & MASK] & 1) as 0 | 1;
  }
  packet(row: number): number {
    return this.of(row).packet[row & MASK];
  }
  type(row: number): number {
    return this.of(row).type[row & MASK];
  }
  flags(row: number): number {
    return this.of(row).flags[row & MASK];
  }
  severity(row: number): number {
    return this.of(row).flags[row & MASK] >>> SEVERITY_SHIFT;
  }
  /** The message id, or undefined. */
  id(row: number): number | undefined {
    const chunk = this.of(row);
    return (chunk.flags[row & MASK] & FLAG_ID) !== 0 ? (chunk.id?.[row & MASK] ?? 0) : undefined;
  }
  /** Interned topic, or -1. */
  topic(row: number): number {
    return (this.of(row).topic?.[row & MASK] ?? 0) - 1;
  }
  token(row: number): number {
    return this.of(row).token?.[row & MASK] ?? 0;
  }
  /** Status, or -1. */
  status(row: number): number {
    return (this.of(row).status?.[row & MASK] ?? 0) - 1;
  }
  auxAddress(row: number): number {
    return this.of(row).auxAddress?.[row & MASK] ?? 0;
  }
  auxLength(row: number): number {
    return this.of(row).auxLength?.[row & MASK] ?? 0;
  }

  /** Raises the row's severity; rules that see more than one message use it. */
  raise(row: number, severity: number): void {
    if (row < this.gone) return;
    const chunk = this.of(row);
    const flags = chunk.flags[row & MASK];
    if (severity > flags >>> SEVERITY_SHIFT) chunk.flags[row & MASK] = (flags & 0x3f) | (severity << SEVERITY_SHIFT);
  }
}

const PIECE_CHUNK = 1 << 10;
const NO_PIECES = new Uint32Array(0);

/** Where the bytes of rows lie that are not contiguous: runs of (address, length), appended and never changed. */
export class Pieces {
  private readonly bases: number[] = [];
  /** Offsets from the base of the chunk, widened when one does not fit. */
  private readonly addresses: (Uint32Array | Float64Array)[] = [];
  private readonly lengths: Uint32Array[] = [];
  count = 0;

  add(address: number, length: number): void {
    const chunk = (this.count / PIECE_CHUNK) | 0;
    const at = this.count % PIECE_CHUNK;
    if (at === 0) {
      this.bases.push(address);
      this.addresses.push(new Uint32Array(PIECE_CHUNK));
      this.lengths.push(new Uint32Array(PIECE_CHUNK));
    }
    const offset = address - this.bases[chunk];
    if ((offset < 0 || offset >= U32_LIMIT) && this.addresses[chunk].BYTES_PER_ELEMENT === 4) {
      this.addresses[chunk] = copy(this.addresses[chunk], new Float64Array(PIECE_CHUNK));
    }
    this.addresses[chunk][at] = offset;
    this.lengths[chunk][at] = length;
    this.count++;
  }

  /** Gives back the chunks whose pieces all lie before `index`. */
  drop(index: number): void {
    const end = Math.min((index / PIECE_CHUNK) | 0, (this.count / PIECE_CHUNK) | 0);
    for (let chunk = end - 1; chunk >= 0 && this.lengths[chunk] !== NO_PIECES; chunk--) {
      this.addresses[chunk] = NO_PIECES;
      this.lengths[chunk] = NO_PIECES;
    }
  }

  address(index: number): number {
    const chunk = (index / PIECE_CHUNK) | 0;
    return this.addresses[chunk][index % PIECE_CHUNK] + this.bases[chunk];
  }

  length(index: number): number {
    return this.lengths[(index / PIECE_CHUNK) | 0][index % PIECE_CHUNK];
  }
}
