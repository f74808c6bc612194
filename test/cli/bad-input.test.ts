import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program, type Run } from '../support/run.ts';

/*
 * The program as a stranger uses it: every mistake is told in one sentence on standard error, with the documented exit code,
 * and never with a stack.
 */

const program = new Program();
const dir = mkdtempSync(join(tmpdir(), 'apns-cli-'));
const SESSION = join(import.meta.dirname, '../../captures/courier-session/courier-session.pcap');
const TLS = join(import.meta.dirname, '../../captures/apn-gateway/apn-tls.pcap');
const KEYS = join(import.meta.dirname, '../../captures/apn-gateway/apn-tls.keys');
const bytes = readFileSync(SESSION);

const file = (name: string, content: Uint8Array | string): string => {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
};

const loop = (): string => {
  const path = join(dir, 'loop');
  symlinkSync(path, path);
  return path;
};

beforeAll(() => program.build());
afterAll(() => {
  program.remove();
  rmSync(dir, { recursive: true, force: true });
});

function oneSentence(run: Run, code: number, text: RegExp): void {
  expect(run.err).toMatch(text);
  expect(run.err).not.toMatch(/^\s+at |this is a bug/m);
  expect(run.err.trimEnd().split('\n')).toHaveLength(1);
  expect(run.code).toBe(code);
}

describe.concurrent('an input that cannot be read', () => {
  const garbage = Uint8Array.from({ length: 4000 }, (_, i) => (i * i * 31 + 129) & 255);
  const cases: [string, () => string, RegExp][] = [
    ['is told when the file is missing', () => join(dir, 'missing.pcap'), /missing\.pcap: no such file\.$/m],
    ['is told when it is a directory', () => dir, /is a directory/],
    ['is told when it is empty', () => file('empty.pcap', ''), /empty\.pcap is empty\.$/m],
    ['is told when it is text', () => file('text.txt', 'Dear diary,\ntoday I captured nothing.\n'), /not a capture: it looks like text/],
    ['is told when it is garbage', () => file('garbage.bin', garbage), /is not a capture/],
    [
      'is told when it ends in its header',
      () => file('head.pcap', bytes.subarray(0, 10)),
      /ends inside its pcap header, after 10 of 24 bytes/,
    ],
    ['is told when a file is named as its directory', () => `${file('plain.pcap', bytes)}/x`, /plain\.pcap\/x: no such file\.$/m],
    ['is told when it is a link to itself', () => loop(), /loop cannot be read: it is a link that leads back to itself/],
    ['is told when the name is too long', () => 'a'.repeat(300), /^apns-inspect: a{60}… cannot be read: the name is too long\.$/m],
    ['is told without what its name would do to a terminal', () => file('\x1b[2J\n.pcap', 'text'), /\\x1b\[2J\\n\.pcap is not a capture/],
    ['is told when it is a device', () => '/dev/zero', /is a device, not a capture/],
  ];
  for (const [name, path, text] of cases) {
    it(name, async () => {
      oneSentence(await program.run(['list', path()]), 1, text);
    });
  }
  it('is told by every command alike', async () => {
    const missing = join(dir, 'missing.pcap');
    const lines = [
      ['show', missing, '1'],
      ['streams', missing],
      ['follow', missing, '0'],
      ['stats', missing],
      ['keys', missing],
      ['export', missing],
      [missing],
    ];
    for (const run of await Promise.all(lines.map((args) => program.run(args)))) oneSentence(run, 1, /missing\.pcap: no such file/);
  });
});

describe.concurrent('a damaged capture', () => {
  it('shows what could be read, and says what is missing', async () => {
    const run = await program.run(['list', file('cut.pcap', bytes.subarray(0, 1500))]);
    oneSentence(run, 0, /ends in the middle of a record/);
    expect(run.out.split('\n').length).toBeGreaterThan(3);
  });
  it('does not believe an absurd record length', async () => {
    const absurd = Uint8Array.from([...bytes.subarray(0, 24), 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    oneSentence(await program.run(['list', file('absurd.pcap', absurd)]), 0, /left out/);
  });
  it('of no packets is an empty answer in every format', async () => {
    const path = file('none.pcap', bytes.subarray(0, 24));
    const formats = ['table', 'text', 'json', 'jsonl', 'csv'];
    const runs = await Promise.all(formats.map((format) => program.run(['list', '--format', format, path])));
    expect(runs.map((r) => r.code)).toEqual([0, 0, 0, 0, 0]);
    expect(JSON.parse(runs[2].out)).toEqual([]);
    expect(runs[3].out).toBe('');
    expect((await program.run(['stats', path])).out).toMatch(/^0 messages in 0 streams and 0 packets/);
    expect(JSON.parse((await program.run(['streams', '--json', path])).out)).toEqual({ v: 1, packets: 0, streams: [] });
  });
  it('through a pipe that ends early shows what came', async () => {
    oneSentence(await program.run(['list', '-'], { input: bytes.subarray(0, 1500) }), 0, /standard input: .*middle of a record/);
    oneSentence(await program.run(['list', '-']), 1, /ended without a byte/);
  });
});

describe.concurrent('wrong usage', () => {
  const usage: [string[], RegExp][] = [
    [['list'], /no input: name a capture/],
    [['list', SESSION, '--columns', 'nope'], /there is no column "nope"; the columns are number/],
    [['list', SESSION, '--time', 'nope'], /--time takes relative/],
    [['list', SESSION, '--format', 'nope'], /--format takes table/],
    [['list', SESSION, '--fail-on', 'nope'], /--fail-on takes note, warn or error/],
    [['list', SESSION, '--limit', 'x'], /whole number/],
    [['list', SESSION, '-d', 'nope'], /nope/],
    [['list', SESSION, '-d', 'tcp.port==9000,nope'], /nope/],
    [['show', SESSION, 'x'], /"x" is no message number/],
    [['show', SESSION, '5-3'], /ends before it begins; write 3-5/],
    [['show', SESSION, '1', '--format', 'nope'], /--format takes text or json/],
    [['follow', SESSION, 'x'], /'x' is no stream: it takes a whole number/],
    [['stats', SESSION, '--top', 'x'], /'x' is invalid: it takes a whole number/],
    [['export', SESSION, '--format', 'nope'], /export also pcapng/],
    [['follow', SESSION, '0', '--direction', 'up'], /--direction takes c2s or s2c/],
    [['follow', SESSION, '0', '--redact'], /cannot make anonymous/],
    [['export', SESSION, '--format', 'pcapng', '--redact'], /cannot make packets anonymous/],
    [['decode', '0a0'], /odd number of digits/],
    [['decode', '??'], /neither hex nor base64/],
    [['decode', '--dialect', 'nope', '00'], /there is no dialect "nope"/],
    [['decode', '--format', 'nope', '00'], /--format takes text or json/],
  ];
  for (const [args, text] of usage) {
    it(`is told by ${args.filter((a) => a !== SESSION).join(' ')}`, async () => oneSentence(await program.run(args), 2, text));
  }
  it('of a filter points at the column', async () => {
    const run = await program.run(['list', SESSION, '-Y', 'apns.statu == 1']);
    expect(run.code).toBe(2);
    expect(run.err).toMatch(/\^/);
    expect(run.err).not.toMatch(/^\s+at /m);
  });
  const absent: [string[], RegExp][] = [
    [['show', SESSION, '0'], /there is no message 0; the capture holds 1 to \d+/],
    [['show', SESSION, '99999999999999999999'], /there is no message/],
    [['follow', SESSION, '7'], /there is no stream 7; the capture holds streams 0 to \d+/],
    [['follow', SESSION, '0', '--tls'], /has no decrypted bytes: it is not TLS/],
    [['fields', 'nosuchfield'], /no field has "nosuchfield"/],
    [['explain', 'nosuchcode'], /nothing is known about "nosuchcode"/],
    [['list', SESSION, '-k', '/nonexistent/keys'], /nonexistent/],
  ];
  for (const [args, text] of absent) {
    it(`names what is not there: ${args.filter((a) => a !== SESSION).join(' ')}`, async () =>
      oneSentence(await program.run(args), 1, text));
  }
  it('of a key file that holds no keys is told, and the capture is listed all the same', async () => {
    const run = await program.run(['list', TLS, '-k', file('no.keys', 'nothing here\n')]);
    oneSentence(run, 0, /holds no TLS secret or private key \(1 line of something else\)/);
    expect(run.out.split('\n').length).toBeGreaterThan(3);
  });
});

describe.concurrent('an output', () => {
  it('that is one of the inputs is refused, and the input survives', async () => {
    const path = file('self.pcap', bytes);
    const keys = file('self.keys', readFileSync(KEYS));
    oneSentence(await program.run(['list', path, '-o', path]), 2, /is read and would be overwritten/);
    oneSentence(await program.run(['export', '--decrypted', '-k', keys, TLS, '-o', keys]), 2, /is read and would be overwritten/);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(readFileSync(keys).equals(readFileSync(KEYS))).toBe(true);
  });
  it('is not emptied when the input cannot be opened', async () => {
    const path = file('keep.txt', 'keep');
    const missing = join(dir, 'missing.pcap');
    await Promise.all([program.run(['list', missing, '-o', path]), program.run(['follow', missing, '0', '-o', path])]);
    expect(readFileSync(path, 'utf8')).toBe('keep');
  });
  it('that cannot be written is told with the reason of the system', async () => {
    mkdirSync(join(dir, 'folder'));
    oneSentence(await program.run(['list', SESSION, '-o', join(dir, 'folder')]), 1, /it is a directory/);
    oneSentence(await program.run(['list', SESSION, '-o', '/nonexistent/x']), 1, /no such file or directory/);
    oneSentence(await program.run(['list', SESSION, '-o', `${SESSION}/x`]), 1, /cannot write .*ENOTDIR/);
    oneSentence(await program.shell(`$P list '${SESSION}' > /dev/full`), 1, /standard output: no space left on the device/);
    oneSentence(await program.shell('$P --help > /dev/full'), 1, /standard output: no space left on the device/);
  });
  it('whose reader went away ends quietly with 0', async () => {
    const piped = await program.shell(`$P list --format json '${SESSION}' | head -1 >/dev/null; echo "\${PIPESTATUS[0]}"`);
    expect(piped).toEqual({ code: 0, out: '0\n', err: '' });
  });
});
