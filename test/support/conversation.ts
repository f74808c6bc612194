import { ByteWriter, concatBytes } from '../../src/core/bytes.ts';

/*
 * Captures as they come off a wire: Ethernet, IPv4, TCP with handshake, acknowledgements and FIN, written as classic pcap
 * with nanoseconds. Used by the generators under captures/ and by tests.
 */

export interface Packet {
  readonly nanos: bigint;
  readonly bytes: Uint8Array;
  /** Length on the wire, when the capture holds less. */
  readonly wireLength?: number;
}

function checksum(parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const data of parts) for (let i = 0; i < data.length; i += 2) sum += (data[i] << 8) | (data[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export const FLAGS = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

interface Side {
  readonly ip: readonly number[];
  readonly port: number;
  readonly mac: number;
  seq: number;
}

/** Sends segments between two endpoints and keeps the packets; time goes on as told. */
export class Conversation {
  readonly packets: Packet[] = [];
  /** Nanoseconds since the epoch; advance it between calls. */
  now: bigint;
  private readonly sides: [Side, Side];
  private id = 1;
  private readonly mss: number;

  constructor(client: string, server: string, start: bigint, options: { mss?: number; isn?: [number, number] } = {}) {
    const side = (text: string, mac: number, isn: number): Side => {
      const [ip, port] = text.split(':');
      return { ip: ip.split('.').map(Number), port: Number(port), mac, seq: isn >>> 0 };
    };
    const [a, b] = options.isn ?? [1_000_000, 9_000_000];
    this.sides = [side(client, 1, a), side(server, 2, b)];
    this.now = start;
    this.mss = options.mss ?? 1448;
  }

  /** Lets time pass, in milliseconds. */
  wait(ms: number): this {
    this.now += BigInt(Math.round(ms * 1000)) * 1000n;
    return this;
  }

  private frame(dir: 0 | 1, flags: number, seq: number, payload: Uint8Array): Uint8Array {
    const from = this.sides[dir];
    const to = this.sides[1 - dir];
    const tcp = new ByteWriter()
      .u16(from.port)
      .u16(to.port)
      .u32(seq)
      .u32((flags & FLAGS.ack) !== 0 ? to.seq : 0)
      .u8(0x50)
      .u8(flags)
      .u16(65535)
      .u32(0)
      .finish();
    const pseudo = Uint8Array.from([
      ...from.ip,
      ...to.ip,
      0,
      6,
      ((tcp.length + payload.length) >> 8) & 255,
      (tcp.length + payload.length) & 255,
    ]);
    const sum = checksum([pseudo, tcp, payload]);
    tcp[16] = sum >> 8;
    tcp[17] = sum & 255;
    const ip = new ByteWriter()
      .u8(0x45)
      .u8(0)
      .u16(20 + tcp.length + payload.length)
      .u16(this.id++ & 0xffff)
      .u16(0x4000)
      .u8(64)
      .u8(6)
      .u16(0)
      .bytes(Uint8Array.from(from.ip))
      .bytes(Uint8Array.from(to.ip))
      .finish();
    const ipSum = checksum([ip]);
    ip[10] = ipSum >> 8;
    ip[11] = ipSum & 255;
    return concatBytes([Uint8Array.from([2, 0, 0, 0, 0, to.mac, 2, 0, 0, 0, 0, from.mac, 8, 0]), ip, tcp, payload]);
  }

  /** One packet as it is, without moving sequence numbers. */
  raw(dir: 0 | 1, flags: number, seqOffset: number, payload: Uint8Array = new Uint8Array(0)): this {
    this.packets.push({ nanos: this.now, bytes: this.frame(dir, flags, (this.sides[dir].seq + seqOffset) >>> 0, payload) });
    return this;
  }

  /** The three-way handshake. */
  open(): this {
    this.raw(0, FLAGS.syn, 0);
    this.sides[0].seq = (this.sides[0].seq + 1) >>> 0;
    this.wait(12);
    this.raw(1, FLAGS.syn | FLAGS.ack, 0);
    this.sides[1].seq = (this.sides[1].seq + 1) >>> 0;
    this.wait(0.2);
    return this.raw(0, FLAGS.ack, 0);
  }

  /** Sends bytes in segments of at most the MSS; the receiver acknowledges them. */
  send(dir: 0 | 1, ...messages: Uint8Array[]): this {
    const bytes = concatBytes(messages);
    for (let at = 0; at < bytes.length; at += this.mss) {
      const part = bytes.subarray(at, at + this.mss);
      this.raw(dir, FLAGS.ack | FLAGS.psh, 0, part);
      this.sides[dir].seq = (this.sides[dir].seq + part.length) >>> 0;
      this.wait(0.05);
    }
    return this.raw((1 - dir) as 0 | 1, FLAGS.ack, 0);
  }

  /** Bytes that were sent and are in no packet of the capture. */
  lose(dir: 0 | 1, length: number): this {
    this.sides[dir].seq = (this.sides[dir].seq + length) >>> 0;
    return this;
  }

  /** FIN from this side, then from the other. */
  close(dir: 0 | 1 = 0): this {
    for (const d of [dir, (1 - dir) as 0 | 1]) {
      this.raw(d, FLAGS.fin | FLAGS.ack, 0);
      this.sides[d].seq = (this.sides[d].seq + 1) >>> 0;
      this.wait(0.3);
    }
    return this.raw(dir, FLAGS.ack, 0);
  }
}

/** A classic pcap file with nanosecond times, little-endian, Ethernet unless told otherwise. */
export function pcapFile(packets: readonly Packet[], linkType = 1): Uint8Array {
  const length = 24 + packets.reduce((n, p) => n + 16 + p.bytes.length, 0);
  const out = new DataView(new ArrayBuffer(length));
  out.setUint32(0, 0xa1b23c4d, true);
  out.setUint16(4, 2, true);
  out.setUint16(6, 4, true);
  out.setUint32(16, 262144, true);
  out.setUint32(20, linkType, true);
  const bytes = new Uint8Array(out.buffer);
  let at = 24;
  for (const p of packets) {
    out.setUint32(at, Number(p.nanos / 1_000_000_000n), true);
    out.setUint32(at + 4, Number(p.nanos % 1_000_000_000n), true);
    out.setUint32(at + 8, p.bytes.length, true);
    out.setUint32(at + 12, p.wireLength ?? p.bytes.length, true);
    bytes.set(p.bytes, at + 16);
    at += 16 + p.bytes.length;
  }
  return bytes;
}
