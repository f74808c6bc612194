import { DIALECT } from '../../core/message.ts';
import { HOLE } from '../../core/stream.ts';
import { utf8Bytes } from '../../core/text.ts';
import { CHUNK_ROWS, type Chunk, FLAG_PIECES, type Pieces } from '../columns.ts';
import type { Timeline } from '../timeline.ts';
import { COST, type Term } from './terms.ts';
import { indexOfBytes } from './values.ts';

/** The only escape of JSON that can spell a character of a needle; the others stand for quotes, slashes and control characters. */
const ESCAPE = utf8Bytes('\\u');
const GZIP = Uint8Array.of(0x1f, 0x8b, 0x08);

/** Needles that are written as they are in JSON, property lists and plain text. */
const LITERAL = /^[\x20\x21\x23-\x2e\x30-\x5b\x5d-\x7e]+$/;

/** Texts that a property list may hold as data, a date, or a boolean. */
const VALUE = /^([0-9a-f]{2}([:.-]?[0-9a-f]{2})*|true|false|\d{4}-\d\d.*)$/i;

/** Bytes that are searched in one go: a call of the search costs as much as some hundred bytes of it. */
const STRETCH = 256 * 1024;

/** Bytes between two rows that are searched along with them: as much as another read and search cost. */
const BETWEEN = 16 * 1024;

/**
 * Leaves out rows whose payload cannot hold a text: most rows need not be decoded then. Rows that lie near each other in the file
 * are searched together, with what lies between them.
 * Leaves a row out only when its bytes cannot spell the text: not in UTF-16, no escapes, nothing packed or compressed.
 * undefined when the text may be written in several ways, or mean a value that is no text: bytes, a date, true and false.
 */
export function rawTerm(needle: string): Term | undefined {
  if (!LITERAL.test(needle) || VALUE.test(needle)) return undefined;
  const ascii = utf8Bytes(needle);
  // Property lists write text that is not all ASCII in UTF-16, high byte first. The first high byte is left away: zeros are
  // everywhere, and a search stops at each.
  const wide = Uint8Array.from({ length: ascii.length * 2 - 1 }, (_, i) => (i % 2 === 1 ? 0 : ascii[i >> 1]));
  const needles = [ascii, wide, ESCAPE, GZIP];
  const stretch = new Stretch();
  return {
    cost: COST.raw,
    select(timeline, chunk, rows, count, out) {
      const c = timeline.rows.columns.chunks[chunk];
      let n = 0;
      for (let k = 0; k < count; ) {
        const next = stretch.take(c, timeline.rows.pieces, rows, count, k);
        if (next === k) {
          if (mayHold(timeline, chunk * CHUNK_ROWS + rows[k], needles)) out[n++] = rows[k];
          k++;
          continue;
        }
        if (stretch.search(timeline, c, rows, needles)) for (let h = k; h < next; h++) if (stretch.hit[h] === 1) out[n++] = rows[h];
        k = next;
      }
      return n;
    },
  };
}

/** Where rows lie in bytes that are searched; ascending, none overlaps the next. */
class Extents {
  count = 0;
  readonly start = new Uint32Array(CHUNK_ROWS);
  readonly end = new Uint32Array(CHUNK_ROWS);
  /** Which of the given rows. */
  readonly index = new Uint32Array(CHUNK_ROWS);

  add(start: number, end: number, index: number): void {
    this.start[this.count] = start;
    this.end[this.count] = end;
    this.index[this.count++] = index;
  }

  /** The first extent from `low` on that ends behind a place. */
  behind(place: number, low: number): number {
    let [from, to] = [low, this.count];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.end[middle] <= place) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** Rows that lie near each other: those in one piece are searched where they lie, those in several are joined first. */
class Stretch {
  /** 1 for each row that has a hit; set when `search` says that there is one. */
  readonly hit = new Uint8Array(CHUNK_ROWS);
  private readonly whole = new Extents();
  private readonly parted = new Extents();
  private readonly joint = new Uint8Array(STRETCH);
  private start = 0;
  private end = 0;

  /** Takes rows from the `k`th on; returns the first that was not taken, `k` when that one has to be looked at alone. */
  take(c: Chunk, pieces: Pieces, rows: Uint32Array, count: number, k: number): number {
    const { whole, parted } = this;
    const { address, length, flags, type } = c;
    whole.count = 0;
    parted.count = 0;
    let [start, end, limit, wholeEnd, joined] = [0, 0, 0, 0, 0];
    let next = k;
    for (; next < count; next++) {
      const i = rows[next];
      const dialect = type[i] >>> 8;
      if (dialect !== DIALECT.courier && dialect !== DIALECT.gateway) break;
      const inPieces = (flags[i] & FLAG_PIECES) !== 0;
      const from = inPieces ? pieces.address(address[i]) : c.addressBase + address[i];
      if (next === k) {
        start = from;
        end = from;
        wholeEnd = from;
        limit = from + Math.max(STRETCH, inPieces ? 0 : length[i]);
      }
      if (inPieces) {
        const until = this.fits(pieces, address[i], length[i], start, Math.min(limit, end + BETWEEN));
        if (until < 0 || joined + length[i] > STRETCH) break;
        parted.add(joined, joined + length[i], next);
        joined += length[i];
        if (until > end) end = until;
      } else {
        const until = from + length[i];
        if (from < wholeEnd || from - end > BETWEEN || until > limit) break;
        whole.add(from - start, until - start, next);
        wholeEnd = until;
        if (until > end) end = until;
      }
    }
    this.start = start;
    this.end = end;
    return next;
  }

  /** Where the last of a row's pieces ends when all of them lie in [low, high); -1 otherwise. */
  private fits(pieces: Pieces, first: number, length: number, low: number, high: number): number {
    let until = -1;
    for (let piece = first, left = length; left > 0; piece++) {
      const from = pieces.address(piece);
      const to = from + pieces.length(piece);
      if (from === HOLE || from < low || to > high) return -1;
      if (to > until) until = to;
      left -= to - from;
    }
    return until;
  }

  search(timeline: Timeline, c: Chunk, rows: Uint32Array, needles: readonly Uint8Array[]): boolean {
    const { whole, parted } = this;
    const hay = timeline.store.read(this.start, this.end - this.start);
    const find = timeline.search ?? indexOfBytes;
    if (whole.count > 0) this.hit.fill(0, whole.index[0], whole.index[whole.count - 1] + 1);
    for (let p = 0; p < parted.count; p++) {
      this.hit[parted.index[p]] = 0;
      this.join(hay, timeline.rows.pieces, c.address[rows[parted.index[p]]], parted.start[p], parted.end[p]);
    }
    const joint = this.joint.subarray(0, parted.count === 0 ? 0 : parted.end[parted.count - 1]);
    let any = false;
    for (const needle of needles) {
      if (whole.count > 0 && this.mark(hay, whole, needle, find)) any = true;
      if (parted.count > 0 && this.mark(joint, parted, needle, find)) any = true;
    }
    return any;
  }

  private join(hay: Uint8Array, pieces: Pieces, first: number, start: number, end: number): void {
    for (let piece = first, at = start; at < end; piece++) {
      const from = pieces.address(piece) - this.start;
      const length = pieces.length(piece);
      this.joint.set(hay.subarray(from, from + length), at);
      at += length;
    }
  }

  private mark(
    hay: Uint8Array,
    extents: Extents,
    needle: Uint8Array,
    find: (hay: Uint8Array, needle: Uint8Array, from: number) => number,
  ): boolean {
    let any = false;
    for (let at = 0, found = find(hay, needle, 0); found >= 0; found = find(hay, needle, found)) {
      at = extents.behind(found, at);
      if (at === extents.count) break;
      // A hit between two rows belongs to neither.
      if (extents.start[at] <= found) {
        this.hit[extents.index[at++]] = 1;
        any = true;
        if (at === extents.count) break;
      }
      found = Math.max(found + 1, extents.start[at]);
    }
    return any;
  }
}

/** Whether a row may hold a needle: one in pieces that lie far apart or have holes, or of a dialect that packs its text. */
function mayHold(timeline: Timeline, row: number, needles: readonly Uint8Array[]): boolean {
  const { columns, pieces } = timeline.rows;
  const dialect = columns.type(row) >>> 8;
  if (dialect !== DIALECT.courier && dialect !== DIALECT.gateway) return true;
  const length = columns.length(row);
  const hay = new Uint8Array(length);
  for (let i = columns.address(row), at = 0; at < length; i++) {
    if (pieces.address(i) === HOLE) return true;
    hay.set(timeline.store.read(pieces.address(i), pieces.length(i)), at);
    at += pieces.length(i);
  }
  const find = timeline.search ?? indexOfBytes;
  return needles.some((needle) => find(hay, needle, 0) >= 0);
}
