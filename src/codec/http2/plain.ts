import { u32 } from '../../core/bytes.ts';
import { C2S, type Dir } from '../../core/stream.ts';
import { utf8Bytes } from '../../core/text.ts';
import { FLAG, FRAME } from '../../schema/http2.ts';
import { MAX_PAYLOAD } from '../../schema/http2-headers.ts';
import { FRAME_HEADER, payloadLength } from './frames.ts';
import { headerText, STATIC_NAME_TEXTS, STATIC_VALUE_TEXTS } from './header-text.ts';
import { BlockCursor, FORM } from './hpack-block.ts';
import { decodeHuffman } from './hpack-huffman.ts';
import { STATIC_COUNT } from './hpack-static.ts';
import { formOf, Node, type NotePlace, type PlainKind, type Step } from './plain-tree.ts';
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

const DEVICE_PATH = utf8Bytes('/3/device/');
export const UUID_LENGTH = 36;
/** A decoder of Huffman's code that has this much room to spare is quick to the end. */
const SPARE = 2;
const COLLAPSE_BYTES = 64;
/** A time in seconds; in milliseconds it has 13 digits. 0 has a meaning of its own. */
const SECONDS = /^[1-9][0-9]{0,10}$/;
const LENGTH_DIGITS = 7;
/** The longest body that has a reason and nothing else; one with a time would be another kind each time. */
const REASON_BODY = 48;
/** Longer values are left to the decoder, so that the tree stays small. A provider token has some 210 bytes. */
const VALUE_LIMIT = 1024;

/** Headers whose places are known: those of a response are three or four. */
const PLACED_HEADERS = 16;

/** Places in the tree of headers; a session needs some dozen. When they are full the tree is planted anew. */
const NODES = 4096;

// Where a message begins: requests by how they end, and responses, which end with their headers.
const SHAPES = ['headers', 'empty data', 'data', 'response', 'response with a body'] as const;
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
  /** The ids, in the order of `ID_HEADERS`, where `hasId` is set: `UUID_LENGTH` bytes each. */
  readonly ids = ID_HEADERS.map(() => new Uint8Array(UUID_LENGTH + SPARE));
  readonly hasId = ID_HEADERS.map(() => false);
  expiration = '';
  collapse = '';
  hasBody = false;
  hasData = false;
  bodyStart = 0;
  bodyEnd = 0;
  /** Where its headers stand in the row, the first `PLACED_HEADERS` of them. */
  headers = 0;
  readonly headerStarts = new Uint32Array(PLACED_HEADERS);
  readonly headerEnds = new Uint32Array(PLACED_HEADERS);

  /** What is known of messages with these headers; undefined: the decoder has not seen one yet. */
  get kind(): PlainKind | undefined {
    return this.node.kind;
  }

  /** Whether the decoder should be asked what messages like this one are. */
  get open(): boolean {
    return this.node.open;
  }

  /** What stands at this range of the row; undefined when that cannot be told of other messages. */
  placeOf(start: number, end: number): NotePlace | undefined {
    for (let i = 0; i < this.headers; i++) if (this.headerStarts[i] === start && this.headerEnds[i] === end) return { header: i };
    if (!this.hasBody || start < this.bodyStart || end > this.bodyEnd) return undefined;
    return { start: start - this.bodyStart, end: end - this.bodyStart };
  }

  /** Says what the decoder found; without a kind it found something to note. */
  learn(kind: PlainKind | undefined): void {
    this.node.learn(kind);
  }
}

const message = new PlainMessage();
const cursor = new BlockCursor();
const scratch = new Uint8Array(512);
const NO_BYTES = new Uint8Array(0);

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
  if (flags & FLAG.endStream ? blockEnd !== end : !readBody(bytes, blockEnd, stream)) return undefined;
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
  let node = nextOf(root.names, SHAPES[dir === C2S ? (message.hasBody ? 2 : message.hasData ? 1 : 0) : message.hasBody ? 4 : 3]);
  auxAt = message.headers = 0;
  cursor.open(bytes, FRAME_HEADER, end);
  while (cursor.next()) {
    if (cursor.form === FORM.sizeUpdate || !locate(bytes, aux)) return false;
    const step = stepFrom(node) ?? newStep(node);
    if (step === undefined) return false;
    if (step.varies !== 0 && !readVarying(step.varies, valueIn, valueStart, valueEnd, valueHuffman)) return false;
    node = step.next;
    if (message.headers < PLACED_HEADERS) {
      message.headerStarts[message.headers] = cursor.start;
      message.headerEnds[message.headers++] = cursor.at;
    }
  }
  if (cursor.fault !== 0 || (aux !== undefined && auxAt !== aux.length)) return false;
  if (dir !== C2S && message.hasData) {
    // What a response says in its body is what the decoder looks at: another body is another kind.
    if (!message.hasBody || message.bodyEnd - message.bodyStart > REASON_BODY) return false;
    node = nextOf(node.values, headerText(bytes, message.bodyStart, message.bodyEnd, false) ?? '');
    message.hasData = false;
  }
  message.node = node;
  return true;
}

// The header that is looked at: how it is written, and where its strings lie as they are written.
let fixed = 0;
let added = false;
let nameIn: Uint8Array = scratch;
let nameStart = 0;
let nameEnd = 0;
let nameHuffman = false;
let valueIn: Uint8Array = scratch;
let valueStart = 0;
let valueEnd = 0;
let valueHuffman = false;

/** Finds the strings of the header that the cursor stands on. False when its table entry is not known. */
function locate(bytes: Uint8Array, aux: Uint8Array | undefined): boolean {
  const { form, index } = cursor;
  const indexed = form === FORM.indexed;
  added = form === FORM.incremental;
  nameIn = valueIn = bytes;
  nameStart = cursor.nameStart;
  nameEnd = cursor.nameEnd;
  nameHuffman = cursor.nameHuffman;
  valueStart = cursor.valueStart;
  valueEnd = cursor.valueEnd;
  valueHuffman = cursor.valueHuffman;
  if (index <= STATIC_COUNT) {
    fixed = indexed ? -index : index;
    if (index > 0) {
      nameEnd = nameStart;
      nameHuffman = false;
    }
    if (indexed) {
      valueEnd = valueStart;
      valueHuffman = false;
    }
    return true;
  }
  fixed = 0;
  if (aux === undefined || aux[auxAt] !== (indexed ? TAG.field : TAG.name)) return false;
  auxAt++;
  nameIn = aux;
  nameHuffman = false;
  nameEnd = auxLength(aux);
  nameStart = auxAt;
  auxAt = nameEnd += nameStart;
  if (!indexed) return auxAt <= aux.length;
  valueIn = aux;
  valueHuffman = false;
  valueEnd = auxLength(aux);
  valueStart = auxAt;
  auxAt = valueEnd += valueStart;
  return auxAt <= aux.length;
}

/** The step that this header takes from there when the same was seen before, as its bytes are. */
function stepFrom(node: Node): Step | undefined {
  const form = formOf(fixed, added, nameHuffman);
  const { steps } = node;
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i];
    if (step.form !== form || !sameAs(step.name, nameIn, nameStart, nameEnd)) continue;
    if (step.varies !== 0) {
      if (!isZero(step.varies, valueIn, valueStart, valueEnd)) return step;
    } else if (step.huffman === valueHuffman && sameAs(step.value, valueIn, valueStart, valueEnd)) return step;
  }
  return undefined;
}

/** The step that it takes by its texts, which the place then remembers; undefined when they cannot be read. */
function newStep(node: Node): Step | undefined {
  const name = fixed === 0 ? headerText(nameIn, nameStart, nameEnd, nameHuffman) : STATIC_NAME_TEXTS[Math.abs(fixed)];
  if (name === undefined) return undefined;
  const named = nextOf(added ? node.added : node.names, name);
  let varies = fixed < 0 ? 0 : (VARIES.get(name) ?? 0);
  if (isZero(varies, valueIn, valueStart, valueEnd)) varies = 0;
  let next = named;
  if (varies === 0) {
    const value = fixed < 0 ? STATIC_VALUE_TEXTS[-fixed] : headerText(valueIn, valueStart, valueEnd, valueHuffman);
    if (value === undefined || value.length > VALUE_LIMIT) return undefined;
    next = nextOf(named.values, value);
  }
  const step = {
    form: formOf(fixed, added, nameHuffman),
    name: nameIn.slice(nameStart, nameEnd),
    varies,
    huffman: valueHuffman,
    value: varies === 0 ? valueIn.slice(valueStart, valueEnd) : NO_BYTES,
    next,
  };
  node.remember(step);
  return step;
}

function sameAs(kept: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (kept.length !== length) return false;
  for (let i = 0; i < length; i++) if (kept[i] !== b[start + i]) return false;
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

function nextOf(from: Map<string, Node>, word: string): Node {
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
  switch (varies) {
    case VARY.expiration:
      return readExpiration(headerText(from, start, end, huffman));
    case VARY.path:
      return readPath(rawText(from, start, end, huffman, message.path));
    case VARY.length:
      return readLength(rawText(from, start, end, huffman, scratch));
    case VARY.collapse:
      return readCollapse(plainText(from, start, end, huffman));
    case VARY.text:
      return plainText(from, start, end, huffman) >= 0;
    default:
      return readId(varies - VARY.id, from, start, end, huffman);
  }
}

/** Characters of a string into `out`; their number, or a negative number when it is no string or may not fit. */
function rawText(from: Uint8Array, start: number, end: number, huffman: boolean, out: Uint8Array): number {
  if (huffman) return decodeHuffman(from, start, end, out, 0);
  const length = end - start;
  if (length > out.length) return -1;
  for (let i = 0; i < length; i++) out[i] = from[start + i];
  return length;
}

/** The same into the scratch; negative also when there is anything but printable ASCII among them. */
function plainText(from: Uint8Array, start: number, end: number, huffman: boolean): number {
  const length = rawText(from, start, end, huffman, scratch);
  for (let i = 0; i < length; i++) if (scratch[i] < 0x20 || scratch[i] > 0x7e) return -1;
  return length;
}

function readExpiration(text: string | undefined): boolean {
  // Most say the same as the one before.
  if (text === undefined || (text !== lastSeconds && !SECONDS.test(text))) return false;
  message.expiration = lastSeconds = text;
  return true;
}
let lastSeconds = '';

/** A path, which was read into its place in the message. */
function readPath(length: number): boolean {
  const { path } = message;
  if (length <= DEVICE_PATH.length) return false;
  for (let i = 0; i < DEVICE_PATH.length; i++) if (path[i] !== DEVICE_PATH[i]) return false;
  message.pathLength = length;
  message.tokenLength = hexBytes(path, DEVICE_PATH.length, length, message.token);
  return message.tokenLength > 0;
}

/** An id; twice the same header is left to the decoder. */
function readId(which: number, from: Uint8Array, start: number, end: number, huffman: boolean): boolean {
  if (message.hasId[which]) return false;
  const id = message.ids[which];
  message.hasId[which] = rawText(from, start, end, huffman, id) === UUID_LENGTH && isUuid(id);
  return message.hasId[which];
}

function isUuid(id: Uint8Array): boolean {
  for (let i = 0; i < UUID_LENGTH; i++) if (UUID_CLASSES[id[i]] !== (i === 8 || i === 13 || i === 18 || i === 23 ? 2 : 1)) return false;
  return true;
}
/** By character: 1 lower-case hex digit, 2 dash. */
const UUID_CLASSES = Uint8Array.from({ length: 256 }, (_, c) =>
  c === 0x2d ? 2 : (c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x66) ? 1 : 0,
);

function readCollapse(length: number): boolean {
  if (length <= 0 || length > COLLAPSE_BYTES) return false;
  message.collapse = String.fromCharCode(...scratch.subarray(0, length));
  return true;
}

function readLength(length: number): boolean {
  if (length <= 0 || length > LENGTH_DIGITS) return false;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = scratch[i] - 0x30;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  return value === message.bodyEnd - message.bodyStart;
}
