import { ReferenceWriter } from './references.ts';

/** Longest path that is classified; the paths of the provider API end at some 250 bytes. */
const PATH_BYTES = 1024;
/** Longest topic kept for the list: bundle identifiers end at 155 characters, suffixes at 24. */
const TOPIC_BYTES = 512;
/** Longest device token that the provider dialects allow. */
const TOKEN_BYTES = 100;

/** What is gathered of one message while its frames arrive. Reused from message to message, so that indexing allocates nothing. */
export class RowState {
  stream = 0;
  /** Row code: HTTP2_ROWS. */
  code = 0;
  /** HTTP status, -1 until known. */
  status = -1;
  /** Index in METHODS, 0 = unknown. */
  method = 0;
  readonly path = new Uint8Array(PATH_BYTES);
  pathLength = 0;
  readonly topic = new Uint8Array(TOPIC_BYTES);
  topicLength = 0;
  readonly token = new Uint8Array(TOKEN_BYTES);
  tokenLength = 0;
  severity = 0;
  /** The frame that opened the block said END_STREAM; the block goes on in CONTINUATION. */
  endStream = false;
  /** Bytes of the frames held so far: where the next frame starts in the row. */
  held = 0;
  /** DATA bytes sent on the stream, and what WINDOW_UPDATE frames added to its window. */
  sent = 0;
  granted = 0;
  /** The message was too long and has a row already; what follows makes rows of its own. */
  closed = false;
  readonly references = new ReferenceWriter();

  open(stream: number, code: number): void {
    this.stream = stream;
    this.code = code;
    this.status = -1;
    this.method = 0;
    this.pathLength = this.topicLength = this.tokenLength = 0;
    this.severity = 0;
    this.endStream = false;
    this.held = 0;
    this.sent = this.granted = 0;
    this.closed = false;
    this.references.clear();
  }
}
