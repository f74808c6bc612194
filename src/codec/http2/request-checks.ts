import type { Note } from '../../core/note.ts';
import { printable, shorten, utf8Bytes } from '../../core/text.ts';
import { HTTP2_ROWS } from '../../schema/http2.ts';
import { HEADERS, MAX_BROADCAST_PAYLOAD, MAX_PAYLOAD, PUSH_TYPES } from '../../schema/http2-headers.ts';
import { type NoteCode, note } from '../../schema/notes.ts';
import { FORM } from './hpack-block.ts';
import { base64Bytes } from './jwt.ts';
import { type HeaderSet, pathPart } from './message-fields.ts';

/** A request as far as the checks need it. */
interface RequestFacts {
  /** Row code: HTTP2_ROWS. */
  readonly code: number;
  readonly headers: HeaderSet;
  readonly bodyLength: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** The row holds the whole request. */
  readonly complete: boolean;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DIGITS = /^\d+$/;
const SINGLE = HEADERS.filter((def) => def.single).map((def) => def.name);
/** Above this a number of seconds is a number of milliseconds: the year 5138. */
const SECONDS_LIMIT = 1e11;
const WORDS_SHOWN = 80;

/** Says what APNs will object to in a request. Nothing is called missing when some header could not be resolved. */
export function checkRequest(facts: RequestFacts, notes: Note[]): void {
  const { code, headers } = facts;
  const say = (noteCode: NoteCode, name: string, detail?: string): void => {
    const at = headers.line(name)?.at ?? { start: 0, end: 0 };
    notes.push(note(noteCode, at.start, at.end, detail));
  };
  checkValues(headers, say);
  checkHost(headers, say);
  checkIndexing(headers, notes);
  checkRepeats(headers, notes);
  if (code === HTTP2_ROWS.request.code) {
    checkUnknown(headers, say);
    return;
  }
  if (code === HTTP2_ROWS.push.code) checkPush(facts, say);
  else if (code === HTTP2_ROWS.broadcast.code) checkBroadcast(facts, say);
  else if ((code === HTTP2_ROWS.channelRead.code || code === HTTP2_ROWS.channelDelete.code) && missing(headers, 'apns-channel-id')) {
    say('http2.channel-id-missing', ':path');
  }
  checkBody(facts, notes);
}

type Say = (code: NoteCode, name: string, detail?: string) => void;

function missing(headers: HeaderSet, name: string): boolean {
  return !headers.partial && headers.line(name) === undefined;
}

const shown = (text: string): string => printable(shorten(text, WORDS_SHOWN));

/** Rules about single values, the same wherever the header stands. */
function checkValues(headers: HeaderSet, say: Say): void {
  for (const name of ['apns-id', 'apns-request-id']) {
    const id = headers.value(name);
    if (id === undefined) continue;
    if (!UUID.test(id)) say('http2.id-invalid', name, shown(id));
    else if (id !== id.toLowerCase()) say('http2.id-upper-case', name);
  }
  const expiration = headers.value('apns-expiration');
  if (expiration !== undefined) {
    if (!DIGITS.test(expiration)) say('http2.expiration-invalid', 'apns-expiration', shown(expiration));
    else if (Number(expiration) > SECONDS_LIMIT) say('http2.expiration-milliseconds', 'apns-expiration', expiration);
  }
  const priority = headers.value('apns-priority');
  if (priority !== undefined && !['10', '5', '1'].includes(priority)) say('http2.priority-invalid', 'apns-priority', shown(priority));
  for (const def of HEADERS) {
    const value = def.maxBytes === undefined ? undefined : headers.value(def.name);
    if (value === undefined) continue;
    const length = utf8Bytes(value).length;
    if (length > (def.maxBytes as number)) say('http2.collapse-id-long', def.name, `${length} bytes`);
  }
  const channel = headers.value('apns-channel-id');
  if (channel !== undefined && base64Bytes(channel) === undefined) say('http2.channel-id-invalid', 'apns-channel-id', shown(channel));
  const type = headers.value('apns-push-type');
  if (type !== undefined && !PUSH_TYPES.some((row) => row.name === type.toLowerCase()))
    say('http2.push-type-unknown', 'apns-push-type', shown(type));
  if (headers.line('content-encoding') !== undefined) say('http2.payload-compressed', 'content-encoding');
}

function checkHost(headers: HeaderSet, say: Say): void {
  if (!missing(headers, ':authority')) return;
  if (headers.line('host') !== undefined) say('http2.host-for-authority', 'host');
  else say('http2.authority-missing', ':path');
}

function checkIndexing(headers: HeaderSet, notes: Note[]): void {
  const authorization = headers.line('authorization');
  if (authorization?.form === FORM.incremental)
    notes.push(note('http2.authorization-indexed', authorization.at.start, authorization.at.end));
  const path = headers.line(':path');
  if (path?.form === FORM.incremental) notes.push(note('http2.path-indexed', path.at.start, path.at.end));
}

function checkRepeats(headers: HeaderSet, notes: Note[]): void {
  for (const name of SINGLE) {
    const count = headers.count(name);
    if (count < 2) continue;
    const { at } = headers.lines.filter((line) => line.name === name)[1];
    notes.push(note('http2.duplicate-header', at.start, at.end, `${name}, ${count} times`));
  }
}

function checkUnknown(headers: HeaderSet, say: Say): void {
  const path = headers.value(':path');
  if (path === undefined) return;
  const part = pathPart(path);
  if (part === undefined) say('http2.path-unknown', ':path', shown(path));
  else if (headers.value(':method') !== undefined) say('http2.method-wrong', ':method', shown(headers.value(':method') as string));
}

function checkPush(facts: RequestFacts, say: Say): void {
  const { headers } = facts;
  const method = headers.value(':method');
  if (method !== undefined && method !== 'POST') say('http2.method-wrong', ':method', shown(method));
  const token = pathPart(headers.value(':path') ?? '')?.text ?? '';
  if (token === '') say('http2.device-token-missing', ':path');
  else if (!/^([0-9a-f]{2})+$/i.test(token)) say('http2.device-token-invalid', ':path', `${token.length} characters`);
  if (missing(headers, 'apns-topic') && headers.line('authorization') !== undefined) say('http2.topic-missing', ':path');
  checkPushType(headers, say);
}

function checkPushType(headers: HeaderSet, say: Say): void {
  const name = headers.value('apns-push-type')?.toLowerCase();
  const topic = headers.value('apns-topic');
  if (name === undefined) {
    if (missing(headers, 'apns-push-type')) say('http2.push-type-missing', ':path');
    return;
  }
  const type = PUSH_TYPES.find((row) => row.name === name);
  if (type === undefined) return;
  // Without the header APNs assumes 10.
  const priority = headers.value('apns-priority') ?? (headers.partial ? undefined : '10');
  if (type.priorities !== undefined && priority !== undefined && DIGITS.test(priority) && !type.priorities.includes(Number(priority))) {
    say('http2.priority-for-type', headers.line('apns-priority') ? 'apns-priority' : 'apns-push-type', `${name} with ${priority}`);
  }
  const expiration = headers.value('apns-expiration');
  if (type.expiration !== undefined && expiration !== undefined && expiration !== String(type.expiration)) {
    say('http2.expiration-for-type', 'apns-expiration', `${name} with ${shown(expiration)}`);
  }
  if (type.tokenOnly && missing(headers, 'authorization')) say('http2.token-needed', 'apns-push-type', name);
  if (topic === undefined) return;
  if (type.suffix !== '' && !topic.endsWith(type.suffix)) say('http2.topic-suffix', 'apns-topic', `${name} needs …${type.suffix}`);
  if (type.suffix === '') {
    const other = PUSH_TYPES.find((row) => row.suffix !== '' && topic.endsWith(row.suffix));
    if (other !== undefined) say('http2.topic-suffix', 'apns-topic', `${name} with the suffix of ${other.name}`);
  }
}

function checkBroadcast(facts: RequestFacts, say: Say): void {
  const { headers } = facts;
  const method = headers.value(':method');
  if (method !== undefined && method !== 'POST') say('http2.method-wrong', ':method', shown(method));
  if (missing(headers, 'apns-channel-id')) say('http2.channel-id-missing', ':path');
  if (missing(headers, 'apns-expiration')) say('http2.expiration-missing', ':path');
  if (missing(headers, 'apns-priority')) say('http2.priority-missing', ':path');
  if (missing(headers, 'apns-push-type')) say('http2.push-type-missing', ':path');
  if (headers.line('apns-topic') !== undefined) say('http2.topic-ignored', 'apns-topic');
}

/** Rows whose requests carry a body. */
const WITH_BODY: readonly number[] = [HTTP2_ROWS.push.code, HTTP2_ROWS.broadcast.code, HTTP2_ROWS.channelCreate.code];

function checkBody(facts: RequestFacts, notes: Note[]): void {
  const { code, headers, bodyLength, complete } = facts;
  if (!WITH_BODY.includes(code)) return;
  if (bodyLength === 0) {
    if (complete) notes.push(note('http2.payload-empty', 0, 0));
    return;
  }
  const type = PUSH_TYPES.find((row) => row.name === headers.value('apns-push-type')?.toLowerCase());
  const voip = type?.maxPayload ?? (headers.value('apns-topic')?.endsWith('.voip') ? MAX_BROADCAST_PAYLOAD : MAX_PAYLOAD);
  const limit = code === HTTP2_ROWS.push.code ? voip : MAX_BROADCAST_PAYLOAD;
  if (bodyLength > limit) notes.push(note('http2.payload-large', facts.bodyStart, facts.bodyEnd, `${bodyLength} bytes, ${limit} allowed`));
}

/** Rules of HTTP/2 itself about header lists, requests and responses alike. */
export function checkList(headers: HeaderSet, request: boolean, trailers: boolean, notes: Note[]): void {
  const known = request ? [':method', ':scheme', ':authority', ':path', ':protocol'] : [':status'];
  let regular = false;
  for (const { name, at } of headers.lines) {
    if (name === undefined) continue;
    if (name !== name.toLowerCase()) notes.push(note('http2.header-upper-case', at.start, at.end, shown(name)));
    if (FORBIDDEN.includes(name)) notes.push(note('http2.header-forbidden', at.start, at.end, name));
    if (!name.startsWith(':')) {
      regular = true;
      continue;
    }
    const problem = trailers
      ? 'in trailers'
      : !known.includes(name)
        ? 'unknown here'
        : regular
          ? 'after other headers'
          : headers.count(name) > 1
            ? 'repeated'
            : undefined;
    if (problem !== undefined) notes.push(note('http2.pseudo-header', at.start, at.end, `${shown(name)} ${problem}`));
  }
  if (trailers || headers.partial) return;
  const connect = headers.value(':method') === 'CONNECT';
  for (const name of request ? (connect ? [':method'] : [':method', ':scheme', ':path']) : [':status']) {
    if (headers.line(name) === undefined) notes.push(note('http2.pseudo-header', 0, 0, `${name} is missing`));
  }
}

/** Headers of HTTP/1.1 connections. Source: RFC 9113, 8.2.2. */
const FORBIDDEN = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'];
