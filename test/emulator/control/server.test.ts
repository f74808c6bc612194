import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ROUTES } from '../../../src/emulator/control/routes.ts';
import { connectDevice } from '../../../src/emulator/device/connection.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/index.ts';
import { LAB_DIRECTORY } from '../../support/lab.ts';

const TOKEN = 'ab'.repeat(32);
const APP = 'com.example.app';
let emulator: Emulator;
let url: string;
let authorization: string;

beforeAll(async () => {
  emulator = await startEmulator({ directory: LAB_DIRECTORY, plaintext: true });
  url = emulator.control?.url as string;
  authorization = `Bearer ${emulator.control?.token}`;
});
afterAll(() => emulator.stop());
beforeEach(() => emulator.reset());

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; json: any }> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: await response.json() };
}

describe('access to the control API', () => {
  const CASES: readonly [string, Record<string, string>, number][] = [
    ['the token', {}, 200],
    ['no token', { authorization: '' }, 401],
    ['a wrong token of the same length', { authorization: 'Bearer aaaaaaaaaaaaaaaaaaaaaaaa' }, 401],
    ['a page’s origin', { origin: 'http://evil.example' }, 403],
    ['the mark of a browser', { 'sec-fetch-site': 'cross-site' }, 403],
    ['the host name of somebody else (DNS rebinding)', { host: 'evil.example:2198' }, 403],
  ];
  for (const [what, headers, status] of CASES) {
    it(`answers ${status} to a request with ${what}`, async () => {
      // fetch does not let one set Host and Origin.
      const answered = await new Promise((resolve, reject) => {
        const request = httpRequest(`${url}/status`, { headers: { authorization, ...headers } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        request.on('error', reject).end();
      });
      expect(answered).toBe(status);
    });
  }
});

describe('the control API', () => {
  it('lists its routes, each with a sentence, and explains wrong paths, methods and bodies', async () => {
    expect((await ask('GET', '/')).json).toHaveLength(ROUTES.length);
    expect(await ask('GET', '/nowhere')).toMatchObject({ status: 404, json: { error: expect.stringContaining('GET / lists') } });
    expect(await ask('PATCH', '/rules')).toMatchObject({ status: 405, json: { error: expect.stringContaining('GET, POST, PUT, DELETE') } });
    expect((await fetch(`${url}/rules`, { method: 'POST', headers: { authorization }, body: '{' })).status).toBe(400);
    expect(await ask('POST', '/rules', { do: { stauts: 1 } })).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('stauts') },
    });
  });

  it('registers devices, declares tokens dead and forgets them', async () => {
    expect((await ask('POST', '/devices', { token: TOKEN, name: 'phone', topics: [APP] })).json).toMatchObject({
      token: TOKEN,
      online: false,
    });
    expect((await ask('PUT', `/tokens/${TOKEN}`, { state: 'unregistered', since: '2026-01-01T00:00:00Z' })).json).toMatchObject({
      state: 'unregistered',
      since: '2026-01-01T00:00:00.000Z',
    });
    expect((await ask('GET', '/devices')).json).toHaveLength(1);
    expect((await ask('DELETE', `/devices/${TOKEN}`)).status).toBe(200);
    expect((await ask('GET', `/tokens/${TOKEN}`)).status).toBe(404);
    expect(await ask('POST', '/devices', { token: 'xyz' })).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('no device token') },
    });
  });

  it('injects, and shows, waits for and asserts what was received', async () => {
    const got: string[] = [];
    const filtered = new Promise((resolve) => emulator.on((event) => event.kind === 'filter' && resolve(event)));
    const device = await connectDevice({
      port: emulator.ports.courier as number,
      plaintext: true,
      token: TOKEN,
      topics: [APP],
      onEvent: (event) => event.kind === 'message' && got.push(Buffer.from(event.message.payload).toString()),
    });
    await filtered;
    const acknowledged = new Promise((resolve) => emulator.on((event) => event.kind === 'acknowledged' && resolve(event)));
    const injected = await ask('POST', '/inject', { to: 'all', topic: APP, payload: { aps: {} } });
    expect(injected.json).toMatchObject([{ token: TOKEN, state: 'delivered', attempts: 1 }]);
    await acknowledged;
    expect(got).toEqual(['{"aps":{}}']);
    expect((await ask('GET', `/received?server=courier&command=connect&token=abab`)).json).toMatchObject([
      { server: 'courier', command: 'connect' },
    ]);
    const waiting = ask('GET', '/received/wait?command=message&timeout=10s');
    device.peer.send(APP, Buffer.from('up'));
    expect((await waiting).json).toMatchObject([{ command: 'message', payloadBase64: Buffer.from('up').toString('base64') }]);
    expect((await ask('POST', '/received/assert', { query: { command: 'message' }, count: 1 })).status).toBe(200);
    expect(await ask('POST', '/received/assert', { query: { command: 'message' }, count: 2 })).toMatchObject({
      status: 409,
      json: { error: expect.stringContaining('Expected 2') },
    });
    expect((await ask('GET', '/received/wait?command=never&timeout=1ms')).status).toBe(408);
    const flushed = new Promise((resolve) => emulator.on((event) => event.detail === 'flush_response' && resolve(event)));
    expect((await ask('POST', `/devices/${TOKEN}/flush`, { size: 64 })).status).toBe(200);
    await flushed;
    expect((await ask('POST', `/devices/${TOKEN}/redirect`, { reason: 'test' })).status).toBe(200);
    await device.ended;
  });

  it('sets, lists and removes rules', async () => {
    const { json } = await ask('POST', '/rules', [{ do: { delay: '1s' } }, { name: 'two', do: { drop: true } }]);
    expect((await ask('GET', '/rules')).json).toMatchObject([{ rule: { do: { delay: 1000 } } }, { rule: { name: 'two' } }]);
    expect((await ask('DELETE', `/rules/${json[0].id}`)).status).toBe(200);
    expect((await ask('DELETE', `/rules/${json[0].id}`)).status).toBe(404);
    expect((await ask('PUT', '/rules', [{ do: { status: 8 } }])).json).toHaveLength(1);
    await ask('DELETE', '/rules');
    expect((await ask('GET', '/rules')).json).toEqual([]);
  });

  it('moves the clock', async () => {
    expect((await ask('POST', '/clock', { freeze: true, set: '2026-11-21T12:00:00Z' })).json).toEqual({
      time: '2026-11-21T12:00:00.000Z',
      frozen: true,
    });
    expect((await ask('POST', '/clock', { advance: '90s' })).json.time).toBe('2026-11-21T12:01:30.000Z');
    expect(await ask('POST', '/clock', { advance: 'soon' })).toMatchObject({ status: 400 });
    expect((await ask('POST', '/clock', { reset: true })).json.frozen).toBe(false);
  });

  it('takes servers down and up, cuts connections, sends GOAWAY and status 10', async () => {
    expect((await ask('POST', '/faults/down/gateway')).status).toBe(200);
    expect((await ask('GET', '/status')).json.listening.gateway).toBe(false);
    expect((await ask('POST', '/faults/up/gateway')).status).toBe(200);
    expect((await ask('GET', '/status')).json.listening.gateway).toBe(emulator.ports.gateway);
    for (const path of ['goaway', 'shutdown', 'reset/courier'])
      expect((await ask('POST', `/faults/${path}`, path === 'goaway' ? { reason: 'x' } : undefined)).status).toBe(200);
    expect((await ask('POST', '/faults/down/nothing')).status).toBe(400);
  });

  it('streams events as lines of JSON', async () => {
    const abort = new AbortController();
    const response = await fetch(`${url}/events`, { headers: { authorization }, signal: abort.signal });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    emulator.addDevice({ token: TOKEN });
    emulator.inject({ to: TOKEN, topic: APP, payload: 1 });
    const { value } = await reader.read();
    const event = JSON.parse(
      Buffer.from(value as Uint8Array)
        .toString()
        .split('\n')[0],
    );
    expect(event).toMatchObject({ kind: 'stored', token: TOKEN, topic: APP });
    abort.abort();
  });

  it('forgets everything on reset', async () => {
    emulator.addDevice({ token: TOKEN });
    emulator.inject({ to: TOKEN, topic: APP, payload: 1 });
    await ask('POST', '/reset');
    expect((await ask('GET', '/status')).json).toMatchObject({ devices: 0, stored: 0 });
  });
});
