import { once } from 'node:events';
import { type ConnectionOptions, connect, createServer, type SecureContextOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import { Tap } from './tap.ts';
import type { Chunk } from './tls-sink.ts';

/** A real TLS conversation: what passed on the wire, the key log lines, and what was said. */
export interface Talk {
  readonly chunks: Chunk[];
  readonly keyLog: string;
  readonly sent: readonly [Buffer, Buffer];
  readonly session: Buffer | undefined;
}

export interface TalkRecipe {
  readonly server: TlsOptions & SecureContextOptions;
  readonly client?: ConnectionOptions;
  /** Payloads the client sends in turn; the server answers each with its bytes reversed. */
  readonly says?: readonly Buffer[];
  /** Connections made one after the other, each resuming the one before. */
  readonly times?: number;
  /** Called in the middle of the talk. */
  readonly midway?: (client: TLSSocket, server: TLSSocket) => Promise<void> | void;
}

/** Lets Node's own TLS talk through a tap. */
export async function talk(recipe: TalkRecipe): Promise<Talk[]> {
  const accepted: TLSSocket[] = [];
  const server = createServer(recipe.server, (socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
  });
  const stored = new Map<string, Buffer>();
  server.on('newSession', (id, data, done) => {
    stored.set(id.toString('hex'), data);
    done();
  });
  server.on('resumeSession', (id, done) => done(null, stored.get(id.toString('hex')) ?? null));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const tap = await Tap.before((server.address() as { port: number }).port);
  const talks: Talk[] = [];
  let session: Buffer | undefined;
  try {
    for (let i = 0; i < (recipe.times ?? 1); i++) {
      const lines: Buffer[] = [];
      const client = connect({
        host: '127.0.0.1',
        port: tap.port,
        rejectUnauthorized: false,
        ...recipe.client,
        ...(session === undefined ? {} : { session }),
      });
      client.on('keylog', (line) => lines.push(line));
      client.on('session', (s) => {
        session = s;
      });
      await Promise.race([once(client, 'secureConnect'), once(client, 'error').then(([error]) => Promise.reject(error))]);
      while (accepted.length <= i) await once(server, 'secureConnection');
      const peer = accepted[i];
      const sent: [Buffer[], Buffer[]] = [[], []];
      const says = recipe.says ?? [Buffer.from('hello from the client')];
      for (let k = 0; k < says.length; k++) {
        if (k === Math.floor(says.length / 2)) await recipe.midway?.(client, peer);
        const answer = Buffer.from(says[k]).reverse();
        client.write(says[k]);
        await receive(peer, says[k].length);
        peer.write(answer);
        await receive(client, answer.length);
        sent[0].push(says[k]);
        sent[1].push(answer);
      }
      const closed = once(client, 'close');
      client.end();
      peer.end();
      client.resume();
      peer.resume();
      await closed;
      talks.push({
        chunks: tap.connections[i],
        keyLog: Buffer.concat(lines).toString(),
        sent: [Buffer.concat(sent[0]), Buffer.concat(sent[1])],
        session,
      });
    }
  } finally {
    await tap.close();
    server.close();
  }
  return talks;
}

async function receive(socket: TLSSocket, length: number): Promise<void> {
  let missing = length;
  while (missing > 0) {
    const part = socket.read() as Buffer | null;
    if (part === null) await once(socket, 'readable');
    else missing -= part.length;
  }
}
