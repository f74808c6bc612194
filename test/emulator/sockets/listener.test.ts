import { once } from 'node:events';
import http2 from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { FaultEngine } from '../../../src/emulator/faults/engine.ts';
import { type Emulator, Lab, signProviderToken, startEmulator } from '../../../src/emulator/index.ts';
import { Listener } from '../../../src/emulator/sockets/listener.ts';
import { core } from '../../support/emulator-core.ts';
import { LAB_DIRECTORY } from '../../support/lab.ts';

const open: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function client(port: number): Socket {
  const socket = connectTcp(port, '127.0.0.1').on('error', () => {});
  open.push(() => socket.destroy());
  return socket.resume();
}

/** Resets are closes as well; `once` would throw at them. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
}

async function push(emulator: Emulator, token: string): Promise<unknown> {
  const { key, keyId, teamId } = emulator.signingKey;
  const authorization = `bearer ${signProviderToken(key, keyId, teamId, Math.floor(Date.now() / 1000))}`;
  const session = http2.connect(`https://localhost:${emulator.ports.http2}`, { ca: emulator.lab.authority.certificate });
  open.push(() => session.destroy());
  const stream = session.request({ ':method': 'POST', ':path': `/3/device/${token}`, authorization, 'apns-topic': 'com.example.app' });
  stream.resume().end('{"aps":{}}');
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  return headers[':status'];
}

describe('clients that say nothing, or a byte at a time', () => {
  for (const plaintext of [false, true])
    it(`disturb nobody ${plaintext ? 'in plaintext' : 'before a handshake'}, and are gone when the emulator stops`, async () => {
      const emulator = await startEmulator({ directory: LAB_DIRECTORY, plaintext });
      const good = plaintext ? await startEmulator({ directory: LAB_DIRECTORY }) : emulator;
      open.push(
        () => emulator.stop(),
        () => good.stop(),
      );
      const { token } = good.addDevice();
      const ports = Object.values(emulator.ports);
      const silent = Array.from({ length: 200 }, (_, n) => client(ports[n % ports.length]));
      await Promise.all(silent.map((socket) => (socket.connecting ? once(socket, 'connect') : undefined)));
      // First bytes of a TLS record, of a notification, of a Connect, and of the HTTP/2 preface.
      const slow = ['160301020001', '020000005001', '070000004001', '505249202a20'].flatMap((hex) =>
        ports.map((port) => ({ socket: client(port), bytes: Buffer.from(hex, 'hex') })),
      );
      for (let at = 0; at < 6; at++) {
        for (const { socket, bytes } of slow) socket.write(bytes.subarray(at, at + 1));
        expect(await push(good, token)).toBe(200);
      }
      const gone = silent.map((socket) => closed(socket));
      await emulator.stop();
      await Promise.all(gone);
    });
});

describe('a flood of handshakes', () => {
  it('is cut at the limit, and the place of one that went is free again', async () => {
    const lab = await Lab.open(LAB_DIRECTORY);
    const { certificate, key } = await lab.server();
    const parts = core();
    const faults = new FaultEngine(parts.clock, parts.random, parts.events);
    let numbers = 0;
    let ready = 0;
    const listener = new Listener({
      server: 'courier',
      host: '127.0.0.1',
      port: 0,
      tls: {
        context: createSecureContext({ cert: certificate, key }),
        authority: lab.authority.certificate,
        requestCertificate: false,
        alpn: undefined,
      },
      clock: parts.clock,
      events: parts.events,
      faults,
      capture: undefined,
      maxHandshakes: 3,
      nextConnection: () => ++numbers,
      onConnection: ({ stream }) => {
        ready++;
        stream.on('error', () => {}).resume();
      },
    });
    await listener.listen();
    open.push(() => listener.close(0));
    const { port } = listener;
    const waiting = [client(port), client(port), client(port)];
    await Promise.all(waiting.map((socket) => once(socket, 'connect')));
    await closed(client(port));
    expect(listener.connections).toBe(3);
    waiting[0].destroy();
    while (listener.connections === 3) await new Promise((resolve) => setImmediate(resolve));
    const secure = connectTls({ port, host: 'localhost', ca: lab.authority.certificate });
    open.push(() => secure.destroy());
    await once(secure, 'secureConnect');
    while (ready === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(listener.connections).toBe(3);
  });
});
