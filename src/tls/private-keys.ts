import { constants, createPrivateKey, type KeyObject, privateDecrypt } from 'node:crypto';
import { UserError } from '../core/errors.ts';
import { isPkcs12, pkcs12Keys } from './pkcs12.ts';

/** An RSA key that can open premaster secrets. */
export interface RsaKey {
  readonly key: KeyObject;
  /** Bytes of the modulus, and so of every encrypted premaster. */
  readonly length: number;
  /** Big-endian modulus without leading zeros, to recognise the server certificate that belongs to it. */
  readonly modulus: Uint8Array;
}

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----/g;
/** Private keys in one PEM file. */
const PEM_LIMIT = 64;

/** True when the bytes hold a private key in PEM, DER or PKCS#12, and not a key log. */
export function holdsPrivateKey(bytes: Uint8Array): boolean {
  return bytes[0] === 0x30 || /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(latin1(bytes.subarray(0, 1 << 20)));
}

/**
 * The RSA private keys of a file: PEM (PKCS#1, PKCS#8, encrypted ones with the password), DER (the same), PKCS#12.
 * Throws a `UserError` in one sentence for a wrong or missing password, a file without a usable key, and keys that are not RSA.
 */
export function readPrivateKeys(bytes: Uint8Array, name: string, password?: string): RsaKey[] {
  const objects = bytes[0] === 0x30 ? fromDer(bytes, name, password) : fromPem(bytes, name, password);
  const keys = objects.filter((key) => key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'rsa-pss').map(rsaKey);
  if (keys.length === 0) {
    const kind = objects[0]?.asymmetricKeyType ?? 'unknown';
    throw new UserError(
      'keys.not-rsa',
      `${name}: a private key of type ${kind} cannot decrypt TLS; only RSA keys can (static RSA key exchange), other sessions need a key log`,
    );
  }
  return keys;
}

function rsaKey(key: KeyObject): RsaKey {
  const modulus = new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).n ?? '', 'base64url'));
  return { key, length: modulus.length, modulus };
}

function fromPem(bytes: Uint8Array, name: string, password: string | undefined): KeyObject[] {
  const blocks = latin1(bytes).match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) throw new UserError('keys.no-key', `${name}: no complete private key inside`);
  return blocks.slice(0, PEM_LIMIT).map((pem) => open({ key: pem, format: 'pem' }, name, password));
}

function fromDer(bytes: Uint8Array, name: string, password: string | undefined): KeyObject[] {
  if (isPkcs12(bytes))
    return pkcs12Keys(bytes, name, password ?? '').map((key) =>
      open({ key: Buffer.from(key), format: 'der', type: 'pkcs8' }, name, undefined),
    );
  const der = Buffer.from(bytes);
  try {
    return [createPrivateKey({ key: der, format: 'der', type: 'pkcs1' })];
  } catch {
    // Not PKCS#1: PKCS#8 below tells what is wrong.
  }
  return [open({ key: der, format: 'der', type: 'pkcs8' }, name, password)];
}

function open(
  input: { key: string | Buffer; format: 'pem' | 'der'; type?: 'pkcs8' },
  name: string,
  password: string | undefined,
): KeyObject {
  try {
    return createPrivateKey(password === undefined ? input : { ...input, passphrase: password });
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    const text = `${code} ${(error as Error).message}`;
    if (code === 'ERR_MISSING_PASSPHRASE' || (password === undefined && /interrupted|passphrase|password|bad decrypt/i.test(text)))
      throw new UserError('keys.password', `${name} is protected by a password; give it with --key-password`);
    if (password !== undefined && /bad decrypt|bad password|wrong|cipherfinal|padding/i.test(text))
      throw new UserError('keys.password', `${name}: the password is wrong`);
    if (/unsupported/i.test(text) && password !== undefined)
      throw new UserError(
        'keys.unsupported',
        `${name}: the password is wrong, or the key is protected with an algorithm that OpenSSL 3 has dropped`,
      );
    throw new UserError('keys.no-key', `${name}: not a private key in PEM, DER or PKCS#12 that can be read`);
  }
}

/**
 * The premaster secret inside a ClientKeyExchange, or undefined when this key does not fit.
 *
 * Decrypts without padding, because Node refuses PKCS#1 v1.5, and strips `00 02 … 00` by hand: a premaster is
 * always the last 48 bytes. The version in its first two bytes is not looked at: old clients put the negotiated one there.
 */
export function openPremaster(key: RsaKey, encrypted: Uint8Array): Uint8Array | undefined {
  if (encrypted.length > key.length || encrypted.length < key.length - 8) return undefined;
  const block = new Uint8Array(key.length);
  block.set(encrypted, key.length - encrypted.length);
  let plain: Uint8Array;
  try {
    plain = privateDecrypt({ key: key.key, padding: constants.RSA_NO_PADDING }, block);
  } catch {
    return undefined;
  }
  if (plain.length < 59 || plain[0] !== 0 || plain[1] !== 2 || plain[plain.length - 49] !== 0) return undefined;
  return plain.slice(plain.length - 48);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
