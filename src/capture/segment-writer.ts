/**
 * Ethernet packets for the bytes that a socket carried, as a capture on the loopback would have shown them: handshake,
 * segments with sequence numbers, FIN or RST. Addresses and ports are the real ones, checksums are right.
 */
import { isIPv6 } from 'node:net';
import { ByteWriter } from '../core/bytes.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Bytes of a segment: what fits an Ethernet frame with IPv6 and no options. */
export const SEGMENT_SIZE = 1440;

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH_ACK = 0x18;
const ACK = 0x10;
const WINDOW = 65_535;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;

/** One TCP connection being written down. Direction 0 = client to server. */
export class SegmentWriter {
  private readonly ends: readonly [Endpoint, Endpoint];
  private readonly addresses: readonly [Uint8Array, Uint8Array];
  private readonly sequence: [number, number];
  private readonly v6: boolean;
  private readonly write: (packet: Uint8Array) => void;
  private identification = 0;

  /** `initial`: initial sequence numbers of client and server. */
  constructor(client: Endpoint, server: Endpoint, initial: readonly [number, number], write: (packet: Uint8Array) => void) {
    this.ends = [client, server];
    const [a, b] = [addressBytes(client.address), addressBytes(server.address)];
    // One side mapped, the other not: both are written as IPv6.
    this.v6 = a.length === 16 || b.length === 16;
    this.addresses = [this.v6 ? mapped(a) : a, this.v6 ? mapped(b) : b];
    this.sequence = [initial[0] >>> 0, initial[1] >>> 0];
    this.write = write;
  }

  open(): void {
    this.segment(0, SYN, EMPTY);
    this.sequence[0] = (this.sequence[0] + 1) >>> 0;
    this.segment(1, SYN | ACK, EMPTY);
    this.sequence[1] = (this.sequence[1] + 1) >>> 0;
    this.segment(0, ACK, EMPTY);
  }

  data(dir: 0 | 1, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += SEGMENT_SIZE) {
      const piece = bytes.subarray(at, at + SEGMENT_SIZE);
      this.segment(dir, PSH_ACK, piece);
      this.sequence[dir] = (this.sequence[dir] + piece.length) >>> 0;
    }
  }

  fin(dir: 0 | 1): void {
    this.segment(dir, FIN | ACK, EMPTY);
    this.sequence[dir] = (this.sequence[dir] + 1) >>> 0;
  }

  reset(dir: 0 | 1): void {
    this.segment(dir, RST | ACK, EMPTY);
  }

  private segment(dir: 0 | 1, flags: number, payload: Uint8Array): void {
    const other = dir === 0 ? 1 : 0;
    const tcp = new ByteWriter(20 + payload.length)
      .u16(this.ends[dir].port)
      .u16(this.ends[other].port)
      .u32(this.sequence[dir])
      .u32((flags & ACK) === 0 ? 0 : this.sequence[other])
      .u8(0x50) // 20 bytes of header
      .u8(flags)
      .u16(WINDOW)
      .u16(0)
      .u16(0)
      .bytes(payload)
      .finish();
    const from = this.addresses[dir];
    const to = this.addresses[other];
    const pseudo = new ByteWriter(40).bytes(from).bytes(to);
    if (this.v6) pseudo.u32(tcp.length).u32(6);
    else pseudo.u16(6).u16(tcp.length);
    const sum = checksum(tcp, checksumOf(pseudo.finish()));
    tcp[16] = sum >> 8;
    tcp[17] = sum & 0xff;
    const packet = new ByteWriter(54 + tcp.length).bytes(MAC[other]).bytes(MAC[dir]);
    if (this.v6) packet.u16(ETHERTYPE_IPV6).u32(0x60000000).u16(tcp.length).u8(6).u8(64).bytes(from).bytes(to);
    else packet.u16(ETHERTYPE_IPV4).bytes(this.ipv4Header(tcp.length, from, to));
    this.write(packet.bytes(tcp).finish());
  }

  private ipv4Header(length: number, from: Uint8Array, to: Uint8Array): Uint8Array {
    const header = new ByteWriter(20)
      .u16(0x4500)
      .u16(20 + length)
      .u16(this.identification++ & 0xffff)
      .u16(0x4000) // do not fragment
      .u8(64)
      .u8(6)
      .u16(0)
      .bytes(from)
      .bytes(to)
      .finish();
    const sum = checksum(header, 0);
    header[10] = sum >> 8;
    header[11] = sum & 0xff;
    return header;
  }
}

const EMPTY = new Uint8Array(0);
/** Locally administered addresses: client and server. */
const MAC = [Uint8Array.of(2, 0, 0, 0, 0, 1), Uint8Array.of(2, 0, 0, 0, 0, 2)] as const;

/** Ones' complement sum, RFC 1071. */
function checksum(bytes: Uint8Array, start: number): number {
  return ~fold(start + checksumOf(bytes)) & 0xffff;
}

function checksumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i + 1 < bytes.length; i += 2) sum += (bytes[i] << 8) | bytes[i + 1];
  if (bytes.length % 2 === 1) sum += bytes[bytes.length - 1] << 8;
  return fold(sum);
}

function fold(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}

function addressBytes(text: string): Uint8Array {
  const v4 = text.startsWith('::ffff:') && text.includes('.') ? text.slice(7) : text;
  if (!isIPv6(v4)) {
    const parts = v4.split('.').map(Number);
    return parts.length === 4 ? Uint8Array.from(parts) : Uint8Array.of(127, 0, 0, 1);
  }
  const [head, tail = ''] = v4.replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const groups = v4.includes('::') ? [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right] : left;
  const out = new ByteWriter(16);
  for (const group of groups) out.u16(Number.parseInt(group, 16));
  return out.finish();
}

function mapped(address: Uint8Array): Uint8Array {
  return address.length === 16 ? address : new ByteWriter(16).bytes(new Uint8Array(10)).u16(0xffff).bytes(address).finish();
}
