import { describe, expect, it } from 'vitest';
import { HANDSHAKE, TLS_ENTRY } from '../../src/schema/tls.ts';
import { TlsKeys } from '../../src/tls/keys.ts';
import { identity } from '../support/certificate.ts';
import { OPENSSL, type OpensslRecipe, opensslTalk, type Step } from '../support/openssl-talk.ts';
import { rechunk, TlsSink } from '../support/tls-sink.ts';

const rsa = identity({ commonName: 'localhost' });
const files = { 'server.pem': rsa.certificatePem + rsa.keyPem, 'client.pem': rsa.certificatePem + rsa.keyPem };
const CERT = ['-cert', '{dir}/server.pem', '-key', '{dir}/server.pem'];
const PSK = '0123456789abcdef0123456789abcdef';
const CHAT: readonly Step[] = [
  ['client', 'first line from the client'],
  ['server', 'first line from the server'],
  ['client', 'second line from the client'],
];

interface Case {
  readonly name: string;
  readonly recipe: Omit<OpensslRecipe, 'files'>;
  /** What must be seen besides the plaintext. */
  readonly check?: (sink: TlsSink, index: number) => void;
  readonly files?: OpensslRecipe['files'];
}

const count = (sink: TlsSink, command: number): number => sink.rows.filter((row) => row.command === command).length;

function rejected(sink: TlsSink, index: number): void {
  if (index <= 0) return;
  expect(sink.connection.session.earlyData).toBe('rejected');
  const rows = sink.rows.filter((row) => row.command === TLS_ENTRY.rejectedEarlyData);
  expect(rows.map((row) => Buffer.from(row.message).toString()).join('')).toBe('this came early\n');
}

const CASES: readonly Case[] = [
  {
    name: 'KeyUpdate on both sides, asked for and not',
    recipe: {
      server: [...CERT, '-tls1_3'],
      client: [],
      steps: [
        ...CHAT,
        ['client', 'command', 'k'],
        ['client', 'after the update of the client'],
        ['client', 'command', 'K'],
        ['server', 'after the update of both'],
        ['server', 'command', 'k'],
        ['server', 'and again'],
        ['client', 'the end'],
      ],
    },
    check: (sink) => expect(sink.connection.session.keyUpdates).toBeGreaterThanOrEqual(3),
  },
  {
    name: 'HelloRetryRequest',
    recipe: { server: [...CERT, '-tls1_3', '-groups', 'P-384'], client: ['-groups', 'X25519:P-384'], steps: CHAT },
    check: (sink) => {
      expect(sink.connection.session.retried).toBe(true);
      expect(count(sink, HANDSHAKE.clientHello)).toBe(2);
      expect(count(sink, HANDSHAKE.serverHello)).toBe(2);
    },
  },
  {
    name: 'post-handshake authentication',
    recipe: {
      server: [...CERT, '-tls1_3', '-verify_return_error', '-verify_quiet', '-CAfile', '{dir}/client.pem'],
      client: ['-enable_pha', '-cert', '{dir}/client.pem', '-key', '{dir}/client.pem'],
      steps: [...CHAT, ['server', 'command', 'c'], ['client', 'after the certificate'], ['server', 'thank you']],
    },
    check: (sink) => expect(sink.connection.session.clientCertificate).toBe(true),
  },
  {
    name: 'TLS 1.3 with an external pre-shared key',
    recipe: { server: ['-nocert', '-tls1_3', '-psk', PSK], client: ['-psk', PSK], steps: CHAT },
    check: (sink) => expect(sink.connection.session.resumed).toBe('psk'),
  },
  {
    name: 'records padded to 512 bytes',
    recipe: { server: [...CERT, '-tls1_3', '-record_padding', '512'], client: ['-record_padding', '512'], steps: CHAT },
  },
  {
    name: 'maximum fragment length 512 and tiny records',
    recipe: {
      server: [...CERT, '-tls1_2', '-max_send_frag', '512'],
      client: ['-maxfraglen', '512', '-tls1_2', '-max_send_frag', '512'],
      steps: [...CHAT, ['client', 'x'.repeat(3000)], ['server', 'y'.repeat(3000)]],
    },
  },
  {
    name: 'MAC-then-encrypt where encrypt-then-MAC is refused',
    recipe: { server: [...CERT, '-tls1_2', '-cipher', 'AES128-SHA256'], client: ['-no_etm', '-tls1_2'], steps: CHAT },
  },
  {
    name: 'renegotiation',
    recipe: {
      server: [...CERT, '-tls1_2', '-client_renegotiation', '-cipher', 'ECDHE-RSA-AES128-SHA256'],
      client: ['-tls1_2'],
      steps: [...CHAT, ['client', 'command', 'R'], ['client', 'after the renegotiation'], ['server', 'answer after it']],
    },
    check: (sink) => expect(sink.connection.session.renegotiations).toBe(1),
  },
  {
    name: 'early data that is accepted',
    recipe: {
      server: [...CERT, '-tls1_3', '-early_data', '-no_anti_replay'],
      client: ['-sess_out', '{dir}/session'],
      steps: CHAT,
      next: [{ client: ['-sess_in', '{dir}/session', '-early_data', '{dir}/early'], steps: CHAT }],
    },
    files: { early: 'this came early\n' },
    check: (sink, index) => {
      if (index === 0) return;
      expect(sink.connection.session.earlyData).toBe('accepted');
      expect(sink.connection.session.resumed).toBe('psk');
      expect(sink.connection.session.origin).toBe(0);
    },
  },
  {
    name: 'early data that is rejected by a HelloRetryRequest',
    recipe: {
      server: [...CERT, '-tls1_3', '-early_data', '-no_anti_replay', '-groups', 'P-384'],
      client: ['-sess_out', '{dir}/session', '-groups', 'P-384'],
      steps: CHAT,
      next: [{ client: ['-sess_in', '{dir}/session', '-early_data', '{dir}/early', '-groups', 'X25519:P-384'], steps: CHAT }],
    },
    files: { early: 'this came early\n' },
    check: rejected,
  },
  {
    name: 'early data that is rejected because it is a replay',
    recipe: {
      server: [...CERT, '-tls1_3', '-early_data'],
      client: ['-sess_out', '{dir}/session'],
      steps: CHAT,
      next: [
        { client: ['-sess_in', '{dir}/session', '-early_data', '{dir}/early'], steps: CHAT },
        { client: ['-sess_in', '{dir}/session', '-early_data', '{dir}/early'], steps: CHAT },
      ],
    },
    files: { early: 'this came early\n' },
    check: (sink, index) => rejected(sink, index - 1),
  },
  {
    name: 'a small window of segments: byte by byte over DHE',
    recipe: { server: [...CERT, '-tls1_2', '-cipher', 'DHE-RSA-AES256-GCM-SHA384'], client: ['-tls1_2'], steps: CHAT },
  },
];

describe.skipIf(OPENSSL === undefined)('conversations of the openssl program', () => {
  for (const { name, recipe, check, files: more } of CASES) {
    it(`decrypts ${name}`, async () => {
      const { talks, keyLog } = await opensslTalk({ ...recipe, files: { ...files, ...more } });
      const keys = new TlsKeys();
      keys.addKeyLog(keyLog);
      for (const [i, talk] of talks.entries()) {
        const sink = new TlsSink(keys, { stream: i }).feed(talk.chunks).finish();
        const early = sink.connection.session.earlyData === 'accepted' ? 'this came early\n' : '';
        expect(sink.text(0)).toBe(early + talk.sent[0]);
        expect(sink.text(1)).toBe(talk.sent[1]);
        expect(sink.connection.session.failed).toEqual([0, 0]);
        check?.(sink, i);
        const bytes = new TlsSink(keys, { stream: i }).feed(rechunk(talk.chunks, [1])).finish();
        expect([bytes.text(0), bytes.text(1), bytes.commands(0), bytes.commands(1)]).toEqual([
          sink.text(0),
          sink.text(1),
          sink.commands(0),
          sink.commands(1),
        ]);
        // All of one direction before all of the other, as a shuffled capture has it.
        for (const order of [0, 1]) {
          const apart = new TlsSink(keys, { stream: i })
            .feed([...talk.chunks.filter((c) => c.dir === order), ...talk.chunks.filter((c) => c.dir !== order)])
            .finish();
          expect([apart.text(0), apart.text(1)]).toEqual([sink.text(0), sink.text(1)]);
        }
      }
    });
  }

  it.each([
    ['the key itself', [PSK]],
    ['the right one of several keys', ['00'.repeat(16), 'ff'.repeat(16), PSK, 'ee'.repeat(20)]],
  ] as const)('decrypts PSK suites with %s', async (_, psks) => {
    const { talks } = await opensslTalk({
      server: ['-nocert', '-tls1_2', '-psk', PSK, '-cipher', 'PSK-AES128-CBC-SHA256'],
      client: ['-tls1_2', '-psk', PSK, '-cipher', 'PSK-AES128-CBC-SHA256'],
      steps: CHAT,
    });
    const keys = new TlsKeys();
    for (const psk of psks) keys.addPsk(Buffer.from(psk, 'hex'));
    const sink = new TlsSink(keys).feed(talks[0].chunks).finish();
    expect([sink.text(0), sink.text(1)]).toEqual(talks[0].sent);
    expect(sink.connection.session.source).toBe('pre-shared key');
    expect(count(sink, TLS_ENTRY.failed)).toBe(0);
  });

  it('decrypts PSK suites, and what resumes them, with a file of identities and keys', async () => {
    const arguments_ = ['-tls1_2', '-psk', PSK, '-psk_identity', 'sensor:7', '-cipher', 'PSK-AES256-GCM-SHA384'];
    const { talks } = await opensslTalk({
      server: ['-nocert', '-tls1_2', '-psk', PSK, '-psk_identity', 'sensor:7', '-cipher', 'PSK-AES256-GCM-SHA384'],
      client: [...arguments_, '-sess_out', '{dir}/session'],
      steps: CHAT,
      next: [{ client: [...arguments_, '-sess_in', '{dir}/session'], steps: CHAT }],
    });
    const others = Array.from({ length: 100 }, (__, i) => `sensor:${i + 1000}:${'0a'.repeat(16)}\n`).join('');
    const keys = new TlsKeys();
    const file = keys.add(Buffer.from(`# devices\n${others}sensor:7:${PSK.toUpperCase()}\nno key: at all\n`), 'psk.txt');
    expect([file.kind, file.secrets, file.ignored]).toEqual(['key log', 101, 1]);
    for (const [i, one] of talks.entries()) {
      const sink = new TlsSink(keys, { stream: i }).feed(one.chunks).finish();
      expect([sink.text(0), sink.text(1)]).toEqual(one.sent);
      expect(sink.connection.session.source).toBe(i === 0 ? 'pre-shared key' : 'resumed session');
    }
  });
});
