import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { emulatorOptions } from '../../src/cli/emulator.ts';
import { gateway } from '../../src/codec/gateway.ts';
import { tlv } from '../../src/codec/tlv.ts';
import { LAB_DIRECTORY } from '../support/lab.ts';

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

interface Run {
  readonly child: ChildProcess;
  readonly line: () => Promise<string>;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

function run(...args: string[]): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', ...args, '--state-dir', LAB_DIRECTORY], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let stdout = '';
  let stderr = '';
  const lines: string[] = [];
  let wake: (() => void) | undefined;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    lines.push(...text.split('\n').filter((line) => line !== ''));
    wake?.();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return {
    child,
    line: async () => {
      while (lines.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return lines.shift() as string;
    },
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr }))),
  };
}

/** What the analyzer reads of the binary dialects in a capture; it has no state directory. */
function listing(path: string): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const args = ['--import', 'tsx', 'src/main.ts', 'list', path, '--format', 'jsonl', '--limit', '20', '-Y', 'apns.dialect != "http2"'];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, stdout, stderr }));
  });
}

describe('apns-inspect emulator and device', () => {
  it('start on free ports, print them as JSON, deliver, and end with 0 on SIGTERM and SIGINT', async () => {
    const emulator = run('emulator', '--port', '0', '--ready-json');
    const ready = JSON.parse(await emulator.line()) as {
      ports: Record<string, number>;
      control: { url: string; token: string };
      ca: string;
    };
    expect(Object.keys(ready.ports).sort()).toEqual(['control', 'courier', 'feedback', 'gateway', 'http2']);
    const device = run('device', '--port', String(ready.ports['courier']), '--count', '1', '--json', '--dialect', 'packed');
    const { token } = JSON.parse(await device.line()) as { token: string };
    const answer = await fetch(`${ready.control.url}/inject`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ready.control.token}` },
      body: JSON.stringify({ to: token, topic: 'com.example.app', payload: { aps: { alert: 'hi' } } }),
    });
    expect(answer.status).toBe(200);
    expect(JSON.parse(await device.line())).toMatchObject({
      event: 'message',
      topic: 'com.example.app',
      payload: { aps: { alert: 'hi' } },
    });
    expect((await device.ended).code).toBe(0);
    emulator.child.kill('SIGTERM');
    expect(await emulator.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('end soon, with whole files, while clients flood every message server', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'apns-flood-'));
    const log = join(directory, 'log.jsonl');
    const capture = join(directory, 'run.pcapng');
    const files = ['--log', log, '--capture', capture];
    const emulator = run('emulator', '--port', '0', '--ready-json', '--plaintext', '--accept-unknown-tokens', ...files);
    const { ports } = JSON.parse(await emulator.line()) as { ports: Record<string, number> };
    const token = Buffer.alloc(32, 0xab);
    const pieces = {
      gateway: gateway.encode('notification', { token, payload: '{"aps":{"alert":"flood"}}', identifier: 1, expiry: 0 }, 0),
      courier: tlv.encode('keep_alive', {}, 0),
    };
    const flooding = (['gateway', 'gateway', 'courier'] as const).map((server) => {
      const socket = connect(ports[server], '127.0.0.1').on('error', () => {});
      if (server === 'courier') socket.write(tlv.encode('connect', { token, state: 1, protocol_version: 9 }, 0));
      const bytes = Buffer.concat(new Array<Uint8Array>(500).fill(pieces[server]));
      const write = (): void => {
        for (let n = 0; n < 100 && socket.writable; n++) if (!socket.write(bytes)) break;
      };
      socket.on('connect', write).on('drain', write).resume();
      return new Promise((resolve) => socket.once('close', resolve));
    });
    const session = connectHttp2(`http://127.0.0.1:${ports['http2']}`).on('error', () => {});
    const request = (): void => {
      if (session.closed || session.destroyed) return;
      const stream = session.request({ ':method': 'POST', ':path': `/3/device/${token.toString('hex')}` });
      stream
        .on('error', () => {})
        .on('close', request)
        .resume()
        .end('{"aps":{}}');
    };
    for (let n = 0; n < 50; n++) request();
    flooding.push(new Promise((resolve) => session.once('close', resolve)));
    while (!existsSync(log) || statSync(log).size < 200_000) await new Promise((resolve) => setTimeout(resolve, 20));
    emulator.child.kill('SIGTERM');
    expect(await emulator.ended).toMatchObject({ code: 0, stderr: '' });
    await Promise.all(flooding);
    const text = readFileSync(log, 'utf8');
    expect(text.endsWith('\n')).toBe(true);
    const records = text.trimEnd().split('\n');
    expect(records.map((line, index) => (JSON.parse(line) as { n: number }).n === index + 1)).not.toContain(false);
    expect(text).toContain('"reason":"MissingProviderToken"');
    const listed = await listing(capture);
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout.match(/"message":"(connect|keep_alive|notification)"/g)).toHaveLength(20);
    await rm(directory, { recursive: true });
  }, 60_000);

  it('say in one sentence what is wrong: a port in use, nobody listening, a bad rule', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const inUse = await run('emulator', '--port', '0', '--http2-port', String(port)).ended;
    expect(inUse).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apns-inspect: The http2 server cannot start: port \d+ on 127\.0\.0\.1 is in use\.[^\n]*\n$/),
    });
    await new Promise((resolve) => taken.close(resolve));
    const nobody = await run('device', '--port', String(port)).ended;
    expect(nobody).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apns-inspect: Nothing listens on 127\.0\.0\.1:\d+: start "apns-inspect emulator" first[^\n]*\n$/),
    });
    const rule = await run('emulator', '--port', '0', '--rule', 'tokn=ab,drop').ended;
    expect(rule).toMatchObject({ code: 2, stderr: expect.stringContaining('no key "tokn"') });
  });
});

describe('the words of the command line', () => {
  it('become options', () => {
    const options = emulatorOptions({
      port: 0,
      only: 'http2,courier',
      rule: ['token=ab*,drop'],
      name: ['push.test', '10.0.0.1'],
      storeAll: true,
      verify: 'off',
      device: [],
    });
    expect(options).toMatchObject({
      ports: { courier: 0, gateway: false, feedback: false, http2: 0, control: 0 },
      rules: [{ when: { token: 'ab*' }, do: { drop: true } }],
      names: ['push.test'],
      addresses: ['10.0.0.1'],
      keep: 'all',
      courier: { verify: 'off' },
    });
    expect(emulatorOptions({}).ports).toEqual({ courier: 5223, gateway: 2195, feedback: 2196, http2: 2197, control: 2198 });
  });

  it('are refused with the words that would do', () => {
    expect(() => emulatorOptions({ environment: 'staging' })).toThrow('--environment takes sandbox, production, not "staging"');
    expect(() => emulatorOptions({ only: 'smtp' })).toThrow('there are courier, gateway');
    expect(() => emulatorOptions({ key: ['key.p8'] })).toThrow('AuthKey_<key id>.p8');
  });
});
