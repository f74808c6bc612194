import { ByteWriter, u16, u32 } from '../core/bytes.ts';
import { BROKEN, type Cells, type Framing, NEED, type TopicLookup } from '../core/dialect.ts';
import { DIALECT, type Item, type Message, messageType } from '../core/message.ts';
import type { Dir } from '../core/stream.ts';
import { build, type FieldValues } from '../schema/build.ts';
import { FEEDBACK } from '../schema/feedback.ts';
import { Commands } from '../schema/interpret.ts';
import { note } from '../schema/notes.ts';
import { Layouts } from './layout.ts';
import { wireMessage } from './wire-message.ts';
import { NO_BYTES, type WireDialect, type WireSyntax } from './wire-syntax.ts';

/** Time u32, token length u16. */
export const FEEDBACK_HEADER = 6;
/** Apple's text allows tokens of up to 100 bytes; longer ones are no feedback. */
const FEEDBACK_MAX_TOKEN = 100;
/** The service opened in June 2009 and closed in 2021; test servers may use today's time, so the upper bound is 2038. */
const EARLIEST = Date.UTC(2009, 5) / 1000;
const LATEST = 0x7fffffff;

const FEEDBACK_COMMANDS = new Commands(FEEDBACK);
const COMMAND = FEEDBACK.feedback.id;
const layouts = new Layouts(FEEDBACK, 0, FEEDBACK_MAX_TOKEN);

/** Whether a tuple with a sensible time and a token begins here, as far as its six bytes show. */
export function plausibleTuple(buf: Uint8Array, at: number): boolean {
  const seconds = u32(buf, at);
  const length = u16(buf, at + 4);
  return seconds >= EARLIEST && seconds <= LATEST && length > 0 && length <= FEEDBACK_MAX_TOKEN;
}

const framing: Framing = {
  measure(dir: Dir, buf: Uint8Array, start: number, end: number): number {
    // The client says nothing on this connection.
    if (dir === 0) return BROKEN;
    if (end - start < FEEDBACK_HEADER) return NEED;
    return layouts.measure(dir, COMMAND, buf, start, end);
  },
  index(dir: Dir, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    cells.type = messageType(DIALECT.feedback, COMMAND);
    layouts.fill(dir, COMMAND, buf, start, end, cells);
  },
  lost(): void {},
  resync(dir: Dir, buf: Uint8Array, start: number, end: number): number {
    if (dir === 0) return -1;
    for (let at = start; at + FEEDBACK_HEADER <= end; at++) {
      const first = plausibleTuple(buf, at) ? FEEDBACK_HEADER + u16(buf, at + 4) : 0;
      if (first === 0 || at + first > end) continue;
      const next = at + first;
      // Two tuples in a row with tokens of one length, or one that ends the data.
      if (next === end || (next + FEEDBACK_HEADER <= end && plausibleTuple(buf, next) && u16(buf, next + 4) === first - FEEDBACK_HEADER))
        return at;
    }
    return -1;
  },
};

function parse(bytes: Uint8Array, _dir: Dir): WireSyntax {
  const items: Item[] = [];
  const cut = layouts.cut(1, COMMAND, bytes, items);
  const end = bytes.length;
  const rest = { start: cut.stop, end };
  const tail = bytes.slice(cut.stop);
  const notes = !cut.complete ? [note('frame.truncated', cut.stop, end)] : cut.stop < end ? [note('frame.trailing', cut.stop, end)] : [];
  return { command: COMMAND, items, rest, notes, tail };
}

function print(syntax: WireSyntax): Uint8Array {
  const out = new ByteWriter();
  layouts.print(1, COMMAND, 0, syntax.items, out);
  return out.bytes(syntax.tail).finish();
}

/** The feedback service of the provider's binary interface: the server lists dead tokens and closes. */
export const feedback: WireDialect = {
  name: 'feedback',
  code: DIALECT.feedback,
  law: 'bytes',
  open: () => framing,
  decode(bytes: Uint8Array, dir: Dir, _aux?: Uint8Array, names?: TopicLookup): Message {
    return wireMessage('feedback', DIALECT.feedback, FEEDBACK_COMMANDS, parse(bytes, dir), dir, bytes.length, names);
  },
  parse,
  print,
  encode(command: string, fields: FieldValues, dir: Dir): Uint8Array {
    const { id, items } = build(FEEDBACK_COMMANDS, command, fields, dir);
    return print({ command: id, items: layouts.complete(dir, id, 0, items), rest: { start: 0, end: 0 }, notes: [], tail: NO_BYTES });
  },
};
