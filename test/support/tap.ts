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
