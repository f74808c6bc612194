import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { TlsKeys } from '../../src/tls/keys.ts';
import { LABEL } from '../../src/tls/secret-store.ts';
import { identity } from '../support/certificate.ts';
import { OPENSSL } from '../support/openssl-talk.ts';
import { TlsSink } from '../support/tls-sink.ts';
import { writeSession } from '../support/tls-writer.ts';

const SEED = 20261121;
const RANDOM = 'a1'.repeat(32);
const MASTER = 'b2'.repeat(48);
const SECRET = 'c3'.repeat(32);
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const read = (text: string | Uint8Array): { keys: TlsKeys; counts: { lines: number; secrets: number; ignored: number } } => {
  const keys = new TlsKeys();
  return { keys, counts: keys.addKeyLog(typeof text === 'string' ? Buffer.from(text) : text) };
};
const line = `CLIENT_RANDOM ${RANDOM} ${MASTER}`;
const holds = (keys: TlsKeys): void => expect(keys.secret(LABEL.master, bytes(RANDOM))).toEqual(bytes(MASTER));

describe('key logs', () => {
  it.each([
    ['LF', `${line}\n`],
    ['CRLF', `${line}\r\n${line}\r\n`],
    ['CR', `${line}\r`],
    ['no last line end', line],
    ['blank lines and blanks around', `\n\n  ${line}\t \n\n`],
    ['tabs between', line.replaceAll(' ', '\t')],
    ['upper case', line.toUpperCase()],
    ['lower case labels', line.toLowerCase()],
    ['a UTF-8 byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(line)])],
    ['UTF-16, little endian', Buffer.from(`\ufeff${line}\r\n`, 'utf16le')],
    ['UTF-16, big endian', Buffer.from(`\ufeff${line}\r\n`, 'utf16le').swap16()],
    ['comments and garbage', `# a comment\nnot a secret\n${line}\nCLIENT_RANDOM zz yy\nCLIENT_RANDOM ${RANDOM} b2b2\n\u0000\u0001\nRSA\n`],
  ])('are read with %s', (_, text) => {
    holds(read(text).keys);
  });

  it('count what they ignore', () => {
    const { counts } = read(`# comment\n\n${line}\nwhat is this\nCLIENT_RANDOM ${RANDOM}\n`);
    expect(counts).toEqual({ lines: 4, secrets: 1, ignored: 2 });
  });

  it('keep every label apart and tell which there are', () => {
    const labels = [
      'CLIENT_EARLY_TRAFFIC_SECRET',
      'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
      'SERVER_HANDSHAKE_TRAFFIC_SECRET',
      'CLIENT_TRAFFIC_SECRET_0',
      'SERVER_TRAFFIC_SECRET_0',
      'EXPORTER_SECRET',
    ];
    const { keys } = read(labels.map((label, i) => `${label} ${RANDOM} ${`${i}0`.repeat(32)}`).join('\n'));
    expect(keys.labels(bytes(RANDOM))).toEqual(labels);
    expect(keys.secret(LABEL.server, bytes(RANDOM))).toEqual(bytes('40'.repeat(32)));
    expect(keys.labels(bytes('00'.repeat(32)))).toEqual([]);
  });

  it('name premasters and sessions in the old ways', () => {
    const { keys } = read(
      `RSA 0102030405060708 ${MASTER}\nPMS_CLIENT_RANDOM ${RANDOM} ${SECRET}\nRSA Session-ID:0a0b Master-Key:${MASTER}\nSession-ID: 0c0d Master-Key: ${MASTER}\n`,
    );
    expect(keys.premasters(bytes('0102030405060708ffff'))).toEqual([bytes(MASTER)]);
    expect(keys.secret(LABEL.premaster, bytes(RANDOM))).toEqual(bytes(SECRET));
    expect(keys.masterOf(bytes('0a0b'))).toEqual(bytes(MASTER));
    expect(keys.masterOf(bytes('0c0d'))).toEqual(bytes(MASTER));
  });

  it('of tens of thousands of other sessions are held compactly and searched at once', () => {
    const lines: string[] = [];
    for (let i = 0; i < 20_000; i++) {
      const random = i.toString(16).padStart(8, '0').repeat(8);
      lines.push(`CLIENT_TRAFFIC_SECRET_0 ${random} ${random}`, `SERVER_TRAFFIC_SECRET_0 ${random} ${random}`);
    }
    const { keys } = read([...lines, line].join('\r\n'));
    holds(keys);
    expect(keys.store.size).toBe(40_001);
    for (const i of [0, 1, 77, 19_999]) {
      const random = bytes(i.toString(16).padStart(8, '0').repeat(8));
      expect(keys.secret(LABEL.client, random)).toEqual(random);
    }
  });

  it('never throw, whatever they hold', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.constantFrom(line, 'RSA', 'CLIENT_RANDOM', 'RSA Session-ID:', 'Session-ID:0a', '\n', '\r', ' '),
            fc.uint8Array().map((b) => Buffer.from(b).toString('latin1')),
          ),
        ),
        (parts) => {
          const { counts } = read(parts.join('\n'));
          expect(counts.secrets + counts.ignored).toBeLessThanOrEqual(counts.lines);
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });
});

describe('private keys', () => {
  const rsa = identity({ commonName: 'gateway' });
  const dir = mkdtempSync(join(tmpdir(), 'p12-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const made = writeSession({
    version: 0x0301,
    suite: 0x002f,
    hash: 'sha1',
    cipher: 'aes-128-cbc',
    server: createPublicKey(rsa.key),
    says: [[0, 'hello']],
  });
  const decrypts = (file: Uint8Array, password?: string): void => {
    const keys = new TlsKeys();
    expect(keys.add(file, 'key', password)).toMatchObject({ kind: 'private key', secrets: 1 });
    expect(new TlsSink(keys).feed(made.chunks).finish().text(0)).toBe('hello');
  };
  const fails = (file: Uint8Array, message: RegExp, password?: string): void =>
    expect(() => new TlsKeys().add(file, 'the file', password)).toThrow(message);

  it.each([
    ['PEM PKCS#8', () => Buffer.from(rsa.keyPem)],
    ['PEM PKCS#1', () => Buffer.from(rsa.key.export({ format: 'pem', type: 'pkcs1' }))],
    ['DER PKCS#8', () => rsa.key.export({ format: 'der', type: 'pkcs8' })],
    ['DER PKCS#1', () => rsa.key.export({ format: 'der', type: 'pkcs1' })],
    [
      'PEM behind a certificate, as openssl pkcs12 -nodes writes it',
      () => Buffer.from(`Bag Attributes\n    friendlyName: push\n${rsa.certificatePem}Key Attributes: <No Attributes>\n${rsa.keyPem}`),
    ],
  ])('are read as %s', (_, file) => decrypts(file()));

  it('are read under a password', () => {
    for (const type of ['pkcs1', 'pkcs8'] as const) {
      const pem = Buffer.from(
        rsa.key.export({ format: 'pem', type, cipher: 'aes-256-cbc', passphrase: 'secret' } as never) as unknown as string,
      );
      decrypts(pem, 'secret');
      fails(pem, /the file is protected by a password; give it with --key-password/);
      fails(pem, /the file: the password is wrong/, 'other');
    }
  });

  it('that cannot decrypt say so', () => {
    fails(Buffer.from(identity({ commonName: 'x' }, 'ec').keyPem), /type ec cannot decrypt TLS; only RSA keys can/);
    fails(
      Buffer.from('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
      /not a private key in PEM, DER or PKCS#12 that can be read/,
    );
    fails(Buffer.from('-----BEGIN PRIVATE KEY-----\nAAAA\n'), /no complete private key inside/);
    fails(new Uint8Array([0x30, 3, 2, 1, 5]), /not a private key in PEM, DER or PKCS#12/);
  });

  it('that are damaged never throw anything but a user error', () => {
    const der = new Uint8Array(rsa.key.export({ format: 'der', type: 'pkcs8' }));
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.nat(255), fc.nat(der.length), (at, value, cut) => {
        const broken = der.slice(0, cut);
        if (at < cut) broken[at] = value;
        if (cut === 0 || broken[0] !== 0x30) return;
        try {
          new TlsKeys().add(broken, 'key');
        } catch (error) {
          expect((error as Error).name).toBe('UserError');
        }
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  describe.skipIf(OPENSSL === undefined)('in PKCS#12 files of the openssl program', () => {
    writeFileSync(join(dir, 'key.pem'), rsa.keyPem);
    writeFileSync(join(dir, 'cert.pem'), rsa.certificatePem);
    const p12 = (...args: string[]): Buffer => {
      const made12 = spawnSync('openssl', [
        'pkcs12',
        '-export',
        '-inkey',
        join(dir, 'key.pem'),
        '-in',
        join(dir, 'cert.pem'),
        '-out',
        join(dir, 'out.p12'),
        ...args,
      ]);
      expect(made12.stderr.toString()).toBe('');
      return readFileSync(join(dir, 'out.p12'));
    };
    const legacy = spawnSync('openssl', ['list', '-providers', '-provider', 'legacy']).status === 0;

    it.each([
      ['AES-256 and SHA-256, the default', []],
      ['AES-128', ['-keypbe', 'aes-128-cbc', '-certpbe', 'aes-128-cbc']],
      ['3DES in PBES2', ['-keypbe', 'des-ede3-cbc', '-certpbe', 'NONE']],
      ['3DES of PKCS#12', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES']],
      ['an unprotected key', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
      ['a SHA-512 MAC', ['-macalg', 'sha512']],
      ['no MAC', ['-nomac']],
    ])('are read with %s', (_, args) => decrypts(p12('-passout', 'pass:secret', ...args), 'secret'));

    it('are read with an empty password', () => decrypts(p12('-passout', 'pass:')));

    it('say when the password is missing or wrong', () => {
      const file = p12('-passout', 'pass:secret');
      fails(file, /the file is protected by a password; give it with --key-password/);
      fails(file, /the file: the password is wrong/, 'other');
    });

    it.skipIf(!legacy)('are read when only their certificate is under RC2-40, and else told how to convert them', () => {
      decrypts(p12('-passout', 'pass:secret', '-legacy'), 'secret');
      fails(
        p12('-passout', 'pass:secret', '-legacy', '-keypbe', 'PBE-SHA1-RC2-40'),
        /RC2-40, which OpenSSL 3 has dropped; convert it with: openssl pkcs12 -legacy -in cred.p12 -out certkey.pem -nodes -clcerts/,
        'secret',
      );
    });

    it('that are damaged make a user error or a key, never anything else', () => {
      const file = new Uint8Array(p12('-passout', 'pass:secret', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'NONE', '-iter', '2'));
      fc.assert(
        fc.property(fc.nat(file.length - 1), fc.nat(255), (at, value) => {
          const broken = file.slice();
          broken[at] = value;
          try {
            new TlsKeys().add(broken, 'key', 'secret');
          } catch (error) {
            expect((error as Error).name).toBe('UserError');
          }
        }),
        { seed: SEED, numRuns: 150 },
      );
    });
  });

  it('of two servers are tried in turn', () => {
    const keys = new TlsKeys();
    keys.add(Buffer.from(identity({ commonName: 'other' }).keyPem), 'one');
    keys.add(Buffer.from(rsa.keyPem), 'two');
    expect(new TlsSink(keys).feed(made.chunks).finish().text(0)).toBe('hello');
  });
});
