import type { Input } from '../core/input.ts';
import type { Source } from './source.ts';
import type { Store } from './store.ts';

/** Choices of the user that some format needs to read its input. */
export interface OpenInputOptions {
  /** Keep reading when the file grows. */
  readonly follow?: boolean | undefined;
  /** For files that hold both directions in one run of bytes: cuts them apart by content. */
  readonly split?: ((bytes: Uint8Array) => readonly { readonly dir: 0 | 1; readonly start: number; readonly end: number }[]) | undefined;
  /** For streams whose sides are not named: which direction these first bytes belong to, when that can be told. */
  readonly guessDirection?: ((bytes: Uint8Array) => 0 | 1 | undefined) | undefined;
}

/** Bytes from the start of a file that `sniff` gets to see, at most. */
export const SNIFF_LENGTH = 65_536;

/** Opens what is inside of a wrapping (compression) by its own content; throws `UserError` like any opener. */
export type Reopen = (source: Source, store: Store, options: OpenInputOptions) => Input;

/** One kind of input, recognised by its content. */
export interface Format {
  /** "gzip", "sslsplit -L" … */
  readonly name: string;
  /**
   * True: this is it. A string: this is it, and it cannot be read: the sentence that says why and what to do instead.
   * `name` is what the user called it, for the few formats whose file name carries data; `options` for those without any mark of their own.
   */
  sniff(head: Uint8Array, name: string, options: OpenInputOptions): boolean | string;
  /** Throws `UserError` when the input cannot be read at all. The input owns the source and closes it. */
  open(source: Source, store: Store, options: OpenInputOptions, reopen: Reopen): Input;
}

/** One kind of directory that is one input. */
export interface DirectoryFormat {
  readonly name: string;
  sniff(entries: readonly string[], path: string): boolean | string;
  open(path: string, store: Store, options: OpenInputOptions): Input;
}
