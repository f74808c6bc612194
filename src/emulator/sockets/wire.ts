/**
 * A stream between a socket and what speaks over it, put in only where something is to be seen or spoiled on the way:
 * it shows the bytes to a tap, changes them, writes in small pieces, or starts with garbage. Without need of these there is no such layer.
 */
import { Duplex } from 'node:stream';
import type { ConnectionTap } from '../evidence/capture.ts';

export interface WireOptions {
  readonly tap?: ConnectionTap | undefined;
  /** Each write goes out in pieces of so many bytes, one after the other has left. */
  readonly pieces?: number | undefined;
  /** Bytes sent before anything else. */
  readonly garbage?: Uint8Array | undefined;
  /** Changes what goes out, in place. */
  readonly rewrite?: ((bytes: Buffer) => void) | undefined;
}

export class Wire extends Duplex {
  private readonly inner: Duplex;
  private readonly tap: ConnectionTap | undefined;
  private readonly pieces: number | undefined;
  private readonly rewrite: ((bytes: Buffer) => void) | undefined;

  constructor(inner: Duplex, options: WireOptions) {
    super({ allowHalfOpen: true });
    this.inner = inner;
    this.tap = options.tap;
    this.pieces = options.pieces;
    this.rewrite = options.rewrite;
    if (options.garbage !== undefined) {
      this.tap?.data(1, options.garbage);
      inner.write(options.garbage);
    }
    inner.on('data', (bytes: Buffer) => {
      this.tap?.data(0, bytes);
      if (!this.push(bytes)) inner.pause();
    });
    inner.on('end', () => {
      this.tap?.end(0);
      this.push(null);
    });
    inner.on('error', (error) => {
      this.tap?.reset();
      this.destroy(error);
    });
    inner.on('close', () => this.destroy());
    inner.pause();
  }

  override _read(): void {
    this.inner.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.rewrite?.(bytes);
    this.tap?.data(1, bytes);
    const { pieces } = this;
    if (pieces === undefined || pieces <= 0) this.inner.write(bytes, done);
    else this.writePieces(bytes, 0, pieces, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.tap?.end(1);
    this.inner.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.tap?.end(0);
    this.tap?.end(1);
    this.inner.destroy();
    done(error);
  }

  private writePieces(bytes: Buffer, at: number, size: number, done: (error?: Error | null) => void): void {
    if (at >= bytes.length || this.inner.destroyed) {
      done();
      return;
    }
    // A turn of the loop between pieces, so that the kernel does not join them.
    this.inner.write(bytes.subarray(at, at + size), (error) => {
      if (error) done(error);
      else setImmediate(() => this.writePieces(bytes, at + size, size, done));
    });
  }
}
