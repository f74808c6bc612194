import { ByteWriter, u32 } from '../core/bytes.ts';
import { BROKEN, type Cells, type Framing, NEED, type TopicLookup } from '../core/dialect.ts';
import type { Glance } from '../core/glance.ts';
import { DIALECT, type Field, type Item, type Message, messageType } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import type { Dir } from '../core/stream.ts';
import { build, type FieldValues } from '../schema/build.ts';
import { COURIER } from '../schema/courier.ts';
import { Commands, interpret } from '../schema/interpret.ts';
import { tiledLine } from '../schema/line.ts';
import { LineBytes } from '../schema/line-bytes.ts';
import { note } from '../schema/notes.ts';
import { PUBLISHED_TOPICS } from '../schema/topics.ts';
import { cutItems, ItemColumns, MAX_ITEMS, printItems } from './items.ts';
import { lineMessage, wireMessage } from './wire-message.ts';
import { NO_BYTES, type WireDialect, type WireSyntax } from './wire-syntax.ts';

/** Header: command u8, length of the body u32 big-endian. */
export const TLV_HEADER = 5;

/**
 * Longest body that is taken for a frame. Sixteen times the 64 KiB that Apple's packed encoding allows, and far above the
 * 15 KiB that servers announce for large messages; beyond it the length is the sign of bytes that are no frame.
 */
export const TLV_MAX_BODY = 1 << 20;

const COURIER_COMMANDS = new Commands(COURIER);
/** Made for the first list. */
let courierLines: LineBytes | undefined;
export const COURIER_COLUMNS = new ItemColumns(COURIER);

/** Frames that `resync` looks at before it believes: one may be chance, two in a row are not. */
const RESYNC_FRAMES = 2;

/**
 * Whether `b[start, end)` begins with `frames` plausible frames of this direction in a row, or with fewer that end exactly at
 * `end`, or at a frame of which the range holds only the beginning: between two holes there is often no more.
 * One empty frame alone is five bytes of evidence: enough only where it fills the whole range (`aligned`).
 */
function frameRun(dir: Dir, b: Uint8Array, start: number, end: number, frames: number, aligned: boolean): boolean {
  let at = start;
  let bodies = 0;
  for (let n = 0; n < frames; n++) {
    if (at === end && n > 0) return bodies > 0 || n > 1 || aligned;
    if (at + TLV_HEADER > end) return bodies > 0 && COURIER_COLUMNS.isKnown(dir, b[at]);
    const length = u32(b, at + 1);
    const body = at + TLV_HEADER;
    const next = body + length;
    if (length > TLV_MAX_BODY) return false;
    if (next > end) return n > 0 && COURIER_COLUMNS.begins(dir, b[at], b, body, next, end, bodies === 0);
    if (!COURIER_COLUMNS.plausible(dir, b[at], b, body, next)) return false;
    bodies += length;
    at = next;
  }
  return true;
}

const framing: Framing = {
  measure(_dir: Dir, buf: Uint8Array, start: number, end: number): number {
    if (end - start < TLV_HEADER) return NEED;
    // The byte at +1 carries the top bit: anything above 0x10 is beyond the limit as well.
    const length = (buf[start + 1] << 24) | (buf[start + 2] << 16) | (buf[start + 3] << 8) | buf[start + 4];
    return length < 0 || length > TLV_MAX_BODY ? BROKEN : TLV_HEADER + length;
  },
  index(dir: Dir, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    const command = buf[start];
    cells.type = messageType(DIALECT.courier, command);
    COURIER_COLUMNS.fill(dir, command, buf, start + TLV_HEADER, end, cells);
  },
  lost(): void {},
  resync(dir: Dir, buf: Uint8Array, start: number, end: number): number {
    for (let at = start; at + TLV_HEADER <= end; at++) {
      if (COURIER_COLUMNS.isKnown(dir, buf[at]) && frameRun(dir, buf, at, end, RESYNC_FRAMES, at === start)) return at;
    }
    return -1;
  },
};

function parse(bytes: Uint8Array, dir: Dir): WireSyntax {
  const end = bytes.length;
  if (end < TLV_HEADER) {
    const notes = [note('frame.truncated', 0, end, `${end} bytes, a header has ${TLV_HEADER}`)];
    return { command: end === 0 ? -1 : bytes[0], items: [], rest: { start: 0, end }, notes, tail: bytes.slice(), headless: true };
  }
  const notes: Note[] = [];
  const declared = u32(bytes, 1);
  const body = end - TLV_HEADER;
  if (declared > TLV_MAX_BODY) notes.push(note('frame.length-invalid', 1, TLV_HEADER, `${declared} bytes`));
  else if (declared > body) notes.push(note('frame.truncated', 1, end, `${body} of ${declared} bytes`));
  const items: Item[] = [];
  const limit = Math.min(end, TLV_HEADER + declared);
  const stop = cutItems(bytes, TLV_HEADER, limit, items);
  if (items.length === MAX_ITEMS && stop < limit) notes.push(note('frame.field-limit', stop, limit, `${MAX_ITEMS} fields`));
  else if (stop < limit && declared <= body) {
    const isKnown = COURIER_COMMANDS.find(bytes[0], dir) !== undefined;
    notes.push(note(isKnown ? 'frame.overrun' : 'frame.trailing', stop, limit));
  }
  if (limit < end) notes.push(note('frame.trailing', limit, end, `${end - limit} bytes after the declared length`));
  return {
    command: bytes[0],
    items,
    rest: { start: stop, end },
    notes,
    tail: bytes.slice(stop),
    ...(declared === body ? undefined : { declared }),
  };
}

function print(syntax: WireSyntax): Uint8Array {
  if (syntax.headless) return syntax.tail.slice();
  const out = new ByteWriter().u8(syntax.command).u32(0);
  printItems(syntax.items, out);
  const frame = out.bytes(syntax.tail).finish();
  frame.set(new ByteWriter(4).u32(syntax.declared ?? frame.length - TLV_HEADER).finish(), 1);
  return frame;
}

/** The header says exactly as much as there is. */
function isWhole(bytes: Uint8Array): boolean {
  const body = bytes.length - TLV_HEADER;
  return body >= 0 && body <= TLV_MAX_BODY && u32(bytes, 1) === body;
}

/** The courier protocol in its unpacked encoding (iOS 5 and later without apns-pack). */
export const tlv: WireDialect = {
  name: 'courier',
  code: DIALECT.courier,
  law: 'bytes',
  open: () => framing,
  decode(bytes: Uint8Array, dir: Dir, _aux?: Uint8Array, names: TopicLookup = PUBLISHED_TOPICS): Message {
    const length = bytes.length;
    if (isWhole(bytes)) {
      const line = tiledLine(COURIER_COMMANDS, bytes[0], dir, bytes, TLV_HEADER, length, MAX_ITEMS, names);
      if (line !== undefined) {
        const fields = (): readonly Field[] => interpret(COURIER_COMMANDS, bytes[0], dir, parse(bytes, dir).items, length, names).fields;
        return lineMessage('courier', messageType(DIALECT.courier, bytes[0]), dir, line, fields);
      }
    }
    return wireMessage('courier', DIALECT.courier, COURIER_COMMANDS, parse(bytes, dir), dir, bytes.length, names);
  },
  glance(bytes: Uint8Array, dir: Dir, _aux: Uint8Array | undefined, names: TopicLookup, glance: Glance): boolean {
    courierLines ??= new LineBytes(COURIER_COMMANDS);
    return isWhole(bytes) && courierLines.tiled(bytes[0], dir, bytes, TLV_HEADER, bytes.length, MAX_ITEMS, names, glance);
  },
  parse,
  print,
  encode(command: string, fields: FieldValues, dir: Dir): Uint8Array {
    const { id, items } = build(COURIER_COMMANDS, command, fields, dir);
    return print({ command: id, items, rest: { start: 0, end: 0 }, notes: [], tail: NO_BYTES });
  },
};
