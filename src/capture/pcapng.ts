import type { Input, InputSink, InputState } from '../core/input.ts';
import { note } from '../schema/notes.ts';
import { CHECKPOINT_PACKETS } from './packet-index.ts';
import { BLOCK, findBlock, LITTLE, MAX_BLOCK, MIN_BLOCK, type Order, sectionOrder } from './pcapng-block.ts';
import { PcapngPlaces } from './pcapng-places.ts';
import { secretsOf } from './pcapng-secrets.ts';
import { type PacketParts, readPacketBlock, Section } from './pcapng-section.ts';
import { RecordBuffer } from './record-buffer.ts';
import type { Source } from './source.ts';
import type { Store } from './store.ts';

/** Damaged places that are told one by one; a hostile file could have millions. */
const MAX_DAMAGE_NOTES = 100;

const MARK = CHECKPOINT_PACKETS - 1;

const ETHERNET = 1;

const parts: PacketParts = { iface: -1, data: 0, captured: 0, wire: 0, timed: false, high: 0, low: 0, options: 0 };

/** A pcapng file: sections in either byte order, interfaces with their own link types and clocks, packets of all three kinds. */
export class PcapngInput implements Input {
  readonly name: string;
  readonly format = 'pcapng';
  private readonly source: Source;
  private readonly store: Store;
  private readonly records: RecordBuffer;
  private readonly places: PcapngPlaces;
  private section: Section;
  private done = false;
  /** Packets read; the number of the last one. */
  private packets = 0;
  private count = 0;
  /** Position where a damaged place began, while the next good block is looked for; -1 otherwise. */
  private damaged = -1;
  private damages = 0;
  private strangers = 0;

  /** The source starts with a section header block. */
  constructor(source: Source, store: Store) {
    this.name = source.name;
    this.source = source;
    this.store = store;
    this.records = new RecordBuffer(source, 0);
    this.section = new Section(LITTLE);
    this.places = new PcapngPlaces(source, store);
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
    const { records } = this;
    const ended = this.source.ended;
    const got = records.fill();
    const address = this.source.address + records.base;
    this.store.lend(records.buf, records.start, records.end, address + records.start);
    const last = got === 0 && ended;
    if (this.damaged >= 0) this.seek(sink, last);
    while (this.damaged < 0) {
      records.start = this.walk(sink, records.buf, records.start, records.end, address);
      if (this.damaged < 0) {
        // A length that reaches behind the end of the file is damage when good blocks follow, and else a truncated tail.
        if (!last || !findBlock(this.section.order, records.buf, records.start + 1, records.end, true).good) break;
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

  /** Walks the complete blocks of `buf[at, end)`; returns where the first incomplete one starts, or sets `damaged`. */
  private walk(sink: InputSink, buf: Uint8Array, at: number, end: number, address: number): number {
    let section = this.section;
    while (at + MIN_BLOCK <= end) {
      let type: number;
      let length: number;
      if (section.order.littleEndian) {
        type = buf[at] | (buf[at + 1] << 8) | (buf[at + 2] << 16) | (buf[at + 3] << 24);
        length = buf[at + 4] | (buf[at + 5] << 8) | (buf[at + 6] << 16) | (buf[at + 7] << 24);
      } else {
        type = (buf[at] << 24) | (buf[at + 1] << 16) | (buf[at + 2] << 8) | buf[at + 3];
        length = (buf[at + 4] << 24) | (buf[at + 5] << 16) | (buf[at + 6] << 8) | buf[at + 7];
      }
      if (type === BLOCK.section) {
        const order = sectionOrder(buf, at);
        length = order === undefined ? -1 : order.u32(buf, at + 4);
        if (order !== undefined && length >= 28 && length <= MAX_BLOCK && at + length <= end) section = this.beginSection(order);
      }
      if (length < MIN_BLOCK || length > MAX_BLOCK || (length & 3) !== 0) {
        this.damaged = address + at - this.source.address;
        return at;
      }
      const next = at + length;
      if (next > end) return at;
      if (section.order.u32(buf, next - 4) !== length) {
        this.damaged = address + at - this.source.address;
        return at;
      }
      if (type === BLOCK.enhancedPacket || type === BLOCK.packet || type === BLOCK.simplePacket)
        this.packet(sink, section, type, buf, at, length, address);
      else this.other(sink, section, type >>> 0, buf, at, length);
      at = next;
    }
    return at;
  }

  private beginSection(order: Order): Section {
    this.section = new Section(order);
    this.places.section(this.section);
    return this.section;
  }

  private packet(sink: InputSink, section: Section, type: number, buf: Uint8Array, at: number, length: number, address: number): void {
    readPacketBlock(section, type, buf, at, length, parts);
    const iface = section.interfaces[parts.iface];
    if (iface === undefined) {
      this.stranger(sink, address + at - this.source.address, length);
      return;
    }
    const arrival = sink.at;
    const packet = ++this.packets;
    if ((this.count++ & MARK) === 0) this.places.checkpoint(address + at - this.source.address, packet);
    arrival.packet = packet;
    if (parts.timed) iface.clock.read(parts.high, parts.low, arrival);
    else {
      arrival.sec = Number.NaN;
      arrival.nsec = 0;
    }
    const { data, captured, wire, options } = parts;
    const end = at + length - 4;
    let fcs = iface.fcsLength;
    if (section.processes.length > 0) sink.process(section.processOf(buf, options, end));
    if (options < end && iface.linkType !== ETHERNET) fcs = section.fcsOf(iface, buf, options, end);
    sink.packet(buf, data, data + captured, address + data, wire, iface.linkType, fcs);
  }

  private other(sink: InputSink, section: Section, type: number, buf: Uint8Array, at: number, length: number): void {
    if (type === BLOCK.interface) section.addInterface(buf, at, length);
    else if (type === BLOCK.process) section.addProcess(buf, at, length);
    else if (type === BLOCK.secrets) secretsOf(section.order, buf, at, length, (kind, bytes) => sink.secrets(kind, bytes));
  }

  /** A packet of an interface that nobody described: its link type and clock are unknown. */
  private stranger(sink: InputSink, position: number, length: number): void {
    if (++this.strangers > MAX_DAMAGE_NOTES) return;
    sink.note(
      note(
        'format.unreadable',
        position,
        position + length,
        `a packet at offset ${position} names interface ${parts.iface}, which the file does not describe`,
      ),
    );
  }

  private seek(sink: InputSink, last: boolean): void {
    const { records } = this;
    const from = records.base + records.start === this.damaged ? records.start + 1 : records.start;
    const found = findBlock(this.section.order, records.buf, Math.min(from, records.end), records.end, last);
    records.start = found.at;
    if (!found.good && !last) return;
    if (++this.damages <= MAX_DAMAGE_NOTES) {
      const detail = `no block can start at offset ${this.damaged}; ${found.good ? `reading goes on at offset ${records.position}` : 'no later block was found'}`;
      sink.note(note('format.unreadable', this.damaged, records.position, detail));
    }
    this.count = 0;
    this.damaged = -1;
    if (!found.good) records.start = records.end;
  }

  private finish(sink: InputSink): void {
    this.done = true;
    const { position } = this;
    const rest = this.records.end - this.records.start;
    if (rest > 0) sink.note(note('format.truncated', position, position + rest, `${rest} bytes of a block at offset ${position}`));
  }
}
