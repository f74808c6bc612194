import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Field, Message } from '../../src/core/message.ts';
import { TLS_ENTRY, VERSIONS } from '../../src/schema/tls.ts';
import { TLS_FIELDS } from '../../src/schema/tls-fields.ts';
import { REASON } from '../../src/schema/tls-reason.ts';
import { allSuites, suite, suiteName } from '../../src/schema/tls-suite.ts';
import { decodeTls } from '../../src/tls/decode.ts';
import { TlsKeys } from '../../src/tls/keys.ts';
import { cipherAtHand } from '../../src/tls/record-cipher.ts';
import { messageBytes, packFacts } from '../../src/tls/row.ts';
import { summarise } from '../../src/tls/sessions.ts';
import { der, identity, oid, utf8String } from '../support/certificate.ts';
import { TlsSink } from '../support/tls-sink.ts';
import { type Talk, talk } from '../support/tls-talk.ts';

const SEED = 20261121;
const PUSH = '1.2.840.113635.100.6.3';
const topics = der(
  0x30,
  utf8String('com.example.app'),
  der(0x30, utf8String('app')),
  utf8String('com.example.app.voip'),
  der(0x30, utf8String('voip')),
);
const push = identity({
  commonName: 'Apple Push Services: com.example.app',
  attributes: [['0.9.2342.19200300.100.1.1', 'com.example.app']],
  extensions: [
    [`${PUSH}.1`, der(0x05)],
    [`${PUSH}.2`, der(0x05)],
    [`${PUSH}.3`, utf8String('com.example.app')],
    [`${PUSH}.4`, topics],
    [`${PUSH}.5`, der(0x05)],
    [`${PUSH}.6`, topics],
  ],
  notAfter: '270102030405Z',
  serial: Buffer.from('0badcafe', 'hex'),
});

function flat(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => [field, ...flat(field.children ?? [])]);
}

const texts = (message: Message, filter: string): string[] =>
  flat(message.fields)
    .filter((field) => field.filter === filter)
    .map((field) => field.text);

async function rows(version: 'TLSv1.2' | 'TLSv1.3'): Promise<{ made: Talk; sink: TlsSink; messages: Message[] }> {
  const [made] = await talk({
    server: {
      key: push.keyPem,
      cert: push.certificatePem,
      minVersion: version,
      maxVersion: version,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['apns-security-v3', 'h2'],
    },
    client: {
      minVersion: version,
      maxVersion: version,
      key: push.keyPem,
      cert: push.certificatePem,
      servername: 'courier.push.apple.com',
      ALPNProtocols: ['apns-pack-v1:4096:4096', 'apns-security-v3'],
    },
  });
  const keys = new TlsKeys();
  keys.addKeyLog(Buffer.from(made.keyLog));
  const sink = new TlsSink(keys, { stream: 4 }).feed(made.chunks).finish();
  return { made, sink, messages: sink.rows.map((row) => decodeTls(row.wire, row.dir, row.aux)) };
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a %s handshake', (version) => {
  it('is shown message by message, with names, offers and choices', async () => {
    const { messages } = await rows(version);
    const names = messages.map((message) => message.command);
    expect(names.slice(0, 2)).toEqual(['client-hello', 'server-hello']);
    expect(names).toContain('certificate-request');
    expect(names.filter((name) => name === 'certificate')).toHaveLength(2);
    const [client, server] = messages;
    expect(texts(client, 'tls.handshake.extensions_server_name')).toEqual(['courier.push.apple.com']);
    expect(texts(client, 'tls.handshake.extensions_alpn_str')).toEqual(['apns-pack-v1:4096:4096', 'apns-security-v3']);
    expect(client.info).toContain('SNI courier.push.apple.com, ALPN apns-pack-v1:4096:4096, apns-security-v3');
    expect(server.info).toContain(VERSIONS[version === 'TLSv1.3' ? 0x0304 : 0x0303]);
    const chosen = messages.flatMap((message) => (message.dir === 1 ? texts(message, 'tls.handshake.extensions_alpn_str') : []));
    expect(chosen).toEqual(['apns-security-v3']);
    expect(messages.flatMap((message) => message.notes.filter((note) => note.severity === 'error' || note.severity === 'warn'))).toEqual(
      [],
    );
    expect(messages.at(-1)?.info).toBe('warning: close_notify, no more data will be sent');
  });

  it('shows certificates with names, validity, serial and what Apple put in', async () => {
    const { messages } = await rows(version);
    for (const certificate of messages.filter((message) => message.command === 'certificate')) {
      expect(texts(certificate, 'x509af.subject')).toEqual(['CN=Apple Push Services: com.example.app, UID=com.example.app']);
      expect(texts(certificate, 'x509af.issuer')).toEqual(texts(certificate, 'x509af.subject'));
      expect(texts(certificate, 'x509af.serialNumber')).toEqual(['0badcafe']);
      expect(texts(certificate, 'x509af.notBefore')).toEqual(['2020-01-01T00:00:00Z']);
      expect(texts(certificate, 'x509af.notAfter')).toEqual(['2027-01-02T03:04:05Z']);
      expect(texts(certificate, 'x509af.subjectPublicKeyInfo')).toEqual(['RSA 2048 bit']);
      const both = 'com.example.app (app), com.example.app.voip (voip)';
      expect(texts(certificate, 'apns.certificate.extension')).toEqual(['present', 'present', 'com.example.app', both, 'present', both]);
      const labels = flat(certificate.fields)
        .filter((field) => field.filter === 'apns.certificate.extension')
        .map((field) => field.label);
      expect(labels[0]).toBe(`Apple push, development (sandbox) (${PUSH}.1)`);
      expect(labels[5]).toBe(`Apple push, topics (${PUSH}.6)`);
      expect(certificate.info).toContain('valid to 2027-01-02T03:04:05Z');
    }
  });

  it('gives every field a range in the message and a filter name that is documented', async () => {
    const { sink, messages } = await rows(version);
    const documented = new Set(TLS_FIELDS.map((field) => field.filter));
    for (const [i, message] of messages.entries()) {
      const { length } = messageBytes(sink.rows[i].wire, sink.rows[i].aux);
      for (const field of flat(message.fields)) {
        if (field.at !== undefined) expect(field.at.start >= 0 && field.at.start <= field.at.end && field.at.end <= length).toBe(true);
        const plural = field.children !== undefined && field.children.length > 0;
        if (!plural && !/^x509sat\.|^tls\.handshake\.extensions?$/.test(field.filter ?? ''))
          expect(documented.has(field.filter ?? '') || field.filter).toBe(documented.has(field.filter ?? '') ? true : 'documented');
      }
    }
  });

  it('is summed up for the list of sessions', async () => {
    const { made, sink } = await rows(version);
    const keys = new TlsKeys();
    keys.addKeyLog(Buffer.from(made.keyLog));
    const summary = summarise(sink.connection.session, keys);
    expect(summary).toMatchObject({
      stream: 4,
      sni: 'courier.push.apple.com',
      alpn: 'apns-security-v3',
      source: 'key log',
      decrypted: 'all',
      failed: 0,
      reason: undefined,
    });
    expect(summary.keys.length).toBe(version === 'TLSv1.3' ? 5 : 1);
    const blind = new TlsSink(new TlsKeys(), { stream: 4 }).feed(made.chunks).finish();
    expect(summarise(blind.connection.session, new TlsKeys())).toMatchObject({
      decrypted: 'none',
      keys: [],
      reason: 'no keys for this client random',
    });
  });
});

describe('rows that are no handshake', () => {
  const row = (command: number, bytes: Uint8Array, reason: number, plain?: Uint8Array): Message =>
    decodeTls(
      bytes,
      0,
      packFacts(
        { command, reason, version: 0x0303, suite: 0xc02f, plain: plain !== undefined, early: false, records: 2, bytes: bytes.length },
        plain,
      ),
    );

  it('tell alerts in words, in the clear and decrypted', () => {
    const fatal = row(TLS_ENTRY.alert, Buffer.from('1503030002022d', 'hex'), 0);
    expect(fatal.info).toBe('fatal: certificate_expired, the certificate has expired or is not valid yet');
    expect(fatal.notes.map((note) => note.code)).toEqual(['tls.fatal-alert']);
    expect(row(TLS_ENTRY.alert, new Uint8Array(26), 0, Uint8Array.of(2, 120)).info).toBe(
      'fatal: no_application_protocol, none of the offered protocols (ALPN) is spoken here',
    );
    expect(row(TLS_ENTRY.alert, new Uint8Array(26), 0, Uint8Array.of(1, 250)).info).toBe('warning: alert 250, not registered');
  });

  it('say why records stay encrypted and list them', () => {
    const run = row(TLS_ENTRY.applicationData, Buffer.from('1703030003aabbcc1703030001dd', 'hex'), REASON.noKeys);
    expect(run.info).toBe('2 records, 14 bytes: no keys for this client random');
    expect(texts(run, 'tls.record.length')).toEqual(['3', '1']);
    expect(texts(run, 'tls.undecrypted')[0]).toContain('Give a key log');
    expect(run.notes.map((note) => note.code)).toEqual(['tls.not-decrypted']);
  });

  it('show failed, damaged and refused records as such', () => {
    const bytes = Buffer.from('1703030003aabbcc', 'hex');
    expect(row(TLS_ENTRY.failed, bytes, REASON.badTag).notes[0]).toMatchObject({
      code: 'tls.bad-record',
      severity: 'error',
      detail: 'the authentication tag is wrong',
    });
    expect(row(TLS_ENTRY.damaged, bytes, REASON.hole).notes[0].code).toBe('tls.damaged');
    expect(row(TLS_ENTRY.rejectedEarlyData, bytes, REASON.earlyDataRejected, Buffer.from('early')).notes[0].code).toBe(
      'tls.early-data-rejected',
    );
    expect(row(TLS_ENTRY.notTls, Buffer.from('GET / HTTP/1.1'), REASON.notTls).notes[0].code).toBe('tls.not-a-record');
  });

  it('never throw, whatever the bytes', () => {
    const command = fc.oneof(
      fc.constantFrom(...Object.values(TLS_ENTRY)),
      fc.constantFrom(0, 1, 2, 4, 8, 11, 12, 13, 15, 16, 20, 22, 24, 25, 67, 254),
      fc.nat(255),
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.constantFrom(1, 2, 8, 11, 13, 25), fc.uint8Array({ maxLength: 200 }))
        .map(([type, body]) => Uint8Array.of(type, 0, 0, body.length, ...body)),
    );
    fc.assert(
      fc.property(
        command,
        bytes,
        fc.boolean(),
        fc.constantFrom(0, 0x0300, 0x0303, 0x0304),
        fc.nat(0xffff),
        (kind, body, plain, version, id) => {
          const message = decodeTls(
            plain ? new Uint8Array(0) : body,
            1,
            packFacts(
              { command: kind, reason: id % 40, version, suite: id, plain, early: false, records: 1, bytes: 0 },
              plain ? body : undefined,
            ),
          );
          expect(message.dialect).toBe('tls');
          for (const note of message.notes) expect(note.start <= note.end && note.end <= body.length).toBe(true);
        },
      ),
      { seed: SEED, numRuns: 600 },
    );
  });

  it('never throw on certificates with any byte changed, and never read outside them', () => {
    const chain = Buffer.concat([Buffer.from([0, push.certificate.length >> 8, push.certificate.length & 255]), push.certificate]);
    const body = Buffer.concat([
      Buffer.from([11, 0, (chain.length + 3) >> 8, (chain.length + 3) & 255, 0, chain.length >> 8, chain.length & 255]),
      chain,
    ]);
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(255), (at, value) => {
        const broken = new Uint8Array(body);
        broken[at] = value;
        const message = decodeTls(
          broken,
          1,
          packFacts({ command: 11, reason: 0, version: 0x0303, suite: -1, plain: false, early: false, records: 1, bytes: broken.length }),
        );
        for (const field of flat(message.fields)) if (field.at !== undefined) expect(field.at.end).toBeLessThanOrEqual(broken.length);
      }),
      { seed: SEED, numRuns: 400 },
    );
    expect(oid(PUSH)[0]).toBe(6);
  });
});

describe('the table of suites', () => {
  it('names every cipher that the matrix needs, and OpenSSL has those that it says', () => {
    expect(suite(0x1301)).toMatchObject({ name: 'TLS_AES_128_GCM_SHA256', exchange: '', digest: 'sha256' });
    expect(suite(0x0035)).toMatchObject({ exchange: 'RSA', digest: 'sha1' });
    expect(suiteName(0xc030)).toBe('TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 (0xc030)');
    expect(suiteName(0x3a3a)).toBe('GREASE (0x3a3a)');
    expect(suiteName(0xfffe)).toBe('unknown suite 0xfffe');
    for (const { cipher, name } of allSuites()) {
      if (cipher?.algorithm === undefined || cipher.kind === 'null' || cipher.algorithm === 'rc4' || cipher.algorithm === 'des') continue;
      // Camellia has no GCM in OpenSSL; its block cipher is used.
      const algorithm = cipher.algorithm.startsWith('camellia') ? cipher.algorithm.replace('gcm', 'cbc') : cipher.algorithm;
      const iv = algorithm.endsWith('cbc') ? (cipher.kind === 'block' ? cipher.block : 16) : 12;
      if (cipher.kind !== 'ccm') expect([name, cipherAtHand(algorithm, cipher.key, iv)]).toEqual([name, true]);
    }
  });
});
