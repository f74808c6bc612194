import { sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MAX_TOKEN_AGE, providerKey, signProviderToken, TokenChecker } from '../../../src/emulator/http2/provider-token.ts';
import { KEY_ID, NOON, otherKey, signingKey, TEAM } from '../../support/emulator-core.ts';

const NOW = NOON / 1000;

function verdict(authorization: string): string {
  const checker = new TokenChecker();
  checker.add(providerKey(KEY_ID, TEAM, signingKey));
  const result = checker.check(authorization, NOON, 'sandbox');
  return result.ok ? 'ok' : result.reason;
}

/** A token of any head and claims, signed well unless told otherwise. */
function made(head: unknown, claims: unknown, dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363'): string {
  const [first, second] = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = sign('sha256', Buffer.from(`${first}.${second}`), { key: signingKey, dsaEncoding }).toString('base64url');
  return `bearer ${first}.${second}.${signature}`;
}

const HEAD = { alg: 'ES256', kid: KEY_ID };
const CLAIMS = { iss: TEAM, iat: NOW };
const good = signProviderToken(signingKey, KEY_ID, TEAM, NOW);

describe('a provider token', () => {
  for (const [what, authorization, expected] of [
    ['with "typ" or without', made(HEAD, CLAIMS), 'ok'],
    ['after BEARER and two spaces', `BEARER  ${good}`, 'ok'],
    ['of an hour ago', made(HEAD, { ...CLAIMS, iat: NOW - MAX_TOKEN_AGE }), 'ok'],
    ['older than an hour', made(HEAD, { ...CLAIMS, iat: NOW - MAX_TOKEN_AGE - 1 }), 'ExpiredProviderToken'],
    ['a few minutes ahead of our clock', made(HEAD, { ...CLAIMS, iat: NOW + 300 }), 'ok'],
    ['of the future', made(HEAD, { ...CLAIMS, iat: NOW + 301 }), 'InvalidProviderToken'],
    ['whose iat counts milliseconds', made(HEAD, { ...CLAIMS, iat: NOON }), 'InvalidProviderToken'],
    ['whose iat is text', made(HEAD, { ...CLAIMS, iat: String(NOW) }), 'InvalidProviderToken'],
    ['without iat', made(HEAD, { iss: TEAM }), 'InvalidProviderToken'],
    ['without alg', made({ kid: KEY_ID }, CLAIMS), 'InvalidProviderToken'],
    ['with alg HS256', made({ ...HEAD, alg: 'HS256' }, CLAIMS), 'InvalidProviderToken'],
    ['with alg none and no signature', made({ ...HEAD, alg: 'none' }, CLAIMS).replace(/[^.]+$/, ''), 'InvalidProviderToken'],
    ['without kid', made({ alg: 'ES256' }, CLAIMS), 'InvalidProviderToken'],
    ['of a key that nobody knows', made({ ...HEAD, kid: 'UNKNOWNKEY' }, CLAIMS), 'InvalidProviderToken'],
    ['of another team', made(HEAD, { ...CLAIMS, iss: 'WRONGTEAM1' }), 'InvalidProviderToken'],
    ['without a team', made(HEAD, { iat: NOW }), 'InvalidProviderToken'],
    ['signed with another key', `bearer ${signProviderToken(otherKey, KEY_ID, TEAM, NOW)}`, 'InvalidProviderToken'],
    ['with a DER signature, as OpenSSL makes it', made(HEAD, CLAIMS, 'der'), 'InvalidProviderToken'],
    ['of two parts', `bearer ${good.replace(/\.[^.]*$/, '')}`, 'InvalidProviderToken'],
    ['of four parts', `bearer ${good}.x`, 'InvalidProviderToken'],
    ['whose head is no object', made(null, CLAIMS), 'InvalidProviderToken'],
    ['after another scheme', `Basic ${good}`, 'InvalidProviderToken'],
    ['that is missing behind the scheme', 'bearer ', 'InvalidProviderToken'],
  ] as const)
    it(`${what} is ${expected}`, () => expect(verdict(authorization)).toBe(expected));
});
