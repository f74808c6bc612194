import type { Glance } from './glance.ts';
import type { DialectName, Message } from './message.ts';
import type { Dir } from './stream.ts';

/** `measure` needs more bytes before it can tell the length. */
export const NEED = -1;
/** `measure` saw bytes that no frame of this dialect can start with. */
export const BROKEN = 0;

/**
 * What the index keeps of a frame. One object is reused for all frames: `index` fills it, the pipeline reads it at once
 * and calls `clear`. Ranges refer to the buffer passed to `index` unless the `…From` buffer is set.
 */
export class Cells {
  /** `messageType(dialect, command)`. */
  type = 0;
  /** Message id, identifier, HTTP/2 stream id: what pairs question and answer. 0 with `hasId` false when there is none. */
  id = 0;
  hasId = false;
  /** Status or HTTP status; -1 when there is none. */
  status = -1;
  topicStart = 0;
  /** Exclusive end of the topic bytes (SHA-1, or UTF-8 name); equal to `topicStart` when there is none. */
  topicEnd = 0;
  topicFrom: Uint8Array | undefined = undefined;
  tokenStart = 0;
  tokenEnd = 0;
  tokenFrom: Uint8Array | undefined = undefined;
  /** 0 none, 1 note, 2 warn, 3 error: what is already known to be wrong without decoding. */
  severity = 0;
  /** Bytes that must be kept so that this row can be decoded without history (resolved references, decoded headers). */
  aux: Uint8Array | undefined = undefined;
  /** `aux` never changes and comes again as the same array for other rows: storing it once is enough. */
  auxKept = false;
  /**
   * Frames of one message may be apart (HTTP/2). `hold` ≥ 0: keep this frame under that key and make no row yet.
   * `release` ≥ 0: the row of this frame starts with all frames held under that key. -1 otherwise.
   */
  hold = -1;
  release = -1;

  clear(): void {
    this.type = 0;
    this.id = 0;
    this.hasId = false;
    this.status = -1;
    this.topicStart = this.topicEnd = this.tokenStart = this.tokenEnd = 0;
    this.topicFrom = undefined;
    this.tokenFrom = undefined;
    this.severity = 0;
    this.aux = undefined;
    this.auxKept = false;
    this.hold = -1;
    this.release = -1;
  }
}

/** How one connection's bytes are cut into frames, with the state that the dialect carries. Never throws on wire bytes. */
export interface Framing {
  /** Total length of the frame at `start` (header included, may reach beyond `end`), NEED or BROKEN. */
  measure(dir: Dir, buf: Uint8Array, start: number, end: number): number;
  /** Fills the cells from a complete frame and advances the dictionaries. `cells` is clear on entry. */
  index(dir: Dir, buf: Uint8Array, start: number, end: number, cells: Cells): void;
  /** Bytes of this direction were lost: what the dialect remembered of them is unknown from here on. */
  lost(dir: Dir): void;
  /** First offset in [start, end) where a frame plausibly starts, or -1. Must ask for evidence, not guess. */
  resync(dir: Dir, buf: Uint8Array, start: number, end: number): number;
  /**
   * Whether what follows `end` inside the frame at `start` may be missing without harm to later frames. Then `lost` is not
   * called, and `index` gets the whole frame with zeros where bytes are missing. Not there: no such frames.
   */
  bearsHole?(dir: Dir, buf: Uint8Array, start: number, end: number): boolean;
  /** Fills the cells of a message whose frames are held under `key` and that will not be completed; false: nothing is known of it. */
  unfinished?(dir: Dir, key: number, cells: Cells): boolean;
}

export interface OpenOptions {
  /** The ALPN chosen in the handshake, when known: it may carry table sizes. */
  readonly alpn?: string | undefined;
}

/** Looks up what a topic's SHA-1 stands for. */
export interface TopicLookup {
  /** The name for the hash `bytes[start, end)`, or undefined. */
  name(bytes: Uint8Array, start?: number, end?: number): string | undefined;
  /** Names that were learned so far: what was looked up before holds as long as it stays the same. Not there: none are learned. */
  readonly learnedNames?: number;
}

export interface Dialect {
  readonly name: DialectName;
  readonly code: number;
  /** `bytes`: print(parse(b)) = b for any b. `meaning`: read(write(m)) = m, because the dialect carries dictionaries. */
  readonly law: 'bytes' | 'meaning';
  open(options: OpenOptions): Framing;
  /** Decodes one row's bytes; pure. `aux` is what `index` asked to keep; `names` knows more topics than the published ones. */
  decode(bytes: Uint8Array, dir: Dir, aux?: Uint8Array, names?: TopicLookup): Message;
  /**
   * Fills `glance` with what `decode` gives as label, token, info line and notes, and with the places of the payloads. False when
   * that takes decoding: for most messages that there is a note for. Not there: always.
   */
  glance?(bytes: Uint8Array, dir: Dir, aux: Uint8Array | undefined, names: TopicLookup, glance: Glance): boolean;
}
