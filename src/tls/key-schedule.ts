import { createHash, createHmac } from 'node:crypto';
import { SSL3, TLS12 } from '../schema/tls.ts';
import type { Digest } from '../schema/tls-suite.ts';

const text = new TextEncoder();

/** The keyed pseudorandom function P_hash of TLS 1.0 to 1.2 (RFC 5246 section 5). */
function expand(hash: string, secret: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let a: Uint8Array = createHmac(hash, secret).update(seed).digest();
  for (let at = 0; at < length; ) {
    const block = createHmac(hash, secret).update(a).update(seed).digest();
    out.set(block.subarray(0, Math.min(block.length, length - at)), at);
    at += block.length;
    a = createHmac(hash, secret).update(a).digest();
  }
  return out;
}

/** The SSL 3.0 derivation: MD5(secret + SHA-1('A' + secret + seed)), then 'BB' … (RFC 6101 section 6.1). At most 416 bytes. */
function ssl3Expand(secret: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0; i * 16 < length && i < 26; i++) {
    const salt = new Uint8Array(i + 1).fill(0x41 + i);
    const inner = createHash('sha1').update(salt).update(secret).update(seed).digest();
    const block = createHash('md5').update(secret).update(inner).digest();
    out.set(block.subarray(0, Math.min(16, length - i * 16)), i * 16);
  }
  return out;
}

/** What a version calls its pseudorandom function. `digest` is the suite's, used from TLS 1.2 on (SHA-256 at least). */
function prf(version: number, digest: Digest, secret: Uint8Array, label: string, seed: Uint8Array, length: number): Uint8Array {
  if (version === SSL3) return ssl3Expand(secret, seed, length);
  const full = Buffer.concat([text.encode(label), seed]);
  if (version >= TLS12) return expand(digest === 'sha384' ? 'sha384' : 'sha256', secret, full, length);
  const half = Math.ceil(secret.length / 2);
  const out = expand('md5', secret.subarray(0, half), full, length);
  const other = expand('sha1', secret.subarray(secret.length - half), full, length);
  for (let i = 0; i < length; i++) out[i] ^= other[i];
  return out;
}

/** Hash of the handshake messages as the extended master secret (RFC 7627) uses it: MD5 + SHA-1 before TLS 1.2. */
export function sessionHash(version: number, digest: Digest, messages: readonly Uint8Array[]): Uint8Array {
  const run = (hash: string): Uint8Array => {
    const h = createHash(hash);
    for (const message of messages) h.update(message);
    return h.digest();
  };
  return version >= TLS12 ? run(digest === 'sha384' ? 'sha384' : 'sha256') : Buffer.concat([run('md5'), run('sha1')]);
}

/** The 48-byte master secret. `hash` is the session hash when the extended master secret was agreed. */
export function masterSecret(
  version: number,
  digest: Digest,
  premaster: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  hash: Uint8Array | undefined,
): Uint8Array {
  if (hash !== undefined) return prf(version, digest, premaster, 'extended master secret', hash, 48);
  return prf(version, digest, premaster, 'master secret', Buffer.concat([clientRandom, serverRandom]), 48);
}

/** The premaster of pre-shared key suites: other secret (zeros for plain PSK) and key, each with its length (RFC 4279). */
export function pskPremaster(psk: Uint8Array, other: Uint8Array = new Uint8Array(psk.length)): Uint8Array {
  const out = new Uint8Array(4 + other.length + psk.length);
  out[0] = other.length >> 8;
  out[1] = other.length;
  out.set(other, 2);
  out[2 + other.length] = psk.length >> 8;
  out[3 + other.length] = psk.length;
  out.set(psk, 4 + other.length);
  return out;
}

/** The key material of both directions; note that the server random comes first here. */
export function keyBlock(
  version: number,
  digest: Digest,
  master: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  length: number,
): Uint8Array {
  return prf(version, digest, master, 'key expansion', Buffer.concat([serverRandom, clientRandom]), length);
}

/** HKDF-Expand-Label of TLS 1.3 (RFC 8446 section 7.1) with an empty context; up to one digest of output. */
export function expandLabel(hash: 'sha256' | 'sha384', secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = text.encode(`tls13 ${label}`);
  const info = new Uint8Array(3 + name.length + 2);
  info[0] = length >> 8;
  info[1] = length;
  info[2] = name.length;
  info.set(name, 3);
  // info ends with the empty context; HKDF-Expand adds the counter 1.
  info[info.length - 1] = 1;
  return createHmac(hash, secret).update(info).digest().subarray(0, length);
}

/** The next generation of a traffic secret after a KeyUpdate. */
export function updatedSecret(hash: 'sha256' | 'sha384', secret: Uint8Array): Uint8Array {
  return expandLabel(hash, secret, 'traffic upd', secret.length);
}
