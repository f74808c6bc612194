import { utf8 } from '../../core/text.ts';
import { decodeHuffman } from './hpack-huffman.ts';
import { STATIC_NAMES, STATIC_VALUES } from './hpack-static.ts';

/** Slots of the cache; a power of two. Names, topics and the provider token repeat from request to request. */
const SLOTS = 1024;
/** Longer strings are not kept: 1,024 of them must stay small. A provider token has some 210 bytes. */
const CACHED_BYTES = 512;

const keys: (Uint8Array | undefined)[] = new Array(SLOTS);
const texts: string[] = new Array(SLOTS);
const coded = new Uint8Array(SLOTS);

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
  const key = keys[slot];
  if (key !== undefined && key.length === length && coded[slot] === (huffman ? 1 : 0)) {
    let i = 0;
    while (i < length && key[i] === b[start + i]) i++;
    if (i === length) return texts[slot];
  }
  const text = decode(b, start, end, huffman);
  if (text !== undefined) {
    keys[slot] = b.slice(start, end);
    texts[slot] = text;
    coded[slot] = huffman ? 1 : 0;
  }
  return text;
}

function decode(b: Uint8Array, start: number, end: number, huffman: boolean): string | undefined {
  if (!huffman) return octetText(b, start, end);
  // At most 8/5 as long when decoded, and the decoder may write one byte more.
  const needed = Math.ceil((end - start) * 1.6) + 1;
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
