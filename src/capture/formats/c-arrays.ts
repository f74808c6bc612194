import type { Dir } from '../../core/stream.ts';
import { Conversation } from './follow-banner.ts';
import { ascii, hexPair } from './hex-text.ts';
import type { LineReader, TextContext } from './text-input.ts';

/** `char peer0_0[] = {`, with any type in front and a comment that names the packet behind. */
const OPENING = /\bpeer([01])_(\d+)\s*\[\s*\d*\s*\]\s*=\s*\{/;
/** An opening line is short; longer lines are data. */
const OPENING_LIMIT = 256;
/** Bytes collected before they are handed over. */
const RUN_LIMIT = 64 * 1024;
const ZERO = 0x30;
const CLOSE = 0x7d;

/** True when the head holds an array as Wireshark's "C Arrays" writes it. */
export function isCArrays(head: Uint8Array): boolean {
  return OPENING.test(ascii(head, 0, Math.min(head.length, 4096)));
}

/**
 * Reads "C Arrays" of Wireshark's follow window: `char peer0_0[] = {`, lines of `0x..,`, `};`. The name holds the peer;
 * the order in the file is the order on the wire. No times, no addresses; which peer is the client is not said.
 */
export class CArraysReader implements LineReader {
  private readonly context: TextContext;
  private conversation: Conversation | undefined = undefined;
  private readonly run = new Uint8Array(RUN_LIMIT);
  private filled = 0;
  private dir: Dir = 0;
  private inside = false;

  constructor(context: TextContext) {
    this.context = context;
  }

  line(buf: Uint8Array, start: number, end: number, position: number): void {
    // An opening inside of an array: the array before it was never closed.
    const opening = this.inside && buf[start] === ZERO ? -1 : this.opening(buf, start, end);
    if (opening >= 0) this.values(buf, opening, end, position - start);
    else if (this.inside) this.values(buf, start, end, position - start);
  }

  finish(length: number): void {
    if (this.inside) this.context.note('format.truncated', length, length, 'the last array is not closed');
    this.flush();
    this.conversation?.end();
  }

  /** Begins an array when the line does; returns where its values begin, or -1. */
  private opening(buf: Uint8Array, start: number, end: number): number {
    const m = end - start > OPENING_LIMIT ? null : OPENING.exec(ascii(buf, start, end));
    if (!m) return -1;
    this.flush();
    this.inside = true;
    this.dir = m[1] === '1' ? 1 : 0;
    return start + m.index + m[0].length;
  }

  /** Takes `0x..` values and the closing brace; comments, blanks and commas are passed over. `base` turns an index into a position. */
  private values(buf: Uint8Array, start: number, end: number, base: number): void {
    let at = start;
    while (at < end) {
      const c = buf[at];
      if (c === CLOSE) {
        this.inside = false;
        this.flush();
        return;
      }
      if (c === ZERO && at + 3 < end && (buf[at + 1] | 0x20) === 0x78 && hexPair(buf, at + 2) >= 0) {
        if (this.filled === RUN_LIMIT) this.flush();
        this.run[this.filled++] = hexPair(buf, at + 2);
        at += 4;
      } else if (c === 0x2f && buf[at + 1] === 0x2a) {
        at = commentEnd(buf, at + 2, end);
      } else if (c === 0x20 || c === 0x09 || c === 0x2c) {
        at++;
      } else {
        this.context.note('format.unreadable', base + at, base + end, 'not a byte of an array');
        while (at < end && buf[at] !== CLOSE) at++;
      }
    }
  }

  private flush(): void {
    if (this.filled === 0) return;
    this.conversation ??= new Conversation(this.context, 'c-arrays', '', '', false, 'follow as C arrays');
    this.conversation.data(this.dir, this.run, this.filled);
    this.filled = 0;
  }
}

/** Index after the comment that `at` is in, within the line. */
function commentEnd(buf: Uint8Array, at: number, end: number): number {
  for (let i = at; i + 1 < end; i++) if (buf[i] === 0x2a && buf[i + 1] === 0x2f) return i + 2;
  return end;
}
