/**
 * Every message of the run as JSON lines, in the shape and with the names of the analyzer's records (docs/json.md):
 * `stream` is the emulator's connection number; there are no packets. HTTP/2 requests and answers are whole, without frames.
 */
import { feedback } from '../../codec/feedback.ts';
import { gateway } from '../../codec/gateway.ts';
import { ios4 } from '../../codec/ios4.ts';
import { packedTableSizes } from '../../codec/packed/detect.ts';
import { PackedReader } from '../../codec/packed/live.ts';
import { tlv } from '../../codec/tlv.ts';
import type { WireDialect } from '../../codec/wire-syntax.ts';
import { UserError } from '../../core/errors.ts';
import type { Field, Message, Value } from '../../core/message.ts';
import { DIRECTION_NAMES, type Dir } from '../../core/stream.ts';
import { isoTime } from '../../core/time.ts';
import { COURIER } from '../../schema/courier.ts';
import { HTTP2_ROWS } from '../../schema/http2.ts';
import { HEADERS } from '../../schema/http2-headers.ts';
import { FrameBuffer } from '../courier/frame-buffer.ts';
import { alpnByBytes } from '../courier/speech.ts';
import { flatHex } from '../hex.ts';
import { requestFacts } from '../http2/api.ts';
import type { Exchange } from '../http2/server.ts';
import type { ConnectionTap } from './capture.ts';
import { EvidenceFile } from './file.ts';

const RECORD_VERSION = 1;
const HIDDEN = '‹redacted›';

interface Facts {
  readonly connection: number;
  readonly client: string;
  readonly server: string;
}

/** Field names of headers, as the analyzer has them. */
const HEADER_FIELDS: ReadonlyMap<string, string> = new Map(
  HEADERS.filter(({ name }) => name.startsWith('apns-')).map(({ name, ...row }) => {
    const alias = 'alias' in row && typeof row.alias === 'string' ? row.alias : undefined;
    return [name, alias?.startsWith('apns.') ? alias.slice(5) : name.slice(5).replaceAll('-', '_')];
  }),
);

export class MessageLog {
  private readonly out: EvidenceFile;
  private readonly now: () => number;
  private count = 0;

  /** `now`: milliseconds since the epoch. Throws `UserError` when the file cannot be written. */
  constructor(path: string, now: () => number) {
    this.now = now;
    try {
      this.out = new EvidenceFile(path);
    } catch (error) {
      throw new UserError('emulator.log', `Cannot write the log ${path}: ${(error as NodeJS.ErrnoException).code}.`);
    }
  }

  /** Logs what a connection of the courier, gateway or feedback says; give it the plaintext of both directions. */
  connection(server: 'courier' | 'gateway' | 'feedback', alpn: string | undefined, facts: Facts): ConnectionTap {
    let readers: readonly [MessageReader, MessageReader] | undefined =
      server === 'courier' ? undefined : pairOf(server === 'gateway' ? gateway : feedback);
    const early: Uint8Array[] = [];
    return {
      data: (dir, bytes) => {
        if (readers === undefined) {
          // The client speaks first: its first bytes tell the dialect of both directions.
          early.push(bytes);
          if (dir === 1) return;
          readers = courierReaders(alpn, early[0]);
          early.length = 0;
        }
        for (const { message, size } of readers[dir].push(bytes)) this.message(message, size, facts);
      },
      secret: () => {},
      end: () => {},
      reset: () => {},
    };
  }

  exchange({ connection, stream, request, answer, receivedAt }: Exchange): void {
    const facts = { connection: connection.number, client: connection.peer, server: connection.local };
    const { command, token, topic } = requestFacts(request);
    const fields: Record<string, unknown> = { streamid: stream, method: request.method, path: request.path };
    if (token !== undefined) fields['token'] = token;
    for (const [name, value] of request.headers) {
      const field = HEADER_FIELDS.get(name);
      if (name === 'authorization') fields['jwt'] = tokenFields(value);
      else if (field !== undefined) fields[field] = numeric(value);
    }
    if (request.body.length > 0) fields['payload'] = bodyOf(request.body);
    this.record(
      { dir: 0, dialect: 'http2', message: command, size: request.body.length, at: receivedAt, topic, id: stream, fields },
      facts,
    );
    if (answer === undefined) return;
    const said: Record<string, unknown> = { streamid: stream, status: answer.status };
    for (const [name, value] of Object.entries(answer.headers)) {
      const field = HEADER_FIELDS.get(name);
      if (field !== undefined) said[field] = value;
    }
    if (answer.body !== undefined) Object.assign(said, JSON.parse(answer.body));
    const message = HTTP2_ROWS.response.name;
    this.record(
      {
        dir: 1,
        dialect: 'http2',
        message,
        size: answer.body?.length ?? 0,
        at: this.now(),
        id: stream,
        status: answer.status,
        fields: said,
      },
      facts,
    );
  }

  /** Throws when the disk failed on the way. */
  close(): void {
    this.out.close();
  }

  private message(message: Message, size: number, facts: Facts): void {
    const find = (...names: string[]): Field | undefined => message.fields.find((field) => names.includes(field.name));
    const topic = message.command === 'filter' ? undefined : find('topic');
    const id = find('id', 'identifier')?.value;
    const status = find('status')?.value;
    this.record(
      {
        dir: message.dir,
        dialect: message.dialect,
        message: message.command,
        size,
        at: this.now(),
        topic: topic?.text,
        id: typeof id === 'number' ? id : undefined,
        status: typeof status === 'number' ? status : undefined,
        fields: fieldsOf(message.fields),
        notes: message.notes,
      },
      facts,
    );
  }

  private record(
    r: {
      dir: Dir;
      dialect: string;
      message: string;
      size: number;
      at: number;
      topic?: string | undefined;
      id?: number | undefined;
      status?: number | undefined;
      fields: unknown;
      notes?: readonly unknown[];
    },
    { connection, client, server }: Facts,
  ): void {
    const line = {
      v: RECORD_VERSION,
      n: ++this.count,
      time: isoTime(Math.floor(r.at / 1000), Math.round((r.at % 1000) * 1e6)),
      stream: connection,
      dir: DIRECTION_NAMES[r.dir],
      src: r.dir === 0 ? client : server,
      dst: r.dir === 0 ? server : client,
      dialect: r.dialect,
      message: r.message,
      size: r.size,
      topic: r.topic,
      id: r.id,
      status: r.status,
      fields: r.fields,
      notes: r.notes === undefined || r.notes.length === 0 ? undefined : r.notes,
    };
    this.out.write(Buffer.from(`${JSON.stringify(line)}\n`));
  }
}

interface MessageReader {
  push(bytes: Uint8Array): { readonly message: Message; readonly size: number }[];
}

function pairOf(dialect: WireDialect): readonly [MessageReader, MessageReader] {
  return [wireReader(dialect, 0), wireReader(dialect, 1)];
}

function courierReaders(alpn: string | undefined, first: Uint8Array): readonly [MessageReader, MessageReader] {
  const packed = alpn ?? alpnByBytes(first);
  const sizes = packed === undefined ? undefined : packedTableSizes(packed);
  if (sizes !== undefined) return [packedReader(0, sizes.c2s), packedReader(1, sizes.s2c)];
  return pairOf(first[0] < COURIER.connect.id ? ios4 : tlv);
}

function wireReader(dialect: WireDialect, dir: Dir): MessageReader {
  const buffer = new FrameBuffer();
  const { measure } = dialect.open({});
  let broken = false;
  return {
    push: (bytes) => {
      const out: { message: Message; size: number }[] = [];
      if (broken) return out;
      const problem = buffer.cut(
        bytes,
        (b, start, end) => measure(dir, b, start, end),
        (frame) => {
          out.push({ message: dialect.decode(frame, dir), size: frame.length });
        },
      );
      broken = problem !== undefined;
      return out;
    },
  };
}

function packedReader(dir: Dir, tableBytes: number): MessageReader {
  const reader = new PackedReader(dir, tableBytes);
  return { push: (bytes) => reader.push(bytes).map((frame) => ({ message: frame.message(), size: frame.bytes.length })) };
}

function fieldsOf(fields: readonly Field[]): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const repeated = new Set<string>();
  for (const field of fields) {
    const value = fieldValue(field);
    const { name } = field;
    if (!(name in out)) out[name] = value;
    else if (repeated.has(name)) (out[name] as unknown[]).push(value);
    else {
      repeated.add(name);
      out[name] = [out[name], value];
    }
  }
  return out;
}

function fieldValue(field: Field): unknown {
  if (field.privacy === 'credential') return HIDDEN;
  if (field.payload !== undefined) return bodyOf(field.payload);
  const plain = field.value === undefined || field.value === null || field.value instanceof Uint8Array;
  if (plain && field.children !== undefined && field.children.length > 0) return fieldsOf(field.children);
  return plainValue(field.value);
}

function plainValue(value: Value): unknown {
  if (value === undefined) return null;
  if (value instanceof Uint8Array) return flatHex(value);
  if (typeof value === 'bigint')
    return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : String(value);
  return value;
}

/** A payload that is JSON is that JSON; anything else is hex. */
function bodyOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
  } catch {
    return flatHex(bytes);
  }
}

function tokenFields(authorization: string): Record<string, unknown> {
  const parts = authorization.replace(/^bearer +/i, '').split('.');
  const read = (part: string | undefined): Record<string, unknown> => {
    const value = part === undefined ? undefined : bodyOf(Buffer.from(part, 'base64url'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  };
  return { ...read(parts[0]), ...read(parts[1]), signature: HIDDEN };
}

function numeric(value: string): string | number {
  return /^\d{1,15}$/.test(value) ? Number(value) : value;
}
