import { u32 } from '../../core/bytes.ts';
import { BROKEN, type Cells, type Framing, NEED } from '../../core/dialect.ts';
import { NewestMap } from '../../core/newest-map.ts';
import { C2S, type Dir } from '../../core/stream.ts';
import { CONTROL_ROW, FLAG, FRAME, HTTP2_ROWS, http2Type } from '../../schema/http2.ts';
import { controlSeverity, type PeerSettings, readSettings } from './control.ts';
import { findFrames } from './detect.ts';
import { FlowControl } from './flow.ts';
import { doubts, FRAME_HEADER, PREFACE, payloadLength, prefaceAt, streamId } from './frames.ts';
import { HeaderIndex } from './header-index.ts';
import { HISTORY, KeptReferences } from './references.ts';
import { classifyRequest } from './request-line.ts';
import { RowState } from './row-state.ts';

/** Messages in progress a direction may have. Servers allow 100 to 1,500 streams; the oldest are forgotten beyond this. */
const OPEN_LIMIT = 4096;
/** Bytes of frames that wait for the end of their message. Payloads end at 5 KiB, the largest channel list at some 300 KB. */
export const HELD_LIMIT = 1 << 20;
/** Bytes of a header block over CONTINUATION frames. APNs announces 8,000 for the whole list. */
export const BLOCK_LIMIT = 1 << 18;
/** CONTINUATION frames of one block, for senders who never end a block with empty ones. */
export const CONTINUATION_LIMIT = 256;

const NO_BLOCK = -1;

/** One for all connections: what it gives depends on the record alone. */
const keptReferences = new KeptReferences();

/** One direction of the connection. */
class Side {
  readonly headers = new HeaderIndex();
  readonly open = new NewestMap<RowState>();
  readonly settings: PeerSettings = { maxFrame: 0, tableSize: 0 };
  started = false;
  /** Stream whose header block goes on in the next frame, NO_BLOCK otherwise. */
  blockStream = NO_BLOCK;
  blockRow: RowState | undefined = undefined;
  blockKey = 0;
  block = new Uint8Array(0);
  blockLength = 0;
  continuations = 0;
}

/**
 * Cuts an HTTP/2 connection into frames and says which of them make one row.
 *
 * The frames of a message are held under their stream id and released by the frame that ends the message. The header tables
 * of both directions run along; a row keeps in `aux` the entries it refers to (references.ts), valid until the next call.
 * Held frames have their cells filled with what is known so far, so that a message that never ends can still be listed.
 */
export class Http2Framing implements Framing {
  private readonly sides: readonly [Side, Side] = [new Side(), new Side()];
  private readonly spare: RowState[] = [];
  private readonly single = new RowState();
  private readonly flow = new FlowControl();

  measure(dir: Dir, buf: Uint8Array, start: number, end: number): number {
    if (buf[start] === PREFACE[0] && dir === C2S) {
      const n = prefaceAt(buf, start, end);
      if (n === PREFACE.length) return n;
      if (n > 0) return NEED;
    }
    if (end - start < FRAME_HEADER) return NEED;
    // What the other side announced to take; a lone oddity is a fault worth showing, two mean that this is no frame.
    if (doubts(buf, start, this.sides[1 - dir].settings.maxFrame) > 1) return BROKEN;
    return FRAME_HEADER + payloadLength(buf, start);
  }

  index(dir: Dir, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    const side = this.sides[dir];
    const type = buf[start + 3];
    if (dir === C2S && buf[start] === PREFACE[0] && end - start === PREFACE.length) {
      this.preface(side, cells);
      return;
    }
    if (!side.started) this.start(dir, side, type, buf[start + 4]);
    const stream = streamId(buf, start);
    if (side.blockStream !== NO_BLOCK && (type !== FRAME.continuation || stream !== side.blockStream)) {
      this.abandonBlock(side);
      cells.severity = 3;
    }
    const broke = cells.severity === 3;
    if (type === FRAME.data) this.data(dir, side, stream, buf, start, end, cells);
    else if (type === FRAME.headers) this.headers(dir, side, stream, buf, start, end, cells);
    else if (type === FRAME.continuation) this.continuation(dir, side, stream, buf, start, end, cells);
    else if (type === FRAME.pushPromise) this.promise(side, stream, buf, start, end, cells);
    else {
      this.control(dir, side, type, stream, buf, start, end, cells);
      if (broke && cells.aux === undefined) {
        this.single.references.fact(HISTORY.continuationExpected, 0, FRAME_HEADER);
        cells.aux = this.single.references.view();
      }
    }
  }

  lost(dir: Dir): void {
    const side = this.sides[dir];
    side.started = true;
    this.flow.forget();
    side.headers.table.forget();
    side.blockStream = NO_BLOCK;
    side.blockRow = undefined;
    // The frames held so far become a row of their own: what comes later has no headers before it.
    for (const [, row] of side.open.entries()) {
      row.held = 0;
      row.references.clear();
    }
  }

  resync(dir: Dir, buf: Uint8Array, start: number, end: number): number {
    return findFrames(buf, start, end, dir === C2S);
  }

  /** DATA carries nothing that later frames refer to. */
  bearsHole(dir: Dir, buf: Uint8Array, start: number): boolean {
    return buf[start + 3] === FRAME.data && this.sides[dir].blockStream === NO_BLOCK;
  }

  unfinished(dir: Dir, key: number, cells: Cells): boolean {
    const row = this.sides[dir].open.get(key);
    if (row === undefined || row.held === 0) return false;
    this.fill(row, cells);
    return true;
  }

  private preface(side: Side, cells: Cells): void {
    side.started = true;
    side.headers.table.restart();
    cells.type = http2Type(HTTP2_ROWS.preface.code);
  }

  /** A direction that does not begin as the specification demands is seen from its middle on: its table is unknown. */
  private start(dir: Dir, side: Side, type: number, flags: number): void {
    side.started = true;
    if (dir !== C2S && type === FRAME.settings && !(flags & FLAG.ack)) return;
    side.headers.table.forget();
    this.flow.forget();
  }

  private headers(dir: Dir, side: Side, stream: number, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    const flags = buf[start + 4];
    let from = start + FRAME_HEADER;
    let to = end;
    if (flags & FLAG.padded) to -= from < end ? buf[from++] : 1;
    if (flags & FLAG.priority) from += 5;
    const ends = (flags & FLAG.endStream) !== 0;
    let row = side.open.get(stream);
    if (row === undefined) {
      const whole = ends && (flags & FLAG.endHeaders) !== 0;
      row = whole ? this.single : this.begin(side, stream);
      row.open(stream, firstCode(dir));
    }
    this.checkBefore(dir, row, buf, start, end, cells);
    row.endStream = ends;
    if (from > to) {
      row.severity = 3;
      side.headers.table.forget();
    } else if (flags & FLAG.endHeaders) this.walk(dir, side, buf, from, to, row);
    else this.beginBlock(side, stream, stream, row, buf, from, to);
    this.place(side, row, stream, ends && (flags & FLAG.endHeaders) !== 0, end - start, cells);
  }

  private continuation(dir: Dir, side: Side, stream: number, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    const row = side.blockRow;
    if (side.blockStream === NO_BLOCK || row === undefined) {
      this.lone(FRAME.continuation, stream, 3, cells);
      this.single.references.fact(HISTORY.unexpectedContinuation, 0, end - start);
      cells.aux = this.single.references.view();
      // Its headers belong to a block that was not seen: what it did to the table is unknown.
      side.headers.table.forget();
      return;
    }
    const key = side.blockKey;
    this.checkBefore(dir, row, buf, start, end, cells);
    side.continuations++;
    const length = end - start - FRAME_HEADER;
    if (side.blockLength + length > BLOCK_LIMIT || side.continuations > CONTINUATION_LIMIT) {
      row.references.fact(HISTORY.blockTooLong, row.held, row.held + end - start);
      row.severity = 3;
      this.abandonBlock(side);
      this.place(side, row, key, true, end - start, cells);
      return;
    }
    appendBlock(side, buf, start + FRAME_HEADER, end);
    const done = (buf[start + 4] & FLAG.endHeaders) !== 0;
    if (done) {
      side.blockStream = NO_BLOCK;
      side.blockRow = undefined;
      this.walk(dir, side, side.block, 0, side.blockLength, row);
    }
    this.place(side, row, key, done && row.endStream, end - start, cells);
  }

  private data(dir: Dir, side: Side, stream: number, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    const ends = (buf[start + 4] & FLAG.endStream) !== 0;
    let row = side.open.get(stream);
    if (row === undefined) {
      // Its HEADERS were not captured.
      row = ends ? this.single : this.begin(side, stream);
      row.open(stream, firstCode(dir));
    }
    if (row.closed) {
      this.lone(FRAME.data, stream, 0, cells);
      this.single.references.fact(HISTORY.bodyPart, 0, end - start);
      cells.aux = this.single.references.view();
      this.flow.sent(dir, row, payloadLength(buf, start));
      if (ends) this.finish(side, row);
      return;
    }
    if (!this.flow.sent(dir, row, payloadLength(buf, start))) {
      row.references.fact(HISTORY.flowControl, row.held, row.held + end - start);
      row.severity = 3;
    }
    this.checkBefore(dir, row, buf, start, end, cells);
    this.place(side, row, stream, ends, end - start, cells);
  }

  private promise(side: Side, stream: number, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    const flags = buf[start + 4];
    let from = start + FRAME_HEADER;
    let to = end;
    if (flags & FLAG.padded) to -= from < end ? buf[from++] : 1;
    const promised = from + 4 <= to ? streamId(buf, from - 5) : stream;
    from += 4;
    const done = (flags & FLAG.endHeaders) !== 0;
    const row = done ? this.single : this.begin(side, promised);
    row.open(promised, CONTROL_ROW + FRAME.pushPromise);
    row.severity = 2;
    row.endStream = true;
    if (from > to) side.headers.table.forget();
    else if (done) this.walk(1, side, buf, from, to, row);
    else this.beginBlock(side, stream, promised, row, buf, from, to);
    row.code = CONTROL_ROW + FRAME.pushPromise;
    this.place(side, row, promised, done, end - start, cells);
  }

  private control(dir: Dir, side: Side, type: number, stream: number, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    this.lone(type, stream, controlSeverity(buf, start, end), cells);
    if (type === FRAME.settings) {
      readSettings(buf, start, end, side.settings);
      this.flow.settings(dir, buf, start, end);
    } else if (type === FRAME.windowUpdate && end - start >= FRAME_HEADER + 4) {
      this.flow.update(dir, stream, this.sides[1 - dir].open.get(stream), u32(buf, start + FRAME_HEADER) & 0x7fffffff);
    } else if (type === FRAME.rstStream) {
      const row = side.open.get(stream);
      if (row === undefined) return;
      // The message ends here: its row shows what came of it and the reset.
      row.severity = Math.max(row.severity, cells.severity);
      this.place(side, row, stream, true, end - start, cells);
    }
  }

  /** A frame that is a row of its own. */
  private lone(type: number, stream: number, severity: number, cells: Cells): void {
    this.single.open(stream, CONTROL_ROW + type);
    cells.type = http2Type(CONTROL_ROW + type);
    if (stream > 0) {
      cells.id = stream;
      cells.hasId = true;
    }
    cells.severity = Math.max(cells.severity, severity);
  }

  /** Fills the cells of a frame that belongs to a message, and says whether it completes the row. */
  private place(side: Side, row: RowState, key: number, done: boolean, length: number, cells: Cells): void {
    const over = !done && row.held + length > HELD_LIMIT;
    if (over) row.references.fact(HISTORY.bodyCut, row.held, row.held + length);
    row.held += length;
    this.fill(row, cells);
    if (over && cells.severity < 2) cells.severity = 2;
    if (!done && !over) {
      cells.hold = key;
      return;
    }
    cells.release = key;
    const kept = cells.aux === undefined ? undefined : keptReferences.find(cells.aux);
    if (kept !== undefined) {
      cells.aux = kept;
      cells.auxKept = true;
    }
    if (done) this.finish(side, row);
    else {
      row.closed = true;
      row.held = 0;
      row.references.clear();
    }
  }

  /** Fills the cells with what is known of a message. */
  private fill(row: RowState, cells: Cells): void {
    cells.type = http2Type(row.code);
    cells.id = row.stream;
    cells.hasId = true;
    cells.status = row.status;
    cells.topicFrom = row.topic;
    cells.topicEnd = row.topicLength;
    cells.tokenFrom = row.token;
    cells.tokenEnd = row.tokenLength;
    cells.severity = Math.max(cells.severity, row.severity, row.status >= 400 ? 2 : 0);
    cells.aux = row.references.view();
  }

  private walk(dir: Dir, side: Side, block: Uint8Array, start: number, end: number, row: RowState): void {
    const headers = side.headers;
    const sound = headers.walk(block, start, end, row);
    if (!sound) row.severity = 3;
    if (headers.expanded) row.references.fact(HISTORY.listTooLong, row.held, row.held);
    const allowed = this.sides[1 - dir].settings.tableSize;
    if (headers.tableSize > 4096 && headers.tableSize > allowed && this.sides[1 - dir].settings.maxFrame > 0) {
      row.references.fact(HISTORY.tableSize, row.held, row.held);
      row.severity = 3;
    }
    if (row.code === HTTP2_ROWS.request.code) classifyRequest(row);
  }

  /** Faults that only the history tells: a frame longer than announced, another frame inside a header block. */
  private checkBefore(dir: Dir, row: RowState, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    if (cells.severity === 3) row.references.fact(HISTORY.continuationExpected, row.held, row.held + FRAME_HEADER);
    const limit = this.sides[1 - dir].settings.maxFrame;
    if (limit > 0 && payloadLength(buf, start) > limit) {
      row.references.fact(HISTORY.frameSize, row.held, row.held + end - start);
      row.severity = 3;
    }
  }

  private beginBlock(side: Side, stream: number, key: number, row: RowState, buf: Uint8Array, start: number, end: number): void {
    side.blockStream = stream;
    side.blockKey = key;
    side.blockRow = row;
    side.blockLength = 0;
    side.continuations = 0;
    appendBlock(side, buf, start, end);
  }

  /** A header block that will not be completed: the table entries it made are unknown. */
  private abandonBlock(side: Side): void {
    side.blockStream = NO_BLOCK;
    side.blockRow = undefined;
    side.headers.table.forget();
  }

  private begin(side: Side, stream: number): RowState {
    if (side.open.size >= OPEN_LIMIT) {
      const oldest = side.open.oldest();
      if (oldest !== undefined) this.finish(side, oldest[1]);
    }
    const row = this.spare.pop() ?? new RowState();
    row.stream = stream;
    side.open.set(stream, row);
    return row;
  }

  private finish(side: Side, row: RowState): void {
    if (row === this.single) return;
    side.open.delete(row.stream);
    if (side.blockRow === row) this.abandonBlock(side);
    if (this.spare.length < 64) this.spare.push(row);
  }
}

/** Until its headers are known, what the client sends is a request and what the server sends is a response. */
function firstCode(dir: Dir): number {
  return dir === C2S ? HTTP2_ROWS.request.code : HTTP2_ROWS.response.code;
}

function appendBlock(side: Side, buf: Uint8Array, start: number, end: number): void {
  const length = end - start;
  if (side.blockLength + length > side.block.length) {
    const bigger = new Uint8Array(Math.max(2 * side.block.length, side.blockLength + length));
    bigger.set(side.block.subarray(0, side.blockLength));
    side.block = bigger;
  }
  for (let i = start; i < end; i++) side.block[side.blockLength++] = buf[i];
}
