import { concatBytes } from '../../src/core/bytes.ts';

/** Builders of link headers, tunnels and fragments, written from the standards and independent of what takes them off. */

/** Takes an IP packet of one direction and gives the packets of the capture that carry it. */
export interface Encapsulation {
  readonly name: string;
  readonly linkType: number;
  /** True when the inner packet ends up in a tunnel with an identity of its own. */
  readonly isTunnel?: boolean;
  wrap(ip: Uint8Array, fromClient: boolean): Uint8Array[];
}

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
export const be16 = (value: number): Uint8Array => bytes((value >> 8) & 255, value & 255);
export const be32 = (value: number): Uint8Array => bytes((value >>> 24) & 255, (value >> 16) & 255, (value >> 8) & 255, value & 255);
export const le16 = (value: number): Uint8Array => be16(value).reverse();
export const le32 = (value: number): Uint8Array => be32(value).reverse();
export const zeros = (length: number): Uint8Array => new Uint8Array(length);
export const join = (...parts: Uint8Array[]): Uint8Array => concatBytes(parts);
export const ascii = (text: string, width = text.length): Uint8Array => {
  const out = new Uint8Array(width);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
};

/** An address as bytes: dotted quad, or eight groups of hex separated by colons without abbreviation. */
function address(text: string): Uint8Array {
  if (text.includes('.')) return Uint8Array.from(text.split('.').map(Number));
  return join(...text.split(':').map((group) => be16(Number.parseInt(group, 16))));
}

function checksum(data: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 2) sum += (data[i] << 8) | (data[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export interface Ipv4Options {
  readonly id?: number;
  /** In bytes. */
  readonly offset?: number;
  readonly more?: boolean;
  /** Header options, a multiple of 4 bytes. */
  readonly options?: Uint8Array;
}

export function ipv4(protocol: number, source: string, destination: string, payload: Uint8Array, more: Ipv4Options = {}): Uint8Array {
  const options = more.options ?? zeros(0);
  const header = join(
    bytes(0x40 | (5 + options.length / 4), 0),
    be16(20 + options.length + payload.length),
    be16(more.id ?? 1),
    be16((more.more === true ? 0x2000 : 0) | ((more.offset ?? 0) / 8)),
    bytes(64, protocol, 0, 0),
    address(source),
    address(destination),
    options,
  );
  header.set(be16(checksum(header)), 10);
  return join(header, payload);
}

export function ipv6(next: number, source: string, destination: string, payload: Uint8Array): Uint8Array {
  return join(be32(0x60000000), be16(payload.length), bytes(next, 64), address(source), address(destination), payload);
}

/** An IPv6 fragment header. */
export function fragmentHeader(next: number, offset: number, more: boolean, id: number): Uint8Array {
  return join(bytes(next, 0), be16(offset | (more ? 1 : 0)), be32(id));
}

export function udp(source: number, destination: number, payload: Uint8Array): Uint8Array {
  return join(be16(source), be16(destination), be16(8 + payload.length), be16(0), payload);
}

export const SYN = 2;
export const ACK = 16;
export const PSH = 8;

export function tcp(source: number, destination: number, sequence: number, ack: number, flags: number, payload: Uint8Array): Uint8Array {
  return join(be16(source), be16(destination), be32(sequence), be32(ack), bytes(0x50, flags), be16(65535), be32(0), payload);
}

const CLIENT_MAC = bytes(2, 0, 0, 0, 0, 1);
const SERVER_MAC = bytes(2, 0, 0, 0, 0, 2);

export const etherType = (ip: Uint8Array): number => (ip[0] >> 4 === 6 ? 0x86dd : 0x0800);

export function ethernet(type: number, payload: Uint8Array, fromClient = true): Uint8Array {
  const macs = fromClient ? [SERVER_MAC, CLIENT_MAC] : [CLIENT_MAC, SERVER_MAC];
  return join(...macs, be16(type), payload);
}

/** An Ethernet frame that carries this IP packet. */
export const frame = (ip: Uint8Array, fromClient = true): Uint8Array => ethernet(etherType(ip), ip, fromClient);

export const snap = (type: number, payload: Uint8Array): Uint8Array => join(bytes(0xaa, 0xaa, 3, 0, 0, 0), be16(type), payload);
export const ppp = (ip: Uint8Array): Uint8Array => join(bytes(0xff, 3), be16(ip[0] >> 4 === 6 ? 0x57 : 0x21), ip);
export const label = (value: number, bottom: boolean): Uint8Array => be32(((value << 12) | (bottom ? 0x100 : 0) | 64) >>> 0);

export interface WifiOptions {
  readonly qos?: boolean;
  readonly order?: boolean;
  readonly fourAddresses?: boolean;
  readonly flags?: number;
  readonly aggregate?: boolean;
  readonly fcs?: boolean;
  readonly pad?: boolean;
  readonly mesh?: boolean;
  readonly fragment?: number;
}

/** An 802.11 data frame around a body that starts with LLC, or with A-MSDU parts. */
export function wifi(body: Uint8Array, fromClient: boolean, o: WifiOptions = {}): Uint8Array {
  const direction = o.fourAddresses ? 3 : fromClient ? 1 : 2;
  const flags = direction | (o.flags ?? 0) | (o.order ? 0x80 : 0);
  const header = join(
    bytes(o.qos ? 0x88 : 0x08, flags),
    be16(0),
    SERVER_MAC,
    CLIENT_MAC,
    SERVER_MAC,
    le16(o.fragment ?? 0),
    o.fourAddresses ? CLIENT_MAC : zeros(0),
    o.qos ? bytes(o.aggregate ? 0x80 : 0, o.mesh ? 1 : 0) : zeros(0),
    o.order ? zeros(4) : zeros(0),
  );
  const pad = o.pad ? zeros((4 - (header.length % 4)) % 4) : zeros(0);
  const mesh = o.mesh ? join(bytes(1, 31), le32(7), CLIENT_MAC, zeros(0)) : zeros(0);
  return join(header, pad, mesh, body, o.fcs ? bytes(0xde, 0xad, 0xbe, 0xef) : zeros(0));
}

/** Parts of an A-MSDU, each padded to 4 bytes but the last. */
export function aggregate(...parts: Uint8Array[]): Uint8Array {
  return join(
    ...parts.map((part, i) => {
      const one = join(SERVER_MAC, CLIENT_MAC, be16(part.length), part);
      return i === parts.length - 1 ? one : join(one, zeros((4 - (one.length % 4)) % 4));
    }),
  );
}

/** A radiotap header with these flags: two present words, time stamp, flags, rate. */
export function radiotap(flags: number, packet: Uint8Array): Uint8Array {
  return join(bytes(0, 0), le16(26), le32(0x80000007), le32(0), zeros(4), zeros(8), bytes(flags, 2), packet);
}

/** A per-packet information header with the 802.11 common field. */
export function ppi(flags: number, aligned: boolean, packet: Uint8Array): Uint8Array {
  const odd = aligned ? join(le16(30000), le16(1), zeros(4)) : zeros(0);
  const common = join(le16(2), le16(20), zeros(8), le16(flags), zeros(10));
  const length = 8 + odd.length + common.length;
  return join(bytes(0, aligned ? 1 : 0), le16(length), le32(105), odd, common, packet);
}

export function pktap(linkType: number, process: string, pid: number, packet: Uint8Array): Uint8Array {
  const header = join(
    le32(156),
    le32(1),
    le32(linkType),
    ascii('en0', 24),
    le32(1),
    le32(2),
    le32(linkType === 1 ? 14 : 0),
    le32(0),
    le32(pid),
    ascii(process, 20),
    le32(0),
    le16(6),
    le16(0),
    le32(pid),
    ascii(process, 20),
    zeros(48),
  );
  return join(header, packet);
}

export const OUTER_CLIENT = '192.0.2.10';
export const OUTER_SERVER = '198.51.100.20';
const OUTER_CLIENT6 = '2001:db8:0:0:0:0:0:10';
const OUTER_SERVER6 = '2001:db8:0:0:0:0:0:20';

/** An outer IPv4 packet in the direction of the inner one. */
export function outer4(protocol: number, payload: Uint8Array, fromClient: boolean): Uint8Array {
  return fromClient ? ipv4(protocol, OUTER_CLIENT, OUTER_SERVER, payload) : ipv4(protocol, OUTER_SERVER, OUTER_CLIENT, payload);
}

export function outer6(next: number, payload: Uint8Array, fromClient: boolean): Uint8Array {
  return fromClient ? ipv6(next, OUTER_CLIENT6, OUTER_SERVER6, payload) : ipv6(next, OUTER_SERVER6, OUTER_CLIENT6, payload);
}

/** A UDP tunnel packet to a port in both directions, as overlays send them. */
export function overlay(port: number, payload: Uint8Array, fromClient: boolean): Uint8Array {
  return outer4(17, udp(fromClient ? 50001 : 50002, port, payload), fromClient);
}

export const vxlan = (vni: number, inner: Uint8Array): Uint8Array => join(bytes(8, 0, 0, 0), be32(vni << 8), inner);
export const gtp = (teid: number, ip: Uint8Array): Uint8Array => join(bytes(0x30, 0xff), be16(ip.length), be32(teid), ip);
export const gre = (flags: number, protocol: number, fields: Uint8Array, inner: Uint8Array): Uint8Array =>
  join(be16(flags), be16(protocol), fields, inner);

/** Fragments of an IPv4 packet with this many bytes of content each (a multiple of 8). */
export function fragments4(packet: Uint8Array, size: number, id: number): Uint8Array[] {
  const header = (packet[0] & 15) * 4;
  const content = packet.subarray(header);
  const out: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += size) {
    const piece = content.subarray(at, at + size);
    const head = packet.slice(0, header);
    head.set(be16(header + piece.length), 2);
    head.set(be16(id), 4);
    head.set(be16((at + size < content.length ? 0x2000 : 0) | (at / 8)), 6);
    head.set(be16(0), 10);
    head.set(be16(checksum(head)), 10);
    out.push(join(head, piece));
  }
  return out;
}

/** Fragments of an IPv6 packet without extension headers. */
export function fragments6(packet: Uint8Array, size: number, id: number): Uint8Array[] {
  const content = packet.subarray(40);
  const out: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += size) {
    const piece = content.subarray(at, at + size);
    const head = packet.slice(0, 40);
    head.set(be16(8 + piece.length), 4);
    head[6] = 44;
    out.push(join(head, fragmentHeader(packet[6], at, at + size < content.length, id), piece));
  }
  return out;
}
