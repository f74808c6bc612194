import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tlv } from '../../src/codec/tlv.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import { utf8Bytes } from '../../src/core/text.ts';
import { Conversation, pcapFile } from '../support/conversation.ts';
import { H2Writer, pushHeaders } from '../support/http2-writer.ts';
import { Program } from '../support/run.ts';
import { noPty, run as terminal } from '../support/terminal.ts';

/*
 * The program as a user runs it: signals, pipes, terminals, colours, times, and text from the wire that wants to do harm.
 */

const program = new Program();
const dir = mkdtempSync(join(tmpdir(), 'apns-program-'));
const ROOT = join(import.meta.dirname, '../../captures');
const SESSION = join(ROOT, 'courier-session/courier-session.pcap');
const TLS = join(ROOT, 'apn-gateway/apn-tls.pcap');
const KEYS = join(ROOT, 'apn-gateway/apn-tls.keys');
const bytes = readFileSync(SESSION);
const MESSAGES = 53;

beforeAll(() => program.build());
afterAll(() => {
  program.remove();
  rmSync(dir, { recursive: true, force: true });
});

/** A run whose input stays open. */
class Live {
  readonly child: ChildProcess;
  out = '';
  err = '';
  readonly ended: Promise<number>;
  private readonly looks: (() => void)[] = [];

  constructor(args: string) {
    this.child = spawn('bash', ['-c', `exec ${program.command} ${args}`], { stdio: 'pipe', env: { ...process.env, TZ: 'UTC' } });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
      for (const look of this.looks) look();
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
    });
    this.child.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve) => this.child.on('close', (code) => resolve(code ?? -1)));
  }

  get lines(): number {
    return this.out.split('\n').length - 1;
  }

  until(lines: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.lines >= lines) resolve();
      };
      this.looks.push(look);
      look();
    });
  }
}

describe('a signal', () => {
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`${name} on a live pipe ends with ${code}, and what came was shown`, async () => {
      const run = new Live('list --no-header -');
      run.child.stdin?.write(bytes);
      await run.until(MESSAGES);
      run.child.kill(name);
      expect(await run.ended).toBe(code);
      expect(run.lines).toBe(MESSAGES);
      expect(run.err).toContain('interrupted after 53 messages');
    });
  }
  it('while a big file is read shows what was read so far', async () => {
    const path = join(dir, 'big.c2s');
    // A notification of the gateway, command 0: token, payload.
    const notification = concatBytes([
      Uint8Array.of(0, 0, 32),
      new Uint8Array(32).fill(7),
      Uint8Array.of(0, 12),
      utf8Bytes('{"aps":{}}  '),
    ]);
    writeFileSync(path, Buffer.concat(Array.from({ length: 200_000 }, () => notification)));
    const run = new Live(`list --format csv --columns number,info --c2s ${path}`);
    await run.until(1);
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(130);
    const shown = Number(/interrupted after ([\d,]+) messages/.exec(run.err)?.[1].replaceAll(',', ''));
    expect(run.lines - 1).toBe(shown);
    expect(shown).toBeGreaterThan(0);
    expect(shown).toBeLessThan(200_000);
  });
});

describe('a growing file', () => {
  it('is listed as it grows, with --follow', async () => {
    const path = join(dir, 'growing.pcap');
    writeFileSync(path, bytes.subarray(0, 3000));
    const run = new Live(`list --no-header --follow ${path}`);
    await run.until(5);
    expect(run.lines).toBeLessThan(MESSAGES);
    appendFileSync(path, bytes.subarray(3000));
    await run.until(MESSAGES);
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(130);
  });
});

describe('a pipe', () => {
  it('that is closed early ends the program quietly with 0', async () => {
    for (const command of ['list', 'list --format jsonl', 'show', 'export']) {
      const run = await program.shell(`$P ${command} '${SESSION}'${command === 'show' ? ' 1-' : ''} | head -1; echo "\${PIPESTATUS[0]}"`);
      const lines = run.out.trimEnd().split('\n');
      expect(lines, command).toHaveLength(2);
      expect(lines[1], command).toBe('0');
      expect(run.err, command).toBe('');
    }
  });
});

describe('a ring limit', () => {
  it('lists what is listed without it, though the older messages go while the list is written', async () => {
    // More messages than two pieces of the index hold, so that one is given back.
    const talk = new Conversation('10.0.0.2:50000', '17.57.1.1:5223', 1_795_284_000n * 1_000_000_000n).open();
    talk.send(0, tlv.encode('connect', { token: new Uint8Array(32), state: 1 }, 0));
    const keepAlives = concatBytes(Array.from({ length: 10_000 }, () => Uint8Array.of(0x0c, 0, 0, 0, 0)));
    for (let i = 0; i < 15; i++) talk.send(0, keepAlives);
    const path = join(dir, 'long.pcap');
    writeFileSync(path, pcapFile(talk.packets));
    for (const options of [
      ['--format', 'csv'],
      ['--time', 'delta', '-Y', 'frame.number == 4 || frame.number > 17'],
    ]) {
      const whole = await program.run(['list', ...options, path]);
      expect(await program.run(['list', '--ring', '10', ...options, path])).toEqual(whole);
      expect(whole.out.split('\n').length).toBeGreaterThan(10_000);
    }
  });
  it('is refused where all messages are needed', async () => {
    for (const options of [['--findings'], ['--fail-on', 'warn'], ['--columns', 'number,pair'], ['-Y', 'apns.rtt > 1 s']]) {
      const run = await program.run(['list', '--ring', '10', ...options, SESSION]);
      expect([run.code, run.out], options.join(' ')).toEqual([2, '']);
      expect(run.err).toMatch(/^apns-inspect: --ring lets older messages go, [^\n]*\n$/);
    }
  });
});

describe('colours', () => {
  const list = async (env: Record<string, string>, ...args: string[]): Promise<boolean> =>
    (await program.run(['list', SESSION, '--limit', '2', ...args], { env })).out.includes('\x1b[');
  it('are for terminals only, and for those who ask', async () => {
    expect(await list({})).toBe(false);
    expect(await list({ FORCE_COLOR: '1' })).toBe(true);
    expect(await list({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
    expect(await list({ NO_COLOR: '1' }, '--color', 'always')).toBe(true);
    expect(await list({ FORCE_COLOR: '1' }, '--color', 'never')).toBe(false);
    expect(await list({ FORCE_COLOR: '1' }, '--no-color')).toBe(false);
  });
});

describe.skipIf(noPty !== undefined)(`a terminal${noPty === undefined ? '' : ` (skipped: ${noPty})`}`, () => {
  it('of 80 columns gets lines of 80 columns, in colour', async () => {
    for (const args of [
      ['list', SESSION],
      ['streams', SESSION],
      ['keys', TLS, '-k', KEYS],
    ]) {
      const t = await terminal(args, { cols: 80, rows: 60 });
      expect(await t.ended(), args[0]).toBe(0);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken out
      const lines = t.output.replace(/\x1b\[[\d;]*m/g, '').split('\r\n');
      t.close();
      expect(lines.length).toBeGreaterThan(2);
      expect(Math.max(...lines.map((l) => l.length)), args[0]).toBeLessThanOrEqual(80);
    }
  });
});

describe('times', () => {
  it('are written as --time says', async () => {
    const patterns: [string, RegExp][] = [
      ['relative', /^\d+\.\d{6}$/],
      ['absolute', /^2026-11-21 \d\d:\d\d:\d\d\.\d{6}/],
      ['utc', /^2026-11-21T\d\d:\d\d:\d\d\.\d{6}Z$/],
      ['delta', /^\d+\.\d{6}$/],
      ['epoch', /^\d{10}\.\d{6}/],
    ];
    for (const [format, pattern] of patterns) {
      const { out } = await program.run(['list', SESSION, '--format', 'csv', '--columns', 'time', '--no-header', '--time', format]);
      const times = out.trimEnd().split('\n');
      expect(times, format).toHaveLength(MESSAGES);
      for (const time of times) expect(time, format).toMatch(pattern);
    }
  });
});

describe('text from the wire', () => {
  const HOSTILE = 'a\x1b[31mred\x1b]0;title\x07\u202egnol\ttab\nline\x00nul\u009bcsi';
  const client = new H2Writer();
  const request = concatBytes([
    utf8Bytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    client.settings(),
    client.headers(1, pushHeaders({ 'apns-topic': HOSTILE, 'apns-collapse-id': HOSTILE, 'x-evil': HOSTILE })),
    client.data(1, JSON.stringify({ aps: { alert: HOSTILE, [HOSTILE]: 1 } })),
    client.headers(3, pushHeaders({ ':path': `/3/device/${HOSTILE}` })),
    client.data(3, HOSTILE),
  ]);
  const answer = concatBytes([new H2Writer().settings(), new H2Writer().headers(1, [[':status', '200'] as never])]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what is looked for
  const UNSAFE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

  // biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what is looked for
  const CONTROL = /[\x00-\x09\x0b-\x1f]/;

  it.skipIf(noPty !== undefined)('is escaped in JSON on a terminal', async () => {
    const c2s = join(dir, 'hostile.c2s');
    writeFileSync(c2s, request);
    const t = await terminal(['list', '--format', 'jsonl', '--c2s', c2s]);
    expect(await t.ended()).toBe(0);
    const out = t.output.replaceAll('\r\n', '\n');
    t.close();
    expect(out).toContain('\\u202e');
    expect(UNSAFE.test(out)).toBe(false);
  });
  it('moves no cursor and breaks no line in any format', async () => {
    const c2s = join(dir, 'hostile.c2s');
    writeFileSync(c2s, request);
    const commands = [
      ['list'],
      ['list', '--format', 'text'],
      ['list', '--format', 'csv'],
      ['list', '--format', 'json'],
      ['list', '--format', 'jsonl'],
      ['list', '--findings'],
      ['stats'],
      ['streams'],
      ['list', '-Y', 'apns.topic contains "red"'],
    ];
    let shown = 0;
    for (const args of commands) {
      const run = await program.run([...args, '--c2s', c2s]);
      expect(run.code, args.join(' ')).toBe(0);
      // A pipe gets JSON as it is; what a terminal would obey is escaped there.
      const unsafe = args.includes('json') || args.includes('jsonl') ? CONTROL : UNSAFE;
      expect(unsafe.test(run.out + run.err), args.join(' ')).toBe(false);
      if (/red/.test(run.out)) shown++;
      const table = args.length === 1 && args[0] === 'list';
      if (table) expect(run.out.trimEnd().split('\n')).toHaveLength(5);
    }
    expect(shown).toBeGreaterThan(5);
  });
  it('stays what it was in JSON', async () => {
    const c2s = join(dir, 'hostile.c2s');
    const { out } = await program.run(['list', '--format', 'jsonl', '--c2s', c2s, '-Y', 'apns.topic']);
    const records = out
      .trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l));
    expect(records.map((r) => r.topic)).toContain(HOSTILE);
    expect(records.map((r) => r.fields.payload?.aps?.alert)).toContain(HOSTILE);
  });
  it('of both directions is read from two files', async () => {
    const [c2s, s2c] = [join(dir, 'both.c2s'), join(dir, 'both.s2c')];
    writeFileSync(c2s, request);
    writeFileSync(s2c, answer);
    const { out } = await program.run(['list', '--format', 'csv', '--columns', 'dir', '--no-header', '--c2s', c2s, '--s2c', s2c]);
    const dirs = out.trimEnd().split('\n');
    expect(dirs.filter((d) => d === 'c2s')).toHaveLength(4);
    expect(dirs.filter((d) => d === 's2c')).toHaveLength(2);
    const refused = await program.run(['list', '--c2s', c2s, SESSION]);
    expect([refused.code, refused.err]).toEqual([2, 'apns-inspect: give either captures or --c2s and --s2c, not both.\n']);
  });
});

const noTshark = spawnSync('tshark', ['--version']).status === 0 ? undefined : 'tshark is not installed';
describe.skipIf(noTshark !== undefined)(`streams${noTshark === undefined ? '' : ` (skipped: ${noTshark})`}`, () => {
  it('have the bytes that tshark follows', async () => {
    for (const path of [SESSION, TLS]) {
      const { out } = await program.run(['streams', '--json', path]);
      for (const stream of JSON.parse(out).streams) {
        const followed = spawnSync('tshark', ['-r', path, '-q', '-z', `follow,tcp,raw,${stream.stream}`], { encoding: 'utf8' }).stdout;
        const hashes = [createHash('sha256'), createHash('sha256')];
        const node0 = /^Node 0: (.*)$/m.exec(followed)?.[1];
        for (const line of followed.split('\n')) {
          if (/^\t?[0-9a-f]+$/.test(line)) hashes[line.startsWith('\t') ? 1 : 0].update(Buffer.from(line.trim(), 'hex'));
        }
        const [first, second] = hashes.map((h) => h.digest('hex'));
        const swapped = node0 !== stream.a;
        expect([stream.a_to_b_sha256, stream.b_to_a_sha256], `${path} ${stream.stream}`).toEqual(
          swapped ? [second, first] : [first, second],
        );
      }
    }
  });
});

describe('keys', () => {
  it('of another capture decrypt nothing, and that is told', async () => {
    const wrong = join(dir, 'wrong.keys');
    writeFileSync(
      wrong,
      readFileSync(KEYS, 'latin1').replace(/ ([0-9a-f]{64}) /g, (_, random: string) => ` ${random.slice(2)}00 `),
    );
    const run = await program.run(['keys', TLS, '-k', wrong]);
    expect(run.code).toBe(0);
    expect(run.out).toMatch(/none/);
    expect(run.out).toMatch(/key log|secret/);
    const list = await program.run(['list', TLS, '-k', wrong, '--format', 'csv', '--columns', 'dialect']);
    expect(new Set(list.out.trimEnd().split('\n').slice(1))).toEqual(new Set(['tls']));
  });
  const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is not installed';
  it.skipIf(noOpenssl !== undefined)(
    `in PKCS#12 need their password${noOpenssl === undefined ? '' : ` (skipped: ${noOpenssl})`}`,
    async () => {
      const [key, cert, p12] = [join(dir, 'k.pem'), join(dir, 'c.pem'), join(dir, 'k.p12')];
      const make = (...args: string[]): void => {
        const run = spawnSync('openssl', args, { encoding: 'utf8' });
        expect(run.status, run.stderr).toBe(0);
      };
      make('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=test', '-days', '1');
      make('pkcs12', '-export', '-inkey', key, '-in', cert, '-out', p12, '-passout', 'pass:right');
      const none = await program.run(['list', TLS, '-k', p12]);
      expect([none.code, none.err]).toEqual([1, expect.stringMatching(/^apns-inspect: .*k\.p12.*--key-password/)]);
      const wrong = await program.run(['list', TLS, '-k', p12, '--key-password', 'wrong']);
      expect([wrong.code, wrong.err]).toEqual([1, expect.stringMatching(/^apns-inspect: .*k\.p12.*password/)]);
      const right = await program.run(['list', TLS, '-k', p12, '--key-password', 'right']);
      expect([right.code, right.err]).toEqual([0, '']);
    },
  );
});

describe('the command line', () => {
  it('takes options before the command', async () => {
    const before = await program.run(['-k', KEYS, '--top', '3', 'stats', TLS]);
    const after = await program.run(['stats', '-k', KEYS, '--top', '3', TLS]);
    expect(before).toEqual(after);
    expect(before.out).toContain('gateway');
  });
  it('tells what was meant by a word that is nearly a command or an option', async () => {
    const command = await program.run(['stat', SESSION]);
    expect([command.code, command.err]).toEqual([2, 'apns-inspect: "stat" is neither a command nor a file — did you mean stats?\n']);
    const option = await program.run(['list', '--formt', 'json', SESSION]);
    expect([option.code, option.err]).toEqual([2, "apns-inspect: unknown option '--formt' (Did you mean --format?)\n"]);
  });
  it('ends with 3 when --fail-on matches, and with 0 when it does not', async () => {
    const gateway = join(ROOT, 'apn-gateway/apn-plain.pcap');
    expect((await program.run(['list', gateway, '--fail-on', 'note'])).code).toBe(3);
    expect((await program.run(['list', join(ROOT, 'links/raw.pcap'), '--fail-on', 'error'])).code).toBe(0);
  });
  it('exports packets of a compressed capture', async () => {
    const out = join(dir, 'out.pcapng');
    const run = await program.run(['export', '--format', 'pcapng', join(ROOT, 'formats/two-members.pcap.gz'), '-o', out]);
    expect(run.code).toBe(0);
    const plain = await program.run(['list', '--format', 'csv', '--columns', 'info', join(ROOT, 'formats/two-members.pcap.gz')]);
    expect((await program.run(['list', '--format', 'csv', '--columns', 'info', out])).out).toBe(plain.out);
  });
});
