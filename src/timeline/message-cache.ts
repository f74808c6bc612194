import type { Message } from '../core/message.ts';

/**
 * Bytes of the messages that are kept, their references included: a screen in both directions many times over. A hostile message is
 * a hundred times as large when it is decoded: fields of three bytes, or references of two.
 */
const KEPT_BYTES = 256 * 1024;

/** The messages that were decoded last, by row; the oldest give way. */
export class MessageCache {
  private readonly messages = new Map<number, Message>();
  private readonly sizes = new Map<number, number>();
  private bytes = 0;

  /** The message of a row, kept or made; `size` is that of its bytes, and `most` messages are kept. */
  message(row: number, size: number, most: number, make: () => Message): Message {
    const known = this.messages.get(row);
    if (known !== undefined) return known;
    const made = make();
    while (this.messages.size > 0 && (this.messages.size >= most || this.bytes + size > KEPT_BYTES)) this.dropOldest();
    this.messages.set(row, made);
    this.sizes.set(row, size);
    this.bytes += size;
    return made;
  }

  private dropOldest(): void {
    const row = this.messages.keys().next().value as number;
    this.bytes -= this.sizes.get(row) ?? 0;
    this.messages.delete(row);
    this.sizes.delete(row);
  }
}
