import { UserError } from '../core/errors.ts';
import type { Input, InputSink, InputState } from '../core/input.ts';
import { type NoteCode, note } from '../schema/notes.ts';
import { type OpenInputOptions, type Reopen, SNIFF_LENGTH } from './format.ts';
import type { Source } from './source.ts';
import type { Store } from './store.ts';

/** Something that went wrong while the bytes came in: told as a note once they are read. */
export interface Trouble {
  readonly code: NoteCode;
  readonly detail?: string | undefined;
}

/** A source that grows while it is read. */
export interface LateSource extends Source {
  /** Set before `ended` when the bytes stopped for a reason other than their end. */
  readonly trouble: Trouble | undefined;
}

/** Bytes that every binary header fits into; below it nothing is decided while more may come. */
const FIRST_LOOK = 24;

/**
 * An input whose content is not there yet when it is opened: a pipe, or a file that is being unpacked. Its format is found
 * from the first bytes as they come, so `step` throws the `UserError` that an opener throws when there is nothing readable in it.
 */
export class LateInput implements Input {
  readonly name: string;
  private readonly wrapping: string;
  private readonly source: LateSource;
  private readonly store: Store;
  private readonly options: OpenInputOptions;
  private readonly reopen: Reopen;
  private inner: Input | undefined = undefined;
  private looked = -1;
  private told = false;

  /** `wrapping` names how the bytes come: "pipe", "gzip". `reopen` finds out what they are. */
  constructor(wrapping: string, source: LateSource, store: Store, options: OpenInputOptions, reopen: Reopen) {
    this.name = source.name;
    this.wrapping = wrapping;
    this.source = source;
    this.store = store;
    this.options = options;
    this.reopen = reopen;
  }

  get format(): string {
    return this.inner === undefined ? this.wrapping : `${this.inner.format} (${this.wrapping})`;
  }

  get size(): number | undefined {
    return this.inner?.size;
  }

  get position(): number {
    return this.inner?.position ?? 0;
  }

  step(sink: InputSink): InputState {
    this.inner ??= this.open();
    if (this.inner === undefined) return 'starved';
    const state = this.inner.step(sink);
    if (state === 'done') this.tell(sink);
    return state;
  }

  ready(): Promise<void> {
    return this.inner?.ready() ?? this.source.ready();
  }

  close(): void {
    this.inner?.close();
    this.source.close();
  }

  /** The input inside, or undefined while too little is there to tell. */
  private open(): Input | undefined {
    const { size, ended, trouble } = this.source;
    if (size === this.looked && !ended) return undefined;
    this.looked = size;
    // Reading marks the bytes as seen, so that `ready` waits for new ones.
    this.source.read(new Uint8Array(Math.min(size, SNIFF_LENGTH)), 0, Math.min(size, SNIFF_LENGTH), 0);
    if (!ended && size < FIRST_LOOK) return undefined;
    if (size === 0) {
      const why = trouble === undefined ? '' : ` (${trouble.detail ?? trouble.code})`;
      throw new UserError(
        'input.empty',
        this.wrapping === 'pipe'
          ? `${this.name} ended without a byte${why}: the program before it wrote nothing.`
          : `${this.name} holds nothing that can be unpacked${why}.`,
      );
    }
    try {
      return this.reopen(this.source, this.store, this.options);
    } catch (error) {
      // What is not recognised yet may be so once more of it is there.
      if (error instanceof UserError && error.code === 'input.unknown' && !ended && size < SNIFF_LENGTH) return undefined;
      throw error;
    }
  }

  private tell(sink: InputSink): void {
    const { trouble, size } = this.source;
    if (this.told || trouble === undefined) return;
    this.told = true;
    sink.note(note(trouble.code, size, size, trouble.detail));
  }
}
