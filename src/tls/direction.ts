import type { PieceList } from '../core/piece-list.ts';
import { type Arrival, arrive, type Dir, DOUBLE_ZERO } from '../core/stream.ts';
import { CONTENT } from '../schema/tls.ts';
import { Assembly, type MessageSink } from './assembly.ts';
import { ReadState } from './read-state.ts';
import { HEADER } from './record-cipher.ts';
import { RecordCutter, type RecordSink } from './records.ts';

/** What a direction hands to its connection. */
export interface DirectionHost {
  readonly at: Arrival;
  /** True when the record must be held back until the other direction, or a key log, has told more. */
  /** `first` is the first byte of its body, undefined when it is empty. */
  mustWait(d: Direction, type: number, first: number | undefined): boolean;
  process(d: Direction, buf: Uint8Array, start: number, end: number): void;
  opaque(d: Direction, type: number, version: number, length: number): void;
  damaged(d: Direction, buf: Uint8Array, start: number, end: number, tail: number): void;
  stray(d: Direction, length: number, why: 'garbage' | 'hole' | 'cut'): void;
  lost(d: Direction, bytes: number): void;
  message(d: Direction, buf: Uint8Array, start: number, end: number, where: PieceList): void;
  abandoned(d: Direction, where: PieceList, bytes: number): void;
  /** Bytes are held or released: false when there is no room for them. */
  hold(bytes: number): boolean;
}

type Held =
  | { readonly kind: 'record'; readonly bytes: Uint8Array }
  | { readonly kind: 'damaged'; readonly bytes: Uint8Array; readonly tail: number }
  | { readonly kind: 'opaque'; readonly type: number; readonly version: number; readonly length: number }
  | { readonly kind: 'stray'; readonly length: number; readonly why: 'garbage' | 'hole' | 'cut' }
  | { readonly kind: 'lost'; readonly bytes: number };

interface Moment {
  readonly packet: number;
  readonly sec: number;
  readonly nsec: number;
}

interface HeldEntry {
  readonly what: Held;
  readonly where: PieceList;
  readonly start: Moment;
  readonly at: Moment;
}

const NOTHING_HELD: HeldEntry[] = [];

/** One direction of a TLS connection: its records, its handshake messages, its keys, and what it holds back. */
export class Direction implements RecordSink, MessageSink {
  dir: Dir;
  readonly cutter: RecordCutter;
  readonly assembly: Assembly;
  readonly state = new ReadState();
  /** Something of this direction was processed. */
  started = false;
  /** Records are protected from here on. */
  protected = false;
  /** A `REASON` why nothing more of this direction can be decrypted; 0 while it can. */
  dead = 0;
  /** A `REASON` why its keys do not follow from a handshake; they may still be found by trial. */
  unheard = 0;
  /** Records were lost while the handshake was in the clear. */
  holed = false;
  ended = false;
  waiting = false;
  /** Place and first moment of the record that is being processed. */
  where: PieceList;
  startPacket = 0;
  startSec = DOUBLE_ZERO;
  startNsec = 0;
  private readonly host: DirectionHost;
  private queue = NOTHING_HELD;

  constructor(dir: Dir, host: DirectionHost) {
    this.dir = dir;
    this.host = host;
    this.cutter = new RecordCutter(this);
    this.assembly = new Assembly(this);
    this.where = this.cutter.where;
  }

  wanted(type: number): boolean {
    return this.dead === 0 || type === CONTENT.ccs;
  }

  record(buf: Uint8Array, start: number, end: number): void {
    if (this.waiting || this.host.mustWait(this, buf[start], end - start > HEADER ? buf[start + HEADER] : undefined)) {
      this.defer({ kind: 'record', bytes: buf.slice(start, end) }, end - start);
      return;
    }
    this.here();
    this.host.process(this, buf, start, end);
  }

  opaque(type: number, version: number, length: number): void {
    if (this.waiting) {
      this.defer({ kind: 'opaque', type, version, length }, 0);
      return;
    }
    this.here();
    this.host.opaque(this, type, version, length);
  }

  damaged(buf: Uint8Array, start: number, end: number, tail: number): void {
    if (this.waiting) {
      this.defer({ kind: 'damaged', bytes: buf.slice(start, end), tail }, end - start);
      return;
    }
    this.here();
    this.host.damaged(this, buf, start, end, tail);
  }

  stray(length: number, why: 'garbage' | 'hole' | 'cut'): void {
    if (this.waiting) {
      this.defer({ kind: 'stray', length, why }, 0);
      return;
    }
    this.here();
    this.host.stray(this, length, why);
  }

  lost(bytes: number): void {
    if (this.waiting) {
      this.defer({ kind: 'lost', bytes }, 0);
      return;
    }
    this.host.lost(this, bytes);
  }

  message(buf: Uint8Array, start: number, end: number, where: PieceList): void {
    this.host.message(this, buf, start, end, where);
  }

  abandoned(where: PieceList, bytes: number): void {
    this.host.abandoned(this, where, bytes);
  }

  /** Processes what is held until it must wait again. True when something was processed. */
  drain(): boolean {
    if (!this.waiting) return false;
    const { at } = this.host;
    const now = { packet: at.packet, sec: at.sec, nsec: at.nsec };
    let done = 0;
    while (done < this.queue.length) {
      const entry = this.queue[done];
      const { what } = entry;
      if (what.kind === 'record' && this.host.mustWait(this, what.bytes[0], what.bytes[HEADER])) break;
      done++;
      this.replay(entry, at);
    }
    this.queue = done === this.queue.length ? NOTHING_HELD : this.queue.slice(done);
    arrive(at, now.packet, now.sec, now.nsec);
    this.where = this.cutter.where;
    this.waiting = this.queue.length > 0;
    return done > 0;
  }

  private replay(entry: HeldEntry, at: Arrival): void {
    const { what, where, start } = entry;
    arrive(at, entry.at.packet, entry.at.sec, entry.at.nsec);
    this.where = where;
    this.startPacket = start.packet;
    this.startSec = start.sec;
    this.startNsec = start.nsec;
    switch (what.kind) {
      case 'record':
        this.host.hold(-what.bytes.length);
        this.host.process(this, what.bytes, 0, what.bytes.length);
        return;
      case 'damaged':
        this.host.hold(-what.bytes.length);
        this.host.damaged(this, what.bytes, 0, what.bytes.length, what.tail);
        return;
      case 'opaque':
        this.host.opaque(this, what.type, what.version, what.length);
        return;
      case 'stray':
        this.host.stray(this, what.length, what.why);
        return;
      case 'lost':
        this.host.lost(this, what.bytes);
    }
  }

  private here(): void {
    const { cutter } = this;
    this.where = cutter.where;
    this.startPacket = cutter.startPacket;
    this.startSec = cutter.startSec;
    this.startNsec = cutter.startNsec;
  }

  private defer(what: Held, bytes: number): void {
    const { cutter } = this;
    const { at } = this.host;
    if (this.queue === NOTHING_HELD) this.queue = [];
    this.queue.push({
      what,
      where: cutter.where.copy(),
      start: { packet: cutter.startPacket, sec: cutter.startSec, nsec: cutter.startNsec },
      at: { packet: at.packet, sec: at.sec, nsec: at.nsec },
    });
    this.waiting = true;
    // Without room nothing waits any longer; the connection drains after this delivery.
    this.host.hold(bytes);
  }
}
