import { PieceList } from '../core/piece-list.ts';
import type { Arrival } from '../core/stream.ts';
import type { Direction } from './direction.ts';
import { ssl2HelloLength } from './hello.ts';

/** Bytes of an SSL 2.0 hello kept until it is complete: 32 suites, session id and challenge fit ten times. */
const LIMIT = 1024;

/**
 * The first bytes of a connection when they are no record but may be a hello in the format of SSL 2.0.
 * Collects until that is clear.
 */
export class Prelude {
  /** The direction whose bytes they are. */
  owner: Direction | undefined = undefined;
  /** Bytes collected, and where they are. */
  bytes: Uint8Array = new Uint8Array(0);
  readonly where = new PieceList();
  /** Length of the hello, once `take` said so. */
  length = 0;

  /** `more`: taken, go on. `hello`: complete, `length` bytes of `bytes` are it. `none`: what was collected is something else. */
  take(buf: Uint8Array, start: number, end: number, address: number): 'more' | 'hello' | 'none' {
    if (this.bytes.length === 0 && (buf[start] & 0x80) === 0) return 'none';
    const bytes = new Uint8Array(this.bytes.length + end - start);
    bytes.set(this.bytes);
    bytes.set(buf.subarray(start, end), this.bytes.length);
    this.bytes = bytes;
    this.where.add(address, end - start);
    this.length = ssl2HelloLength(bytes, 0, bytes.length);
    if (this.length < 0 || (this.length > bytes.length && bytes.length < LIMIT)) return 'more';
    return this.length > 0 && this.length <= bytes.length ? 'hello' : 'none';
  }

  /** Where the hello is. */
  hello(): PieceList {
    const where = new PieceList();
    where.addPart(this.where, 0, this.length);
    return where;
  }

  /** What was collected takes the ordinary way from `from` on. False when nothing is left. */
  handOn(from: number, { packet, sec, nsec }: Arrival): boolean {
    const { owner, bytes } = this;
    if (owner === undefined || bytes.length === from) return false;
    const rest = new PieceList();
    rest.addPart(this.where, from, bytes.length);
    let at = from;
    for (let i = 0; i < rest.pieces; i++) {
      const end = at + rest.pieceLength(i);
      owner.cutter.data(bytes, at, end, rest.pieceAddress(i), packet, sec, nsec);
      at = end;
    }
    return true;
  }
}
