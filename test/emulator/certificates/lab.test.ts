import { createSign, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { decodeTopics, encodeTopics } from '../../../src/emulator/certificates/apple-extensions.ts';
import { readIdentity, topicsOf } from '../../../src/emulator/certificates/identity.ts';
import { SERVER_NAMES } from '../../../src/emulator/certificates/issue.ts';
import { Lab, splitPem, stateDirectory } from '../../../src/emulator/certificates/lab.ts';

let directory: string;
let lab: Lab;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apns-lab-'));
  lab = await Lab.open(directory);
});
afterAll(() => rm(directory, { recursive: true }));

describe('the lab', () => {
  it('keeps its CA, its server certificate and its signing key for the next start', async () => {
    const server = await lab.server();
    const key = await lab.signingKey();
    const again = await Lab.open(directory);
    expect(again.authority).toEqual(lab.authority);
    expect(await again.server()).toEqual(server);
    expect(await again.signingKey()).toEqual(key);
    expect(key.keyId).toMatch(/^[A-Z0-9]{10}$/);
    expect((await stat(join(directory, 'ca.key'))).mode & 0o077).toBe(0);
    expect((await stat(key.path)).mode & 0o077).toBe(0);
  });

  it('makes a server certificate for localhost, both loopback addresses and the Apple host names', async () => {
    const certificate = new X509Certificate((await lab.server()).certificate);
    expect(certificate.verify(new X509Certificate(lab.authority.certificate).publicKey)).toBe(true);
    for (const name of SERVER_NAMES.filter((name) => !name.startsWith('*'))) expect(certificate.checkHost(name)).toBeDefined();
    expect(certificate.checkHost('12-courier.push.apple.com')).toBeDefined();
    expect(certificate.checkIP('127.0.0.1')).toBeDefined();
    expect(certificate.checkIP('::1')).toBeDefined();
  });

  it('makes the server certificate anew for a name that it lacks, and when it nears its end', async () => {
    const first = await lab.server();
    const named = await lab.server(['push.test'], ['10.1.2.3']);
    expect(named.certificate).not.toBe(first.certificate);
    expect(new X509Certificate(named.certificate).checkIP('10.1.2.3')).toBeDefined();
    const later = await Lab.open(directory, () => new Date(Date.now() + 380 * 86_400_000));
    expect((await later.server()).certificate).not.toBe(named.certificate);
  });

  it('gives provider certificates that say what they are for', async () => {
    const topics = [
      { topic: 'com.example.app', kind: 'app' },
      { topic: 'com.example.app.voip', kind: 'voip' },
    ];
    const made = await lab.provider({ bundle: 'com.example.app', topics, environment: 'development' });
    const identity = readIdentity(new X509Certificate(made.certificate).raw, lab.authority.certificate, Date.now());
    expect(identity).toMatchObject({ uid: 'com.example.app', topics, development: true, production: false, trusted: true });
    expect(topicsOf(identity!)).toEqual(['com.example.app', 'com.example.app.voip']);
    expect((await lab.provider({ bundle: 'com.example.app', environment: 'development' })).certificate).toBe(made.certificate);
    expect(splitPem(made.certificate + made.key)).toEqual({ key: made.key, certificate: made.certificate });
  });

  it('gives device identities with 128-byte signatures', async () => {
    const device = await lab.device('phone');
    expect(createSign('RSA-SHA1').update('nonce').sign(device.key)).toHaveLength(128);
  });

  it('does not trust a certificate of another CA, and reads no garbage', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'apns-lab-'));
    const other = await Lab.open(elsewhere);
    const raw = new X509Certificate((await other.provider({ bundle: 'x' })).certificate).raw;
    expect(readIdentity(raw, lab.authority.certificate, Date.now())?.trusted).toBe(false);
    expect(readIdentity(raw.subarray(0, 100), lab.authority.certificate, Date.now())).toBeUndefined();
    await rm(elsewhere, { recursive: true });
  });

  it('says in one sentence when its directory cannot be written', async () => {
    const file = join(directory, 'a-file');
    await writeFile(file, '');
    const failure = await Lab.open(join(file, 'lab')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as Error).message).toContain('--state-dir');
  });

  it('lives below the state directory that the user chose', () => {
    expect(stateDirectory({ XDG_STATE_HOME: '/state' })).toBe(join('/state', 'apns-inspect', 'lab'));
  });
});

describe('the topic list of a certificate', () => {
  it('survives a round trip', () => {
    const topic = fc.record({ topic: fc.string({ maxLength: 300 }), kind: fc.string({ maxLength: 20 }) });
    fc.assert(
      fc.property(fc.array(topic, { maxLength: 20 }), (topics) => {
        const clean = topics.map((t) => ({ topic: t.topic.replace(/[^ -~]/g, ''), kind: t.kind.replace(/[^ -~]/g, '') }));
        expect(decodeTopics(encodeTopics(clean))).toEqual(clean);
      }),
      { seed: 20261121, numRuns: 200 },
    );
  });

  it('is read from any bytes without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(Array.isArray(decodeTopics(bytes))).toBe(true);
      }),
      { seed: 20261121, numRuns: 1000 },
    );
  });
});
