/**
 * The public API: open a capture, iterate its messages, decode one.
 *
 * ```ts
 * const capture = await openCapture('morning.pcapng', { keys: ['keys.log'] });
 * for (const entry of capture.messages()) console.log(entry.number, entry.message.label, entry.message.info);
 * capture.close();
 * ```
 */

import { decodeText } from './codec/decode-text.ts';
import type { Message } from './core/message.ts';
import { expandPayloads } from './timeline/decoders.ts';
import { compileFilter } from './timeline/filter/filter.ts';
import { openReading, type Reading } from './timeline/open.ts';

export { UserError } from './core/errors.ts';
export type { Field, Message, Value } from './core/message.ts';
export type { Note, Severity } from './core/note.ts';
export { VERSION } from './version.ts';

export interface OpenCaptureOptions {
  /** Key logs, RSA private keys, PKCS#12 files. */
  readonly keys?: readonly string[];
  readonly keyPassword?: string;
  /** Rules as of --decode-as: "tcp.port==9000,courier". */
  readonly decodeAs?: readonly string[];
}

/** One message of a capture. */
export interface Entry {
  /** From 1. */
  readonly number: number;
  /** Nanoseconds since the Unix epoch; undefined when the input has no times. */
  readonly time: bigint | undefined;
  /** Number of the packet that completed it, 0 when the input has no packets. */
  readonly packet: number;
  readonly stream: number;
  readonly direction: 'c2s' | 's2c';
  readonly client: string;
  readonly server: string;
  readonly topic: string | undefined;
  /** The message's bytes; missing parts are zero and told in the message's notes. */
  readonly bytes: Uint8Array;
  readonly message: Message;
}

/** An indexed capture. Close it to release its file and temporary data. */
export class Capture {
  private readonly reading: Reading;

  constructor(reading: Reading) {
    this.reading = reading;
  }

  /** Number of messages. */
  get length(): number {
    return this.reading.timeline.length;
  }

  /** Message `number`, from 1; undefined when there is none. */
  entry(number: number): Entry | undefined {
    const { timeline } = this.reading;
    const row = number - 1;
    if (!Number.isInteger(row) || row < 0 || row >= timeline.length) return undefined;
    const columns = timeline.rows.columns;
    const { client, server } = timeline.peers(columns.stream(row));
    return {
      number,
      time: timeline.timed(row) ? BigInt(columns.sec(row)) * 1_000_000_000n + BigInt(columns.nsec(row)) : undefined,
      packet: columns.packet(row),
      stream: columns.stream(row),
      direction: columns.dir(row) === 0 ? 'c2s' : 's2c',
      client,
      server,
      topic: timeline.topicName(row),
      bytes: timeline.bytes(row).bytes,
      message: timeline.message(row),
    };
  }

  /** All messages, or those that a filter matches; decoded one by one while you iterate. Throws `UserError` for a bad filter. */
  *messages(filter?: string): Generator<Entry> {
    const { timeline } = this.reading;
    if (filter === undefined) {
      for (let n = 1; n <= timeline.length; n++) yield this.entry(n) as Entry;
      return;
    }
    for (const row of compileFilter(filter).select(timeline, 0, timeline.length)) yield this.entry(row + 1) as Entry;
  }

  close(): void {
    this.reading.close();
  }
}

/** Opens and indexes a capture or decrypted stream. Throws `UserError` when it cannot be read. */
export async function openCapture(path: string, options: OpenCaptureOptions = {}): Promise<Capture> {
  const reading = await openReading([path], {
    keys: options.keys ?? [],
    keyPassword: options.keyPassword,
    decodeAs: options.decodeAs ?? [],
    follow: false,
    expandPayloads: true,
  });
  for (;;) {
    const state = reading.step();
    if (state === 'done') break;
    if (state === 'starved') await reading.ready();
  }
  return new Capture(reading);
}

/** Decodes messages from bytes, or from hex or base64 text. `dialect` and `direction` are recognised when not given. */
export function decode(input: Uint8Array | string, dialect?: string, direction?: 'c2s' | 's2c'): Message[] {
  const { messages } = decodeText(input, dialect, direction === undefined ? undefined : direction === 'c2s' ? 0 : 1);
  return messages.map(({ message }) => expandPayloads(message));
}
