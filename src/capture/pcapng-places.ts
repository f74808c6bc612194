import { u32 } from '../core/bytes.ts';
import { CHECKPOINT_PACKETS, PacketIndex, type PacketLocator, type PacketPlace } from './packet-index.ts';
import { BLOCK, MAX_BLOCK, MIN_BLOCK } from './pcapng-block.ts';
import { type PacketParts, readPacketBlock, type Section } from './pcapng-section.ts';
import type { Source } from './source.ts';
import type { Store } from './store.ts';

/** Blocks without packets that are stepped over between two checkpoints. */
const MAX_OTHER_BLOCKS = 100_000;

/** Length of a packet block up to its data. */
const PACKET_HEADER = 28;

const parts: PacketParts = { iface: -1, data: 0, captured: 0, wire: 0, timed: false, high: 0, low: 0, options: 0 };
const time = { sec: 0, nsec: 0 };

/** Finds packets of a pcapng file again, from a checkpoint every 256 packets. */
export class PcapngPlaces implements PacketLocator {
  readonly address: number;
  private readonly source: Source;
  private readonly store: Store;
  private readonly index = new PacketIndex();
  private readonly sections: Section[] = [];

  constructor(source: Source, store: Store) {
    this.source = source;
    this.store = store;
    this.address = source.address;
  }

  /** A section begins; the packets behind it are its own. */
  section(section: Section): void {
    this.sections.push(section);
  }

  checkpoint(position: number, packet: number): void {
    this.index.mark(position, packet, this.sections.length - 1);
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

  private walkFrom(checkpoint: number, found: (place: PacketPlace) => boolean): PacketPlace | undefined {
    if (checkpoint < 0) return undefined;
    let position = this.index.position(checkpoint);
    let packet = this.index.number(checkpoint);
    let section = this.index.context(checkpoint);
    const last = packet + CHECKPOINT_PACKETS;
    for (let others = 0; packet < last && others < MAX_OTHER_BLOCKS; ) {
      const { order } = this.sections[section];
      const head = this.store.read(this.address + position, PACKET_HEADER);
      if (head.length < MIN_BLOCK) return undefined;
      if (u32(head, 0) === BLOCK.section) {
        // Its length is in its own byte order.
        if (others > 0 || packet > this.index.number(checkpoint)) section++;
        if (this.sections[section] === undefined) return undefined;
        position += this.sections[section].order.u32(head, 4);
        others++;
        continue;
      }
      const type = order.u32(head, 0);
      const length = order.u32(head, 4);
      if (length < MIN_BLOCK || length > MAX_BLOCK) return undefined;
      if (type === BLOCK.enhancedPacket || type === BLOCK.packet || type === BLOCK.simplePacket) {
        const place = this.place(this.sections[section], type, head, position, length, packet);
        if (place !== undefined) {
          if (found(place)) return place;
          packet++;
        }
      } else others++;
      position += length;
    }
    return undefined;
  }

  /** undefined: a packet of an interface that nobody described, which was not numbered. */
  private place(
    section: Section,
    type: number,
    head: Uint8Array,
    position: number,
    length: number,
    packet: number,
  ): PacketPlace | undefined {
    readPacketBlock(section, type, head, 0, length, parts);
    const iface = section.interfaces[parts.iface];
    if (iface === undefined) return undefined;
    time.sec = Number.NaN;
    time.nsec = 0;
    if (parts.timed) iface.clock.read(parts.high, parts.low, time);
    return {
      packet,
      sec: time.sec,
      nsec: time.nsec,
      recordAddress: this.address + position,
      dataAddress: this.address + position + parts.data,
      capturedLength: parts.captured,
      wireLength: parts.wire,
      linkType: iface.linkType,
      file: this.source.name,
      fileOffset: position,
    };
  }
}
