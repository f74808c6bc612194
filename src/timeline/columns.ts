/**
 * The index: one row a message, as columns of typed arrays in chunks of 64 Ki rows. No object per message.
 *
 * Chunks never move, so growing costs no copy; columns that most rows leave at their default (status, aux) are
 * allocated in a chunk at the first value that differs. About 30 to 45 bytes a row.
 */
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

export class Chunk {
  sec: Uint32Array;
  nsec: Uint32Array;
  address: Float64Array;
  length: Uint32Array;
  /** Stream number × 2 + direction. */
  stream: Uint32Array;
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
  readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.sec = new Uint32Array(capacity);
    this.nsec = new Uint32Array(capacity);
    this.address = new Float64Array(capacity);
    this.length = new Uint32Array(capacity);
    this.stream = new Uint32Array(capacity);
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
}

const widen = <T extends Uint32Array | Uint16Array | Uint8Array | Float64Array>(from: T | undefined, to: T): T => {
  if (from !== undefined) to.set(from as never);
  return to;
};

function grown(small: Chunk): Chunk {
  const big = new Chunk(CHUNK_ROWS);
  big.sec.set(small.sec);
  big.nsec.set(small.nsec);
  big.address.set(small.address);
  big.length.set(small.length);
  big.stream.set(small.stream);
  big.packet.set(small.packet);
  big.type.set(small.type);
  big.flags.set(small.flags);
  if (small.id) big.id = widen(small.id, new Uint32Array(CHUNK_ROWS));
  if (small.topic) big.topic = widen(small.topic, new Uint16Array(CHUNK_ROWS));
  if (small.token) big.token = widen(small.token, new Uint32Array(CHUNK_ROWS));
  if (small.status) big.status = widen(small.status, new Uint16Array(CHUNK_ROWS));
  if (small.auxAddress) big.auxAddress = widen(small.auxAddress, new Float64Array(CHUNK_ROWS));
  if (small.auxLength) big.auxLength = widen(small.auxLength, new Uint32Array(CHUNK_ROWS));
  return big;
}

export class Columns {
  readonly chunks: Chunk[] = [];
  rows = 0;

  /** The chunk for the next row; the caller writes at `rows & (CHUNK_ROWS - 1)` and then increments `rows`. */
  tail(): Chunk {
    const index = this.rows >>> CHUNK_BITS;
    let chunk = this.chunks[index];
    if (chunk === undefined) {
      chunk = new Chunk(index === 0 ? FIRST_ROWS : CHUNK_ROWS);
      this.chunks[index] = chunk;
    } else if ((this.rows & MASK) >= chunk.capacity) {
      chunk = grown(chunk);
      this.chunks[index] = chunk;
    }
    return chunk;
  }

  private of(row: number): Chunk {
    return this.chunks[row >>> CHUNK_BITS];
  }

  sec(row: number): number {
    return this.of(row).sec[row & MASK];
  }
  nsec(row: number): number {
    return this.of(row).nsec[row & MASK];
  }
  address(row: number): number {
    return this.of(row).address[row & MASK];
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
    const chunk = this.of(row);
    const flags = chunk.flags[row & MASK];
    if (severity > flags >>> SEVERITY_SHIFT) chunk.flags[row & MASK] = (flags & 0x3f) | (severity << SEVERITY_SHIFT);
  }
}

const PIECE_CHUNK = 1 << 14;

/** Where the bytes of rows lie that are not contiguous: runs of (address, length), appended and never changed. */
export class Pieces {
  private readonly addresses: Float64Array[] = [];
  private readonly lengths: Uint32Array[] = [];
  count = 0;

  add(address: number, length: number): void {
    const chunk = (this.count / PIECE_CHUNK) | 0;
    if (this.addresses.length <= chunk) {
      this.addresses.push(new Float64Array(PIECE_CHUNK));
      this.lengths.push(new Uint32Array(PIECE_CHUNK));
    }
    const at = this.count % PIECE_CHUNK;
    this.addresses[chunk][at] = address;
    this.lengths[chunk][at] = length;
    this.count++;
  }

  address(index: number): number {
    return this.addresses[(index / PIECE_CHUNK) | 0][index % PIECE_CHUNK];
  }

  length(index: number): number {
    return this.lengths[(index / PIECE_CHUNK) | 0][index % PIECE_CHUNK];
  }
}
