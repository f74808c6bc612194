import { DIALECT } from '../../core/message.ts';
import { HOLE } from '../../core/stream.ts';
import { utf8Bytes } from '../../core/text.ts';
import { FLAG_PIECES } from '../columns.ts';
import type { Timeline } from '../timeline.ts';
import { indexOfBytes } from './values.ts';

const ESCAPE = utf8Bytes('\\');
const PLIST = utf8Bytes('bplist');
const GZIP = Uint8Array.of(0x1f, 0x8b, 0x08);

/** Needles that are written as they are in JSON, property lists and plain text. */
const LITERAL = /^[\x20\x21\x23-\x2e\x30-\x5b\x5d-\x7e]+$/;

/**
 * A test that says quickly when a row's payload cannot hold a text: most rows need not be decoded then.
 * False only when the bytes cannot spell it: no escapes, no property list (UTF-16), nothing packed or compressed.
 * undefined when the text itself may be written in several ways.
 */
export function mayContain(needle: string): ((timeline: Timeline, row: number) => boolean) | undefined {
  if (!LITERAL.test(needle)) return undefined;
  const bytes = utf8Bytes(needle);
  let scratch = new Uint8Array(4096);
  return (timeline, row) => {
    const { columns, pieces } = timeline.rows;
    const dialect = columns.type(row) >>> 8;
    if (dialect !== DIALECT.courier && dialect !== DIALECT.gateway) return true;
    const length = columns.length(row);
    let hay: Uint8Array;
    if ((columns.flags(row) & FLAG_PIECES) === 0) hay = timeline.store.read(columns.address(row), length);
    else {
      if (scratch.length < length) scratch = new Uint8Array(length * 2);
      let at = 0;
      for (let i = columns.address(row); at < length; i++) {
        if (pieces.address(i) === HOLE) return true;
        const part = timeline.store.read(pieces.address(i), pieces.length(i));
        scratch.set(part, at);
        at += pieces.length(i);
      }
      hay = scratch.subarray(0, length);
    }
    const find = timeline.search ?? indexOfBytes;
    return find(hay, bytes) >= 0 || find(hay, ESCAPE) >= 0 || find(hay, PLIST) >= 0 || find(hay, GZIP) >= 0;
  };
}
