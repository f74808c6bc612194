/**
 * Announces a stream limit that is not enforced. Apple's servers announce one stream until the first valid token, yet clients
 * that have opened more by then are served; Node's HTTP/2 refuses every stream over a limit as soon as it is announced.
 * So the session works with the full limit, and this changes the number in the SETTINGS frames on their way out.
 */

const FRAME_HEADER = 9;
const SETTINGS = 4;
const ACK = 1;
const MAX_CONCURRENT_STREAMS = 3;
/** A setting: id u16, value u32. */
const SETTING = 6;

export class StreamLimitMask {
  /** What SETTINGS frames say from now on. */
  announced: number;
  /** Bytes of the current frame that are still to come. */
  private rest = 0;
  /** A frame header that a write cut in two. */
  private header: Buffer = Buffer.alloc(0);

  constructor(announced: number) {
    this.announced = announced;
  }

  /** Rewrites the SETTINGS frames in a piece of the server's output, in place. Pieces must come in order. */
  readonly rewrite = (bytes: Buffer): void => {
    let at = 0;
    while (at < bytes.length) {
      if (this.rest > 0) {
        const step = Math.min(this.rest, bytes.length - at);
        this.rest -= step;
        at += step;
        continue;
      }
      const known = this.header.length;
      if (known > 0 || at + FRAME_HEADER > bytes.length) {
        const piece = bytes.subarray(at, at + FRAME_HEADER - known);
        this.header = Buffer.concat([this.header, piece]);
        at += piece.length;
        if (this.header.length < FRAME_HEADER) return;
        this.rest = this.header.readUIntBE(0, 3);
        this.header = Buffer.alloc(0);
        continue;
      }
      const length = bytes.readUIntBE(at, 3);
      const start = at + FRAME_HEADER;
      // nghttp2 writes small frames in one piece: a SETTINGS frame that is cut is left as it is.
      if (bytes[at + 3] === SETTINGS && (bytes[at + 4] & ACK) === 0 && start + length <= bytes.length)
        this.patch(bytes, start, start + length);
      this.rest = length;
      at = start;
    }
  };

  private patch(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at + SETTING <= end; at += SETTING) {
      if (bytes.readUInt16BE(at) === MAX_CONCURRENT_STREAMS) bytes.writeUInt32BE(this.announced, at + 2);
    }
  }
}
