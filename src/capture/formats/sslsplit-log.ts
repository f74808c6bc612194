import type { Input, InputSink, InputState } from '../../core/input.ts';
import type { Dir, StreamSink } from '../../core/stream.ts';
import type { Source } from '../source.ts';
import { ConnectionTable } from './connection-table.ts';
import { ascii, decimal } from './hex-text.ts';
import { utcSeconds } from './instant.ts';
import { limitedNotes, type TextContext } from './text-input.ts';
import { Window } from './window.ts';

const LF = 10;
/** Longest header line: two IPv6 addresses with zones, two ports and a length stay below 200. */
const HEADER_LIMIT = 512;
/** Bytes handed over by one `step`. */
const STEP_BYTES = 2 << 20;
const HEADER =
  /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d) UTC \[([^\]\s]+)\]:(\S{1,32}) -> \[([^\]\s]+)\]:(\S{1,32}) \((\d{1,16}|EOF)\)(:?)$/;

interface Header {
  readonly sec: number;
  readonly from: string;
  readonly to: string;
  /** Bytes that follow; -1 at the end of a connection. */
  readonly length: number;
}

/** True when the head starts with a header line of `sslsplit -L`. */
export function isSslsplitLog(head: Uint8Array): boolean {
  const end = head.subarray(0, HEADER_LIMIT).indexOf(LF);
  return end > 0 && parseHeader(ascii(head, 0, end)) !== undefined;
}

function parseHeader(line: string): Header | undefined {
  const m = HEADER.exec(line);
  if (!m) return undefined;
  const sec = utcSeconds(Number(m[1]), Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5]), Number(m[6]));
  const length = m[11] === 'EOF' ? -1 : decimal(m[11]);
  if (sec === undefined || Number.isNaN(length) || length >= 0 !== (m[12] === ':')) return undefined;
  return { sec, from: `${bracketed(m[7])}:${m[8]}`, to: `${bracketed(m[9])}:${m[10]}`, length };
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * Reads the content log of `sslsplit -L`: before each segment a line
 * `YYYY-MM-DD HH:MM:SS UTC [ip]:port -> [ip]:port (N):`, then N raw bytes without a line end; `(EOF)` ends a connection.
 *
 * Parsed by length only, as the data may hold anything. Times are whole seconds. After damage the next line that is a header is taken.
 */
export class SslsplitLogInput implements Input {
  readonly name: string;
  readonly format = 'sslsplit -L';
  private readonly source: Source;
  private readonly window: Window;
  private table: ConnectionTable | undefined = undefined;
  private note: TextContext['note'] = () => {};
  private stream: StreamSink | undefined = undefined;
  private dir: Dir = 0;
  private sec = 0;
  /** Bytes of the current segment that are still to come. */
  private left = 0;
  /** Position where damage began, or -1. */
  private lostFrom = -1;
  private done = false;

  constructor(source: Source) {
    this.name = source.name;
    this.source = source;
    this.window = new Window(source, STEP_BYTES);
  }

  get size(): number | undefined {
    return this.source.ended ? this.source.size : undefined;
  }

  get position(): number {
    return this.window.position(this.window.start);
  }

  step(sink: InputSink): InputState {
    if (this.done) return 'done';
    if (this.table === undefined) this.begin(sink);
    const stop = this.position + STEP_BYTES;
    while (this.position < stop) {
      const ended = this.source.ended;
      const read = this.window.fill();
      while (this.left > 0 ? this.data(sink) : this.header(read === 0 && ended)) {}
      if (read === 0 && ended) return this.finish();
      if (read === 0 && !this.window.full) return 'starved';
    }
    return 'more';
  }

  ready(): Promise<void> {
    return this.source.ready();
  }

  close(): void {
    this.source.close();
  }

  private begin(sink: InputSink): void {
    this.note = limitedNotes(sink);
    this.table = new ConnectionTable(sink, (client, server, count) => ({
      client,
      server,
      rolesKnown: false,
      timed: true,
      ordered: true,
      decrypted: true,
      label: `sslsplit -L, connection ${count}`,
    }));
  }

  /** Hands over what is there of the current segment. */
  private data(sink: InputSink): boolean {
    const w = this.window;
    const n = Math.min(this.left, w.end - w.start);
    if (n === 0) return false;
    sink.at.packet = 0;
    sink.at.sec = this.sec;
    sink.at.nsec = 0;
    this.stream?.data(this.dir, w.buf, w.start, w.start + n, w.address(w.start));
    w.start += n;
    this.left -= n;
    return true;
  }

  /** Takes a header line; false when more bytes are needed. `last`: none will come. */
  private header(last: boolean): boolean {
    const w = this.window;
    if (w.start === w.end) return false;
    const found = w.buf.indexOf(LF, w.start);
    const whole = found >= 0 && found < w.end;
    const end = whole ? found : w.end;
    if (!whole && !last && end - w.start <= HEADER_LIMIT) return false;
    const header = whole ? this.headerIn(end) : undefined;
    if (!header) {
      if (this.lostFrom < 0) this.lostFrom = w.position(w.start);
      // Half a header line at the very end is a truncated file, not damage.
      w.start = whole ? end + 1 : Math.max(w.start + 1, last ? w.end : w.end - HEADER_LIMIT);
      return true;
    }
    if (this.lostFrom >= 0) this.note('format.unreadable', this.lostFrom, w.position(header.at));
    this.lostFrom = -1;
    w.start = end + 1;
    this.accept(header.header);
    return true;
  }

  /** The header that ends at `end`: the whole line, or the tail of a damaged one, as data has no line end of its own. */
  private headerIn(end: number): { header: Header; at: number } | undefined {
    const w = this.window;
    const from = Math.max(w.start, end - HEADER_LIMIT);
    const line = ascii(w.buf, from, end);
    const whole = parseHeader(line);
    if (whole) return { header: whole, at: from };
    const inside = line.search(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \[[^\n]*$/);
    const header = inside > 0 ? parseHeader(line.slice(inside)) : undefined;
    if (header && this.lostFrom < 0) this.lostFrom = w.position(w.start);
    return header ? { header, at: from + inside } : undefined;
  }

  private accept(header: Header): void {
    const table = this.table as ConnectionTable;
    if (header.length < 0) {
      table.close(header.from, header.to, 'fin');
      return;
    }
    this.stream = table.stream(header.from, header.to);
    this.dir = table.direction(header.from, header.to);
    this.sec = header.sec;
    this.left = header.length;
  }

  private finish(): InputState {
    const end = this.window.position(this.window.end);
    if (this.left > 0) this.note('format.truncated', end, end, `${this.left} bytes of the last segment are missing`);
    if (this.lostFrom >= 0) this.note('format.truncated', this.lostFrom, end, 'no segment starts here');
    this.table?.closeAll('capture-end');
    this.done = true;
    return 'done';
  }
}
