import { describe, expect, it } from 'vitest';
import { base64Bytes, jwtParts } from '../../../src/codec/http2/jwt.ts';

const part = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const SIGNATURE = Buffer.alloc(64, 7).toString('base64url');
const HEADER = { alg: 'ES256', kid: 'ABC123DEFG' };
const CLAIMS = { iss: 'TEAM123456', iat: 1700000000 };
const token = (header: unknown = HEADER, claims: unknown = CLAIMS, signature = SIGNATURE): string =>
  `${part(header)}.${part(claims)}.${signature}`;
const codes = (text: string): string[] => jwtParts(text).problems.map((p) => p.code);

describe('jwtParts', () => {
  it('takes a sound provider token apart', () => {
    const text = token();
    const parts = jwtParts(text);
    expect(parts).toMatchObject({ algorithm: 'ES256', keyId: 'ABC123DEFG', teamId: 'TEAM123456', issuedAt: 1700000000, problems: [] });
    expect(parts.signature?.length).toBe(64);
    expect(Buffer.from(parts.signed).toString()).toBe(text.slice(0, text.lastIndexOf('.')));
  });

  it('names what APNs will not take', () => {
    expect(codes(token({ kid: 'ABC123DEFG' }))).toEqual(['jwt.algorithm']);
    expect(codes(token({ alg: 'HS256', kid: 'SHORT' }))).toEqual(['jwt.algorithm', 'jwt.key-id']);
    expect(codes(token(HEADER, { iss: 'TEAM123456', iat: '1700000000000' }))).toEqual(['jwt.issued-at']);
    expect(codes(token(HEADER, { iss: 'TEAM123456', iat: 1700000000000 }))).toEqual(['jwt.issued-at']);
    expect(codes(token(HEADER, { iat: 1700000000 }))).toEqual(['jwt.team-id']);
    expect(codes(`${token()}=`)).toEqual(['jwt.padding']);
  });

  it('tells a DER signature from a short one', () => {
    const der = Buffer.concat([Buffer.from([0x30, 68, 2, 32]), Buffer.alloc(32, 1), Buffer.from([2, 32]), Buffer.alloc(32, 2)]);
    expect(jwtParts(token(HEADER, CLAIMS, der.toString('base64url'))).problems[0]).toMatchObject({
      code: 'jwt.signature',
      detail: '70 bytes, in DER form',
    });
    expect(jwtParts(token(HEADER, CLAIMS, 'AAAA')).problems[0]).toMatchObject({ code: 'jwt.signature', detail: '3 bytes' });
  });

  it('takes any text', () => {
    for (const text of ['', '.', '..', '...', 'a.b.c', `${part('[]')}.${part('1')}.x`, `${part('['.repeat(100000))}.e30.`]) {
      expect(codes(text)).toEqual(['jwt.malformed']);
    }
  });
});

describe('base64Bytes', () => {
  it('reads both alphabets as Buffer does', () => {
    for (let n = 0; n < 40; n++) {
      const bytes = Buffer.from(Array.from({ length: n }, (_, i) => (i * 91 + n * 57) & 255));
      expect(Buffer.from(base64Bytes(bytes.toString('base64')) as Uint8Array)).toEqual(bytes);
      expect(Buffer.from(base64Bytes(bytes.toString('base64url')) as Uint8Array)).toEqual(bytes);
    }
    expect(base64Bytes('a')).toBeUndefined();
    expect(base64Bytes('ab*d')).toBeUndefined();
  });
});
