/** The client side of bench/emulator.ts: many TLS connections that only count what they receive. */
import { connect, type TLSSocket } from 'node:tls';
import { tlv } from '../src/codec/tlv.ts';
import { topicHash } from '../src/emulator/push.ts';
import type { Asked, Told } from './emulator-server.ts';

/** Handshakes under way at once. */
const PARALLEL = 20;
let received = 0;
let wanted = 0;
let notify: (() => void) | undefined;

async function open(port: number, ca: string, number: number): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ALPNProtocols: ['apns-security-v3'] });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  if (process.argv[2] === 'emulator') {
    const token = Buffer.alloc(32);
    token.writeUInt32BE(number + 1);
    socket.write(tlv.encode('connect', { token, state: 1, protocol_version: 9 }, 0));
    await new Promise((resolve) => socket.once('data', resolve));
    socket.write(tlv.encode('filter', { token, enabled: [Buffer.from(topicHash('com.example.app'), 'hex')] }, 0));
  } else socket.write('x');
  socket.on('data', (bytes) => {
    received += bytes.length;
    if (received >= wanted) notify?.();
  });
  return socket;
}

async function serve(asked: Asked): Promise<Told> {
  if (asked.do === 'connect') {
    for (let at = 0; at < asked.count; at += PARALLEL) {
      await Promise.all(Array.from({ length: Math.min(PARALLEL, asked.count - at) }, (_, i) => open(asked.port, asked.ca, at + i)));
    }
  } else if (asked.do === 'received') {
    // Messages of the emulator may be a few bytes longer than the reference's: half of a message less is close enough.
    wanted += asked.bytes;
    if (received < wanted) {
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
  }
  return {};
}

process.on('message', (asked: Asked) => void serve(asked).then((told) => process.send?.(told)));
