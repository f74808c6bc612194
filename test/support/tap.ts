import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import type { Chunk } from './tls-sink.ts';

/** A TCP proxy in this process that records both byte streams of every connection, in the order in which they passed. */
export class Tap {
  readonly connections: Chunk[][] = [];
  onChunk: () => void = () => {};
  private readonly endings: Promise<void>[] = [];
  private readonly server: Server;
  private readonly open = new Set<Socket>();

  private constructor(target: number) {
    this.server = createServer((client) => {
      const chunks: Chunk[] = [];
      this.connections.push(chunks);
      const upstream = dial(target, '127.0.0.1');
      this.endings.push(new Promise((done) => client.on('close', () => (upstream.closed ? done() : upstream.on('close', () => done())))));
      this.join(client, upstream, 0, chunks);
      this.join(upstream, client, 1, chunks);
    });
  }

  static async before(target: number): Promise<Tap> {
    const tap = new Tap(target);
    await new Promise<void>((done) => tap.server.listen(0, '127.0.0.1', done));
    return tap;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  /** Waits until both sides of a connection are closed. */
  async ended(index: number): Promise<void> {
    await this.endings[index];
  }

  async close(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  private join(from: Socket, to: Socket, dir: 0 | 1, chunks: Chunk[]): void {
    this.open.add(from);
    from.on('data', (bytes) => {
      chunks.push({ dir, bytes: new Uint8Array(bytes) });
      to.write(bytes);
      this.onChunk();
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.open.delete(from);
      to.end();
    });
  }
}

/** The chunks as a classic pcap (Ethernet, IPv4, TCP with handshake and FINs), for tools that read files. Port 443 is the server. */
export function toPcap(chunks: readonly Chunk[], clientPort = 50_000): Buffer {
  const packets: Buffer[] = [];
  const next = [1000, 2000];
  let clock = 0;
  const packet = (dir: number, flags: number, payload: Uint8Array): void => {
    const tcp = Buffer.alloc(20);
    tcp.writeUInt16BE(dir === 0 ? clientPort : 443, 0);
    tcp.writeUInt16BE(dir === 0 ? 443 : clientPort, 2);
    tcp.writeUInt32BE(next[dir], 4);
    if (flags & 0x10) tcp.writeUInt32BE(next[1 - dir], 8);
    tcp[12] = 0x50;
    tcp[13] = flags;
    tcp.writeUInt16BE(65_535, 14);
    const ip = Buffer.alloc(20);
    ip[0] = 0x45;
    ip.writeUInt16BE(40 + payload.length, 2);
    ip[8] = 64;
    ip[9] = 6;
    ip.set(dir === 0 ? [10, 0, 0, 1] : [10, 0, 0, 2], 12);
    ip.set(dir === 0 ? [10, 0, 0, 2] : [10, 0, 0, 1], 16);
    const frame = Buffer.concat([Buffer.from('020000000002020000000001', 'hex'), Buffer.from([8, 0]), ip, tcp, payload]);
    const head = Buffer.alloc(16);
    head.writeUInt32LE(1_700_000_000, 0);
    head.writeUInt32LE(clock++, 4);
    head.writeUInt32LE(frame.length, 8);
    head.writeUInt32LE(frame.length, 12);
    packets.push(head, frame);
    next[dir] += payload.length + (flags & 0x03 ? 1 : 0);
  };
  const none = new Uint8Array(0);
  packet(0, 0x02, none);
  packet(1, 0x12, none);
  packet(0, 0x10, none);
  for (const { dir, bytes } of chunks) for (let at = 0; at < bytes.length; at += 1400) packet(dir, 0x18, bytes.subarray(at, at + 1400));
  packet(0, 0x11, none);
  packet(1, 0x11, none);
  const file = Buffer.alloc(24);
  file.writeUInt32LE(0xa1b2c3d4, 0);
  file.writeUInt16LE(2, 4);
  file.writeUInt16LE(4, 6);
  file.writeUInt32LE(262_144, 16);
  file.writeUInt32LE(1, 20);
  return Buffer.concat([file, ...packets]);
}
