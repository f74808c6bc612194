import { ios4 } from '../../codec/ios4.ts';
import { packItems } from '../../codec/packed/convert.ts';
import { packedTableSizes } from '../../codec/packed/detect.ts';
import { PackedReader } from '../../codec/packed/live.ts';
import { packedAttributes } from '../../codec/packed/message.ts';
import { PackedWriter } from '../../codec/packed/writer.ts';
import { tlv } from '../../codec/tlv.ts';
import { u32 } from '../../core/bytes.ts';
import { BROKEN, NEED } from '../../core/dialect.ts';
import type { Field, Message } from '../../core/message.ts';
import type { Dir } from '../../core/stream.ts';
import type { FieldValues } from '../../schema/build.ts';
import { printWire, type WireOut } from '../outgoing.ts';

/** Longest frame that is waited for: sixteen times the largest message that couriers announce, room for long filters. */
const MAX_FRAME = 256 * 1024;

/** One of the courier's three languages on a live connection, with tables of its own: bytes to messages, and back. */
export class CourierWire {
  readonly ios4: boolean;
  /** Whether what was heard last cannot be read on: not even frames. */
  broken = false;
  private readonly hears: Dir;
  private readonly reader: PackedReader | undefined;
  private readonly writer: PackedWriter | undefined;
  private pending: Buffer = Buffer.alloc(0);

  /** `alpn`: packed names bring the sizes of their tables; anything else is unpacked. `hears`: the direction of what comes in. */
  constructor(alpn: string | undefined, ios4: boolean, hears: Dir) {
    this.ios4 = ios4;
    this.hears = hears;
    const sizes = ios4 || alpn === undefined ? undefined : packedTableSizes(alpn);
    if (sizes === undefined) return;
    this.reader = new PackedReader(hears, hears === 0 ? sizes.c2s : sizes.s2c);
    this.writer = new PackedWriter(hears === 0 ? sizes.s2c : sizes.c2s);
  }

  get packed(): boolean {
    return this.writer !== undefined;
  }

  hear(bytes: Buffer, heard: (message: Message) => void): void {
    if (this.broken) return;
    if (this.reader !== undefined) {
      for (const frame of this.reader.push(bytes)) {
        if (frame.fatal) {
          this.broken = true;
          return;
        }
        heard(frame.message());
      }
      this.broken = this.reader.broken !== undefined;
      return;
    }
    const dialect = this.ios4 ? ios4 : tlv;
    const { measure } = dialect.open({});
    const data = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    let at = 0;
    while (at < data.length) {
      const length = measure(this.hears, data, at, data.length);
      this.broken = length === BROKEN || length > MAX_FRAME;
      if (this.broken || length === NEED || at + length > data.length) break;
      heard(dialect.decode(data.subarray(at, at + length), this.hears));
      at += length;
    }
    this.pending = data.subarray(at);
  }

  /** A recorded message in this language; its dialect must be of the same family. Throws `EncodeError`. */
  encode(out: WireOut): Uint8Array {
    if (this.writer === undefined) return printWire(out);
    return this.writer.frame(out.syntax.command, packItems(out.dir, out.syntax.command, out.items));
  }

  say(command: string, fields: FieldValues): Uint8Array {
    const dir: Dir = this.hears === 0 ? 1 : 0;
    if (this.writer === undefined) return (this.ios4 ? ios4 : tlv).encode(command, fields, dir);
    const { id, attributes } = packedAttributes(command, fields, dir);
    return this.writer.frame(id, attributes);
  }
}

function fieldOf(message: Message, name: string): Field | undefined {
  return message.fields.find((field) => field.name === name);
}

/** The bytes of a field; undefined when the message has none. */
export function bytesOf(message: Message, name: string): Uint8Array | undefined {
  const value = fieldOf(message, name)?.value;
  return value instanceof Uint8Array ? value : undefined;
}

/** The number of a field; the packed encoding writes ids as numbers, the other as four bytes. */
export function numberOf(message: Message, name: string): number | undefined {
  const value = fieldOf(message, name)?.value;
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  return value instanceof Uint8Array && value.length === 4 ? u32(value, 0) : undefined;
}
