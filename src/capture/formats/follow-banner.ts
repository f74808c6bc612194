import type { Dir, StreamSink } from '../../core/stream.ts';
import { ascii } from './hex-text.ts';
import type { Instant } from './instant.ts';
import type { TextContext } from './text-input.ts';

const TAB = 9;
const SPACE = 32;
const EQUALS = 61;
/** `Follow: tls,raw` */
const FOLLOW = /^Follow: ([a-z0-9]+),([a-z]+)$/;
const NODE = /^Node ([01]): (.*)$/;
const RULE = /^={10,}$/;

/** What tshark writes where segments are missing; it stands among the bytes as if it were data. */
export const MISSING = /^\[(\d{1,10}) bytes missing in capture file\]\r?\n?$/;

/** Kind of the first follow output in the head: protocol and format, e.g. `tls` and `raw`. */
export function followKind(head: Uint8Array): { protocol: string; format: string } | undefined {
  const lines = ascii(head, 0, Math.min(head.length, 64 * 1024)).split(/\r?\n/);
  for (let i = 1; i < lines.length; i++) {
    const m = FOLLOW.exec(lines[i]);
    if (m && RULE.test(lines[i - 1])) return { protocol: m[1], format: m[2] };
  }
  return undefined;
}

/** A line of `=` and what a follow output says before its data. */
export class FollowBanner {
  protocol = '';
  filter = '';
  readonly nodes: [string, string] = ['', ''];

  /** Takes a line of the banner; false when it is none. */
  take(line: string): boolean {
    const follow = FOLLOW.exec(line);
    if (follow) {
      this.protocol = follow[1];
      this.filter = '';
      this.nodes[0] = this.nodes[1] = '';
      return true;
    }
    const node = NODE.exec(line);
    if (node) this.nodes[Number(node[1])] = endpoint(node[2]);
    else if (line.startsWith('Filter: ')) this.filter = line.slice(8);
    else return false;
    return true;
  }
}

/** "host:port"; ":0" and an empty host say nothing. */
function endpoint(text: string): string {
  return /^:?0?$/.test(text) ? '' : text;
}

export function isRule(buf: Uint8Array, start: number, end: number): boolean {
  return buf[start] === EQUALS && end - start >= 10 && RULE.test(ascii(buf, start, Math.min(end, start + 200)));
}

/** Width of the indent that marks the second node: a TAB (tshark) or four blanks (the window of Wireshark); 0 for the first node. */
export function indent(buf: Uint8Array, start: number, end: number): number {
  if (start < end && buf[start] === TAB) return 1;
  let n = 0;
  while (n < 4 && start + n < end && buf[start + n] === SPACE) n++;
  return n === 4 ? 4 : 0;
}

/** One connection of a text format whose bytes are decoded here: puts them into the spool and hands them on, or a gap for a marker of missing bytes. */
export class Conversation {
  private readonly context: TextContext;
  readonly stream: StreamSink;

  /** `protocol` is what was followed: everything above TLS is plaintext of TLS. `a` is the side of direction 0. */
  constructor(context: TextContext, protocol: string, a: string, b: string, timed: boolean, label: string) {
    this.context = context;
    this.stream = context.sink.stream({
      client: a,
      server: b,
      rolesKnown: false,
      timed,
      ordered: true,
      decrypted: protocol !== 'tcp',
      label,
    });
  }

  data(dir: Dir, bytes: Uint8Array, length: number, time?: Instant): void {
    if (length === 0) return;
    const { at } = this.context.sink;
    at.packet = 0;
    at.sec = time ? time.sec : Number.NaN;
    at.nsec = time ? time.nsec : 0;
    const missing = bytes[0] === 0x5b && length < 64 ? MISSING.exec(ascii(bytes, 0, length)) : null;
    if (missing) {
      this.stream.gap(dir, Number(missing[1]));
      return;
    }
    this.stream.data(dir, bytes, 0, length, this.context.spool.append(bytes, 0, length));
  }

  end(): void {
    this.stream.end(0, 'capture-end');
    this.stream.end(1, 'capture-end');
  }
}
