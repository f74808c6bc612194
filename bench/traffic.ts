/** What a generated capture looks like. */
export interface Shape {
  readonly name: string;
  readonly megabytes: number;
  readonly connections: number;
  /** Connections open at the same time. */
  readonly concurrent: number;
  readonly network: 'ipv4' | 'ipv6';
  readonly vlan: boolean;
  readonly format: 'pcap' | 'pcapng';
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
const PAYLOADS = 512;
const HALF_EXCHANGE = 1500;
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

class Peer {
  readonly index: number;
  readonly port: number;
  readonly token: Uint8Array;
  client: number;
  server: number;
  /** Messages still to come. */
  left: number;
  nextId = 1;
  sinceAck = 0;

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

const TOPICS = ['com.apple.madrid', 'com.example.news', 'com.example.chat', 'com.apple.private.alloy.sms', 'com.example.mail'];

/**
 * Courier traffic with a fixed seed: connections that interleave, MSS 1448, an ACK every two segments, about 2 % of the
 * data segments swapped with the next and 2 % repeated, pushes with 200 to 1500 bytes of JSON, acknowledgements back.
 */
export class Traffic {
  readonly counts: Counts = { packets: 0, messages: 0, connections: 0, payload: 0 };
  private readonly shape: Shape;
  private readonly sink: PacketSink;
  private readonly next: () => number;
  private readonly frame = new Uint8Array(2048);
  private readonly ipAt: number;
  private readonly tcpAt: number;
  private readonly dataAt: number;
  private readonly payloads: Uint8Array[] = [];
  private readonly topics: Uint8Array[] = [];
  private readonly burst = new Uint8Array(64 * 1024);
  private sec = FIRST_SECOND;
  private nsec = 0;
  private written = 0;

  constructor(shape: Shape, sink: PacketSink, seed = 20261121) {
    this.shape = shape;
    this.sink = sink;
    this.next = random(seed);
    this.ipAt = shape.vlan ? 18 : 14;
    this.tcpAt = this.ipAt + (shape.network === 'ipv6' ? 40 : 20);
    this.dataAt = this.tcpAt + 32;
    this.makeContent();
    this.makeHeaders();
  }

  run(): Counts {
    const total = this.shape.megabytes * 1e6;
    const overhead = this.shape.format === 'pcapng' ? 36 : 16;
    // The last exchange of a connection goes beyond its share, by half of one on average, and its SYN and FIN cost some bytes.
    const share = total / this.shape.connections - HALF_EXCHANGE;
    const open: Peer[] = [];
    let made = 0;
    while (made < this.shape.connections && open.length < this.shape.concurrent) open.push(this.open(made++));
    const budget = new Map<Peer, number>();
    while (open.length > 0) {
      const slot = (this.next() * open.length) | 0;
      const peer = open[slot];
      const before = this.written + this.counts.packets * overhead;
      this.exchange(peer);
      const spent = (budget.get(peer) ?? 0) + this.written + this.counts.packets * overhead - before;
      if (spent < share) {
        budget.set(peer, spent);
        continue;
      }
      budget.delete(peer);
      this.close(peer);
      if (made < this.shape.connections) open[slot] = this.open(made++);
      else open.splice(slot, 1);
    }
    return this.counts;
  }

  // --- content -------------------------------------------------------------------------------------------------

  private makeContent(): void {
    const encoder = new TextEncoder();
    const words = 'breaking news from the server today your order has been shipped and will arrive tomorrow morning'.split(' ');
    for (let i = 0; i < PAYLOADS; i++) {
      const size = 200 + Math.floor(this.next() ** 1.6 * 1300);
      let body = '';
      while (body.length < size - 90) body += `${words[(this.next() * words.length) | 0]} `;
      const json = JSON.stringify({
        aps: { alert: { title: `Message ${i}`, body: body.slice(0, size - 90) }, badge: i % 10, sound: 'default' },
        n: i,
      });
      this.payloads.push(encoder.encode(json));
    }
    for (let i = 0; i < TOPICS.length; i++) {
      const topic = new Uint8Array(20);
      for (let k = 0; k < 20; k++) topic[k] = (TOPICS[i].charCodeAt(k % TOPICS[i].length) * 31 + k * 7) & 255;
      this.topics.push(topic);
    }
  }

  /** Writes a notification into the burst at `at`; returns its end. */
  private notification(peer: Peer, at: number): number {
    const { burst } = this;
    const payload = this.payloads[(this.next() * PAYLOADS) | 0];
    const length = 90 + payload.length;
    burst[at] = 0x0a;
    put32(burst, at + 1, length);
    let p = item(burst, at + 5, 1, peer.token);
    p = item(burst, p, 2, this.topics[(this.next() * this.topics.length) | 0]);
    p = item(burst, p, 3, payload);
    p = number(burst, p, 4, 4, peer.nextId++);
    p = number(burst, p, 5, 4, this.sec + 86_400);
    const nanos = BigInt(this.sec) * 1_000_000_000n + BigInt(this.nsec);
    p = number(burst, p, 6, 8, Number(nanos & 0xffffffffn));
    put32(burst, p - 8, Number(nanos >> 32n));
    p = number(burst, p, 13, 1, 10);
    this.counts.messages++;
    return p;
  }

  private acknowledgement(peer: Peer, at: number, id: number): number {
    const { burst } = this;
    burst[at] = 0x0b;
    put32(burst, at + 1, 46);
    let p = item(burst, at + 5, 1, peer.token);
    p = number(burst, p, 4, 4, id);
    p = number(burst, p, 8, 1, 0);
    this.counts.messages++;
    return p;
  }

  // --- packets -------------------------------------------------------------------------------------------------

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
    put16(f, t, fromClient ? peer.port : 5223);
    put16(f, t + 2, fromClient ? 5223 : peer.port);
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

  private open(index: number): Peer {
    const peer = new Peer(index, 0, this.next);
    this.counts.connections++;
    this.emit(peer, true, 0x02, peer.client, 0, 0, 0);
    peer.client = (peer.client + 1) | 0;
    this.emit(peer, false, 0x12, peer.server, peer.client, 0, 0);
    peer.server = (peer.server + 1) | 0;
    this.emit(peer, true, 0x10, peer.client, peer.server, 0, 0);
    return peer;
  }

  private close(peer: Peer): void {
    this.emit(peer, true, 0x11, peer.client, peer.server, 0, 0);
    this.emit(peer, false, 0x11, peer.server, (peer.client + 1) | 0, 0, 0);
    this.emit(peer, true, 0x10, (peer.client + 1) | 0, (peer.server + 1) | 0, 0, 0);
  }

  /** Some notifications, then their acknowledgements. */
  private exchange(peer: Peer): void {
    const first = peer.nextId;
    const many = 1 + ((this.next() ** 3 * 4) | 0);
    let end = 0;
    for (let i = 0; i < many; i++) end = this.notification(peer, end);
    peer.server = this.send(peer, false, end, peer.server);
    if (this.next() < 0.45) {
      end = 0;
      for (let id = first; id < peer.nextId; id++) end = this.acknowledgement(peer, end, id);
      peer.client = this.send(peer, true, end, peer.client);
    }
  }

  /** Sends `burst[0, end)` in segments, sometimes swapped or repeated; returns the next sequence number. */
  private send(peer: Peer, fromClient: boolean, end: number, sequence: number): number {
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

function put16(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 8;
  b[at + 1] = value;
}

function put32(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
}

function item(b: Uint8Array, at: number, id: number, value: Uint8Array): number {
  b[at] = id;
  put16(b, at + 1, value.length);
  b.set(value, at + 3);
  return at + 3 + value.length;
}

function number(b: Uint8Array, at: number, id: number, width: number, value: number): number {
  b[at] = id;
  put16(b, at + 1, width);
  if (width === 1) b[at + 3] = value;
  else put32(b, at + 3 + width - 4, value);
  return at + 3 + width;
}
