import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { looksLikeTls } from '../../src/tls/detect.ts';
import { identity } from '../support/certificate.ts';
import { talk } from '../support/tls-talk.ts';

const SEED = 20261121;
const seen = (bytes: Uint8Array): boolean | 'need' => looksLikeTls(bytes, 0, bytes.length);

describe('TLS by content', () => {
  it('is recognised from the start and from any record on, in both directions', async () => {
    const rsa = identity({ commonName: 'x' });
    const [made] = await talk({
      server: { key: rsa.keyPem, cert: rsa.certificatePem },
      says: [Buffer.alloc(3000, 'a'), Buffer.from('b'), Buffer.alloc(200, 'c')],
    });
    for (const { bytes } of made.chunks) expect(seen(bytes)).toBe(true);
    for (const { bytes } of made.chunks) {
      for (let n = 1; n < Math.min(bytes.length, 40); n++) expect(seen(bytes.subarray(0, n))).not.toBe(false);
    }
  });

  it('is recognised in the formats of SSL 2.0 and 3.0', () => {
    const hello = Buffer.concat([Buffer.from('801c0103000003000000100000350102030405060708090a0b0c0d0e0f10', 'hex')]);
    expect(seen(hello)).toBe(true);
    expect(seen(hello.subarray(0, 5))).toBe('need');
    expect(seen(Buffer.from('1603000004' + '0e000000', 'hex'))).toBe(true);
    expect(seen(Buffer.from('15030100020228', 'hex'))).toBe(true);
  });

  it('is not seen in other protocols', () => {
    for (const text of [
      'GET / HTTP/1.1\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'SSH-2.0-OpenSSH',
      '\u0002\u0000\u0000\u0000\u0001',
      '\u0007\u0000\u0000\u0000\u0020',
      '\u0016\u0003\u0001 hello there, this is text',
      '\u0017\u0003\u0003\u0000\u0040this is only text behind a header that looks like one, is it not',
    ])
      expect(seen(Buffer.from(text, 'latin1'))).toBe(false);
    expect(seen(new Uint8Array(0))).toBe('need');
  });

  it('is hardly ever seen in random bytes', () => {
    let hits = 0;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (bytes) => {
        if (seen(bytes) === true) hits++;
      }),
      { seed: SEED, numRuns: 5000 },
    );
    expect(hits).toBe(0);
  });
});
