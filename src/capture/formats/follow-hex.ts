import { Conversation, FollowBanner, indent, isRule, MISSING } from './follow-banner.ts';
import { ascii, hexPair } from './hex-text.ts';
import type { LineReader, TextContext } from './text-input.ts';

const PER_LINE = 16;
/** Bytes collected before they are handed over; a record of the capture is shorter as a rule. */
const RUN_LIMIT = 64 * 1024;
const SPACE = 32;

/** True when the head has the lines of a hex dump (with offsets of eight digits) from its first line on. */
export function isHexDump(head: Uint8Array): boolean {
  const lines = ascii(head, 0, Math.min(head.length, 4096)).split(/\r?\n/);
  const first = lines.find((line) => line.trim() !== '');
  return first !== undefined && /^(\t| {4})?0{8} {1,2}[0-9a-f]{2}( |$)/i.test(first);
}

/**
 * Reads hex dumps of a followed stream: `OOOOOOOO  xx … xx  xx … xx  ascii`, sixteen bytes a line, an indented line is from
 * the second node, offsets run in each direction. With the banner of tshark or without it (Wireshark's window, `hexdump -C`).
 *
 * The bytes stand in fixed columns, so that an ASCII column that looks like hex is never taken for bytes.
 * Offsets that leave bytes out make a gap. No times; which node is the client is not said.
 */
export class FollowHexReader implements LineReader {
  private readonly context: TextContext;
  private banner = new FollowBanner();
  private conversation: Conversation | undefined = undefined;
  private readonly run = new Uint8Array(RUN_LIMIT);
  private filled = 0;
  private runDir: 0 | 1 = 0;
  private readonly next: [number, number] = [0, 0];
  private inside = false;
  private sawRule = false;
  private count = 0;

  constructor(context: TextContext) {
    this.context = context;
  }

  line(buf: Uint8Array, start: number, end: number, position: number): void {
    if (isRule(buf, start, end)) {
      this.toggle();
      return;
    }
    if (start === end || (this.sawRule && !this.inside)) return;
    if (
      this.inside &&
      this.conversation === undefined &&
      this.filled === 0 &&
      this.banner.take(ascii(buf, start, Math.min(end, start + 1024)))
    )
      return;
    this.dumpLine(buf, start, end, position);
  }

  finish(length: number): void {
    if (this.inside) this.context.note('format.truncated', length, length, 'the closing line is missing');
    this.endConversation();
  }

  private dumpLine(buf: Uint8Array, start: number, end: number, position: number): void {
    const skip = indent(buf, start, end);
    const m = /^[0-9a-f]{8,16}/i.exec(ascii(buf, start + skip, Math.min(end, start + skip + 17)));
    const digits = m ? m[0].length : 0;
    const column = start + skip + digits;
    // One blank or two separate the offset from the bytes.
    const first = buf[column] === SPACE ? (buf[column + 1] === SPACE ? column + 2 : column + 1) : -1;
    if (first < 0 || !m) {
      // `hexdump -C` closes with a bare offset.
      if (digits === 0 || column !== end)
        this.context.note('format.unreadable', position, position + (end - start), 'no line of a hex dump');
      return;
    }
    this.bytes(skip > 0 ? 1 : 0, Number.parseInt(m[0], 16), buf, first, end, position);
  }

  private bytes(dir: 0 | 1, offset: number, buf: Uint8Array, first: number, end: number, position: number): void {
    if (dir !== this.runDir || offset !== this.next[dir]) this.flush();
    this.runDir = dir;
    if (offset > this.next[dir]) this.gap(dir, offset, position);
    else if (offset < this.next[dir]) this.context.note('format.offset-jump', position, position, 'offsets go back');
    if (this.filled + PER_LINE > RUN_LIMIT) this.flush();
    let n = 0;
    while (n < PER_LINE) {
      // The second eight stand one blank further.
      const at = first + 3 * n + (n >= 8 ? 1 : 0);
      const value = at + 1 < end ? hexPair(buf, at) : -1;
      if (value < 0) break;
      this.run[this.filled++] = value;
      n++;
    }
    this.next[dir] = offset + n;
    if (n < PER_LINE) this.flush();
  }

  private gap(dir: 0 | 1, offset: number, position: number): void {
    this.context.note('format.offset-jump', position, position, `${offset - this.next[dir]} bytes`);
    this.open().stream.gap(dir, offset - this.next[dir]);
  }

  /** Hands over the collected bytes; a marker of missing bytes at their end (it starts on a line of its own) as a gap. */
  private flush(): void {
    const length = this.filled;
    if (length === 0) return;
    this.filled = 0;
    const conversation = this.open();
    const line = Math.max(0, Math.floor((length - 1) / PER_LINE) * PER_LINE);
    for (let at = line; at >= 0 && at >= line - 2 * PER_LINE; at -= PER_LINE) {
      if (this.run[at] === 0x5b && MISSING.test(ascii(this.run, at, length))) {
        conversation.data(this.runDir, this.run, at);
        conversation.data(this.runDir, this.run.slice(at, length), length - at);
        return;
      }
    }
    conversation.data(this.runDir, this.run, length);
  }

  private open(): Conversation {
    const { nodes, protocol } = this.banner;
    const label = protocol === '' ? 'hex dump' : `follow ${protocol}, output ${this.count + 1}`;
    if (this.conversation === undefined) {
      this.count++;
      // Without a banner nobody says what was followed; what was exported for us is plaintext.
      this.conversation = new Conversation(this.context, protocol, nodes[0], nodes[1], false, label);
    }
    return this.conversation;
  }

  private toggle(): void {
    this.endConversation();
    this.sawRule = true;
    this.inside = !this.inside;
    this.banner = new FollowBanner();
  }

  private endConversation(): void {
    this.flush();
    this.conversation?.end();
    this.conversation = undefined;
    this.next[0] = this.next[1] = 0;
  }
}
