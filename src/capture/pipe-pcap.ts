import { EventEmitter } from 'node:events';
import { type PacketHeader, type Parser, parse } from 'pcap-parser';
import { u32, u32LE } from '../core/bytes.ts';
import type { Input, InputSink, InputState } from '../core/input.ts';
import { note } from '../schema/notes.ts';
import type { PacketPlace } from './packet-index.ts';
import { MAX_PACKET } from './pcap.ts';
import { PCAP_HEADER, type PcapHeader } from './pcap-header.ts';
import { PcapPlaces } from './pcap-places.ts';
import { beginsFile, findPcapRecord } from './pcap-resync.ts';
import { RecordBuffer } from './record-buffer.ts';
import type { Source } from './source.ts';
import type { Store } from './store.ts';

/** Length of a record header as pcap-parser knows it. */
const PLAIN_RECORD = 16;
/** Damaged places that are told one by one; a hostile input could have millions. */
const MAX_DAMAGE_NOTES = 100;

/**
 * Classic pcap from a pipe: the records are cut by npm `pcap-parser`, behind a guard for what that package does not do.
 *
 * The guard hands it whole records with checked lengths only, so its buffer stays empty (it would copy everything it holds for
 * each chunk, and believe any length). It is shown the microsecond magic of version 2.4 whatever the magic is: the fraction passes
 * through it as a 32-bit number and is scaled here, so nanoseconds stay exact. Record headers of other shapes (modified format,
 * old order of lengths) are rewritten to the plain one. Truncated tails, damage and empty inputs are told.
 * The bytes handed on are the spooled ones: addresses point into the source.
 */
export class PipePcapInput implements Input {
  readonly name: string;
  readonly format = 'pcap';
  readonly header: PcapHeader;
  readonly address: number;
  private readonly source: Source;
  private readonly store: Store;
  private readonly records: RecordBuffer;
  private readonly places: PcapPlaces;
  private readonly chunks = new EventEmitter();
  private readonly parser: Parser;
  private rewritten = Buffer.alloc(0);
  private sink: InputSink | undefined = undefined;
  /** Index in the record buffer of the record that the parser is about to hand out. */
  private at = 0;
  private packets = 0;
  private damaged = -1;
  private damages = 0;
  private lastSec = -1;
  private done = false;

  constructor(source: Source, store: Store, header: PcapHeader) {
    this.name = source.name;
    this.source = source;
    this.store = store;
    this.header = header;
    this.address = source.address;
    this.records = new RecordBuffer(source, PCAP_HEADER);
    this.places = new PcapPlaces(source, store, header);
    store.addPackets(this);
    this.parser = startParser(this.chunks, header.littleEndian);
    this.parser.on('packetHeader', (record) => this.packetOf(record));
  }

  get size(): number | undefined {
    return this.source.ended ? this.source.size : undefined;
  }

  get position(): number {
    return this.records.position;
  }

  step(sink: InputSink): InputState {
    if (this.done) return 'done';
    this.sink = sink;
    const { records } = this;
    const { ended } = this.source;
    const got = records.fill();
    const last = got === 0 && ended;
    this.store.lend(records.buf, records.start, records.end, this.address + records.position);
    do {
      if (this.damaged >= 0) this.seek(sink, last);
      if (this.damaged >= 0) break;
      this.pass();
    } while (this.damaged >= 0);
    if (got > 0) return 'more';
    if (!ended) return 'starved';
    this.finish(sink);
    return 'done';
  }

  ready(): Promise<void> {
    return this.source.ready();
  }

  close(): void {
    this.source.close();
  }

  locate(address: number): PacketPlace | undefined {
    return this.places.locate(address);
  }

  packet(number: number): PacketPlace | undefined {
    return this.places.packet(number);
  }

  /** Hands all complete records at the front of the buffer to the parser. */
  private pass(): void {
    const { records, header } = this;
    const { buf, start, end } = records;
    const word = header.littleEndian ? u32LE : u32;
    let at = start;
    let again = false;
    while (at + header.recordHeader <= end) {
      const captured = this.places.captured(word(buf, at + 8), word(buf, at + 12));
      again = captured === 0 && beginsFile(buf, at, end);
      if (again || captured > MAX_PACKET) {
        this.damaged = records.base + at;
        break;
      }
      if (at + header.recordHeader + captured > end) break;
      at += header.recordHeader + captured;
    }
    if (at > start) this.feed(start, at);
    if (again) this.lastSec = -1;
    records.start = at;
  }

  private feed(start: number, end: number): void {
    const { buf } = this.records;
    this.at = start;
    // A chunk would be copied behind the parser's empty buffer, with a constructor that Node warns of.
    this.parser.buffer = null;
    const plain = this.header.recordHeader === PLAIN_RECORD && this.header.lengths === 'captured-first';
    this.chunks.emit('data', plain ? Buffer.from(buf.buffer, buf.byteOffset + start, end - start) : this.plainRecords(start, end));
  }

  /** A copy of the records with plain headers: captured length first, nothing behind the wire length. */
  private plainRecords(start: number, end: number): Buffer {
    const { buf } = this.records;
    const { littleEndian, recordHeader } = this.header;
    const word = littleEndian ? u32LE : u32;
    if (this.rewritten.length < end - start) this.rewritten = Buffer.alloc(end - start);
    const out = this.rewritten;
    let to = 0;
    for (let at = start; at < end; ) {
      const captured = this.places.captured(word(buf, at + 8), word(buf, at + 12));
      const swapped = captured !== word(buf, at + 8);
      out.set(buf.subarray(at, at + 8), to);
      out.set(buf.subarray(swapped ? at + 12 : at + 8, swapped ? at + 16 : at + 12), to + 8);
      out.set(buf.subarray(swapped ? at + 8 : at + 12, swapped ? at + 12 : at + 16), to + 12);
      out.set(buf.subarray(at + recordHeader, at + recordHeader + captured), to + PLAIN_RECORD);
      at += recordHeader + captured;
      to += PLAIN_RECORD + captured;
    }
    return out.subarray(0, to);
  }

  /** The parser has read a record header; its packet is complete, as only whole records are fed. */
  private packetOf(record: PacketHeader): void {
    const { header, records } = this;
    const sink = this.sink as InputSink;
    const data = this.at + header.recordHeader;
    const end = data + record.capturedLength;
    const unit = header.nanoseconds ? 1_000_000_000 : 1_000_000;
    let sec = record.timestampSeconds;
    let fraction = record.timestampMicroseconds;
    if (fraction >= unit) {
      sec += Math.floor(fraction / unit);
      fraction %= unit;
    }
    this.lastSec = sec;
    sink.at.packet = ++this.packets;
    sink.at.sec = sec;
    sink.at.nsec = header.nanoseconds ? fraction : fraction * 1000;
    this.places.mark(records.base + this.at, sink.at.packet);
    const wire = Math.max(record.originalLength, record.capturedLength);
    sink.packet(records.buf, data, end, this.address + records.base + data, wire, header.linkType, header.fcsLength);
    this.at = end;
  }

  /** Looks for the next good record behind a damaged place; ends the search at the end of the input. */
  private seek(sink: InputSink, last: boolean): void {
    const { records } = this;
    const from = records.position === this.damaged ? records.start + 1 : records.start;
    const found = findPcapRecord(this.header, records.buf, Math.min(from, records.end), records.end, last, this.lastSec);
    records.start = found.at;
    if (!found.good && !last) return;
    if (++this.damages <= MAX_DAMAGE_NOTES) {
      const detail = `no record can start at offset ${this.damaged}; ${found.good ? `reading goes on at offset ${records.position}` : 'no later record was found'}`;
      sink.note(note('format.unreadable', this.damaged, records.position, detail));
    }
    this.places.restart();
    this.damaged = -1;
    if (!found.good) records.start = records.end;
  }

  private finish(sink: InputSink): void {
    this.done = true;
    const { position } = this;
    const rest = this.records.end - this.records.start;
    if (rest > 0) sink.note(note('format.truncated', position, position + rest, `${rest} bytes of a record at offset ${position}`));
  }
}

/** A parser that has read a plain file header of this byte order and waits for records. */
function startParser(chunks: EventEmitter, littleEndian: boolean): Parser {
  const stream = Object.assign(chunks, { pause() {}, resume() {} });
  const parser = parse(stream);
  parser.on('error', (error) => {
    throw error;
  });
  const head = Buffer.alloc(PCAP_HEADER);
  if (littleEndian) head.set([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);
  else head.set([0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4]);
  stream.emit('data', head);
  return parser;
}
