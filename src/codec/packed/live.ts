import { Cells } from '../../core/dialect.ts';
import type { Item, Message } from '../../core/message.ts';
import type { Note } from '../../core/note.ts';
import type { Dir } from '../../core/stream.ts';
import { note } from '../../schema/notes.ts';
import { PackedIndexer } from './indexer.ts';
import { MAX_BODY_OLD, MIN_COMMAND } from './limits.ts';
import { decodePacked } from './message.ts';
import { Cursor, readGroups, TRUNCATED } from './numbers.ts';
import { ROLES, roleBase } from './roles.ts';
import { parsePacked } from './syntax.ts';
import { DEFAULT_TABLE_BYTES } from './value-table.ts';

/** One frame off a socket, its references resolved. */
export interface PackedFrame {
  readonly command: number;
  readonly bytes: Uint8Array;
  readonly items: readonly Item[];
  readonly notes: readonly Note[];
  /** A note of Apple's decoder's own: it would end the connection here. */
  readonly fatal: boolean;
  /** The frame with names and words. */
  message(): Message;
}

const EMPTY = new Uint8Array(0);

/** Reads frames of one direction from a live socket; the tables live as long as the reader. Never throws on wire bytes. */
export class PackedReader {
  private readonly dir: Dir;
  private readonly indexer: PackedIndexer;
  private readonly cells = new Cells();
  private readonly cursor = new Cursor();
  private pending: Uint8Array = EMPTY;
  /** The bytes since then are no frames; nothing more is read. */
  broken: Note | undefined = undefined;

  constructor(dir: Dir, tableBytes: number = DEFAULT_TABLE_BYTES) {
    this.dir = dir;
    this.indexer = new PackedIndexer(tableBytes);
  }

  /** The frames that are complete with this chunk. The bytes of a frame are copies. */
  push(chunk: Uint8Array): PackedFrame[] {
    if (this.broken !== undefined) return [];
    let buf = chunk;
    if (this.pending.length > 0) {
      buf = new Uint8Array(this.pending.length + chunk.length);
      buf.set(this.pending);
      buf.set(chunk, this.pending.length);
    }
    const frames: PackedFrame[] = [];
    let at = 0;
    while (at < buf.length) {
      const end = this.frameEnd(buf, at);
      if (end > buf.length || end < 0) break;
      frames.push(this.frame(buf.slice(at, end)));
      at = end;
    }
    this.pending = this.broken === undefined ? buf.slice(at) : EMPTY;
    return frames;
  }

  /** End of the frame at `at`, beyond the buffer or -1 when bytes are missing. Sets `broken` when no frame can start so. */
  private frameEnd(buf: Uint8Array, at: number): number {
    if (buf[at] < MIN_COMMAND) return this.fail(`command ${buf[at]}`);
    if (at + 1 >= buf.length) return -1;
    if (buf[at + 1] !== 0xff) return at + 2 + buf[at + 1];
    const more = readGroups(buf, at + 2, buf.length, this.cursor);
    if (more === TRUNCATED) return -1;
    if (more < 0 || more + 0xff > MAX_BODY_OLD) return this.fail('length beyond the limit');
    return this.cursor.at + 0xff + more;
  }

  private fail(detail: string): -1 {
    this.broken = note('packed.frame-invalid', 0, 1, detail);
    return -1;
  }

  private frame(bytes: Uint8Array): PackedFrame {
    const { cells, dir } = this;
    cells.clear();
    this.indexer.index(bytes, 0, bytes.length, ROLES, roleBase(dir, bytes[0]), cells);
    const aux = cells.aux?.slice();
    const { command, items, notes } = parsePacked(bytes, aux);
    const fatal = notes.some((n) => n.severity === 'error');
    return { command, bytes, items, notes, fatal, message: () => decodePacked(bytes, dir, aux) };
  }
}
