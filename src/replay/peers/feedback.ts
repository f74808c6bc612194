import { feedback } from '../../codec/feedback.ts';
import { BROKEN, NEED } from '../../core/dialect.ts';
import { type Answer, answerOf } from '../recorded.ts';
import type { PeerParts } from './peer.ts';

/** A list longer than that is not read on: a million records, far above what the service ever kept. */
const MAX_BYTES = 40_000_000;

/** Reads the list that a feedback service sends, and ends with its connection or after the longest wait. */
export async function readFeedback(parts: PeerParts): Promise<Answer[]> {
  const { clock, settings, signal, ledger } = parts;
  const { socket } = await parts.open([]);
  const chunks: Buffer[] = [];
  let length = 0;
  const stop = new AbortController();
  await new Promise<void>((resolve) => {
    socket.on('data', (bytes: Buffer) => {
      chunks.push(bytes);
      length += bytes.length;
      if (length > MAX_BYTES) socket.destroy();
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve());
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    void clock.until(clock.now() + settings.timeoutMs, stop.signal).then(() => socket.destroy());
  });
  stop.abort();
  const bytes = Buffer.concat(chunks);
  const { measure } = feedback.open({});
  const answers: Answer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = measure(1, bytes, at, bytes.length);
    if (size === NEED || size === BROKEN || at + size > bytes.length) {
      ledger.remark('the feedback service sent bytes that are no record');
      break;
    }
    answers.push(answerOf(feedback.decode(bytes.subarray(at, at + size), 1)));
    at += size;
  }
  return answers;
}
