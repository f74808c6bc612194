import type { PieceList } from '../core/piece-list.ts';
import type { Arrival, Dir, EndReason, StreamSink } from '../core/stream.ts';
import { CONTENT, HANDSHAKE, SSL2, TLS_ENTRY, TLS13 } from '../schema/tls.ts';
import { REASON } from '../schema/tls-reason.ts';
import { isHandshakeStart } from './assembly.ts';
import { Direction, type DirectionHost } from './direction.ts';
import { Handshake } from './handshake.ts';
import type { FoundKeys } from './key-search.ts';
import type { TlsKeys } from './keys.ts';
import { Prelude } from './prelude.ts';
import { contentLength } from './read-state.ts';
import { HEADER } from './record-cipher.ts';
import type { TlsEvents } from './row.ts';
import { RowWriter } from './row-writer.ts';
import { newSession, type TlsSession } from './session.ts';

/** Bytes that one connection may hold back while it waits, and all of them together. A handshake flight has 5 to 10 KB, early data at most 16 KB by habit. */
const HOLD_LIMIT = 1024 * 1024;
const HOLD_LIMIT_ALL = 32 * 1024 * 1024;

export interface TlsOptions {
  /** Number of the connection, to link resumed sessions to their origin. */
  readonly stream?: number;
  /** A key log may still grow: protected records without keys wait for `keysAdded`. */
  readonly live?: boolean;
}

/**
 * Decrypts one TLS connection, SSL 3.0 to TLS 1.3.
 *
 * Takes the TCP stream of both directions and tells handshake messages, alerts, verified application data, and whatever
 * stays encrypted with the reason. Roles follow from the hellos. What cannot be judged yet because the other direction
 * is behind (reordered captures, early data, a key log that is still being written) waits, within a bound.
 * Nothing unauthenticated is ever handed on as plaintext. Never throws on wire bytes.
 */
export class TlsConnection implements StreamSink, DirectionHost {
  readonly at: Arrival;
  readonly session: TlsSession;
  /** Place of the record whose plaintext is being handed on, and the packet with its first byte. */
  recordWhere: PieceList;
  recordPacket = 0;
  /** By role: client, server. */
  readonly directions: [Direction, Direction];
  private readonly events: TlsEvents;
  private readonly keys: TlsKeys;
  private readonly live: boolean;
  private readonly handshake: Handshake;
  private readonly rows: RowWriter;
  private settled = false;
  private told = false;
  private patient = true;
  private held = 0;
  private prelude: Prelude | undefined = new Prelude();

  constructor(keys: TlsKeys, at: Arrival, events: TlsEvents, options: TlsOptions = {}) {
    this.keys = keys;
    this.at = at;
    this.events = events;
    this.live = options.live ?? false;
    this.session = newSession(options.stream ?? 0);
    this.directions = [new Direction(0, this), new Direction(1, this)];
    this.recordWhere = this.directions[0].where;
    this.handshake = new Handshake(keys, this.session, this.directions);
    this.rows = new RowWriter(this.session, at, keys.openRuns, events);
  }

  data(dir: Dir, buf: Uint8Array, start: number, end: number, address: number): void {
    if (end <= start) return;
    const { packet, sec, nsec } = this.at;
    const d = this.directions[dir];
    if (this.prelude !== undefined && this.startData(this.prelude, d, buf, start, end, address)) return;
    d.cutter.data(buf, start, end, address, packet, sec, nsec);
    this.drain();
  }

  gap(dir: Dir, length: number): void {
    const d = this.directions[dir];
    this.endPrelude();
    d.cutter.gap(length);
    this.drain();
  }

  end(dir: Dir, reason: EndReason): void {
    const d = this.directions[dir];
    if (d.ended) return;
    this.endPrelude();
    d.cutter.end();
    d.ended = true;
    if (reason === 'capture-end' || this.directions[1 - d.dir].ended) this.patient = false;
    this.drain();
    d.assembly.drop();
    this.rows.flush();
    this.events.end(d.dir, reason);
    if (this.directions[1 - d.dir].ended) this.release();
  }

  /** Lets go of keys and tables: a capture has many connections, and what is known of this one stays in its session. */
  private release(): void {
    if (this.directions.some((d) => d.waiting)) return;
    for (const d of this.directions) d.state.begin([undefined]);
    this.handshake.current = undefined;
  }

  /** Both directions have ended and nothing waits. */
  get finished(): boolean {
    return this.directions.every((d) => d.ended && !d.waiting);
  }

  /** The key log has grown: what waits for keys is tried again. */
  keysAdded(): void {
    this.handshake.retry();
    this.drain();
  }

  /** Ends the run of encrypted records that is being counted, so that everything seen so far is a row. */
  flush(): void {
    this.rows.flush();
  }

  // --- DirectionHost -------------------------------------------------------------------------------------------

  mustWait(d: Direction, type: number, first: number | undefined): boolean {
    if (!this.settled && type === CONTENT.handshake && !d.started && (first === HANDSHAKE.clientHello || first === HANDSHAKE.serverHello))
      this.settle(d, first);
    return this.patient && this.handshake.mustWait(d, type, this.live);
  }

  hold(bytes: number): boolean {
    this.held += bytes;
    this.keys.heldBytes += bytes;
    if (this.held > HOLD_LIMIT || this.keys.heldBytes > HOLD_LIMIT_ALL) this.patient = false;
    return this.patient;
  }

  process(d: Direction, buf: Uint8Array, start: number, end: number): void {
    const type = buf[start];
    if (!d.started) this.begin(d, buf, start, end);
    if (d.dead !== 0 && type !== CONTENT.ccs) {
      this.opaque(d, type, (buf[start + 1] << 8) | buf[start + 2], end - start);
      return;
    }
    if (d.protected) this.protectedRecord(d, type, buf, start, end);
    else this.clearRecord(d, type, buf, start, end);
  }

  opaque(d: Direction, type: number, version: number, length: number): void {
    if (this.session.version === 0) this.session.version = version;
    this.session.records[d.dir]++;
    this.encrypted(d, type, length, d.dead);
  }

  damaged(d: Direction, buf: Uint8Array, start: number, end: number, tail: number): void {
    d.started = true;
    if (d.protected && d.dead === 0) {
      this.session.records[d.dir]++;
      this.session.failed[d.dir]++;
      const length = contentLength(d.state.current, buf[start], end - start);
      const data = buf[start] === CONTENT.data;
      d.state.pass(buf, start, end, tail);
      this.rows.tell(d, TLS_ENTRY.damaged, 2, REASON.hole, d.where, end - start);
      if (data) this.missing(d, length);
      return;
    }
    d.assembly.drop();
    if (!d.protected) this.loseHandshake(d);
    this.rows.tell(d, TLS_ENTRY.damaged, 2, REASON.hole, d.where, end - start);
  }

  stray(d: Direction, length: number, why: 'garbage' | 'hole' | 'cut'): void {
    const reason = why === 'garbage' ? REASON.notTls : why === 'cut' ? REASON.truncated : REASON.hole;
    this.rows.count(d, why === 'garbage' ? TLS_ENTRY.notTls : TLS_ENTRY.damaged, 2, reason, length);
  }

  lost(d: Direction, bytes: number): void {
    d.started = true;
    this.rows.flush();
    d.assembly.drop();
    if (!d.protected) this.loseHandshake(d);
    else if (d.dead === 0) {
      d.state.lose(bytes);
      this.missing(d, -1);
    }
  }

  message(d: Direction, buf: Uint8Array, start: number, end: number, where: PieceList): void {
    const type = buf[start];
    const plain = d.protected ? buf : undefined;
    this.handshake.message(d, buf, start, end);
    this.rows.tell(d, type, 0, REASON.none, where, end - start, plain, start, end);
    this.handshake.after(d, type);
  }

  abandoned(d: Direction, where: PieceList, bytes: number): void {
    if (!d.protected) this.handshake.lose();
    this.rows.tell(d, TLS_ENTRY.damaged, 2, bytes > where.length ? REASON.tooLong : REASON.truncated, where, bytes);
  }

  // --- records -------------------------------------------------------------------------------------------------

  /** The first record of a direction: a stream may start in the middle of a session. */
  private begin(d: Direction, buf: Uint8Array, start: number, end: number): void {
    d.started = true;
    const type = buf[start];
    const late =
      type === CONTENT.data ||
      type === CONTENT.ccs ||
      (type === CONTENT.alert && end - start !== HEADER + 2) ||
      (type === CONTENT.handshake && !isHandshakeStart(buf, start + HEADER, end));
    if (!late || this.handshake.current !== undefined) return;
    this.session.version = (buf[start + 1] << 8) | buf[start + 2];
    for (const each of this.directions) {
      if (each.started) this.handshake.unheard(each, REASON.startsLate);
    }
  }

  private clearRecord(d: Direction, type: number, buf: Uint8Array, start: number, end: number): void {
    const from = start + HEADER;
    switch (type) {
      case CONTENT.handshake:
        if (d.assembly.pending || isHandshakeStart(buf, from, end)) d.assembly.feed(buf, from, end, d.where, HEADER);
        else this.encrypted(d, type, end - start, this.handshake.whyUnprotected());
        return;
      case CONTENT.alert:
        if (end - start === HEADER + 2) this.rows.tell(d, TLS_ENTRY.alert, buf[from] === 2 ? 2 : 0, REASON.none, d.where, end - start);
        else this.encrypted(d, type, end - start, this.handshake.whyUnprotected());
        return;
      case CONTENT.ccs:
        this.rows.tell(d, TLS_ENTRY.changeCipherSpec, 0, REASON.none, d.where, end - start);
        this.handshake.changeCipher(d);
        return;
      case CONTENT.data:
        if (d.dir === 0 && this.handshake.early) this.refusedEarly(d, buf, start, end);
        else {
          this.handshake.unheard(d, this.handshake.whyUnprotected());
          if (d.dead === 0) this.protectedRecord(d, type, buf, start, end);
          else this.opaque(d, type, (buf[start + 1] << 8) | buf[start + 2], end - start);
        }
        return;
      default:
        this.rows.tell(d, type === CONTENT.heartbeat ? TLS_ENTRY.heartbeat : TLS_ENTRY.unknownRecord, 0, REASON.none, d.where, end - start);
    }
  }

  private protectedRecord(d: Direction, type: number, buf: Uint8Array, start: number, end: number): void {
    const modern = this.session.version === TLS13;
    if (type === CONTENT.ccs && (modern || d.dead !== 0 || d.unheard !== 0)) {
      this.rows.tell(d, TLS_ENTRY.changeCipherSpec, 0, REASON.none, d.where, end - start);
      return;
    }
    // A peer without keys yet sends its alert in the clear.
    if (modern && type === CONTENT.alert && end - start === HEADER + 2) {
      this.rows.tell(d, TLS_ENTRY.alert, buf[start + HEADER] === 2 ? 2 : 0, REASON.none, d.where, end - start);
      return;
    }
    const { state } = d;
    if (state.hopeless) {
      const found = this.handshake.lastLook(d, buf, start, end, this.settled);
      if (d.dead !== 0) {
        this.opaque(d, type, (buf[start + 1] << 8) | buf[start + 2], end - start);
        return;
      }
      if (found !== undefined) this.found(d, found);
    }
    this.session.records[d.dir]++;
    const reason = state.open(buf, start, end);
    if (reason !== REASON.none) {
      this.refused(d, type, buf, start, end, reason);
      return;
    }
    this.session.decrypted[d.dir]++;
    this.handshake.opened(d);
    const cipher = state.current?.cipher;
    if (cipher === undefined) return;
    const { out, from, to } = cipher;
    switch (state.type) {
      case CONTENT.data:
        if (d.assembly.pending) d.assembly.drop();
        this.plaintext(d, out, from, to);
        return;
      case CONTENT.handshake:
        d.assembly.feed(out, from, to, d.where, -1);
        return;
      case CONTENT.alert:
        this.rows.tell(d, TLS_ENTRY.alert, out[from] === 2 ? 2 : 0, REASON.none, d.where, end - start, out, from, to);
        return;
      case CONTENT.ccs:
        this.rows.tell(d, TLS_ENTRY.changeCipherSpec, 0, REASON.none, d.where, end - start, out, from, to);
        this.handshake.changeCipher(d);
        return;
      default: {
        const command = state.type === CONTENT.heartbeat ? TLS_ENTRY.heartbeat : TLS_ENTRY.unknownRecord;
        this.rows.tell(d, command, 0, REASON.none, d.where, end - start, out, from, to);
      }
    }
  }

  /** The keys were found without the hellos: who this is, and that something went before. */
  private found(d: Direction, { dir, epoch, sequence }: FoundKeys): void {
    if (!this.settled) this.settle(d, dir === 0 ? HANDSHAKE.clientHello : HANDSHAKE.serverHello);
    if (sequence > 0 && epoch.name === 'application') this.missing(d, -1);
  }

  private plaintext(d: Direction, out: Uint8Array, from: number, to: number): void {
    this.rows.flush();
    if (!this.told) this.establish();
    this.recordWhere = d.where;
    this.recordPacket = d.startPacket;
    if (to > from) this.events.plaintext(d.dir, out, from, to);
  }

  /** A protected record that did not open. */
  private refused(d: Direction, type: number, buf: Uint8Array, start: number, end: number, reason: number): void {
    const { state } = d;
    if (state.tolerant) {
      if (this.session.earlyData === 'rejected') this.refusedEarly(d, buf, start, end);
      else {
        this.encrypted(d, type, end - start, this.session.earlyData === undefined ? reason : REASON.noEarlySecret);
        this.missing(d, -1);
      }
      return;
    }
    if (state.current === undefined) {
      this.encrypted(d, CONTENT.handshake, end - start, REASON.noHandshakeSecret);
      this.handshake.unreadable(d);
    } else {
      this.session.failed[d.dir]++;
      this.rows.tell(d, TLS_ENTRY.failed, 3, reason, d.where, end - start);
      if (type === CONTENT.data && state.current.name !== 'handshake') this.missing(d, contentLength(state.current, type, end - start));
    }
    if (state.exhausted) this.handshake.kill(d, state.verified === 0 ? REASON.wrongKeys : reason);
  }

  private refusedEarly(d: Direction, buf: Uint8Array, start: number, end: number): void {
    const plain = this.handshake.rejectedEarlyData(buf, start, end);
    this.rows.tell(d, TLS_ENTRY.rejectedEarlyData, 1, REASON.earlyDataRejected, d.where, end - start, plain);
  }

  private missing(d: Direction, length: number): void {
    if (!this.told) this.establish();
    this.events.plaintextGap(d.dir, length);
  }

  private establish(): void {
    this.told = true;
    this.handshake.summarise();
    this.events.established();
  }

  // --- rows ----------------------------------------------------------------------------------------------------

  private encrypted(d: Direction, type: number, length: number, reason: number): void {
    if (type === CONTENT.data && !this.told && reason !== REASON.noHandshakeSecret) this.establish();
    this.rows.count(d, type === CONTENT.data ? TLS_ENTRY.applicationData : TLS_ENTRY.encryptedHandshake, 0, reason, length);
  }

  // --- roles, waiting ------------------------------------------------------------------------------------------

  private settle(d: Direction, type: number): void {
    this.settled = true;
    if ((type === HANDSHAKE.clientHello) === (d.dir === 0)) return;
    this.directions.reverse();
    this.directions[0].dir = 0;
    this.directions[1].dir = 1;
    this.session.records.reverse();
    this.events.swap();
  }

  private loseHandshake(d: Direction): void {
    d.holed = true;
    this.handshake.lose();
  }

  private drain(): void {
    const client = this.directions[0];
    const server = this.directions[1];
    while (client.waiting || server.waiting) {
      const a = server.drain();
      const b = client.drain();
      if (!a && !b) return;
    }
  }

  /** The start of a connection may be a hello in the format of SSL 2.0, which is no record. True when the delivery was taken. */
  private startData(prelude: Prelude, d: Direction, buf: Uint8Array, start: number, end: number, address: number): boolean {
    if (prelude.owner !== d && prelude.bytes.length > 0) {
      this.endPrelude();
      return false;
    }
    prelude.owner = d;
    const verdict = prelude.take(buf, start, end, address);
    if (verdict === 'more') return true;
    if (verdict === 'hello') this.ssl2Hello(d, prelude);
    this.endPrelude(verdict === 'hello' ? prelude.length : 0);
    return verdict !== 'none' || prelude.bytes.length > 0;
  }

  /** What follows the hello, or all of it when it was none, takes the ordinary way. */
  private endPrelude(from = 0): void {
    const { prelude } = this;
    this.prelude = undefined;
    if (prelude?.handOn(from, this.at) === true) this.drain();
  }

  private ssl2Hello(d: Direction, prelude: Prelude): void {
    d.started = true;
    if (!this.settled) this.settle(d, HANDSHAKE.clientHello);
    d.startPacket = this.at.packet;
    d.startSec = this.at.sec;
    d.startNsec = this.at.nsec;
    this.handshake.ssl2Hello(prelude.bytes, 0, prelude.length);
    this.rows.tell(d, TLS_ENTRY.ssl2Hello, 0, REASON.none, prelude.hello(), prelude.length);
    if (this.session.version === SSL2) for (const each of this.directions) this.handshake.kill(each, REASON.ssl2);
  }
}
