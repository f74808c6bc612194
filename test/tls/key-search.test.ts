import { beforeAll, describe, expect, it } from 'vitest';
import { CONTENT } from '../../src/schema/tls.ts';
import { REASON } from '../../src/schema/tls-reason.ts';
import { TlsKeys } from '../../src/tls/keys.ts';
import { identity } from '../support/certificate.ts';
import { type Chunk, TlsSink } from '../support/tls-sink.ts';
import { type Talk, talk } from '../support/tls-talk.ts';

const rsa = identity({ commonName: 'localhost' });
const says = Array.from({ length: 200 }, (_, i) => Buffer.from(`<message ${i}>`));

async function converse(ciphers: string): Promise<Talk> {
  const [made] = await talk({
    server: { key: rsa.keyPem, cert: rsa.certificatePem, minVersion: 'TLSv1.3', ciphers },
    client: { minVersion: 'TLSv1.3', ciphers },
    says,
  });
  return made;
}

function keyLog(...texts: string[]): TlsKeys {
  const keys = new TlsKeys();
  for (const text of texts) keys.addKeyLog(Buffer.from(text));
  return keys;
}

/** Lines of sessions that are not in the capture. */
const others = (n: number, length: number): string =>
  Array.from({ length: n }, (_, i) => {
    const random = i.toString(16).padStart(64, '0');
    return `CLIENT_TRAFFIC_SECRET_0 ${random} ${'ab'.repeat(length)}\nSERVER_TRAFFIC_SECRET_0 ${random} ${'cd'.repeat(length)}\n`;
  }).join('');

const isData = (chunk: Chunk): boolean => chunk.bytes[0] === CONTENT.data;

describe.each([
  ['TLS_AES_128_GCM_SHA256', 32],
  ['TLS_AES_256_GCM_SHA384', 48],
  ['TLS_CHACHA20_POLY1305_SHA256', 32],
] as const)('keys of TLS 1.3 sessions with %s whose hellos are missing', (ciphers, size) => {
  let made: Talk;
  beforeAll(async () => {
    made = await converse(ciphers);
  });

  it('are found for a capture that starts in the middle, hundreds of records late', () => {
    const late = made.chunks.slice(-160);
    const sink = new TlsSink(keyLog(made.keyLog)).feed(late).finish();
    for (const dir of [0, 1] as const) {
      expect(sink.text(dir).length).toBeGreaterThan(500);
      expect(made.sent[dir].toString().endsWith(sink.text(dir))).toBe(true);
      // Something went before, which the inner protocol must know.
      expect(sink.gaps[dir][0]).toBe(-1);
    }
    const { session } = sink.connection;
    expect([session.version, session.reason, session.failed]).toEqual([0x0304, [0, 0], [0, 0]]);
    expect(session.source).toBe('key log, by trial');
    expect(session.labels).toContain('CLIENT_TRAFFIC_SECRET_0');
  });

  it('are found among those of other sessions', () => {
    const late = made.chunks.slice(-100);
    const sink = new TlsSink(keyLog(others(10, size), made.keyLog, others(10, size).replaceAll(' 00', ' 11'))).feed(late).finish();
    expect(made.sent[0].toString().endsWith(sink.text(0)) && sink.text(0).length > 0).toBe(true);
  });

  it('tell who is the client when nothing else does', () => {
    const late = made.chunks.slice(-100).map((chunk) => ({ ...chunk, dir: (1 - chunk.dir) as 0 | 1 }));
    const sink = new TlsSink(keyLog(made.keyLog)).feed(late).finish();
    expect(sink.swapped).toBe(true);
    expect(made.sent[0].toString().endsWith(sink.text(0)) && sink.text(0).length > 0).toBe(true);
    expect(made.sent[1].toString().endsWith(sink.text(1)) && sink.text(1).length > 0).toBe(true);
  });

  it.each([0, 1] as const)('are found when only direction %i was captured', (dir) => {
    const sink = new TlsSink(keyLog(made.keyLog)).feed(made.chunks.filter((chunk) => chunk.dir === dir)).finish();
    expect(sink.text(dir)).toBe(made.sent[dir].toString());
    expect(sink.connection.session.failed).toEqual([0, 0]);
  });

  it('are found when the segment with the ServerHello was lost', () => {
    const hello = made.chunks.findIndex((chunk) => chunk.dir === 1);
    const sink = new TlsSink(keyLog(made.keyLog))
      .feed(made.chunks.map((chunk, i) => (i === hello ? { ...chunk, gap: chunk.bytes.length } : chunk)))
      .finish();
    expect([sink.text(0), sink.text(1)]).toEqual([made.sent[0].toString(), made.sent[1].toString()]);
  });

  it('say when only the other direction has its secret', () => {
    const log = made.keyLog.replace(/^SERVER_.*\n/gm, '');
    const sink = new TlsSink(keyLog(log)).feed(made.chunks.slice(-100)).finish();
    expect(sink.text(0).length).toBeGreaterThan(0);
    expect(sink.text(1)).toBe('');
    expect(sink.connection.session.reason[1]).toBe(REASON.oneDirection);
  });
});

describe('the search for keys', () => {
  it('gives up, and says why', async () => {
    const made = await converse('TLS_AES_128_GCM_SHA256');
    const keys = keyLog(others(300, 32));
    const late = made.chunks.filter(isData).slice(-20);
    for (let stream = 0; stream < 3; stream++) {
      const sink = new TlsSink(keys, { stream }).feed(late).finish();
      expect(sink.connection.session.reason).toEqual([REASON.startsLate, REASON.startsLate]);
      expect(sink.text(0) + sink.text(1)).toBe('');
    }
  });
});
