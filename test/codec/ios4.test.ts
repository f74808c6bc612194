import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ios4 } from '../../src/codec/ios4.ts';
import { toHex } from '../../src/core/bytes.ts';
import { BROKEN, Cells, NEED } from '../../src/core/dialect.ts';
import type { Dir } from '../../src/core/stream.ts';
import { hex, MADRID, TOKEN_A } from '../support/bytes.ts';

const SEED = 20261121;
const framing = ios4.open({});
const FIND_MY = '79afbbadc8f8142d144202ed12106d5cd3f88f1a';
const text = (value: string): string => toHex(new TextEncoder().encode(value));

const CONNECT_SHORT = hex(`00 0020 ${TOKEN_A}`);
const CONNECT_LONG = hex(`00 00000020 ${TOKEN_A}`);
const RESPONSE_EMPTY = hex('01 00 00000000');
const RESPONSE_TOKEN = hex(`01 00 00000020 ${TOKEN_A}`);
const FILTER = hex(`02 00000002 00000014 ${MADRID}${FIND_MY} 00000000 00000014`);
const MESSAGE = hex(`03 00000014 ${MADRID} 00000002 7b7d`);
const ACK = hex('04 000000');
const KEEP_ALIVE = hex(`05 0000001b ${text('WiFi 4.3.3 8J2 iPhone2,1 17')}`);
const KEEP_ALIVE_ACK = hex('06');

const UP = [CONNECT_SHORT, FILTER, KEEP_ALIVE, ACK];
const DOWN = [RESPONSE_EMPTY, RESPONSE_TOKEN, MESSAGE, KEEP_ALIVE_ACK];
const texts = (bytes: Uint8Array, dir: Dir): string[] => ios4.decode(bytes, dir).fields.map((field) => `${field.name}: ${field.text}`);

describe('ios4', () => {
  it('prints what it parsed, bit for bit, for any bytes', () => {
    const some = [...UP, ...DOWN, CONNECT_LONG];
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(...some).chain((b) => fc.nat(b.length).map((n) => b.slice(0, n))),
      fc
        .constantFrom(...some)
        .chain((b) => fc.tuple(fc.nat(b.length - 1), fc.nat(255)).map(([at, v]) => b.map((x, i) => (i === at ? v : x)))),
    );
    fc.assert(
      fc.property(anyBytes, fc.constantFrom<Dir>(0, 1), (bytes, dir) => {
        expect(toHex(ios4.print(ios4.parse(bytes, dir)))).toBe(toHex(bytes));
        expect(ios4.decode(bytes, dir).dialect).toBe('courier-ios4');
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it('takes the layout of connect that tiles, and says which', () => {
    for (const [bytes, words] of [
      [CONNECT_SHORT, 'two'],
      [CONNECT_LONG, 'four'],
    ] as const) {
      expect(framing.measure(0, bytes, 0, bytes.length)).toBe(bytes.length);
      const message = ios4.decode(bytes, 0);
      expect(texts(bytes, 0)).toEqual([`token: ${TOKEN_A}`]);
      expect(message.notes.map((note) => [note.code, note.detail])).toEqual([['frame.layout-ambiguous', `length read as ${words} bytes`]]);
    }
  });

  it('reads every command', () => {
    expect(texts(RESPONSE_TOKEN, 1)).toEqual(['status: ok (0)', `token: ${TOKEN_A}`]);
    expect(ios4.decode(FILTER, 0).info).toBe('2 enabled (com.apple.madrid, com.apple.mobileme.fmip)');
    expect(texts(FILTER, 0)).toContain('ignored_count: 0');
    expect(texts(MESSAGE, 1)).toEqual(['topic: com.apple.madrid', 'payload: {}']);
    expect(texts(ACK, 0)).toEqual(['unknown1: 000000']);
    expect(ios4.decode(KEEP_ALIVE, 0).info).toBe('WiFi 4.3.3 8J2 iPhone2,1 17');
    expect(ios4.decode(KEEP_ALIVE_ACK, 1).command).toBe('keep_alive_response');
  });

  it('cuts both directions fed byte by byte', () => {
    for (const [dir, frames] of [
      [0, UP],
      [1, DOWN],
    ] as const) {
      const stream = new Uint8Array(frames.flatMap((frame) => [...frame]));
      const lengths: number[] = [];
      let start = 0;
      for (let end = 1; end <= stream.length; end++) {
        const length = framing.measure(dir, stream, start, end);
        if (length === NEED || start + length > end) continue;
        lengths.push(length);
        start = end;
      }
      expect(lengths).toEqual(frames.map((frame) => frame.length));
    }
  });

  it('refuses lists and lengths that cannot be', () => {
    expect(framing.measure(0, hex('02 ffffffff 00000014'), 0, 9)).toBe(BROKEN);
    expect(framing.measure(0, hex('02 00000001 00000000'), 0, 9)).toBe(BROKEN);
    expect(framing.measure(1, hex('03 7fffffff'), 0, 5)).toBe(BROKEN);
    expect(framing.measure(0, hex('07'), 0, 1)).toBe(BROKEN);
  });

  it('finds the next frame after a cut inside a message', () => {
    const stream = new Uint8Array([...MESSAGE, ...RESPONSE_TOKEN, ...MESSAGE]);
    for (let cut = 1; cut <= MESSAGE.length; cut++) expect(framing.resync(1, stream, cut, stream.length)).toBe(MESSAGE.length);
  });

  it('fills token, topic and status', () => {
    const cells = new Cells();
    framing.index(1, RESPONSE_TOKEN, 0, RESPONSE_TOKEN.length, cells);
    expect(cells).toMatchObject({ type: 0x0401, status: 0, tokenStart: 6, tokenEnd: 38, severity: 0 });
    cells.clear();
    framing.index(1, MESSAGE, 0, MESSAGE.length, cells);
    expect(cells).toMatchObject({ type: 0x0403, topicStart: 5, topicEnd: 25 });
    cells.clear();
    framing.index(0, CONNECT_LONG, 0, CONNECT_LONG.length, cells);
    expect(cells).toMatchObject({ tokenStart: 5, tokenEnd: 37 });
  });

  it('writes frames from names', () => {
    expect(toHex(ios4.encode('connect', { token: TOKEN_A }, 0))).toBe(toHex(CONNECT_SHORT));
    expect(toHex(ios4.encode('connect_response', { status: 0 }, 1))).toBe(toHex(RESPONSE_EMPTY));
    expect(toHex(ios4.encode('filter', { enabled: ['com.apple.madrid', FIND_MY] }, 0))).toBe(toHex(FILTER));
    expect(toHex(ios4.encode('message', { topic: 'com.apple.madrid', payload: '{}' }, 1))).toBe(toHex(MESSAGE));
    expect(toHex(ios4.encode('message_ack', {}, 0))).toBe(toHex(ACK));
    expect(toHex(ios4.encode('keep_alive_response', {}, 1))).toBe('06');
  });
});
