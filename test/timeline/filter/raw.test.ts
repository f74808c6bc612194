import { readdirSync, statSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Field } from '../../../src/core/message.ts';
import { HOLE } from '../../../src/core/stream.ts';
import { compileFilter } from '../../../src/timeline/filter/filter.ts';
import { rawTerm } from '../../../src/timeline/filter/raw.ts';
import type { Timeline } from '../../../src/timeline/timeline.ts';
import { CAPTURES, capture, readAll } from '../../support/captures.ts';
import { columnTimeline } from '../../support/column-rows.ts';

const SIZE = 400_000;
const NEEDLE = 'needle';

/** Which of the rows may hold the needle. */
function candidates(timeline: Timeline): number[] {
  const out = new Uint32Array(timeline.length);
  const rows = Uint32Array.from({ length: timeline.length }, (_, i) => i);
  const count = rawTerm(NEEDLE)?.select(timeline, 0, rows, rows.length, out) ?? 0;
  return [...out.subarray(0, count)];
}

/** Rows as captures have them: mostly behind each other, some in two pieces with others between, some far away, some with a hole. */
const layout = fc.array(
  fc.record({
    length: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 1, max: 60 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 300_000 }) },
    ),
    skip: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 40 }) },
      { weight: 1, arbitrary: fc.integer({ min: -2000, max: 40_000 }) },
    ),
    kind: fc.constantFrom('whole', 'whole', 'whole', 'parted', 'hole'),
    between: fc.integer({ min: 1, max: 200 }),
  }),
  { minLength: 1, maxLength: 60 },
);

describe('the search before decoding', () => {
  it('leaves out no row that holds the text, and none is left in for what lies elsewhere', () => {
    fc.assert(
      fc.property(layout, fc.array(fc.nat({ max: SIZE - 20 }), { maxLength: 40 }), fc.boolean(), (rows, places, quick) => {
        const bytes = new Uint8Array(SIZE).fill(0x2e);
        let at = 0;
        const pieces = rows.map(({ length, skip, kind, between }) => {
          at = Math.min(Math.max(0, at + skip), SIZE - 1);
          const whole = Math.min(length, SIZE - at);
          const from = at;
          if (kind === 'whole' || whole < 4) {
            at += whole;
            return [{ address: from, length: whole }];
          }
          const head = whole >> 1;
          at = Math.min(SIZE, from + whole + between);
          const second = Math.min(from + head + between, SIZE - (whole - head));
          return [
            { address: from, length: head },
            { address: kind === 'hole' ? HOLE : second, length: whole - head },
          ];
        });
        // Some needles anywhere, some across the seam of a row's pieces.
        for (const place of places) bytes.set(Buffer.from(NEEDLE), place % 3 === 0 ? place : (place % Math.max(at, 1)) % (SIZE - 20));
        pieces.forEach(([first, second], i) => {
          if (second === undefined || second.address === HOLE || i % 2 === 0 || first.length < 3 || second.length < 3) return;
          bytes.set(Buffer.from('nee'), first.address + first.length - 3);
          bytes.set(Buffer.from('dle'), second.address);
        });
        const timeline = columnTimeline(
          pieces.map((p) => ({ pieces: p })),
          { read: (address, length) => bytes.subarray(address, address + length) },
        );
        if (quick) timeline.search = (hay, needle, from) => Buffer.prototype.indexOf.call(hay, needle, from);
        const held = pieces.map((row) => {
          if (row.some((p) => p.address === HOLE)) return true;
          return Buffer.concat(row.map((p) => bytes.subarray(p.address, p.address + p.length))).includes(NEEDLE);
        });
        const found = new Set(candidates(timeline));
        const missed = held.flatMap((holds, row) => (holds && !found.has(row) ? [row] : []));
        expect(missed).toEqual([]);
        // A hit that begins in a row and ends behind it is decoded in vain: the needle's beginning is there.
        const vain = [...found].filter((row) => !held[row]);
        for (const row of vain) {
          const text = Buffer.concat(pieces[row].map((p) => bytes.subarray(p.address, p.address + p.length))).toString('latin1');
          expect(/(n|ne|nee|need|needl)$/.test(text)).toBe(true);
        }
      }),
      { seed: 20261121, numRuns: 100 },
    );
  });

  const files = readdirSync(CAPTURES, { recursive: true, encoding: 'utf8' }).filter(
    (f) => /\.pcap(ng)?(\.gz)?$/.test(f) && statSync(capture(f)).isFile(),
  );

  const holding = (fields: readonly Field[], word: string): boolean =>
    fields.some(
      (f) => (f.payload !== undefined && Buffer.from(f.payload).includes(word)) || (f.children !== undefined && holding(f.children, word)),
    );

  it.each(files)('finds in %s the payloads that a decoder finds', async (file) => {
    const reading = await readAll([capture(file)]);
    const { timeline } = reading;
    for (const word of ['alert', 'aps', 'no such text']) {
      const filter = compileFilter(`apns.payload contains "${word}"`);
      const slow = compileFilter(`apns.payload matches "${word}"`);
      const found = [...filter.select(timeline, 0, timeline.length)];
      expect(found).toEqual([...slow.select(timeline, 0, timeline.length)]);
      expect(found.every((row) => holding(timeline.unredacted(row).fields, word))).toBe(true);
    }
    reading.close();
  });
});
