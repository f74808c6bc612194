import { type Decoder, DecodeStop, type Emit } from './decoder.ts';
import { firstFrameMagic } from './skippable.ts';

const MAGIC = 0xfd2fb528;
/** Outputs without a byte in a row after which the library is stuck: it reports damage by making no progress. Frame ends and skippable frames make one each. */
const STUCK = 64;

/** True for a zstd frame, also behind skippable frames. */
export function isZstd(head: Uint8Array): boolean {
  return firstFrameMagic(head) === MAGIC;
}

/**
 * Zstandard frames, one after the other, through npm `zstddec` (the reference decoder as WebAssembly: windows up to 128 MiB,
 * checksums verified). The library pulls its input; so that it never asks for a piece that is not there yet,
 * the last byte of each piece is kept back until the next one comes.
 */
export class ZstdDecoder implements Decoder {
  private readonly emit: Emit;
  private readonly queue: Uint8Array[] = [];
  private output: Generator<Uint8Array> | undefined = undefined;
  private ended = false;

  constructor(emit: Emit) {
    this.emit = emit;
  }

  async write(piece: Uint8Array): Promise<void> {
    if (this.output === undefined) {
      // Few captures are compressed so: the library is not loaded for the others.
      const { ZSTDDecoder } = await import('zstddec/stream');
      const library = new ZSTDDecoder();
      await library.init();
      this.output = library.decodeStreaming(this.pieces());
    }
    if (piece.length > 1) this.queue.push(piece.subarray(0, -1));
    if (piece.length > 0) this.queue.push(piece.slice(-1));
    this.pull();
  }

  end(): void {
    this.ended = true;
    this.pull();
  }

  close(): void {
    this.output = undefined;
    this.queue.length = 0;
  }

  private *pieces(): Generator<Uint8Array> {
    for (let piece = this.queue.shift(); piece !== undefined; piece = this.queue.shift()) yield piece;
  }

  /** Takes what can be decoded. Each piece gives at least one output, so with a piece in the queue asking is safe. */
  private pull(): void {
    let empty = 0;
    while (this.output !== undefined && (this.queue.length > 0 || this.ended)) {
      const next = this.next(this.output);
      if (next === undefined) return;
      empty = next.length === 0 ? empty + 1 : 0;
      if (empty > STUCK) throw new DecodeStop('format.compression-corrupt', 'zstd: the data cannot be decoded');
      if (next.length > 0) this.emit(next);
    }
  }

  private next(output: Generator<Uint8Array>): Uint8Array | undefined {
    try {
      const { done, value } = output.next();
      return done ? undefined : value;
    } catch (error) {
      // The only error of the library is thrown when the input is over inside a frame.
      throw new DecodeStop('format.compression-truncated', `zstd: ${(error as Error).message}`);
    }
  }
}
