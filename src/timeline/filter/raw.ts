import { DIALECT } from '../../core/message.ts';
import { HOLE } from '../../core/stream.ts';
import { utf8Bytes } from '../../core/text.ts';
import { CHUNK_BITS, CHUNK_ROWS, FLAG_PIECES } from '../columns.ts';
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

/**
 * Leaves out rows whose payload cannot hold a text: most rows need not be decoded then. Rows that follow each other in the file
 * are searched together, with what lies between them.
 * Leaves a row out only when its bytes cannot spell the text: not in UTF-16, no escapes, nothing packed or compressed.
 * undefined when the text may be written in several ways, or mean a value that is no text: bytes, a date, true and false.
 */
export function rawTerm(needle: string): Term | undefined {
  if (!LITERAL.test(needle) || VALUE.test(needle)) return undefined;
  const ascii = utf8Bytes(needle);
  // Property lists write text that is not all ASCII in UTF-16, high byte first.
  const wide = Uint8Array.from({ length: ascii.length * 2 }, (_, i) => (i % 2 === 0 ? 0 : ascii[i >> 1]));
  const needles = [ascii, wide, ESCAPE, GZIP];
  const hit = new Uint8Array(CHUNK_ROWS);
  return {
    cost: COST.raw,
    select(timeline, chunk, rows, count, out) {
      const base = chunk << CHUNK_BITS;
      for (let k = 0; k < count; ) k = search(timeline, base, rows, count, k, needles, hit);
      let n = 0;
      for (let k = 0; k < count; k++) if (hit[k] === 1) out[n++] = rows[k];
      return n;
    },
  };
}

const plain = (timeline: Timeline, row: number): boolean => {
  const { columns } = timeline.rows;
  const dialect = columns.type(row) >>> 8;
  return (dialect === DIALECT.courier || dialect === DIALECT.gateway) && (columns.flags(row) & FLAG_PIECES) === 0;
};

/** Searches the rows from the `k`th on, as many as lie in one stretch; `hit` tells which may match. Returns the first that was not searched. */
function search(
  timeline: Timeline,
  base: number,
  rows: Uint32Array,
  count: number,
  k: number,
  needles: readonly Uint8Array[],
  hit: Uint8Array,
): number {
  const { columns } = timeline.rows;
  const first = base + rows[k];
  if (!plain(timeline, first)) {
    hit[k] = ofPieces(timeline, first, needles) ? 1 : 0;
    return k + 1;
  }
  const start = columns.address(first);
  let end = start + columns.length(first);
  let next = k + 1;
  hit[k] = 0;
  for (; next < count; next++) {
    const row = base + rows[next];
    const address = columns.address(row);
    const until = address + columns.length(row);
    if (address < end || until - start > STRETCH || !plain(timeline, row)) break;
    end = until;
    hit[next] = 0;
  }
  const hay = timeline.store.read(start, end - start);
  const find = timeline.search ?? indexOfBytes;
  for (const needle of needles) {
    let at = k;
    for (let found = find(hay, needle, 0); found >= 0 && at < next; found = find(hay, needle, found + 1)) {
      const address = start + found;
      while (at < next && columns.address(base + rows[at]) + columns.length(base + rows[at]) <= address) at++;
      if (at < next && columns.address(base + rows[at]) <= address) {
        hit[at++] = 1;
        if (at < next) found = Math.max(found, columns.address(base + rows[at]) - start - 1);
      }
    }
  }
  return next;
}

/** A row whose bytes are apart, or of a dialect that packs them: true when it may match. */
function ofPieces(timeline: Timeline, row: number, needles: readonly Uint8Array[]): boolean {
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
