import type { Socket } from 'node:net';

/** Bytes joined into one write: a write costs the same for one message as for hundreds, and TLS cuts its own records. */
export const JOIN = 256 * 1024;

/** Joins messages into large writes and says when the socket is full. */
export class Outbox {
  private readonly socket: Socket;
  buffer: Buffer<ArrayBuffer> = Buffer.allocUnsafe(JOIN);
  private spare: Buffer<ArrayBuffer> | undefined;
  private length = 0;
  private full = false;
  private readonly beforeWrite: (() => void) | undefined;

  /** `beforeWrite`: the last word on what `commit` queued, while it is still in `buffer`. */
  constructor(socket: Socket, beforeWrite?: () => void) {
    this.socket = socket;
    this.beforeWrite = beforeWrite;
  }

  /** Where `length` bytes, at most `JOIN`, can be put into `buffer`; `add` or `commit` queues them. */
  room(length: number): number {
    if (this.length + length > JOIN) this.flush();
    return this.length;
  }

  /** Queues what was put where `room` said; a promise when the socket has enough. */
  commit(length: number): Promise<void> | undefined {
    this.length += length;
    return this.full ? this.drained() : undefined;
  }

  /** Queues bytes; a promise when the socket has enough. */
  add(bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.length > JOIN) {
      this.flush();
      this.write(bytes);
      return this.commit(0);
    }
    this.buffer.set(bytes, this.room(bytes.length));
    return this.commit(bytes.length);
  }

  flush(): void {
    if (this.length === 0) return;
    this.beforeWrite?.();
    const { buffer } = this;
    // The socket holds on to what it was given until it says that it is written; then the buffer is used again.
    this.write(buffer.subarray(0, this.length), () => {
      this.spare = buffer;
    });
    this.buffer = this.spare ?? Buffer.allocUnsafe(JOIN);
    this.spare = undefined;
    this.length = 0;
  }

  private write(bytes: Uint8Array, written?: () => void): void {
    if (this.socket.writable && !this.socket.write(bytes, written)) this.full = true;
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.full = false;
        this.socket.off('drain', done);
        this.socket.off('close', done);
        resolve();
      };
      if (this.socket.destroyed || this.socket.writableLength === 0) return done();
      this.socket.once('drain', done);
      this.socket.once('close', done);
    });
  }
}
