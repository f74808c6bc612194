/** The server side of bench/emulator.ts: the emulator, or the bare loop it is compared with. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { Lab, startEmulator } from '../src/emulator/index.ts';

export type Asked =
  | { readonly do: 'start' | 'memory' }
  | { readonly do: 'connect'; readonly port: number; readonly count: number; readonly ca: string }
  | { readonly do: 'settled'; readonly count: number }
  | { readonly do: 'send'; readonly clients: number; readonly perTurn: number; readonly turns: number }
  | { readonly do: 'received'; readonly bytes: number };

export interface Told {
  readonly port?: number;
  readonly ca?: string;
  readonly size?: number;
  readonly rss?: number;
  readonly cpuSeconds?: number;
}

/** A courier message of about 300 bytes. */
const PAYLOAD = Buffer.from(`{"aps":{"alert":"${'x'.repeat(181)}"}}`);
const TOPIC = 'com.example.app';
const MESSAGE_SIZE = 300;

interface Target {
  readonly port: number;
  readonly ca: string;
  readonly size: number;
  connections(): number;
  /** One message to each of the first so many clients. */
  send(clients: number, perTurn: number): void;
}

async function emulator(): Promise<Target> {
  const made = await startEmulator({
    directory: join(tmpdir(), 'apns-inspect-bench-lab'),
    ports: { gateway: false, feedback: false, http2: false, control: false },
    courier: { verify: 'off', noStorage: false },
    keep: 'all',
  });
  let tokens: string[] = [];
  return {
    port: made.ports.courier as number,
    ca: made.lab.authority.certificate,
    size: MESSAGE_SIZE,
    connections: () => made.devices().filter((device) => device.filter !== undefined).length,
    send: (clients, perTurn) => {
      if (tokens.length !== clients)
        tokens = made
          .devices()
          .slice(0, clients)
          .map((device) => device.token);
      if (perTurn === 1) made.inject({ to: tokens, topic: TOPIC, payload: PAYLOAD, expiry: 2_000_000_000 });
      else
        for (const to of tokens)
          for (let n = 0; n < perTurn; n++) made.inject({ to, topic: TOPIC, payload: PAYLOAD, expiry: 2_000_000_000 });
    },
  };
}

/** As a Node programmer would write it: a list of sockets, and a write for each message; joined when there are several. */
async function bare(): Promise<Target> {
  const lab = await Lab.open(join(tmpdir(), 'apns-inspect-bench-lab'));
  const { certificate, key } = await lab.server();
  const sockets: TLSSocket[] = [];
  const server = createServer({ cert: certificate, key, ALPNProtocols: ['apns-security-v3'], noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('data', () => {});
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const message = Buffer.alloc(MESSAGE_SIZE, 'm');
  return {
    port: (server.address() as { port: number }).port,
    ca: lab.authority.certificate,
    size: MESSAGE_SIZE,
    connections: () => sockets.length,
    send: (clients, perTurn) => {
      for (let i = 0; i < clients; i++) {
        if (perTurn === 1) sockets[i].write(Buffer.from(message));
        else {
          const joined = Buffer.allocUnsafe(MESSAGE_SIZE * perTurn);
          for (let n = 0; n < perTurn; n++) message.copy(joined, n * MESSAGE_SIZE);
          sockets[i].write(joined);
        }
      }
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
let target: Target;

async function serve(asked: Asked): Promise<Told> {
  switch (asked.do) {
    case 'start':
      target = await (process.argv[2] === 'emulator' ? emulator() : bare());
      return { port: target.port, ca: target.ca, size: target.size };
    case 'memory':
      for (let i = 0; i < 5; i++) {
        globalThis.gc?.();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return { rss: process.memoryUsage.rss() };
    case 'settled':
      while (target.connections() < asked.count) await new Promise((resolve) => setTimeout(resolve, 20));
      return {};
    case 'send': {
      const before = process.cpuUsage();
      for (let n = 0; n < asked.turns; n++) {
        target.send(asked.clients, asked.perTurn);
        await turn();
      }
      await turn();
      const used = process.cpuUsage(before);
      return { cpuSeconds: (used.user + used.system) / 1e6 };
    }
    default:
      return {};
  }
}

if (process.send !== undefined) process.on('message', (asked: Asked) => void serve(asked).then((told) => process.send?.(told)));
