import type { Cells } from '../core/dialect.ts';
import { type Arrival, type Dir, SOURCE_SPAN, type SpoolWriter } from '../core/stream.ts';
import { CHUNK_ROWS, type Chunk, Columns, FLAG_DERIVED, FLAG_ID, FLAG_PIECES, FLAG_UNTIMED, Pieces, SEVERITY_SHIFT } from './columns.ts';
import { Interned } from './interned.ts';

const MASK = CHUNK_ROWS - 1;

/** Arrays whose address is remembered; dropping them only costs that they are stored again. */
const KEPT = 1 << 16;

/** Where a row's bytes are: one address, or pieces. `Cutter` is one, `PieceList` another. */
export interface Location {
  readonly address: number;
  /** 0: one piece at `address`. */
  readonly count: number;
  readonly addresses: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
}

/** Writes rows into the index. One for all connections. */
export class Rows {
  readonly columns = new Columns();
  readonly pieces = new Pieces();
  readonly topics = new Interned();
  readonly at: Arrival;
  readonly spool: SpoolWriter;
  /** Called after each row, for live views. */
  onRow: ((row: number) => void) | undefined = undefined;

  constructor(at: Arrival, spool: SpoolWriter) {
    this.at = at;
    this.spool = spool;
  }

  /** The chunk of the last row. */
  private chunk: Chunk | undefined = undefined;
  private readonly kept = new Map<Uint8Array, number>();

  /** Address of bytes that come again as the same array, stored the first time. */
  private keep(bytes: Uint8Array): number {
    let address = this.kept.get(bytes);
    if (address === undefined) {
      if (this.kept.size === KEPT) this.kept.clear();
      address = this.spool.append(bytes);
      this.kept.set(bytes, address);
    }
    return address;
  }

  /** Bytes that come again are stored again: where they stand may be given back. */
  forgetKept(): void {
    this.kept.clear();
  }

  /** Appends a row. `buf` is what the ranges of `cells` refer to. Returns the row's number. */
  append(stream: number, dir: Dir, cells: Cells, buf: Uint8Array, length: number, where: Location): number {
    const columns = this.columns;
    const chunk = columns.tail();
    const i = columns.rows & MASK;
    const at = this.at;
    if (chunk !== this.chunk) {
      this.chunk = chunk;
      chunk.begin(at.sec, where.address);
    }
    let flags = cells.severity << SEVERITY_SHIFT;
    const sec = at.sec;
    if (sec >= 0) {
      chunk.setSec(i, sec);
      chunk.nsec[i] = at.nsec;
    } else flags |= FLAG_UNTIMED;
    chunk.packet[i] = at.packet;
    chunk.setStream(i, stream * 2 + dir);
    chunk.type[i] = cells.type;
    chunk.setLength(i, length);
    if (where.count === 0) chunk.setAddress(i, where.address);
    else {
      flags |= FLAG_PIECES;
      const pieces = this.pieces;
      chunk.setPieces(i, pieces.count);
      for (let k = 0; k < where.count; k++) pieces.add(where.addresses[k], where.lengths[k]);
    }
    if (where.address >= SOURCE_SPAN * SPOOL_SOURCE && where.address < SOURCE_SPAN * (SPOOL_SOURCE + 1)) flags |= FLAG_DERIVED;
    if (cells.hasId) {
      flags |= FLAG_ID;
      if (cells.id !== 0) {
        chunk.id ??= new Uint32Array(chunk.capacity);
        chunk.id[i] = cells.id;
      }
    }
    if (cells.topicEnd > cells.topicStart) {
      const topic = this.topics.number(cells.topicFrom ?? buf, cells.topicStart, cells.topicEnd);
      if (topic >= 0) {
        chunk.topic ??= new Uint16Array(chunk.capacity);
        chunk.topic[i] = topic + 1;
      }
    }
    if (cells.tokenEnd > cells.tokenStart + 3) {
      const from = cells.tokenFrom ?? buf;
      const t = cells.tokenStart;
      chunk.token ??= new Uint32Array(chunk.capacity);
      chunk.token[i] = (from[t] << 24) | (from[t + 1] << 16) | (from[t + 2] << 8) | from[t + 3];
    }
    if (cells.status >= 0) {
      chunk.status ??= new Uint16Array(chunk.capacity);
      chunk.status[i] = cells.status + 1;
    }
    if (cells.aux !== undefined) {
      chunk.auxAddress ??= new Float64Array(chunk.capacity);
      chunk.auxLength ??= new Uint32Array(chunk.capacity);
      chunk.auxAddress[i] = cells.auxKept ? this.keep(cells.aux) : this.spool.append(cells.aux);
      chunk.auxLength[i] = cells.aux.length;
    }
    chunk.flags[i] = flags;
    const row = columns.rows++;
    if (this.onRow !== undefined) this.onRow(row);
    return row;
  }
}

/** The spool's place among the sources of the store: always the first. */
export const SPOOL_SOURCE = 0;
