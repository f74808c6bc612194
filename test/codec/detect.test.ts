import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DetectHints, detectDialect } from '../../src/codec/detect.ts';
import { dialectByCode, dialectByName } from '../../src/codec/dialects.ts';
import { DIALECT, type DialectName } from '../../src/core/message.ts';
import { hex, MADRID, TOKEN_A, TOKEN_B, tlvFrame } from '../support/bytes.ts';

const SEED = 20261121;
const NONE = new Uint8Array(0);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(parts.flatMap((part) => [...part]));

/** "courier", "courier swapped", "need" or "unknown". */
function verdict(first: Uint8Array, second: Uint8Array, hints: DetectHints = {}): string {
  const found = detectDialect(first, second, hints);
  return typeof found === 'string' ? found : `${found.dialect.name}${found.swapped ? ' swapped' : ''}`;
}

const CONNECT = tlvFrame(0x07, [1, TOKEN_A], [2, '01'], [5, '00000041']);
const RESPONSE = tlvFrame(0x08, [1, '00'], [3, TOKEN_A], [4, '1000']);
const MESSAGE = tlvFrame(0x0a, [1, TOKEN_A], [2, MADRID], [3, text('{"aps":{}}')], [4, '00000001'], [5, '6553f100']);
const UP_MESSAGE = tlvFrame(0x0a, [4, '00000001'], [1, MADRID], [2, TOKEN_B], [3, text('{"aps":{}}')]);
const SIMPLE = hex(`00 0020 ${TOKEN_A} 0019 ${'7b'}${'20'.repeat(23)}7d`);
const ENHANCED = hex(`01 00000007 6553ff10 0020 ${TOKEN_A} 0019 ${'7b'}${'20'.repeat(23)}7d`);
const FRAMED = hex(`02 0000004f 01 0020 ${TOKEN_A} 02 0017 ${'7b'}${'20'.repeat(21)}7d 03 0004 00000007 04 0004 6553ff10 05 0001 05`);
const ERROR = hex('08 08 00000002');
const FEEDBACK = hex(`6553f100 0020 ${TOKEN_A}`);
const IOS4_CONNECT = hex(`00 0020 ${TOKEN_A}`);
const IOS4_FILTER = hex(`02 00000001 00000014 ${MADRID} 00000000 00000014`);
const IOS4_RESPONSE = hex('01 00 00000000');
const PREFACE = text('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const SETTINGS = hex('000000 04 00 00000000');

describe('detect', () => {
  it.each<[string, Uint8Array, Uint8Array, string]>([
    ['a courier connect', CONNECT, NONE, 'courier'],
    ['both sides of a courier session', CONNECT, RESPONSE, 'courier'],
    ['a courier session whose server comes first', RESPONSE, CONNECT, 'courier swapped'],
    ['a courier answer alone', RESPONSE, NONE, 'courier swapped'],
    ['a message to the device in the middle of a session', NONE, MESSAGE, 'courier'],
    ['a message from the device on the other side', NONE, UP_MESSAGE, 'courier swapped'],
    ['an empty keep-alive', hex('0c00000000'), NONE, 'courier'],
    ['an empty keep-alive answer', hex('0d00000000'), NONE, 'courier swapped'],
    ['command 0', SIMPLE, NONE, 'gateway'],
    ['command 1', ENHANCED, NONE, 'gateway'],
    ['command 2', FRAMED, NONE, 'gateway'],
    ['two notifications and an error', join(FRAMED, FRAMED), ERROR, 'gateway'],
    ['an error packet alone', NONE, ERROR, 'gateway'],
    ['an error packet before its notification', ERROR, SIMPLE, 'gateway swapped'],
    ['feedback', NONE, FEEDBACK, 'feedback'],
    ['feedback from an unknown side', join(FEEDBACK, FEEDBACK), NONE, 'feedback swapped'],
    ['a whole iOS 4 beginning', IOS4_CONNECT, IOS4_RESPONSE, 'courier-ios4'],
    ['an iOS 4 connect and filter', join(IOS4_CONNECT, IOS4_FILTER), NONE, 'courier-ios4'],
    ['an iOS 4 message', NONE, hex(`03 00000014 ${MADRID} 00000002 7b7d`), 'courier-ios4'],
    ['an HTTP/2 preface', join(PREFACE, SETTINGS), NONE, 'http2'],
    ['an HTTP/2 answer alone', join(SETTINGS, hex('000000 04 01 00000000'), hex('000001 01 05 00000001 88')), NONE, 'http2 swapped'],
    ['an HTTP/2 request without its preface', hex('000001 01 05 00000003 83 000001 01 05 00000005 83'), NONE, 'http2'],
    ['a notification whose item overruns its frame', hex(`02 00000028 01 0020 ${TOKEN_A} 02 00ff 7b7d`), NONE, 'gateway'],
    ['a connect whose last field overruns its frame', hex(`07 00000027 01 0020 ${TOKEN_A} 02 0009 01`), NONE, 'courier'],
    ['an HTTP/2 preface on the other side', SETTINGS, join(PREFACE, SETTINGS), 'http2 swapped'],
  ])('recognises %s', (_name, first, second, expected) => {
    expect(verdict(first, second)).toBe(expected);
  });

  it('lets known roles stand', () => {
    expect(verdict(RESPONSE, NONE, { rolesKnown: true, final: true })).toBe('unknown');
    expect(verdict(CONNECT, NONE, { rolesKnown: true })).toBe('courier');
  });

  it('waits for the byte that tells an iOS 4 connect from a gateway’s command 0', () => {
    expect(verdict(IOS4_CONNECT, NONE)).toBe('need');
    expect(verdict(IOS4_CONNECT, NONE, { final: true })).toBe('courier-ios4');
    expect(verdict(join(IOS4_CONNECT, hex('0002')), NONE)).toBe('need');
    expect(verdict(join(IOS4_CONNECT, hex('00027b7d')), NONE)).toBe('gateway');
  });

  it('asks for more at each beginning, then decides, and never decides otherwise', () => {
    for (const [stream, expected] of [
      [CONNECT, 'courier'],
      [FRAMED, 'gateway'],
      [ENHANCED, 'gateway'],
      [join(IOS4_CONNECT, IOS4_FILTER), 'courier-ios4'],
      [PREFACE, 'http2'],
    ] as const) {
      const seen = new Set<string>();
      for (let n = 1; n <= stream.length; n++) seen.add(verdict(stream.slice(0, n), NONE, { rolesKnown: true }));
      expect([...seen].sort()).toEqual([expected, 'need'].sort());
    }
  });

  it('believes the ALPN before the bytes', () => {
    for (const [alpn, expected] of [
      ['apns-security-v3', 'courier'],
      ['apns-security-v2', 'courier'],
      ['apns-pack-v1', 'courier-packed'],
      ['apns-pack-v1:1024:4096', 'courier-packed'],
      ['h2', 'http2'],
    ] as const) {
      expect(verdict(NONE, NONE, { alpn })).toBe(expected);
    }
    expect(verdict(CONNECT, NONE, { alpn: 'http/1.1' })).toBe('courier');
  });

  it('uses ports only to break a tie about roles', () => {
    const flush = tlvFrame(0x0f, [1, '0040'], [2, '00'.repeat(64)]);
    expect(verdict(flush, NONE)).toBe('courier');
    expect(verdict(flush, NONE, { ports: [5223, 50000] })).toBe('courier swapped');
    expect(verdict(flush, NONE, { ports: [50000, 5223] })).toBe('courier');
    expect(verdict(RESPONSE, NONE, { ports: [50000, 5223] })).toBe('courier swapped');
    expect(verdict(text('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), NONE, { ports: [50000, 5223], final: true })).toBe('unknown');
  });

  it('does not take other protocols for ours', () => {
    for (const other of [
      text('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n'),
      text('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
      text('SSH-2.0-OpenSSH_9.2p1\r\n'),
      text("<stream:stream xmlns='jabber:client'>"),
      hex('16030100c8010000c40303'),
      hex('ffffffffffffffff'),
      new Uint8Array(100),
      text('220 mail.example.com ESMTP\r\n'),
      hex('0000005a ff534d4272'),
    ]) {
      expect(verdict(other, NONE, { final: true })).toBe('unknown');
      expect(verdict(NONE, other, { final: true, rolesKnown: true })).toBe('unknown');
    }
  });

  it('says unknown to random bytes', () => {
    let wrong = 0;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 400 }), fc.uint8Array({ maxLength: 100 }), (first, second) => {
        if (verdict(first, second, { final: true }) !== 'unknown') wrong++;
      }),
      { seed: SEED, numRuns: 20_000 },
    );
    expect(wrong).toBe(0);
  });

  it('never throws on mutated beginnings', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(CONNECT, MESSAGE, FRAMED, ENHANCED, FEEDBACK, IOS4_FILTER),
        fc.nat(200),
        fc.nat(255),
        (bytes, at, value) => {
          const changed = bytes.map((b, i) => (i === at % bytes.length ? value : b));
          expect(typeof verdict(changed, NONE, { final: true })).toBe('string');
        },
      ),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe('dialects', () => {
  it('knows every dialect by number and by name', () => {
    const names: DialectName[] = ['courier', 'courier-packed', 'courier-ios4', 'gateway', 'feedback', 'http2'];
    for (const name of names) expect(dialectByName(name)?.name).toBe(name);
    expect(dialectByCode(DIALECT.gateway)?.name).toBe('gateway');
    expect(dialectByName('tlv')?.name).toBe('courier');
    expect(dialectByName('nonsense')).toBeUndefined();
  });
});
