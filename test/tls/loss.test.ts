import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { TLS_ENTRY } from '../../src/schema/tls.ts';
import { REASON } from '../../src/schema/tls-reason.ts';
import { TlsKeys } from '../../src/tls/keys.ts';
import { identity } from '../support/certificate.ts';
import { type Chunk, TlsSink } from '../support/tls-sink.ts';
import { type Talk, talk } from '../support/tls-talk.ts';

const SEED = 20261121;
const rsa = identity({ commonName: 'localhost' });
/** Forty messages, each in records of its own, that name themselves. */
const says = Array.from({ length: 40 }, (_, i) => Buffer.from(`<message ${i} ${'.'.repeat((i * 37) % 300)}>`));

async function converse(version: 'TLSv1.3' | 'TLSv1.2' | 'TLSv1', ciphers: string): Promise<Talk> {
  const list = version === 'TLSv1.3' ? ciphers : `${ciphers}:@SECLEVEL=0`;
  const [made] = await talk({
    server: { key: rsa.keyPem, cert: rsa.certificatePem, minVersion: version, maxVersion: version, ciphers: list },
    client: { minVersion: version, maxVersion: version, ciphers: list },
    says,
  });
  return made;
}

function decrypt(keyLog: string, chunks: readonly Chunk[]): TlsSink {
  const keys = new TlsKeys();
  keys.addKeyLog(Buffer.from(keyLog));
  return new TlsSink(keys).feed(chunks).finish();
}

/** Index of the chunk where the `n`-th message of a direction passes: after the handshake each chunk is one message. */
function applicationChunks(chunks: readonly Chunk[], dir: 0 | 1): number[] {
  return chunks.flatMap((chunk, i) => (chunk.dir === dir && chunk.bytes[0] === 23 && chunk.bytes.length < 1000 && i > 4 ? [i] : []));
}

function drop(chunks: readonly Chunk[], lost: ReadonlySet<number>): Chunk[] {
  return chunks.map((chunk, i) => (lost.has(i) ? { ...chunk, gap: chunk.bytes.length } : chunk));
}

/** Where the last record of a chunk starts: OpenSSL puts an empty one in front of each message of TLS 1.0. */
function lastRecord(bytes: Uint8Array): number {
  let at = 0;
  for (let next = 0; next < bytes.length; next += 5 + (bytes[next + 3] << 8) + bytes[next + 4]) at = next;
  return at;
}

const messages = (text: string): string[] => text.match(/<message \d+ \.*>/g) ?? [];

describe.each([
  ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
  ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['TLSv1.2', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLSv1.2', 'ECDHE-RSA-AES128-SHA256'],
  ['TLSv1', 'AES128-SHA'],
] as const)('lost segments of %s %s', (version, ciphers) => {
  let made: Talk;
  let mine: number[];
  beforeAll(async () => {
    made = await converse(version, ciphers);
    mine = applicationChunks(made.chunks, 0).slice(-30);
  });

  it('cost only what was in them, and the hole is told', () => {
    const lost = [mine[3], mine[4], mine[5], mine[12], mine[20]];
    const sink = decrypt(made.keyLog, drop(made.chunks, new Set(lost)));
    const seen = messages(sink.text(0)).length;
    // Without an explicit IV a record after the hole is lost too; OpenSSL puts an empty one in front of each message.
    expect(seen).toBe(40 - lost.length);
    expect(sink.gaps[0].length).toBeGreaterThanOrEqual(3);
    expect(sink.text(1)).toBe(made.sent[1].toString('latin1'));
    expect(sink.connection.session.reason).toEqual([0, 0]);
  });

  it('that end inside a record cost that record and no other', () => {
    const at = mine[10];
    const { bytes } = made.chunks[at];
    for (const [from, to] of [
      [0, 20],
      [5, 30],
      [bytes.length - 40, bytes.length - 3],
      [bytes.length - 10, bytes.length],
    ]) {
      const pieces: Chunk[] = [
        { dir: 0, bytes: bytes.subarray(0, from) },
        { dir: 0, bytes: bytes.subarray(from, to), gap: to - from },
        { dir: 0, bytes: bytes.subarray(to) },
      ].filter((c) => c.bytes.length > 0) as Chunk[];
      const sink = decrypt(made.keyLog, [...made.chunks.slice(0, at), ...pieces, ...made.chunks.slice(at + 1)]);
      expect(messages(sink.text(0)).length).toBe(39);
    }
  });

  it('never let a changed byte through, and the records around it stay readable', () => {
    fc.assert(
      fc.property(fc.nat(29), fc.nat(), fc.integer({ min: 1, max: 255 }), (k, offset, flip) => {
        const at = mine[k];
        const bytes = made.chunks[at].bytes.slice();
        const body = lastRecord(bytes) + 5;
        bytes[body + (offset % (bytes.length - body))] ^= flip;
        const sink = decrypt(made.keyLog, [...made.chunks.slice(0, at), { dir: 0, bytes }, ...made.chunks.slice(at + 1)]);
        expect(messages(made.sent[0].toString('latin1'))).toEqual(expect.arrayContaining(messages(sink.text(0))));
        expect(messages(sink.text(0)).length).toBe(39);
        expect(sink.connection.session.failed[0]).toBeGreaterThanOrEqual(1);
        expect(sink.rows.some((row) => row.command === TLS_ENTRY.failed && row.severity === 3)).toBe(true);
      }),
      { seed: SEED, numRuns: 25 },
    );
  });

  it('without a told length are found again by the next header', () => {
    const chunks = made.chunks.map((chunk, i) => (i === mine[8] || i === mine[9] ? { ...chunk, gap: -1 } : chunk));
    const sink = decrypt(made.keyLog, chunks);
    expect(messages(sink.text(0)).length).toBe(38);
  });

  it('never make plaintext that was not said, whatever is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(made.chunks.length - 1), { maxLength: 12 }), (indices) => {
        const sink = decrypt(made.keyLog, drop(made.chunks, new Set(indices)));
        for (const dir of [0, 1] as const) {
          const whole = made.sent[dir].toString('latin1');
          const parts = dir === 0 ? messages(sink.text(0)) : (sink.text(1).match(/>\.* \d+ egassem</g) ?? []);
          for (const part of parts) expect(whole).toContain(part);
          expect(sink.text(dir).length).toBeLessThanOrEqual(whole.length);
        }
      }),
      { seed: SEED, numRuns: 40 },
    );
  });
});

describe('what cannot be decrypted says why', () => {
  let made: Talk;
  beforeAll(async () => {
    made = await converse('TLSv1.3', 'TLS_AES_256_GCM_SHA384');
  });
  const without = (...labels: string[]): string =>
    made.keyLog
      .split('\n')
      .filter((line) => !labels.some((label) => line.startsWith(label)))
      .join('\n');

  it('no keys', () => {
    const sink = decrypt('', made.chunks);
    expect(sink.connection.session.reason).toEqual([REASON.noKeys, REASON.noKeys]);
    expect(sink.text(0) + sink.text(1)).toBe('');
    expect(sink.rows.filter((row) => row.command === TLS_ENTRY.applicationData).every((row) => row.reason === REASON.noKeys)).toBe(true);
    expect(sink.establishedAt).toBe(0);
  });

  it('one direction only', () => {
    const sink = decrypt(without('SERVER'), made.chunks);
    expect(sink.connection.session.reason).toEqual([0, REASON.oneDirection]);
    expect(sink.text(0)).toBe(made.sent[0].toString());
  });

  it('only handshake secrets', () => {
    const sink = decrypt(without('CLIENT_TRAFFIC', 'SERVER_TRAFFIC'), made.chunks);
    expect(sink.connection.session.reason).toEqual([REASON.noApplicationSecret, REASON.noApplicationSecret]);
  });

  it('only application secrets: the data is decrypted, the handshake is not', () => {
    const sink = decrypt(without('CLIENT_HAND', 'SERVER_HAND'), made.chunks);
    expect([sink.text(0), sink.text(1)]).toEqual([made.sent[0].toString(), made.sent[1].toString()]);
    expect(sink.rows.some((row) => row.command === TLS_ENTRY.encryptedHandshake && row.reason === REASON.noHandshakeSecret)).toBe(true);
    expect(sink.connection.session.failed).toEqual([0, 0]);
  });

  it('wrong keys', () => {
    const wrong = made.keyLog.replace(/([0-9a-f])([0-9a-f]{4})\n/g, (_, a: string, rest: string) => `${a === '0' ? '1' : '0'}${rest}\n`);
    const sink = decrypt(wrong, made.chunks);
    expect(sink.connection.session.reason).toEqual([REASON.wrongKeys, REASON.wrongKeys]);
    expect(sink.text(0) + sink.text(1)).toBe('');
  });

  it('a secret of the wrong length', () => {
    const sink = decrypt(made.keyLog.replace(/ ([0-9a-f]{64})[0-9a-f]{32}$/gm, ' $1'), made.chunks);
    expect(sink.connection.session.reason).toEqual([REASON.secretLength, REASON.secretLength]);
  });

  it('a capture that starts after the handshake, before TLS 1.3 or without its keys', async () => {
    const old = await converse('TLSv1.2', 'ECDHE-RSA-AES128-GCM-SHA256');
    const other = await converse('TLSv1.3', 'TLS_AES_256_GCM_SHA384');
    for (const [chunks, keyLog] of [
      [old.chunks, old.keyLog],
      [made.chunks, ''],
      [made.chunks, other.keyLog],
    ] as const) {
      const sink = decrypt(keyLog, chunks.slice(8));
      expect(sink.connection.session.reason).toEqual([REASON.startsLate, REASON.startsLate]);
      expect(sink.rows.every((row) => row.reason === REASON.startsLate)).toBe(true);
      expect(sink.connection.session.version).toBe(0x0303);
    }
  });

  it('a capture that lacks the hellos of one side, before TLS 1.3', async () => {
    const old = await converse('TLSv1.2', 'ECDHE-RSA-AES128-GCM-SHA256');
    const only = (dir: 0 | 1): TlsSink =>
      decrypt(
        old.keyLog,
        old.chunks.filter((chunk) => chunk.dir === dir),
      );
    expect(only(1).connection.session.reason[1]).toBe(REASON.startsLate);
    expect(only(0).connection.session.reason[0]).toBe(REASON.helloLost);
    expect(only(1).text(1) + only(0).text(0)).toBe('');
  });

  it('a private key where the exchange is forward secret', async () => {
    const ecdhe = await converse('TLSv1.2', 'ECDHE-RSA-AES128-GCM-SHA256');
    const keys = new TlsKeys();
    keys.addPrivateKeys(Buffer.from(rsa.keyPem), 'key');
    const sink = new TlsSink(keys).feed(ecdhe.chunks).finish();
    expect(sink.connection.session.reason).toEqual([REASON.forwardSecret, REASON.forwardSecret]);
  });

  it('an unsupported suite', () => {
    const hello = Buffer.concat([
      Buffer.from('160303002d', 'hex'),
      Buffer.from('010000290303', 'hex'),
      Buffer.alloc(32, 1),
      Buffer.from('00000200960100', 'hex'),
    ]);
    const server = Buffer.concat([
      Buffer.from('160303002a', 'hex'),
      Buffer.from('020000260303', 'hex'),
      Buffer.alloc(32, 2),
      Buffer.from('00009600', 'hex'),
    ]);
    const end = Buffer.from('140303000101' + '1703030020', 'hex');
    const sink = decrypt('', [
      { dir: 0, bytes: hello },
      { dir: 1, bytes: server },
      { dir: 1, bytes: Buffer.concat([end, Buffer.alloc(32, 3)]) },
    ]);
    expect(sink.connection.session.reason[1]).toBe(REASON.unsupportedSuite);
    expect(sink.rows.at(-1)?.reason).toBe(REASON.unsupportedSuite);
  });

  it('keys that are written while the capture is read are used as soon as they come', () => {
    const keys = new TlsKeys();
    const sink = new TlsSink(keys, { live: true }).feed(made.chunks);
    expect(sink.text(0) + sink.text(1)).toBe('');
    keys.addKeyLog(Buffer.from(without('CLIENT_TRAFFIC', 'SERVER_TRAFFIC')));
    sink.connection.keysAdded();
    keys.addKeyLog(Buffer.from(made.keyLog));
    sink.connection.keysAdded();
    sink.finish();
    expect([sink.text(0), sink.text(1)]).toEqual([made.sent[0].toString(), made.sent[1].toString()]);
  });

  it('roles that the caller had the wrong way round', () => {
    const sink = decrypt(
      made.keyLog,
      made.chunks.map((chunk) => ({ ...chunk, dir: (1 - chunk.dir) as 0 | 1 })),
    );
    expect(sink.swapped).toBe(true);
    expect([sink.text(0), sink.text(1)]).toEqual([made.sent[0].toString(), made.sent[1].toString()]);
  });
});

describe('hostile bytes', () => {
  const keys = new TlsKeys();
  keys.addKeyLog(Buffer.from(`CLIENT_RANDOM ${'01'.repeat(32)} ${'02'.repeat(48)}`));
  const header = fc
    .tuple(fc.integer({ min: 18, max: 26 }), fc.constantFrom(3, 3, 3, 2), fc.nat(5), fc.nat(40), fc.uint8Array({ maxLength: 60 }))
    .map(([type, major, minor, length, body]) => new Uint8Array([type, major, minor, 0, length, ...body]));
  const handshake = fc
    .tuple(fc.constantFrom(0, 1, 2, 4, 8, 11, 12, 16, 20, 24), fc.nat(70), fc.uint8Array({ maxLength: 70 }))
    .map(([type, length, body]) => new Uint8Array([22, 3, 3, 0, 4 + body.length, type, 0, 0, length, ...body]));
  const chunk = fc.record({
    dir: fc.constantFrom<0 | 1>(0, 1),
    bytes: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 200 }), header, handshake),
    gap: fc.option(fc.integer({ min: -1, max: 300 }), { nil: undefined, freq: 6 }),
  });

  it('make rows and notes, never an exception, never plaintext', () => {
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 30 }), (chunks) => {
        const sink = new TlsSink(keys)
          .feed(chunks.map((c) => (c.gap === undefined ? { dir: c.dir, bytes: c.bytes } : c)) as Chunk[])
          .finish();
        expect(sink.text(0) + sink.text(1)).toBe('');
        expect(sink.ended).toEqual(['0 capture-end', '1 capture-end']);
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  it('are all accounted for: rows cover every byte of a stream without gaps exactly once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 80 }), header, handshake), { minLength: 1, maxLength: 20 }),
        (parts) => {
          const sink = new TlsSink(keys).feed(parts.map((bytes) => ({ dir: 0 as const, bytes }))).finish();
          const total = parts.reduce((sum, part) => sum + part.length, 0);
          const covered = sink.rows.reduce((sum, row) => sum + row.wire.length, 0);
          // Handshake messages in the clear are placed without the 5 bytes of their record's header.
          expect(covered).toBeLessThanOrEqual(total);
          expect(covered).toBeGreaterThanOrEqual(total - 5 * parts.length - sink.rows.length * 5);
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });
});
