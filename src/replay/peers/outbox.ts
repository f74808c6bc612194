import type { Socket } from 'node:net';

/** Bytes joined into one write: a write costs the same for one message as for hundreds. */
const JOIN = 64 * 1024;

/** Joins messages into large writes and says when the socket is full. */
export class Outbox {
  private readonly socket: Socket;
  private buffer = Buffer.allocUnsafe(JOIN);
  private length = 0;
  private full = false;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Queues bytes; a promise when the socket has enough. */
  add(bytes: Uint8Array): Promise<void> | undefined {
    if (this.length + bytes.length > JOIN) this.flush();
    if (bytes.length > JOIN) this.write(bytes);
    else {
      this.buffer.set(bytes, this.length);
      this.length += bytes.length;
    }
    return this.full ? this.drained() : undefined;
  }

  flush(): void {
    if (this.length === 0) return;
    this.write(this.buffer.subarray(0, this.length));
    // The socket may hold on to what it was given.
    this.buffer = Buffer.allocUnsafe(JOIN);
    this.length = 0;
  }

  private write(bytes: Uint8Array): void {
    if (this.socket.writable && !this.socket.write(bytes)) this.full = true;
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
