import { closeSync, openSync, writeSync } from 'node:fs';
import { UserError } from '../core/errors.ts';

/** Bytes collected before a write: few system calls, and rows still appear at once because `flush` is called when input pauses. */
const BUFFER = 64 * 1024;
const NEWLINE = 0x0a;

/** The reader of our output went away (`| head`): end quietly. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** Standard output or a file, written synchronously. */
export class Output {
  private readonly fd: number;
  private readonly path: string | undefined;
  /** Lines are encoded as they come: strings that wait for a flush would be copied by the collector again and again. */
  private readonly buffer = Buffer.allocUnsafe(BUFFER);
  private used = 0;

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
    this.write(text);
    if (this.used === BUFFER) this.flush();
    this.buffer[this.used++] = NEWLINE;
  }

  write(text: string): void {
    // A UTF-16 unit takes at most three bytes.
    const most = text.length * 3;
    if (most > BUFFER - this.used) this.flush();
    if (most > BUFFER) this.put(Buffer.from(text));
    else this.used += this.buffer.write(text, this.used, 'utf8');
  }

  bytes(bytes: Uint8Array): void {
    this.flush();
    this.put(bytes);
  }

  flush(): void {
    if (this.used === 0) return;
    const bytes = this.buffer.subarray(0, this.used);
    this.used = 0;
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
