import { u16, u32 } from '../core/bytes.ts';
import type { InputSink, StreamInfo } from '../core/input.ts';
import type { StreamSink } from '../core/stream.ts';
import { note } from '../schema/notes.ts';
import { ConnectionTable } from './formats/connection-table.ts';

/** LINKTYPE_WIRESHARK_UPPER_PDU: a packet is a list of tags, then the bytes of one protocol above TCP. */
export const LINKTYPE_UPPER_PDU = 252;

/** Tags of an exported PDU (Wireshark's "Exported PDU" format): numbers of two bytes, each followed by a length of two bytes. */
const TAG = { end: 0, dissector: 12, ipv4From: 20, ipv4To: 21, ipv6From: 22, ipv6To: 23, portType: 24, portFrom: 25, portTo: 26 } as const;
/** Port types that carry a byte stream: TCP is 2. */
const PORT_TCP = 2;
/** PDUs without endpoints that are told of. */
const NOTE_LIMIT = 3;

/** What the tags of one PDU say; one object is reused. */
const tags = { from: '', to: '', protocol: '', portType: PORT_TCP, data: 0 };

/**
 * An input sink that turns exported PDUs (link type 252) into streams and hands all other packets on.
 * Streams are told apart by addresses and ports; direction 0 is that of the first PDU, as no PDU says who opened the connection.
 * What was exported is what a dissector saw, so inside of TLS it is plaintext. Losses between PDUs cannot be seen in this format.
 */
export class UpperPduSink implements InputSink {
  readonly at: InputSink['at'];
  private readonly inner: InputSink;
  private readonly table: ConnectionTable;
  private unnamed = 0;
  private protocol = '';

  constructor(inner: InputSink) {
    this.inner = inner;
    this.at = inner.at;
    this.table = new ConnectionTable(inner, (client, server, count) => ({
      client,
      server,
      rolesKnown: false,
      timed: true,
      ordered: true,
      decrypted: true,
      label: `exported PDUs of ${this.protocol || 'an unnamed protocol'}, connection ${count}`,
    }));
  }

  packet(buf: Uint8Array, start: number, end: number, address: number, wireLength: number, linkType: number, fcsLength: number): void {
    if (linkType !== LINKTYPE_UPPER_PDU) {
      this.inner.packet(buf, start, end, address, wireLength, linkType, fcsLength);
      return;
    }
    if (!readTags(buf, start, end)) {
      this.inner.note(note('format.unreadable', 0, 0, `packet ${this.at.packet}: the list of tags does not end`));
      return;
    }
    if (tags.from === '' || tags.to === '' || tags.portType !== PORT_TCP) {
      if (tags.portType === PORT_TCP && this.unnamed++ < NOTE_LIMIT)
        this.inner.note(note('format.no-endpoints', 0, 0, `packet ${this.at.packet}`));
      return;
    }
    this.protocol = tags.protocol;
    const { data } = tags;
    const stream = this.table.stream(tags.from, tags.to);
    const dir = this.table.direction(tags.from, tags.to);
    stream.data(dir, buf, data, end, address + (data - start));
    const cut = wireLength - (end - start);
    if (cut > 0) stream.gap(dir, cut);
  }

  stream(info: StreamInfo): StreamSink {
    return this.inner.stream(info);
  }

  secrets(kind: 'tls' | 'ssh' | 'wireguard' | 'other', bytes: Uint8Array): void {
    this.inner.secrets(kind, bytes);
  }

  process(name: string | undefined): void {
    this.inner.process(name);
  }

  note(n: Parameters<InputSink['note']>[0]): void {
    this.inner.note(n);
  }

  /** The capture has ended. */
  finish(): void {
    this.table.closeAll('capture-end');
  }
}

/** Fills `tags` from `buf[start, end)`; false when the list does not end within it. Tag and length are big-endian. */
function readTags(buf: Uint8Array, start: number, end: number): boolean {
  let from = '';
  let to = '';
  let portFrom = 0;
  let portTo = 0;
  tags.protocol = '';
  tags.portType = PORT_TCP;
  let at = start;
  for (;;) {
    if (at + 4 > end) return false;
    const tag = u16(buf, at);
    const length = u16(buf, at + 2);
    const value = at + 4;
    at = value + length;
    if (tag === TAG.end) break;
    if (at > end) return false;
    if (tag === TAG.ipv4From && length === 4) from = ipv4(buf, value);
    else if (tag === TAG.ipv4To && length === 4) to = ipv4(buf, value);
    else if (tag === TAG.ipv6From && length === 16) from = ipv6(buf, value);
    else if (tag === TAG.ipv6To && length === 16) to = ipv6(buf, value);
    else if (tag === TAG.portType && length === 4) tags.portType = u32(buf, value);
    else if (tag === TAG.portFrom && length === 4) portFrom = u32(buf, value);
    else if (tag === TAG.portTo && length === 4) portTo = u32(buf, value);
    else if (tag === TAG.dissector) tags.protocol = name(buf, value, at);
  }
  tags.from = from === '' ? '' : `${from}:${portFrom}`;
  tags.to = to === '' ? '' : `${to}:${portTo}`;
  tags.data = Math.min(at, end);
  return true;
}

function ipv4(b: Uint8Array, at: number): string {
  return `${b[at]}.${b[at + 1]}.${b[at + 2]}.${b[at + 3]}`;
}

/** In brackets, groups without leading zeros; not shortened, as it only has to be the same each time. */
function ipv6(b: Uint8Array, at: number): string {
  let text = '[';
  for (let i = 0; i < 16; i += 2) text += `${i > 0 ? ':' : ''}${u16(b, at + i).toString(16)}`;
  return `${text}]`;
}

/** A dissector's name: ASCII padded with zeros; other characters are left out. */
function name(b: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end && i < start + 64; i++) if (b[i] > 0x20 && b[i] < 0x7f) text += String.fromCharCode(b[i]);
  return text;
}
