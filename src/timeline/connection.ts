import { Cells, type Dialect, type Framing } from '../core/dialect.ts';
import { CAPTURE_ENTRY, DIALECT, messageType } from '../core/message.ts';
import { Oldest } from '../core/oldest.ts';
import { type Arrival, C2S, type Dir, type EndReason, type StreamSink } from '../core/stream.ts';
import { Cutter, type FrameSink } from './cutter.ts';
import type { Rows } from './rows.ts';

/** Bytes a direction may hold back while its dialect is being recognised. The longest evidence needed is two courier frames. */
const DETECT_LIMIT = 16 * 1024;
/** Deliveries of an unrecognised stream whose start is tried again: a capture may begin in the middle of a message. */
const RETRIES = 256;
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

interface Delivery {
  readonly dir: Dir;
  readonly start: number;
  readonly end: number;
  readonly address: number;
  readonly gap: boolean;
  readonly packet: number;
  readonly sec: number;
  readonly nsec: number;
}

interface Held {
  addresses: number[];
  lengths: number[];
  total: number;
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
  private framing: Framing | undefined = undefined;
  private cutters: [Cutter, Cutter] | undefined = undefined;
  private inner: StreamSink | undefined = undefined;
  private opaque = false;
  /** One direction has ended. */
  private ended = false;
  private retries = RETRIES;
  private buffers: [Uint8Array, Uint8Array] = [NONE, NONE];
  private buffered: [number, number] = [0, 0];
  private deliveries: Delivery[] = [];
  private held: Map<number, Held> | undefined = undefined;
  private oldestHeld: Oldest<number, Held> | undefined = undefined;
  private heldFrames = 0;
  /** By direction: what is known of a frame with a hole, from the bytes before it. */
  private readonly cut: [Cells | undefined, Cells | undefined] = [undefined, undefined];
  private runDir: Dir = C2S;
  private runLength = 0;
  private runPieces: { address: number; count: number; addresses: number[]; lengths: number[] } | undefined = undefined;

  constructor(host: ConnectionHost, facts: ConnectionFacts) {
    this.host = host;
    this.facts = facts;
  }

  data(dir: Dir, buf: Uint8Array, start: number, end: number, address: number): void {
    if (this.cutters !== undefined) {
      const oriented = this.facts.swapped ? 1 - dir : dir;
      this.cutters[oriented].data(buf, start, end, address);
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
    if (this.cutters !== undefined) {
      this.gapRow(oriented, length);
      this.cutters[oriented].gap(length);
      return;
    }
    if (this.inner !== undefined) {
      this.gapRow(oriented, length);
      this.inner.gap(dir, length);
      return;
    }
    if (this.deliveries.length > 0) this.decide(true);
    if (this.cutters !== undefined || this.inner !== undefined) {
      this.gap(dir, length);
      return;
    }
    this.flushRun();
    this.gapRow(oriented, length);
  }

  end(dir: Dir, reason: EndReason): void {
    if (this.deliveries.length > 0) this.decide(true);
    const oriented = (this.facts.swapped ? 1 - dir : dir) as Dir;
    if (this.cutters !== undefined) {
      this.cutters[oriented].end();
      this.flushHeld(oriented);
      if (this.ended) this.release();
      this.ended = true;
    } else if (this.inner !== undefined) this.inner.end(dir, reason);
    else this.flushRun();
  }

  /** Both directions have ended; whoever still knows the connection keeps its facts, not its tables. */
  private release(): void {
    this.cutters = undefined;
    this.framing = undefined;
    this.held = undefined;
    this.oldestHeld = undefined;
    this.opaque = true;
    this.retries = 0;
  }

  private use(dialect: Dialect): void {
    this.framing = dialect.open({ alpn: this.facts.alpn });
    this.cutters = [new Cutter(0, this.framing, this), new Cutter(1, this.framing, this)];
    this.facts.dialect = dialect.code;
  }

  frame(dir: Dir, buf: Uint8Array, start: number, end: number, cutter: Cutter, holed: boolean): void {
    const framing = this.framing as Framing;
    cells.clear();
    const cut = holed ? this.cut[dir] : undefined;
    if (cut !== undefined) {
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
    const key = (cells.hold >= 0 ? cells.hold : cells.release) * 2 + dir;
    if (this.held === undefined) {
      this.held = new Map();
      this.oldestHeld = new Oldest(this.held);
    }
    let held = this.held.get(key);
    if (cells.hold >= 0) {
      if (held === undefined) {
        held = { addresses: [], lengths: [], total: 0 };
        this.held.set(key, held);
      }
      this.heldFrames++;
      push(held, cutter, length);
      if (this.heldFrames > HELD_LIMIT) this.dropOldest();
      return;
    }
    if (held === undefined) {
      this.host.rows.append(this.facts.stream, dir, cells, buf, length, cutter);
      return;
    }
    push(held, cutter, length);
    this.held.delete(key);
    this.heldFrames -= held.addresses.length;
    this.host.rows.append(this.facts.stream, dir, cells, buf, held.total, locate(held));
  }

  private dropOldest(): void {
    const oldest = this.oldestHeld?.find();
    if (oldest !== undefined) this.incomplete(oldest[0], oldest[1]);
  }

  private incomplete(key: number, held: Held): void {
    this.held?.delete(key);
    this.heldFrames -= held.addresses.length;
    cells.clear();
    if (this.framing?.unfinished?.((key & 1) as Dir, Math.floor(key / 2), cells) !== true)
      cells.type = messageType(DIALECT.capture, CAPTURE_ENTRY.truncated);
    if (cells.severity < 2) cells.severity = 2;
    this.host.rows.append(this.facts.stream, (key & 1) as Dir, cells, NONE, held.total, locate(held));
  }

  private flushHeld(dir: Dir): void {
    if (this.held === undefined) return;
    for (const [key, held] of [...this.held]) if ((key & 1) === dir) this.incomplete(key, held);
  }

  // --- recognition ---------------------------------------------------------------------------------------------

  private detectData(dir: Dir, buf: Uint8Array, start: number, end: number, address: number): void {
    if (this.opaque) {
      if (this.retries > 0) {
        this.retries--;
        const first = buf.subarray(start, end);
        const verdict = this.host.detect(dir === 0 ? first : NONE, dir === 0 ? NONE : first, this.facts, false);
        if (typeof verdict === 'object') {
          this.flushRun();
          this.opaque = false;
          this.apply(verdict);
          this.data(dir, buf, start, end, address);
          return;
        }
      }
      this.run(dir, address, end - start);
      return;
    }
    if (this.deliveries.length === 0) {
      const first = buf.subarray(start, end);
      const verdict = this.host.detect(dir === 0 ? first : NONE, dir === 0 ? NONE : first, this.facts, false);
      if (typeof verdict === 'object') {
        this.apply(verdict);
        this.data(dir, buf, start, end, address);
        return;
      }
      if (verdict === 'unknown') {
        this.opaque = true;
        this.run(dir, address, end - start);
        return;
      }
    }
    this.hold(dir, buf, start, end, address);
    if (this.deliveries.length > 1) this.decide(this.buffered[0] >= DETECT_LIMIT || this.buffered[1] >= DETECT_LIMIT);
  }

  private hold(dir: Dir, buf: Uint8Array, start: number, end: number, address: number): void {
    const at = this.buffered[dir];
    const size = at + end - start;
    if (this.buffers[dir].length < size) {
      const bigger = new Uint8Array(Math.max(size, 2 * this.buffers[dir].length));
      bigger.set(this.buffers[dir].subarray(0, at));
      this.buffers[dir] = bigger;
    }
    this.buffers[dir].set(buf.subarray(start, end), at);
    this.buffered[dir] = size;
    const { packet, sec, nsec } = this.host.at;
    this.deliveries.push({ dir, start: at, end: size, address, gap: false, packet, sec, nsec });
  }

  /** Decides with what is held; `final`: nothing more will come, or the limit is reached. */
  private decide(final: boolean): void {
    const [a, b] = [this.buffers[0].subarray(0, this.buffered[0]), this.buffers[1].subarray(0, this.buffered[1])];
    const verdict = this.host.detect(a, b, this.facts, final);
    if (verdict === 'need' && !final) return;
    const deliveries = this.deliveries;
    const buffers = this.buffers;
    this.deliveries = [];
    this.buffers = [NONE, NONE];
    this.buffered = [0, 0];
    if (typeof verdict === 'object') this.apply(verdict);
    else this.opaque = true;
    const at = this.host.at;
    const { packet, sec, nsec } = at;
    for (const d of deliveries) {
      at.packet = d.packet;
      at.sec = d.sec;
      at.nsec = d.nsec;
      this.data(d.dir, buffers[d.dir], d.start, d.end, d.address);
    }
    at.packet = packet;
    at.sec = sec;
    at.nsec = nsec;
  }

  private apply(verdict: Exclude<Verdict, string>): void {
    this.facts.swapped = verdict.swapped;
    this.facts.rolesKnown = true;
    if ('dialect' in verdict) {
      this.use(verdict.dialect);
      if (verdict.inside === true) for (const cutter of this.cutters as [Cutter, Cutter]) cutter.beginLost();
      return;
    }
    this.facts.tls = true;
    this.facts.dialect = DIALECT.tls;
    this.inner = this.host.openTls(this.facts);
    if (this.inner === undefined) this.opaque = true;
  }

  // --- bytes that nobody could name ----------------------------------------------------------------------------

  private run(dir: Dir, address: number, length: number): void {
    if (this.runLength > 0 && (dir !== this.runDir || this.runLength >= OPAQUE_ROW)) this.flushRun();
    this.runDir = dir;
    this.runPieces ??= { address: 0, count: 0, addresses: [], lengths: [] };
    const run = this.runPieces;
    const last = run.addresses.length - 1;
    if (last >= 0 && run.addresses[last] + run.lengths[last] === address) run.lengths[last] += length;
    else {
      run.addresses.push(address);
      run.lengths.push(length);
    }
    this.runLength += length;
  }

  private flushRun(): void {
    const run = this.runPieces;
    if (run === undefined || this.runLength === 0) return;
    const length = this.runLength;
    this.runLength = 0;
    this.runPieces = undefined;
    cells.clear();
    cells.type = messageType(DIALECT.capture, CAPTURE_ENTRY.unknown);
    run.address = run.addresses[0];
    run.count = run.addresses.length === 1 ? 0 : run.addresses.length;
    const oriented = (this.facts.swapped ? 1 - this.runDir : this.runDir) as Dir;
    this.host.rows.append(this.facts.stream, oriented, cells, NONE, length, run);
  }
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

function push(held: Held, cutter: Cutter, length: number): void {
  held.total += length;
  if (cutter.count === 0) {
    held.addresses.push(cutter.address);
    held.lengths.push(length);
    return;
  }
  for (let i = 0; i < cutter.count; i++) {
    held.addresses.push(cutter.addresses[i]);
    held.lengths.push(cutter.lengths[i]);
  }
}

function locate(held: Held): typeof spanning {
  spanning.addresses = held.addresses;
  spanning.lengths = held.lengths;
  spanning.count = held.addresses.length;
  spanning.address = held.addresses[0];
  return spanning;
}
