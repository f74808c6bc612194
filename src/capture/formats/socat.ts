import type { InputSink } from '../../core/input.ts';
import type { Dir, StreamSink } from '../../core/stream.ts';
import { ascii, decimal, hexPair, Scratch } from './hex-text.ts';
import { utcSeconds } from './instant.ts';
import type { LineReader, TextContext } from './text-input.ts';

/** `> 2026/11/21 18:12:06.000775927  length=97 from=0 to=96` */
const HEADER = /^([<>]) (\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{1,9}) +length=(\d{1,15}) from=(\d{1,15}) to=(-?\d{1,15})$/;
/** A header stays below 120 characters; longer lines are data or log lines. */
const HEADER_LIMIT = 160;
/** Connections that are told apart in one log; more at the same time than a single socat can hold open usefully. */
const CONNECTION_LIMIT = 1024;
/** Bytes that one block may declare: socat's buffer (-b) is 8 KiB by default. */
const BLOCK_LIMIT = 16 << 20;

interface Block {
  readonly dir: Dir;
  readonly sec: number;
  readonly nsec: number;
  readonly length: number;
  readonly from: number;
}

interface Connection {
  readonly stream: StreamSink;
  /** Offset that the next block of each direction should start at. */
  readonly next: [number, number];
}

/** What a head with a socat header holds: hex (`-x`), text (`-v`), or no socat log at all. */
export function socatKind(head: Uint8Array): 'hex' | 'text' | undefined {
  const lines = ascii(head, 0, Math.min(head.length, 16 * 1024)).split(/\r?\n/);
  const at = lines.findIndex((line) => HEADER.test(line));
  if (at < 0) return undefined;
  // A header at the very end of the head says nothing of what follows; an empty log is read as hex.
  const data = lines[at + 1];
  return data === undefined || data === '' || /^ [0-9a-f]{2}( |$)/.test(data) ? 'hex' : 'text';
}

/**
 * The fraction's nanoseconds. socat 1.7 prints microseconds padded to nine digits ("000775927" is 775927 µs, checked with 1.7.4.4);
 * a nine-digit fraction from 1,000,000 up can only be nanoseconds.
 */
function nanos(digits: string): number {
  const value = Number(digits);
  if (digits.length === 9) return value < 1_000_000 ? value * 1000 : value;
  return Number(digits.padEnd(9, '0'));
}

function parseHeader(line: string): Block | undefined {
  const m = HEADER.exec(line);
  if (!m) return undefined;
  const sec = utcSeconds(Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5]), Number(m[6]), Number(m[7]));
  const length = decimal(m[9]);
  return sec === undefined || length > BLOCK_LIMIT
    ? undefined
    : { dir: m[1] === '>' ? 0 : 1, sec, nsec: nanos(m[8]), length, from: decimal(m[10]) };
}

/**
 * Reads what `socat -x` (also `-x -v`) writes to stderr: a header line with direction, time, length and stream offsets,
 * then hex pairs, on one line or on several with an ASCII column and a closing `--`. Log lines in between are left out.
 *
 * `>` is from the address named first, which is the client's side in every usual call (`socat LISTEN… CONNECT…`), so the
 * roles are not taken for granted. Offsets that start at 0 again begin another connection; an offset that leaves bytes out makes a gap.
 */
export class SocatReader implements LineReader {
  private readonly context: TextContext;
  private readonly sink: InputSink;
  private readonly scratch = new Scratch();
  private readonly connections: Connection[] = [];
  private block: Block | undefined = undefined;
  private got = 0;
  private blockAt = 0;
  private count = 0;
  private started = false;

  constructor(context: TextContext) {
    this.context = context;
    this.sink = context.sink;
  }

  line(buf: Uint8Array, start: number, end: number, position: number): void {
    const first = buf[start];
    if ((first === 0x3c || first === 0x3e) && end - start <= HEADER_LIMIT) {
      const block = parseHeader(ascii(buf, start, end));
      if (block) {
        this.flush(position);
        this.begin(block, position);
        return;
      }
    }
    if (this.block && first === 0x20) this.hex(buf, start, end);
  }

  finish(length: number): void {
    this.flush(length);
    for (const { stream } of this.connections) {
      stream.end(0, 'capture-end');
      stream.end(1, 'capture-end');
    }
  }

  private begin(block: Block, position: number): void {
    if (!this.started) {
      this.started = true;
      this.context.note('format.local-time', position, position);
    }
    this.block = block;
    this.got = 0;
    this.blockAt = position;
  }

  /** Takes hex pairs, each after one blank; two blanks begin the ASCII column. */
  private hex(buf: Uint8Array, start: number, end: number): void {
    const block = this.block as Block;
    const out = this.scratch.of(block.length);
    let at = start;
    while (this.got < block.length && at + 2 < end && buf[at] === 0x20) {
      const value = hexPair(buf, at + 1);
      if (value < 0) break;
      out[this.got++] = value;
      at += 3;
    }
    if (this.got === block.length) this.flush(0);
  }

  /** Hands over the block that is being read; `position` is where it was cut off, if it was. */
  private flush(position: number): void {
    const block = this.block;
    if (!block) return;
    this.block = undefined;
    this.sink.at.packet = 0;
    this.sink.at.sec = block.sec;
    this.sink.at.nsec = block.nsec;
    const connection = this.connectionOf(block);
    const expected = connection.next[block.dir];
    if (block.from > expected) {
      this.context.note('format.offset-jump', this.blockAt, this.blockAt, `${block.from - expected} bytes`);
      connection.stream.gap(block.dir, block.from - expected);
    }
    connection.next[block.dir] = block.from + block.length;
    if (this.got > 0) {
      const bytes = this.scratch.of(block.length);
      const address = this.context.spool.append(bytes, 0, this.got);
      connection.stream.data(block.dir, bytes, 0, this.got, address);
    }
    if (this.got < block.length) {
      this.context.note('format.truncated', this.blockAt, position, `${this.got} of ${block.length} bytes`);
      connection.stream.gap(block.dir, block.length - this.got);
    }
  }

  /**
   * The connection that goes on at this offset; the newest one when several do. Offset 0 belongs to a connection that is
   * silent in this direction so far, or opens one.
   */
  private connectionOf(block: Block): Connection {
    for (let i = this.connections.length - 1; i >= 0; i--)
      if (this.connections[i].next[block.dir] === block.from) return this.connections[i];
    const newest = this.connections[this.connections.length - 1];
    if (block.from !== 0 && newest && newest.next[block.dir] < block.from) return newest;
    return this.open();
  }

  private open(): Connection {
    if (this.connections.length >= CONNECTION_LIMIT) {
      const oldest = this.connections.shift() as Connection;
      oldest.stream.end(0, 'capture-end');
      oldest.stream.end(1, 'capture-end');
    }
    const label = `socat -x, connection ${++this.count}`;
    const info = { client: '', server: '', rolesKnown: false, timed: true, ordered: true, decrypted: true, label };
    const made: Connection = { stream: this.sink.stream(info), next: [0, 0] };
    this.connections.push(made);
    return made;
  }
}
