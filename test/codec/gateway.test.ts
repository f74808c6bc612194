import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gateway } from '../../src/codec/gateway.ts';
import { toHex } from '../../src/core/bytes.ts';
import { BROKEN, Cells, NEED } from '../../src/core/dialect.ts';
import type { Dir } from '../../src/core/stream.ts';
import { GATEWAY } from '../../src/schema/provider.ts';
import { hex, TOKEN_A } from '../support/bytes.ts';

const SEED = 20261121;
const framing = gateway.open({});
const PAYLOAD = toHex(new TextEncoder().encode('{"aps":{"alert":"hello"}}'));

const SIMPLE = hex(`00 0020 ${TOKEN_A} 0019 ${PAYLOAD}`);
const ENHANCED = hex(`01 00000007 6553ff10 0020 ${TOKEN_A} 0019 ${PAYLOAD}`);
const FRAMED = hex(`02 00000051 01 0020 ${TOKEN_A} 02 0019 ${PAYLOAD} 03 0004 00000007 04 0004 6553ff10 05 0001 05`);
const ERROR = hex('08 08 00000007');

function texts(bytes: Uint8Array, dir: Dir): Record<string, string> {
  return Object.fromEntries(gateway.decode(bytes, dir).fields.map((field) => [field.name, field.text]));
}
const codes = (bytes: Uint8Array, dir: Dir): string[] => gateway.decode(bytes, dir).notes.map((note) => note.code);

const damaged = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.nat(bytes.length).map((n) => bytes.slice(0, n)),
    fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, v]) => bytes.map((x, i) => (i === at ? v : x))),
    fc.uint8Array({ maxLength: 5 }).map((tail) => new Uint8Array([...bytes, ...tail])),
  );
const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 80 }), damaged(SIMPLE), damaged(ENHANCED), damaged(FRAMED), damaged(ERROR));

describe('gateway', () => {
  it('prints what it parsed, bit for bit, for any bytes', () => {
    fc.assert(
      fc.property(anyBytes, fc.constantFrom<Dir>(0, 1), (bytes, dir) => toHex(gateway.print(gateway.parse(bytes, dir))) === toHex(bytes)),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it('decodes any bytes without throwing', () => {
    fc.assert(
      fc.property(anyBytes, fc.constantFrom<Dir>(0, 1), (bytes, dir) => {
        expect(gateway.decode(bytes, dir).dialect).toBe('gateway');
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('reads the three commands', () => {
    const shared = { token: TOKEN_A, payload: '{"aps":{"alert":"hello"}}' };
    expect(texts(SIMPLE, 0)).toEqual(shared);
    expect(texts(ENHANCED, 0)).toEqual({ ...shared, identifier: '7', expiry: '2023-11-14T23:13:20Z' });
    expect(texts(FRAMED, 0)).toEqual({ ...shared, identifier: '7', expiry: '2023-11-14T23:13:20Z', priority: 'power saving (5)' });
    for (const bytes of [SIMPLE, ENHANCED, FRAMED]) expect(codes(bytes, 0)).toEqual([]);
  });

  it('shares the filter names of the three commands', () => {
    const filters = [SIMPLE, ENHANCED, FRAMED].map((b) => gateway.decode(b, 0).fields.find((f) => f.name === 'token')?.filter);
    expect(filters).toEqual(Array(3).fill('apns.notification.token'));
  });

  it('names every documented status of an error', () => {
    for (const [status, name] of Object.entries(GATEWAY.error_response.fields.status.names)) {
      const bytes = hex(`08 ${Number(status).toString(16).padStart(2, '0')} 0000002a`);
      expect(gateway.decode(bytes, 1).info).toBe(`${name}, id 42`);
    }
    expect(texts(hex('08 63 0000002a'), 1)).toEqual({ status: '99', identifier: '42' });
  });

  it('says that expiration 0 means not to store', () => {
    expect(texts(hex(`01 00000001 00000000 0020 ${TOKEN_A} 0002 7b7d`), 0).expiry).toBe('do not store (0)');
  });

  it('notes missing items, wrong token lengths, unknown items and overruns', () => {
    expect(codes(hex('02 00000000'), 0)).toEqual(['field.missing', 'field.missing']);
    expect(codes(hex('00 0003 aabbcc 0002 7b7d'), 0)).toEqual(['field.width']);
    expect(codes(hex(`02 00000029 01 0020 ${TOKEN_A} 09 0000 02 0000`), 0)).toEqual(['field.unknown']);
    expect(codes(hex('02 00000004 01 0020 aa'), 0)).toEqual(['frame.overrun', 'field.missing', 'field.missing']);
    expect(codes(hex('00 0020 aabb'), 0)).toContain('frame.truncated');
    expect(codes(hex('05 01'), 0)).toEqual(['frame.trailing', 'frame.unknown-command']);
  });

  it('writes the bytes that clients write', () => {
    const fields = { token: TOKEN_A, payload: '{"aps":{"alert":"hello"}}' };
    expect(toHex(gateway.encode('simple_notification', fields, 0))).toBe(toHex(SIMPLE));
    expect(toHex(gateway.encode('enhanced_notification', { ...fields, identifier: 7, expiry: 0x6553ff10 }, 0))).toBe(toHex(ENHANCED));
    expect(toHex(gateway.encode('notification', { ...fields, identifier: 7, expiry: 0x6553ff10, priority: 5 }, 0))).toBe(toHex(FRAMED));
    expect(toHex(gateway.encode('error_response', { status: 'invalid token', identifier: 7 }, 1))).toBe(toHex(ERROR));
  });
});

describe('gateway framing', () => {
  it('cuts mixed commands fed byte by byte', () => {
    const stream = new Uint8Array([...SIMPLE, ...FRAMED, ...ENHANCED]);
    const lengths: number[] = [];
    let start = 0;
    for (let end = 1; end <= stream.length; end++) {
      const length = framing.measure(0, stream, start, end);
      if (length === NEED || start + length > end) continue;
      lengths.push(length);
      start = end;
    }
    expect(lengths).toEqual([SIMPLE.length, FRAMED.length, ENHANCED.length]);
  });

  it('refuses commands that the side does not have', () => {
    expect(framing.measure(0, hex('08'), 0, 1)).toBe(BROKEN);
    expect(framing.measure(0, hex('03'), 0, 1)).toBe(BROKEN);
    expect(framing.measure(1, hex('02'), 0, 1)).toBe(BROKEN);
    expect(framing.measure(0, hex('02 7fffffff'), 0, 5)).toBe(BROKEN);
    expect(framing.measure(1, ERROR, 0, 1)).toBe(6);
  });

  it('fills token, id and status', () => {
    const cells = new Cells();
    framing.index(0, ENHANCED, 0, ENHANCED.length, cells);
    expect(cells).toMatchObject({ type: 0x0501, id: 7, hasId: true, tokenStart: 11, tokenEnd: 43, severity: 0 });
    cells.clear();
    framing.index(0, FRAMED, 0, FRAMED.length, cells);
    expect(cells).toMatchObject({ type: 0x0502, id: 7, tokenStart: 8, tokenEnd: 40, severity: 0 });
    cells.clear();
    framing.index(0, SIMPLE, 0, SIMPLE.length, cells);
    expect(cells).toMatchObject({ type: 0x0500, hasId: false, tokenStart: 3, tokenEnd: 35 });
    cells.clear();
    framing.index(1, ERROR, 0, 6, cells);
    expect(cells).toMatchObject({ type: 0x0508, id: 7, hasId: true, status: 8 });
  });

  it('finds the next message after a cut at every place', () => {
    for (const first of [SIMPLE, ENHANCED, FRAMED]) {
      const stream = new Uint8Array([...first, ...FRAMED, ...SIMPLE]);
      for (let cut = 1; cut <= first.length; cut++) expect(framing.resync(0, stream, cut, stream.length)).toBe(first.length);
    }
  });

  it('finds a message between two holes, however little of the next one is there', () => {
    for (const whole of [SIMPLE, ENHANCED, FRAMED]) {
      for (const next of [SIMPLE, ENHANCED, FRAMED]) {
        for (let head = 0; head < next.length; head++) {
          const stream = new Uint8Array([...FRAMED.subarray(40), ...whole, ...next.subarray(0, head)]);
          expect(framing.resync(0, stream, 0, stream.length)).toBe(FRAMED.length - 40);
        }
      }
    }
  });

  it('does not take random bytes for messages', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 2000 }), (bytes) => framing.resync(0, bytes, 0, bytes.length) === -1),
      { seed: SEED, numRuns: 500 },
    );
  });
});
