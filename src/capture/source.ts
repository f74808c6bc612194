/**
 * Bytes that can be read by position, wherever they come from: a file, a growing file, or the spool of a pipe.
 * Readers of formats ask a source, so that one reader serves all of them.
 */
export interface Source {
  /** As the user names it, for messages. */
  readonly name: string;
  /** Address in the store of byte 0; the bytes are contiguous there. */
  readonly address: number;
  /** Bytes that are there now. */
  readonly size: number;
  /** Nothing will be added any more. */
  readonly ended: boolean;
  /** Copies up to `length` bytes from `position` into `into` at `at`; returns how many, 0 when there are none (yet). */
  read(into: Uint8Array, at: number, length: number, position: number): number;
  /** Resolves when there may be more, or the end is known. */
  ready(): Promise<void>;
  close(): void;
}
