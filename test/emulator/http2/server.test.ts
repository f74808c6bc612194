import { mkdtemp, rm } from 'node:fs/promises';
import http2 from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { StreamLimitMask } from '../../../src/emulator/http2/stream-limit.ts';
import { type Emulator, type EmulatorOptions, Lab, signProviderToken, startEmulator } from '../../../src/emulator/index.ts';
import { LAB_DIRECTORY } from '../../support/lab.ts';

const TOKEN = 'ab'.repeat(32);
const open: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator({
    directory: LAB_DIRECTORY,
    ports: { courier: false, gateway: false, feedback: false, control: false },
    ...options,
  });
  emulator.addDevice({ token: TOKEN });
  open.push(() => emulator.stop());
  return emulator;
}

function connect(emulator: Emulator, more: http2.SecureClientSessionOptions = {}): http2.ClientHttp2Session {
  const session = http2.connect(`https://localhost:${emulator.ports.http2}`, { ca: emulator.lab.authority.certificate, ...more });
  session.on('error', () => {});
  open.push(() => session.destroy());
  return session;
}

function push(emulator: Emulator, session: http2.ClientHttp2Session, token = TOKEN): Promise<{ status: number; body: string }> {
  const { key, keyId, teamId } = emulator.signingKey;
  const jwt = signProviderToken(key, keyId, teamId, Math.floor(Date.now() / 1000));
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': `/3/device/${token}`,
      authorization: `bearer ${jwt}`,
      'apns-topic': 'com.example.app',
    });
    let status = 0;
    let body = '';
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      body += text;
    });
    stream.on('end', () => (status === 0 ? reject(new Error('no answer')) : resolve({ status, body })));
    stream.on('error', reject);
    stream.on('close', () => reject(new Error(`closed with ${stream.rstCode}`)));
    stream.end('{"aps":{}}');
  });
}

const goawayOf = (session: http2.ClientHttp2Session): Promise<{ code: number; lastStream: number; debug: unknown }> =>
  new Promise((resolve) => {
    session.once('goaway', (code, lastStream, data) =>
      resolve({ code, lastStream, debug: data === undefined ? undefined : JSON.parse(Buffer.from(data).toString()) }),
    );
  });
const closeOf = (session: http2.ClientHttp2Session): Promise<void> => new Promise((resolve) => session.once('close', resolve));

describe('sessions', () => {
  it('announce one stream until the first valid token, the full number after it, and one after a rejection', async () => {
    const emulator = await start();
    const session = connect(emulator);
    const limits: (number | undefined)[] = [];
    session.on('remoteSettings', (settings) => limits.push(settings.maxConcurrentStreams));
    // Changes come one by one, each after the answer that brought it.
    const afterPing = (): Promise<void> => new Promise((resolve) => session.ping(() => resolve()));
    for (const token of [TOKEN, 'cd'.repeat(32), TOKEN]) {
      await push(emulator, session, token);
      await afterPing();
    }
    expect(limits).toEqual([1, 1000, 1, 1000]);
  });

  it('serve clients that open many streams at once all the same', async () => {
    const emulator = await start();
    const session = connect(emulator);
    const answers = await Promise.all(Array.from({ length: 50 }, () => push(emulator, session)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('stay open when many pushes at once are taken and refused in turns, and end with the limit of the last one', async () => {
    const emulator = await start();
    const session = connect(emulator);
    let limit: number | undefined;
    session.on('remoteSettings', (settings) => {
      limit = settings.maxConcurrentStreams;
    });
    await push(emulator, session);
    const tokens = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? TOKEN : 'cd'.repeat(32)));
    const answers = await Promise.all(tokens.map((token) => push(emulator, session, token)));
    expect(answers.map(({ status }) => status)).toEqual(tokens.map((token) => (token === TOKEN ? 200 : 400)));
    await push(emulator, session);
    for (let n = 0; n < 4; n++) await new Promise<void>((resolve) => session.ping(() => resolve()));
    expect(limit).toBe(1000);
  });

  it('announce the full number at once with a certificate', async () => {
    const emulator = await start({ maxStreams: 7 });
    const { certificate, key } = await emulator.lab.provider({ bundle: 'com.example.app' });
    const session = connect(emulator, { cert: certificate, key });
    const limit = await new Promise((resolve) => session.once('remoteSettings', (settings) => resolve(settings.maxConcurrentStreams)));
    expect(limit).toBe(7);
    expect(await push(emulator, session)).toEqual({ status: 200, body: '' });
  });

  it('are told BadCertificate and BadCertificateEnvironment by GOAWAY', async () => {
    const production = await start({ environment: 'production' });
    const development = await production.lab.provider({ bundle: 'com.example.app', environment: 'development' });
    expect(await goawayOf(connect(production, { cert: development.certificate, key: development.key }))).toEqual({
      code: 0,
      lastStream: 0,
      debug: { reason: 'BadCertificateEnvironment' },
    });
    const strict = await start({ clientCertificates: 'lab' });
    const elsewhere = await mkdtemp(join(tmpdir(), 'apns-foreign-'));
    const foreign = await (await Lab.open(elsewhere)).provider({ bundle: 'com.example.app' });
    await rm(elsewhere, { recursive: true });
    expect((await goawayOf(connect(strict, { cert: foreign.certificate, key: foreign.key }))).debug).toEqual({ reason: 'BadCertificate' });
  });

  it('are told Shutdown by GOAWAY when the emulator stops, and answers under way still come', async () => {
    const emulator = await start({ rules: [{ when: {}, do: { delay: 100 } }] });
    const session = connect(emulator);
    const goaway = goawayOf(session);
    const answer = push(emulator, session);
    await new Promise((resolve) => emulator.on((event) => event.kind === 'fault' && resolve(undefined)));
    await emulator.stop();
    expect((await goaway).debug).toEqual({ reason: 'Shutdown' });
    expect((await answer).status).toBe(200);
  });
});

describe('a flood', () => {
  /** A HEADERS frame that opens a stream, and the RST_STREAM that takes it back. */
  const takenBack = (stream: number): Buffer => {
    const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
    // POST, https, a path and an authority, as literals with indexed names.
    const block = Buffer.concat([Buffer.from([0x83, 0x87, 0x04]), text(`/3/device/${TOKEN}`), Buffer.from([0x41]), text('localhost')]);
    const frame = Buffer.alloc(9 + block.length + 13);
    frame.writeUIntBE(block.length, 0, 3);
    frame[3] = 1;
    frame[4] = 4;
    frame.writeUInt32BE(stream, 5);
    block.copy(frame, 9);
    const reset = 9 + block.length;
    frame.writeUIntBE(4, reset, 3);
    frame[reset + 3] = 3;
    frame.writeUInt32BE(stream, reset + 5);
    frame.writeUInt32BE(8, reset + 9);
    return frame;
  };

  it('of requests that are taken back at once is told to calm down, and ends its connection and no other', async () => {
    const emulator = await start({ plaintext: true });
    const other = http2.connect(`http://127.0.0.1:${emulator.ports.http2}`);
    open.push(() => other.destroy());
    const socket = connectTcp(emulator.ports.http2 as number, '127.0.0.1').on('error', () => {});
    const gone = new Promise((resolve) => emulator.on(({ kind }) => kind === 'disconnected' && resolve(kind)));
    const heard: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => heard.push(bytes));
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from('000000040000000000', 'hex')]));
    for (let n = 0; n < 900; n++) socket.write(takenBack(1 + 2 * n));
    await gone;
    const goaway = Buffer.concat(heard).indexOf(Buffer.from('000008070000000000', 'hex'));
    expect(Buffer.concat(heard).readUInt32BE(goaway + 13)).toBe(11);
    expect(emulator.status()['connections']).toMatchObject({ http2: 1 });
    expect(await push(emulator, other)).toMatchObject({ status: 200 });
  });

  it('is none of 500 that are taken back among others that are answered', async () => {
    const emulator = await start({ plaintext: true });
    const session = http2.connect(`http://127.0.0.1:${emulator.ports.http2}`);
    open.push(() => session.destroy());
    for (let round = 0; round < 6; round++) {
      for (let n = 0; n < 50; n++) {
        const stream = session.request({ ':method': 'POST', ':path': '/3/device/ab' }).on('error', () => {});
        stream.close(http2.constants.NGHTTP2_CANCEL);
      }
      for (let n = 0; n < 5; n++) expect(await push(emulator, session)).toMatchObject({ status: 200 });
    }
    expect(session.closed).toBe(false);
  });

  it('of short headers is taken as long as the list is not longer than was announced', async () => {
    const emulator = await start({ plaintext: true });
    const session = http2.connect(`http://127.0.0.1:${emulator.ports.http2}`);
    open.push(() => session.destroy());
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`x-${n}`, '1']));
    const stream = session.request({ ':method': 'POST', ':path': '/3/device/ab', ...many });
    const status = new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])));
    stream.resume().end('{}');
    expect(await status).toBe(403);
  });
});

describe('the headers of an answer', () => {
  it('are those of APNs and no others: no date, and no DATA frame after a success', async () => {
    const emulator = await start();
    const session = connect(emulator);
    const headers = await new Promise<http2.IncomingHttpHeaders>((resolve) => {
      const stream = session.request({ ':method': 'POST', ':path': '/3/device/ff' }, { endStream: true });
      stream.on('response', resolve);
      stream.resume();
    });
    expect(Object.keys(headers).sort()).toEqual([':status', 'apns-id', 'apns-unique-id', 'content-type']);
  });
});

describe('the headers of a request', () => {
  it('are UTF-8 where they are that: a collapse id of 64 bytes is good, one of 65 is not, and odd case of names is the same name', async () => {
    const emulator = await start();
    const { key, keyId, teamId } = emulator.signingKey;
    const authorization = `Bearer ${signProviderToken(key, keyId, teamId, Math.floor(Date.now() / 1000))}`;
    const session = connect(emulator);
    const statusOf = (collapseId: string): Promise<unknown> =>
      new Promise((resolve) => {
        // Node writes the characters of a header as bytes.
        const id = Buffer.from(collapseId).toString('latin1');
        const headers = { ':method': 'POST', ':path': `/3/device/${TOKEN}`, 'APNs-Topic': 'com.example.app', 'Apns-Collapse-ID': id };
        const stream = session.request({ ...headers, Authorization: authorization }).on('response', (answer) => resolve(answer[':status']));
        stream.resume().end('{"aps":{}}');
      });
    expect(await statusOf('é'.repeat(32))).toBe(200);
    expect(await statusOf(`${'é'.repeat(32)}x`)).toBe(400);
    expect(emulator.received({ status: 200 }).map(({ push }) => push?.body.collapseId)).toEqual(['é'.repeat(32)]);
  });
});

describe('rules over HTTP/2', () => {
  it('force a reason with its status, or another status', async () => {
    const emulator = await start({
      rules: [
        { when: { nth: 1 }, do: { reason: 'ServiceUnavailable' } },
        { when: { nth: 1 }, do: { reason: 'Unregistered', timestamp: 1_700_000_000_000 } },
        { when: { nth: 1 }, do: { reason: 'NeverHeardOf', status: 418 } },
      ],
    });
    const session = connect(emulator);
    expect(await push(emulator, session)).toEqual({ status: 503, body: '{"reason":"ServiceUnavailable"}' });
    expect(await push(emulator, session)).toEqual({ status: 410, body: '{"reason":"Unregistered","timestamp":1700000000000}' });
    expect(await push(emulator, session)).toEqual({ status: 418, body: '{"reason":"NeverHeardOf"}' });
    expect((await push(emulator, session)).status).toBe(200);
  });

  it('send GOAWAY twice, then close; new streams find the session closed', async () => {
    const emulator = await start({ rules: [{ when: { nth: 2 }, do: { goaway: { reason: 'IdleTimeout', twice: true } } }] });
    const session = connect(emulator);
    const seen: unknown[] = [];
    session.on('goaway', (_code, _last, data) => seen.push(data === undefined ? undefined : JSON.parse(Buffer.from(data).toString())));
    await push(emulator, session);
    const closed = closeOf(session);
    expect((await push(emulator, session)).status).toBe(200);
    await closed;
    expect(seen).toEqual([{ reason: 'IdleTimeout' }, { reason: 'IdleTimeout' }]);
  });

  it('leave a request without an answer, close before it, reset, and close after it', async () => {
    const emulator = await start({ rules: [{ when: { nth: 1 }, do: { drop: true } }] });
    const silent = connect(emulator);
    push(emulator, silent).catch(() => undefined);
    expect(await emulator.waitFor({ status: -1 })).toHaveLength(1);
    for (const close of ['before', 'reset'] as const) {
      emulator.clearRules();
      emulator.addRule({ when: {}, do: { close } });
      await expect(push(emulator, connect(emulator))).rejects.toThrow();
    }
    emulator.clearRules();
    emulator.addRule({ when: {}, do: { close: 'after' } });
    const polite = connect(emulator);
    const closed = closeOf(polite);
    expect((await push(emulator, polite)).status).toBe(200);
    await closed;
  });

  it('refuse, delay and spoil connections', async () => {
    const emulator = await start();
    emulator.addRule({ when: { on: 'connect', nth: 1 }, do: { refuse: true } });
    await expect(push(emulator, connect(emulator))).rejects.toThrow();
    emulator.clearRules();
    emulator.addRule({ when: { on: 'connect', nth: 1 }, do: { garbage: 32 } });
    await expect(push(emulator, connect(emulator))).rejects.toThrow();
    emulator.clearRules();
    emulator.addRule({ when: { on: 'connect' }, do: { split: 7, records: 5, accept: 50 } });
    expect(await push(emulator, connect(emulator))).toEqual({ status: 200, body: '' });
  });

  it('take the port down and up again', async () => {
    const emulator = await start();
    await emulator.down('http2');
    await expect(push(emulator, connect(emulator))).rejects.toThrow(/ECONNREFUSED|closed/);
    await emulator.up('http2');
    expect((await push(emulator, connect(emulator))).status).toBe(200);
  });
});

describe('the announced stream limit', () => {
  it('is written into SETTINGS wherever a write is cut, and nowhere else', () => {
    const settings = Buffer.from('000006040000000000000300000064', 'hex');
    const data = Buffer.concat([Buffer.from('00000f000000000001', 'hex'), settings]);
    const all = Buffer.concat([settings, data, settings]);
    const wanted = Buffer.from(all);
    wanted.writeUInt32BE(1, 11);
    wanted.writeUInt32BE(1, settings.length + data.length + 11);
    for (let cut = settings.length; cut <= settings.length + data.length; cut++) {
      const mask = new StreamLimitMask(1);
      const pieces = [Buffer.from(all.subarray(0, cut)), Buffer.from(all.subarray(cut))];
      for (const piece of pieces) mask.rewrite(piece);
      expect(Buffer.concat(pieces).equals(wanted)).toBe(true);
    }
  });
});
