import { Socket } from 'node:net';
import { UserError } from '../core/errors.ts';
import type { LateSource, Trouble } from './late-input.ts';
import { Spool } from './spool.ts';
import type { Store } from './store.ts';

/** Bytes that may lie unread in the spool before the writer is held back: enough that reading never waits, little enough to stay in memory. */
const AHEAD_HIGH = 8 << 20;
/** Unread bytes below which the writer goes on. */
const AHEAD_LOW = 2 << 20;

/**
 * A source that grows in a spool of its own while it is read: what came through a pipe, or out of a decompressor.
 * The bytes stay there, so that they can be looked at again. The writer is told when to wait.
 */
export class SpooledSource implements LateSource {
  readonly name: string;
  readonly address: number;
  ended = false;
  trouble: Trouble | undefined = undefined;
  private readonly spool: Spool;
  private taken = 0;
  private failure: unknown = undefined;
  private readers: (() => void)[] = [];
  private writers: (() => void)[] = [];
  private stop: (() => void) | undefined = undefined;

  constructor(name: string, store: Store, spool = new Spool()) {
    this.name = name;
    this.spool = spool;
    this.address = store.add(spool);
  }

  get size(): number {
    return this.spool.size;
  }

  /** True when the writer should wait for `wanted`. */
  get ahead(): boolean {
    return this.spool.size - this.taken > AHEAD_HIGH;
  }

  append(bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (this.ended) return;
    this.spool.append(bytes, start, end);
    wake(this.readers);
  }

  finish(trouble?: Trouble): void {
    if (this.ended) return;
    this.trouble = trouble;
    this.ended = true;
    wake(this.readers);
  }

  /** The machine failed (no room for the spool): the next read throws it. */
  fail(error: unknown): void {
    this.failure ??= error;
    this.ended = true;
    wake(this.readers);
  }

  /** What ends the writer when the reader is closed. */
  onClose(stop: () => void): void {
    this.stop = stop;
  }

  read(into: Uint8Array, at: number, length: number, position: number): number {
    if (this.failure !== undefined) throw this.failure;
    const got = this.spool.read(into, at, length, position);
    if (position + got > this.taken) this.taken = position + got;
    if (this.writers.length > 0 && this.spool.size - this.taken < AHEAD_LOW) wake(this.writers);
    return got;
  }

  ready(): Promise<void> {
    if (this.ended || this.spool.size > this.taken) return Promise.resolve();
    return new Promise((resolve) => this.readers.push(resolve));
  }

  /** Resolves when the reader has caught up. */
  wanted(): Promise<void> {
    return this.ahead && !this.ended ? new Promise((resolve) => this.writers.push(resolve)) : Promise.resolve();
  }

  /** Stops the writer; the bytes stay in the store. */
  close(): void {
    this.stop?.();
    this.stop = undefined;
    this.finish();
    wake(this.writers);
  }
}

function wake(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}

/**
 * Reads a pipe, FIFO or socket into a spool from now on. A FIFO must have been opened without blocking, so that neither a
 * missing nor a silent writer can hold up the program. Back-pressure reaches the writer: the pipe is not read while the reader is behind.
 */
export function pipeSource(name: string, stream: NodeJS.ReadableStream & { destroy?(): unknown }, store: Store): SpooledSource {
  const source = new SpooledSource(name, store);
  stream.on('data', (chunk: Buffer | string) => {
    try {
      source.append(chunk as Buffer);
    } catch (error) {
      source.fail(error);
      stream.destroy?.();
      return;
    }
    if (source.ahead) {
      stream.pause();
      void source.wanted().then(() => stream.resume());
    }
  });
  stream.on('end', () => source.finish());
  stream.on('close', () => source.finish());
  stream.on('error', (error: Error) => source.finish({ code: 'format.truncated', detail: `reading stopped: ${error.message}` }));
  source.onClose(() => stream.destroy?.());
  return source;
}

/** A stream over an open pipe; throws `UserError` when the descriptor is none. */
export function pipeStream(fd: number, name: string): Socket {
  try {
    return new Socket({ fd, readable: true, writable: false });
  } catch {
    throw new UserError('input.unreadable', `${name} is a device, not a capture; name a file, or pipe a capture in with -.`);
  }
}
