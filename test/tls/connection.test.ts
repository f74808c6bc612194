import { constants } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { suite } from '../../src/schema/tls-suite.ts';
import { TlsKeys } from '../../src/tls/keys.ts';
import { identity } from '../support/certificate.ts';
import { rechunk, TlsSink } from '../support/tls-sink.ts';
import { talk } from '../support/tls-talk.ts';

const rsa = identity({ commonName: 'localhost' });
const ec = identity({ commonName: 'localhost' }, 'ec');
const says = [Buffer.from('x'), Buffer.alloc(20_000, 'push'), Buffer.from('{"aps":{"alert":"hi"}}')];

const OLD = '@SECLEVEL=0';
const SUITES: [string, 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3', string[]][] = [
  [
    'TLS 1.3',
    'TLSv1.3',
    [
      'TLS_AES_128_GCM_SHA256',
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
      'TLS_AES_128_CCM_SHA256',
      'TLS_AES_128_CCM_8_SHA256',
    ],
  ],
  [
    'TLS 1.2',
    'TLSv1.2',
    [
      'ECDHE-RSA-AES128-GCM-SHA256',
      'DHE-RSA-AES256-GCM-SHA384',
      'AES256-GCM-SHA384',
      'ECDHE-RSA-CHACHA20-POLY1305',
      'AES128-CCM',
      'AES256-CCM8',
      'DHE-RSA-AES128-CCM8',
      'ECDHE-RSA-AES256-SHA384',
      'AES128-SHA256',
      'AES256-SHA',
      'CAMELLIA128-SHA256',
      'ECDHE-RSA-CAMELLIA256-SHA384',
      'ARIA128-GCM-SHA256',
      'ECDHE-ARIA256-GCM-SHA384',
      'NULL-SHA256',
      'NULL-MD5',
    ],
  ],
  ['TLS 1.1', 'TLSv1.1', ['ECDHE-RSA-AES128-SHA', 'AES256-SHA', 'CAMELLIA256-SHA']],
  ['TLS 1.0', 'TLSv1', ['ECDHE-RSA-AES128-SHA', 'AES256-SHA', 'CAMELLIA128-SHA', 'NULL-SHA']],
];

function decrypt(keys: TlsKeys, chunks: Parameters<TlsSink['feed']>[0]): TlsSink {
  return new TlsSink(keys).feed(chunks).finish();
}

describe('every suite that Node can speak', () => {
  for (const [label, version, suites] of SUITES) {
    for (const name of suites) {
      it(`${label} with ${name} decrypts to what was said`, async () => {
        const ciphers = version === 'TLSv1.3' ? name : `${name}:${OLD}`;
        const [made] = await talk({
          server: { key: rsa.keyPem, cert: rsa.certificatePem, minVersion: version, maxVersion: version, ciphers, dhparam: 'auto' },
          client: { minVersion: version, maxVersion: version, ciphers },
          says,
        });
        const keys = new TlsKeys();
        keys.addKeyLog(Buffer.from(made.keyLog));
        const sink = decrypt(keys, made.chunks);
        expect(sink.text(0)).toBe(made.sent[0].toString('latin1'));
        expect(sink.text(1)).toBe(made.sent[1].toString('latin1'));
        expect(sink.connection.session.failed).toEqual([0, 0]);
        expect(sink.connection.session.reason).toEqual([0, 0]);
        expect(suite(sink.connection.session.suite)?.cipher).toBeDefined();
        const cut = decrypt(keys, rechunk(made.chunks, [1, 2, 700, 3, 5000]));
        expect(cut.text(0)).toBe(sink.text(0));
        expect(cut.text(1)).toBe(sink.text(1));
        expect(cut.rows.map((row) => [row.command, Buffer.from(row.message).toString('hex')])).toEqual(
          sink.rows.map((row) => [row.command, Buffer.from(row.message).toString('hex')]),
        );
      });
    }
  }
});

describe('an RSA private key alone', () => {
  for (const [version, name] of [
    ['TLSv1.2', 'AES128-GCM-SHA256'],
    ['TLSv1.2', 'AES256-SHA256'],
    ['TLSv1.1', 'AES128-SHA'],
    ['TLSv1', 'AES128-SHA'],
  ] as const) {
    for (const resumption of ['ticket', 'id'] as const) {
      it(`decrypts ${version} ${name} and the session that resumes it by ${resumption}`, async () => {
        const made = await talk({
          server: {
            key: rsa.keyPem,
            cert: rsa.certificatePem,
            minVersion: version,
            maxVersion: version,
            ciphers: `${name}:${OLD}`,
            secureOptions: resumption === 'id' ? constants.SSL_OP_NO_TICKET : 0,
            requestCert: true,
            rejectUnauthorized: false,
          },
          client: { minVersion: version, maxVersion: version, ciphers: `${name}:${OLD}`, key: ec.keyPem, cert: ec.certificatePem },
          says,
          times: 2,
        });
        const keys = new TlsKeys();
        keys.addPrivateKeys(Buffer.from(rsa.keyPem), 'key.pem');
        for (const [i, one] of made.entries()) {
          const sink = new TlsSink(keys, { stream: 7 + i }).feed(one.chunks).finish();
          expect(sink.text(0)).toBe(one.sent[0].toString('latin1'));
          expect(sink.text(1)).toBe(one.sent[1].toString('latin1'));
          const { session } = sink.connection;
          expect(session.source).toBe(i === 0 ? 'private key' : 'resumed session');
          expect(session.resumed).toBe(i === 0 ? undefined : resumption);
          expect(session.origin).toBe(i === 0 ? undefined : 7);
          if (i === 0) expect(session.clientCertificate).toBe(true);
        }
      });
    }
  }
});
