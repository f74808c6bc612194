import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls, type TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ReplayOptions, runReplay } from '../../src/cli/replay.ts';
import { type Emulator, Lab } from '../../src/emulator/index.ts';
import { emulator, LAB } from '../support/replay-lab.ts';

const GATEWAY = 'captures/apn-gateway/apn-plain.pcap';
const DELIVERY = 'captures/delivery/delivery.pcapng';
const directory = mkdtempSync(join(tmpdir(), 'apns-replay-options-'));
const file = (name: string): string => join(directory, name);
let target: Emulator;
let lab: Lab;
const closing: (() => void)[] = [];

beforeAll(async () => {
  lab = await Lab.open(LAB);
  target = await emulator({ gateway: { defaultTopic: 'com.example.app' }, clientCertificates: 'none' });
  for (const byte of ['aa', 'ab', 'ac', 'ad']) target.addDevice({ token: byte.repeat(32) });
});
afterAll(() => target.stop());
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function run(options: ReplayOptions, capture = GATEWAY): Promise<{ code: number; report: Record<string, unknown> }> {
  const output = file('report.json');
  const code = await runReplay([capture], {
    speed: 'max',
    quiet: '100ms',
    stateDir: LAB,
    format: 'json',
    to: `127.0.0.1:${target.ports.gateway}`,
    output,
    ...options,
  });
  return { code, report: JSON.parse(readFileSync(output, 'utf8')) as Record<string, unknown> };
}

interface Seen {
  readonly certificate: string | undefined;
  readonly alpn: string | false | null;
  readonly version: string | null;
}

/** A TLS peer that swallows everything, and what it saw of the handshake. */
async function peer(options: TlsOptions = {}): Promise<{ to: string; seen: Seen[] }> {
  const { certificate, key } = await lab.server();
  const seen: Seen[] = [];
  const server = createTls({ cert: certificate, key, ...options }, (socket) => {
    seen.push({
      certificate: socket.getPeerX509Certificate()?.toString(),
      alpn: socket.alpnProtocol,
      version: socket.getProtocol(),
    });
    socket.on('error', () => {});
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return { to: `127.0.0.1:${(server.address() as { port: number }).port}`, seen };
}

describe('connection options of replay', () => {
  it('goes through a proxy that is asked to CONNECT, and names one that refuses', async () => {
    const asked: string[] = [];
    const proxy = createHttp();
    proxy.on('connect', (request, socket: Socket) => {
      asked.push(String(request.url));
      const [host, port] = String(request.url).split(':');
      const inner = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        inner.pipe(socket).pipe(inner);
      });
      for (const one of [inner, socket]) one.on('error', () => {});
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    closing.push(() => proxy.close());
    const address = `127.0.0.1:${(proxy.address() as { port: number }).port}`;
    expect((await run({ proxy: `http://${address}` })).code).toBe(0);
    expect(asked).toEqual(Array.from({ length: 2 }, () => `127.0.0.1:${target.ports.gateway}`));
    proxy.removeAllListeners('connect');
    proxy.on('connect', (_, socket: Socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    await expect(run({ proxy: address })).rejects.toThrow(
      `The proxy ${address} refused to connect to 127.0.0.1:${target.ports.gateway} (403).`,
    );
    await expect(run({ proxy: '192.0.2.1:3128' })).rejects.toThrow('--allow-remote 192.0.2.1');
  });

  it('shows the client certificate of PEM files or of a PKCS#12 file, whose passphrase it needs', async () => {
    const { certificate, key } = await lab.device('client');
    writeFileSync(file('client.pem'), certificate);
    writeFileSync(file('client.key'), key);
    const { to, seen } = await peer({ requestCert: true, rejectUnauthorized: false });
    await run({ to, cert: file('client.pem'), certKey: file('client.key'), numbers: '1' });
    expect(seen[0].certificate).toBe(certificate);
    await run({ to, numbers: '1' });
    expect(seen[1].certificate).toBeUndefined();
    execFileSync('openssl', [
      ...['pkcs12', '-export', '-in', file('client.pem'), '-inkey', file('client.key')],
      ...['-passout', 'pass:secret', '-out', file('client.p12')],
    ]);
    await run({ to, pkcs12: file('client.p12'), passphrase: 'secret', numbers: '1' });
    expect(seen[2].certificate).toBe(certificate);
    await expect(run({ to, pkcs12: file('client.p12'), passphrase: 'wrong' })).rejects.toThrow('cannot be used: mac verify failure.');
    writeFileSync(file('broken.p12'), 'no PKCS#12');
    await expect(run({ to, pkcs12: file('broken.p12'), passphrase: 'x' })).rejects.toThrow(
      'The certificate or key for the connection cannot be used',
    );
    await expect(run({ to, pkcs12: file('nowhere.p12') })).rejects.toThrow('--pkcs12: cannot read');
  });

  it('asks for the server name and the protocols that are given, in the versions that are given', async () => {
    const names: (string | undefined)[] = [];
    const { to, seen } = await peer({
      ALPNProtocols: ['other', 'x-push'],
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    await run({ to, numbers: '1', serverName: 'localhost', alpn: 'x-push', tlsMax: 'TLSv1.2' });
    expect([names, seen[0].alpn, seen[0].version]).toEqual([['localhost'], 'x-push', 'TLSv1.2']);
    await run({ to, numbers: '1', tlsMin: 'TLSv1.3' });
    expect([seen[1].alpn, seen[1].version]).toEqual([false, 'TLSv1.3']);
    const old = await peer({ maxVersion: 'TLSv1.2' });
    await expect(run({ to: old.to, numbers: '1', tlsMin: 'TLSv1.3' })).rejects.toThrow('other --tls-min and --tls-max');
    await expect(run({ to, numbers: '1', serverName: 'wrong.example' })).rejects.toThrow('is for another name: give --server-name');
    await expect(run({ to, tlsMin: 'SSLv3' })).rejects.toThrow('--tls-min takes');
  });

  it('speaks packed to a courier that takes it, though the capture is not packed', async () => {
    const to = `127.0.0.1:${target.ports.courier}`;
    const { code, report } = await run({ to, filter: 'apns.dialect == "courier"', alpn: 'apns-pack-v1' }, DELIVERY);
    expect([code, report['findings'], report['sent']]).toEqual([0, [], 5]);
  });

  it('gives up a connection that is not taken in time, and an answer that does not come in time', async () => {
    const silent = createHttp();
    silent.on('connection', () => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const to = `127.0.0.1:${(silent.address() as { port: number }).port}`;
    await expect(run({ to, connectTimeout: '100ms', alpn: '' })).rejects.toThrow(
      /did not take the connection within 0\.1 s|does not answer as TLS does|closed the connection/,
    );
  });
});

describe('what is sent, and when', () => {
  it('opens a message in $EDITOR and sends what was made of it, without credentials in the file', async () => {
    const script = file('editor.sh');
    const sed = `sed -i.seen -e 's/hello/edited/' "$1"\ncp "$1.seen" ${file('seen.json')}\n`;
    writeFileSync(script, `#!/bin/sh\n${sed}`);
    chmodSync(script, 0o755);
    const before = { editor: process.env['EDITOR'], visual: process.env['VISUAL'] };
    process.env['VISUAL'] = script;
    try {
      const from = target.received().length;
      const { code } = await run({ edit: '1', numbers: '1' });
      expect(code).toBe(0);
      expect(Buffer.from(target.received()[from].payload ?? []).toString()).toContain('edited');
      expect(JSON.parse(readFileSync(file('seen.json'), 'utf8'))).toMatchObject({
        token: 'aa'.repeat(32),
        identifier: '0',
        payload: { aps: { alert: 'hello' } },
      });
      process.env['VISUAL'] = 'false';
      await expect(run({ edit: '1', numbers: '1' })).rejects.toThrow('the editor "false" ended with an error: nothing was sent.');
    } finally {
      if (before.visual === undefined) delete process.env['VISUAL'];
      else process.env['VISUAL'] = before.visual;
    }
    await expect(run({ edit: '99' })).rejects.toThrow('--edit: there is no message 99.');
  });

  it('signs provider tokens with the given key, which the service then knows', async () => {
    const { key, keyId, teamId } = target.signingKey;
    const signKey = file(`AuthKey_${keyId}.p8`);
    writeFileSync(signKey, key);
    const wish = { to: `127.0.0.1:${target.ports.http2}`, numbers: '35' };
    const unsigned = await run(wish, DELIVERY);
    expect(unsigned.report['findings']).toMatchObject([{ differences: [{ live: '403' }, { live: 'MissingProviderToken' }] }]);
    expect(unsigned.report['hints']).toMatchObject([expect.stringContaining('--sign-key')]);
    const { report } = await run({ ...wish, signKey, keyId, teamId, failOn: 'never' }, DELIVERY);
    expect(JSON.stringify(report['findings'])).not.toContain('ProviderToken');
    writeFileSync(file('no.p8'), 'nothing');
    await expect(run({ ...wish, signKey: file('no.p8'), keyId, teamId }, DELIVERY)).rejects.toThrow('is no P-256 private key in PEM');
    await expect(run({ ...wish, signKey: file('no.p8') }, DELIVERY)).rejects.toThrow('--key-id is missing');
    await expect(run({ ...wish, signKey, keyId }, DELIVERY)).rejects.toThrow('--team-id is missing');
  });

  it('keeps to the number of connections, and to that of open requests', async () => {
    let open = 0;
    let most = 0;
    const stop = target.on(({ kind, server }) => {
      if (server !== 'gateway') return;
      if (kind === 'connected') most = Math.max(most, ++open);
      if (kind === 'disconnected') open--;
    });
    const { code } = await run({ connections: 1 });
    stop();
    expect([code, most]).toEqual([0, 1]);
    await expect(run({ connections: 0 })).rejects.toThrow('--connections takes a number from 1.');
    const { report } = await run(
      { to: `127.0.0.1:${target.ports.http2}`, filter: 'apns.dialect == "http2"', concurrency: 1, failOn: 'never' },
      DELIVERY,
    );
    expect(report['answered']).toBe(5);
  });

  it('begins when it is told to', async () => {
    const before = Date.now();
    expect((await run({ startAt: '+0.3s', numbers: '1' })).code).toBe(0);
    expect(Date.now() - before).toBeGreaterThanOrEqual(300);
    await expect(run({ startAt: 'noon' })).rejects.toThrow('--start-at takes a time such as');
  });

  it('takes marks as the TUI saves them', async () => {
    writeFileSync(file('marks.json'), JSON.stringify({ file: GATEWAY, rows: [1, 2] }));
    expect((await run({ marks: file('marks.json') })).report['sent']).toBe(2);
    writeFileSync(file('marks.json'), JSON.stringify({ file: GATEWAY, rows: ['x'] }));
    await expect(run({ marks: file('marks.json') })).rejects.toThrow('with message numbers from 1.');
    await expect(run({ marks: file('nowhere') })).rejects.toThrow('cannot read');
  });

  it('stops between two messages on Ctrl-C, reports what was sent, and exits with 130', async () => {
    let seen = 0;
    const stop = target.on(({ kind, server }) => {
      if (server === 'gateway' && (kind === 'received' || kind === 'stored' || kind === 'delivered') && seen++ === 0)
        process.emit('SIGINT');
    });
    const { code, report } = await run({ speed: '0.01x', quiet: '50ms', loop: 3 });
    stop();
    expect([code, report['interrupted'], report['sent'], report['planned']]).toEqual([130, true, 1, 15]);
    expect((report['outcomes'] as Record<string, number>)['not_sent']).toBe(14);
    expect(report['findings']).toMatchObject([{ number: 1, outcome: 'missing', why: 'interrupted before the answer' }]);
  });
});
