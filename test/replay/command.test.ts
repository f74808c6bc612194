import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReplayOptions, runReplay } from '../../src/cli/replay.ts';
import type { Emulator } from '../../src/emulator/index.ts';
import { emulator, LAB } from '../support/replay-lab.ts';

const PLAIN = 'captures/apn-gateway/apn-plain.pcap';
const directory = mkdtempSync(join(tmpdir(), 'apns-replay-command-'));
let target: Emulator;

beforeAll(async () => {
  target = await emulator({ gateway: { defaultTopic: 'com.example.app' }, clientCertificates: 'none' });
  for (const byte of ['aa', 'ab', 'ac', 'ad']) target.addDevice({ token: byte.repeat(32) });
});
afterAll(() => target.stop());

async function run(options: ReplayOptions, files = [PLAIN]): Promise<{ code: number; text: string }> {
  const output = join(directory, 'report');
  const code = await runReplay(files, {
    speed: 'max',
    quiet: '150ms',
    stateDir: LAB,
    to: `127.0.0.1:${target.ports.gateway}`,
    output,
    ...options,
  });
  return { code, text: readFileSync(output, 'utf8') };
}

describe('apns-inspect replay', () => {
  it('proves with the record of the emulator that what was sent arrived, also when messages were sent twice', async () => {
    const control = { control: target.control?.url as string, controlToken: target.control?.token as string };
    const { code, text } = await run({ ...control, format: 'json' });
    expect(code).toBe(0);
    const report = JSON.parse(text) as Record<string, unknown>;
    expect([report['planned'], report['sent'], report['record']]).toEqual([5, 5, { sent: 5, received: 5, same: 5 }]);
    const rule = target.addRule({ when: { server: 'gateway', token: 'aa*' }, times: 1, do: { status: 1 } });
    const again = await run({ ...control, format: 'json', failOn: 'never' });
    target.removeRule(rule);
    expect(again.code).toBe(0);
    expect((JSON.parse(again.text) as Record<string, unknown>)['record']).toEqual({ sent: 5, received: 5, same: 5 });
  });

  it('exits with 3 when an answer differs, and names it in every format', async () => {
    const wish = { numbers: '3', set: [`token=${'aa'.repeat(32)}`] };
    const table = await run(wish);
    expect(table.code).toBe(3);
    expect(table.text).toContain('answer: "error" → "silence (accepted)"');
    const junit = await run({ ...wish, format: 'junit' });
    expect(junit.text).toContain('<testsuite name="stream 0 (gateway)" tests="1" failures="1" errors="0" skipped="0">');
    expect(junit.text).toContain('<failure message="different">answer: &quot;error&quot; → &quot;silence (accepted)&quot;');
    expect((await run({ ...wish, failOn: 'missing' })).code).toBe(0);
  });

  it('signs Connects anew over plaintext too, and says what may help when a courier takes no signature', async () => {
    const plain = await emulator({ plaintext: true, ports: { gateway: false, feedback: false, http2: false, control: false } });
    try {
      const wish = { to: `127.0.0.1:${plain.ports.courier}`, plaintext: true, format: 'json' };
      const { code, text } = await run(wish, ['captures/packed-session/packed-session.pcap']);
      expect([code, (JSON.parse(text) as { findings: unknown[] }).findings]).toEqual([0, []]);
      const captured = await run({ ...wish, identity: 'captured', timeout: '100ms' }, ['captures/packed-session/packed-session.pcap']);
      expect(JSON.parse(captured.text)).toMatchObject({ hints: [expect.stringContaining('--verify off')] });
    } finally {
      await plain.stop();
    }
  });

  it('prints the plan and sends nothing on a dry run, not even a look-up', async () => {
    const before = target.received().length;
    const { code, text } = await run({ dryRun: true, to: 'gateway.push.apple.com:2195' });
    expect(code).toBe(0);
    expect(text).toContain('plan: 5 messages on 2 connections to gateway.push.apple.com:2195');
    expect(text).toContain('left out: 1, thrown away by the gateway then and sent again by the client: sent there');
    expect(target.received()).toHaveLength(before);
  });

  it('takes the messages of a marks file, and changes them by rules with filters', async () => {
    const marks = join(directory, 'marks');
    const rules = join(directory, 'rules.json');
    writeFileSync(marks, '# yesterday\n1 2\n');
    writeFileSync(rules, JSON.stringify([{ when: 'apns.id == 1', set: { priority: '10', 'payload.aps.badge': 9 } }]));
    const from = target.received().length;
    expect((await run({ marks, rules })).code).toBe(0);
    const payloads = target
      .received()
      .slice(from)
      .map(({ payload }) => (JSON.parse(Buffer.from(payload ?? []).toString()) as { aps: { badge: number } }).aps.badge);
    expect(payloads).toEqual([3, 9]);
  });

  const SENTENCES: readonly [string, ReplayOptions, string][] = [
    ['no target', { to: undefined } as never, '--to HOST:PORT is missing'],
    ['a selection without messages', { filter: 'apns.id == 77' }, 'the selection holds no message: nothing to send.'],
    ['a selection of answers only', { numbers: '5' }, 'the selection holds nothing that can be sent: 1 of 1 left out (said by servers'],
    ['a message that is not there', { numbers: '99' }, 'there is no message 99; the capture has 7.'],
    ['another machine', { to: '192.0.2.1:2195' }, '192.0.2.1 is not this machine: give --allow-remote 192.0.2.1'],
    ['a role that does not fit', { role: 'device' }, 'the selection holds nothing that can be sent'],
    ['a port where nothing listens', { to: '127.0.0.1:1' }, 'Nothing listens on 127.0.0.1:1'],
    ['a certificate that is not trusted', { ca: [PLAIN.replace('apn-plain.pcap', 'record.ts')] }, 'is not trusted'],
    ['pseudonyms', { redact: true }, '--redact cannot be used with replay'],
    ['a list of rules that is none', { rules: 'package.json' }, 'it must be a list'],
    ['an unknown format', { format: 'xml' }, '--format takes table, json, junit'],
  ];
  for (const [what, options, sentence] of SENTENCES) {
    it(`says in one sentence what is wrong with ${what}`, async () => {
      await expect(run(options)).rejects.toThrow(sentence);
    });
  }

  it('reports a value that the protocol cannot carry as failed, and sends the others', async () => {
    const rules = join(directory, 'impossible.json');
    writeFileSync(rules, JSON.stringify([{ when: 'apns.id == 0', set: { token: 'zz' } }]));
    const { code, text } = await run({ rules, numbers: '1,2' });
    expect(code).toBe(3);
    expect(text).toContain('failed      1');
    expect(text).toContain('Field "token" needs bytes or hex.');
  });

  it('reports a target that answers garbage, or closes without a word', async () => {
    for (const [answer, words] of [
      [Buffer.from('HTTP/1.1 400'), 'bytes that are no error packet'],
      [undefined, 'closed the connection without an error packet'],
    ] as const) {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => (answer === undefined ? socket.destroy() : socket.end(answer)));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      const { code, text } = await run({ to: `127.0.0.1:${port}`, plaintext: true });
      server.close();
      expect(code).toBe(3);
      expect(text).toContain(words);
    }
  });
});
