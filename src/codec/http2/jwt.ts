import { utf8, utf8Bytes } from '../../core/text.ts';
import type { NoteCode } from '../../schema/notes.ts';

/** A JSON value of a token part; a token is some 200 bytes, so plain JSON parsing is enough. */
type JsonObject = Readonly<Record<string, unknown>>;

interface JwtPart {
  /** Half-open range in characters of the token. */
  readonly start: number;
  readonly end: number;
}

/** A provider token taken apart; nothing is verified. */
export interface JwtParts {
  readonly header: JsonObject | undefined;
  readonly claims: JsonObject | undefined;
  readonly headerAt: JwtPart;
  readonly claimsAt: JwtPart;
  readonly signatureAt: JwtPart;
  readonly algorithm: string | undefined;
  readonly keyId: string | undefined;
  readonly teamId: string | undefined;
  /** Seconds since the epoch, when `iat` is a number. */
  readonly issuedAt: number | undefined;
  readonly signature: Uint8Array | undefined;
  /** The ASCII bytes that the signature is over. */
  readonly signed: Uint8Array;
  readonly problems: readonly { readonly code: NoteCode; readonly part: JwtPart; readonly detail?: string }[];
}

/** Key ids and team ids are this long. Source: Apple, Establishing a token-based connection to APNs. */
const ID_LENGTH = 10;
/** r and s of P-256, 32 bytes each. Source: RFC 7518, 3.4. */
const ES256_SIGNATURE = 64;
/** Above this a number of seconds is a number of milliseconds: the year 5138. */
const SECONDS_LIMIT = 1e11;

/**
 * Takes a provider token (`header.claims.signature`, base64url) apart and says what APNs will not like. Never throws.
 * To verify, check `signature` (r and s, ES256) over `signed` with the public key. Source: RFC 7515; RFC 7518; Apple.
 */
export function jwtParts(text: string): JwtParts {
  const problems: { code: NoteCode; part: JwtPart; detail?: string }[] = [];
  const first = text.indexOf('.');
  const second = first < 0 ? -1 : text.indexOf('.', first + 1);
  const headerAt = { start: 0, end: first < 0 ? text.length : first };
  const claimsAt = { start: headerAt.end + (first < 0 ? 0 : 1), end: second < 0 ? text.length : second };
  const signatureAt = { start: second < 0 ? text.length : second + 1, end: text.length };
  const whole = { start: 0, end: text.length };
  const header = jsonPart(text, headerAt);
  const claims = jsonPart(text, claimsAt);
  const signature = base64Bytes(text.slice(signatureAt.start, signatureAt.end));
  const algorithm = stringOf(header?.['alg']);
  const keyId = stringOf(header?.['kid']);
  const teamId = stringOf(claims?.['iss']);
  const iat = claims?.['iat'];
  const issuedAt = typeof iat === 'number' && Number.isFinite(iat) ? iat : undefined;

  if (second < 0 || text.indexOf('.', second + 1) >= 0)
    problems.push({ code: 'jwt.malformed', part: whole, detail: `${text.split('.').length} parts` });
  else if (header === undefined) problems.push({ code: 'jwt.malformed', part: headerAt, detail: 'the header is not JSON in base64url' });
  else if (claims === undefined) problems.push({ code: 'jwt.malformed', part: claimsAt, detail: 'the claims are not JSON in base64url' });
  else {
    if (/[+/=]/.test(text)) problems.push({ code: 'jwt.padding', part: whole });
    if (algorithm !== 'ES256')
      problems.push({ code: 'jwt.algorithm', part: headerAt, detail: algorithm === undefined ? 'no alg' : `alg ${algorithm}` });
    if (keyId?.length !== ID_LENGTH)
      problems.push({ code: 'jwt.key-id', part: headerAt, detail: keyId === undefined ? 'no kid' : `${keyId.length} characters` });
    if (teamId?.length !== ID_LENGTH)
      problems.push({ code: 'jwt.team-id', part: claimsAt, detail: teamId === undefined ? 'no iss' : `${teamId.length} characters` });
    const issue = issueProblem(iat, issuedAt);
    if (issue !== undefined) problems.push({ code: 'jwt.issued-at', part: claimsAt, detail: issue });
    const form = signatureProblem(signature);
    if (form !== undefined) problems.push({ code: 'jwt.signature', part: signatureAt, detail: form });
  }
  const signed = utf8Bytes(text.slice(0, claimsAt.end));
  return { header, claims, headerAt, claimsAt, signatureAt, algorithm, keyId, teamId, issuedAt, signature, signed, problems };
}

function issueProblem(iat: unknown, issuedAt: number | undefined): string | undefined {
  if (iat === undefined) return 'no iat';
  if (issuedAt === undefined) return 'iat is not a number';
  if (issuedAt > SECONDS_LIMIT) return 'iat is in milliseconds';
  return Number.isInteger(issuedAt) && issuedAt >= 0 ? undefined : 'iat is not a whole number';
}

function signatureProblem(signature: Uint8Array | undefined): string | undefined {
  if (signature === undefined) return 'not base64url';
  if (signature.length === ES256_SIGNATURE) return undefined;
  // DER: SEQUENCE, length, INTEGER.
  const der = signature.length > 8 && signature[0] === 0x30 && signature[1] === signature.length - 2 && signature[2] === 2;
  return der ? `${signature.length} bytes, in DER form` : `${signature.length} bytes`;
}

function jsonPart(text: string, part: JwtPart): JsonObject | undefined {
  const bytes = base64Bytes(text.slice(part.start, part.end));
  const json = bytes && utf8(bytes);
  if (json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const SIX_BITS = new Map([...ALPHABET, '-', '_'].map((c, i) => [c, i]));
SIX_BITS.set('+', 62).set('/', 63);

/** Bytes of base64url or base64 text, with or without padding, or undefined when it is neither. */
export function base64Bytes(text: string): Uint8Array | undefined {
  const clean = text.replace(/={1,2}$/, '');
  if (clean.length % 4 === 1) return undefined;
  const out = new Uint8Array(Math.floor((clean.length * 3) / 4));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const c of clean) {
    const six = SIX_BITS.get(c);
    if (six === undefined) return undefined;
    held = ((held << 6) | six) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = held >> bits;
    }
  }
  return out;
}
