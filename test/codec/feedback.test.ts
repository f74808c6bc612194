import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feedback } from '../../src/codec/feedback.ts';
import { toHex } from '../../src/core/bytes.ts';
import { BROKEN, Cells, NEED } from '../../src/core/dialect.ts';
import { hex } from '../support/bytes.ts';

const SEED = 20261121;
const framing = feedback.open({});
const ONE = hex(`6553f100 0020 ${'11'.repeat(32)}`);
const ODD = hex('6553f13c 0005 2222222222');
const BOTH = new Uint8Array([...ONE, ...ODD]);

describe('feedback', () => {
  it('prints what it parsed, bit for bit, for any bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc.nat(BOTH.length).map((n) => BOTH.slice(0, n)),
        ),
        (bytes) => {
          expect(toHex(feedback.print(feedback.parse(bytes, 1)))).toBe(toHex(bytes));
          expect(feedback.decode(bytes, 1).command).toBe('feedback');
        },
      ),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('reads tuples with tokens of any length', () => {
    expect(framing.measure(1, BOTH, 0, 5)).toBe(NEED);
    expect(framing.measure(1, BOTH, 0, 6)).toBe(38);
    expect(framing.measure(1, BOTH, 38, BOTH.length)).toBe(11);
    const message = feedback.decode(ODD, 1);
    expect(message.fields.map((field) => field.text)).toEqual(['2023-11-14T22:14:20Z', '2222222222']);
    expect(message.notes).toEqual([]);
    expect(message.info).toBe('token 2222222222, gone since 2023-11-14T22:14:20Z');
  });

  it('refuses a talking client and absurd tokens', () => {
    expect(framing.measure(0, ONE, 0, 38)).toBe(BROKEN);
    expect(framing.measure(1, hex('6553f100 0065'), 0, 6)).toBe(BROKEN);
  });

  it('fills the token cell', () => {
    const cells = new Cells();
    framing.index(1, ONE, 0, 38, cells);
    expect(cells).toMatchObject({ type: 0x0600, tokenStart: 6, tokenEnd: 38, severity: 0 });
  });

  it('finds the next tuple after a cut', () => {
    const stream = new Uint8Array([...ONE, ...ONE, ...ONE]);
    for (let cut = 1; cut <= 38; cut++) expect(framing.resync(1, stream, cut, stream.length)).toBe(38);
  });

  it('writes tuples', () => {
    expect(toHex(feedback.encode('feedback', { timestamp: 0x6553f100, token: '11'.repeat(32) }, 1))).toBe(toHex(ONE));
  });
});
