/**
 * Provider tokens: JWTs signed with ES256. Header `alg`, `kid`; claims `iss` (team), `iat` (seconds); signature r||s, 64 bytes.
 * Source: Apple, "Establishing a token-based connection to APNs".
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Reason } from './reasons.ts';

/** A key that providers sign with, as the emulator knows it. */
export interface ProviderKey {
  readonly keyId: string;
  readonly teamId: string;
  /** undefined for a key that is trusted unseen. */
  readonly publicKey: KeyObject | undefined;
  /** Topics the key is limited to; undefined for a key of the whole team. */
  readonly topics: readonly string[] | undefined;
  /** Environment the key is bound to; undefined for both. */
  readonly environment: 'sandbox' | 'production' | undefined;
  readonly revoked: boolean;
  /** Key ids that may share a connection with this one. */
  readonly related: readonly string[];
}

export type TokenCheck =
  | { readonly ok: true; readonly key: ProviderKey; readonly issuedAt: number }
  | { readonly ok: false; readonly reason: Reason };

/** Oldest age of a provider token in seconds. */
export const MAX_TOKEN_AGE = 3600;
/** A token may not change more often than this, in seconds. */
export const MIN_TOKEN_INTERVAL = 1200;
/** Clocks differ; Apple's tolerance for tokens of the future is unknown. */
const FUTURE_TOLERANCE = 300;
/** Verified tokens that are remembered by a check: signatures cost 0.1 ms and clients send one token thousands of times. */
const MAX_VERIFIED = 256;

/** Makes a key record from a PEM, private (`.p8`) or public. Throws what node:crypto throws for a text that is neither. */
export function providerKey(keyId: string, teamId: string, pem: string, more: Partial<ProviderKey> = {}): ProviderKey {
  const publicKey = pem.includes('PRIVATE KEY') ? createPublicKey(createPrivateKey(pem)) : createPublicKey(pem);
  return { keyId, teamId, publicKey, topics: undefined, environment: undefined, revoked: false, related: [], ...more };
}

/** Signs a provider token; `issuedAt` in seconds. */
export function signProviderToken(key: string, keyId: string, teamId: string, issuedAt: number): string {
  const head = base64url(JSON.stringify({ alg: 'ES256', kid: keyId, typ: 'JWT' }));
  const claims = base64url(JSON.stringify({ iss: teamId, iat: issuedAt }));
  const signature = sign('sha256', Buffer.from(`${head}.${claims}`), { key, dsaEncoding: 'ieee-p1363' });
  return `${head}.${claims}.${signature.toString('base64url')}`;
}

/** Checks tokens against the known keys. Remembers verified ones. */
export class TokenChecker {
  readonly keys = new Map<string, ProviderKey>();
  /** Takes well-formed tokens of unknown keys without looking at their signature. */
  trustUnknownKeys = false;
  private readonly verified = new Map<string, { readonly key: ProviderKey; readonly issuedAt: number }>();

  add(key: ProviderKey): void {
    this.keys.set(key.keyId, key);
    this.verified.clear();
  }

  /** `authorization` is the header's value, "bearer <jwt>" in any case. */
  check(authorization: string, nowMs: number, environment: 'sandbox' | 'production'): TokenCheck {
    const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined) return invalid;
    let known = this.verified.get(token);
    if (known === undefined) {
      known = this.verifySignature(token);
      if (known === undefined) return invalid;
      if (this.verified.size >= MAX_VERIFIED) this.verified.clear();
      this.verified.set(token, known);
    }
    const { key, issuedAt } = known;
    if (key.revoked) return { ok: false, reason: 'Forbidden' };
    if (key.environment !== undefined && key.environment !== environment) return { ok: false, reason: 'BadEnvironmentKeyIdInToken' };
    const age = nowMs / 1000 - issuedAt;
    if (age > MAX_TOKEN_AGE) return { ok: false, reason: 'ExpiredProviderToken' };
    if (age < -FUTURE_TOLERANCE) return invalid;
    return { ok: true, key, issuedAt };
  }

  private verifySignature(token: string): { readonly key: ProviderKey; readonly issuedAt: number } | undefined {
    const parts = token.split('.');
    if (parts.length !== 3) return undefined;
    const head = jsonObject(parts[0]);
    const claims = jsonObject(parts[1]);
    if (head?.['alg'] !== 'ES256' || typeof head['kid'] !== 'string' || claims === undefined) return undefined;
    const issuedAt = claims['iat'];
    if (typeof issuedAt !== 'number' || !Number.isFinite(issuedAt)) return undefined;
    const key = this.keys.get(head['kid']);
    if (key === undefined && this.trustUnknownKeys && typeof claims['iss'] === 'string') {
      return { key: unknownKey(head['kid'], claims['iss']), issuedAt };
    }
    if (key === undefined || claims['iss'] !== key.teamId) return undefined;
    if (key.publicKey === undefined) return { key, issuedAt };
    const signature = Buffer.from(parts[2], 'base64url');
    if (signature.length !== 64) return undefined;
    const good = verify('sha256', Buffer.from(`${parts[0]}.${parts[1]}`), { key: key.publicKey, dsaEncoding: 'ieee-p1363' }, signature);
    return good ? { key, issuedAt } : undefined;
  }
}

function unknownKey(keyId: string, teamId: string): ProviderKey {
  return { keyId, teamId, publicKey: undefined, topics: undefined, environment: undefined, revoked: false, related: [] };
}

const invalid: TokenCheck = { ok: false, reason: 'InvalidProviderToken' };

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function jsonObject(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
