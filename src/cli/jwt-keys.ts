import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { EXIT, UserError } from '../core/errors.ts';
import type { TokenVerdict, TokenVerifier } from '../session/source.ts';
import { reason } from './output.ts';

/** Keys of provider tokens lie on this curve. Source: RFC 7518, 3.4. */
const CURVE = 'prime256v1';
/** Tokens whose verdict is remembered: a signature costs 0.1 ms, and a provider sends one token thousands of times. */
const REMEMBERED = 256;

interface JwtKey {
  readonly name: string;
  /** From the name of the file, as Apple gives it; undefined when the name says nothing. */
  readonly keyId: string | undefined;
  readonly key: KeyObject;
}

/** Reads a P-256 key, PEM or DER: public, private (`.p8`), or in a certificate. Throws `UserError`. */
function readJwtKey(path: string): JwtKey {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UserError('jwt-key', `cannot read ${path}: ${reason(error)}.`);
  }
  const pem = bytes.includes('-----BEGIN');
  const forms = pem
    ? [() => createPublicKey(bytes)]
    : [
        () => createPublicKey({ key: bytes, format: 'der', type: 'spki' }),
        () => createPublicKey({ key: bytes, format: 'der', type: 'pkcs8' } as never),
      ];
  for (const form of forms) {
    try {
      const key = form();
      if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== CURVE) break;
      return { name: basename(path), keyId: /AuthKey_([A-Z0-9]{10})\b/.exec(basename(path))?.[1], key };
    } catch {
      // The other form, or the sentence below.
    }
  }
  throw new UserError(
    'jwt-key',
    `${path} holds no P-256 key; --jwt-key takes AuthKey_<key id>.p8 or its public key, PEM or DER.`,
    EXIT.failed,
  );
}

/** Checks the signatures of provider tokens with the keys in these files. Throws `UserError`. */
export function tokenVerifier(paths: readonly string[]): TokenVerifier {
  const keys = paths.map(readJwtKey);
  const verdicts = new Map<string, TokenVerdict | undefined>();
  return (compact, keyId) => {
    if (verdicts.has(compact)) return verdicts.get(compact);
    const verdict = judge(keys, compact, keyId);
    if (verdicts.size >= REMEMBERED) verdicts.clear();
    verdicts.set(compact, verdict);
    return verdict;
  };
}

/** A key whose file names another key id is not asked. Undefined when no key is left to ask. */
function judge(keys: readonly JwtKey[], compact: string, keyId: string | undefined): TokenVerdict | undefined {
  const asked = keys.filter((k) => k.keyId === undefined || keyId === undefined || k.keyId === keyId);
  if (asked.length === 0) return undefined;
  const dot = compact.lastIndexOf('.');
  const signed = Buffer.from(compact.slice(0, Math.max(0, dot)));
  const signature = Buffer.from(compact.slice(dot + 1), 'base64url');
  const good = asked.find(({ key }) => verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature));
  return { good: good !== undefined, detail: good === undefined ? `with ${asked.map((k) => k.name).join(', ')}` : `with ${good.name}` };
}
