import { ByteWriter, u32 } from '../core/bytes.ts';
import { BROKEN, type Cells, type Framing, NEED, type TopicLookup } from '../core/dialect.ts';
import { DIALECT, type Item, type Message, messageType } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import type { Dir } from '../core/stream.ts';
import { build, type FieldValues } from '../schema/build.ts';
import { Commands } from '../schema/interpret.ts';
import { note } from '../schema/notes.ts';
import { GATEWAY } from '../schema/provider.ts';
import { cutItems, ItemColumns, MAX_ITEMS, printItems } from './items.ts';
import { Layouts } from './layout.ts';
import { wireMessage } from './wire-message.ts';
import { NO_BYTES, type WireDialect, type WireSyntax } from './wire-syntax.ts';

/** Command 2: command u8, length u32. */
const FRAMED = 2;
export const FRAMED_HEADER = 5;
/** Five items of at most 64 KiB each and their headers: what the five known items can hold. */
const FRAMED_MAX_BODY = 5 * (0xffff + 3);
/** Length of the error packet: command, status, identifier. */
const ERROR_LENGTH = 6;

const GATEWAY_COMMANDS = new Commands(GATEWAY);
export const GATEWAY_COLUMNS = new ItemColumns(GATEWAY);
const layouts = new Layouts(GATEWAY, 1, 0xffff);

/** Frames in a row that `resync` wants to see, or fewer that end with the data, or where it holds only the beginning of another. */
const RESYNC_FRAMES = 2;
const TOKEN_LENGTH = 32;

function measure(dir: Dir, buf: Uint8Array, start: number, end: number): number {
  if (start >= end) return NEED;
  const command = buf[start];
  if (dir === 0 && command === FRAMED) {
    if (end - start < FRAMED_HEADER) return NEED;
    const length = u32(buf, start + 1);
    return length > FRAMED_MAX_BODY ? BROKEN : FRAMED_HEADER + length;
  }
  return layouts.measure(dir, command, buf, start, end);
}

/** Where the length of the token stands in a notification of command 0 or 1. */
function tokenLengthAt(buf: Uint8Array, start: number): number {
  return buf[start] === 0 ? start + 1 : start + 9;
}

/** A notification as clients write it: a token of 32 bytes, and items that tile the frame. */
function plausibleNotification(buf: Uint8Array, start: number, end: number): boolean {
  const command = buf[start];
  if (command === FRAMED)
    return end - start > FRAMED_HEADER + TOKEN_LENGTH && GATEWAY_COLUMNS.plausible(0, FRAMED, buf, start + FRAMED_HEADER, end);
  const at = tokenLengthAt(buf, start);
  return command < FRAMED && buf[at] === 0 && buf[at + 1] === TOKEN_LENGTH;
}

/** Whether `buf[start, end)` begins a notification that goes on beyond it, as far as it goes. */
function beginsNotification(buf: Uint8Array, start: number, end: number): boolean {
  const command = buf[start];
  const length = measure(0, buf, start, end);
  if (command > FRAMED || length === BROKEN) return false;
  if (command === FRAMED) {
    const body = start + FRAMED_HEADER;
    return length === NEED || GATEWAY_COLUMNS.begins(0, FRAMED, buf, body, start + length, end, false);
  }
  const at = tokenLengthAt(buf, start);
  return at + 2 > end || (buf[at] === 0 && buf[at + 1] === TOKEN_LENGTH);
}

/**
 * Length in bytes of plausible gateway frames that begin at `start`, at most `frames` of them; -1 when one of them is not
 * plausible. A last frame that is not complete does not count.
 */
function gatewayRun(dir: Dir, buf: Uint8Array, start: number, end: number, frames: number): number {
  let at = start;
  for (let n = 0; n < frames && at < end; n++) {
    const length = measure(dir, buf, at, end);
    if (length === BROKEN) return -1;
    if (length === NEED || at + length > end) break;
    if (dir === 0 && !plausibleNotification(buf, at, at + length)) return -1;
    at += length;
  }
  return at - start;
}

/** Whether six bytes are an error packet with a status that Apple documents. */
export function plausibleError(buf: Uint8Array, start: number, end: number): boolean {
  return (
    end - start === ERROR_LENGTH && buf[start] === GATEWAY.error_response.id && buf[start + 1] in GATEWAY.error_response.fields.status.names
  );
}

const framing: Framing = {
  measure,
  index(dir: Dir, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    const command = buf[start];
    cells.type = messageType(DIALECT.gateway, command);
    if (command === FRAMED) GATEWAY_COLUMNS.fill(dir, command, buf, start + FRAMED_HEADER, end, cells);
    else layouts.fill(dir, command, buf, start, end, cells);
  },
  lost(): void {},
  resync(dir: Dir, buf: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      if (dir === 1) {
        if (plausibleError(buf, at, end)) return at;
        continue;
      }
      const command = buf[at];
      if (command > FRAMED) continue;
      const first = gatewayRun(0, buf, at, end, 1);
      if (first <= 0) continue;
      const run = gatewayRun(0, buf, at, end, RESYNC_FRAMES);
      if (at + first === end || run > first || (run === first && beginsNotification(buf, at + first, end))) return at;
    }
    return -1;
  },
};

function parse(bytes: Uint8Array, dir: Dir): WireSyntax {
  const end = bytes.length;
  const items: Item[] = [];
  const notes: Note[] = [];
  if (end === 0 || (bytes[0] === FRAMED && end < FRAMED_HEADER)) {
    notes.push(note('frame.truncated', 0, end, `${end} bytes`));
    return { command: end === 0 ? -1 : bytes[0], items, rest: { start: 0, end }, notes, tail: bytes.slice(), headless: true };
  }
  const command = bytes[0];
  if (command !== FRAMED) {
    const cut = layouts.cut(dir, command, bytes, items);
    if (!cut.complete && layouts.layoutsOf(dir, command).length > 0) notes.push(note('frame.truncated', cut.stop, end));
    else if (cut.stop < end) notes.push(note('frame.trailing', cut.stop, end));
    return { command, items, rest: { start: cut.stop, end }, notes, tail: bytes.slice(cut.stop), layout: cut.layout };
  }
  const declared = u32(bytes, 1);
  const body = end - FRAMED_HEADER;
  if (declared > FRAMED_MAX_BODY) notes.push(note('frame.length-invalid', 1, FRAMED_HEADER, `${declared} bytes`));
  else if (declared > body) notes.push(note('frame.truncated', 1, end, `${body} of ${declared} bytes`));
  const limit = Math.min(end, FRAMED_HEADER + declared);
  const stop = cutItems(bytes, FRAMED_HEADER, limit, items);
  if (items.length === MAX_ITEMS && stop < limit) notes.push(note('frame.field-limit', stop, limit, `${MAX_ITEMS} fields`));
  else if (stop < limit && declared <= body) notes.push(note('frame.overrun', stop, limit));
  if (limit < end) notes.push(note('frame.trailing', limit, end, `${end - limit} bytes after the declared length`));
  return { command, items, rest: { start: stop, end }, notes, tail: bytes.slice(stop), ...(declared === body ? undefined : { declared }) };
}

function print(syntax: WireSyntax): Uint8Array {
  if (syntax.headless) return syntax.tail.slice();
  const out = new ByteWriter().u8(syntax.command);
  if (syntax.command !== FRAMED) {
    // Client and server share no command, so that the command alone tells the direction.
    layouts.print(0, syntax.command, syntax.layout ?? 0, syntax.items, out);
    return out.bytes(syntax.tail).finish();
  }
  printItems(syntax.items, out.u32(0));
  const frame = out.bytes(syntax.tail).finish();
  frame.set(new ByteWriter(4).u32(syntax.declared ?? frame.length - FRAMED_HEADER).finish(), 1);
  return frame;
}

/** The provider's binary interface on the gateway (2009 to 2021). */
export const gateway: WireDialect = {
  name: 'gateway',
  code: DIALECT.gateway,
  law: 'bytes',
  open: () => framing,
  decode(bytes: Uint8Array, dir: Dir, _aux?: Uint8Array, names?: TopicLookup): Message {
    return wireMessage('gateway', DIALECT.gateway, GATEWAY_COMMANDS, parse(bytes, dir), dir, bytes.length, names);
  },
  parse,
  print,
  encode(command: string, fields: FieldValues, dir: Dir): Uint8Array {
    const { id, items } = build(GATEWAY_COMMANDS, command, fields, dir);
    const all = id === FRAMED ? items : layouts.complete(dir, id, 0, items);
    return print({ command: id, items: all, rest: { start: 0, end: 0 }, notes: [], tail: NO_BYTES });
  },
};
