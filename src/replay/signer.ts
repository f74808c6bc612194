/** Provider tokens signed anew: JWTs with ES256, as Apple's gateway wants them. */
import { sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { EXIT, UserError } from '../core/errors.ts';

/** Seconds that a provider token is used: Apple takes it for an hour and no new one within twenty minutes. */
const TOKEN_LIFE = 2400;

/**
 * Makes values for the header `authorization`, the same one for `TOKEN_LIFE`. `path`: a .p8 key; `keyId` undefined: as its name
 * says. Throws `UserError` in the words of the options of `apns-inspect replay`.
 */
export function signer(path: string, keyId: string | undefined, teamId: string | undefined): (nowMs: number) => string {
  const id = keyId ?? /AuthKey_([A-Z0-9]{10})\.p8$/.exec(path)?.[1];
  if (id === undefined) throw usage(`--key-id is missing: ${path} is not named AuthKey_KEYID.p8.`);
  if (teamId === undefined) throw usage('--team-id is missing: which team is the key of?');
  const key = readKey(path);
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = (seconds: number): string => {
    const text = `${encode({ alg: 'ES256', kid: id })}.${encode({ iss: teamId, iat: seconds })}`;
    try {
      return `bearer ${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    } catch {
      throw usage(`--sign-key ${path} is no P-256 private key in PEM.`);
    }
  };
  let made = -TOKEN_LIFE;
  let current = token(0);
  return (nowMs) => {
    const seconds = Math.floor(nowMs / 1000);
    if (seconds - made >= TOKEN_LIFE) {
      made = seconds;
      current = token(seconds);
    }
    return current;
  };
}

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError('replay.file', `--sign-key: cannot read ${path}: ${missing ? 'no such file' : (error as Error).message}.`);
  }
}

const usage = (message: string): UserError => new UserError('replay.usage', message, EXIT.usage);
