import { NewestMap } from '../core/newest-map.ts';
import { PieceList } from '../core/piece-list.ts';
import type { Location } from './rows.ts';

/** Messages whose memory is kept for the next ones. */
const SPARE = 64;
const spare: HeldMessage[] = [];

/** Where the frames of one message lie that is not complete; those that lie one behind the other are one piece. */
export class HeldMessage extends PieceList {
  frames = 0;

  addFrame(where: Location, length: number): void {
    this.frames++;
    if (where.count === 0) this.add(where.address, length);
    else for (let i = 0; i < where.count; i++) this.add(where.addresses[i], where.lengths[i]);
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
      message.frames = 0;
      this.messages.set(key, message);
    }
    message.addFrame(where, length);
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
