import { utf8 } from '../../core/text.ts';
import { decodeHuffman, huffmanRoom } from './hpack-huffman.ts';
import { STATIC_NAMES, STATIC_VALUES } from './hpack-static.ts';

/** Slots of the cache; a power of two. Names, topics and the provider token repeat from request to request. */
const SLOTS = 1024;
/** Longer strings are not kept: 1,024 of them must stay small. A provider token has some 210 bytes. */
const CACHED_BYTES = 256;

// Slot `i`: its bytes are keys[i × CACHED_BYTES, + lengths[i]); length 0 is an empty slot.
const keys = new Uint8Array(SLOTS * CACHED_BYTES);
const lengths = new Uint16Array(SLOTS);
const coded = new Uint8Array(SLOTS);
const texts: string[] = new Array(SLOTS).fill('');

let room = new Uint8Array(4096);

/** Names and values of the static table as text. */
export const STATIC_NAME_TEXTS: readonly string[] = STATIC_NAMES.map((name) => octetText(name, 0, name.length));
export const STATIC_VALUE_TEXTS: readonly string[] = STATIC_VALUES.map((value) => octetText(value, 0, value.length));

/**
 * Text of the header string `b[start, end)`: UTF-8 when it is, else one character a byte (HTTP calls those opaque).
 * Undefined when its Huffman code is broken. Strings that repeat are decoded once; the result depends on the bytes alone.
 */
export function headerText(b: Uint8Array, start: number, end: number, huffman: boolean): string | undefined {
  const length = end - start;
  if (length === 0) return '';
  if (length > CACHED_BYTES) return decode(b, start, end, huffman);
  let hash = huffman ? length + SLOTS : length;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ b[i], 0x01000193);
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  const from = slot * CACHED_BYTES;
  const flag = huffman ? 1 : 0;
  if (lengths[slot] === length && coded[slot] === flag) {
    let i = 0;
    while (i < length && keys[from + i] === b[start + i]) i++;
    if (i === length) return texts[slot];
  }
  const text = decode(b, start, end, huffman);
  if (text !== undefined) {
    for (let i = 0; i < length; i++) keys[from + i] = b[start + i];
    lengths[slot] = length;
    coded[slot] = flag;
    texts[slot] = text;
  }
  return text;
}

function decode(b: Uint8Array, start: number, end: number, huffman: boolean): string | undefined {
  if (!huffman) return octetText(b, start, end);
  // The decoder may write one byte more.
  const needed = huffmanRoom(end - start) + 1;
  if (room.length < needed) room = new Uint8Array(2 * needed);
  const length = decodeHuffman(b, start, end, room, 0);
  return length < 0 ? undefined : octetText(room, 0, length);
}

function octetText(b: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) {
    if (b[i] >= 0x80) {
      const bytes = b.subarray(start, end);
      return utf8(bytes) ?? Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    }
    text += String.fromCharCode(b[i]);
  }
  return text;
}
