import { createDecipheriv, createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { UserError } from '../core/errors.ts';
import { type Der, derAt, derChildren, derContent, derInteger, derOctets, derOid, derWhole, TAG } from './der.ts';

/** Rounds of key derivation that are run; current tools use 2048 to 600000, and each million takes about a second. */
const ITERATION_LIMIT = 5_000_000;
/** Bags in a file, over all of its nested contents. */
const BAG_LIMIT = 256;

const OID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  safeContentsBag: '1.2.840.113549.1.12.10.1.6',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
} as const;

/** PBES1 of PKCS#12: cipher, bytes of key and IV. RC2 is known by name only. */
const PBES1: Readonly<Record<string, { cipher: string | undefined; key: number; iv: number; double?: boolean }>> = {
  '1.2.840.113549.1.12.1.3': { cipher: 'des-ede3-cbc', key: 24, iv: 8 },
  '1.2.840.113549.1.12.1.4': { cipher: 'des-ede3-cbc', key: 16, iv: 8, double: true },
  '1.2.840.113549.1.12.1.5': { cipher: undefined, key: 16, iv: 8 },
  '1.2.840.113549.1.12.1.6': { cipher: undefined, key: 5, iv: 8 },
  '1.2.840.113549.1.12.1.1': { cipher: undefined, key: 16, iv: 0 },
  '1.2.840.113549.1.12.1.2': { cipher: undefined, key: 5, iv: 0 },
};

/** PBES2 ciphers: name and bytes of key. */
const PBES2: Readonly<Record<string, readonly [string, number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  '2.16.840.1.101.3.4.1.42': ['aes-256-cbc', 32],
  '1.2.840.113549.3.7': ['des-ede3-cbc', 24],
};

const HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

const HINT = 'convert it with: openssl pkcs12 -legacy -in cred.p12 -out certkey.pem -nodes -clcerts';

/** True when these bytes are a PKCS#12 file: SEQUENCE { INTEGER 3, SEQUENCE { OID pkcs7-data … } }. */
export function isPkcs12(bytes: Uint8Array): boolean {
  const [version, content] = sequence(derAt(bytes, 0, bytes.length));
  return derInteger(version) === 3 && derOid(sequence(content)[0]) === OID.data;
}

/**
 * The private keys of a PKCS#12 file, as PKCS#8 DER.
 *
 * The password is checked against the file's MAC first. Understands PBES2 with AES or 3DES and the 3DES of PKCS#12;
 * keys under RC2 or RC4 make a `UserError` with the command that converts the file. Certificates are not read, so RC2-40
 * around them (the default of many tools until 2021) does no harm.
 * Source: RFC 7292, RFC 8018.
 */
export function pkcs12Keys(bytes: Uint8Array, name: string, password: string): Uint8Array[] {
  const [, content, mac] = sequence(derAt(bytes, 0, bytes.length));
  const wrapped = sequence(content)[1];
  const octets = wrapped === undefined ? undefined : derChildren(wrapped)[0];
  if (octets === undefined) throw new UserError('keys.pkcs12', `${name}: not a complete PKCS#12 file`);
  const safe = derOctets(octets);
  const passwords = checkPassword(mac, safe, password, name);
  const keys: Uint8Array[] = [];
  const refused: string[] = [];
  let budget = BAG_LIMIT;
  for (const info of sequence(derAt(safe, 0, safe.length))) {
    const [type, body] = sequence(info);
    const inner = body === undefined ? undefined : derChildren(body)[0];
    if (inner === undefined || budget-- <= 0) continue;
    let plain: Uint8Array | undefined;
    if (derOid(type) === OID.data) plain = derOctets(inner);
    else if (derOid(type) === OID.encryptedData) {
      const [, encrypted] = sequence(inner);
      const [, algorithm, cipherText] = sequence(encrypted);
      if (algorithm === undefined || cipherText === undefined) continue;
      const data = decrypt(algorithm, derOctets(cipherText), passwords, name);
      if (typeof data === 'string') refused.push(data);
      else plain = data;
    }
    if (plain !== undefined) collect(derAt(plain, 0, plain.length), passwords, name, keys, refused, 0);
  }
  if (keys.length > 0) return keys;
  if (refused.length > 0)
    throw new UserError(
      'keys.pkcs12-legacy',
      `${name}: the private key is protected with ${refused[0]}, which OpenSSL 3 has dropped; ${HINT}`,
    );
  throw new UserError('keys.pkcs12', `${name}: no private key inside`);
}

function collect(
  contents: Der | undefined,
  passwords: Passwords,
  name: string,
  keys: Uint8Array[],
  refused: string[],
  depth: number,
): void {
  for (const bag of sequence(contents)) {
    const [type, wrapped] = sequence(bag);
    const value = wrapped === undefined ? undefined : derChildren(wrapped)[0];
    if (value === undefined || keys.length >= BAG_LIMIT) continue;
    const oid = derOid(type);
    if (oid === OID.keyBag) keys.push(derWhole(value).slice());
    else if (oid === OID.safeContentsBag && depth < 4) collect(value, passwords, name, keys, refused, depth + 1);
    else if (oid === OID.shroudedKeyBag) {
      const [algorithm, cipherText] = sequence(value);
      if (algorithm === undefined || cipherText === undefined) continue;
      const plain = decrypt(algorithm, derOctets(cipherText), passwords, name);
      if (typeof plain === 'string') refused.push(plain);
      else if (plain !== undefined) keys.push(plain);
    }
  }
}

/** The password as PKCS#12 wants it (UTF-16 with a final 0) and as PBES2 wants it (UTF-8). */
interface Passwords {
  readonly wide: Uint8Array;
  readonly narrow: Uint8Array;
}

function checkPassword(mac: Der | undefined, safe: Uint8Array, password: string, name: string): Passwords {
  const wide = (text: string): Uint8Array => {
    const out = new Uint8Array(text.length * 2 + 2);
    for (let i = 0; i < text.length; i++) {
      out[2 * i] = text.charCodeAt(i) >> 8;
      out[2 * i + 1] = text.charCodeAt(i);
    }
    return out;
  };
  const narrow = new TextEncoder().encode(password);
  const [digestInfo, salt, rounds] = sequence(mac);
  const [algorithm, digest] = sequence(digestInfo);
  const hash = HASHES[derOid(sequence(algorithm)[0])];
  if (hash === undefined || digest === undefined || salt === undefined) return { wide: wide(password), narrow };
  const iterations = bounded(derInteger(rounds) ?? 1, name);
  // No password is either two zero bytes or nothing at all, depending on the tool.
  for (const candidate of password === '' ? [wide(''), new Uint8Array(0)] : [wide(password)]) {
    const key = pkcs12Kdf(hash, candidate, derContent(salt), iterations, 3, createHash(hash).digest().length);
    if (Buffer.compare(createHmac(hash, key).update(safe).digest(), derOctets(digest)) === 0) return { wide: candidate, narrow };
  }
  throw new UserError(
    'keys.password',
    password === '' ? `${name} is protected by a password; give it with --key-password` : `${name}: the password is wrong`,
  );
}

/** Plaintext, the name of a cipher that is not at hand, or undefined when it does not decrypt. */
function decrypt(algorithm: Der, cipherText: Uint8Array, passwords: Passwords, name: string): Uint8Array | string | undefined {
  const [id, parameters] = sequence(algorithm);
  const oid = derOid(id);
  if (oid === OID.pbes2) return decryptPbes2(parameters, cipherText, passwords, name);
  const scheme = PBES1[oid];
  if (scheme === undefined) return `the unknown algorithm ${oid}`;
  if (scheme.cipher === undefined) return scheme.iv === 0 ? 'RC4' : `RC2-${scheme.key * 8}`;
  const [salt, rounds] = sequence(parameters);
  if (salt === undefined) return undefined;
  const iterations = bounded(derInteger(rounds) ?? 1, name);
  let key = pkcs12Kdf('sha1', passwords.wide, derContent(salt), iterations, 1, scheme.key);
  if (scheme.double) key = Buffer.concat([key, key.subarray(0, 8)]);
  return unblock(scheme.cipher, key, pkcs12Kdf('sha1', passwords.wide, derContent(salt), iterations, 2, scheme.iv), cipherText);
}

function decryptPbes2(
  parameters: Der | undefined,
  cipherText: Uint8Array,
  passwords: Passwords,
  name: string,
): Uint8Array | string | undefined {
  const [derivation, scheme] = sequence(parameters);
  const [kdf, kdfParameters] = sequence(derivation);
  const [cipherId, iv] = sequence(scheme);
  const cipher = PBES2[derOid(cipherId)];
  if (cipher === undefined) return `the cipher ${derOid(cipherId)}`;
  if (derOid(kdf) !== OID.pbkdf2) return `the key derivation ${derOid(kdf)}`;
  const [salt, rounds, ...rest] = sequence(kdfParameters);
  if (salt === undefined || iv === undefined) return undefined;
  const prf = rest.find((value) => value.tag === TAG.sequence);
  const hash = prf === undefined ? 'sha1' : HASHES[derOid(sequence(prf)[0])];
  if (hash === undefined) return 'an unknown hash';
  const key = pbkdf2Sync(passwords.narrow, derContent(salt), bounded(derInteger(rounds) ?? 1, name), cipher[1], hash);
  return unblock(cipher[0], key, derContent(iv), cipherText);
}

function unblock(cipher: string, key: Uint8Array, iv: Uint8Array, cipherText: Uint8Array): Uint8Array | undefined {
  try {
    const decipher = createDecipheriv(cipher, key, iv);
    return Buffer.concat([decipher.update(cipherText), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** The key derivation of PKCS#12 (RFC 7292 appendix B.2); `purpose` 1 key, 2 IV, 3 MAC. */
function pkcs12Kdf(hash: string, password: Uint8Array, salt: Uint8Array, iterations: number, purpose: number, length: number): Uint8Array {
  const size = hash === 'sha384' || hash === 'sha512' ? 128 : 64;
  const repeat = (bytes: Uint8Array): Uint8Array => {
    const out = new Uint8Array(Math.ceil(bytes.length / size) * size);
    for (let i = 0; i < out.length; i++) out[i] = bytes[i % bytes.length];
    return out;
  };
  const diversifier = new Uint8Array(size).fill(purpose);
  const state = Buffer.concat([repeat(salt), repeat(password)]);
  const out = new Uint8Array(length);
  for (let made = 0; made < length; ) {
    let a = createHash(hash).update(diversifier).update(state).digest();
    for (let i = 1; i < iterations; i++) a = createHash(hash).update(a).digest();
    out.set(a.subarray(0, Math.min(a.length, length - made)), made);
    made += a.length;
    for (let j = 0; j < state.length; j += size) {
      let carry = 1;
      for (let k = size - 1; k >= 0; k--) {
        carry += state[j + k] + a[k % a.length];
        state[j + k] = carry;
        carry >>= 8;
      }
    }
  }
  return out;
}

function bounded(iterations: number, name: string): number {
  if (iterations > ITERATION_LIMIT)
    throw new UserError('keys.pkcs12', `${name}: asks for ${iterations} rounds of key derivation; at most ${ITERATION_LIMIT} are run`);
  return iterations;
}

function sequence(value: Der | undefined): Der[] {
  return value === undefined || (value.tag & 0x20) === 0 ? [] : derChildren(value);
}
