/**
 * The three languages of the courier behind one face: bytes to commands with named fields, and back.
 * Names, ids and types come from the schema; TLV, packed and iOS 4 differ in syntax only.
 */

import { ios4 } from '../../codec/ios4.ts';
import { packedTableSizes } from '../../codec/packed/detect.ts';
import { PackedReader } from '../../codec/packed/live.ts';
import { packedAttributes } from '../../codec/packed/message.ts';
import { plistOf } from '../../codec/packed/value.ts';
import { PackedWriter } from '../../codec/packed/writer.ts';
import { tlv } from '../../codec/tlv.ts';
import type { WireDialect } from '../../codec/wire-syntax.ts';
import { u32, uintBig } from '../../core/bytes.ts';
import type { DialectName, Item } from '../../core/message.ts';
import { writePlist } from '../../core/plist-writer.ts';
import type { Dir } from '../../core/stream.ts';
import { utf8 } from '../../core/text.ts';
import type { FieldValues } from '../../schema/build.ts';
import { COURIER } from '../../schema/courier.ts';
import { COURIER_IOS4 } from '../../schema/courier-ios4.ts';
import { type CommandTable, goes, idIn } from '../../schema/definition.ts';
import type { PushBody } from '../push.ts';
import { FrameBuffer } from './frame-buffer.ts';
import { type Individual, messageFields, packedMessage, type Variant } from './message-body.ts';

export type Plain = Uint8Array | number | bigint | string | boolean;

/** A command that was heard. Repeated fields are lists; fields that the schema does not know are left out. */
export interface Heard {
  /** Name in the schema, or `unknown_1a`. */
  readonly command: string;
  readonly fields: Readonly<Record<string, Plain | readonly Plain[]>>;
}

export interface Speech {
  readonly dialect: DialectName;
  /** Commands that are complete with these bytes. Never throws on wire bytes. */
  hear(bytes: Uint8Array): Heard[];
  /** Why no more can be understood; undefined while all is well. */
  readonly broken: string | undefined;
  /** Bytes of a command. Throws `EncodeError` for what the dialect cannot say. */
  say(command: string, fields: FieldValues): Uint8Array;
  /** Bytes of a notification to a device. */
  sayMessage(body: PushBody, variant: Variant, one: Individual): Uint8Array;
}

/** Bytes from which the dialect can be told. */
export const TELLING_BYTES = 3;

/** The ALPN of a client that offers none but begins with a packed Connect: a TLV Connect has a length of four bytes, two of them zero. */
export function alpnByBytes(first: Uint8Array): string | undefined {
  return first[0] === COURIER.connect.id && (first[1] !== 0 || first[2] !== 0) ? 'apns-pack-v1' : undefined;
}

/** Which of the three a courier connection speaks, by its ALPN and first byte: commands below 07 are of iOS 4 only. */
export function speechFor(alpn: string | undefined, firstByte: number, side: 'server' | 'client'): Speech {
  const sizes = alpn === undefined ? undefined : packedTableSizes(alpn);
  const listens: Dir = side === 'server' ? 0 : 1;
  if (sizes !== undefined) return new PackedSpeech(listens, sizes.c2s, sizes.s2c);
  return new WireSpeech(firstByte < COURIER.connect.id ? IOS4 : TLV, listens);
}

interface FieldReader {
  readonly name: string;
  readonly kind: 'number' | 'big' | 'text' | 'bytes';
  readonly repeated: boolean;
}

interface CommandReader {
  readonly name: string;
  readonly fields: ReadonlyMap<number | string, FieldReader>;
}

/** Readers by direction and command byte. */
type Readers = readonly [ReadonlyMap<number, CommandReader>, ReadonlyMap<number, CommandReader>];

function compile(table: CommandTable): Readers {
  const side = (dir: Dir): ReadonlyMap<number, CommandReader> => {
    const readers = new Map<number, CommandReader>();
    for (const [name, command] of Object.entries(table)) {
      if (!goes(command, dir)) continue;
      const fields = new Map<number | string, FieldReader>();
      for (const [key, field] of Object.entries(command.fields)) {
        const id = idIn(field, dir);
        if (id === undefined) continue;
        const { type } = field;
        const kind =
          type.kind === 'uint' ? (type.width > 4 ? 'big' : 'number') : type.kind === 'text' || type.kind === 'decimal' ? 'text' : 'bytes';
        fields.set(id, { name: key, kind, repeated: field.repeated === true });
      }
      readers.set(command.id, { name, fields });
    }
    return readers;
  };
  return [side(0), side(1)];
}

const COURIER_READERS = compile(COURIER);

function understand(readers: ReadonlyMap<number, CommandReader>, command: number, items: readonly Item[]): Heard {
  const reader = readers.get(command);
  if (reader === undefined) return { command: `unknown_${command.toString(16).padStart(2, '0')}`, fields: {} };
  const fields: Record<string, Plain | Plain[]> = {};
  for (const item of items) {
    const field = reader.fields.get(item.id);
    if (field === undefined) continue;
    const value = plain(item, field.kind);
    if (value === undefined) continue;
    if (!field.repeated) fields[field.name] = value;
    else {
      const list = fields[field.name] as Plain[] | undefined;
      if (list === undefined) fields[field.name] = [value];
      else list.push(value);
    }
  }
  return { command: reader.name, fields };
}

/** The value in the type that its row asks for; undefined when it has none (lost reference, odd width). */
function plain(item: Item, kind: FieldReader['kind']): Plain | undefined {
  const { value } = item;
  if (item.kind === 'dict') {
    const plist = plistOf(item);
    return plist === undefined ? undefined : writePlist(plist);
  }
  if (value instanceof Uint8Array) {
    if (kind === 'bytes') return value;
    if (kind === 'text') return utf8(value);
    if (value.length > 8) return undefined;
    if (kind === 'number' && value.length === 4) return u32(value, 0);
    const big = uintBig(value, 0, value.length);
    return kind === 'big' ? big : Number(big);
  }
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (kind === 'big') return BigInt.asUintN(64, BigInt(value));
    if (kind === 'number') return Number(value);
    // The packed encoding writes numbers where TLV has a few bytes: message ids and the like.
    return kind === 'bytes' ? numberBytes(value) : String(value);
  }
  if (typeof value === 'string') return kind === 'bytes' ? new TextEncoder().encode(value) : value;
  return typeof value === 'boolean' ? value : undefined;
}

function numberBytes(value: number | bigint): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, Number(BigInt.asUintN(32, BigInt(value))));
  return out;
}

/** What all connections of a dialect without state share. */
interface Language {
  readonly wire: WireDialect;
  readonly table: CommandTable;
  readonly readers: Readers;
  readonly measure: (dir: Dir, bytes: Uint8Array, start: number, end: number) => number;
}

const TLV: Language = { wire: tlv, table: COURIER, readers: COURIER_READERS, measure: tlv.open({}).measure };
const IOS4: Language = { wire: ios4, table: COURIER_IOS4, readers: compile(COURIER_IOS4), measure: ios4.open({}).measure };

/** TLV and iOS 4: stateless frames. */
class WireSpeech implements Speech {
  broken: string | undefined;
  private readonly language: Language;
  private readonly listens: Dir;
  private readonly buffer = new FrameBuffer();

  constructor(language: Language, listens: Dir) {
    this.language = language;
    this.listens = listens;
  }

  get dialect(): DialectName {
    return this.language.wire.name;
  }

  hear(bytes: Uint8Array): Heard[] {
    const heard: Heard[] = [];
    if (this.broken !== undefined) return heard;
    const { listens } = this;
    const { wire, readers, measure } = this.language;
    let overrun: string | undefined;
    const problem = this.buffer.cut(
      bytes,
      (b, start, end) => measure(listens, b, start, end),
      (frame) => {
        if (overrun !== undefined) return;
        const { command, items, tail } = wire.parse(frame, listens);
        // apsd drops a connection on a frame that its fields do not fill: nothing of it can be relied on.
        if (wire === tlv && tail.length > 0) overrun = 'a frame whose fields do not fill it';
        else heard.push(understand(readers[listens], command, items));
      },
    );
    this.broken = overrun ?? problem;
    return heard;
  }

  say(command: string, fields: FieldValues): Uint8Array {
    // The older dialect knows fewer fields: what it has no word for stays unsaid.
    const { wire, table } = this.language;
    const known = table[command]?.fields;
    const sayable = known === undefined ? fields : Object.fromEntries(Object.entries(fields).filter(([key]) => key in known));
    return wire.encode(command, sayable, this.listens === 0 ? 1 : 0);
  }

  sayMessage(body: PushBody, variant: Variant, one: Individual): Uint8Array {
    return this.say('message', messageFields(body, variant, one));
  }
}

/** apns-pack: dictionaries in each direction. */
class PackedSpeech implements Speech {
  readonly dialect = 'courier-packed' as const;
  private readonly reader: PackedReader;
  private readonly writer: PackedWriter;
  private readonly readers: ReadonlyMap<number, CommandReader>;
  private readonly speaks: Dir;
  private fatal: string | undefined;

  constructor(listens: Dir, c2sTable: number, s2cTable: number) {
    this.speaks = listens === 0 ? 1 : 0;
    this.reader = new PackedReader(listens, listens === 0 ? c2sTable : s2cTable);
    this.writer = new PackedWriter(listens === 0 ? s2cTable : c2sTable);
    this.readers = COURIER_READERS[listens];
  }

  get broken(): string | undefined {
    return this.fatal ?? this.reader.broken?.detail;
  }

  hear(bytes: Uint8Array): Heard[] {
    const heard: Heard[] = [];
    if (this.fatal !== undefined) return heard;
    for (const frame of this.reader.push(bytes)) {
      if (frame.fatal) {
        this.fatal = frame.notes.find((note) => note.severity === 'error')?.code ?? 'packed frame';
        break;
      }
      heard.push(understand(this.readers, frame.command, frame.items));
    }
    return heard;
  }

  say(command: string, fields: FieldValues): Uint8Array {
    const { id, attributes } = packedAttributes(command, fields, this.speaks);
    return this.writer.frame(id, attributes);
  }

  sayMessage(body: PushBody, variant: Variant, one: Individual): Uint8Array {
    return packedMessage(this.writer, body, variant, one);
  }
}
