import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { looksLikeHttp2 } from '../../../src/codec/http2/detect.ts';
import { PREFACE, writeFrame } from '../../../src/codec/http2/frames.ts';
import { concatBytes, fromHex } from '../../../src/core/bytes.ts';
import { H2Writer, pushHeaders } from '../../support/http2-writer.ts';

const looks = (bytes: Uint8Array): boolean => looksLikeHttp2(bytes, 0, bytes.length);
const hex = (text: string): Uint8Array => fromHex(text) as Uint8Array;

describe('looksLikeHttp2', () => {
  it('knows the preface, whole or begun', () => {
    expect(looks(PREFACE)).toBe(true);
    expect(looks(PREFACE.subarray(0, 6))).toBe(true);
    expect(looks(PREFACE.subarray(0, 3))).toBe(false);
  });

  it('knows a server by its SETTINGS', () => {
    const w = new H2Writer();
    expect(looks(w.settings())).toBe(true);
    expect(looks(w.settings([[3, 1000]]))).toBe(true);
    expect(looks(concatBytes([w.settings([[3, 1]]), w.settings([], true)]))).toBe(true);
  });

  it('knows a connection from any frame boundary on', () => {
    const w = new H2Writer();
    const frames = [w.headers(1, pushHeaders()), w.data(1, '{}'), w.headers(3, pushHeaders()), w.data(3, '{}')];
    for (let i = 0; i < frames.length; i++) expect(looks(concatBytes(frames.slice(i)))).toBe(true);
    expect(looks(concatBytes([frames[2], frames[3].subarray(0, 10)]))).toBe(true);
  });

  it('is not taken in by the other dialects', () => {
    const token = 'ab'.repeat(32);
    expect(looks(hex(`000020${token}00157b22617073223a7b22616c657274223a2278227d7d`))).toBe(false);
    expect(looks(hex(`02000000230100 20${token}`))).toBe(false);
    expect(looks(hex('080800000002'))).toBe(false);
    expect(looks(hex(`6553f1000020${token}6553f13c0020${token}`))).toBe(false);
    expect(looks(hex('0a000000050400010203'))).toBe(false);
    expect(looks(new Uint8Array(500))).toBe(false);
  });

  it('is not taken in by a single header that does not end with the data', () => {
    expect(looks(concatBytes([writeFrame(6, 0, 0, new Uint8Array(8)), Uint8Array.of(1)]))).toBe(false);
  });

  it('finds nothing in random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 9, maxLength: 400 }), (bytes) => !looks(bytes)),
      { seed: 20261121, numRuns: 5000 },
    );
  });
});
