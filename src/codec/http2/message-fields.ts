import { fromHex, toHex } from '../../core/bytes.ts';
import type { Field, Value } from '../../core/message.ts';
import { printable } from '../../core/text.ts';
import { isoTime } from '../../core/time.ts';
import { HTTP2_ROWS } from '../../schema/http2.ts';
import { HEADERS, type HeaderType, ROUTES } from '../../schema/http2-headers.ts';
import { STATUS_WORDS } from '../../schema/reasons.ts';
import { field } from './fields.ts';
import { type TokenReading, tokenField } from './header-fields.ts';
import type { HeaderLine } from './header-list.ts';

/** The headers of one message by name, in the order of the wire. */
export class HeaderSet {
  readonly lines: readonly HeaderLine[];
  /** Some header is not known: that something is missing cannot be said. */
  readonly partial: boolean;

  constructor(lines: readonly HeaderLine[], partial: boolean) {
    this.lines = lines;
    let unknown = partial;
    for (const line of lines) if (line.name === undefined || line.missing !== undefined) unknown = true;
    this.partial = unknown;
  }

  /** How many headers have this name. */
  count(name: string): number {
    let n = 0;
    for (const line of this.lines) if (line.name === name) n++;
    return n;
  }

  /** The first header of this name that has a value. A request has about ten: looking through them beats a map. */
  line(name: string): HeaderLine | undefined {
    for (const line of this.lines) if (line.name === name && line.value !== undefined) return line;
    return undefined;
  }

  value(name: string): string | undefined {
    return this.line(name)?.value;
  }
}

/** What the path of a request holds: the part between the prefix and the suffix of its route. */
interface PathPart {
  readonly holds: 'token' | 'bundle';
  readonly text: string;
  /** Offset in the path. */
  readonly offset: number;
}

export function pathPart(path: string): PathPart | undefined {
  const plain = withoutQuery(path);
  for (const { prefix, suffix, holds } of ROUTES) {
    if (plain.length < prefix.length + suffix.length || !plain.startsWith(prefix) || !plain.endsWith(suffix)) continue;
    return { holds, text: plain.slice(prefix.length, plain.length - suffix.length), offset: prefix.length };
  }
  return undefined;
}

/** Row code of a request: the rule of `classifyRequest`, on text. */
export function requestCode(method: string | undefined, path: string | undefined): number {
  const plain = withoutQuery(path ?? '');
  for (const route of ROUTES) {
    if (route.method !== undefined && route.method !== method) continue;
    if (plain.length < route.prefix.length + route.suffix.length || !plain.startsWith(route.prefix) || !plain.endsWith(route.suffix))
      continue;
    return HTTP2_ROWS[route.row].code;
  }
  return HTTP2_ROWS.request.code;
}

function withoutQuery(path: string): string {
  const at = path.indexOf('?');
  return at < 0 ? path : path.slice(0, at);
}

/** The headers with a meaning, in the order of the schema, then what the path and the provider token hold. */
export function meaningFields(headers: HeaderSet, token: TokenReading | undefined): Field[] {
  const fields: Field[] = [];
  for (const def of HEADERS) {
    if (def.alias === undefined) continue;
    const line = headers.line(def.name);
    if (line === undefined) continue;
    const { value, text } = readValue(def.type, line.value as string);
    const name = def.alias.slice(def.alias.indexOf('.') + 1);
    fields.push(field(name, def.label, value, text, { at: line.at, filter: def.alias, privacy: def.privacy }));
  }
  const path = headers.line(':path');
  if (path !== undefined) fields.push(...pathFields(path, headers));
  if (token !== undefined) fields.push(tokenField(token));
  return fields;
}

function pathFields(line: HeaderLine, headers: HeaderSet): Field[] {
  const part = pathPart(line.value as string);
  if (part === undefined || part.text === '') return [];
  const plain = line.valueAt !== undefined && line.valueAt.end - line.valueAt.start === (line.value as string).length;
  const start = plain ? (line.valueAt as { start: number }).start + part.offset : line.at.start;
  const at = plain ? { start, end: start + part.text.length } : (line.valueAt ?? line.at);
  if (part.holds === 'token') {
    const bytes = fromHex(part.text);
    return [
      field('token', 'Device token', bytes ?? part.text, bytes === undefined ? undefined : toHex(bytes), {
        at,
        filter: 'apns.token',
        privacy: 'token',
      }),
    ];
  }
  // A broadcast's topic is its app; a client may send apns-topic as well, which stands above.
  const topic =
    headers.line('apns-topic') === undefined ? [field('topic', 'Topic', part.text, undefined, { at, filter: 'apns.topic' })] : [];
  return [...topic, field('bundle', 'Bundle id', part.text, undefined, { at, filter: 'apns.bundle' })];
}

const DIGITS = /^\d+$/;
const PRIORITY_WORDS: Readonly<Record<string, string>> = { '10': 'at once', '5': 'power saving', '1': 'lowest' };

/** An unsigned decimal number as data: a bigint beyond 32 bits, the text itself when it is none. */
function numberOf(text: string): Value {
  // Twenty digits hold any 64-bit number; longer text is no number of anyone's.
  if (!DIGITS.test(text) || text.length > 20) return text;
  const value = BigInt(text);
  return value > 0xffffffffn ? value : Number(value);
}

/** A header's value as data and in words. */
export function readValue(type: HeaderType, text: string): { value: Value; text: string } {
  const shown = printable(text);
  if (type === 'epoch-seconds') {
    const value = numberOf(text);
    if (typeof value === 'string') return { value, text: shown };
    return { value, text: value === 0 ? '0 (one attempt, not stored)' : isoTime(Number(value), 0, 0) };
  }
  if (type === 'priority') {
    const words = PRIORITY_WORDS[text];
    return { value: numberOf(text), text: words === undefined ? shown : `${shown} (${words})` };
  }
  if (type === 'status') {
    const value = numberOf(text);
    const words = typeof value === 'number' ? STATUS_WORDS[value] : undefined;
    return { value, text: words === undefined ? shown : `${shown} ${words}` };
  }
  if (type === 'uint') return { value: numberOf(text), text: shown };
  return { value: text, text: shown };
}
