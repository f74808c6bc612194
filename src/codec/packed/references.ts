import { u32 } from '../../core/bytes.ts';
import { Cursor, readGroups } from './numbers.ts';

/**
 * What the references of one frame stood for, in wire order: the history that `decode` does not have.
 *
 * Layout: flags u8, one record per reference, then, with flag bit 0, the table limit u32 big-endian (present when the frame marks
 * a value to be stored that is larger than the table); flag bit 1: HAS_CUT. A record is a base-128 number, little end first: 0 = lost, 1 = missing,
 * else length + 2 and that many bytes: a key, or an encoded literal.
 */
export const RECORD_LOST = 0;
export const RECORD_MISSING = 1;
export const RECORD_KNOWN = 2;
export const HAS_LIMIT = 1;
/** References from some place on are logged as lost, because all of them together stand for too much. */
export const HAS_CUT = 2;

/** Reads the records back, in order. Never throws; a log that ends early gives lost references. */
export class ReferenceReader {
  /** Flag bit HAS_CUT. */
  readonly cut: boolean;
  /** Table limit of the direction when the log tells it, else undefined. */
  readonly limit: number | undefined;
  private readonly log: Uint8Array;
  private readonly end: number;
  private readonly cursor = new Cursor();

  constructor(log: Uint8Array) {
    const hasLimit = log.length >= 5 && (log[0] & HAS_LIMIT) !== 0;
    this.log = log;
    this.cut = log.length > 0 && (log[0] & HAS_CUT) !== 0;
    this.end = hasLimit ? log.length - 4 : log.length;
    this.limit = hasLimit ? u32(log, log.length - 4) : undefined;
    this.cursor.at = 1;
  }

  /** What the next reference stood for. */
  next(): Uint8Array | 'lost' | 'missing' {
    const head = readGroups(this.log, this.cursor.at, this.end, this.cursor);
    if (head === RECORD_MISSING) return 'missing';
    if (head < RECORD_KNOWN) return 'lost';
    const start = this.cursor.at;
    this.cursor.at = Math.min(this.end, start + head - RECORD_KNOWN);
    return this.log.subarray(start, this.cursor.at);
  }
}
