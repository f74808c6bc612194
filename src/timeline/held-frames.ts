import { NewestMap } from '../core/newest-map.ts';
import { HOLE } from '../core/stream.ts';
import type { Location } from './rows.ts';

/** Messages whose memory is kept for the next ones. */
const SPARE = 64;
const spare: HeldMessage[] = [];

/** Where the frames of one message lie that is not complete. */
export class HeldMessage implements Location {
  readonly addresses: number[] = [];
  readonly lengths: number[] = [];
  total = 0;
  frames = 0;
  private pieces = 0;

  get address(): number {
    return this.addresses[0];
  }

  get count(): number {
    return this.pieces === 1 && this.address !== HOLE ? 0 : this.pieces;
  }

  clear(): void {
    this.total = this.frames = this.pieces = 0;
  }

  add(where: Location, length: number): void {
    this.total += length;
    this.frames++;
    if (where.count === 0) this.piece(where.address, length);
    else for (let i = 0; i < where.count; i++) this.piece(where.addresses[i], where.lengths[i]);
  }

  /** Frames that lie one behind the other are one piece. */
  private piece(address: number, length: number): void {
    const last = this.pieces - 1;
    if (last >= 0 && address !== HOLE && this.addresses[last] !== HOLE && this.addresses[last] + this.lengths[last] === address) {
      this.lengths[last] += length;
      return;
    }
    this.addresses[this.pieces] = address;
    this.lengths[this.pieces++] = length;
  }
}

/** Frames of a connection that wait for the end of their messages, by direction and key. */
export class HeldFrames {
  /** Frames of all messages. */
  frames = 0;
  private readonly messages = new NewestMap<HeldMessage>();

  /** Adds a frame to the message under this key. */
  hold(key: number, where: Location, length: number): void {
    let message = this.messages.get(key);
    if (message === undefined) {
      message = spare.pop() ?? new HeldMessage();
      message.clear();
      this.messages.set(key, message);
    }
    message.add(where, length);
    this.frames++;
  }

  /** Lets go of the message under this key: give it back with `done` when its row is written. */
  take(key: number): HeldMessage | undefined {
    const message = this.messages.get(key);
    if (message === undefined) return undefined;
    this.messages.delete(key);
    this.frames -= message.frames;
    return message;
  }

  done(message: HeldMessage): void {
    if (spare.length < SPARE) spare.push(message);
  }

  /** Key of the message that has waited longest; -1 when none waits. */
  oldest(): number {
    return this.messages.oldest()?.[0] ?? -1;
  }

  /** Keys of all messages, the oldest first. */
  keys(): number[] {
    return this.messages.entries().map(([key]) => key);
  }
}
