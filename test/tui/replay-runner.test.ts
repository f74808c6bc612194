/** What the replay form offers beyond target and pace, against an emulator. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.ts';
import { startReplay } from '../../src/tui/replay-runner.ts';
import { FIRST_FORM, type ReplayForm, type ReplayState, replayState } from '../../src/tui/replay-view.ts';
import type { Source } from '../../src/tui/source.ts';
import { sourceOf } from '../support/tui.ts';

let directory: string;
let before: string | undefined;
let emulator: Emulator;
let source: Source;
/** A push with a provider token, in HTTP/2 without TLS. */
let row: number;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'form-'));
  before = process.env['XDG_STATE_HOME'];
  process.env['XDG_STATE_HOME'] = directory;
  emulator = await startEmulator({ directory: join(directory, 'apns-inspect', 'lab'), unknownTokens: 'accept' });
  source = await sourceOf('findings/http2.pcap');
  const { timeline } = source;
  row = [...Array(timeline.length).keys()].find((at) => timeline.message(at).label === 'Push') as number;
});
afterAll(async () => {
  await emulator.stop();
  if (before === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = before;
  rmSync(directory, { recursive: true, force: true });
});

/** Runs until `until` says so, and stops then; the state of the view. */
async function replayed(change: Partial<ReplayForm>, until = (s: ReplayState) => s.phase === 'done' || s.phase === 'failed') {
  let state = replayState({ ...FIRST_FORM, dry: 'no', target: `127.0.0.1:${emulator.ports.http2}`, speed: 'max', ...change });
  await new Promise<void>((resolve) => {
    const running = startReplay(source.timeline, [row], state.form, (made) => {
      state = { ...state, ...made(state) };
      if (state.phase === 'done' || state.phase === 'failed') resolve();
      else if (until(state)) running.stop();
    });
  });
  return state;
}

const last = () => emulator.received({ command: 'push' }).at(-1);

test('fields are set in what is sent', async () => {
  const state = await replayed({ set: 'payload.aps.badge=77; topic=com.example.other' });
  expect(state).toMatchObject({ phase: 'done', error: undefined });
  expect(last()?.topic).toBe('com.example.other');
  expect(Buffer.from(last()?.payload ?? []).toString()).toContain('"badge":77');
});

test('what is no change is told as on the command line', async () => {
  expect(await replayed({ set: 'badge' })).toMatchObject({ phase: 'failed', error: expect.stringMatching(/^--set takes FIELD=VALUE/) });
});

test('provider tokens are signed anew with the key that is named', async () => {
  const path = join(directory, 'AuthKey_ABCDE12345.p8');
  writeFileSync(path, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }));
  expect(await replayed({ signKey: path, teamId: 'TEAM123456' })).toMatchObject({ phase: 'done' });
  const [, token = ''] = last()?.headers?.find(([name]) => name === 'authorization') ?? [];
  const [head, claims] = token
    .replace('bearer ', '')
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString());
  expect(JSON.parse(head)).toMatchObject({ kid: 'ABCDE12345' });
  expect(JSON.parse(claims)).toMatchObject({ iss: 'TEAM123456' });
  expect(await replayed({ signKey: path })).toMatchObject({ phase: 'failed', error: expect.stringContaining('--team-id is missing') });
  expect(await replayed({ signKey: join(directory, 'none.p8'), keyId: 'A', teamId: 'B' })).toMatchObject({
    error: expect.stringContaining('no such file'),
  });
});

test('a proxy is asked for the connection', async () => {
  const asked: string[] = [];
  const proxy: Server = createServer((socket) => {
    socket.once('data', (head) => {
      asked.push(String(head).split('\r\n')[0]);
      const there = connect(Number(asked[0].match(/:(\d+) /)?.[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(there).pipe(socket);
      });
      for (const s of [there, socket]) s.on('error', () => undefined);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  expect(await replayed({ proxy: `127.0.0.1:${port}` })).toMatchObject({ phase: 'done', sent: 1 });
  expect(asked).toEqual([`CONNECT 127.0.0.1:${emulator.ports.http2} HTTP/1.1`]);
  proxy.close();
});

test('as a server it listens for devices, and says where', async () => {
  const state = await replayed({ role: 'server', listen: '0', tls: 'none' }, (s) => s.remarks.length > 0);
  expect(state.remarks[0]).toMatch(/^listening on 127\.0\.0\.1:\d+ for devices$/);
  expect(await replayed({ role: 'server' })).toMatchObject({ phase: 'failed', error: expect.stringContaining('set Listen') });
});
