import { Conversation, FollowBanner, indent, isRule } from './follow-banner.ts';
import { ascii, decodeHex, Scratch } from './hex-text.ts';
import type { LineReader, TextContext } from './text-input.ts';

/** Longest banner line that is looked at. */
const BANNER_LIMIT = 1024;

/**
 * Reads "follow … raw" of tshark: between two lines of `=` and after the banner, one hex line a segment;
 * an indented line is from node 1. Several outputs may stand in one file. No times; which node is the client is not said.
 */
export class FollowRawReader implements LineReader {
  private readonly context: TextContext;
  private readonly scratch = new Scratch();
  private readonly banner = new FollowBanner();
  private conversation: Conversation | undefined = undefined;
  private inside = false;
  private count = 0;

  constructor(context: TextContext) {
    this.context = context;
  }

  line(buf: Uint8Array, start: number, end: number, position: number): void {
    if (isRule(buf, start, end)) {
      this.toggle();
      return;
    }
    if (!this.inside || start === end) return;
    if (this.conversation === undefined && end - start <= BANNER_LIMIT && this.banner.take(ascii(buf, start, end))) return;
    const skip = indent(buf, start, end);
    const out = this.scratch.of((end - start) >> 1);
    const length = decodeHex(buf, start + skip, end, out);
    if (length < 0) {
      const bad = -1 - length;
      // Half a pair at the very end of a cut line: the bytes before it are good.
      this.context.note('format.unreadable', position + (bad - start), position + (end - start), 'not hex');
      this.deliver(skip > 0 ? 1 : 0, out, decodeHex(buf, start + skip, bad, out));
      return;
    }
    this.deliver(skip > 0 ? 1 : 0, out, length);
  }

  finish(length: number): void {
    if (this.inside) this.context.note('format.truncated', length, length, 'the closing line is missing');
    this.conversation?.end();
  }

  private deliver(dir: 0 | 1, bytes: Uint8Array, length: number): void {
    const { nodes, protocol } = this.banner;
    this.conversation ??= new Conversation(this.context, protocol, nodes[0], nodes[1], false, `follow ${protocol}, output ${++this.count}`);
    this.conversation.data(dir, bytes, length);
  }

  private toggle(): void {
    this.inside = !this.inside;
    this.conversation?.end();
    this.conversation = undefined;
  }
}
