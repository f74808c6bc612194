/**
 * A file of evidence, written in large pieces and at once: a queue of small writes would grow without bound under load, and
 * hold up the end of the run. The page cache takes a piece in some ten microseconds.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

/** Bytes that are worth a system call. */
const PIECE = 64 * 1024;
/** Time after which a smaller piece is written as well, so that a reader can follow the file. */
const HOLD_MS = 50;

export class EvidenceFile {
  private readonly fd: number;
  private readonly piece = Buffer.allocUnsafe(PIECE);
  private length = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failure: Error | undefined;
  private closed = false;

  /** Throws what `openSync` throws. */
  constructor(path: string) {
    this.fd = openSync(path, 'w', 0o600);
  }

  write(bytes: Uint8Array): void {
    if (this.length + bytes.length > PIECE) this.flush();
    if (bytes.length > PIECE) this.put(bytes);
    else {
      this.piece.set(bytes, this.length);
      this.length += bytes.length;
      this.timer ??= setTimeout(() => this.flush(), HOLD_MS);
    }
  }

  /** Writes what is left. Throws when the disk failed at any time; nothing was written after that. */
  close(): void {
    if (this.closed) return;
    this.flush();
    this.closed = true;
    closeSync(this.fd);
    if (this.failure !== undefined) throw this.failure;
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.put(this.piece.subarray(0, this.length));
    this.length = 0;
  }

  private put(bytes: Uint8Array): void {
    if (this.failure !== undefined || this.closed) return;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    } catch (error) {
      this.failure = error as Error;
    }
  }
}
