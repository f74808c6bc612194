import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signProviderToken } from '../../src/emulator/http2/provider-token.ts';
import { Conversation, pcapFile } from '../support/conversation.ts';
import { H2Writer, pushHeaders } from '../support/http2-writer.ts';
import { Program } from '../support/run.ts';

const KEY_ID = 'ABC1234567';
const SECONDS = 1_795_284_000;

describe('signatures of provider tokens', () => {
  const program = new Program();
  const dir = mkdtempSync(join(tmpdir(), 'jwt-key-'));
  const capture = join(dir, 'push.pcap');
  const file = (name: string): string => join(dir, name);
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicPem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string;

  beforeAll(async () => {
    const p8 = own.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    writeFileSync(file(`AuthKey_${KEY_ID}.p8`), p8);
    writeFileSync(file('own.pem'), publicPem(own.publicKey));
    writeFileSync(file('own.der'), own.publicKey.export({ type: 'spki', format: 'der' }));
    writeFileSync(file('other.pem'), publicPem(other.publicKey));
    writeFileSync(file('AuthKey_OTHER67890.p8'), other.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(file('rsa.pem'), publicPem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey));
    const client = new H2Writer();
    const server = new H2Writer();
    const authorization = `bearer ${signProviderToken(p8, KEY_ID, 'DEF7654321', SECONDS - 60)}`;
    const talk = new Conversation('10.0.0.2:50000', '17.188.0.1:443', BigInt(SECONDS) * 1_000_000_000n).open();
    talk.send(0, new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), client.settings());
    talk.send(1, server.settings());
    talk.send(0, client.headers(1, pushHeaders({ authorization })), client.data(1, '{"aps":{}}')).wait(5);
    talk.send(1, server.headers(1, [{ name: ':status', value: '200' }], { end: true })).close();
    writeFileSync(capture, pcapFile(talk.packets));
    await program.build();
  }, 60_000);

  afterAll(() => {
    program.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each([['own.pem'], ['own.der'], [`AuthKey_${KEY_ID}.p8`]])('are verified with %s', async (key) => {
    const { out, code } = await program.run(['show', capture, '4', '--jwt-key', file(key)]);
    expect(out).toContain('jwt.signature-verified');
    expect(out).toContain(`with ${key}`);
    expect(code).toBe(0);
  });

  it('that fit no given key are errors, which list --fail-on counts', async () => {
    const { out } = await program.run(['show', capture, '4', '--jwt-key', file('other.pem')]);
    expect(out).toContain('jwt.signature-wrong');
    const fail = async (key: string): Promise<number> =>
      (await program.run(['list', capture, '--fail-on', 'error', '--jwt-key', file(key)])).code;
    expect(await fail('other.pem')).toBe(3);
    expect(await fail('own.pem')).toBe(0);
  });

  it('are not judged by keys whose names say another key id, and one of several keys is enough', async () => {
    const one = await program.run(['show', capture, '4', '--jwt-key', file('AuthKey_OTHER67890.p8')]);
    expect(one.out).not.toContain('jwt.signature-');
    const two = await program.run(['show', capture, '4', '--jwt-key', file('other.pem'), '--jwt-key', file('own.pem')]);
    expect(two.out).toContain('jwt.signature-verified');
  });

  it('need keys of the right kind', async () => {
    const rsa = await program.run(['list', capture, '--jwt-key', file('rsa.pem')]);
    expect(rsa.err).toContain('holds no P-256 key');
    expect(rsa.code).toBe(1);
    expect((await program.run(['list', capture, '--jwt-key', file('none.pem')])).err).toMatch(/cannot read .*no such file/);
  });

  it('that are right make no row a finding', async () => {
    const { out } = await program.run(['list', capture, '--findings', '--format', 'jsonl', '--jwt-key', file('own.pem')]);
    expect(out).not.toContain('jwt.signature-verified');
  });
});
