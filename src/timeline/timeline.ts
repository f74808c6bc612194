import type { Glance } from '../core/glance.ts';
import { CAPTURE_ENTRY, DIALECT, DIALECTS, type DialectName, type Field, type Message } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import { type ByteStore, HOLE } from '../core/stream.ts';
import { count } from '../core/text.ts';
import { note } from '../schema/notes.ts';
import type { StreamSummary } from '../session/analysis.ts';
import type { Delivery } from '../session/rules/deliveries.ts';
import type { TokenVerifier } from '../session/source.ts';
import { FLAG_PIECES, FLAG_UNTIMED } from './columns.ts';
import { MessageCache } from './message-cache.ts';
import type { Redactor } from './redact.ts';
import type { Rows } from './rows.ts';
import { peers, type StreamRecord } from './streams.ts';

/** A row's bytes, with the parts that the capture does not hold. */
export interface RowBytes {
  readonly bytes: Uint8Array;
  /** Half-open ranges of `bytes` that are missing and zero. */
  readonly holes: readonly { start: number; end: number }[];
}

/** Where a range of a row's bytes lies in the store. */
export interface Place {
  readonly start: number;
  readonly end: number;
  /** `HOLE` when the capture does not hold it. */
  readonly address: number;
}

/** Turns a row's bytes into a message: dialects, TLS and payload decoders behind one door. */
export interface Decoders {
  decode(dialect: number, bytes: Uint8Array, dir: 0 | 1, aux: Uint8Array | undefined): Message | undefined;
  /**
   * Fills `glance` with the label, the token, the info line and the notes of the message that `decode` and `expand` would make.
   * False when that takes making it, or the dialect has no such way.
   */
  glance(dialect: number, bytes: Uint8Array, dir: 0 | 1, aux: Uint8Array | undefined, glance: Glance): boolean;
  /** The same for a row of TLS, of what the index kept beside it. */
  glanceTls(aux: Uint8Array, glance: Glance): boolean;
  tls(type: number, bytes: Uint8Array, dir: 0 | 1, aux: Uint8Array | undefined): Message | undefined;
  /** Adds what is inside payload fields. */
  expand(message: Message, bytes: Uint8Array): Message;
  /** The JSON form of a payload, valid JSON text; undefined when it has none. */
  payloadJson(bytes: Uint8Array): string | undefined;
  /** `bytes[start, end)` is a JSON object on one line in which nothing is wrong, so that it can stand in a record as it is. */
  isJsonLine(bytes: Uint8Array, start: number, end: number): boolean;
  /** A topic as people write it: the name behind a hash where it is known, else hex. */
  topicName(topic: Uint8Array): string;
  /** Topic names that were learned so far: what `topicName` said before holds as long as it stays the same. */
  learnedNames(): number;
}

/** What rules over more than one message know; made by `analysis.ts` where it is wanted. */
export interface AnalysisView {
  /** Set: rules look at rows only in `advance`, so that a screen never waits; rows that they have not seen have neither pair nor finding. */
  held: boolean;
  /** The rules have looked at everything that is there. */
  readonly settled: boolean;
  /** Looks at up to `rows` more rows; true when that was all. */
  advance(rows: number): boolean;
  /** Rows before this one are gone: what is known of them is given back. */
  drop(row: number): void;
  /** The row that answers this one, or that this one answers; -1. */
  pair(row: number): number;
  /** Time between question and answer, on either of them. */
  rttNanos(row: number): bigint | undefined;
  findings(row: number): readonly Note[];
  /** Whether rules over several messages found something on this row; cheap, nothing is decoded. */
  has(row: number): boolean;
  /** All findings in the order of the rows. Decodes the rows that have rules of their own. */
  all(): Iterable<{ readonly row: number; readonly note: Note }>;
  /** How often each code was found by rules over several messages, the most frequent first. */
  tally(): readonly (readonly [code: string, count: number])[];
  /** Pushes that are seen on both sides, in the order in which they arrived. */
  deliveries(): readonly Delivery[];
  /** Who speaks on a stream, and the state of the connection; undefined when no dialect of ours was spoken. */
  roles(stream: number): StreamSummary | undefined;
}

/** Decoded rows kept, where they are not large. */
const DECODED_ROWS = 512;

/** Rows up to this length share buffers of sixteen times as much: a buffer for each row is what a listing would mostly spend its time on. */
const SHARED_ROW = 4096;
const SHARED_BUFFER = 16 * SHARED_ROW;

/** All that was indexed, and the way from a row back to its bytes and its meaning. */
export class Timeline {
  readonly rows: Rows;
  readonly store: ByteStore;
  readonly streams: StreamRecord[];
  /** Notes about files and packets that belong to no row. */
  readonly notes: Note[] = [];
  packets = 0;
  /** Rows before this one left the list (ring limit). Their numbers are not given again. */
  first = 0;
  /** The input was read to its end: no more rows come. */
  complete = false;
  /** Set: every message, address and payload is shown by pseudonyms, and bytes are not shown. */
  redactor: Redactor | undefined = undefined;
  analysis: AnalysisView | undefined = undefined;
  /** Checks signatures of provider tokens, where the user gave keys; injected at the edge. */
  verifyToken: TokenVerifier | undefined = undefined;
  /** A quick search for bytes in bytes, injected at the edge. */
  search: ((hay: Uint8Array, needle: Uint8Array, from: number) => number) | undefined = undefined;
  /** The header of the Ethernet packet that a row began in, injected at the edge; undefined for other links and inputs. */
  linkHeader: (row: number) => Uint8Array | undefined = () => undefined;
  readonly decoders: Decoders;
  /** Decoded messages kept; a listing, which goes once from the first to the last, needs few. */
  kept = DECODED_ROWS;
  private readonly decoded = new MessageCache();
  private readonly redacted = new MessageCache();

  constructor(rows: Rows, store: ByteStore, streams: StreamRecord[], decoders: Decoders) {
    this.rows = rows;
    this.store = store;
    this.streams = streams;
    this.decoders = decoders;
  }

  get length(): number {
    return this.rows.columns.rows;
  }

  dialect(row: number): DialectName {
    return DIALECTS[this.rows.columns.type(row) >>> 8] ?? 'capture';
  }

  timed(row: number): boolean {
    return (this.rows.columns.flags(row) & FLAG_UNTIMED) === 0;
  }

  /** Client and server of a stream as they may be shown. */
  peers(stream: number): { client: string; server: string } {
    const ends = this.unredactedPeers(stream);
    const { redactor } = this;
    return redactor === undefined ? ends : { client: redactor.address(ends.client), server: redactor.address(ends.server) };
  }

  /** Client and server of a stream as they are, to decide by. */
  unredactedPeers(stream: number): { client: string; server: string } {
    const record = this.streams[stream];
    return record === undefined ? { client: '', server: '' } : peers(record);
  }

  /** An address or host name as it may be shown. */
  host(name: string): string {
    return this.redactor === undefined ? name : this.redactor.address(name);
  }

  /** The topic of a row, or undefined when it has none. */
  topicName(row: number): string | undefined {
    const topic = this.rows.columns.topic(row);
    return topic < 0 ? undefined : this.decoders.topicName(this.rows.topics.values[topic]);
  }

  /** Where the row's bytes lie, piece by piece. */
  places(row: number): Place[] {
    const columns = this.rows.columns;
    const length = columns.length(row);
    if ((columns.flags(row) & FLAG_PIECES) === 0) {
      return length === 0 ? [] : [{ start: 0, end: length, address: columns.address(row) }];
    }
    const places: Place[] = [];
    const pieces = this.rows.pieces;
    let at = 0;
    for (let i = columns.address(row); at < length && i < pieces.count; i++) {
      const size = pieces.length(i);
      places.push({ start: at, end: at + size, address: pieces.address(i) });
      at += size;
    }
    return places;
  }

  /** The row's bytes, in memory of their own. A gap row has none. */
  bytes(row: number): RowBytes {
    const columns = this.rows.columns;
    if (columns.type(row) === (DIALECT.capture << 8) + CAPTURE_ENTRY.gap) return { bytes: new Uint8Array(0), holes: [] };
    const bytes = this.room(columns.length(row));
    const holes: { start: number; end: number }[] = [];
    for (const place of this.places(row)) {
      if (place.address === HOLE) holes.push({ start: place.start, end: place.end });
      else {
        const got = this.store.read(place.address, place.end - place.start);
        bytes.set(got, place.start);
        if (got.length < place.end - place.start) holes.push({ start: place.start + got.length, end: place.end });
      }
    }
    return { bytes, holes };
  }

  private shared = new Uint8Array(0);
  private sharedEnd = 0;

  /** Zeros that are used for nothing else. */
  private room(length: number): Uint8Array {
    if (length > SHARED_ROW) return new Uint8Array(length);
    if (this.sharedEnd + length > this.shared.length) {
      this.shared = new Uint8Array(SHARED_BUFFER);
      this.sharedEnd = 0;
    }
    const start = this.sharedEnd;
    this.sharedEnd += length;
    return this.shared.subarray(start, this.sharedEnd);
  }

  aux(row: number): Uint8Array | undefined {
    const length = this.rows.columns.auxLength(row);
    return length === 0 ? undefined : this.store.read(this.rows.columns.auxAddress(row), length).slice();
  }

  /** The decoded message of a row, as it may be shown. Repeated calls for nearby rows are cheap. */
  message(row: number): Message {
    const { redactor } = this;
    if (redactor === undefined) return this.unredacted(row);
    return this.redacted.message(row, this.weight(row), this.kept, () => redactor.message(this.decode(row, false), this.ends(row)));
  }

  /** The message as it is, to decide by: filters ask for what is in the capture, also where the output hides it. */
  unredacted(row: number): Message {
    return this.decoded.message(row, this.weight(row), this.kept, () => this.decode(row));
  }

  private weight(row: number): number {
    const { columns } = this.rows;
    return columns.length(row) + columns.auxLength(row);
  }

  /** Notes on a row that are kept apart from its message, as they may be shown. */
  shownNotes(row: number, notes: readonly Note[]): readonly Note[] {
    if (this.redactor === undefined || notes.length === 0) return notes;
    return this.redactor.notes(notes, this.decode(row, false), this.ends(row));
  }

  private ends(row: number): string[] {
    const record = this.streams[this.rows.columns.stream(row)];
    return record === undefined ? [] : [record.endpoints.a, record.endpoints.b].filter((end) => end !== '');
  }

  /** The message as rules need it: payloads closed, nothing redacted, nothing kept. */
  plainMessage(row: number): Message {
    return this.decode(row, false);
  }

  private decode(row: number, expand = true): Message {
    const columns = this.rows.columns;
    const type = columns.type(row);
    const code = type >>> 8;
    if (row < columns.gone) return GONE;
    const { bytes, holes } = this.bytes(row);
    if (code === DIALECT.capture) return captureMessage(type, columns.dir(row), columns.length(row), bytes, columns.severity(row));
    const dir = columns.dir(row);
    const aux = this.aux(row);
    const message = code === DIALECT.tls ? this.decoders.tls(type, bytes, dir, aux) : this.decoders.decode(code, bytes, dir, aux);
    if (message === undefined) return captureMessage((DIALECT.capture << 8) + CAPTURE_ENTRY.unknown, dir, bytes.length, bytes, 0);
    return withHoles(expand ? this.decoders.expand(message, bytes) : message, holes);
  }
}

/** What is left of a message that the ring limit took. */
const GONE: Message = {
  dialect: 'capture',
  type: (DIALECT.capture << 8) + CAPTURE_ENTRY.unknown,
  dir: 0,
  command: 'unknown',
  label: 'Gone',
  fields: [],
  notes: [],
  info: 'gone: only the newest messages are kept',
};

/** What is no message: unknown bytes, a hole, bytes skipped to find the next frame, a frame cut short. */
function captureMessage(type: number, dir: 0 | 1, length: number, bytes: Uint8Array, severity: number): Message {
  const entry = type & 0xff;
  const size = count(length, 'byte');
  const at = { start: 0, end: bytes.length };
  const base = { dialect: 'capture' as const, type, dir };
  if (entry === CAPTURE_ENTRY.gap) {
    const missing = length === 0 ? 'an unknown number of bytes' : size;
    return {
      ...base,
      command: 'gap',
      label: 'Gap',
      fields: [],
      notes: [note('capture.gap', 0, 0, `${missing} missing`)],
      info: `${missing} not in the capture`,
    };
  }
  const fields: Field[] = [
    { name: 'data', label: 'Data', value: bytes, text: size, at, privacy: 'content', payload: bytes, filter: 'data.data' },
  ];
  if (entry === CAPTURE_ENTRY.truncated) {
    return {
      ...base,
      command: 'truncated',
      label: 'Truncated message',
      fields,
      notes: [note('capture.truncated-message', 0, length)],
      info: `${size} of a message whose rest is not in the capture`,
    };
  }
  if (entry === CAPTURE_ENTRY.skipped) {
    const code = severity === 3 ? 'capture.broken-bytes' : 'capture.skipped-bytes';
    return {
      ...base,
      command: 'skipped',
      label: 'Skipped bytes',
      fields,
      notes: [note(code, 0, length)],
      info: `${size} that begin no message`,
    };
  }
  return { ...base, command: 'unknown', label: 'Unknown data', fields, notes: [], info: `${size} of an unknown protocol` };
}

/** Marks the fields that lie in holes: their bytes are not known, whatever the zeros in their place decode to. */
function withHoles(message: Message, holes: RowBytes['holes']): Message {
  if (holes.length === 0) return message;
  const mark = (field: Field): Field => {
    const at = field.at;
    const hit = at === undefined ? undefined : holes.find((h) => h.start < at.end && at.start < h.end);
    if (hit === undefined || at === undefined) return field;
    const lost = Math.min(hit.end, at.end) - Math.max(hit.start, at.start);
    return { ...field, value: undefined, text: `${count(lost, 'byte')} of ${at.end - at.start} not in the capture`, children: [] };
  };
  // A field whose header lies in a hole is zeros taken for a header.
  const fields = message.fields
    .filter((f) => !holes.some((h) => f.at !== undefined && h.start <= f.at.start - 1 && f.at.start <= h.end && f.at.end <= h.end))
    .map(mark);
  // What is wrong from the first hole on may come from the hole and says nothing about the wire.
  const notes = message.notes.filter((n) => n.end <= holes[0].start);
  const lost = holes.map((h) => note('capture.hole', h.start, h.end, `${count(h.end - h.start, 'byte')} missing`));
  return {
    ...message,
    fields,
    notes: [...notes, ...lost],
    info: `${message.info} [${lost.length === 1 ? 'hole' : 'holes'} in the capture]`,
  };
}
