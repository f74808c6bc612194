import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { TLS_ENTRY } from '../../src/schema/tls.ts';
import { suite } from '../../src/schema/tls-suite.ts';
import { TlsKeys } from '../../src/tls/keys.ts';
import { identity } from '../support/certificate.ts';
import { rechunk, TlsSink } from '../support/tls-sink.ts';
import { type WriterRecipe, writeSession } from '../support/tls-writer.ts';

const rsa = identity({ commonName: 'gateway' });
const server = createPublicKey(rsa.key);
const says = [
  [0, 'a notification to the gateway'],
  [1, 'an answer'],
  [0, ''],
  [0, 'x'.repeat(999)],
  [1, 'y'.repeat(4000)],
] as const;

const said = (dir: number): string =>
  says
    .filter(([d]) => d === dir)
    .map(([, text]) => text)
    .join('');

const CASES: readonly (readonly [name: string, recipe: Omit<WriterRecipe, 'server' | 'says'>])[] = [
  ['SSL 3.0 with RC4 and MD5', { version: 0x0300, suite: 0x0004, hash: 'md5', cipher: 'rc4' }],
  ['SSL 3.0 with RC4 and SHA-1', { version: 0x0300, suite: 0x0005, hash: 'sha1', cipher: 'rc4' }],
  ['SSL 3.0 with 3DES', { version: 0x0300, suite: 0x000a, hash: 'sha1', cipher: 'des-ede3-cbc' }],
  ['SSL 3.0 with AES-256', { version: 0x0300, suite: 0x0035, hash: 'sha1', cipher: 'aes-256-cbc' }],
  ['SSL 3.0 after a hello of SSL 2.0 format', { version: 0x0300, suite: 0x0035, hash: 'sha1', cipher: 'aes-256-cbc', ssl2: true }],
  ['TLS 1.0 with DES', { version: 0x0301, suite: 0x0009, hash: 'sha1', cipher: 'des' }],
  [
    'TLS 1.0 with 3DES after a hello of SSL 2.0 format',
    { version: 0x0301, suite: 0x000a, hash: 'sha1', cipher: 'des-ede3-cbc', ssl2: true },
  ],
  ['TLS 1.0 with RC4', { version: 0x0301, suite: 0x0005, hash: 'sha1', cipher: 'rc4' }],
  ['TLS 1.1 with 3DES', { version: 0x0302, suite: 0x000a, hash: 'sha1', cipher: 'des-ede3-cbc' }],
  ['TLS 1.2 with RC4', { version: 0x0303, suite: 0x0005, hash: 'sha1', cipher: 'rc4' }],
  ['TLS 1.2 with AES-128 and SHA-256', { version: 0x0303, suite: 0x003c, hash: 'sha256', cipher: 'aes-128-cbc' }],
  ['TLS 1.2 with Camellia-GCM', { version: 0x0303, suite: 0xc07a, hash: 'sha256', cipher: 'camellia-128-gcm' }],
  ['TLS 1.2 with NULL', { version: 0x0303, suite: 0x003b, hash: 'sha256', cipher: 'null' }],
];

describe('sessions that no library makes any more, written from the RFCs', () => {
  for (const [name, recipe] of CASES) {
    const made = writeSession({ ...recipe, server, says });
    const sources: [string, (keys: TlsKeys) => void][] = [
      ['the key log', (keys) => keys.addKeyLog(Buffer.from(made.keyLog))],
      ['the private key', (keys) => keys.addPrivateKeys(Buffer.from(rsa.keyPem), 'key')],
      [
        'an RSA line',
        (keys) => keys.addKeyLog(Buffer.from(`RSA ${made.encrypted.toString('hex', 0, 8)} ${made.premaster.toString('hex')}`)),
      ],
      ['a session id line', (keys) => keys.addKeyLog(Buffer.from(`RSA Session-ID:01020304 Master-Key:${made.master.toString('hex')}`))],
    ];
    for (const [source, give] of sources) {
      it(`${name} decrypts with ${source}`, () => {
        const keys = new TlsKeys();
        give(keys);
        for (const chunks of [made.chunks, rechunk(made.chunks, [1])]) {
          const sink = new TlsSink(keys).feed(chunks).finish();
          expect([sink.text(0), sink.text(1)]).toEqual([said(0), said(1)]);
          expect(sink.connection.session.failed).toEqual([0, 0]);
          expect(suite(sink.connection.session.suite)?.id).toBe(recipe.suite);
          expect(sink.commands(0).at(-1)).toBe(TLS_ENTRY.alert);
        }
      });
    }
  }
});
