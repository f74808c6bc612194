import { u32LE } from '../../core/bytes.ts';

/** zstd and lz4 share the frames that hold no data of theirs: sixteen magic numbers, a length of four bytes, little-endian (RFC 8878, 3.1.2). */
const SKIPPABLE = 0x184d2a50;

/** True for the magic number of a frame that decoders pass over. */
export function isSkippable(magic: number): boolean {
  return (magic & 0xfffffff0) >>> 0 === SKIPPABLE;
}

/** Magic number of the first frame that is not skippable, or -1 when the head ends before it. */
export function firstFrameMagic(head: Uint8Array): number {
  for (let at = 0; at + 4 <= head.length; ) {
    const magic = u32LE(head, at);
    if (!isSkippable(magic)) return magic;
    if (at + 8 > head.length) return -1;
    at += 8 + u32LE(head, at + 4);
  }
  return -1;
}
