import type { Note } from '../core/note.ts';
import { DOUBLE_ZERO, type StreamSink } from '../core/stream.ts';
import type { FlowKey } from './flow-table.ts';
import { type Segment, SegmentQueue } from './segment-queue.ts';

/** Nothing of this direction was seen yet. */
export const UNSEEN = 0;
/** Data was seen, but not where the stream begins: all of it waits. */
export const STARTING = 1;
/** The next byte is known and nothing waits. */
export const RUNNING = 2;
/** The next byte is known and missing; later ones wait. */
export const WAITING = 3;

/** Distance from the expected byte at which a segment is believed. Larger windows exist, but no capture loses so much and goes on. */
export const WINDOW = 64 * 1024 * 1024;

/** A stretch of a direction that the capture does not hold. */
export interface Hole {
  /** Offset in the stream, holes counted. */
  readonly offset: number;
  /** -1: unknown. */
  readonly length: number;
}

/** A packet that may belong to the connection before, as it came. */
export interface KeptPacket {
  readonly side: 0 | 1;
  /** Address of the TCP header, and bytes from there to the end of the capture and to the end on the wire. */
  readonly address: number;
  readonly captured: number;
  readonly wire: number;
  readonly packet: number;
  readonly sec: number;
  readonly nsec: number;
}

/** One byte that was acknowledged before it came while the start is held: a keep-alive's, or data that was captured late. */
export interface Doubt {
  readonly seq: number;
  readonly address: number;
  readonly packet: number;
  readonly sec: number;
  readonly nsec: number;
}

/** Holes and notes kept one by one for a direction; the others are only counted. */
export const MAX_REMARKS = 100;

/** What only directions need in which something was not in order. */
export class Trouble {
  readonly queue = new SegmentQueue();
  /** Segments in a row that came in order while others are missing. */
  calm = 0;
  /** A byte sent into a closed window: real only if it is acknowledged or followed by its successor. */
  probe: Segment | undefined = undefined;
  doubts: Doubt[] | undefined = undefined;
  /** Contiguous segments far outside of the window: the stream jumps there when enough agree. */
  strays: Segment[] | undefined = undefined;
  /** Sequence number behind the last stray. */
  strayNext = 0;
  retransmitted = 0;
  retransmittedBytes = 0;
  outOfOrder = 0;
  keepAlives = 0;
  strayCount = 0;
  holes: Hole[] | undefined = undefined;
  holeCount = 0;
  holeBytes = 0;

  /** Nothing waits, and there is nothing to tell of. */
  get idle(): boolean {
    const told = this.retransmitted + this.retransmittedBytes + this.outOfOrder + this.keepAlives + this.strayCount + this.holeCount;
    return told === 0 && this.queue.count === 0 && this.probe === undefined && this.strays === undefined;
  }
}

/** One direction of a connection. */
export class Half {
  state = UNSEEN;
  /** Sequence number of the next byte; while `STARTING`, of the first byte that was seen. */
  next = 0;
  /** Position of `next`. */
  position = 0;
  packets = 0;
  /** Bytes handed on. */
  bytes = 0;
  /** Newest entry in the delivery history; -1 none. */
  last = -1;
  /** Position of the first byte of the stream. */
  origin = 0;
  isn = 0;
  synSeen = false;
  /** Sequence number of FIN and when it came; `fin` false: none. */
  fin = false;
  finSequence = 0;
  finPacket = 0;
  finSec = DOUBLE_ZERO;
  finNsec = 0;
  trouble: Trouble | undefined = undefined;

  /** Acknowledgement number that the peer sent last; kept up to date while the flow is watched. */
  peerAck = 0;
  peerAckSeen = false;

  /** Forgets what is not in order, when all of it is again and nothing of it was counted. */
  settle(): void {
    if (this.state === RUNNING && this.trouble?.idle === true) this.trouble = undefined;
  }

  rare(): Trouble {
    this.trouble ??= new Trouble();
    return this.trouble;
  }

  /** Offset in the stream of a position. */
  offset(position: number): number {
    return position - this.origin;
  }
}

/** What the stage above gets to know of a connection when it opens. Texts are made when they are asked for. */
export interface FlowInfo {
  /** 0-based number by first packet: Wireshark's tcp.stream. */
  readonly index: number;
  /** "10.0.0.1:51234", "[2001:db8::1]:5223". */
  readonly client: string;
  readonly server: string;
  readonly clientPort: number;
  readonly serverPort: number;
  /** False: no SYN was seen; the client is a guess by port, or who was seen first. */
  readonly rolesKnown: boolean;
  /** 0 outside of tunnels. */
  readonly tunnel: number;
  readonly process: string | undefined;
  /** Number of the first packet of the connection. */
  readonly firstPacket: number;
}

/** Addresses by the words of a flow key. */
export interface AddressTexts {
  text(word: number, six: boolean): string;
}

/** One connection. Side 0 is the end with the lower key; `clientSide` says which one opened it. */
export class Flow implements FlowInfo {
  // What every packet reads comes first, so that it lies in one cache line.
  readonly half0 = new Half();
  readonly half1 = new Half();
  /** Non-zero: every packet needs a closer look. Bits 0, 1: that side announced a closed window; 2: a start is not known; 3: a probe is held; 4: a FIN was seen; 5: it is closed; 6: it may be repeated. */
  watch = 4;
  clientSide: 0 | 1;
  sink: StreamSink | undefined = undefined;
  readonly index: number;
  readonly low: number;
  readonly high: number;
  /** Port of side 0 in the upper half. */
  readonly ports: number;
  readonly tunnel: number;
  readonly six: boolean;
  readonly firstPacket: number;
  readonly process: string | undefined;
  rolesKnown = false;
  /** Sides that opened it, as its SYNs tell: bit 0 and 1. */
  openers = 0;
  /** Data segments in a row that came in order while a start is held. */
  calm = 0;
  disordered = false;
  /** A live input has paused since data of the held start came. */
  paused = false;
  reset = false;
  resetPacket = 0;
  resetSec = DOUBLE_ZERO;
  resetNsec = 0;
  /** Bytes handed on when the end was scheduled; -1 = it is not. */
  lingering = -1;
  closed = false;
  /** When the first SYN without ACK came; NaN: it was not seen, or the input has no times. */
  synSec = Number.NaN;
  synNsec = 0;
  /** The connection between the same ends before this one; its late packets are told by their numbers. */
  before: Flow | undefined = undefined;
  /** Packets of the capture when another connection took this one's place; -1: none did. */
  replacedAt = -1;
  /** Packets behind a second SYN with the number of the first. */
  again: KeptPacket[] | undefined = undefined;
  notes: { readonly side: number; readonly note: Note }[] | undefined = undefined;
  private readonly texts: AddressTexts;

  constructor(index: number, key: FlowKey, firstSide: 0 | 1, firstPacket: number, process: string | undefined, texts: AddressTexts) {
    this.index = index;
    this.low = key.low;
    this.high = key.high;
    this.ports = key.ports;
    this.tunnel = key.tunnel;
    this.six = key.six;
    this.clientSide = firstSide;
    this.firstPacket = firstPacket;
    this.process = process;
    this.texts = texts;
  }

  get client(): string {
    return this.end(this.clientSide);
  }

  get server(): string {
    return this.end(this.clientSide === 0 ? 1 : 0);
  }

  get clientPort(): number {
    return this.port(this.clientSide);
  }

  get serverPort(): number {
    return this.port(this.clientSide === 0 ? 1 : 0);
  }

  port(side: 0 | 1): number {
    return side === 0 ? this.ports >>> 16 : this.ports & 0xffff;
  }

  half(side: number): Half {
    return side === 0 ? this.half0 : this.half1;
  }

  private end(side: 0 | 1): string {
    const address = this.texts.text(side === 0 ? this.low : this.high, this.six);
    return this.six ? `[${address}]:${this.port(side)}` : `${address}:${this.port(side)}`;
  }
}
