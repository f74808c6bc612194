import { constants, createCipheriv, createHash, createHmac, type KeyObject, publicEncrypt } from 'node:crypto';
import type { Chunk } from './tls-sink.ts';

/*
 * Writes TLS sessions that no current library makes any more: SSL 3.0, RC4, DES, 3DES, Camellia-GCM. Written from the
 * RFCs (6101, 2246, 5246, 6367) and kept apart from the code under test: no import from it.
 */

export interface WriterRecipe {
  readonly version: number;
  readonly suite: number;
  readonly hash: 'md5' | 'sha1' | 'sha256' | 'sha384';
  readonly cipher: 'rc4' | 'des' | 'des-ede3-cbc' | 'aes-128-cbc' | 'aes-256-cbc' | 'camellia-128-gcm' | 'null';
  readonly server: KeyObject;
  /** Start with a hello in the format of SSL 2.0. */
  readonly ssl2?: boolean;
  readonly says: readonly (readonly [0 | 1, string])[];
}

const KEY: Readonly<Record<WriterRecipe['cipher'], readonly [key: number, iv: number]>> = {
  rc4: [16, 0],
  des: [8, 8],
  'des-ede3-cbc': [24, 8],
  'aes-128-cbc': [16, 16],
  'aes-256-cbc': [32, 16],
  'camellia-128-gcm': [16, 4],
  null: [0, 0],
};

const hmac = (hash: string, key: Buffer, ...parts: Buffer[]): Buffer =>
  parts.reduce((h, part) => h.update(part), createHmac(hash, key)).digest();
const digest = (hash: string, ...parts: Buffer[]): Buffer => createHash(hash).update(Buffer.concat(parts)).digest();

function pHash(hash: string, secret: Buffer, seed: Buffer, length: number): Buffer {
  let a = seed;
  let out = Buffer.alloc(0);
  while (out.length < length) {
    a = hmac(hash, secret, a);
    out = Buffer.concat([out, hmac(hash, secret, a, seed)]);
  }
  return out.subarray(0, length);
}

function derive(recipe: WriterRecipe, secret: Buffer, label: string, seed: Buffer, length: number): Buffer {
  if (recipe.version === 0x0300) {
    let out = Buffer.alloc(0);
    for (let i = 1; out.length < length; i++) {
      const letters = Buffer.alloc(i, String.fromCharCode(64 + i));
      out = Buffer.concat([out, digest('md5', secret, digest('sha1', letters, secret, seed))]);
    }
    return out.subarray(0, length);
  }
  const full = Buffer.concat([Buffer.from(label), seed]);
  if (recipe.version >= 0x0303) return pHash(recipe.hash === 'sha384' ? 'sha384' : 'sha256', secret, full, length);
  const [left, right] = [secret.subarray(0, secret.length / 2), secret.subarray(secret.length / 2)];
  const other = pHash('sha1', right, full, length);
  return Buffer.from(pHash('md5', left, full, length).map((b, i) => b ^ other[i]));
}

function u16(n: number): Buffer {
  return Buffer.from([n >> 8, n & 255]);
}

/** RC4 as a generator of key stream bytes. */
function* arcfour(key: Buffer): Generator<number, never> {
  const s = Array.from({ length: 256 }, (_, i) => i);
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + s[i] + key[i % key.length]) % 256;
    [s[i], s[j]] = [s[j], s[i]];
  }
  for (let i = 1, j = 0; ; i = (i + 1) % 256) {
    j = (j + s[i]) % 256;
    [s[i], s[j]] = [s[j], s[i]];
    yield s[(s[i] + s[j]) % 256];
  }
}

/** GCM over any block cipher, bit by bit with big integers. */
function gcmSeal(ecb: string, key: Buffer, nonce: Buffer, aad: Buffer, text: Buffer): Buffer {
  const block = (b: Buffer): Buffer => createCipheriv(ecb, key, null).setAutoPadding(false).update(b);
  const number = (b: Buffer): bigint => BigInt(`0x${b.toString('hex')}`);
  const h = number(block(Buffer.alloc(16)));
  const multiply = (x: bigint): bigint => {
    let z = 0n;
    let v = h;
    for (let i = 127n; i >= 0n; i--) {
      if ((x >> i) & 1n) z ^= v;
      v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
    }
    return z;
  };
  const counter = (n: number): Buffer => block(Buffer.concat([nonce, Buffer.from([0, 0, n >> 8, n & 255])]));
  const sealed = Buffer.from(text);
  for (let i = 0; i < text.length; i++) sealed[i] ^= counter(2 + (i >> 4))[i & 15];
  const pad = (b: Buffer): Buffer => Buffer.concat([b, Buffer.alloc((16 - (b.length % 16)) % 16)]);
  const lengths = Buffer.alloc(16);
  lengths.writeUInt32BE(aad.length * 8, 4);
  lengths.writeUInt32BE(text.length * 8, 12);
  const input = Buffer.concat([pad(aad), pad(sealed), lengths]);
  let y = 0n;
  for (let i = 0; i < input.length; i += 16) y = multiply(y ^ number(input.subarray(i, i + 16)));
  const tag = y ^ number(counter(1));
  return Buffer.concat([sealed, Buffer.from(tag.toString(16).padStart(32, '0'), 'hex')]);
}

class Sealer {
  private sequence = 0;
  private iv: Buffer;
  private readonly stream: Generator<number, never>;
  private readonly recipe: WriterRecipe;
  private readonly mac: Buffer;
  private readonly key: Buffer;

  constructor(recipe: WriterRecipe, mac: Buffer, key: Buffer, iv: Buffer) {
    this.recipe = recipe;
    this.mac = mac;
    this.key = key;
    this.iv = iv;
    this.stream = arcfour(key.length > 0 ? key : Buffer.from([0]));
  }

  record(type: number, content: Buffer): Buffer {
    const { version, cipher, hash } = this.recipe;
    const number = Buffer.alloc(8);
    number.writeUInt32BE(this.sequence++, 4);
    const head = Buffer.concat([Buffer.from([type]), u16(version)]);
    if (cipher === 'camellia-128-gcm') {
      const explicit = Buffer.concat([Buffer.from([9, 9, 9, 9]), number.subarray(4)]);
      const sealed = gcmSeal(
        'camellia-128-ecb',
        this.key,
        Buffer.concat([this.iv, explicit]),
        Buffer.concat([number, head, u16(content.length)]),
        content,
      );
      return Buffer.concat([head, u16(8 + sealed.length), explicit, sealed]);
    }
    let body: Buffer = Buffer.concat([content, this.authenticate(number, type, head, content)]);
    if (cipher === 'rc4') body = Buffer.from(body.map((b) => b ^ this.stream.next().value));
    else if (cipher !== 'null') body = this.chain(body, hash);
    return Buffer.concat([head, u16(body.length), body]);
  }

  private authenticate(number: Buffer, type: number, head: Buffer, content: Buffer): Buffer {
    const { version, hash } = this.recipe;
    if (version !== 0x0300) return hmac(hash, this.mac, number, head, u16(content.length), content);
    const pads = hash === 'md5' ? 48 : 40;
    const inner = digest(hash, this.mac, Buffer.alloc(pads, 0x36), number, Buffer.from([type]), u16(content.length), content);
    return digest(hash, this.mac, Buffer.alloc(pads, 0x5c), inner);
  }

  private chain(body: Buffer, hash: string): Buffer {
    const { version, cipher } = this.recipe;
    const size = this.iv.length;
    const padding = size - ((body.length + 1) % size === 0 ? size : (body.length + 1) % size);
    // SSL 3.0 leaves the padding bytes open, so they are odd here.
    const fill = version === 0x0300 ? Buffer.from(Array.from({ length: padding }, (_, i) => 200 + i)) : Buffer.alloc(padding, padding);
    const clear = Buffer.concat([body, fill, Buffer.from([padding])]);
    const iv = version >= 0x0302 ? digest('sha256', Buffer.from(hash), clear).subarray(0, size) : this.iv;
    const key = cipher === 'des' ? Buffer.concat([this.key, this.key, this.key]) : this.key;
    const sealer = createCipheriv(cipher === 'des' ? 'des-ede3-cbc' : cipher, key, iv).setAutoPadding(false);
    const sealed = sealer.update(clear);
    this.iv = Buffer.from(sealed.subarray(sealed.length - size));
    return version >= 0x0302 ? Buffer.concat([iv, sealed]) : sealed;
  }
}

/** A whole session with static RSA key exchange: hellos, certificate of nobody, ClientKeyExchange, Finished, data, close_notify. */
export function writeSession(recipe: WriterRecipe): {
  chunks: Chunk[];
  keyLog: string;
  master: Buffer;
  encrypted: Buffer;
  premaster: Buffer;
} {
  const { version, suite } = recipe;
  const challenge = digest('sha256', Buffer.from(`client ${version} ${suite}`));
  const clientRandom = recipe.ssl2 ? Buffer.concat([Buffer.alloc(16), challenge.subarray(0, 16)]) : challenge;
  const serverRandom = digest('sha256', Buffer.from('server'));
  const premaster = Buffer.concat([u16(version), digest('sha384', Buffer.from('premaster')).subarray(0, 46)]);
  const encrypted = publicEncrypt({ key: recipe.server, padding: constants.RSA_PKCS1_PADDING }, premaster);
  const randoms = Buffer.concat([clientRandom, serverRandom]);
  const master = derive(recipe, premaster, 'master secret', randoms, 48);
  const gcm = recipe.cipher.endsWith('gcm');
  const mac = gcm ? 0 : { md5: 16, sha1: 20, sha256: 32, sha384: 48 }[recipe.hash];
  const [keyLength, ivLength] = KEY[recipe.cipher];
  const block = derive(recipe, master, 'key expansion', Buffer.concat([serverRandom, clientRandom]), 2 * (mac + keyLength + ivLength));
  const cut = (at: number, length: number, dir: number): Buffer => block.subarray(at + dir * length, at + (dir + 1) * length);
  const sealers = [0, 1].map(
    (dir) => new Sealer(recipe, cut(0, mac, dir), cut(2 * mac, keyLength, dir), cut(2 * (mac + keyLength), ivLength, dir)),
  );
  const record = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([type]), u16(version), u16(body.length), body]);
  const message = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([type, 0]), u16(body.length), body]);
  const finished = message(20, Buffer.alloc(version === 0x0300 ? 36 : 12, 7));
  const hello = recipe.ssl2
    ? Buffer.concat([
        u16(0x8000 | (9 + 6 + 16)),
        Buffer.from([1]),
        u16(version),
        u16(6),
        u16(0),
        u16(16),
        Buffer.from([0, suite >> 8, suite & 255, 7, 0, 0xc0]),
        challenge.subarray(0, 16),
      ])
    : record(22, message(1, Buffer.concat([u16(version), clientRandom, Buffer.from([0]), u16(2), u16(suite), Buffer.from([1, 0])])));
  const serverHello = message(2, Buffer.concat([u16(version), serverRandom, Buffer.from([4, 1, 2, 3, 4]), u16(suite), Buffer.from([0])]));
  const certificate = message(11, Buffer.from([0, 0, 0]));
  const exchange = message(16, version === 0x0300 ? encrypted : Buffer.concat([u16(encrypted.length), encrypted]));
  const changeCipher = record(20, Buffer.from([1]));
  const chunks: Chunk[] = [
    { dir: 0, bytes: hello },
    { dir: 1, bytes: record(22, Buffer.concat([serverHello, certificate, message(14, Buffer.alloc(0))])) },
    { dir: 0, bytes: Buffer.concat([record(22, exchange), changeCipher, sealers[0].record(22, finished)]) },
    { dir: 1, bytes: Buffer.concat([changeCipher, sealers[1].record(22, finished)]) },
    ...recipe.says.map(([dir, text]) => ({ dir, bytes: sealers[dir].record(23, Buffer.from(text)) })),
    { dir: 0, bytes: sealers[0].record(21, Buffer.from([1, 0])) },
  ];
  return {
    chunks: chunks.map(({ dir, bytes }) => ({ dir, bytes: new Uint8Array(bytes) })),
    keyLog: `CLIENT_RANDOM ${clientRandom.toString('hex')} ${master.toString('hex')}\n`,
    master,
    encrypted,
    premaster,
  };
}
