import { BROKEN, type Framing } from '../core/dialect.ts';
import { type Dir, DOUBLE_ZERO, HOLE } from '../core/stream.ts';

/** Takes what a cutter makes of a stream. Locations are read from the cutter during the call. */
export interface FrameSink {
  /** A complete frame at `buf[start, end)`. `holed`: parts of it are missing and zero in `buf`. */
  frame(dir: Dir, buf: Uint8Array, start: number, end: number, cutter: Cutter, holed: boolean): void;
  /** Bytes between frames that could not be framed, and why. */
  loose(dir: Dir, length: number, cutter: Cutter, why: 'skipped' | 'truncated' | 'broken'): void;
  /** The first hole inside the frame that begins with `buf[0, end)`. True: the dialect loses nothing by it. */
  hole(dir: Dir, buf: Uint8Array, end: number): boolean;
  /** The dialect is about to forget what it knew of this direction: frames that are held stay incomplete. */
  losing(dir: Dir): void;
}

/** Bytes looked at again when more arrive while searching for a frame start: the largest message that couriers announce (15 KiB). */
const LOOK_BACK = 16 * 1024;
/** Bytes kept while searching; older ones are given up as skipped. */
const LOST_LIMIT = 4 * LOOK_BACK;
/** Bytes of a frame's header that are copied before its length must be known. */
const HEADER_STEP = 64;

/** Copies of up to this many bytes are quicker byte by byte than through a view. */
const INLINE_COPY = 48;

/** Buffers for frames that span segments, by size class, handed from stream to stream. */
const pool: Uint8Array[][] = [];
const POOL_DEPTH = 64;

function classOf(size: number): number {
  return Math.max(6, 32 - Math.clz32(size - 1));
}

function take(size: number): Uint8Array {
  const k = classOf(size);
  return pool[k]?.pop() ?? new Uint8Array(2 ** k);
}

function give(buffer: Uint8Array): void {
  const k = classOf(buffer.length);
  pool[k] ??= [];
  if (pool[k].length < POOL_DEPTH) pool[k].push(buffer);
}

const EMPTY = new Uint8Array(0);

/** The pieces of what is being handed on. One pair for all cutters: they are read during the call of the sink. */
const handedAddresses: number[] = [];
const handedLengths: number[] = [];
/** For a carry that never had pieces. */
const NO_PIECES: number[] = [];

/**
 * Cuts one direction of a stream into frames, wherever the segment boundaries fall.
 *
 * A frame that lies in one delivery is handed on in place; one that spans is collected. A hole whose end lies inside
 * a frame of known length leaves the framing intact; any other hole, and bytes that no frame can start with,
 * make the cutter search for evidence of a frame start (`Framing.resync`) before it cuts again.
 *
 * After a call of the sink: `count` pieces say where the bytes are; `count === 0` means one piece at `address`.
 */
export class Cutter {
  address = DOUBLE_ZERO;
  count = 0;
  readonly addresses = handedAddresses;
  readonly lengths = handedLengths;

  private readonly dir: Dir;
  private readonly framing: Framing;
  private readonly sink: FrameSink;
  private carry: Uint8Array = EMPTY;
  private carried = 0;
  /** Length of the frame being collected; 0 while its header is incomplete. */
  private want = 0;
  private holed = false;
  /** The frame's hole costs the dialect nothing. */
  private bears = false;
  private lost = false;
  private why: 'skipped' | 'broken' = 'skipped';
  /** Bytes of the carry when a frame start was last searched for. */
  private searched = 0;
  private carryAddress = NO_PIECES;
  private carryLength = NO_PIECES;
  /** Pieces of the carry; the arrays keep their length, because shrinking them costs more than writing. */
  private carryCount = 0;

  constructor(dir: Dir, framing: Framing, sink: FrameSink) {
    this.dir = dir;
    this.framing = framing;
    this.sink = sink;
  }

  data(buf: Uint8Array, start: number, end: number, address: number): void {
    let at = start;
    if (this.carried > 0 || this.lost) {
      at = this.resume(buf, start, end, address);
      if (at < 0) return;
    }
    const dir = this.dir;
    const framing = this.framing;
    const sink = this.sink;
    while (at < end) {
      const length = framing.measure(dir, buf, at, end);
      if (length > 0 && at + length <= end) {
        this.address = address + (at - start);
        this.count = 0;
        sink.frame(dir, buf, at, at + length, this, false);
        at += length;
        continue;
      }
      this.append(buf, at, end, address + (at - start));
      if (length === BROKEN) this.loseTrack('broken');
      else this.want = Math.max(0, length);
      return;
    }
  }

  gap(length: number): void {
    if (length > 0 && !this.lost && this.want > 0 && this.carried + length <= this.want) {
      if (!this.holed) this.bears = this.sink.hole(this.dir, this.carry, this.carried);
      this.appendHole(length);
      if (!this.bears) this.forget();
      if (this.carried === this.want) this.emitCollected();
      return;
    }
    this.flush();
    this.forget();
    this.lost = true;
    this.why = 'skipped';
    this.searched = 0;
  }

  /** The stream does not begin with a frame: what comes is searched for the first one. */
  beginLost(): void {
    this.lost = true;
    this.why = 'skipped';
  }

  /** The stream ended: hands over what is left. */
  end(): void {
    if (this.lost && this.carried > 0) this.search();
    this.flush();
    this.lost = false;
  }

  private flush(): void {
    if (this.carried === 0) return;
    this.slice(0, this.carried);
    const length = this.carried;
    const why = this.lost ? this.why : 'truncated';
    this.reset();
    this.sink.loose(this.dir, length, this, why);
  }

  /** Continues a frame begun earlier. Returns where to go on in `buf`, or -1 when all was taken. */
  private resume(buf: Uint8Array, start: number, end: number, address: number): number {
    let at = start;
    while (this.carried > 0 && !this.lost) {
      if (at >= end) return -1;
      const room = this.want > 0 ? this.want - this.carried : HEADER_STEP;
      const next = Math.min(end, at + room);
      this.append(buf, at, next, address + (at - start));
      at = next;
      if (this.want > 0) {
        if (this.carried === this.want) this.emitCollected();
        continue;
      }
      this.drain();
    }
    if (!this.lost) return at;
    if (at < end) this.append(buf, at, end, address + (at - start));
    if (this.carried < LOOK_BACK || this.carried - this.searched >= LOOK_BACK) this.search();
    return -1;
  }

  private emitCollected(): void {
    const buffer = this.carry;
    const length = this.carried;
    const holed = this.holed;
    this.slice(0, length);
    this.carry = EMPTY;
    this.reset();
    this.sink.frame(this.dir, buffer, 0, length, this, holed);
    give(buffer);
  }

  /** Cuts all complete frames out of the carry; what is left begins a frame. */
  private drain(): void {
    let at = 0;
    while (at < this.carried) {
      const length = this.framing.measure(this.dir, this.carry, at, this.carried);
      if (length > 0 && at + length <= this.carried) {
        this.slice(at, length);
        this.sink.frame(this.dir, this.carry, at, at + length, this, false);
        at += length;
        continue;
      }
      this.drop(at);
      if (length === BROKEN) this.loseTrack('broken');
      else this.want = Math.max(0, length);
      return;
    }
    this.reset();
  }

  private loseTrack(why: 'skipped' | 'broken'): void {
    this.lost = true;
    this.why = why;
    this.want = 0;
    this.searched = 0;
    this.forget();
    this.search();
  }

  private forget(): void {
    this.sink.losing(this.dir);
    this.framing.lost(this.dir);
  }

  private search(): void {
    // The first byte of bytes that are broken here is no frame start, whatever it looks like from further back.
    const from = this.why === 'broken' && this.searched === 0 ? 1 : Math.max(0, this.searched - LOOK_BACK);
    const found = from < this.carried ? this.framing.resync(this.dir, this.carry, from, this.carried) : -1;
    if (found >= 0) {
      if (found > 0) this.skip(found);
      this.lost = false;
      this.searched = 0;
      this.drain();
      return;
    }
    this.searched = this.carried;
    if (this.carried > LOST_LIMIT) {
      const length = this.carried - LOOK_BACK;
      this.skip(length);
      this.searched = this.carried;
    }
  }

  private skip(length: number): void {
    this.slice(0, length);
    this.sink.loose(this.dir, length, this, this.why);
    this.drop(length);
  }

  private append(buf: Uint8Array, start: number, end: number, address: number): void {
    const length = end - start;
    if (this.carryAddress === NO_PIECES) this.makePieces();
    this.reserve(this.carried + length);
    if (length <= INLINE_COPY) {
      const carry = this.carry;
      let to = this.carried;
      for (let i = start; i < end; i++) carry[to++] = buf[i];
    } else this.carry.set(start === 0 && end === buf.length ? buf : buf.subarray(start, end), this.carried);
    this.carried += length;
    const last = this.carryCount - 1;
    if (last >= 0 && this.carryAddress[last] !== HOLE && this.carryAddress[last] + this.carryLength[last] === address) {
      this.carryLength[last] += length;
    } else {
      this.carryAddress[this.carryCount] = address;
      this.carryLength[this.carryCount++] = length;
    }
  }

  private makePieces(): void {
    this.carryAddress = [];
    this.carryLength = [];
  }

  private appendHole(length: number): void {
    this.reserve(this.carried + length);
    this.carry.fill(0, this.carried, this.carried + length);
    this.carried += length;
    this.carryAddress[this.carryCount] = HOLE;
    this.carryLength[this.carryCount++] = length;
    this.holed = true;
  }

  private reserve(size: number): void {
    if (size <= this.carry.length) return;
    // A frame's announced length is hearsay: grow towards it with the bytes that really come.
    const bigger = take(Math.max(size, Math.min(this.want, size * 4)));
    if (this.carried > 0) bigger.set(this.carry.subarray(0, this.carried));
    if (this.carry.length > 0) give(this.carry);
    this.carry = bigger;
  }

  /** Forgets the first `length` bytes of the carry. */
  private drop(length: number): void {
    if (length === 0) return;
    this.carry.copyWithin(0, length, this.carried);
    this.carried -= length;
    let rest = length;
    let gone = 0;
    while (rest > 0 && this.carryLength[gone] <= rest) rest -= this.carryLength[gone++];
    if (rest > 0) {
      if (this.carryAddress[gone] !== HOLE) this.carryAddress[gone] += rest;
      this.carryLength[gone] -= rest;
    }
    this.carryAddress.copyWithin(0, gone, this.carryCount);
    this.carryLength.copyWithin(0, gone, this.carryCount);
    this.carryCount -= gone;
    if (this.carried === 0) this.reset();
  }

  private reset(): void {
    if (this.carry.length > 0) give(this.carry);
    this.carry = EMPTY;
    this.carried = 0;
    this.want = 0;
    this.holed = false;
    this.carryCount = 0;
  }

  /** Puts the location of `carry[offset, offset + length)` into `addresses` and `lengths`. */
  private slice(offset: number, length: number): void {
    this.count = 0;
    let at = 0;
    let rest = length;
    for (let i = 0; i < this.carryCount && rest > 0; i++) {
      const size = this.carryLength[i];
      if (at + size > offset) {
        const skip = Math.max(0, offset - at);
        const n = Math.min(size - skip, rest);
        this.addresses[this.count] = this.carryAddress[i] === HOLE ? HOLE : this.carryAddress[i] + skip;
        this.lengths[this.count++] = n;
        rest -= n;
      }
      at += size;
    }
    this.address = this.addresses[0];
    if (this.count === 1 && this.address !== HOLE) this.count = 0;
  }
}
