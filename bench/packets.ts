import { HANDSHAKE_MESSAGES, RECORD_HEAD, TlsPeer } from './tls-peer.ts';

/** What a generated capture looks like. */
export interface Shape {
  readonly name: string;
  /** The protocol that is spoken; TLV to a courier without it. */
  readonly speech?: 'tlv' | 'packed' | 'http2';
  /** Size of the file; or `messages`. */
  readonly megabytes?: number;
  /** Messages in all connections together, at least. */
  readonly messages?: number;
  readonly connections: number;
  /** Connections open at the same time. */
  readonly concurrent: number;
  readonly network: 'ipv4' | 'ipv6';
  readonly vlan: boolean;
  readonly format: 'pcap' | 'pcapng';
  /** In TLS 1.3, a record a message. */
  readonly tls?: boolean;
}

/** Takes packets, link header first. */
export interface PacketSink {
  packet(buf: Uint8Array, length: number, sec: number, nsec: number): void;
}

export interface Counts {
  packets: number;
  messages: number;
  connections: number;
  /** Bytes of all streams, each once. */
  payload: number;
}

const MSS = 1448;
const FIRST_SECOND = 1_700_000_000;

/** Park-Miller style generator over 32 bits (mulberry32): fast, and the same everywhere. */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One connection: its ends, and what they said so far. */
export class Peer {
  readonly index: number;
  readonly port: number;
  readonly token: Uint8Array;
  client: number;
  server: number;
  /** Messages still to come. */
  left: number;
  nextId = 1;
  sinceAck = 0;
  tls: TlsPeer | undefined = undefined;

  constructor(index: number, left: number, next: () => number) {
    this.index = index;
    this.port = 20_000 + (index % 40_000);
    this.left = left;
    this.client = (next() * 4_294_967_296) | 0;
    this.server = (next() * 4_294_967_296) | 0;
    this.token = new Uint8Array(32);
    for (let i = 0; i < 32; i++) this.token[i] = (next() * 256) | 0;
  }
}

/**
 * TCP packets of connections that interleave: MSS 1448, an ACK every two segments, about 2 % of the data segments swapped with
 * the next and 2 % repeated. Whoever speaks writes into `burst` and sends it.
 */
export class Packets {
  readonly counts: Counts = { packets: 0, messages: 0, connections: 0, payload: 0 };
  readonly burst = new Uint8Array(64 * 1024);
  readonly next: () => number;
  sec = FIRST_SECOND;
  nsec = 0;
  /** Lines that a key log has on the TLS sessions. */
  readonly keyLog: string[] = [];
  /** Room that a message needs before it in the burst: the head of its record. */
  readonly head: number;
  /** Bytes of all packets, without the file's headers. */
  written = 0;
  private readonly shape: Shape;
  private readonly sink: PacketSink;
  private readonly serverPort: number;
  private readonly frame = new Uint8Array(2048);
  private readonly ipAt: number;
  private readonly tcpAt: number;
  private readonly dataAt: number;

  constructor(shape: Shape, sink: PacketSink, serverPort: number, seed: number) {
    this.shape = shape;
    this.sink = sink;
    this.serverPort = serverPort;
    this.next = random(seed);
    this.head = shape.tls === true ? RECORD_HEAD : 0;
    this.ipAt = shape.vlan ? 18 : 14;
    this.tcpAt = this.ipAt + (shape.network === 'ipv6' ? 40 : 20);
    this.dataAt = this.tcpAt + 32;
    this.makeHeaders();
  }

  private makeHeaders(): void {
    const f = this.frame;
    f.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
    let at = 12;
    if (this.shape.vlan) {
      f.set([0x81, 0x00, 0x00, 0x2a], at);
      at += 4;
    }
    const six = this.shape.network === 'ipv6';
    f.set(six ? [0x86, 0xdd] : [0x08, 0x00], at);
    if (six) {
      f[this.ipAt] = 0x60;
      f[this.ipAt + 6] = 6;
      f[this.ipAt + 7] = 64;
    } else {
      f[this.ipAt] = 0x45;
      f[this.ipAt + 6] = 0x40;
      f[this.ipAt + 8] = 64;
      f[this.ipAt + 9] = 6;
    }
    // Header of 32 bytes, with a timestamp option behind two paddings.
    f[this.tcpAt + 12] = 0x80;
    f.set([1, 1, 8, 10], this.tcpAt + 20);
  }

  /** One packet of `peer`. `fromClient` tells the direction; data is `burst[start, end)`. */
  private emit(peer: Peer, fromClient: boolean, flags: number, sequence: number, ack: number, start: number, end: number): void {
    const f = this.frame;
    const length = end - start;
    const t = this.tcpAt;
    this.addresses(peer, fromClient, length);
    put16(f, t, fromClient ? peer.port : this.serverPort);
    put16(f, t + 2, fromClient ? this.serverPort : peer.port);
    put32(f, t + 4, sequence);
    put32(f, t + 8, ack);
    f[t + 13] = flags;
    put16(f, t + 14, 0xffff);
    put32(f, t + 24, this.counts.packets);
    if (length > 0) f.set(this.burst.subarray(start, end), this.dataAt);
    this.nsec += 20_000 + ((this.next() * 60_000) | 0);
    if (this.nsec >= 1_000_000_000) {
      this.nsec -= 1_000_000_000;
      this.sec++;
    }
    this.counts.packets++;
    this.written += this.dataAt + length;
    this.sink.packet(f, this.dataAt + length, this.sec, this.nsec);
  }

  private addresses(peer: Peer, fromClient: boolean, length: number): void {
    const f = this.frame;
    const ip = this.ipAt;
    const client = 0x0a000000 | (peer.index + 2);
    const server = 0x11399000 | (peer.index & 63);
    if (this.shape.network === 'ipv6') {
      put16(f, ip + 4, 32 + length);
      for (const [at, word] of [
        [ip + 8, fromClient ? client : server],
        [ip + 24, fromClient ? server : client],
      ] as const) {
        put32(f, at, 0x20010db8);
        put32(f, at + 12, word);
      }
      return;
    }
    put16(f, ip + 2, 52 + length);
    put16(f, ip + 4, this.counts.packets & 0xffff);
    put32(f, ip + 12, fromClient ? client : server);
    put32(f, ip + 16, fromClient ? server : client);
    put16(f, ip + 10, 0);
    let sum = 0;
    for (let i = 0; i < 20; i += 2) sum += (f[ip + i] << 8) | f[ip + i + 1];
    sum = (sum & 0xffff) + (sum >>> 16);
    put16(f, ip + 10, ~(sum + (sum >>> 16)) & 0xffff);
  }

  open(index: number): Peer {
    const peer = new Peer(index, 0, this.next);
    this.counts.connections++;
    this.emit(peer, true, 0x02, peer.client, 0, 0, 0);
    peer.client = (peer.client + 1) | 0;
    this.emit(peer, false, 0x12, peer.server, peer.client, 0, 0);
    peer.server = (peer.server + 1) | 0;
    this.emit(peer, true, 0x10, peer.client, peer.server, 0, 0);
    if (this.shape.tls === true) this.handshake(peer);
    return peer;
  }

  /** The message at `burst[at + head, end)` is complete: makes it a record where there is TLS. Returns its end. */
  finish(peer: Peer, fromClient: boolean, at: number, end: number): number {
    return peer.tls === undefined ? end : peer.tls.seal(fromClient, this.burst, at, end);
  }

  close(peer: Peer): void {
    this.emit(peer, true, 0x11, peer.client, peer.server, 0, 0);
    this.emit(peer, false, 0x11, peer.server, (peer.client + 1) | 0, 0, 0);
    this.emit(peer, true, 0x10, (peer.client + 1) | 0, (peer.server + 1) | 0, 0, 0);
  }

  private handshake(peer: Peer): void {
    const tls = new TlsPeer(this.next);
    this.keyLog.push(tls.keyLog);
    this.counts.messages += HANDSHAKE_MESSAGES;
    const flights = [tls.clientHello(), tls.serverFlight(), tls.clientFinished()];
    for (const [i, flight] of flights.entries()) {
      this.burst.set(flight);
      if (i === 1) peer.server = this.send(peer, false, flight.length, peer.server);
      else peer.client = this.send(peer, true, flight.length, peer.client);
    }
    peer.tls = tls;
  }

  /** Sends `burst[0, end)` in segments, sometimes swapped or repeated; returns the next sequence number. */
  send(peer: Peer, fromClient: boolean, end: number, sequence: number): number {
    this.counts.payload += end;
    for (let at = 0; at < end; ) {
      const stop = Math.min(end, at + MSS);
      const next = Math.min(end, stop + MSS);
      if (stop < end && this.next() < 0.05) {
        this.data(peer, fromClient, sequence, stop, next, end);
        this.data(peer, fromClient, sequence, at, stop, end);
        at = next;
        continue;
      }
      this.data(peer, fromClient, sequence, at, stop, end);
      if (this.next() < 0.02) this.data(peer, fromClient, sequence, at, stop, end);
      at = stop;
    }
    return (sequence + end) | 0;
  }

  private data(peer: Peer, fromClient: boolean, sequence: number, start: number, stop: number, end: number): void {
    const ack = fromClient ? peer.server : peer.client;
    this.emit(peer, fromClient, stop === end ? 0x18 : 0x10, (sequence + start) | 0, ack, start, stop);
    if (++peer.sinceAck >= 2) {
      peer.sinceAck = 0;
      this.emit(peer, !fromClient, 0x10, ack, (sequence + stop) | 0, 0, 0);
    }
  }
}

export function put16(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 8;
  b[at + 1] = value;
}

export function put32(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
}
