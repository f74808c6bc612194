import { BROKEN, type Cells, type Framing, NEED } from '../../core/dialect.ts';
import { DIALECT, messageType } from '../../core/message.ts';
import type { Dir } from '../../core/stream.ts';
import { findPackedFrame, packedTableSizes } from './detect.ts';
import { PackedIndexer } from './indexer.ts';
import { MAX_BODY_OLD, MIN_COMMAND } from './limits.ts';
import { Cursor, readGroups, TRUNCATED } from './numbers.ts';
import { ROLES, roleBase } from './roles.ts';
import { DEFAULT_TABLE_BYTES } from './value-table.ts';

/** The commands that open the two directions: Connect and its answer. */
const FIRST_COMMAND = [0x07, 0x08] as const;

/** Cuts a packed connection into frames and keeps the tables of its two directions. */
export class PackedFraming implements Framing {
  private readonly indexers: readonly [PackedIndexer, PackedIndexer];
  private readonly begun: [boolean, boolean] = [false, false];
  private readonly cursor = new Cursor();

  /** `alpn` is the negotiated protocol when known: it may carry the table sizes. */
  constructor(alpn: string | undefined) {
    const sizes = (alpn === undefined ? undefined : packedTableSizes(alpn)) ?? { c2s: DEFAULT_TABLE_BYTES, s2c: DEFAULT_TABLE_BYTES };
    this.indexers = [new PackedIndexer(sizes.c2s), new PackedIndexer(sizes.s2c)];
  }

  measure(_dir: Dir, buf: Uint8Array, start: number, end: number): number {
    if (buf[start] < MIN_COMMAND) return BROKEN;
    if (start + 1 >= end) return NEED;
    const short = buf[start + 1];
    if (short !== 0xff) return 2 + short;
    const more = readGroups(buf, start + 2, end, this.cursor);
    if (more < 0) return more === TRUNCATED ? NEED : BROKEN;
    if (more + 0xff > MAX_BODY_OLD) return BROKEN;
    return this.cursor.at - start + 0xff + more;
  }

  /** A direction that does not begin with its opening command was joined late: its tables may hold anything. */
  index(dir: Dir, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    const indexer = this.indexers[dir];
    const command = buf[start];
    if (!this.begun[dir]) {
      this.begun[dir] = true;
      if (command !== FIRST_COMMAND[dir]) indexer.forget();
    }
    indexer.index(buf, start, end, ROLES, roleBase(dir, command), cells);
    cells.type = messageType(DIALECT.packed, command);
  }

  lost(dir: Dir): void {
    this.begun[dir] = true;
    this.indexers[dir].forget();
  }

  resync(dir: Dir, buf: Uint8Array, start: number, end: number): number {
    return findPackedFrame(dir, buf, start, end);
  }

  /** The tables of one direction, for tests and live readers. */
  tables(dir: Dir): PackedIndexer {
    return this.indexers[dir];
  }
}
