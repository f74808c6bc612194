import { toHex, u16, u32 } from '../../core/bytes.ts';
import type { Field } from '../../core/message.ts';
import type { Note } from '../../core/note.ts';
import { printable, shorten, utf8 } from '../../core/text.ts';
import { ERROR_CODES, FRAME, SETTINGS } from '../../schema/http2.ts';
import { note } from '../../schema/notes.ts';
import { byteCount, field } from './fields.ts';
import { priorityFields } from './frame-fields.ts';
import { FRAME_HEADER } from './frames.ts';
import { reasonFields } from './reason.ts';
import type { RowFrame } from './row.ts';

/** What a control frame says: its fields, and the line for lists. */
interface ControlReading {
  readonly fields: readonly Field[];
  readonly info: string;
}

const NO_ERROR = 0;
const CANCEL = 8;

/** Bytes of an opaque payload written out as hex. */
const HEX_SHOWN = 256;

type Reader = (bytes: Uint8Array, frame: RowFrame, notes: Note[]) => ControlReading;

const READERS: Readonly<Record<number, Reader>> = {
  [FRAME.priority]: readPriority,
  [FRAME.rstStream]: readReset,
  [FRAME.settings]: readSettingsFields,
  [FRAME.ping]: readPing,
  [FRAME.goaway]: readGoaway,
  [FRAME.windowUpdate]: readWindow,
};

/** Reads the payload of a frame that is no part of a message. Wrong lengths were noted when the frame was cut; what is there is shown. */
export function readControl(bytes: Uint8Array, frame: RowFrame, notes: Note[]): ControlReading {
  return (READERS[frame.type] ?? readOpaque)(bytes, frame, notes);
}

/** An error code field at `at`, 4 bytes, and its name. */
export function errorField(bytes: Uint8Array, at: number): { field: Field; name: string; code: number } {
  const code = u32(bytes, at);
  const def = ERROR_CODES.find((row) => row.code === code);
  const name = def?.name ?? `unknown error 0x${code.toString(16)}`;
  const text = def === undefined ? name : `${name} (${code}): ${def.doc}`;
  return { name, code, field: field('error', 'Error', code, text, { at: { start: at, end: at + 4 }, filter: 'http2.error' }) };
}

/** The note about a reset: the end of a stream nobody needs any more is no fault. */
export function resetNote(error: { name: string; code: number }, frame: RowFrame): Note {
  const code = error.code === NO_ERROR || error.code === CANCEL ? 'http2.reset' : 'http2.reset-error';
  return note(code, frame.start, frame.end, error.name);
}

function readReset(bytes: Uint8Array, frame: RowFrame, notes: Note[]): ControlReading {
  if (frame.to - frame.from < 4) return readOpaque(bytes, frame);
  const error = errorField(bytes, frame.from);
  notes.push(resetNote(error, frame));
  return { fields: [error.field], info: `stream ${frame.stream}, ${error.name}` };
}

function readPriority(bytes: Uint8Array, frame: RowFrame): ControlReading {
  const fields = priorityFields(bytes, frame.from, frame.to);
  if (fields.length === 0) return readOpaque(bytes, frame);
  return { fields, info: `stream ${frame.stream}, depends on ${fields[1].text}, weight ${fields[2].text}` };
}

function readSettingsFields(bytes: Uint8Array, frame: RowFrame, notes: Note[]): ControlReading {
  const start = frame.start;
  const ack = (frame.flags & 1) !== 0;
  const fields: Field[] = [
    field('ack', 'Acknowledgement', ack, ack ? 'yes' : 'no', { at: { start: start + 4, end: start + 5 }, filter: 'http2.settings.ack' }),
  ];
  const words: string[] = [];
  let at = frame.from;
  for (; at + 6 <= frame.to; at += 6) {
    const id = u16(bytes, at);
    const value = u32(bytes, at + 2);
    const def = SETTINGS.find((row) => row.id === id);
    const range = { start: at, end: at + 6 };
    const name = def?.name ?? `unknown setting 0x${id.toString(16)}`;
    if (def === undefined) notes.push(note('http2.setting-unknown', at, at + 2, `id ${id}`));
    else if (value < def.min || value > def.max)
      notes.push(note('http2.setting-value', at + 2, at + 6, `${name} = ${value}, allowed ${def.min} to ${def.max}`));
    if (def?.key === 'max_streams' && value === 1) notes.push(note('http2.single-stream', at, at + 6));
    const text = def?.unit === 'bytes' ? byteCount(value) : value.toLocaleString('en-US');
    fields.push(
      field(def?.key ?? `unknown${id}`, name, value, text, { at: range, filter: `http2.settings.${def?.key ?? `unknown${id}`}` }),
    );
    if (words.length < 8) words.push(`${name}=${value}`);
  }
  if (at < frame.to)
    fields.push(field('rest', 'Rest', bytes.subarray(at, frame.to), toHex(bytes, at, frame.to), { at: { start: at, end: frame.to } }));
  return { fields, info: ack ? 'acknowledged' : words.length === 0 ? 'all at their defaults' : words.join(', ') };
}

function readPing(bytes: Uint8Array, frame: RowFrame): ControlReading {
  const ack = (frame.flags & 1) !== 0;
  const hex = toHex(bytes, frame.from, Math.min(frame.to, frame.from + HEX_SHOWN));
  const at = { start: frame.start + 4, end: frame.start + 5 };
  return {
    fields: [
      field('ack', 'Answer', ack, ack ? 'yes' : 'no', { at, filter: 'http2.ping.ack' }),
      field('data', 'Data', bytes.subarray(frame.from, frame.to), hex, {
        at: { start: frame.from, end: frame.to },
        filter: 'http2.ping.data',
      }),
    ],
    info: `${ack ? 'answer' : 'request'} ${hex}`,
  };
}

function readWindow(bytes: Uint8Array, frame: RowFrame, notes: Note[]): ControlReading {
  if (frame.to - frame.from < 4) return readOpaque(bytes, frame);
  const value = u32(bytes, frame.from) & 0x7fffffff;
  if (value === 0) notes.push(note('http2.window-zero', frame.from, frame.from + 4));
  const at = { start: frame.from, end: frame.from + 4 };
  const where = frame.stream === 0 ? 'connection' : `stream ${frame.stream}`;
  return {
    fields: [field('increment', 'Increment', value, byteCount(value), { at, filter: 'http2.window_increment' })],
    info: `${where}, ${byteCount(value)} more`,
  };
}

function readGoaway(bytes: Uint8Array, frame: RowFrame, notes: Note[]): ControlReading {
  if (frame.to - frame.from < 8) return readOpaque(bytes, frame);
  const last = u32(bytes, frame.from) & 0x7fffffff;
  const error = errorField(bytes, frame.from + 4);
  const fields: Field[] = [
    field('last_stream', 'Last stream', last, `${last}`, {
      at: { start: frame.from, end: frame.from + 4 },
      filter: 'http2.goaway.last_stream',
    }),
    error.field,
  ];
  let info = `last stream ${last}, ${error.name}`;
  const debugAt = frame.from + 8;
  let cause = error.name;
  if (debugAt < frame.to) {
    const debug = bytes.subarray(debugAt, frame.to);
    const text = utf8(debug);
    fields.push(
      field(
        'debug',
        'Debug data',
        debug,
        text === undefined ? toHex(debug, 0, Math.min(debug.length, HEX_SHOWN)) : printable(shorten(text, HEX_SHOWN)),
        {
          at: { start: debugAt, end: frame.to },
          filter: 'http2.goaway.debug',
          payload: debug,
        },
      ),
    );
    const reading = reasonFields(debug, debugAt, undefined, notes);
    fields.push(...reading.fields);
    if (reading.reason !== undefined) {
      cause = printable(reading.reason);
      info += `, ${cause}`;
    } else if (text !== undefined) info += `, ${printable(shorten(text, 60))}`;
  }
  const calm = error.code === NO_ERROR && debugAt >= frame.to;
  notes.push(note(calm ? 'http2.goaway' : 'http2.goaway-error', frame.start, frame.end, cause));
  return { fields, info };
}

function readOpaque(bytes: Uint8Array, frame: RowFrame): ControlReading {
  const length = frame.end - frame.start - FRAME_HEADER;
  const hex = toHex(bytes, frame.from, Math.min(frame.to, frame.from + HEX_SHOWN));
  const text = length > HEX_SHOWN ? `${hex}… (${byteCount(length)})` : hex;
  const at = { start: frame.from, end: frame.to };
  return {
    fields: [field('data', 'Data', bytes.subarray(frame.from, frame.to), text, { at, filter: 'http2.data' })],
    info: `stream ${frame.stream}, ${byteCount(length)}`,
  };
}
