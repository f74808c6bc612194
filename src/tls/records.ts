import { PieceList } from '../core/piece-list.ts';
import { DOUBLE_ZERO, HOLE } from '../core/stream.ts';
import { HEADER } from './record-cipher.ts';

/** Longest record body: 2^14 of content and 2048 of expansion (RFC 5246; TLS 1.3 allows 256). */
const BODY_LIMIT = 16384 + 2048;

/** Takes what a direction's stream is cut into. The location is read from the cutter during the call. */
export interface RecordSink {
  /** True when the bodies of records of this type are needed; else only their lengths and places are told, and nothing is copied. */
  wanted(type: number): boolean;
  /** A complete record, header included. */
  record(buf: Uint8Array, start: number, end: number): void;
  /** A complete record whose body was not wanted; its type, version and total length. */
  opaque(type: number, version: number, length: number): void;
  /** A record of which parts are missing; they are 0 in `buf`. `tail` bytes at its end are known. */
  damaged(buf: Uint8Array, start: number, end: number, tail: number): void;
  /** Bytes that belong to no record: garbage, or the rest of a record that a hole cut. `cut`: the stream ends in this record. */
  stray(length: number, why: 'garbage' | 'hole' | 'cut'): void;
  /** Records may be missing from here; bytes lost in all, Infinity when unknown. */
  lost(bytes: number): void;
}

/** Buffers for records that span segments, by size class, handed from stream to stream. */
const pool: Uint8Array[][] = [];
/** Idle buffers kept in each class. */
const POOL_DEPTH = 64;

function take(size: number): Uint8Array {
  const k = Math.max(9, 32 - Math.clz32(size - 1));
  return pool[k]?.pop() ?? new Uint8Array(2 ** k);
}

function give(buffer: Uint8Array): void {
  if (buffer.length === 0) return;
  const k = 31 - Math.clz32(buffer.length);
  pool[k] ??= [];
  if (pool[k].length < POOL_DEPTH) pool[k].push(buffer);
}

const EMPTY = new Uint8Array(0);

/** Types 20 to 24, version 3.x, a length that fits: what every record of SSL 3.0 to TLS 1.3 starts with. */
export function isRecordHeader(buf: Uint8Array, at: number): boolean {
  const type = buf[at];
  return type >= 20 && type <= 24 && buf[at + 1] === 3 && buf[at + 2] <= 4 && ((buf[at + 3] << 8) | buf[at + 4]) <= BODY_LIMIT;
}

/**
 * Cuts one direction of a connection into TLS records, wherever the segment boundaries fall.
 *
 * A record inside one delivery is handed on in place, one that spans is collected, one that is not wanted is only counted.
 * A hole that ends inside a record of known length leaves the framing intact. After any other hole, and after bytes
 * that no record can start with, the next header is searched for: type, version as seen in this direction, and length;
 * by chance that happens once in 10^7 bytes of ciphertext, and then the next header does not follow and the search goes on.
 */
export class RecordCutter {
  /** Place of what the sink is being told. */
  readonly where = new PieceList();
  /** Packet and time of the first byte of what the sink is being told, as the caller set them in `mark`. */
  startPacket = 0;
  startSec = DOUBLE_ZERO;
  startNsec = 0;

  private readonly sink: RecordSink;
  private carry: Uint8Array = EMPTY;
  private carried = 0;
  /** Total length of the record being collected; 0 while its header is incomplete. */
  private want = 0;
  /** The record being collected is not wanted: only its header is in the carry. */
  private skipping = false;
  private holes = 0;
  /** Offset behind the last hole in the record being collected. */
  private solidFrom = 0;
  private searching = false;
  private strayWhy: 'garbage' | 'hole' = 'garbage';
  /** Second version byte of the records seen; -1 before the first. */
  private version = -1;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  data(buf: Uint8Array, start: number, end: number, address: number, packet: number, sec: number, nsec: number): void {
    let at = start;
    if (this.carried > 0) {
      at = this.collect(buf, start, end, address, packet, sec, nsec);
      if (at < 0) return;
    }
    this.startPacket = packet;
    this.startSec = sec;
    this.startNsec = nsec;
    while (at < end) {
      if (this.searching) {
        at = this.search(buf, at, end, address + at - start);
        if (at < 0) return;
        continue;
      }
      if (end - at < HEADER) break;
      if (!isRecordHeader(buf, at)) {
        this.lose('garbage');
        this.sink.lost(Number.POSITIVE_INFINITY);
        continue;
      }
      const length = HEADER + ((buf[at + 3] << 8) | buf[at + 4]);
      if (end - at < length) break;
      this.version = buf[at + 2];
      this.where.single(address + at - start, length);
      if (this.sink.wanted(buf[at])) this.sink.record(buf, at, at + length);
      else this.sink.opaque(buf[at], (buf[at + 1] << 8) | buf[at + 2], length);
      at += length;
    }
    if (at < end) this.begin(buf, at, end, address + at - start);
  }

  gap(length: number): void {
    if (this.searching) {
      this.flushStray();
      this.sink.lost(length < 0 ? Number.POSITIVE_INFINITY : length);
      return;
    }
    if (this.want > 0 && length >= 0 && this.carried + length <= this.want) {
      this.where.add(HOLE, length);
      if (!this.skipping) this.carry.fill(0, this.carried, this.carried + length);
      this.carried += length;
      this.holes += length;
      this.solidFrom = this.carried;
      if (this.carried === this.want) this.complete();
      return;
    }
    const lost = this.carried > 0;
    if (lost) {
      this.sink.stray(this.carried, 'hole');
      this.release();
    }
    this.lose('hole');
    this.sink.lost(length < 0 ? Number.POSITIVE_INFINITY : length + (lost ? HEADER : 0));
  }

  /** The stream ends here. */
  end(): void {
    if (this.carried === 0) return;
    this.sink.stray(this.carried, this.searching ? this.strayWhy : 'cut');
    this.release();
  }

  private lose(why: 'garbage' | 'hole'): void {
    this.searching = true;
    this.strayWhy = why;
  }

  private begin(buf: Uint8Array, at: number, end: number, address: number): void {
    this.where.clear();
    this.carried = 0;
    this.want = 0;
    this.holes = 0;
    this.solidFrom = 0;
    this.skipping = false;
    if (end - at >= HEADER && isRecordHeader(buf, at)) {
      this.want = HEADER + ((buf[at + 3] << 8) | buf[at + 4]);
      this.version = buf[at + 2];
      this.skipping = !this.sink.wanted(buf[at]);
      this.carry = take(this.skipping ? HEADER : this.want);
      if (this.skipping) for (let i = 0; i < HEADER; i++) this.carry[i] = buf[at + i];
    }
    this.append(buf, at, end, address);
  }

  /** Adds to the record being collected; returns where the delivery goes on, or -1 when all of it was taken. */
  private collect(buf: Uint8Array, start: number, end: number, address: number, packet: number, sec: number, nsec: number): number {
    if (this.searching) return this.searchCarry(buf, start, end, address);
    let at = start;
    if (this.want === 0) {
      const missing = Math.min(HEADER - this.carried, end - at);
      this.append(buf, at, at + missing, address);
      at += missing;
      if (this.carried < HEADER) return -1;
      if (this.want === 0) {
        // No header: what was carried is garbage, and a record may start in it.
        this.lose('garbage');
        this.sink.lost(Number.POSITIVE_INFINITY);
        return this.searchCarry(buf, at, end, address + at - start);
      }
    }
    const missing = Math.min(this.want - this.carried, end - at);
    this.append(buf, at, at + missing, address + at - start);
    at += missing;
    if (this.carried < this.want) return -1;
    this.complete();
    this.startPacket = packet;
    this.startSec = sec;
    this.startNsec = nsec;
    return at;
  }

  private append(buf: Uint8Array, at: number, end: number, address: number): void {
    if (end <= at) return;
    const size = this.carried + end - at;
    if (!this.skipping) {
      if (this.carry.length < size) this.grow(size);
      this.carry.set(buf.subarray(at, end), this.carried);
    }
    this.carried = size;
    this.where.add(address, end - at);
    if (this.want > 0 || size < HEADER) return;
    if (!isRecordHeader(this.carry, 0)) return;
    this.want = HEADER + ((this.carry[3] << 8) | this.carry[4]);
    this.version = this.carry[2];
    this.skipping = !this.sink.wanted(this.carry[0]);
    if (!this.skipping && this.carry.length < this.want) this.grow(this.want);
  }

  private grow(size: number): void {
    const bigger = take(size);
    bigger.set(this.carry.subarray(0, this.carried));
    give(this.carry);
    this.carry = bigger;
  }

  private complete(): void {
    const { carry, want, holes } = this;
    const tail = want - this.solidFrom;
    this.carried = 0;
    this.want = 0;
    this.carry = EMPTY;
    if (this.skipping) this.sink.opaque(carry[0], (carry[1] << 8) | carry[2], want);
    else if (holes > 0) this.sink.damaged(carry, 0, want, tail);
    else this.sink.record(carry, 0, want);
    give(carry);
  }

  private release(): void {
    give(this.carry);
    this.carry = EMPTY;
    this.carried = 0;
    this.want = 0;
    this.where.clear();
  }

  // --- searching for a header ----------------------------------------------------------------------------------

  /** First offset in [at, end) where a header is, or may be when its bytes are not all there; `end` when there is none. */
  private candidate(buf: Uint8Array, at: number, end: number): number {
    for (let p = at; p < end; p++) {
      const type = buf[p];
      if (type < 20 || type > 24) continue;
      if (p + HEADER > end) {
        if (p + 1 < end && buf[p + 1] !== 3) continue;
        return p;
      }
      if (isRecordHeader(buf, p) && (this.version < 0 || buf[p + 2] === this.version)) return p;
    }
    return end;
  }

  private search(buf: Uint8Array, at: number, end: number, address: number): number {
    const found = this.candidate(buf, at, end);
    if (found > at) {
      this.where.single(address, found - at);
      this.sink.stray(found - at, this.strayWhy);
    }
    if (found === end) return -1;
    if (found + HEADER <= end) {
      this.searching = false;
      return found;
    }
    // The bytes of a possible header, at most four, wait for the rest.
    this.begin(buf, found, end, address + found - at);
    return -1;
  }

  /** The carry holds at most four bytes that may start a header, or five that turned out not to. */
  private searchCarry(buf: Uint8Array, start: number, end: number, address: number): number {
    let at = start;
    while (this.carried > 0) {
      while (this.carried < HEADER && at < end) {
        if (this.carry.length < HEADER) this.grow(HEADER);
        this.carry[this.carried++] = buf[at];
        this.where.add(address + at - start, 1);
        at++;
      }
      const found = this.candidate(this.carry, 0, this.carried);
      if (found > 0) this.dropFront(found);
      else if (this.carried === HEADER) {
        this.searching = false;
        this.want = HEADER + ((this.carry[3] << 8) | this.carry[4]);
        this.version = this.carry[2];
        this.skipping = !this.sink.wanted(this.carry[0]);
        if (!this.skipping && this.carry.length < this.want) this.grow(this.want);
        if (this.want === HEADER) {
          this.complete();
          return at;
        }
        return at < end ? this.resume(buf, at, end, address + at - start) : -1;
      } else return -1;
    }
    return at < end ? at : -1;
  }

  private resume(buf: Uint8Array, at: number, end: number, address: number): number {
    const missing = Math.min(this.want - this.carried, end - at);
    this.append(buf, at, at + missing, address);
    if (this.carried < this.want) return -1;
    this.complete();
    return at + missing;
  }

  /** Gives up the first `n` carried bytes as stray. */
  private dropFront(n: number): void {
    const rest = new PieceList();
    rest.addPart(this.where, n, this.carried);
    const gone = new PieceList();
    gone.addPart(this.where, 0, n);
    this.where.clear();
    this.where.addAll(gone);
    this.sink.stray(n, this.strayWhy);
    this.where.clear();
    this.where.addAll(rest);
    this.carry.copyWithin(0, n, this.carried);
    this.carried -= n;
  }

  private flushStray(): void {
    if (this.carried === 0) return;
    this.sink.stray(this.carried, this.strayWhy);
    this.release();
  }
}
