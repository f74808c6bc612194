import type { NoteCode } from '../../schema/notes.ts';

/** Takes decoded bytes, valid during the call. */
export type Emit = (bytes: Uint8Array) => void;

/** Undoes one kind of compression, a piece at a time. Whatever was decoded before a `DecodeStop` has been emitted. */
export interface Decoder {
  /** Decodes the next piece. Throws (or rejects with) `DecodeStop` when the bytes cannot be read any further. */
  write(piece: Uint8Array): void | Promise<void>;
  /** No more input; throws (or rejects with) `DecodeStop` when it is not complete. */
  end(): void | Promise<void>;
  close(): void;
}

/** Decoding stops here; `code` is the note that says why. */
export class DecodeStop extends Error {
  readonly code: NoteCode;

  constructor(code: NoteCode, detail: string) {
    super(detail);
    this.name = 'DecodeStop';
    this.code = code;
  }
}

/** One expansion limit for all kinds: what comes out of a file is bounded in relation to what went in, and absolutely. */
export interface Limits {
  /** Output below this is never refused: a few captures of that size fit on any disk, and it takes a second or two. */
  readonly free: number;
  /** Output per input byte above `free`. */
  readonly ratio: number;
  /** Output in all. */
  readonly most: number;
}

/**
 * Captures compress 2 to 20 times, logs up to 100 times; deflate cannot do more than 1032 times and reaches it only on
 * constant bytes. 64 GiB is more than an index in memory can hold (2^31 rows).
 */
export const EXPANSION: Limits = { free: 1 << 28, ratio: 200, most: 64 * 2 ** 30 };

/** Checks output against input as both grow. */
export class ExpansionGuard {
  input = 0;
  output = 0;
  private readonly limits: Limits;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** Counts decoded bytes; throws `DecodeStop` when they exceed the limits. */
  count(length: number): void {
    this.output += length;
    const { free, ratio, most } = this.limits;
    if (this.output > most) throw new DecodeStop('format.expansion-limit', `more than ${most} bytes`);
    if (this.output > free && this.output > this.input * ratio) {
      throw new DecodeStop('format.expansion-limit', `${this.input} bytes became more than ${ratio} times as many`);
    }
  }
}
