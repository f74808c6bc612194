import { u32 } from '../../core/bytes.ts';
import { C2S, type Dir } from '../../core/stream.ts';
import { FLAG, FRAME } from '../../schema/http2.ts';
import { MAX_PAYLOAD } from '../../schema/http2-headers.ts';
import { FRAME_HEADER, payloadLength } from './frames.ts';
import { headerText, STATIC_NAME_TEXTS, STATIC_VALUE_TEXTS } from './header-text.ts';
import { BlockCursor, FORM } from './hpack-block.ts';
import { decodeHuffman } from './hpack-huffman.ts';
import { STATIC_COUNT } from './hpack-static.ts';
import { TAG } from './references.ts';
import { hexBytes } from './request-line.ts';

/*
 * What a list needs of a plain message, without making anything of it. A sender's messages have the same headers but for the
 * path, the ids, the times and the lengths. So the checks are made once for each such list of headers, by the whole decoder, and
 * kept as a path through a tree; for the next message only what differs is looked at. Whatever is not plain goes to the decoder.
 */

/** How a header that differs from message to message is looked at. */
const VARY = { path: 1, expiration: 2, collapse: 3, length: 4, text: 5, id: 6 } as const;

/** Headers that hold an id; each is looked at as `VARY.id` and its place here. */
export const ID_HEADERS = ['apns-id', 'apns-request-id', 'apns-unique-id'] as const;

const VARIES: ReadonlyMap<string, number> = new Map([
  [':path', VARY.path],
  ...ID_HEADERS.map((name, i): [string, number] => [name, VARY.id + i]),
  ['apns-expiration', VARY.expiration],
  ['apns-collapse-id', VARY.collapse],
  ['content-length', VARY.length],
  ['date', VARY.text],
]);

/** 0 in Huffman's code: 00000, then ones. */
const CODED_ZERO = 0x07;

const DEVICE_PATH = '/3/device/';
const UUID_LENGTH = 36;
const DASHES = [8, 13, 18, 23];
const COLLAPSE_BYTES = 64;
/** A time in seconds; in milliseconds it has 13 digits. 0 has a meaning of its own. */
const SECONDS = /^[1-9][0-9]{0,10}$/;
const LENGTH_DIGITS = 7;
/** Longer values are left to the decoder, so that the tree stays small. A provider token has some 210 bytes. */
const VALUE_LIMIT = 1024;

/** Places in the tree of headers; a session needs some dozen. When they are full the tree is planted anew. */
const NODES = 4096;
/** Times that a list of headers is tried with the decoder before it is taken for one that needs it. */
const TRIALS = 8;

/** What all messages with the same fixed headers have in common; made from the first of them. */
export interface PlainKind {
  readonly command: string;
  readonly label: string;
  readonly type: number;
  /** The info line up to the expiry; of a response, all of it. Printable; and the same as UTF-8. */
  readonly lead: string;
  readonly leadBytes: Uint8Array;
}

class Node {
  /** By the name of the next header, and by the value of the header whose name was the last step. */
  readonly names = new Map<string, Node>();
  /** The same for headers that go into the table: they may be noted where others are not. */
  readonly added = new Map<string, Node>();
  readonly values = new Map<string, Node>();
  kind: PlainKind | undefined = undefined;
  trials = 0;
}

// Where a message begins: requests by how they end, and responses, which end with their headers.
const SHAPES = ['headers', 'empty data', 'data', 'response'] as const;
let root = new Node();
let nodes = 0;

/** The message that `readPlain` just read: valid until the next call. */
export class PlainMessage {
  node: Node = root;
  stream = 0;
  frames = 0;
  /** The path as it is written, and the token in it. */
  readonly path = new Uint8Array(512);
  pathLength = 0;
  readonly token = new Uint8Array(100);
  tokenLength = 0;
  /** The ids, in the order of `ID_HEADERS`, where `hasId` is set. */
  readonly ids = ID_HEADERS.map(() => new Uint8Array(UUID_LENGTH));
  readonly hasId = ID_HEADERS.map(() => false);
  expiration = '';
  collapse = '';
  hasBody = false;
  hasData = false;
  bodyStart = 0;
  bodyEnd = 0;

  /** What is known of messages with these headers; undefined: the decoder has not seen one yet. */
  get kind(): PlainKind | undefined {
    return this.node.kind;
  }

  /** Whether the decoder should be asked what messages like this one are. */
  get open(): boolean {
    return this.node.kind === undefined && this.node.trials < TRIALS;
  }

  /** Says what the decoder found; without a kind it found something to note. */
  learn(kind: PlainKind | undefined): void {
    this.node.trials++;
    if (kind !== undefined) this.node.kind = kind;
  }
}

const message = new PlainMessage();
const cursor = new BlockCursor();
const scratch = new Uint8Array(512);

/**
 * Reads a row whose frames and headers have nothing wrong in themselves: one HEADERS frame, then DATA, to the end of the stream.
 * Undefined for any other row. What the result says counts only together with its `kind`.
 */
export function readPlain(bytes: Uint8Array, dir: Dir, aux: Uint8Array | undefined): PlainMessage | undefined {
  const end = bytes.length;
  if (end < FRAME_HEADER || bytes[3] !== FRAME.headers || bytes[5] & 0x80) return undefined;
  const flags = bytes[4];
  const stream = u32(bytes, 5);
  const blockEnd = FRAME_HEADER + payloadLength(bytes, 0);
  if (flags & ~(FLAG.endStream | FLAG.endHeaders) || !(flags & FLAG.endHeaders) || stream === 0 || blockEnd > end) return undefined;
  message.hasBody = message.hasData = false;
  message.bodyStart = message.bodyEnd = 0;
  message.stream = stream;
  message.frames = 1;
  message.pathLength = message.tokenLength = 0;
  message.expiration = message.collapse = '';
  for (let i = 0; i < ID_HEADERS.length; i++) message.hasId[i] = false;
  if (flags & FLAG.endStream ? blockEnd !== end : dir !== C2S || !readBody(bytes, blockEnd, stream)) return undefined;
  return readBlock(bytes, blockEnd, dir, aux) ? message : undefined;
}

/** DATA frames to the end of the row, at most one of them with bytes. */
function readBody(bytes: Uint8Array, start: number, stream: number): boolean {
  const end = bytes.length;
  let at = start;
  let ended = false;
  while (at < end) {
    if (ended || at + FRAME_HEADER > end || bytes[at + 3] !== FRAME.data || bytes[at + 4] & ~FLAG.endStream) return false;
    if (u32(bytes, at + 5) !== stream) return false;
    message.hasData = true;
    message.frames++;
    ended = (bytes[at + 4] & FLAG.endStream) !== 0;
    const from = at + FRAME_HEADER;
    at = from + payloadLength(bytes, at);
    if (at > end) return false;
    if (at === from) continue;
    if (message.hasBody) return false;
    message.hasBody = true;
    message.bodyStart = from;
    message.bodyEnd = at;
  }
  return ended && message.bodyEnd - message.bodyStart <= MAX_PAYLOAD;
}

// Where the record of references is read.
let auxAt = 0;

function readBlock(bytes: Uint8Array, end: number, dir: Dir, aux: Uint8Array | undefined): boolean {
  const shape = dir !== C2S ? 3 : message.hasBody ? 2 : message.hasData ? 1 : 0;
  let node = step(root.names, SHAPES[shape]);
  auxAt = 0;
  cursor.open(bytes, FRAME_HEADER, end);
  while (cursor.next()) {
    const { form, index } = cursor;
    if (form === FORM.sizeUpdate) return false;
    let name: string | undefined;
    let from = bytes;
    let start = cursor.valueStart;
    let stop = cursor.valueEnd;
    let huffman = cursor.valueHuffman;
    let value: string | undefined;
    if (index > STATIC_COUNT) {
      if (aux === undefined || aux[auxAt] !== (form === FORM.indexed ? TAG.field : TAG.name)) return false;
      auxAt++;
      const length = auxLength(aux);
      name = headerText(aux, auxAt, auxAt + length, false);
      auxAt += length;
      if (form === FORM.indexed) {
        stop = auxLength(aux);
        from = aux;
        start = auxAt;
        stop = auxAt += stop;
        huffman = false;
        if (auxAt > aux.length) return false;
      }
    } else if (index > 0) {
      name = STATIC_NAME_TEXTS[index];
      if (form === FORM.indexed) value = STATIC_VALUE_TEXTS[index];
    } else name = headerText(bytes, cursor.nameStart, cursor.nameEnd, cursor.nameHuffman);
    if (name === undefined) return false;
    node = step(form === FORM.incremental ? node.added : node.names, name);
    const varies = VARIES.get(name);
    if (varies !== undefined && value === undefined && !isZero(varies, from, start, stop)) {
      if (!readVarying(varies, from, start, stop, huffman)) return false;
      continue;
    }
    value ??= headerText(from, start, stop, huffman);
    if (value === undefined || value.length > VALUE_LIMIT) return false;
    node = step(node.values, value);
  }
  if (cursor.fault !== 0 || (aux !== undefined && auxAt !== aux.length)) return false;
  message.node = node;
  return true;
}

/** Length of a string in the record of references: groups of seven bits, the lowest first. */
function auxLength(aux: Uint8Array): number {
  let length = 0;
  for (let shift = 0; shift < 28 && auxAt < aux.length; shift += 7) {
    const byte = aux[auxAt++];
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return length;
}

function step(from: Map<string, Node>, word: string): Node {
  let next = from.get(word);
  if (next === undefined) {
    if (nodes >= NODES) {
      root = new Node();
      nodes = 0;
    }
    next = new Node();
    from.set(word, next);
    nodes++;
  }
  return next;
}

/** An expiration of 0 is the same in all messages; as text or in Huffman's code it is one byte. */
function isZero(varies: number, from: Uint8Array, start: number, end: number): boolean {
  return varies === VARY.expiration && end - start === 1 && (from[start] === 0x30 || from[start] === CODED_ZERO);
}

/** Looks at a value that differs from message to message; false when it is not as it should be. */
function readVarying(varies: number, from: Uint8Array, start: number, end: number, huffman: boolean): boolean {
  if (varies === VARY.expiration) {
    const text = headerText(from, start, end, huffman);
    if (text === undefined || !SECONDS.test(text)) return false;
    message.expiration = text;
    return true;
  }
  const length = plain(from, start, end, huffman);
  if (length < 0) return false;
  if (varies === VARY.path) return devicePath(length);
  if (varies === VARY.length) return bodyLength(length);
  if (varies === VARY.collapse) {
    if (length === 0 || length > COLLAPSE_BYTES) return false;
    message.collapse = text(length);
    return true;
  }
  return varies === VARY.text || readId(varies - VARY.id, length);
}

/** An id; twice the same header is left to the decoder. */
function readId(which: number, length: number): boolean {
  if (message.hasId[which] || !isUuid(length)) return false;
  const id = message.ids[which];
  for (let i = 0; i < UUID_LENGTH; i++) id[i] = scratch[i];
  message.hasId[which] = true;
  return true;
}

/** Printable ASCII of a string into the scratch; its length, or -1 when it is anything else. */
function plain(from: Uint8Array, start: number, end: number, huffman: boolean): number {
  let length = end - start;
  if (huffman) {
    if (length > scratch.length >> 1) return -1;
    length = decodeHuffman(from, start, end, scratch, 0);
  } else {
    if (length > scratch.length) return -1;
    for (let i = 0; i < length; i++) scratch[i] = from[start + i];
  }
  for (let i = 0; i < length; i++) if (scratch[i] < 0x20 || scratch[i] > 0x7e) return -1;
  return length;
}

function text(length: number): string {
  let out = '';
  for (let i = 0; i < length; i++) out += String.fromCharCode(scratch[i]);
  return out;
}

function devicePath(length: number): boolean {
  if (length <= DEVICE_PATH.length) return false;
  for (let i = 0; i < DEVICE_PATH.length; i++) if (scratch[i] !== DEVICE_PATH.charCodeAt(i)) return false;
  message.tokenLength = hexBytes(scratch, DEVICE_PATH.length, length, message.token);
  for (let i = 0; i < length; i++) message.path[i] = scratch[i];
  message.pathLength = length;
  return message.tokenLength > 0;
}

function isUuid(length: number): boolean {
  if (length !== UUID_LENGTH) return false;
  for (const at of DASHES) if (scratch[at] !== 0x2d) return false;
  let dashes = 0;
  for (let i = 0; i < UUID_LENGTH; i++) {
    const c = scratch[i];
    if (c === 0x2d) dashes++;
    else if (!((c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x66))) return false;
  }
  return dashes === DASHES.length;
}

function bodyLength(length: number): boolean {
  if (length === 0 || length > LENGTH_DIGITS) return false;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = scratch[i] - 0x30;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  return value === message.bodyEnd - message.bodyStart;
}
