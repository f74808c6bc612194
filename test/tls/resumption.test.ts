import { constants } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { TlsKeys } from '../../src/tls/keys.ts';
import { identity } from '../support/certificate.ts';
import { TlsSink } from '../support/tls-sink.ts';
import { talk } from '../support/tls-talk.ts';

const rsa = identity({ commonName: 'localhost' });
const ec = identity({ commonName: 'localhost' }, 'ec');
const says = [Buffer.from('x'), Buffer.alloc(20_000, 'push'), Buffer.from('{"aps":{"alert":"hi"}}')];

/** Versions, suites, and whether the first conversation is decrypted with the private key alone. */
const CASES = [
  ['TLSv1.3', 'TLS_AES_128_GCM_SHA256', 'key log'],
  ['TLSv1.3', 'TLS_AES_256_GCM_SHA384', 'key log'],
  ['TLSv1.2', 'ECDHE-RSA-AES128-GCM-SHA256', 'key log'],
  ['TLSv1.2', 'ECDHE-RSA-AES256-SHA384', 'key log'],
  ['TLSv1.2', 'AES128-GCM-SHA256', 'private key'],
  ['TLSv1.2', 'AES256-SHA256', 'private key'],
  ['TLSv1.1', 'ECDHE-RSA-AES128-SHA', 'key log'],
  ['TLSv1.1', 'AES128-SHA', 'private key'],
  ['TLSv1', 'DHE-RSA-AES256-SHA', 'key log'],
  ['TLSv1', 'AES128-SHA', 'private key'],
] as const;

describe('a session with a client certificate and the one that resumes it', () => {
  for (const [version, name, source] of CASES) {
    for (const resumption of version === 'TLSv1.3' ? (['psk'] as const) : (['ticket', 'id'] as const)) {
      it(`decrypt with the ${source}: ${version} ${name}, resumed by ${resumption}`, async () => {
        const both = { minVersion: version, maxVersion: version, ciphers: version === 'TLSv1.3' ? name : `${name}:@SECLEVEL=0` };
        const made = await talk({
          server: {
            ...both,
            key: rsa.keyPem,
            cert: rsa.certificatePem,
            dhparam: 'auto',
            secureOptions: resumption === 'id' ? constants.SSL_OP_NO_TICKET : 0,
            requestCert: true,
            rejectUnauthorized: false,
          },
          client: { ...both, key: ec.keyPem, cert: ec.certificatePem },
          says,
          times: 2,
        });
        const keys = new TlsKeys();
        if (source === 'key log') keys.addKeyLog(Buffer.from(made.map((one) => one.keyLog).join('')));
        else keys.addPrivateKeys(Buffer.from(rsa.keyPem), 'key.pem');
        for (const [i, one] of made.entries()) {
          const sink = new TlsSink(keys, { stream: 7 + i }).feed(one.chunks).finish();
          expect(sink.text(0)).toBe(one.sent[0].toString('latin1'));
          expect(sink.text(1)).toBe(one.sent[1].toString('latin1'));
          const { session } = sink.connection;
          expect(session.source).toBe(i === 0 || source === 'key log' ? source : 'resumed session');
          expect(session.resumed).toBe(i === 0 ? undefined : resumption);
          expect(session.origin).toBe(i === 0 ? undefined : 7);
          expect(session.clientCertificate).toBe(i === 0);
        }
      });
    }
  }
});
