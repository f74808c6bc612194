import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MARKED_BYTES, MarkedText } from '../../src/payload/json-marks.ts';

/** Texts after which the marks are found by the machine. */
const WARM = 200;

function placesOf(marked: MarkedText, end: number): number[] {
  const places = Array.from(marked.marks.subarray(0, end + 1));
  return places.slice(0, places.indexOf(end));
}

function expected(b: Uint8Array): number[] {
  return Array.from(b.keys()).filter((i) => b[i] < 0x20 || b[i] > 0x7e || b[i] === 0x22 || b[i] === 0x5c);
}

function warm(): MarkedText {
  const marked = new MarkedText();
  for (let i = 0; i < WARM; i++) marked.take(new Uint8Array(20), 0, 20);
  return marked;
}

const byte = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) }, fc.integer({ min: 0, max: 255 }));

describe('the marks of a JSON text', () => {
  it('are its bytes that end or change what stands in strings, however they are found', () => {
    const machine = warm();
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 100 }), fc.nat({ max: 20 }), (values, before) => {
        const bytes = Uint8Array.from([...new Array(before).fill(0x22), ...values, 0x22]);
        for (const marked of [new MarkedText(), machine]) {
          marked.take(bytes, before, before + values.length);
          expect(Array.from(marked.text.subarray(0, values.length))).toEqual(values);
          expect(placesOf(marked, values.length)).toEqual(expected(Uint8Array.from(values)));
          // Nothing of the text before stands behind this one.
          expect(marked.text[values.length]).toBe(0);
        }
      }),
      { seed: 20261121, numRuns: 500 },
    );
  });

  it('have room in the longest text, when every byte is one', () => {
    const quotes = new Uint8Array(MARKED_BYTES).fill(0x22);
    for (const marked of [new MarkedText(), warm()]) {
      marked.take(quotes, 0, quotes.length);
      expect(placesOf(marked, quotes.length)).toHaveLength(MARKED_BYTES);
      expect(marked.text.subarray(0, quotes.length)).toEqual(quotes);
    }
  });
});
