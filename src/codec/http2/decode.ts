import type { Content, Field, Message } from '../../core/message.ts';
import type { Note } from '../../core/note.ts';
import { C2S, type Dir } from '../../core/stream.ts';
import { printable, shorten, utf8Bytes } from '../../core/text.ts';
import { isoTime } from '../../core/time.ts';
import { CONTROL_ROW, FRAME, HTTP2_ROWS, type Http2RowDef, http2RowDefs, http2Type } from '../../schema/http2.ts';
import { type NoteCode, note } from '../../schema/notes.ts';
import { STATUS_WORDS } from '../../schema/reasons.ts';
import { errorField, readControl, resetNote } from './control-fields.ts';
import { byteCount, field } from './fields.ts';
import { framesField } from './frame-fields.ts';
import { PREFACE } from './frames.ts';
import { compressionNotes, headersField, readToken } from './header-fields.ts';
import { type HeaderList, readHeaders } from './header-list.ts';
import { HeaderSet, meaningFields, pathPart, readValue, requestCode } from './message-fields.ts';
import { type PlainMessage, readPlain } from './plain.ts';
import type { PlainKind } from './plain-tree.ts';
import { reasonFields } from './reason.ts';
import { HISTORY, ReferenceReader } from './references.ts';
import { checkList, checkRequest } from './request-checks.ts';
import { cutRow, ordered, type Row } from './row.ts';

const ROW_DEFS = new Map<number, Http2RowDef>(http2RowDefs().map((def) => [def.code, def]));

const HISTORY_NOTES: Readonly<Record<number, NoteCode>> = {
  [HISTORY.continuationExpected]: 'http2.continuation-expected',
  [HISTORY.unexpectedContinuation]: 'http2.continuation-unexpected',
  [HISTORY.frameSize]: 'http2.frame-over-limit',
  [HISTORY.tableSize]: 'http2.header-table-size',
  [HISTORY.blockTooLong]: 'http2.header-block-long',
  [HISTORY.listTooLong]: 'http2.header-list-large',
  [HISTORY.bodyCut]: 'http2.body-cut',
  [HISTORY.flowControl]: 'http2.flow-control',
};

/**
 * Decodes one row: the frames of a message one after the other, a control frame, or the preface. Pure; never throws.
 * `aux` is what `Http2Framing.index` kept: without it references to the header table are shown as unresolved.
 */
export function decodeHttp2(bytes: Uint8Array, dir: Dir, aux?: Uint8Array): Message {
  const plain = readPlain(bytes, dir, aux);
  if (plain?.kind !== undefined && plain.kind.notes.length === 0) return plainMessage(plain, plain.kind, bytes, dir, aux);
  const learns = plain?.open === true;
  const message = decodeWhole(bytes, dir, aux);
  if (plain !== undefined && learns) {
    const rest = plainRest(plain);
    const { command, label, type, notes, info } = message;
    const known = (notes.length === 0 || dir !== C2S) && info.endsWith(rest);
    const lead = info.slice(0, info.length - rest.length);
    const places = notes.map(({ start, end }) => plain.placeOf(start, end)).filter((place) => place !== undefined);
    const kind = {
      command,
      label,
      type,
      lead,
      leadBytes: utf8Bytes(printable(lead)),
      notes,
      places: places.length === notes.length ? places : undefined,
    };
    plain.learn(known ? kind : undefined);
  }
  return message;
}

const NO_NOTES: readonly Note[] = [];
const NO_CONTENTS: readonly Content[] = [];

/** What the info line of a plain message ends with. */
function plainRest({ expiration, collapse, hasData, bodyStart, bodyEnd }: PlainMessage): string {
  let rest = '';
  if (expiration !== '') rest += `, expires ${isoTime(Number(expiration), 0, 0)}`;
  if (collapse !== '') rest += `, collapse ${collapse}`;
  return hasData ? `${rest}, ${byteCount(bodyEnd - bodyStart)}` : rest;
}

/** A message of a known kind: what lists need is there, the fields are made on demand. */
function plainMessage(plain: PlainMessage, kind: PlainKind, bytes: Uint8Array, dir: Dir, aux: Uint8Array | undefined): Message {
  const { command, label, type, lead } = kind;
  const { hasBody, bodyStart, bodyEnd, tokenLength } = plain;
  let made: readonly Field[] | undefined;
  return {
    dialect: 'http2',
    command,
    label,
    type,
    dir,
    get fields(): readonly Field[] {
      made ??= decodeWhole(bytes, dir, aux).fields;
      return made;
    },
    notes: NO_NOTES,
    info: lead + plainRest(plain),
    contents: hasBody ? [{ bytes: bytes.subarray(bodyStart, bodyEnd), start: bodyStart }] : NO_CONTENTS,
    token: tokenLength > 0 ? plain.token.slice(0, tokenLength) : undefined,
  };
}

/** The same from the row alone, whatever messages were decoded before. */
export function decodeWhole(bytes: Uint8Array, dir: Dir, aux?: Uint8Array): Message {
  const row = cutRow(bytes);
  const references = new ReferenceReader(aux);
  const notes: Note[] = [...row.notes];
  let part = false;
  for (const { tag, start, end } of references.facts) {
    const code = HISTORY_NOTES[tag];
    if (code !== undefined) notes.push(note(code, Math.min(start, bytes.length), Math.min(end, bytes.length)));
    if (tag === HISTORY.bodyPart) part = true;
  }
  const first = row.frames[0];
  if (row.preface) return finish(HTTP2_ROWS.preface.code, dir, prefaceFields, notes, 'PRI * HTTP/2.0', bytes, row);
  if (first === undefined)
    return finish(dir === C2S ? HTTP2_ROWS.request.code : HTTP2_ROWS.response.code, dir, () => [], notes, '', bytes, row);
  const ofMessage = first.type === FRAME.data || first.type === FRAME.headers;
  if (first.type === FRAME.pushPromise) return decodePromise(bytes, row, references, dir, notes);
  if (!ofMessage || part) {
    const { fields, info } = readControl(bytes, first, notes);
    const contents = fields.flatMap(({ payload, at }) => (payload === undefined ? [] : [{ bytes: payload, start: at?.start ?? 0 }]));
    const stream = first.stream === 0 ? [] : [streamField(first.stream, first.start)];
    return finish(CONTROL_ROW + first.type, dir, () => [...stream, ...fields], notes, info, bytes, row, contents);
  }
  return decodeMessage(bytes, row, references, dir, notes);
}

/** Lists need the line and the notes of every row, but the fields only of the row that is looked at: those are made on demand. */
function finish(
  code: number,
  dir: Dir,
  build: () => readonly Field[],
  notes: readonly Note[],
  info: string,
  bytes: Uint8Array,
  row: Row,
  contents: readonly Content[] = [],
): Message {
  const def = ROW_DEFS.get(code);
  let made: readonly Field[] | undefined;
  return {
    dialect: 'http2',
    command: def?.name ?? 'frame',
    label: def?.label ?? `Frame 0x${(code - CONTROL_ROW).toString(16).padStart(2, '0')}`,
    type: http2Type(code),
    dir,
    get fields(): readonly Field[] {
      made ??= row.frames.length === 0 ? build() : [...build(), framesField(bytes, row)];
      return made;
    },
    notes: ordered(notes),
    info,
    contents,
  };
}

function prefaceFields(): Field[] {
  return [field('preface', 'Preface', 'PRI * HTTP/2.0', undefined, { at: { start: 0, end: PREFACE.length }, filter: 'http2.preface' })];
}

function streamField(stream: number, start: number): Field {
  return field('streamid', 'Stream', stream, undefined, { at: { start: start + 5, end: start + 9 }, filter: 'http2.streamid' });
}

function decodePromise(bytes: Uint8Array, row: Row, references: ReferenceReader, dir: Dir, notes: Note[]): Message {
  const first = row.frames[0];
  const list = readHeaders(row.blocks[0], references);
  notes.push(note('http2.push-promise', first.start, first.end));
  compressionNotes(list, notes);
  const headers = new HeaderSet(list.lines, list.fault !== 0);
  const authorization = headers.line('authorization');
  const token = authorization && readToken(authorization, notes);
  const info = `on stream ${first.stream}: ${requestLine(headers)}`;
  const build = (): Field[] => [
    streamField(first.stream, first.start),
    ...meaningFields(headers, token),
    headersField(list, 'Headers', { start: first.from, end: bytes.length }),
  ];
  return finish(CONTROL_ROW + FRAME.pushPromise, dir, build, notes, info, bytes, row);
}

function decodeMessage(bytes: Uint8Array, row: Row, references: ReferenceReader, dir: Dir, notes: Note[]): Message {
  const request = dir === C2S;
  const first = row.frames[0];
  const lists = row.blocks.map((block) => readHeaders(block, references));
  const main = mainList(lists, request, row);
  const mainAt = main === undefined ? -1 : lists.indexOf(main);
  const headers = new HeaderSet(main?.lines ?? [], main === undefined || main.fault !== 0 || main.more > 0);
  lists.forEach((list, i) => {
    compressionNotes(list, notes);
    checkList(i === mainAt ? headers : new HeaderSet(list.lines, list.fault !== 0), request, mainAt >= 0 && i > mainAt, notes);
  });
  if (main === undefined) notes.push(note('http2.headers-missing', 0, 0));
  const authorization = headers.line('authorization');
  const token = authorization && readToken(authorization, notes);
  const reset = row.frames.find((frame) => frame.type === FRAME.rstStream && frame.to - frame.from >= 4);
  const complete = row.ended && main !== undefined && reset === undefined;
  if (!row.ended && reset === undefined) notes.push(note('http2.incomplete', Math.max(0, bytes.length - 1), bytes.length));
  checkLength(headers, row, complete, notes);
  let code: number = HTTP2_ROWS.response.code;
  let info: string;
  let answer: readonly Field[] = [];
  if (request) {
    code = requestCode(headers.value(':method'), headers.value(':path'));
    checkRequest({ code, headers, bodyLength: row.body.length, bodyStart: row.bodyStart, bodyEnd: row.bodyEnd, complete }, notes);
    info = requestInfo(code, headers, row);
  } else ({ fields: answer, info } = readAnswer(headers, row, notes));
  const error = reset && errorField(bytes, reset.from);
  if (reset !== undefined && error !== undefined) {
    notes.push(resetNote(error, reset));
    info = `${info}${info === '' ? '' : ', '}reset: ${error.name}`;
  }
  const build = (): Field[] => [
    streamField(first.stream, first.start),
    ...meaningFields(headers, token),
    ...answer,
    ...(row.dataFrames > 0 ? [bodyField(code, row)] : []),
    ...(error === undefined ? [] : [error.field]),
    ...lists.map((list, i) => {
      const label = mainAt >= 0 && i > mainAt ? 'Trailers' : i === mainAt ? 'Headers' : 'Interim headers';
      return headersField(list, label, { start: row.blocks[i].pieces[0].at, end: endOfBlock(row, i, bytes.length) });
    }),
  ];
  return finish(code, dir, build, notes, info, bytes, row, row.body.length > 0 ? [{ bytes: row.body, start: row.bodyStart }] : []);
}

/** The block with the final headers: the first of a request; of a response the first that is not 1xx. Blocks after it are trailers. */
function mainList(lists: readonly HeaderList[], request: boolean, row: Row): HeaderList | undefined {
  if (row.frames[0].type === FRAME.data) return undefined;
  if (request) return lists[0];
  return lists.find((list) => !list.lines.some((line) => line.name === ':status' && /^1\d\d$/.test(line.value ?? ''))) ?? lists.at(-1);
}

function endOfBlock(row: Row, i: number, length: number): number {
  const { pieces, bytes } = row.blocks[i];
  const last = pieces[pieces.length - 1];
  return Math.min(length, last.at + bytes.length - last.offset);
}

function checkLength(headers: HeaderSet, row: Row, complete: boolean, notes: Note[]): void {
  const line = headers.line('content-length');
  if (line === undefined || !complete || !/^\d+$/.test(line.value as string) || headers.value(':method') === 'CONNECT') return;
  if (Number(line.value) !== row.body.length) {
    notes.push(note('http2.content-length', line.at.start, line.at.end, `${line.value}, the body has ${byteCount(row.body.length)}`));
  }
}

function bodyField(code: number, row: Row): Field {
  const notification = code === HTTP2_ROWS.push.code || code === HTTP2_ROWS.broadcast.code;
  return field(notification ? 'payload' : 'body', notification ? 'Payload' : 'Body', row.body, byteCount(row.body.length), {
    at: { start: row.bodyStart, end: row.bodyEnd },
    filter: notification ? 'apns.payload' : 'http2.body',
    privacy: 'content',
    ...(row.body.length > 0 ? { payload: row.body } : {}),
  });
}

/** A device token of 32 bytes in hex is 64 characters; nothing longer is needed in a line. */
const TEXT_SHOWN = 64;
const shown = (text: string): string => printable(shorten(text, TEXT_SHOWN));

function requestLine(headers: HeaderSet): string {
  return `${shown(headers.value(':method') ?? '?')} ${shown(headers.value(':path') ?? '(path not captured)')}`;
}

function requestInfo(code: number, headers: HeaderSet, row: Row): string {
  const words: string[] = [];
  if (code === HTTP2_ROWS.request.code) words.push(requestLine(headers));
  else {
    const path = pathPart(headers.value(':path') ?? '');
    const topic = headers.value('apns-topic') ?? (path?.holds === 'bundle' ? path.text : undefined);
    if (topic !== undefined) words.push(shown(topic));
    const type = headers.value('apns-push-type');
    if (type !== undefined) words.push(shown(type));
    const channel = headers.value('apns-channel-id');
    if (channel !== undefined) words.push(`channel ${shown(channel)}`);
    const priority = headers.value('apns-priority');
    if (priority !== undefined) words.push(`priority ${shown(priority)}`);
    const expiry = headers.value('apns-expiration');
    if (expiry !== undefined) words.push(`expires ${shorten(readValue('epoch-seconds', expiry).text, TEXT_SHOWN)}`);
    const collapse = headers.value('apns-collapse-id');
    if (collapse !== undefined) words.push(`collapse ${shown(collapse)}`);
  }
  if (row.dataFrames > 0) words.push(byteCount(row.body.length));
  return words.join(', ');
}

function readAnswer(headers: HeaderSet, row: Row, notes: Note[]): { fields: readonly Field[]; info: string } {
  const line = headers.line(':status');
  const status = line === undefined || !/^\d{3}$/.test(line.value as string) ? undefined : Number(line.value);
  const words = status === undefined ? undefined : STATUS_WORDS[status];
  let info = status === undefined ? '(status not captured)' : words === undefined ? `${status}` : `${status} ${words}`;
  if (status !== undefined && status < 400) {
    if (status === 200 && row.dataFrames > 0 && row.body.length === 0) notes.push(note('http2.success-body', row.bodyStart, row.bodyEnd));
    return { fields: [], info: row.body.length > 0 ? `${info}, ${byteCount(row.body.length)}` : info };
  }
  const reading = reasonFields(row.body, Math.max(0, row.bodyStart), status, notes);
  const { reason, timestamp, fields } = reading;
  if (status !== undefined) {
    const place = line?.at ?? { start: 0, end: 0 };
    notes.push(note('http2.rejected', place.start, place.end, `${status}${reason === undefined ? '' : ` ${printable(reason)}`}`));
    if (reason === undefined && row.ended) notes.push(note('http2.reason-missing', place.start, place.end));
  }
  if (reason !== undefined) info += `: ${shown(reason)}`;
  if (timestamp !== undefined) info += `, inactive since ${isoTime(Math.floor(timestamp / 1000), 0, 0)}`;
  return { fields, info };
}
