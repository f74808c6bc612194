import { Buffer } from 'node:buffer';
import { ByteWriter } from '../../src/core/bytes.ts';
import type { Dir } from '../../src/core/stream.ts';

/** Bytes of one side, as they went over the wire at one time. */
export interface Segment {
  readonly dir: Dir;
  readonly bytes: Uint8Array;
  readonly sec: number;
  readonly nsec: number;
}

/** A connection that the writers below put into the formats of other tools. IPv4 endpoints. */
export interface Talk {
  readonly client: readonly [host: string, port: number];
  readonly server: readonly [host: string, port: number];
  readonly segments: readonly Segment[];
}

const pad = (n: number, width: number): string => String(n).padStart(width, '0');
const from = (talk: Talk, dir: Dir) => (dir === 0 ? talk.client : talk.server);
const to = (talk: Talk, dir: Dir) => (dir === 0 ? talk.server : talk.client);
const hexPairs = (bytes: Uint8Array) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0'));

function calendar(sec: number, separator: string): string {
  const d = new Date(sec * 1000).toISOString();
  return `${d.slice(0, 10).replaceAll('-', separator)} ${d.slice(11, 19)}`;
}

/** `sslsplit -L`: a header line, then that many bytes without a line end; `(EOF)` at the end. */
export function sslsplitLog(talk: Talk, close = true): Uint8Array {
  const parts: Uint8Array[] = [];
  const line = (sec: number, dir: Dir, what: string) => {
    const [a, b] = [from(talk, dir), to(talk, dir)];
    return Buffer.from(`${calendar(sec, '-')} UTC [${a[0]}]:${a[1]} -> [${b[0]}]:${b[1]} (${what})`);
  };
  for (const { dir, bytes, sec } of talk.segments) parts.push(line(sec, dir, String(bytes.length)), Buffer.from(':\n'), bytes);
  if (close) parts.push(line(talk.segments.at(-1)?.sec ?? 0, 0, 'EOF'), Buffer.from('\n'));
  return Buffer.concat(parts);
}

/** `socat -x` of 1.7.4: microseconds padded to nine digits, hex on one line. With `table`, `-x -v`: lines of sixteen and an ASCII column. */
export function socatHex(talk: Talk, table = false): string {
  const offsets = [0, 0];
  let text = '';
  for (const { dir, bytes, sec, nsec } of talk.segments) {
    const at = offsets[dir];
    text += `${dir === 0 ? '>' : '<'} ${calendar(sec, '/')}.${pad(Math.floor(nsec / 1000), 9)}  length=${bytes.length} from=${at} to=${at + bytes.length - 1}\n`;
    text += table
      ? socatTable(bytes)
      : `${hexPairs(bytes)
          .map((pair) => ` ${pair}`)
          .join('')}\n`;
    offsets[dir] = at + bytes.length;
  }
  return text;
}

/** A line ends after sixteen bytes or behind a line feed. */
function socatTable(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    let end = Math.min(at + 16, bytes.length);
    const feed = bytes.subarray(at, end).indexOf(10);
    if (feed >= 0) end = at + feed + 1;
    const line = bytes.subarray(at, end);
    text += `${hexPairs(line)
      .map((pair) => ` ${pair}`)
      .join('')
      .padEnd(48)}  ${printed(line)}\n`;
    at = end;
  }
  return `${text}--\n`;
}

function printed(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '.')).join('');
}

/** What the nodes of a follow output are: `swapped` makes the server node 0, as tshark does for some protocols. */
export interface FollowOptions {
  readonly swapped?: boolean;
  readonly indent?: string;
  readonly banner?: boolean;
  readonly lineEnd?: string;
  readonly protocol?: string;
}

function node(dir: Dir, options: FollowOptions): Dir {
  return options.swapped ? ((1 - dir) as Dir) : dir;
}

function followed(talk: Talk, format: string, body: string, options: FollowOptions): string {
  const rule = `${'='.repeat(67)}\n`;
  const [a, b] = options.swapped ? [talk.server, talk.client] : [talk.client, talk.server];
  const head = `\n${rule}Follow: ${options.protocol ?? 'tls'},${format}\nFilter: tcp.stream eq 0\nNode 0: ${a[0]}:${a[1]}\nNode 1: ${b[0]}:${b[1]}\n`;
  const text = options.banner === false ? body : `${head}${body}${rule}`;
  return text.replaceAll('\n', options.lineEnd ?? '\n');
}

/** tshark's follow as raw: a hex line a segment, node 1 behind a TAB. */
export function followRaw(talk: Talk, options: FollowOptions = {}): string {
  const lines = talk.segments.map(
    ({ dir, bytes }) => `${node(dir, options) === 1 ? (options.indent ?? '\t') : ''}${hexPairs(bytes).join('')}\n`,
  );
  return followed(talk, 'raw', lines.join(''), options);
}

/** tshark's follow as hex dump: offsets in each direction, two groups of eight, ASCII. */
export function followHex(talk: Talk, options: FollowOptions = {}): string {
  const offsets = [0, 0];
  let body = '';
  for (const { dir, bytes } of talk.segments) {
    const indent = node(dir, options) === 1 ? (options.indent ?? '\t') : '';
    for (let at = 0; at < bytes.length; at += 16) {
      const line = bytes.subarray(at, at + 16);
      const pairs = hexPairs(line);
      const columns = `${pairs.slice(0, 8).join(' ')}  ${pairs.slice(8).join(' ')}`.padEnd(48);
      body += `${indent}${(offsets[dir] + at).toString(16).toUpperCase().padStart(8, '0')}  ${columns}  ${printed(line.subarray(0, 8))} ${printed(line.subarray(8))}\n`;
    }
    offsets[dir] += bytes.length;
  }
  return followed(talk, 'hex', body, options);
}

/** tshark's follow as text: the lossy one. */
export function followAscii(talk: Talk, options: FollowOptions = {}): string {
  const body = talk.segments.map(({ dir, bytes }) => `${node(dir, options) === 1 ? '\t' : ''}${bytes.length}\n${printed(bytes)}\n`);
  return followed(talk, 'ascii', body.join(''), options);
}

/** tshark's follow as YAML, with base64 lines of 76. */
export function followYaml(talk: Talk, options: FollowOptions = {}): string {
  const [a, b] = options.swapped ? [talk.server, talk.client] : [talk.client, talk.server];
  let text = `peers:\n  - peer: 0\n    host: ${a[0]}\n    port: ${a[1]}\n  - peer: 1\n    host: ${b[0]}\n    port: ${b[1]}\npackets:\n`;
  talk.segments.forEach(({ dir, bytes, sec, nsec }, i) => {
    text += `  - packet: ${i + 1}\n    peer: ${node(dir, options)}\n    timestamp: ${sec}.${pad(nsec, 9)}\n    data: !!binary |\n`;
    for (const line of base64Lines(bytes)) text += `      ${line}\n`;
  });
  return text.replaceAll('\n', options.lineEnd ?? '\n');
}

function base64Lines(bytes: Uint8Array): string[] {
  return (
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  );
}

/** The older YAML of Wireshark's window: one key a segment, no times. */
export function followOldYaml(talk: Talk): string {
  const counts = [0, 0];
  return talk.segments
    .map(
      ({ dir, bytes }, i) =>
        `# Packet ${i + 1}\npeer${dir}_${counts[dir]++}: !!binary |\n${base64Lines(bytes)
          .map((line) => `  ${line}\n`)
          .join('')}`,
    )
    .join('');
}

/** "C Arrays" of Wireshark's window. */
export function cArrays(talk: Talk): string {
  const counts = [0, 0];
  let text = '';
  talk.segments.forEach(({ dir, bytes }, i) => {
    text += `char peer${dir}_${counts[dir]++}[] = { /* Packet ${i + 1} */\n`;
    for (let at = 0; at < bytes.length; at += 8) {
      const values = hexPairs(bytes.subarray(at, at + 8)).map((pair) => `0x${pair}`);
      text += `${values.join(', ')}${at + 8 < bytes.length ? ', ' : ' };'}\n`;
    }
    if (bytes.length === 0) text += '};\n';
  });
  return text;
}

/** A typed netstring: the payload's length, the payload, a type character. */
export function tnet(payload: Uint8Array | string, type: string): Uint8Array {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes, Buffer.from(type)]);
}

export function tnetDict(entries: Readonly<Record<string, Uint8Array>>): Uint8Array {
  return tnet(Buffer.concat(Object.entries(entries).flatMap(([key, value]) => [tnet(key, ';'), value])), '}');
}

/** A TCP flow of mitmproxy: `messages` is a list of [from_client, bytes, time]. */
export function mitmproxyFlow(talk: Talk): Uint8Array {
  const messages = talk.segments.map(({ dir, bytes, sec, nsec }) => {
    const time = `${sec}.${pad(nsec, 9)}`;
    return tnet(Buffer.concat([tnet(dir === 0 ? 'true' : 'false', '!'), tnet(bytes, ','), tnet(time, '^')]), ']');
  });
  const address = ([host, port]: readonly [string, number]) => tnet(Buffer.concat([tnet(host, ';'), tnet(String(port), '#')]), ']');
  return tnetDict({
    type: tnet('tcp', ';'),
    version: tnet('21', '#'),
    messages: tnet(Buffer.concat(messages), ']'),
    server_conn: tnetDict({ tls: tnet('true', '!'), address: address(talk.server) }),
    client_conn: tnetDict({ tls: tnet('true', '!'), peername: address(talk.client) }),
    error: tnet('', '~'),
  });
}

/** A flow of another type, which has no messages of bytes. */
export function mitmproxyOther(type: string): Uint8Array {
  return tnetDict({ type: tnet(type, ';'), version: tnet('21', '#'), request: tnetDict({ method: tnet('GET', ',') }) });
}

/** Files that tcpflow makes of a connection, by name, with their report. */
export function tcpflowFiles(talk: Talk, report = true): Record<string, Uint8Array> {
  const part = ([host, port]: readonly [string, number]) =>
    `${host
      .split('.')
      .map((n) => pad(Number(n), 3))
      .join('.')}.${pad(port, 5)}`;
  const files: Record<string, Uint8Array> = {};
  let xml = "<?xml version='1.0' encoding='UTF-8'?>\n<dfxml xmloutputversion='1.0'>\n  <configuration>\n";
  for (const dir of [0, 1] as const) {
    const own = talk.segments.filter((segment) => segment.dir === dir);
    if (own.length === 0) continue;
    const name = `${part(from(talk, dir))}-${part(to(talk, dir))}`;
    files[name] = Buffer.concat(own.map((segment) => segment.bytes));
    const iso = ({ sec, nsec }: Segment) => `${new Date(sec * 1000).toISOString().slice(0, 19)}.${pad(Math.floor(nsec / 1000), 6)}Z`;
    xml += `    <fileobject>\n      <filename>out/${name}</filename>\n      <filesize>${files[name].length}</filesize>\n`;
    xml += `      <tcpflow startime='${iso(own[0])}' endtime='${iso(own[own.length - 1])}' family='2' packets='${own.length}' />\n    </fileobject>\n`;
  }
  if (report) files['report.xml'] = Buffer.from(`${xml}  </configuration>\n</dfxml>\n`);
  return files;
}

/** A PDU as Wireshark exports it: tags of two bytes and lengths of two bytes, big-endian, then the bytes. */
export function upperPdu(talk: Talk, segment: Segment, protocol = 'http2'): Uint8Array {
  const out = new ByteWriter();
  const tag = (id: number, value: Uint8Array) => out.u16(id).u16(value.length).bytes(value);
  const number = (n: number) => new ByteWriter().u32(n).finish();
  const ip = (host: string) => Uint8Array.from(host.split('.').map(Number));
  const [a, b] = [from(talk, segment.dir), to(talk, segment.dir)];
  tag(12, Buffer.from(protocol.padEnd(Math.ceil((protocol.length + 1) / 4) * 4, '\0')));
  tag(20, ip(a[0]));
  tag(21, ip(b[0]));
  tag(24, number(2));
  tag(25, number(a[1]));
  tag(26, number(b[1]));
  tag(30, number(1));
  tag(0, new Uint8Array(0));
  return out.bytes(segment.bytes).finish();
}

/** A classic capture of these packets: little-endian, nanoseconds. */
export function nanoPcap(
  linkType: number,
  packets: readonly { readonly bytes: Uint8Array; readonly sec: number; readonly nsec: number }[],
): Uint8Array {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b23c4d, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262144, 16);
  head.writeUInt32LE(linkType, 20);
  const parts: Uint8Array[] = [head];
  for (const { bytes, sec, nsec } of packets) {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(sec, 0);
    record.writeUInt32LE(nsec, 4);
    record.writeUInt32LE(bytes.length, 8);
    record.writeUInt32LE(bytes.length, 12);
    parts.push(record, bytes);
  }
  return Buffer.concat(parts);
}
