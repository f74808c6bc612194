import { ByteWriter } from '../../src/core/bytes.ts';

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;
export const URG = 32;

/** One TCP segment to be built. Numbers are the wire's; data may be text. */
export interface SegmentSpec {
  readonly fromClient?: boolean;
  readonly seq: number;
  readonly ack?: number;
  readonly flags?: number;
  readonly data?: string | Uint8Array;
  readonly window?: number;
  readonly clientPort?: number;
  readonly serverPort?: number;
  readonly six?: boolean;
  /** Bytes of TCP options, in fours. */
  readonly tcpOptions?: number;
  /** Bytes of IPv4 options, in fours. */
  readonly ipOptions?: number;
  /** Writes 0 as the IP length, as segmentation offload does. */
  readonly zeroLength?: boolean;
  /** VLAN tag types before the ethertype. */
  readonly tags?: readonly number[];
  /** Bytes of padding behind the IP packet. */
  readonly padding?: number;
  /** Keeps so many bytes of the frame; the wire length stays. */
  readonly snap?: number;
}

/** A frame as a capture holds it. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly wireLength: number;
}

const CLIENT = 0x0a000001;
const SERVER = 0x11399014;

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** The IP packet of a segment. */
export function ipPacket(spec: SegmentSpec): Uint8Array {
  const data = typeof spec.data === 'string' ? ascii(spec.data) : (spec.data ?? new Uint8Array(0));
  const [from, to] = spec.fromClient === false ? [SERVER, CLIENT] : [CLIENT, SERVER];
  const [clientPort, serverPort] = [spec.clientPort ?? 51_234, spec.serverPort ?? 5223];
  const tcpHeader = 20 + (spec.tcpOptions ?? 0);
  const w = new ByteWriter();
  const length = tcpHeader + data.length;
  if (spec.six === true) {
    w.u32(0x6000_0000)
      .u16(spec.zeroLength === true ? 0 : length)
      .u8(6)
      .u8(64);
    for (const host of [from, to]) w.u32(0x2001_0db8).u32(0).u32(0).u32(host);
  } else {
    const header = 20 + (spec.ipOptions ?? 0);
    w.u8(0x40 | (header / 4))
      .u8(0)
      .u16(spec.zeroLength === true ? 0 : header + length)
      .u16(1)
      .u16(0x4000)
      .u8(64)
      .u8(6)
      .u16(0)
      .u32(from)
      .u32(to);
    for (let i = 20; i < header; i++) w.u8(1);
  }
  w.u16(spec.fromClient === false ? serverPort : clientPort).u16(spec.fromClient === false ? clientPort : serverPort);
  w.u32(spec.seq >>> 0)
    .u32((spec.ack ?? 0) >>> 0)
    .u8((tcpHeader / 4) << 4)
    .u8(spec.flags ?? ACK)
    .u16(spec.window ?? 0xffff)
    .u32(0);
  for (let i = 20; i < tcpHeader; i++) w.u8(1);
  return w.bytes(data).finish();
}

/** An Ethernet frame with one segment. */
export function frame(spec: SegmentSpec): Frame {
  const w = new ByteWriter();
  w.bytes(new Uint8Array([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]));
  for (const tag of spec.tags ?? []) w.u16(tag).u16(42);
  w.u16(spec.six === true ? 0x86dd : 0x0800)
    .bytes(ipPacket(spec))
    .bytes(new Uint8Array(spec.padding ?? 0).fill(0x5a));
  const bytes = w.finish();
  return { bytes: spec.snap === undefined ? bytes : bytes.slice(0, spec.snap), wireLength: bytes.length };
}

/** Bytes of headers before the data of a plain frame. */
export const HEADERS = 14 + 20 + 20;
