import { constants, createGunzip, type Gunzip } from 'node:zlib';
import { type Decoder, DecodeStop, type Emit } from './decoder.ts';

/** Bytes that come out of one call at most: an error inside a call loses what the call had decoded. */
const OUTPUT = 256 * 1024;

/** True for a gzip member with deflate, the only method there is. */
export function isGzip(head: Uint8Array): boolean {
  return head.length >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

/** Gzip of one or more members, through the zlib of Node in its thread. */
export class GzipDecoder implements Decoder {
  private readonly gunzip: Gunzip;
  private error: NodeJS.ErrnoException | undefined = undefined;
  private emitError: unknown = undefined;
  private settle: (() => void) | undefined = undefined;
  private input = 0;
  /** zlib has ended: at the end of the input, or before it when zeros follow, which tapes and disks leave behind. */
  private over = false;

  constructor(emit: Emit) {
    this.gunzip = createGunzip({ chunkSize: OUTPUT, finishFlush: constants.Z_FINISH });
    this.gunzip.on('data', (bytes: Buffer) => {
      if (this.emitError !== undefined) return;
      try {
        emit(bytes);
      } catch (error) {
        this.emitError = error;
      }
    });
    this.gunzip.on('error', (error) => {
      this.error = error;
      this.settle?.();
    });
    this.gunzip.on('end', () => {
      this.over = true;
      this.settle?.();
    });
  }

  async write(piece: Uint8Array): Promise<void> {
    if (this.over) return;
    this.input += piece.length;
    await new Promise<void>((resolve) => {
      this.settle = resolve;
      this.gunzip.write(piece, () => resolve());
    });
    this.check();
  }

  async end(): Promise<void> {
    if (this.over) return;
    await new Promise<void>((resolve) => {
      this.settle = resolve;
      this.gunzip.end();
    });
    this.check();
  }

  close(): void {
    this.gunzip.destroy();
  }

  private check(): void {
    if (this.emitError !== undefined) throw this.emitError;
    if (this.error === undefined) return;
    if (this.error.code === 'Z_BUF_ERROR') throw new DecodeStop('format.compression-truncated', `gzip ends after ${this.input} bytes`);
    // Behind a complete member zlib takes what is no gzip header for another one, as gunzip does with a warning.
    const trailing = this.error.message === 'incorrect header check' || this.error.message === 'unknown compression method';
    throw new DecodeStop(trailing ? 'format.compression-trailing' : 'format.compression-corrupt', `gzip: ${this.error.message}`);
  }
}
