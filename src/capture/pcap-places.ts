import { u32, u32LE } from '../core/bytes.ts';
import { CHECKPOINT_PACKETS, PacketIndex, type PacketLocator, type PacketPlace } from './packet-index.ts';
import type { PcapHeader } from './pcap-header.ts';
import type { Source } from './source.ts';
import type { Store } from './store.ts';

/** Finds records of a classic capture again, from a checkpoint every 256 packets. */
export class PcapPlaces implements PacketLocator {
  readonly address: number;
  private readonly source: Source;
  private readonly store: Store;
  private readonly header: PcapHeader;
  private readonly index = new PacketIndex();
  private count = 0;

  constructor(source: Source, store: Store, header: PcapHeader) {
    this.source = source;
    this.store = store;
    this.header = header;
    this.address = source.address;
  }

  /** A record starts at `position` of the source; `packet` is its number. Called for every record in order. */
  mark(position: number, packet: number): void {
    if (this.count++ % CHECKPOINT_PACKETS === 0) this.index.mark(position, packet, 0);
  }

  /** The same for callers that count: to be called for the first record of a stretch and every 256th behind it. */
  checkpoint(position: number, packet: number): void {
    this.index.mark(position, packet, 0);
  }

  /** The next record does not follow the last one: between a checkpoint and its packets there must be records only. */
  restart(): void {
    this.count = 0;
  }

  /** Captured length out of the two length fields of a record. */
  captured(first: number, second: number): number {
    const { lengths } = this.header;
    return lengths === 'wire-first' || (lengths === 'either' && first > second) ? second : first;
  }

  locate(address: number): PacketPlace | undefined {
    const position = address - this.address;
    const place = this.walkFrom(this.index.beforePosition(position), (p) => p.dataAddress + p.capturedLength > address);
    return place !== undefined && place.dataAddress <= address ? place : undefined;
  }

  packet(number: number): PacketPlace | undefined {
    const place = this.walkFrom(this.index.beforeNumber(number), (p) => p.packet >= number);
    return place?.packet === number ? place : undefined;
  }

  /** The first packet at or behind a checkpoint that `found` accepts. */
  private walkFrom(checkpoint: number, found: (place: PacketPlace) => boolean): PacketPlace | undefined {
    if (checkpoint < 0) return undefined;
    let position = this.index.position(checkpoint);
    let packet = this.index.number(checkpoint);
    for (let i = 0; i < CHECKPOINT_PACKETS; i++) {
      const place = this.place(position, packet++);
      if (place === undefined || found(place)) return place;
      position += this.header.recordHeader + place.capturedLength;
    }
    return undefined;
  }

  private place(position: number, packet: number): PacketPlace | undefined {
    const { littleEndian, nanoseconds, recordHeader, linkType } = this.header;
    const bytes = this.store.read(this.address + position, recordHeader);
    if (bytes.length < recordHeader) return undefined;
    const word = littleEndian ? u32LE : u32;
    const fraction = word(bytes, 4);
    const unit = nanoseconds ? 1_000_000_000 : 1_000_000;
    const capturedLength = this.captured(word(bytes, 8), word(bytes, 12));
    return {
      packet,
      sec: word(bytes, 0) + Math.floor(fraction / unit),
      nsec: nanoseconds ? fraction % unit : (fraction % unit) * 1000,
      recordAddress: this.address + position,
      dataAddress: this.address + position + recordHeader,
      capturedLength,
      wireLength: Math.max(word(bytes, 8), word(bytes, 12)),
      linkType,
      file: this.source.name,
      fileOffset: position,
    };
  }
}
