/**
 * Joins everything that is due for a socket in one turn of the event loop into one write: a TLS record and a system call
 * cost some 19 µs, a copy of a message next to nothing.
 */
import type { Duplex } from 'node:stream';

/** What is written while it is still in the processor's cache is written in half the time. */
const EARLY_BYTES = 256 * 1024;
/** A batch that is worth a write of its own. */
const WORTHWHILE = 4096;

/** Sockets with something to write in this turn. */
let dirty: Outbox[] = [];
let scheduled = false;

/** Bytes that wait in all of them, and at how many some are written before the turn is over. */
let pending = 0;
let early = EARLY_BYTES;

function flushAll(): void {
  scheduled = false;
  const due = dirty;
  dirty = [];
  pending = 0;
  early = EARLY_BYTES;
  for (const outbox of due) outbox.flush();
}

/** Writes the large batches in the middle of a turn, before the others push them out of the cache. */
function flushLarge(): void {
  const due = dirty;
  dirty = [];
  for (const outbox of due) {
    if (outbox.waiting < WORTHWHILE) {
      dirty.push(outbox);
      continue;
    }
    pending -= outbox.waiting;
    outbox.flush();
  }
  early = pending + EARLY_BYTES;
}

/** Bytes that a socket may have waiting before its client counts as dead: some thousand messages. */
export const MAX_BACKLOG = 8 * 1024 * 1024;
/** A batch that outgrew its first message grows to at least this. */
const FIRST_GROWTH = 4096;
/** Largest batch that is expected to come again. */
const MAX_EXPECTED = 64 * 1024;

export class Outbox {
  private readonly stream: Duplex;
  private readonly connection: { reset(): void };
  private buffer: Buffer | undefined;
  private length = 0;
  /** Bytes of the last turn when it had several messages: the next of a burst is likely to be as large. */
  private expected = 0;
  /** This turn has more than one message. */
  private grown = false;
  private ending = false;

  /** `connection` is reset when its client does not read. */
  constructor(stream: Duplex, connection: { reset(): void }) {
    this.stream = stream;
    this.connection = connection;
  }

  /** Room for `n` bytes in this turn's write. Fill it at once: it starts at `at` of `bytes`. */
  reserve(n: number): number {
    const need = this.length + n;
    pending += n;
    if (this.buffer === undefined) {
      if (pending > early) flushLarge();
      this.buffer = Buffer.allocUnsafe(Math.max(n, this.expected));
      this.expected = 0;
      dirty.push(this);
      if (!scheduled) {
        scheduled = true;
        setImmediate(flushAll);
      }
    } else if (need > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(need, this.buffer.length * 2, FIRST_GROWTH));
      this.buffer.copy(grown, 0, 0, this.length);
      this.buffer = grown;
    }
    this.grown = this.length > 0;
    const at = this.length;
    this.length = need;
    return at;
  }

  /** Bytes that wait for the end of the turn. */
  get waiting(): number {
    return this.length;
  }

  /** What `reserve` made room in. */
  get bytes(): Buffer {
    return this.buffer as Buffer;
  }

  write(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** Ends the stream after everything written so far. */
  end(): void {
    if (this.ending) return;
    this.ending = true;
    if (this.buffer === undefined) this.stream.end();
  }

  flush(): void {
    const { buffer, stream } = this;
    if (buffer !== undefined) {
      const { length } = this;
      this.buffer = undefined;
      this.length = 0;
      if (length <= MAX_EXPECTED && this.grown) this.expected = length;
      this.grown = false;
      if (stream.writable) {
        stream.write(length === buffer.length ? buffer : buffer.subarray(0, length));
        if (stream.writableLength > MAX_BACKLOG) this.connection.reset();
      }
    }
    if (this.ending) stream.end();
  }
}
