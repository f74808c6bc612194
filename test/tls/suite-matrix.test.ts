import { spawnSync } from 'node:child_process';
import { getCiphers } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { suite } from '../../src/schema/tls-suite.ts';
import { TlsKeys } from '../../src/tls/keys.ts';
import { identity } from '../support/certificate.ts';
import { OPENSSL } from '../support/openssl-talk.ts';
import { rechunk, TlsSink } from '../support/tls-sink.ts';
import { type Talk, talk } from '../support/tls-talk.ts';

const identities = {
  RSA: identity({ commonName: 'localhost' }),
  ECDSA: identity({ commonName: 'localhost' }, 'ec'),
  DSS: identity({ commonName: 'localhost' }, 'dsa'),
};
const PSK = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const says = [Buffer.from('x'), Buffer.alloc(20_000, 'push'), Buffer.from('{"aps":{"alert":"hi"}}')];

const SUITES_OF_13 = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_CCM_SHA256',
  'TLS_AES_128_CCM_8_SHA256',
];

/** Suites of an old version in OpenSSL's names: all that the program lists, or those that Node admits to. */
function suitesOf(flag: '-tls1' | '-tls1_1' | '-tls1_2'): string[] {
  if (OPENSSL !== undefined) {
    const { stdout } = spawnSync(OPENSSL, ['ciphers', '-s', flag, '-psk', 'ALL:COMPLEMENTOFALL:PSK:@SECLEVEL=0']);
    return stdout.toString().trim().split(':');
  }
  const newer = /SHA256$|SHA384$|CHACHA20|CCM/;
  return getCiphers()
    .map((name) => name.toUpperCase())
    .filter((name) => !/^(TLS_|SRP-)/.test(name) && (flag === '-tls1_2' || !newer.test(name)));
}

const MATRIX = [
  ['TLSv1.3', SUITES_OF_13],
  ['TLSv1.2', suitesOf('-tls1_2')],
  ['TLSv1.1', suitesOf('-tls1_1')],
  ['TLSv1', suitesOf('-tls1')],
] as const;

type Version = (typeof MATRIX)[number][0];

/** A conversation with one suite, with what it needs to prove who is who. */
async function speak(version: Version, name: string): Promise<Talk> {
  const ciphers = version === 'TLSv1.3' ? name : `${name}:@SECLEVEL=0`;
  const { keyPem, certificatePem } = identities[/ECDSA/.test(name) ? 'ECDSA' : /DSS/.test(name) ? 'DSS' : 'RSA'];
  const both = { minVersion: version, maxVersion: version, ciphers };
  const psk = /PSK/.test(name);
  const [made] = await talk({
    server: {
      ...both,
      ...(/^(PSK|DHE-PSK|ECDHE-PSK|ADH|AECDH)/.test(name) ? {} : { key: keyPem, cert: certificatePem }),
      dhparam: 'auto',
      ...(psk ? { pskCallback: () => PSK } : {}),
    },
    client: {
      ...both,
      ...(psk ? { pskCallback: () => ({ psk: PSK, identity: 'device' }), checkServerIdentity: () => undefined } : {}),
    },
    says,
  });
  return made;
}

function expectSaid(keys: TlsKeys, made: Talk): TlsSink {
  const sink = new TlsSink(keys).feed(made.chunks).finish();
  expect(sink.text(0)).toBe(made.sent[0].toString('latin1'));
  expect(sink.text(1)).toBe(made.sent[1].toString('latin1'));
  expect(sink.connection.session.failed).toEqual([0, 0]);
  expect(sink.connection.session.reason).toEqual([0, 0]);
  return sink;
}

describe.each(MATRIX)('every suite of %s that OpenSSL has', (version, names) => {
  it.each(names)('%s decrypts to what was said, with each kind of key that can', async (name) => {
    const made = await speak(version, name);
    const keys = new TlsKeys();
    keys.addKeyLog(Buffer.from(made.keyLog));
    const sink = expectSaid(keys, made);
    const { cipher, exchange } = suite(sink.connection.session.suite) ?? {};
    expect(cipher).toBeDefined();

    const cut = new TlsSink(keys).feed(rechunk(made.chunks, [1, 2, 700, 3, 5000])).finish();
    expect(cut.text(0)).toBe(sink.text(0));
    expect(cut.text(1)).toBe(sink.text(1));
    expect(cut.rows.map((row) => [row.command, Buffer.from(row.message).toString('hex')])).toEqual(
      sink.rows.map((row) => [row.command, Buffer.from(row.message).toString('hex')]),
    );

    const alone = new TlsKeys();
    if (exchange === 'PSK' || exchange === 'RSA_PSK') alone.addPsk(PSK);
    if (exchange === 'RSA' || exchange === 'RSA_PSK') alone.addPrivateKeys(Buffer.from(identities.RSA.keyPem), 'key.pem');
    if (exchange !== 'RSA' && exchange !== 'PSK' && exchange !== 'RSA_PSK') return;
    expect(expectSaid(alone, made).connection.session.source).toBe(exchange === 'RSA' ? 'private key' : 'pre-shared key');
  });
});
