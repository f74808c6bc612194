import type { Input, InputSink, InputState } from '../core/input.ts';
import { note } from '../schema/notes.ts';
import { CHECKPOINT_PACKETS } from './packet-index.ts';
import { PCAP_HEADER, type PcapHeader } from './pcap-header.ts';
import { PcapPlaces } from './pcap-places.ts';
import { beginsFile, findPcapRecord } from './pcap-resync.ts';
import { RecordBuffer } from './record-buffer.ts';
import type { Source } from './source.ts';
import type { Store } from './store.ts';

/**
 * Longest packet that a record may hold. The largest that Linux captures (BIG TCP) have 512 KiB; a larger length is
 * damage, and believing it would swallow the good records behind it.
 */
export const MAX_PACKET = 4 * 1024 * 1024;

/** Damaged places that are told one by one; a hostile file could have millions. */
const MAX_DAMAGE_NOTES = 100;

const MARK = CHECKPOINT_PACKETS - 1;

/** A classic pcap file of any byte order, time unit and record header. */
export class PcapInput implements Input {
  readonly name: string;
  readonly format = 'pcap';
  readonly header: PcapHeader;
  readonly address: number;
  private readonly source: Source;
  private readonly store: Store;
  private readonly records: RecordBuffer;
  private readonly places: PcapPlaces;
  private done = false;
  /** Packets read; the number of the last one. */
  private packets = 0;
  private count = 0;
  private lastSec = -1;
  /** Position where a damaged place began, while the next good record is looked for; -1 otherwise. */
  private damaged = -1;
  private damages = 0;

  constructor(source: Source, store: Store, header: PcapHeader) {
    this.name = source.name;
    this.source = source;
    this.store = store;
    this.header = header;
    this.address = source.address;
    this.records = new RecordBuffer(source, PCAP_HEADER);
    this.places = new PcapPlaces(source, store, header);
    store.addPackets(this.places);
  }

  get size(): number | undefined {
    return this.source.ended ? this.source.size : undefined;
  }

  get position(): number {
    return this.records.position;
  }

  step(sink: InputSink): InputState {
    if (this.done) return 'done';
    const records = this.records;
    const ended = this.source.ended;
    const got = records.fill();
    const address = this.address + records.base;
    this.store.lend(records.buf, records.start, records.end, address + records.start);
    const last = got === 0 && ended;
    if (this.damaged >= 0) this.seek(sink, last);
    while (this.damaged < 0) {
      records.start = this.walk(sink, records.buf, records.start, records.end, address);
      if (this.damaged < 0) {
        // A length that reaches behind the end of the file is damage when good records follow, and else a truncated tail.
        if (!last || !findPcapRecord(this.header, records.buf, records.start + 1, records.end, true, this.lastSec).good) break;
        this.damaged = this.position;
      }
      this.seek(sink, last);
    }
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

  /** Walks the complete records of `buf[at, end)`; returns where the first incomplete one starts, or sets `damaged`. */
  private walk(sink: InputSink, buf: Uint8Array, at: number, end: number, address: number): number {
    const { littleEndian, recordHeader, linkType, fcsLength, nanoseconds, lengths } = this.header;
    const view = new DataView(buf.buffer, buf.byteOffset, buf.length);
    const arrival = sink.at;
    const unit = nanoseconds ? 1_000_000_000 : 1_000_000;
    const scale = nanoseconds ? 1 : 1000;
    const modern = lengths === 'captured-first';
    let packet = this.packets;
    let count = this.count;
    let sec = this.lastSec;
    while (at + recordHeader <= end) {
      let captured = view.getInt32(at + 8, littleEndian);
      let wire = view.getInt32(at + 12, littleEndian);
      if (!modern && (lengths === 'wire-first' || captured > wire)) {
        const first = captured;
        captured = wire;
        wire = first;
      }
      if (captured <= 0 || captured > MAX_PACKET) {
        const again = captured === 0 && beginsFile(buf, at, end);
        if (again) sec = -1;
        if (again || captured !== 0) {
          this.damaged = address + at - this.address;
          break;
        }
      }
      const data = at + recordHeader;
      const next = data + captured;
      if (next > end) break;
      sec = view.getUint32(at, littleEndian);
      let fraction = view.getUint32(at + 4, littleEndian);
      if (fraction >= unit) {
        sec += Math.floor(fraction / unit);
        fraction %= unit;
      }
      if ((count++ & MARK) === 0) this.places.checkpoint(address + at - this.address, packet + 1);
      arrival.packet = ++packet;
      arrival.sec = sec;
      arrival.nsec = fraction * scale;
      sink.packet(buf, data, next, address + data, wire < captured ? (wire < 0 ? wire >>> 0 : captured) : wire, linkType, fcsLength);
      at = next;
    }
    this.packets = packet;
    this.count = count;
    this.lastSec = sec;
    return at;
  }

  /** Looks for the next good record behind a damaged place; ends the search at the end of the file. */
  private seek(sink: InputSink, last: boolean): void {
    const records = this.records;
    const from = records.base + records.start === this.damaged ? records.start + 1 : records.start;
    const found = findPcapRecord(this.header, records.buf, Math.min(from, records.end), records.end, last, this.lastSec);
    records.start = found.at;
    if (!found.good && !last) return;
    this.damages++;
    if (this.damages <= MAX_DAMAGE_NOTES) {
      const detail = `no record can start at offset ${this.damaged}; ${found.good ? `reading goes on at offset ${records.position}` : 'no later record was found'}`;
      sink.note(note('format.unreadable', this.damaged, records.position, detail));
    }
    // Between a checkpoint and its packets there must be records only: begin a new stretch.
    this.count = 0;
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
