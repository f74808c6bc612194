import { type Arrival, type ByteStore, type Dir, HOLE, type StreamSink } from '../core/stream.ts';
import { type NoteCode, note } from '../schema/notes.ts';
import { DeliveryHistory } from './delivery-history.ts';
import { type Flow, type FlowInfo, type Half, MAX_REMARKS } from './flow.ts';
import type { Overlap } from './segment-queue.ts';

/** What the reassembly reads back: bytes by address, and whether a repetition equals them. */
export interface SegmentStore extends ByteStore {
  /** Offset of the first byte of `buf[start, end)` that differs from those at `address`; -1: none does. */
  difference(address: number, buf: Uint8Array, start: number, end: number): number;
}

/** Opens the stage above for a connection, at its first byte. */
export interface Connections {
  open(info: FlowInfo): StreamSink;
}

/**
 * Earlier pieces that one segment is compared with: those of the largest one that cards put together (64 KiB of segments of
 * 1,448 bytes are 46). A hostile capture has thousands of one byte each under every repetition.
 */
export const MAX_COMPARED = 64;

/**
 * The end of the reassembly: hands bytes and holes on, counts them, and holds what comes again against what was handed on.
 */
export class Delivery {
  readonly at: Arrival;
  private readonly store: SegmentStore;
  private readonly connections: Connections;
  private readonly history = new DeliveryHistory();

  constructor(at: Arrival, store: SegmentStore, connections: Connections) {
    this.at = at;
    this.store = store;
    this.connections = connections;
  }

  /** The stage above this flow, opened now if it is not. */
  sink(flow: Flow): StreamSink {
    if (flow.sink === undefined) {
      if (!flow.rolesKnown) guessRoles(flow);
      flow.sink = this.connections.open(flow);
    }
    return flow.sink;
  }

  /** Bytes at the expected place. `cut` more follow that the snap length took. */
  deliver(flow: Flow, half: Half, side: number, buf: Uint8Array, start: number, end: number, address: number, cut: number): void {
    const length = end - start;
    if (length > 0) {
      const sink = flow.sink ?? this.sink(flow);
      half.last = this.history.add(half.last, half.position, length, address);
      half.next = (half.next + length) | 0;
      half.position += length;
      half.bytes += length;
      sink.data((side ^ flow.clientSide) as Dir, buf, start, end, address);
    }
    if (cut > 0) this.gap(flow, half, side, cut, 'tcp.cut');
  }

  /** Tells a hole at the expected place, and goes on behind it. -1: of unknown length. */
  gap(flow: Flow, half: Half, side: number, length: number, code: 'tcp.hole' | 'tcp.cut'): void {
    const trouble = half.rare();
    const offset = half.offset(half.position);
    trouble.holes ??= [];
    if (trouble.holes.length < MAX_REMARKS) trouble.holes.push({ offset, length });
    trouble.holeCount++;
    if (length > 0) trouble.holeBytes += length;
    this.remark(flow, side, code, offset, offset + Math.max(0, length));
    const sink = this.sink(flow);
    if (length > 0) {
      half.next = (half.next + length) | 0;
      half.position += length;
    }
    sink.gap((side ^ flow.clientSide) as Dir, length);
  }

  /** Notes something about a direction; ranges are offsets in its stream. */
  remark(flow: Flow, side: number, code: NoteCode, start: number, end: number, detail?: string): void {
    flow.notes ??= [];
    if (flow.notes.length < MAX_REMARKS) flow.notes.push({ side, note: note(code, start, end, detail) });
  }

  /** A segment that brings nothing new: a keep-alive, or bytes that were handed on before. */
  repeated(flow: Flow, half: Half, side: number, from: number, to: number, buf: Uint8Array, start: number, address: number): void {
    const trouble = half.rare();
    if (to - from <= 1 && to === half.position) {
      trouble.keepAlives++;
      return;
    }
    if (to <= half.origin) {
      this.remark(flow, side, 'tcp.late-segment', 0, to - from, `${to - from} bytes from before the first ones, address ${address}`);
      return;
    }
    trouble.retransmitted++;
    trouble.retransmittedBytes += to - from;
    this.compare(flow, half, side, from, to, buf, start);
  }

  /** Holds [from, to), which was handed on before, against what was handed on. */
  compare(flow: Flow, half: Half, side: number, from: number, to: number, buf: Uint8Array, start: number): void {
    const { history } = this;
    if (half.rare().holeCount > 0) this.checkLate(flow, half, side, from, to);
    let end = to;
    let entry = history.find(half.last, end);
    for (let pieces = 0; entry >= 0 && end > from && pieces < MAX_COMPARED; pieces++) {
      const position = history.position(entry);
      const stop = Math.min(end, position + history.length(entry));
      if (stop <= from) break;
      const begin = Math.max(from, position);
      const offset = this.store.difference(history.address(entry) + (begin - position), buf, start + (begin - from), start + (stop - from));
      if (offset >= 0) this.conflict(flow, half, side, begin + offset, stop);
      end = begin;
      entry = history.find(entry, end);
    }
  }

  /** Whether [from, to), which was handed on before, was handed on with other bytes. What is forgotten counts as equal. */
  differs(half: Half, from: number, to: number, buf: Uint8Array, start: number): boolean {
    const { history } = this;
    let end = to;
    let entry = history.find(half.last, end);
    for (let pieces = 0; entry >= 0 && end > from && pieces < MAX_COMPARED; pieces++) {
      const position = history.position(entry);
      const stop = Math.min(end, position + history.length(entry));
      if (stop <= from) break;
      const begin = Math.max(from, position);
      if (this.store.difference(history.address(entry) + (begin - position), buf, start + (begin - from), start + (stop - from)) >= 0)
        return true;
      end = begin;
      entry = history.find(entry, end);
    }
    return false;
  }

  private conflict(flow: Flow, half: Half, side: number, from: number, to: number): void {
    this.remark(flow, side, 'tcp.overlap-conflict', half.offset(from), half.offset(to), `packet ${this.at.packet} has other bytes`);
  }

  /** Whether bytes that come again fill a hole that was given up. */
  private checkLate(flow: Flow, half: Half, side: number, from: number, to: number): void {
    for (const hole of half.rare().holes ?? []) {
      const start = Math.max(half.offset(from), hole.offset);
      const end = Math.min(half.offset(to), hole.offset + hole.length);
      if (start < end) this.remark(flow, side, 'tcp.late-segment', start, end, `${end - start} bytes in packet ${this.at.packet}`);
    }
  }

  /** Tells of segments that lay too far off to be believed, and forgets them. */
  dropStrays(flow: Flow, half: Half, side: number): void {
    const trouble = half.rare();
    for (const stray of trouble.strays ?? []) {
      trouble.strayCount++;
      const offset = Math.max(0, half.offset(half.position));
      this.remark(flow, side, 'tcp.stray-segment', offset, offset, `${stray.end - stray.start} bytes in packet ${stray.packet}`);
    }
    trouble.strays = undefined;
  }

  /** Bytes that wait already came again; position p is at `buf[p + shift]`. */
  overlapped(flow: Flow, half: Half, side: number, { there, from, to }: Overlap, buf: Uint8Array, shift: number): void {
    half.rare().retransmittedBytes += to - from;
    if (there.address === HOLE) return;
    const offset = this.store.difference(there.address + (from - there.start), buf, from + shift, to + shift);
    if (offset >= 0) this.conflict(flow, half, side, from + offset, to);
  }
}

/** Ports that Apple's couriers and gateways listen on. */
const SERVER_PORTS = [5223, 443, 2195, 2196, 2197];

/** Decides who is the client when no SYN told: the other end of a known server port, else the end with the higher port below 1024's. */
function guessRoles(flow: Flow): void {
  const known0 = SERVER_PORTS.includes(flow.port(0));
  const known1 = SERVER_PORTS.includes(flow.port(1));
  if (known0 !== known1) flow.clientSide = known0 ? 1 : 0;
  else if (flow.port(0) < 1024 !== flow.port(1) < 1024) flow.clientSide = flow.port(0) < 1024 ? 1 : 0;
}
