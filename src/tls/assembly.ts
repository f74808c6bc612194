import { PieceList } from '../core/piece-list.ts';
import { HANDSHAKE_TYPES } from '../schema/tls.ts';

/** Longest handshake message that is put together; certificate chains have at most some tens of KB. Longer ones are skipped. */
const MESSAGE_LIMIT = 256 * 1024;

/** Bytes of a handshake header: type u8, length u24. */
const HEAD = 4;

const EMPTY = new Uint8Array(0);

/** Place of the message that is being told. One for all: it is read during the call. */
const part = new PieceList();

export interface MessageSink {
  /** A handshake message at `buf[start, end)`, header included; `where` is the place of its bytes, or of the records around them. */
  message(buf: Uint8Array, start: number, end: number, where: PieceList): void;
  /** A message was given up: too long, or a part is lost. `where` as far as it was collected. */
  abandoned(where: PieceList, bytes: number): void;
}

/** Puts handshake messages together: records may hold several, and messages may span records. */
export class Assembly {
  private bytes: Uint8Array = EMPTY;
  private have = 0;
  /** Total length of the message being collected; 0 while its header is incomplete. */
  private want = 0;
  private skip = 0;
  /** Records fed, and which of them `where` had last. */
  private fed = 0;
  private placed = -1;
  private readonly where = new PieceList();
  private readonly sink: MessageSink;

  constructor(sink: MessageSink) {
    this.sink = sink;
  }

  get pending(): boolean {
    return this.have > 0 || this.skip > 0;
  }

  /**
   * Takes the content of a handshake record, `buf[at, end)`. `record` is the place of the record; the content begins at
   * `offset` in it, or is decrypted when `offset` is negative: then the whole record is the place of its messages.
   */
  feed(buf: Uint8Array, at: number, end: number, record: PieceList, offset: number): void {
    const base = at;
    this.fed++;
    while (at < end) {
      if (this.skip > 0) {
        const n = Math.min(this.skip, end - at);
        this.skip -= n;
        at += n;
        continue;
      }
      if (this.have === 0 && end - at >= HEAD) {
        const total = HEAD + ((buf[at + 1] << 16) | (buf[at + 2] << 8) | buf[at + 3]);
        if (total <= end - at) {
          part.clear();
          if (offset < 0) part.addAll(record);
          else part.addPart(record, offset + at - base, offset + at - base + total);
          this.sink.message(buf, at, at + total, part);
          at += total;
          continue;
        }
      }
      at = this.collect(buf, at, end, record, offset, base);
    }
  }

  /** Forgets a message that can no longer be completed. */
  drop(): void {
    if (this.have > 0) this.sink.abandoned(this.where, this.have);
    this.clear();
  }

  private collect(buf: Uint8Array, at: number, end: number, record: PieceList, offset: number, base: number): number {
    const want = this.want === 0 ? HEAD : this.want;
    const n = Math.min(want - this.have, end - at);
    if (this.bytes.length < this.have + n) {
      const bigger = new Uint8Array(Math.max(512, 2 * (this.have + n)));
      bigger.set(this.bytes.subarray(0, this.have));
      this.bytes = bigger;
    }
    this.bytes.set(buf.subarray(at, at + n), this.have);
    if (offset >= 0) this.where.addPart(record, offset + at - base, offset + at - base + n);
    else if (this.placed !== this.fed) this.where.addAll(record);
    this.placed = this.fed;
    this.have += n;
    at += n;
    if (this.have < want) return at;
    if (this.want === 0) {
      this.want = HEAD + ((this.bytes[1] << 16) | (this.bytes[2] << 8) | this.bytes[3]);
      if (this.want > MESSAGE_LIMIT) {
        this.sink.abandoned(this.where, this.want);
        const skip = this.want - this.have;
        this.clear();
        this.skip = skip;
        return at;
      }
      if (this.have < this.want) return at;
    }
    const bytes = this.bytes;
    const length = this.want;
    part.clear();
    part.addAll(this.where);
    this.clear();
    this.sink.message(bytes, 0, length, part);
    return at;
  }

  private clear(): void {
    this.have = this.want = this.skip = 0;
    this.placed = -1;
    this.bytes = EMPTY;
    this.where.clear();
  }
}

/** True when a handshake message may start here: a known type and a length that such a message can have. */
export function isHandshakeStart(buf: Uint8Array, at: number, end: number): boolean {
  if (end - at < HEAD) return end > at && HANDSHAKE_TYPES[buf[at]] !== undefined;
  return HANDSHAKE_TYPES[buf[at]] !== undefined && ((buf[at + 1] << 16) | (buf[at + 2] << 8) | buf[at + 3]) <= MESSAGE_LIMIT;
}
