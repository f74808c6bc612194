import { printable, utf8 } from '../core/text.ts';
import { BLOCK, eachOption, type Order } from './pcapng-block.ts';
import { TickClock } from './tick-clock.ts';

/** Interfaces of one section that are kept: real ones have a few; a hostile section could define one in every 20 bytes. */
const MAX_INTERFACES = 65_536;
/** Process blocks of one section that are kept. */
const MAX_PROCESSES = 65_536;
const MAX_NAME = 256;

const OPTION = { name: 2, resolution: 9, fcsLength: 13, offset: 14, epbFlags: 2, processIndex: 0x8001, effectiveProcess: 0x8003 } as const;

export interface CaptureInterface {
  readonly linkType: number;
  /** 0 = unlimited. */
  readonly snapLength: number;
  /** Bytes of frame check sequence, unless a packet says otherwise. */
  readonly fcsLength: number;
  readonly clock: TickClock;
}

/** What a section header block begins: numbering of interfaces and processes starts anew, the byte order may change. */
export class Section {
  readonly order: Order;
  readonly interfaces: CaptureInterface[] = [];
  readonly processes: string[] = [];

  constructor(order: Order) {
    this.order = order;
  }

  /** Takes in an interface description block. */
  addInterface(buf: Uint8Array, at: number, length: number): void {
    if (length < 20 || this.interfaces.length >= MAX_INTERFACES) return;
    const { order } = this;
    // Microseconds are the default resolution.
    let resolution = 6;
    let offset = 0n;
    let fcsLength = 0;
    eachOption(order, buf, at + 16, at + length - 4, (code, start, size) => {
      if (code === OPTION.resolution && size >= 1) resolution = buf[start];
      // Written in bytes by some programs and in bits, as the draft says, by others; no FCS has more than 8 bytes.
      else if (code === OPTION.fcsLength && size >= 1) fcsLength = buf[start] > 8 ? buf[start] >> 3 : buf[start];
      else if (code === OPTION.offset && size >= 8) offset = BigInt.asIntN(64, long(order, buf, start));
      return undefined;
    });
    this.interfaces.push({
      linkType: order.u16(buf, at + 8),
      snapLength: order.u32(buf, at + 12),
      fcsLength,
      clock: new TickClock(resolution, offset),
    });
  }

  /** Takes in one of Apple's process information blocks: process id, then options of which 2 is the name. */
  addProcess(buf: Uint8Array, at: number, length: number): void {
    if (length < 16 || this.processes.length >= MAX_PROCESSES) return;
    let name = '';
    eachOption(this.order, buf, at + 12, at + length - 4, (code, start, size) => {
      if (code !== OPTION.name) return undefined;
      name = printable(utf8(buf.subarray(start, start + Math.min(size, MAX_NAME)).filter((byte) => byte !== 0)) ?? '');
      return false;
    });
    this.processes.push(name === '' ? `pid ${this.order.u32(buf, at + 8)}` : name);
  }

  /** Process of the packet whose options are in `buf[at, end)`, or undefined. */
  processOf(buf: Uint8Array, at: number, end: number): string | undefined {
    let index = -1;
    eachOption(this.order, buf, at, end, (code, start, size) => {
      if (size === 4 && (code === OPTION.processIndex || (code === OPTION.effectiveProcess && index < 0)))
        index = this.order.u32(buf, start);
      return undefined;
    });
    return this.processes[index];
  }

  /** Bytes of FCS that a packet's own flags tell, or those of its interface. */
  fcsOf(iface: CaptureInterface, buf: Uint8Array, at: number, end: number): number {
    let fcs = iface.fcsLength;
    eachOption(this.order, buf, at, end, (code, start, size) => {
      if (code !== OPTION.epbFlags || size !== 4) return undefined;
      const told = (this.order.u32(buf, start) >>> 5) & 15;
      if (told > 0) fcs = told;
      return false;
    });
    return fcs;
  }
}

function long(order: Order, buf: Uint8Array, at: number): bigint {
  const [high, low] = order.littleEndian ? [at + 4, at] : [at, at + 4];
  return (BigInt(order.u32(buf, high)) << 32n) | BigInt(order.u32(buf, low));
}

/** The parts of a packet block: one object for all packets, read at once. */
export interface PacketParts {
  /** -1: the block is too short. */
  iface: number;
  data: number;
  captured: number;
  wire: number;
  timed: boolean;
  high: number;
  low: number;
  /** Where its options start. */
  options: number;
}

/**
 * Reads a packet block of any of the three kinds at `at`. Lengths that exceed the block are cut to it.
 * A simple packet belongs to interface 0, has no time, and its captured length follows from that interface's snap length.
 */
export function readPacketBlock(section: Section, type: number, buf: Uint8Array, at: number, length: number, parts: PacketParts): void {
  const { order } = section;
  const end = at + length - 4;
  parts.iface = -1;
  if (type === BLOCK.simplePacket) {
    if (length < 16) return;
    parts.iface = 0;
    parts.data = at + 12;
    parts.wire = order.u32(buf, at + 8);
    const snap = section.interfaces[0]?.snapLength ?? 0;
    parts.captured = Math.min(parts.wire, end - parts.data, snap > 0 ? snap : parts.wire);
    parts.timed = false;
    parts.options = end;
    return;
  }
  if (length < 32) return;
  parts.iface = type === BLOCK.packet ? order.u16(buf, at + 8) : order.u32(buf, at + 8);
  parts.high = order.u32(buf, at + 12);
  parts.low = order.u32(buf, at + 16);
  parts.data = at + 28;
  parts.captured = Math.min(order.u32(buf, at + 20), end - parts.data);
  parts.wire = Math.max(order.u32(buf, at + 24), parts.captured);
  parts.timed = true;
  parts.options = Math.min(end, parts.data + ((parts.captured + 3) & ~3));
}
