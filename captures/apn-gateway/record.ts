/**
 * Records npm apn 1.7.8 talking to a gateway, with tcpdump on the loopback interface.
 *
 * apn speaks only TLS, so a small server ends TLS (port 22195) and passes the bytes on in plaintext to a gateway
 * (port 22196) that answers token bad0… with error 8 and closes, as Apple did. Two files come out:
 *   apn-plain.pcap   the plaintext leg, port 22196
 *   apn-tls.pcap     the TLS leg, port 22195 (TLS 1.2), with its key log in apn-tls.keys
 *
 * Run: npx tsx captures/apn-gateway/record.ts   (needs tcpdump, openssl and the right to capture)
 */
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';

const here = new URL('.', import.meta.url).pathname;
const keys = mkdtempSync(join(tmpdir(), 'apn-'));
execFileSync(
  'openssl',
  [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '3650',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
    '-addext',
    '1.2.840.113635.100.6.3.1=ASN1:NULL',
    '-keyout',
    join(keys, 'key.pem'),
    '-out',
    join(keys, 'cert.pem'),
  ],
  { stdio: 'ignore' },
);
const key = readFileSync(join(keys, 'key.pem'));
const cert = readFileSync(join(keys, 'cert.pem'));
const BAD = 'bad0'.repeat(16);

/** Answers the bad token's message with error 8 and closes; everything after it on the connection is discarded. */
const gateway = createServer((socket) => {
  let buffer = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    buffer = Buffer.concat([buffer, data]);
    while (buffer.length >= 5 && buffer[0] === 2) {
      const end = 5 + buffer.readUInt32BE(1);
      if (buffer.length < end) return;
      const frame = buffer.subarray(5, end);
      buffer = buffer.subarray(end);
      let token = '';
      let id = Buffer.alloc(4);
      for (let at = 0; at + 3 <= frame.length; ) {
        const length = frame.readUInt16BE(at + 1);
        const value = frame.subarray(at + 3, at + 3 + length);
        if (frame[at] === 1) token = value.toString('hex');
        if (frame[at] === 3) id = value;
        at += 3 + length;
      }
      if (token === BAD) {
        buffer = Buffer.alloc(0);
        socket.end(Buffer.concat([Buffer.from([8, 8]), id]));
        return;
      }
    }
  });
});
const tlsEnd = createTlsServer({ key, cert, maxVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: false }, (socket) => {
  const plain = connect(22196, '127.0.0.1');
  socket.pipe(plain).pipe(socket);
  socket.on('error', () => plain.destroy());
  plain.on('error', () => socket.destroy());
});
writeFileSync(join(here, 'apn-tls.keys'), '');
tlsEnd.on('keylog', (line: Buffer) => appendFileSync(join(here, 'apn-tls.keys'), line));

await new Promise<void>((ok) => gateway.listen(22196, '127.0.0.1', ok));
await new Promise<void>((ok) => tlsEnd.listen(22195, '127.0.0.1', ok));

const dumps = [22196, 22195].map((port) =>
  spawn(
    'tcpdump',
    ['-i', 'lo', '-U', '-s', '0', '-w', join(here, port === 22196 ? 'apn-plain.pcap' : 'apn-tls.pcap'), 'tcp', 'port', String(port)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  ),
);
await Promise.all(dumps.map((d) => new Promise<void>((ok) => d.stderr.once('data', () => ok()))));

const apn = createRequire(import.meta.url)('apn');
const connection = new apn.Connection({
  address: 'localhost',
  port: 22195,
  key,
  cert,
  ca: [cert],
  rejectUnauthorized: false,
  production: false,
});
connection.on('error', (e: Error) => console.error('apn:', e.message));
connection.on('transmissionError', (code: number, n: { payload: unknown }) =>
  console.log('apn was told: status', code, JSON.stringify(n.payload)),
);

function send(token: string, alert: string, priority?: number): void {
  const n = new apn.Notification();
  n.expiry = 1893456000;
  n.badge = 3;
  n.sound = 'ping.aiff';
  n.alert = alert;
  if (priority !== undefined) n.priority = priority;
  connection.pushNotification(n, new apn.Device(token));
}
const pause = (ms: number): Promise<void> => new Promise((ok) => setTimeout(ok, ms));

send('aa'.repeat(32), 'hello');
await pause(300);
send('ab'.repeat(32), 'second', 5);
await pause(300);
send(BAD, 'to a token that is not valid');
send('ac'.repeat(32), 'discarded, and sent again by the client');
await pause(1500);
send('ad'.repeat(32), 'Grüße 🚀');
await pause(500);
connection.shutdown();
await pause(500);
for (const d of dumps) d.kill('SIGINT');
await Promise.all(dumps.map((d) => new Promise((ok) => d.once('exit', ok))));
rmSync(keys, { recursive: true });
process.exit(0);
