import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TLV_MAX_BODY, tlv } from '../../src/codec/tlv.ts';
import { toHex } from '../../src/core/bytes.ts';
import { BROKEN, Cells, NEED } from '../../src/core/dialect.ts';
import type { Dir } from '../../src/core/stream.ts';
import { EncodeError } from '../../src/schema/build.ts';
import { hex, MADRID, TOKEN_A, TOKEN_B, tlvFrame } from '../support/bytes.ts';

const SEED = 20261121;
const framing = tlv.open({});

function texts(bytes: Uint8Array, dir: Dir): Record<string, string> {
  return Object.fromEntries(tlv.decode(bytes, dir).fields.map((field) => [field.name, field.text]));
}
const codes = (bytes: Uint8Array, dir: Dir): string[] => tlv.decode(bytes, dir).notes.map((note) => note.code);

const NOTIFICATION = tlvFrame(
  0x0a,
  [1, TOKEN_A],
  [2, MADRID],
  [3, new TextEncoder().encode('{"aps":{"alert":"hi"}}')],
  [4, 'deadbeef'],
  [5, '4ead64a4'],
  [6, '125136ba7a093e00'],
  [9, '03'],
  [13, '0a'],
);

/** Any frame-like bytes: right and wrong lengths, known and unknown commands, damaged tails. */
const anyFrame = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .tuple(
      fc.integer({ min: 0, max: 255 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.uint8Array({ maxLength: 40 })), { maxLength: 8 }),
      fc.uint8Array({ maxLength: 4 }),
    )
    .map(([command, items, tail]) => {
      const frame = tlvFrame(command, ...items);
      const out = new Uint8Array(frame.length + tail.length);
      out.set(frame);
      out.set(tail, frame.length);
      return out;
    }),
  fc.tuple(fc.constant(NOTIFICATION), fc.nat(NOTIFICATION.length)).map(([b, n]) => b.slice(0, n)),
  fc.tuple(fc.nat(NOTIFICATION.length - 1), fc.nat(255)).map(([at, v]) => NOTIFICATION.map((x, i) => (i === at ? v : x))),
);

describe('tlv', () => {
  it('prints what it parsed, bit for bit, for any bytes', () => {
    fc.assert(
      fc.property(anyFrame, fc.constantFrom<Dir>(0, 1), (bytes, dir) => toHex(tlv.print(tlv.parse(bytes, dir))) === toHex(bytes)),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it('tiles every frame with its items and the rest', () => {
    fc.assert(
      fc.property(anyFrame, (bytes) => {
        const syntax = tlv.parse(bytes, 1);
        let at = syntax.headless ? 0 : 5;
        for (const item of syntax.items) {
          expect(item.at?.start).toBe(at);
          at = item.at?.end ?? -1;
        }
        expect(syntax.rest).toEqual({ start: at, end: bytes.length });
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('decodes any bytes without throwing, with every note inside the frame', () => {
    fc.assert(
      fc.property(anyFrame, fc.constantFrom<Dir>(0, 1), (bytes, dir) => {
        for (const note of tlv.decode(bytes, dir).notes) {
          expect(note.start).toBeGreaterThanOrEqual(0);
          expect(note.end).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('reads a notification to the nanosecond, with topic, token, flags and priority', () => {
    const message = tlv.decode(NOTIFICATION, 1);
    expect(message.command).toBe('message');
    expect(message.notes).toEqual([]);
    expect(texts(NOTIFICATION, 1)).toMatchObject({
      token: TOKEN_A,
      topic: 'com.apple.madrid',
      id: '3735928559',
      expiry: '2011-10-30T14:52:20Z',
      timestamp: '2011-10-29T13:52:20.335508992Z',
      storage_flags: '0x3 (from storage, last message from storage)',
      priority: '10',
    });
    expect(message.fields.find((field) => field.name === 'timestamp')?.value).toBe(1319896340335508992n);
    expect(message.fields.find((field) => field.name === 'payload')?.payload).toBeInstanceOf(Uint8Array);
    expect(message.info).toBe('com.apple.madrid, priority 10, expires 2011-10-30T14:52:20Z, 0x3');
  });

  it('swaps topic and token with the direction', () => {
    const up = tlvFrame(0x0a, [4, '00000007'], [1, MADRID], [2, TOKEN_B], [3, '7b7d'], [25, '0010']);
    expect(codes(up, 0)).toEqual([]);
    expect(texts(up, 0)).toMatchObject({ topic: 'com.apple.madrid', token: TOKEN_B, last_rtt: '16' });
    expect(codes(up, 1)).toContain('field.width');
  });

  it('gives each field the place of its value', () => {
    for (const field of tlv.decode(NOTIFICATION, 1).fields) {
      if (!(field.value instanceof Uint8Array) || field.at === undefined) continue;
      expect(toHex(NOTIFICATION, field.at.start, field.at.end)).toBe(toHex(field.value));
    }
    expect(tlv.decode(NOTIFICATION, 1).fields[0].at).toEqual({ start: 8, end: 40 });
  });

  it('keeps an odd token as bytes with a note', () => {
    const frame = tlvFrame(0x0a, [1, new TextEncoder().encode('shortToken')], [2, MADRID], [4, '00000001'], [7, '00']);
    const message = tlv.decode(frame, 1);
    expect(message.notes.map((note) => [note.code, note.start, note.end])).toEqual([['field.width', 8, 18]]);
    expect(message.fields[0].text).toBe('73686f7274546f6b656e');
    expect(toHex(tlv.print(tlv.parse(frame, 1)))).toBe(toHex(frame));
  });

  it('names wrong width, unknown field, unknown command and repetition', () => {
    expect(codes(tlvFrame(0x0d, [2, '0001']), 1)).toEqual(['field.width']);
    expect(codes(tlvFrame(0x0d, [77, '0001']), 1)).toEqual(['field.unknown']);
    expect(codes(tlvFrame(0x23, [1, '00']), 1)).toEqual(['frame.unknown-command']);
    expect(codes(tlvFrame(0x0d, [1, '00'], [1, '01']), 1)).toEqual(['field.repeated']);
    expect(codes(tlvFrame(0x0c), 1)).toEqual(['frame.wrong-direction']);
    expect(codes(tlvFrame(0x0a, [5, '00000001']), 0)).toEqual(['field.other-direction']);
  });

  it('marks overrun, truncation, trailing bytes and impossible lengths with their places', () => {
    const places = (b: string): unknown[] => tlv.decode(hex(b), 1).notes.map((note) => [note.code, note.start, note.end]);
    expect(places('0d 00000005 02 0004 0000')).toEqual([['frame.overrun', 5, 10]]);
    expect(places('0d 00000007 02 0004 0000')).toEqual([['frame.truncated', 1, 10]]);
    expect(places('0d 00000000 0102')).toEqual([['frame.trailing', 5, 7]]);
    expect(places('0d 80000001 01')).toEqual([['frame.length-invalid', 1, 5]]);
    expect(places('0d 00')).toEqual([['frame.truncated', 0, 2]]);
    expect(places('')).toContainEqual(['frame.truncated', 0, 0]);
  });

  it('compares a flush’s number with its padding and finds padding that is not zero', () => {
    const flush = (want: string, padding: string): string[] => codes(tlvFrame(0x0f, [1, want], [2, padding]), 0);
    expect(flush('0040', '00'.repeat(64))).toEqual([]);
    expect(flush('0200', '00'.repeat(64))).toEqual(['field.padding-length']);
    expect(flush('0040', `${'00'.repeat(63)}01`)).toEqual(['field.padding-not-zero']);
    expect(tlv.decode(tlvFrame(0x0f, [1, '0200'], [2, '00'.repeat(64)]), 0).info).toBe('wants 512 bytes, 64 bytes of padding');
  });

  it('takes apart only so many fields of a frame, and keeps the rest', () => {
    const frame = new Uint8Array(5 + 3 * 20_000);
    frame[0] = 0x0d;
    new DataView(frame.buffer).setUint32(1, frame.length - 5);
    for (let at = 5; at < frame.length; at += 3) frame[at] = 0xfe;
    const message = tlv.decode(frame, 1);
    expect(message.notes[0]).toMatchObject({ code: 'frame.field-limit', start: 5 + 3 * 4096, end: frame.length });
    expect(toHex(tlv.print(tlv.parse(frame, 1)))).toBe(toHex(frame));
  });

  it('reads keep-alive minutes as decimal digits and says what a two-byte number would mean', () => {
    expect(texts(tlvFrame(0x0c, [5, '3135']), 0)).toMatchObject({ interval: '15 min' });
    const odd = tlv.decode(tlvFrame(0x0c, [5, '000f']), 0);
    expect(odd.notes[0].detail).toContain('it would be 15');
  });
});

describe('tlv framing', () => {
  it('asks for a header, then tells the length', () => {
    for (let n = 0; n < 5; n++) expect(framing.measure(1, NOTIFICATION, 0, n)).toBe(NEED);
    expect(framing.measure(1, NOTIFICATION, 0, 5)).toBe(NOTIFICATION.length);
    expect(framing.measure(1, NOTIFICATION, 0, NOTIFICATION.length)).toBe(NOTIFICATION.length);
  });

  it('cuts the same frames whole, byte by byte, and with a byte to spare', () => {
    const frames = [NOTIFICATION, tlvFrame(0x0d), tlvFrame(0x0e, [1, TOKEN_B]), tlvFrame(0x99, [1, '00'])];
    const stream = new Uint8Array(frames.flatMap((frame) => [...frame]));
    const cut = (step: number): number[] => {
      const lengths: number[] = [];
      let start = 0;
      for (let end = 0; end < stream.length; ) {
        end = Math.min(stream.length, end + step);
        for (;;) {
          const length = framing.measure(1, stream, start, end);
          if (length === NEED || start + length > end) break;
          lengths.push(length);
          start += length;
        }
      }
      return lengths;
    };
    for (const step of [1, 2, 7, stream.length]) expect(cut(step)).toEqual(frames.map((frame) => frame.length));
    expect(framing.measure(1, new Uint8Array([...tlvFrame(0x0d), 0]), 5, 6)).toBe(NEED);
  });

  it('refuses lengths with the top bit and lengths beyond the limit', () => {
    expect(framing.measure(1, hex('0a80000000'), 0, 5)).toBe(BROKEN);
    expect(framing.measure(1, hex('0affffffff'), 0, 5)).toBe(BROKEN);
    const at = (n: number): Uint8Array => hex(`0a${n.toString(16).padStart(8, '0')}`);
    expect(framing.measure(1, at(TLV_MAX_BODY), 0, 5)).toBe(TLV_MAX_BODY + 5);
    expect(framing.measure(1, at(TLV_MAX_BODY + 1), 0, 5)).toBe(BROKEN);
  });

  it('finds the cells of a frame in one walk', () => {
    const cells = new Cells();
    framing.index(1, NOTIFICATION, 0, NOTIFICATION.length, cells);
    expect(cells).toMatchObject({
      type: 0x020a,
      id: 0xdeadbeef,
      hasId: true,
      status: -1,
      tokenStart: 8,
      tokenEnd: 40,
      topicStart: 43,
      topicEnd: 63,
      severity: 0,
    });
    cells.clear();
    const ack = tlvFrame(0x0b, [8, '02'], [4, '00000009'], [1, TOKEN_A]);
    framing.index(0, ack, 0, ack.length, cells);
    expect(cells).toMatchObject({ type: 0x020b, id: 9, status: 2, severity: 0 });
    expect(cells.tokenEnd - cells.tokenStart).toBe(32);
  });

  it('gives a frame the severity that its headers show', () => {
    const severity = (bytes: Uint8Array, dir: Dir): number => {
      const cells = new Cells();
      framing.index(dir, bytes, 0, bytes.length, cells);
      return cells.severity;
    };
    expect(severity(tlvFrame(0x33, [1, '00']), 1)).toBe(1);
    expect(severity(tlvFrame(0x0d, [9, '00']), 1)).toBe(1);
    expect(severity(tlvFrame(0x0d, [2, '00']), 1)).toBe(2);
    expect(severity(hex('0d 00000004 01 0005 00'), 1)).toBe(3);
    expect(severity(tlvFrame(0x07, [32, '01']), 0)).toBe(0);
    expect(severity(tlvFrame(0x07, [64, '01']), 0)).toBe(1);
  });

  it('finds the next frame after a cut at every place of a message', () => {
    const keepAlive = tlvFrame(0x0d, [1, '00']);
    const stream = new Uint8Array([...NOTIFICATION, ...keepAlive, ...NOTIFICATION]);
    for (let cut = 1; cut <= NOTIFICATION.length; cut++) {
      expect(framing.resync(1, stream, cut, stream.length)).toBe(NOTIFICATION.length);
    }
  });

  it('finds a message between two holes, however little of the next one is there', () => {
    for (let head = 0; head < NOTIFICATION.length; head++) {
      const stream = new Uint8Array([...NOTIFICATION.subarray(40), ...NOTIFICATION, ...NOTIFICATION.subarray(0, head)]);
      expect(framing.resync(1, stream, 0, stream.length)).toBe(NOTIFICATION.length - 40);
    }
  });

  it('finds a keep-alive between two holes as soon as a field of the next message is there', () => {
    const keepAlive = hex('0d00000000');
    const shown = [0, 5, 8, 60].map((head) => {
      const stream = new Uint8Array([...NOTIFICATION.subarray(40), ...keepAlive, ...NOTIFICATION.subarray(0, head)]);
      return framing.resync(1, stream, 0, stream.length);
    });
    expect(shown).toEqual([-1, -1, NOTIFICATION.length - 40, NOTIFICATION.length - 40]);
  });

  it('searches hostile bytes in bounded time: every offset a frame of empty fields', () => {
    const hostile = new Uint8Array(200_000);
    for (let at = 0; at + 3 <= hostile.length; at += 3) hostile.set([0x07, 0, 0], at);
    expect(framing.resync(0, hostile, 1, hostile.length)).toBe(-1);
  });

  it('does not take random bytes for a frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 2000 }), (bytes) => framing.resync(1, bytes, 0, bytes.length) === -1),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('takes a lone keep-alive only where it fills the range', () => {
    expect(framing.resync(0, hex('0c00000000'), 0, 5)).toBe(0);
    expect(framing.resync(0, hex('ff0c00000000'), 0, 6)).toBe(-1);
  });
});

describe('tlv encoding', () => {
  it('writes a connect in the order of Apple’s client', () => {
    const nonce = '000000018bcfe56800aaaaaaaaaaaaaaaa';
    const bytes = tlv.encode(
      'connect',
      { protocol_version: 11, nonce, state: 'connect', presence_flags: 0x41, certificate: ['3003020100'], signature: '0101bb' },
      0,
    );
    expect(toHex(bytes)).toBe(
      toHex(tlvFrame(7, [2, '01'], [5, '00000041'], [12, '3003020100'], [13, nonce], [14, '0101bb'], [16, '000b'])),
    );
    expect(tlv.decode(bytes, 0).info).toBe('connect, flags 0x41, protocol 11, 1 certificate(s)');
  });

  it('reads back what it wrote', () => {
    const fields = {
      id: 7,
      topic: 'com.apple.madrid',
      token: TOKEN_B,
      payload: '{}',
      expiry: '2026-11-21T18:12:06Z',
      timestamp: 1795284726000775927n,
      priority: 5,
    };
    const message = tlv.decode(tlv.encode('message', fields, 1), 1);
    expect(message.notes).toEqual([]);
    expect(Object.fromEntries(message.fields.map((field) => [field.name, field.text]))).toEqual({
      id: '7',
      topic: 'com.apple.madrid',
      token: TOKEN_B,
      payload: '{}',
      expiry: '2026-11-21T18:12:06Z',
      timestamp: '2026-11-21T18:12:06.000775927Z',
      priority: '5',
    });
  });

  it('refuses what does not fit, with a sentence', () => {
    expect(() => tlv.encode('nonsense', {}, 0)).toThrow(EncodeError);
    expect(() => tlv.encode('connect_response', { status: 0 }, 0)).toThrow(/does not go from client/);
    expect(() => tlv.encode('connect_response', { status: 256 }, 1)).toThrow(/does not fit 1 byte/);
    expect(() => tlv.encode('connect_response', { token: 'aabb' }, 1)).toThrow(/2 bytes, expected 32/);
    expect(() => tlv.encode('connect_response', { nosuch: 1 }, 1)).toThrow(/no field/);
    expect(() => tlv.encode('message', { expiry: 1 }, 0)).toThrow(/direction/);
    expect(() => tlv.encode('flush', { padding: 1e9 }, 0)).toThrow(/do not fit/);
    expect(() => tlv.encode('message', { topic: 'no.such.topic' }, 1)).toThrow(/SHA-1/);
  });

  it('carries raw fields of no row', () => {
    expect(toHex(tlv.encode('keep_alive_response', { response: 0, unknown26: 'beef' }, 1))).toBe(
      toHex(tlvFrame(13, [1, '00'], [26, 'beef'])),
    );
  });
});
