import { closeSync, openSync, writeSync } from 'node:fs';
import { UserError } from '../core/errors.ts';
import { TextBytes } from '../core/text-bytes.ts';

/** Bytes collected before a write: few system calls, and rows still appear at once because `flush` is called when input pauses. */
const FLUSH_AT = 64 * 1024;
/** Room behind that for one more line of ordinary length; a longer one makes the buffer grow. */
const BUFFER = 2 * FLUSH_AT;

/** The reader of our output went away (`| head`): end quietly. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** Standard output or a file, written synchronously. */
export class Output {
  private readonly fd: number;
  private readonly path: string | undefined;
  /** What waits to be written. Who appends to it directly calls `settle` now and then. */
  readonly waiting = new TextBytes(BUFFER);

  constructor(path: string | undefined) {
    this.path = path === '-' ? undefined : path;
    if (this.path === undefined) this.fd = 1;
    else {
      try {
        this.fd = openSync(this.path, 'w');
      } catch (error) {
        throw new UserError('output', `cannot write ${this.path}: ${reason(error)}`);
      }
    }
  }

  line(text: string): void {
    this.write(`${text}\n`);
  }

  write(text: string): void {
    this.waiting.text(text);
    this.settle();
  }

  bytes(bytes: Uint8Array): void {
    this.flush();
    this.put(bytes);
  }

  /** Writes when enough waits to be worth it. */
  settle(): void {
    if (this.waiting.length >= FLUSH_AT) this.flush();
  }

  flush(): void {
    if (this.waiting.length === 0) return;
    const bytes = this.waiting.view();
    this.waiting.length = 0;
    this.put(bytes);
  }

  private put(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      try {
        at += writeSync(this.fd, bytes, at);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'EAGAIN') {
          // A non-blocking pipe whose reader is slow: wait a little without burning the processor.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
          continue;
        }
        if (code === 'EPIPE') throw new OutputClosed();
        throw new UserError('output', `cannot write ${this.path ?? 'standard output'}: ${reason(error)}`);
      }
    }
  }

  close(): void {
    this.flush();
    if (this.path !== undefined) closeSync(this.fd);
  }
}

/** The operating system's reason in words: "no such file or directory". */
export function reason(error: unknown): string {
  const e = error as NodeJS.ErrnoException;
  const words: Record<string, string> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EISDIR: 'it is a directory',
    ENOSPC: 'no space left on the device',
    EADDRINUSE: 'the address is already in use',
    ECONNREFUSED: 'the connection was refused',
  };
  return (e.code !== undefined && words[e.code]) || e.message || String(error);
}
