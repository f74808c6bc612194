import { ByteWriter } from '../core/bytes.ts';
import { type Cells, type Framing, NEED, type TopicLookup } from '../core/dialect.ts';
import { DIALECT, type Item, type Message, messageType } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import type { Dir } from '../core/stream.ts';
import { build, type FieldValues } from '../schema/build.ts';
import { COURIER_IOS4 } from '../schema/courier-ios4.ts';
import { Commands } from '../schema/interpret.ts';
import { note } from '../schema/notes.ts';
import { Layouts } from './layout.ts';
import { wireMessage } from './wire-message.ts';
import { NO_BYTES, type WireDialect, type WireSyntax } from './wire-syntax.ts';

/** Longest value or list. Messages of that time were below 2 KiB; a filter of a thousand topics has 20 KiB. */
const MAX_VALUE = 64 * 1024;
/** Frames in a row that `resync` wants to see: there is no common length field, so that chance hits are frequent. */
const RESYNC_FRAMES = 2;

const IOS4_COMMANDS = new Commands(COURIER_IOS4);
const layouts = new Layouts(COURIER_IOS4, 1, MAX_VALUE);

function measure(dir: Dir, buf: Uint8Array, start: number, end: number): number {
  return start >= end ? NEED : layouts.measure(dir, buf[start], buf, start, end);
}

const CONNECT = COURIER_IOS4.connect.id;
const CONNECT_RESPONSE = COURIER_IOS4.connect_response.id;
const FILTER = COURIER_IOS4.filter.id;
const MESSAGE = COURIER_IOS4.message.id;
const KEEP_ALIVE = COURIER_IOS4.keep_alive.id;
const TOKEN_LENGTH = 32;
const TOPIC_LENGTH = 20;

/** Whether the fixed numbers of a complete frame are those of the description: token and topic lengths, zero bytes, text. */
function plausible(buf: Uint8Array, start: number, end: number): boolean {
  const number = (at: number): number => ((buf[at] << 24) | (buf[at + 1] << 16) | (buf[at + 2] << 8) | buf[at + 3]) >>> 0;
  switch (buf[start]) {
    case CONNECT:
      return end - start === 3 + TOKEN_LENGTH || end - start === 5 + TOKEN_LENGTH;
    case CONNECT_RESPONSE:
      return buf[start + 1] === 0 && (number(start + 2) === 0 || number(start + 2) === TOKEN_LENGTH);
    case FILTER: {
      const size = number(start + 5);
      return size === TOPIC_LENGTH || number(start + 1) === 0;
    }
    case MESSAGE:
      return number(start + 1) === TOPIC_LENGTH && end - start > 9 + TOPIC_LENGTH;
    case KEEP_ALIVE:
      for (let at = start + 5; at < end; at++) if (buf[at] < 0x20 || buf[at] > 0x7e) return false;
      return end - start > 5;
    default:
      for (let at = start + 1; at < end; at++) if (buf[at] !== 0) return false;
      return true;
  }
}

/** Frames that begin at one place, as far as they are plausible. */
export interface Ios4Run {
  /** Complete frames, and their bytes. */
  readonly count: number;
  readonly length: number;
  /** Those of them that hold a length, which is what tells them from chance. */
  readonly weighty: number;
  /** A frame was not plausible. */
  readonly contradicted: boolean;
}

/** Looks at up to `frames` frames from `start` on; a last one that is not complete does not count. */
export function ios4Run(dir: Dir, buf: Uint8Array, start: number, end: number, frames: number): Ios4Run {
  let at = start;
  let count = 0;
  let weighty = 0;
  while (count < frames && at < end) {
    const length = measure(dir, buf, at, end);
    if (length === NEED) break;
    if (length <= 0 || (at + length <= end && !plausible(buf, at, at + length)))
      return { count, length: at - start, weighty, contradicted: true };
    if (at + length > end) break;
    if (length > 4) weighty++;
    at += length;
    count++;
  }
  return { count, length: at - start, weighty, contradicted: false };
}

const framing: Framing = {
  measure,
  index(dir: Dir, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    const command = buf[start];
    cells.type = messageType(DIALECT.ios4, command);
    layouts.fill(dir, command, buf, start, end, cells);
  },
  lost(): void {},
  resync(dir: Dir, buf: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      if (!layouts.has(dir, buf[at])) continue;
      const run = ios4Run(dir, buf, at, end, RESYNC_FRAMES);
      // Short frames of zeros are no evidence: two frames must hold a field with a length, or one must fill the range.
      if (run.length > 0 && (run.count === RESYNC_FRAMES ? run.length > 16 : at + run.length === end && (run.length > 16 || at === start)))
        return at;
    }
    return -1;
  },
};

function parse(bytes: Uint8Array, dir: Dir): WireSyntax {
  const end = bytes.length;
  const items: Item[] = [];
  const notes: Note[] = [];
  if (end === 0)
    return { command: -1, items, rest: { start: 0, end }, notes: [note('frame.truncated', 0, 0)], tail: NO_BYTES, headless: true };
  const command = bytes[0];
  const known = layouts.layoutsOf(dir, command).length;
  const cut = layouts.cut(dir, command, bytes, items);
  if (known > 0 && !cut.complete) notes.push(note('frame.truncated', cut.stop, end));
  else if (cut.stop < end) notes.push(note('frame.trailing', cut.stop, end));
  if (known > 1)
    notes.push(
      note(
        'frame.layout-ambiguous',
        1,
        Math.min(end, cut.layout === 0 ? 3 : 5),
        `length read as ${cut.layout === 0 ? 'two' : 'four'} bytes`,
      ),
    );
  return { command, items, rest: { start: cut.stop, end }, notes, tail: bytes.slice(cut.stop), layout: cut.layout };
}

function print(syntax: WireSyntax): Uint8Array {
  if (syntax.headless) return syntax.tail.slice();
  const out = new ByteWriter().u8(syntax.command);
  // Client and server share no command, so that the command alone tells the direction.
  layouts.print(0, syntax.command, syntax.layout ?? 0, syntax.items, out);
  return out.bytes(syntax.tail).finish();
}

/** The courier protocol of iOS 3 and 4. */
export const ios4: WireDialect = {
  name: 'courier-ios4',
  code: DIALECT.ios4,
  law: 'bytes',
  open: () => framing,
  decode(bytes: Uint8Array, dir: Dir, _aux?: Uint8Array, names?: TopicLookup): Message {
    return wireMessage('courier-ios4', DIALECT.ios4, IOS4_COMMANDS, parse(bytes, dir), dir, bytes.length, names);
  },
  parse,
  print,
  encode(command: string, fields: FieldValues, dir: Dir): Uint8Array {
    const { id, items } = build(IOS4_COMMANDS, command, fields, dir);
    return print({ command: id, items: layouts.complete(dir, id, 0, items), rest: { start: 0, end: 0 }, notes: [], tail: NO_BYTES });
  },
};
