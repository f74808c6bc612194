import { gateway } from '../codec/gateway.ts';
import { ios4 } from '../codec/ios4.ts';
import { unpackItems } from '../codec/packed/convert.ts';
import { parsePacked } from '../codec/packed/syntax.ts';
import { tlv } from '../codec/tlv.ts';
import type { WireDialect, WireSyntax } from '../codec/wire-syntax.ts';
import type { Field, Item } from '../core/message.ts';
import { DIALECT } from '../core/message.ts';
import type { Dir } from '../core/stream.ts';
import { COURIER } from '../schema/courier.ts';
import { COURIER_IOS4 } from '../schema/courier-ios4.ts';
import type { CommandDef, CommandTable } from '../schema/definition.ts';
import { goes } from '../schema/definition.ts';
import { Commands } from '../schema/interpret.ts';
import { GATEWAY } from '../schema/provider.ts';
import type { Timeline } from '../timeline/timeline.ts';

/** A message of a dialect with items, as it can be changed and sent. Values are bytes of the unpacked encoding. */
export interface WireOut {
  readonly kind: 'wire';
  readonly dialect: number;
  readonly dir: Dir;
  readonly command: string;
  readonly def: CommandDef;
  items: Item[];
  readonly syntax: WireSyntax;
}

/** An HTTP/2 request as it can be changed and sent. */
export interface HttpOut {
  readonly kind: 'http';
  readonly dialect: number;
  readonly command: string;
  headers: [string, string][];
  body: Uint8Array;
}

export type Outgoing = WireOut | HttpOut;

interface Speaker {
  readonly wire: WireDialect;
  readonly table: CommandTable;
  readonly commands: Commands;
}

const speaker = (wire: WireDialect, table: CommandTable): Speaker => ({ wire, table, commands: new Commands(table) });
const COURIER_SPEAKER = speaker(tlv, COURIER);
const SPEAKERS: Readonly<Record<number, Speaker>> = {
  [DIALECT.courier]: COURIER_SPEAKER,
  [DIALECT.packed]: COURIER_SPEAKER,
  [DIALECT.ios4]: speaker(ios4, COURIER_IOS4),
  [DIALECT.gateway]: speaker(gateway, GATEWAY),
};

/** The tables and the unpacked syntax of a dialect with items. */
export function speakerOf(dialect: number): Speaker {
  return SPEAKERS[dialect];
}

type Named = { readonly name: string; readonly def: CommandDef };
/** Commands by dialect, command byte and direction; null for what no table has. */
const named = new Map<number, Named | null>();

/** The row of a command byte. */
export function commandOf(dialect: number, id: number, dir: Dir): Named | undefined {
  const key = (dialect << 9) | (id << 1) | dir;
  let found = named.get(key);
  if (found === undefined) {
    found = null;
    for (const [name, def] of Object.entries(SPEAKERS[dialect]?.table ?? {}))
      if (def.id === id && goes(def, dir)) {
        found = { name, def };
        break;
      }
    named.set(key, found);
  }
  return found ?? undefined;
}

/** The message of a row, or why it cannot be sent again. */
export function readOutgoing(timeline: Timeline, row: number): Outgoing | string {
  const { columns } = timeline.rows;
  const type = columns.type(row);
  const dialect = type >>> 8;
  const { bytes, holes } = timeline.bytes(row);
  if (holes.length > 0) return 'bytes of it are missing in the capture';
  if (dialect === DIALECT.http2) return readRequest(timeline, row);
  const speaker = SPEAKERS[dialect];
  const dir = columns.dir(row);
  const found = commandOf(dialect, type & 0xff, dir);
  if (speaker === undefined || found === undefined) return 'its command is not known';
  let syntax: WireSyntax;
  if (dialect === DIALECT.packed) {
    const packed = parsePacked(bytes, timeline.aux(row));
    if (packed.notes.some((n) => n.severity === 'error')) return 'it is broken';
    try {
      const items = unpackItems(dir, packed.command, packed.items);
      syntax = { command: packed.command, items, rest: { start: 0, end: 0 }, notes: [], tail: new Uint8Array(0) };
    } catch {
      return 'a value of it is a reference to what the capture does not hold';
    }
  } else {
    syntax = speaker.wire.parse(bytes, dir);
    if (syntax.headless === true || syntax.notes.some((n) => n.code === 'frame.truncated')) return 'it is cut off';
  }
  return { kind: 'wire', dialect, dir, command: found.name, def: found.def, items: [...syntax.items], syntax };
}

/** Headers that belong to a connection, not to a message: the live one makes its own. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'host',
  'te',
  'transfer-encoding',
  'upgrade',
  'content-length',
]);

function readRequest(timeline: Timeline, row: number): HttpOut | string {
  const message = timeline.plainMessage(row);
  const headers = headersOf(message.fields);
  if (headers === undefined) return 'some of its headers are references to what the capture does not hold';
  if (!headers.some(([name]) => name === ':method') || !headers.some(([name]) => name === ':path')) return 'it has no method or path';
  return {
    kind: 'http',
    dialect: DIALECT.http2,
    command: message.command,
    headers: headers.filter(([name]) => !CONNECTION_HEADERS.has(name)),
    body: bodyOf(message.fields),
  };
}

/** Names and values of the headers of a decoded message; undefined when one is not known. */
export function headersOf(fields: readonly Field[]): [string, string][] | undefined {
  const group = fields.find((field) => field.name === 'headers');
  const out: [string, string][] = [];
  for (const { name, value } of group?.children ?? []) {
    if (name === 'table_size') continue;
    if (typeof value !== 'string') return undefined;
    out.push([name, value]);
  }
  return out;
}

/** The body of a decoded request or response. */
export function bodyOf(fields: readonly Field[]): Uint8Array {
  for (const field of fields) if (field.payload !== undefined) return field.payload;
  return new Uint8Array(0);
}

/** The bytes of a message in the unpacked syntax of its dialect. */
export function printWire(out: WireOut): Uint8Array {
  const { declared: _, ...syntax } = out.syntax;
  return SPEAKERS[out.dialect].wire.print({ ...syntax, items: out.items });
}

/** The value of a field, in bytes; undefined when the message has none. */
export function wireValue(out: WireOut, field: string): Uint8Array | undefined {
  const def = out.def.fields[field];
  if (def === undefined) return undefined;
  const id = typeof def.id === 'number' ? def.id : out.dir === 0 ? def.id.c2s : def.id.s2c;
  return out.items.find((item) => item.id === id)?.value as Uint8Array | undefined;
}
