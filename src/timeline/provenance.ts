import { type ByteStore, HOLE, SOURCE_SPAN } from '../core/stream.ts';
import { count } from '../core/text.ts';
import type { Places } from './places.ts';
import { SPOOL_SOURCE } from './rows.ts';
import type { Timeline } from './timeline.ts';

const LINK_ETHERNET = 1;
/** Two addresses and the type. */
const ETHERNET_HEADER = 14;

/** Lines of provenance for one message; one of many tiny segments would fill screens. */
const MAX_PROVENANCE = 24;

/** What is known of the packet that holds an address. */
interface PacketPlace {
  readonly packet: number;
  readonly file: string;
  readonly linkType: number;
  readonly dataAddress: number;
  readonly capturedLength: number;
}

/** A store that knows its packets. */
interface PacketStore extends ByteStore {
  locate(address: number): PacketPlace | undefined;
  packet(number: number): PacketPlace | undefined;
}

/** The way from a row back to the packets and files that its bytes came from, through TLS records and IP fragments. */
export class Provenance {
  private readonly timeline: Timeline;
  private readonly store: PacketStore;
  /** TLS records of decrypted bytes. */
  private readonly records: Places;
  /** Fragments of IP datagrams that were put together. */
  private readonly datagrams: Places;
  private readonly paths: readonly string[];

  constructor(timeline: Timeline, store: PacketStore, records: Places, datagrams: Places, paths: readonly string[]) {
    this.timeline = timeline;
    this.store = store;
    this.records = records;
    this.datagrams = datagrams;
    this.paths = paths;
  }

  /** Where a row's bytes came from, as lines: packet numbers and file offsets, through TLS records where there are some. */
  lines(row: number): string[] {
    const lines: string[] = [];
    for (const place of this.timeline.places(row)) {
      if (lines.length >= MAX_PROVENANCE) {
        lines.push('…');
        break;
      }
      if (place.address === HOLE) lines.push(`[${place.start}..${place.end}] not in the capture`);
      else this.trace(place.start, place.end, place.address, lines);
    }
    return lines;
  }

  /** The TLS record that the first byte of a row was decrypted from, as it was on the wire; undefined when it was not. */
  tlsRecord(row: number): Uint8Array | undefined {
    const address = this.timeline.places(row)[0]?.address ?? HOLE;
    if (address === HOLE || Math.floor(address / SOURCE_SPAN) !== SPOOL_SOURCE || this.datagrams.find(address) !== undefined)
      return undefined;
    const record = this.records.find(address);
    return record === undefined ? undefined : this.store.read(record.record, record.recordLength).slice();
  }

  private trace(start: number, end: number, address: number, lines: string[]): void {
    let at = address;
    let from = start;
    while (from < end && lines.length < MAX_PROVENANCE) {
      const isSpooled = Math.floor(at / SOURCE_SPAN) === SPOOL_SOURCE;
      const fragment = isSpooled ? this.datagrams.find(at) : undefined;
      if (fragment !== undefined) {
        const length = Math.min(end - from, fragment.end - at);
        this.trace(from, from + length, fragment.record + (at - fragment.start), lines);
        from += length;
        at += length;
        continue;
      }
      const record = isSpooled ? this.records.find(at) : undefined;
      if (record === undefined) {
        lines.push(`[${from}..${end}] ${this.origin(at, end - from)}`);
        return;
      }
      const length = Math.min(end - from, record.end - at);
      lines.push(
        `[${from}..${from + length}] decrypted from a TLS record of ${record.recordLength} bytes, ${this.origin(record.record, record.recordLength)}`,
      );
      from += length;
      at += length;
    }
  }

  /**
   * The Ethernet header of the packet that a row begins in; undefined on other links. It lies in front of what is captured;
   * bytes that were decrypted are looked up by their packet's number.
   */
  linkHeader(row: number): Uint8Array | undefined {
    const [first] = this.timeline.places(row);
    const number = this.timeline.rows.columns.packet(row);
    const place =
      (first === undefined || first.address === HOLE ? undefined : this.store.locate(first.address)) ??
      (number > 0 && this.paths.length === 1 ? this.store.packet(number) : undefined);
    if (place?.linkType !== LINK_ETHERNET) return undefined;
    return this.store.read(place.dataAddress, Math.min(ETHERNET_HEADER, place.capturedLength)).slice();
  }

  private origin(address: number, length: number): string {
    const fragment = this.datagrams.find(address);
    if (fragment !== undefined) return this.origin(fragment.record + (address - fragment.start), length);
    const place = this.store.locate(address);
    if (place !== undefined) {
      const offset = address % SOURCE_SPAN;
      const file = this.paths.length > 1 ? `${place.file}: ` : '';
      return `${file}packet ${place.packet}, file offset ${offset} (0x${offset.toString(16)}), ${count(length, 'byte')}`;
    }
    if (Math.floor(address / SOURCE_SPAN) === SPOOL_SOURCE) return `${count(length, 'byte')} put together while reading`;
    return `file offset ${address % SOURCE_SPAN}, ${count(length, 'byte')}`;
  }
}
