/**
 * Keeps turns of the event loop short when clients flood. libuv reads up to 2 MiB from every socket before it looks at timers
 * and signals again: with the decoding of each message that were turns of seconds, in which nobody else is served and
 * Ctrl-C is not heard.
 */
import type { Duplex } from 'node:stream';

/**
 * Plaintext bytes of all connections in one turn; after that each gets one more piece. Some 300 notifications, or 13,000 of
 * the smallest messages, which take 0.3 s with a log.
 */
export const TURN_BYTES = 64 * 1024;

let taken = 0;
let scheduled = false;
let waiting: Waiting[] = [];

interface Waiting {
  readonly stream: Duplex;
  readonly goOn: (stream: Duplex) => void;
}

function nextTurn(): void {
  scheduled = false;
  taken = 0;
  const due = waiting;
  waiting = [];
  for (const { stream, goOn } of due) goOn(stream);
}

/**
 * Counts bytes that a connection brought. When the turn's share is used up, pauses the stream and calls `goOn` in the next
 * turn: that is where it has to be resumed, unless there is another reason to leave it paused.
 */
export function countTurn(stream: Duplex, bytes: number, goOn: (stream: Duplex) => void): void {
  taken += bytes;
  if (!scheduled) {
    scheduled = true;
    setImmediate(nextTurn);
  }
  if (taken <= TURN_BYTES || stream.isPaused()) return;
  stream.pause();
  waiting.push({ stream, goOn });
}

/** What to do in the next turn when nothing else pauses the stream. */
export function resume(stream: Duplex): void {
  stream.resume();
}
