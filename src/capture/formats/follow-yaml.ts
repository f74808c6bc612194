import type { Dir } from '../../core/stream.ts';
import { Base64Decoder } from './base64-text.ts';
import { Conversation } from './follow-banner.ts';
import { ascii } from './hex-text.ts';
import { epochTime, type Instant } from './instant.ts';
import type { LineReader, TextContext } from './text-input.ts';

/** Lines with keys are short; longer lines are data. */
const KEY_LINE_LIMIT = 1024;
/** Bytes of one record; a reassembled TLS record is at most 16 KiB, a segment of a large-receive capture 64 KiB. */
const RECORD_LIMIT = 16 << 20;
/** Keys that say nothing about the bytes. */
const SILENT = new Set(['packet', 'index', 'host', 'port']);
const KEY = /^(\s*)(- )?([a-z_]+\d*(?:_\d+)?): ?(.*)$/;

/** True when the head is the YAML that Wireshark or tshark writes for a followed stream, in its new or its old shape. */
export function isFollowYaml(head: Uint8Array): boolean {
  const text = ascii(head, 0, Math.min(head.length, 8192));
  // Comments and blank lines are taken in one way only, so that no text makes the search slow.
  return /^(?:#[^\n]*\n|---\r?\n|\s)*(?:peers:\r?\n\s*- peer: \d|peer[01]_0: !!binary \|)/.test(text);
}

/**
 * Reads "follow … yaml": `peers` with host and port, then `packets` with peer, timestamp and `data: !!binary |` in base64.
 * The older shape of Wireshark's window (`peer0_0: !!binary |`, without times) is read as well.
 *
 * It is the fixed subset of YAML that those programs write, read line by line; timestamps are decimal seconds, exact to the nanosecond.
 * Peer 0 is the node that tshark calls first, which need not be the client.
 */
export class FollowYamlReader implements LineReader {
  private readonly context: TextContext;
  private readonly base64 = new Base64Decoder();
  private readonly hosts: [string, string] = ['', ''];
  private readonly ports: [string, string] = ['', ''];
  private conversation: Conversation | undefined = undefined;
  private inPackets = false;
  private peer: Dir = 0;
  private time: Instant | undefined = undefined;
  /** Indent of the key whose data lines follow, or -1 when none do. */
  private dataIndent = -1;
  private record = new Uint8Array(64 * 1024);
  private length = 0;
  private broken = false;

  constructor(context: TextContext) {
    this.context = context;
  }

  line(buf: Uint8Array, start: number, end: number, position: number): void {
    let at = start;
    while (at < end && (buf[at] === 32 || buf[at] === 9)) at++;
    if (at === end) return;
    if (this.dataIndent >= 0 && at - start > this.dataIndent) {
      this.data(buf, at, end, position + (at - start));
      return;
    }
    this.flush();
    if (buf[at] === 0x23) return; // comment
    this.key(end - start <= KEY_LINE_LIMIT ? ascii(buf, start, end) : '', position, end - start);
  }

  finish(): void {
    this.flush();
    this.conversation?.end();
  }

  private key(line: string, position: number, length: number): void {
    const m = KEY.exec(line.trimEnd());
    if (!m) {
      if (!/^(---|\.\.\.)\s*$/.test(line))
        this.context.note('format.unreadable', position, position + length, 'no line of a followed stream');
      return;
    }
    const [, blanks, dash, name, value] = m;
    if (name === 'peers') this.startPeers();
    else if (name === 'packets') this.inPackets = true;
    else if (name === 'peer') this.peer = value === '1' ? 1 : 0;
    else if (name === 'host' && !this.inPackets) this.hosts[this.peer] = value;
    else if (name === 'port' && !this.inPackets) this.ports[this.peer] = value;
    else if (name === 'timestamp') this.time = epochTime(value);
    else if (/!!binary/.test(value)) this.startData(name, blanks.length + (dash ? 2 : 0));
    else if (!SILENT.has(name)) this.context.note('format.unreadable', position, position + length, 'no key of a followed stream');
    if (dash && name === 'packet') this.time = undefined;
  }

  /** A second document begins another conversation. */
  private startPeers(): void {
    this.conversation?.end();
    this.conversation = undefined;
    this.inPackets = false;
    this.hosts[0] = this.hosts[1] = this.ports[0] = this.ports[1] = '';
  }

  private startData(name: string, indent: number): void {
    const old = /^peer([01])_\d+$/.exec(name);
    if (old) {
      this.peer = old[1] === '1' ? 1 : 0;
      this.time = undefined;
    }
    this.dataIndent = indent;
    this.base64.reset();
    this.length = 0;
    this.broken = false;
  }

  private data(buf: Uint8Array, start: number, end: number, position: number): void {
    if (this.broken) return;
    const most = this.length + (((end - start) * 3) >> 2) + 3;
    if (most > RECORD_LIMIT) {
      this.context.note('format.overlong', position, position + (end - start));
      this.broken = true;
      return;
    }
    if (most > this.record.length) {
      const grown = new Uint8Array(Math.max(most, this.record.length * 2));
      grown.set(this.record.subarray(0, this.length));
      this.record = grown;
    }
    const length = this.base64.decode(buf, start, end, this.record, this.length);
    if (length < 0) {
      this.context.note('format.unreadable', position, position + (end - start), 'not base64');
      this.broken = true;
      return;
    }
    this.length = length;
  }

  private flush(): void {
    if (this.dataIndent < 0) return;
    this.dataIndent = -1;
    if (this.conversation === undefined) {
      const [a, b] = [this.node(0), this.node(1)];
      this.conversation = new Conversation(this.context, 'yaml', a, b, this.time !== undefined, 'follow as YAML');
    }
    this.conversation.data(this.peer, this.record, this.length, this.time);
    if (this.broken) this.conversation.stream.gap(this.peer, -1);
    this.length = 0;
  }

  private node(peer: 0 | 1): string {
    const host = this.hosts[peer];
    if (host === '') return '';
    return host.includes(':') ? `[${host}]:${this.ports[peer]}` : `${host}:${this.ports[peer]}`;
  }
}
