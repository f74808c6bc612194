import { directionBits } from '../codec/detect.ts';
import { ENOUGH } from '../codec/evidence.ts';
import { Cells, type Dialect, type Framing } from '../core/dialect.ts';
import { CAPTURE_ENTRY, DIALECT, messageType } from '../core/message.ts';
import type { Arrival, Dir, EndReason, StreamSink } from '../core/stream.ts';
import { Cutter, type FrameSink } from './cutter.ts';
import { HeldFrames } from './held-frames.ts';
import { OpaqueRun } from './opaque-run.ts';
import { Opening } from './opening.ts';
import type { Rows } from './rows.ts';

/** Bytes a direction may hold back while its dialect is being recognised. The longest evidence needed is two courier frames. */
const DETECT_LIMIT = 16 * 1024;
/** Deliveries of an unrecognised stream whose start is tried again: a capture may begin in the middle of a message. */
const RETRIES = 256;
/** Bits of evidence that such a delivery must show: twice those of a beginning, because there are many of them. */
const SURE = 2 * ENOUGH;
/** Holes of an unrecognised stream behind which it is looked at as at its beginning. */
const RESTARTS = 16;
/** Unrecognised bytes in one row; a new row begins on a change of direction as well. */
const OPAQUE_ROW = 64 * 1024;
/** Frames held for messages that are not complete, per connection; HTTP/2 allows a few thousand streams at once. */
const HELD_LIMIT = 16 * 1024;

/** What to do with a stream once its first bytes are seen. */
export type Verdict =
  | { readonly dialect: Dialect; readonly swapped: boolean /** The bytes begin inside a message. */; readonly inside?: boolean }
  | { readonly tls: true; readonly swapped: boolean }
  | 'need'
  | 'unknown';

/** Facts of a connection that the rows do not repeat. */
export interface ConnectionFacts {
  readonly stream: number;
  /** Direction 0 of the deliveries is the client's, as far as the lower stage could tell. */
  rolesKnown: boolean;
  /** Deliveries' direction 0 turned out to be the server. Below TLS, deliveries keep their numbering; TLS finds the roles itself. */
  swapped: boolean;
  dialect: number;
  alpn: string | undefined;
  tls: boolean;
}

/** The rest of the pipeline, as a connection sees it. */
export interface ConnectionHost {
  readonly rows: Rows;
  readonly at: Arrival;
  detect(first: Uint8Array, second: Uint8Array, facts: ConnectionFacts, final: boolean): Verdict;
  /** Starts decryption; undefined when this room has no TLS. */
  openTls(facts: ConnectionFacts): StreamSink | undefined;
}

const NONE = new Uint8Array(0);
/** One for all connections: rows are made one at a time. */
const cells = new Cells();
const spanning = { address: 0, count: 0, addresses: [] as number[], lengths: [] as number[] };

/**
 * One connection's bytes on their way to rows: recognises what is spoken, then cuts and indexes it.
 * TLS inside is opened by the host and its plaintext comes back through a second `Connection`.
 */
export class Connection implements StreamSink, FrameSink {
  readonly facts: ConnectionFacts;
  private readonly host: ConnectionHost;
  // A capture may have a hundred thousand connections that say next to nothing: what few of them need is made when it is needed.
  /** Set with the dialect; a direction gets its cutter with its first bytes. */
  private framing: Framing | undefined = undefined;
  private cutter0: Cutter | undefined = undefined;
  private cutter1: Cutter | undefined = undefined;
  private inner: StreamSink | undefined = undefined;
  private opaque = false;
  /** One direction has ended. */
  private ended = false;
  private retries = RETRIES;
  private restarts = RESTARTS;
  /** What came before the dialect is known. */
  private opening: Opening | undefined = undefined;
  private held: HeldFrames | undefined = undefined;
  /** By direction: what is known of a frame with a hole, from the bytes before it. */
  private cut: [Cells | undefined, Cells | undefined] | undefined = undefined;
  private run: OpaqueRun | undefined = undefined;

  constructor(host: ConnectionHost, facts: ConnectionFacts) {
    this.host = host;
    this.facts = facts;
  }

  data(dir: Dir, buf: Uint8Array, start: number, end: number, address: number): void {
    if (this.framing !== undefined) {
      const oriented = this.facts.swapped ? 1 - dir : dir;
      this.cutterOf(oriented as Dir).data(buf, start, end, address);
      return;
    }
    if (this.inner !== undefined) {
      this.inner.data(dir, buf, start, end, address);
      return;
    }
    this.detectData(dir, buf, start, end, address);
  }

  gap(dir: Dir, length: number): void {
    const oriented = (this.facts.swapped ? 1 - dir : dir) as Dir;
    if (this.framing !== undefined) {
      this.gapRow(oriented, length);
      this.cutterOf(oriented).gap(length);
      return;
    }
    if (this.inner !== undefined) {
      this.gapRow(oriented, length);
      this.inner.gap(dir, length);
      return;
    }
    if (this.opening !== undefined) this.decide(this.opening, true);
    if (this.framing !== undefined || this.inner !== undefined) {
      this.gap(dir, length);
      return;
    }
    this.flushRun();
    this.gapRow(oriented, length);
    // Behind a hole the bytes are looked at as at the beginning: what could not be named was perhaps the rest of one message.
    if (this.restarts > 0) {
      this.restarts--;
      this.opaque = false;
    }
  }

  end(dir: Dir, reason: EndReason): void {
    if (this.opening !== undefined) this.decide(this.opening, true);
    const oriented = (this.facts.swapped ? 1 - dir : dir) as Dir;
    if (this.framing !== undefined) {
      (oriented === 0 ? this.cutter0 : this.cutter1)?.end();
      this.flushHeld(oriented);
      if (this.ended) this.release();
      this.ended = true;
    } else if (this.inner !== undefined) this.inner.end(dir, reason);
    else this.flushRun();
  }

  /** Both directions have ended; whoever still knows the connection keeps its facts, not its tables. */
  private release(): void {
    this.cutter0 = undefined;
    this.cutter1 = undefined;
    this.framing = undefined;
    this.held = undefined;
    this.opaque = true;
    this.retries = 0;
    this.restarts = 0;
  }

  private use(dialect: Dialect): void {
    this.framing = dialect.open({ alpn: this.facts.alpn });
    this.facts.dialect = dialect.code;
  }

  /** The cutter of a direction, once the dialect is known. */
  private cutterOf(dir: Dir): Cutter {
    return (dir === 0 ? this.cutter0 : this.cutter1) ?? this.openCutter(dir);
  }

  private openCutter(dir: Dir): Cutter {
    const cutter = new Cutter(dir, this.framing as Framing, this);
    if (dir === 0) this.cutter0 = cutter;
    else this.cutter1 = cutter;
    return cutter;
  }

  frame(dir: Dir, buf: Uint8Array, start: number, end: number, cutter: Cutter, holed: boolean): void {
    const framing = this.framing as Framing;
    cells.clear();
    const cut = holed ? this.cut?.[dir] : undefined;
    if (this.cut !== undefined && cut !== undefined) {
      Object.assign(cells, cut);
      this.cut[dir] = undefined;
    } else framing.index(dir, buf, start, end, cells);
    if (holed && cells.severity < 2) cells.severity = 2;
    if (cells.hold < 0 && cells.release < 0) {
      this.host.rows.append(this.facts.stream, dir, cells, buf, end - start, cutter);
      return;
    }
    this.heldFrame(dir, buf, end - start, cutter);
  }

  loose(dir: Dir, length: number, cutter: Cutter, why: 'skipped' | 'truncated' | 'broken'): void {
    cells.clear();
    cells.type = messageType(DIALECT.capture, why === 'truncated' ? CAPTURE_ENTRY.truncated : CAPTURE_ENTRY.skipped);
    cells.severity = why === 'broken' ? 3 : 2;
    this.host.rows.append(this.facts.stream, dir, cells, NONE, length, cutter);
  }

  hole(dir: Dir, buf: Uint8Array, end: number): boolean {
    const framing = this.framing as Framing;
    if (framing.bearsHole?.(dir, buf, 0, end) === true) return true;
    // What the dialect remembers is still known: references before the hole are resolved now.
    cells.clear();
    framing.index(dir, buf, 0, end, cells);
    this.cut ??= [undefined, undefined];
    this.cut[dir] = kept(cells);
    return false;
  }

  losing(dir: Dir): void {
    this.flushHeld(dir);
  }

  private gapRow(dir: Dir, length: number): void {
    cells.clear();
    cells.type = messageType(DIALECT.capture, CAPTURE_ENTRY.gap);
    cells.severity = 2;
    spanning.count = 0;
    spanning.address = 0;
    this.host.rows.append(this.facts.stream, dir, cells, NONE, Math.max(0, length), spanning);
  }

  // --- messages whose frames are apart -------------------------------------------------------------------------

  private heldFrame(dir: Dir, buf: Uint8Array, length: number, cutter: Cutter): void {
    this.held ??= new HeldFrames();
    const { held } = this;
    if (cells.hold >= 0) {
      held.hold(cells.hold * 2 + dir, cutter, length);
      if (held.frames > HELD_LIMIT) this.incomplete(held, held.oldest());
      return;
    }
    const message = held.take(cells.release * 2 + dir);
    if (message === undefined) {
      this.host.rows.append(this.facts.stream, dir, cells, buf, length, cutter);
      return;
    }
    message.addFrame(cutter, length);
    this.host.rows.append(this.facts.stream, dir, cells, buf, message.length, message);
    held.done(message);
  }

  private incomplete(held: HeldFrames, key: number): void {
    const message = held.take(key);
    if (message === undefined) return;
    const dir = (key & 1) as Dir;
    cells.clear();
    if (this.framing?.unfinished?.(dir, Math.floor(key / 2), cells) !== true)
      cells.type = messageType(DIALECT.capture, CAPTURE_ENTRY.truncated);
    if (cells.severity < 2) cells.severity = 2;
    this.host.rows.append(this.facts.stream, dir, cells, NONE, message.length, message);
    held.done(message);
  }

  private flushHeld(dir: Dir): void {
    const { held } = this;
    if (held === undefined) return;
    for (const key of held.keys()) if ((key & 1) === dir) this.incomplete(held, key);
  }

  // --- recognition ---------------------------------------------------------------------------------------------

  private detectData(dir: Dir, buf: Uint8Array, start: number, end: number, address: number): void {
    if (this.opaque) {
      if (this.retries > 0) {
        this.retries--;
        const first = buf.subarray(start, end);
        const verdict = this.host.detect(dir === 0 ? first : NONE, dir === 0 ? NONE : first, this.facts, true);
        if (typeof verdict === 'object' && isSure(verdict, first, dir)) {
          this.flushRun();
          this.opaque = false;
          this.apply(verdict);
          this.data(dir, buf, start, end, address);
          return;
        }
      }
      this.addOpaque(dir, address, end - start);
      return;
    }
    if (this.opening === undefined) {
      const first = buf.subarray(start, end);
      const verdict = this.host.detect(dir === 0 ? first : NONE, dir === 0 ? NONE : first, this.facts, false);
      if (typeof verdict === 'object') {
        this.apply(verdict);
        this.data(dir, buf, start, end, address);
        return;
      }
      if (verdict === 'unknown') {
        this.opaque = true;
        this.addOpaque(dir, address, end - start);
        return;
      }
      this.opening = new Opening();
      this.opening.add(dir, buf, start, end, address, this.host.at);
      return;
    }
    this.opening.add(dir, buf, start, end, address, this.host.at);
    this.decide(this.opening, this.opening.longest >= DETECT_LIMIT);
  }

  /** Decides with what is held; `final`: nothing more will come, or the limit is reached. */
  private decide(opening: Opening, final: boolean): void {
    const verdict = this.host.detect(opening.bytes(0), opening.bytes(1), this.facts, final);
    if (verdict === 'need' && !final) return;
    this.opening = undefined;
    if (typeof verdict === 'object') this.apply(verdict);
    else this.opaque = true;
    opening.play(this.host.at, this);
  }

  private apply(verdict: Exclude<Verdict, string>): void {
    this.facts.swapped = verdict.swapped;
    this.facts.rolesKnown = true;
    if ('dialect' in verdict) {
      this.use(verdict.dialect);
      if (verdict.inside === true) {
        this.cutterOf(0).beginLost();
        this.cutterOf(1).beginLost();
      }
      return;
    }
    this.facts.tls = true;
    this.facts.dialect = DIALECT.tls;
    this.inner = this.host.openTls(this.facts);
    if (this.inner === undefined) this.opaque = true;
  }

  // --- bytes that nobody could name ----------------------------------------------------------------------------

  private addOpaque(dir: Dir, address: number, length: number): void {
    if (this.run !== undefined && (dir !== this.run.dir || this.run.length >= OPAQUE_ROW)) this.flushRun();
    this.run ??= new OpaqueRun(dir);
    this.run.add(address, length);
  }

  private flushRun(): void {
    const { run } = this;
    if (run === undefined) return;
    this.run = undefined;
    cells.clear();
    cells.type = messageType(DIALECT.capture, CAPTURE_ENTRY.unknown);
    const oriented = (this.facts.swapped ? 1 - run.dir : run.dir) as Dir;
    this.host.rows.append(this.facts.stream, oriented, cells, NONE, run.length, run);
  }
}

/** Whether bytes in the middle of a stream begin what the verdict says, and not by chance. */
function isSure(verdict: Exclude<Verdict, string>, bytes: Uint8Array, dir: Dir): boolean {
  if (!('dialect' in verdict)) return true;
  return verdict.inside !== true && directionBits(verdict.dialect, bytes, (verdict.swapped ? 1 - dir : dir) as Dir) >= SURE;
}

/** A copy of cells that outlives the buffers they refer to: a frame with a hole, of which the bytes before it were indexed. */
function kept(from: Cells): Cells {
  const copy = Object.assign(new Cells(), from);
  copy.topicFrom = from.topicFrom?.slice(0, from.topicEnd);
  copy.tokenFrom = from.tokenFrom?.slice(0, from.tokenEnd);
  copy.aux = from.aux?.slice();
  copy.auxKept = false;
  copy.severity = 2;
  // What it belonged to is told as incomplete: it stands alone.
  copy.hold = copy.release = -1;
  return copy;
}
