import { createHash, createHmac, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { pathStats } from '../capture/path-stats.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { DIALECT, DIALECTS } from '../core/message.ts';
import { count, printable } from '../core/text.ts';
import type { Filter } from '../timeline/filter/filter.ts';
import { openReading, type Reading } from '../timeline/open.ts';
import type { Tap } from '../timeline/pipeline.ts';
import { Redactor } from '../timeline/redact.ts';
import type { Timeline } from '../timeline/timeline.ts';
import type { ReadOptions } from './options.ts';
import { Progress } from './progress.ts';

/** Options that commands add to those of the user. */
export interface SessionOptions extends ReadOptions {
  readonly tap?: Tap;
  /** Hash every stream's bytes. */
  readonly hashes?: boolean;
  /** File that is going to be written. */
  readonly output?: string;
}

export interface StreamSummary {
  readonly stream: number;
  readonly a: string;
  readonly b: string;
  /** Which of the two is the client. */
  readonly client: 'a' | 'b';
  readonly dialect: string;
  messages: number;
  readonly packets: readonly [number, number];
  readonly bytes: readonly [number, number];
  readonly hashes: readonly [string, string] | undefined;
  readonly holes: readonly [readonly { offset: number; length: number }[], readonly { offset: number; length: number }[]];
  readonly process: string | undefined;
  readonly notes: readonly string[];
  readonly tls: object | undefined;
  readonly info: string;
}

/** Files named on the command line and with -r, in that order. */
export function inputFiles(files: readonly string[], options: ReadOptions): string[] {
  const all = [...files, ...(options.read ?? [])];
  if (all.length === 0 && options.c2s === undefined && options.s2c === undefined) {
    throw new UserError('files', 'no input: name a capture, or - for standard input.', EXIT.usage);
  }
  return all;
}

/** Refuses an output that is one of the inputs: it would be emptied before it is read. Throws `UserError`. */
function checkOutput(output: string | undefined, inputs: readonly (string | undefined)[]): void {
  const target = output === undefined || output === '-' ? undefined : pathStats(output);
  if (target?.isFile() !== true) return;
  for (const path of inputs) {
    const source = path === undefined || path === '-' ? undefined : pathStats(path);
    if (source !== undefined && source.dev === target.dev && source.ino === target.ino) {
      throw new UserError('output', `${output} is read and would be overwritten; name another file with -o.`, EXIT.usage);
    }
  }
}

/**
 * A pseudonym is the keyed hash of the value. The key comes from the first bytes of the capture, so it is the same in every
 * output of it; without a file (a pipe, a directory) it is random, because with a known key all addresses could be tried.
 */
function pseudonyms(path: string | undefined): (kind: string, value: string) => string {
  let key: Buffer = randomBytes(32);
  if (path !== undefined && pathStats(path)?.isFile() === true) {
    const head = Buffer.alloc(65536);
    const fd = openSync(path, 'r');
    const length = readSync(fd, head, 0, head.length, 0);
    closeSync(fd);
    key = createHash('sha256').update(head.subarray(0, length)).digest();
  }
  return (kind, value) => `${kind}-${createHmac('sha256', key).update(`${kind}\0${value}`).digest('hex').slice(0, 8)}`;
}

class StreamHashes {
  private readonly hashes: [ReturnType<typeof createHash>, ReturnType<typeof createHash>][] = [];
  readonly bytes: [number, number][] = [];

  update(stream: number, dir: 0 | 1, bytes: Uint8Array): void {
    this.hashes[stream] ??= [createHash('sha256'), createHash('sha256')];
    this.bytes[stream] ??= [0, 0];
    this.hashes[stream][dir].update(bytes);
    this.bytes[stream][dir] += bytes.length;
  }

  digests(stream: number): [string, string] {
    const pair = this.hashes[stream] ?? [createHash('sha256'), createHash('sha256')];
    return [pair[0].copy().digest('hex'), pair[1].copy().digest('hex')];
  }
}

/** Rows between looks at signals: some milliseconds of work. */
const BATCH = 2048;

/** Lets signals and timers have their turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What shells make of a signal. */
const SIGNAL_EXIT: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGINT: 130, SIGTERM: 143 };

/** Whether a filter is on fields that need answers that come later. */
export function asksAnalysis(filter: string | undefined): boolean {
  return filter !== undefined && /\bapns\.(pair|rtt|note|severity)\b/.test(filter);
}

/** How a command wants the rows. */
export interface RowsWanted {
  /** Reads everything first, because what is asked depends on later messages (pairs, findings). */
  readonly whole?: boolean;
  /** Holds only so many of the newest rows, and those since the last one that passed; 0: all. */
  readonly ring?: number;
}

/** An opened capture as commands use it: filter, progress, redaction, Ctrl-C. */
export class Session {
  readonly reading: Reading;
  readonly timeline: Timeline;
  readonly filter: Filter | undefined;
  interrupted = false;
  exit: number = EXIT.ok;
  /** Rows that were read and, by a command that lists, looked at. */
  private passed = 0;
  private wake: () => void = () => undefined;
  private readonly tcpHashes: StreamHashes | undefined;
  private readonly tlsHashes: StreamHashes | undefined;
  private readonly progress = new Progress();
  /** The first signal ends the reading, and what was read is shown; the second ends the program. */
  private readonly onSignal = (name: NodeJS.Signals): void => {
    const code = SIGNAL_EXIT[name] ?? 130;
    if (this.interrupted) process.exit(code);
    this.interrupted = true;
    this.exit = code;
    this.wake();
  };

  constructor(reading: Reading, filter: Filter | undefined, tcpHashes: StreamHashes | undefined, tlsHashes: StreamHashes | undefined) {
    this.reading = reading;
    this.timeline = reading.timeline;
    this.filter = filter;
    this.tcpHashes = tcpHashes;
    this.tlsHashes = tlsHashes;
    process.on('SIGINT', this.onSignal);
    process.on('SIGTERM', this.onSignal);
  }

  /**
   * Reads on, and calls `each` for every row that passes the filter, in order; false from it stops.
   * `pause` is called when a live input has nothing at the moment.
   */
  async rows(each: (row: number) => boolean, pause: () => void, { whole = false, ring = 0 }: RowsWanted = {}): Promise<void> {
    if (whole || asksAnalysis(this.filter?.text)) await this.load();
    let next = 0;
    // Times between rows are told from the last one that passed.
    let listed = 0;
    let turns = 0;
    for (;;) {
      const state = this.interrupted ? 'done' : this.reading.step();
      if (this.interrupted) this.reading.stop();
      const length = this.timeline.length;
      while (next < length) {
        if (this.interrupted && length - next > BATCH) {
          this.reading.stop();
          return this.progress.clear();
        }
        const end = Math.min(length, next + BATCH);
        if (this.filter === undefined) {
          for (; next < end; next++) if (!each(next)) return this.progress.clear();
          listed = end - 1;
        } else {
          for (const row of this.filter.select(this.timeline, next, end)) {
            if (!each(row)) return this.progress.clear();
            listed = row;
          }
          next = end;
        }
        this.passed = next;
        if (ring > 0) this.reading.drop(Math.min(next - ring, listed));
        // One slice of the input may hold a hundred thousand rows: a signal is heard between them.
        if (next < length) await turn();
      }
      if (state === 'done') break;
      if (state === 'starved') {
        pause();
        await this.ready();
      } else if (++turns % 4 === 0) {
        this.progress.update(this.reading.position, this.reading.size, length);
        await turn();
      }
    }
    this.progress.clear();
  }

  /** Resolves when there may be more to read, or a signal came. */
  private async ready(): Promise<void> {
    const signal = new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    if (!this.interrupted) await Promise.race([this.reading.ready(), signal]);
  }

  /** Indexes the whole input. */
  async load(): Promise<void> {
    let turns = 0;
    while (!this.interrupted) {
      const state = this.reading.step();
      if (state === 'done') break;
      if (state === 'starved') await this.ready();
      else if (++turns % 4 === 0) {
        this.progress.update(this.reading.position, this.reading.size, this.timeline.length);
        await turn();
      }
    }
    if (this.interrupted) this.reading.stop();
    this.passed = this.timeline.length;
    this.progress.clear();
  }

  /** Tells on stderr what is wrong with the input as a whole. */
  report(): void {
    for (const text of this.reading.complaints()) process.stderr.write(`apns-inspect: ${printable(text)}\n`);
    if (this.interrupted) process.stderr.write(`apns-inspect: interrupted after ${count(this.passed, 'message')}\n`);
  }

  /** "packets 3-5, file offset 0x1a2 to 0x1ff (93 bytes)" for each piece of a row. */
  provenance(row: number): string[] {
    return this.reading.provenance(row);
  }

  streamSummaries(): StreamSummary[] {
    const messages = new Array<number>(this.timeline.streams.length).fill(0);
    const columns = this.timeline.rows.columns;
    for (let row = 0; row < columns.rows; row++) messages[columns.stream(row)]++;
    return this.timeline.streams.map((record, i) => {
      const counters = this.reading.counters(i);
      const tls = record.tls;
      const inner = tls === undefined ? undefined : this.tlsHashes;
      const name = DIALECTS[record.facts.dialect];
      return {
        stream: i,
        a: record.endpoints.a,
        b: record.endpoints.b,
        client: record.facts.swapped ? 'b' : 'a',
        dialect: record.facts.dialect === DIALECT.capture ? 'unknown' : tls?.inner === undefined ? name : `tls/${DIALECTS[tls.inner]}`,
        messages: messages[i],
        packets: counters.packets,
        bytes: counters.bytes,
        hashes: this.tcpHashes?.digests(i),
        holes: counters.holes,
        process: record.endpoints.process,
        notes: counters.notes,
        tls:
          tls === undefined
            ? undefined
            : {
                ...(inner === undefined
                  ? {}
                  : {
                      a_to_b_bytes: inner.bytes[i]?.[record.facts.swapped ? 1 : 0] ?? 0,
                      a_to_b_sha256: inner.digests(i)[record.facts.swapped ? 1 : 0],
                      b_to_a_bytes: inner.bytes[i]?.[record.facts.swapped ? 0 : 1] ?? 0,
                      b_to_a_sha256: inner.digests(i)[record.facts.swapped ? 0 : 1],
                    }),
                version: tls.version,
                suite: tls.suite,
                sni: tls.sni === undefined ? undefined : this.timeline.host(tls.sni),
                alpn: tls.alpn,
                decrypted: tls.decrypted,
                undecrypted: tls.undecrypted,
              },
        info: this.reading.streamInfo(i),
      };
    });
  }

  close(): void {
    process.off('SIGINT', this.onSignal);
    process.off('SIGTERM', this.onSignal);
    this.reading.close();
  }
}

/** Inputs up to this many bytes are read before optimised code has paid for its making. */
const SHORT_INPUT = 2 * 1024 * 1024;
/** Eight times V8's own: with it a listing of 1 MB takes a quarter less CPU, and one of 100 MB a sixth more. */
const LATE_OPTIMISING = '--interrupt-budget=540672';

/** Inputs of this many bytes and more are read in little memory rather than in the least time. */
const LONG_INPUT = 64 * 1024 * 1024;
/** The young generation stays as it is: 35 MB less for a listing, 12 MB for an index, for a tenth of the CPU of a listing. */
const SMALL_YOUNG_GENERATION = '--semi-space-growth-factor=1';

/** Opens the inputs of a command. Throws `UserError`. */
export async function openSession(files: readonly string[], options: SessionOptions): Promise<Session> {
  const paths = inputFiles(files, options);
  checkOutput(options.output, [...paths, ...(options.keys ?? []), options.c2s, options.s2c]);
  // The filter first: a typo must not wait for a gigabyte.
  const filter = options.filter === undefined ? undefined : (await import('../timeline/filter/filter.ts')).compileFilter(options.filter);
  const verifyToken = options.jwtKey === undefined ? undefined : (await import('./jwt-keys.ts')).tokenVerifier(options.jwtKey);
  const tcpHashes = options.hashes === true ? new StreamHashes() : undefined;
  const tlsHashes = options.hashes === true ? new StreamHashes() : undefined;
  const tap: Tap | undefined =
    options.hashes === true
      ? (level, stream, dir, buf, start, end) => (level === 'tcp' ? tcpHashes : tlsHashes)?.update(stream, dir, buf.subarray(start, end))
      : options.tap;
  const reading = await openReading(paths, {
    keys: options.keys ?? [],
    keyPassword: options.keyPassword,
    decodeAs: options.decodeAs ?? [],
    c2s: options.c2s,
    s2c: options.s2c,
    follow: options.follow === true,
    tap,
    expandPayloads: true,
  });
  if (reading.size !== undefined && reading.size <= SHORT_INPUT && options.follow !== true) setFlagsFromString(LATE_OPTIMISING);
  if (reading.size !== undefined && reading.size >= LONG_INPUT) setFlagsFromString(SMALL_YOUNG_GENERATION);
  if (options.redact === true) reading.timeline.redactor = new Redactor(pseudonyms(paths[0] ?? options.c2s ?? options.s2c));
  if (verifyToken !== undefined) reading.timeline.verifyToken = verifyToken;
  return new Session(reading, filter, tcpHashes, tlsHashes);
}
