import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BROKEN, type Framing, NEED } from '../../src/core/dialect.ts';
import { HOLE } from '../../src/core/stream.ts';
import { Cutter, type FrameSink } from '../../src/timeline/cutter.ts';

/** A toy dialect: 0xaa, length u8 of the body, body. Two frames in a row, or one that ends the bytes, are evidence. */
function toy(): Framing & { losses: number } {
  const step = (b: Uint8Array, at: number, end: number): number => (b[at] !== 0xaa ? -1 : at + 2 > end ? -1 : at + 2 + b[at + 1]);
  return {
    losses: 0,
    measure: (_dir, b, start, end) => (b[start] !== 0xaa ? BROKEN : end - start < 2 ? NEED : 2 + b[start + 1]),
    index: () => undefined,
    lost() {
      this.losses++;
    },
    resync(_dir, b, start, end) {
      for (let at = start; at < end; at++) {
        const next = step(b, at, end);
        if (next < 0 || next > end) continue;
        if (next === end || step(b, next, end) >= 0) return at;
      }
      return -1;
    },
  };
}

interface Seen {
  kind: string;
  bytes: number[];
  places: [number, number][];
}

function collect(framing: Framing): { cutter: Cutter; seen: Seen[] } {
  const seen: Seen[] = [];
  const places = (c: Cutter, length: number): [number, number][] =>
    c.count === 0 ? [[c.address, length]] : Array.from({ length: c.count }, (_, i) => [c.addresses[i], c.lengths[i]] as [number, number]);
  const sink: FrameSink = {
    frame: (_dir, buf, start, end, c, holed) =>
      seen.push({ kind: holed ? 'holed' : 'frame', bytes: [...buf.subarray(start, end)], places: places(c, end - start) }),
    loose: (_dir, length, c, why) => seen.push({ kind: why, bytes: [], places: places(c, length) }),
    hole: () => false,
    losing: () => undefined,
  };
  return { cutter: new Cutter(0, framing, sink), seen };
}

const frame = (...body: number[]): number[] => [0xaa, body.length, ...body];
const total = (places: [number, number][]): number => places.reduce((n, [, length]) => n + length, 0);

describe('Cutter', () => {
  it('cuts the same frames wherever the segment boundaries fall, and knows where every byte lies', () => {
    const stream = Uint8Array.from([...frame(1, 2, 3), ...frame(), ...frame(...Array.from({ length: 200 }, (_, i) => i)), ...frame(9)]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }), (sizes) => {
        const { cutter, seen } = collect(toy());
        let at = 0;
        for (const size of [...sizes, stream.length]) {
          const next = Math.min(stream.length, at + size);
          // Every delivery lives somewhere else in the store, so that pieces cannot be joined by luck.
          if (next > at) cutter.data(stream, at, next, 1000 + at * 2);
          at = next;
        }
        cutter.end();
        expect(seen.map((s) => s.kind)).toEqual(['frame', 'frame', 'frame', 'frame']);
        expect(seen.flatMap((s) => s.bytes)).toEqual([...stream]);
        for (const s of seen) expect(total(s.places)).toBe(s.bytes.length);
      }),
      { seed: 20261121, numRuns: 300 },
    );
  });

  it('keeps the framing when a hole ends inside a frame of known length', () => {
    const framing = toy();
    const { cutter, seen } = collect(framing);
    cutter.data(Uint8Array.from([0xaa, 10, 1, 2, 3]), 0, 5, 100);
    cutter.gap(4);
    cutter.data(Uint8Array.from([8, 9, 10, ...frame(7)]), 0, 6, 200);
    cutter.end();
    expect(seen.map((s) => s.kind)).toEqual(['holed', 'frame']);
    expect(seen[0].places).toEqual([
      [100, 5],
      [HOLE, 4],
      [200, 3],
    ]);
    expect(framing.losses).toBe(1);
  });

  it('waits for evidence after a hole of which the end is not known, and tells what it skipped', () => {
    const { cutter, seen } = collect(toy());
    cutter.data(Uint8Array.from([0xaa, 3, 1]), 0, 3, 100);
    cutter.gap(-1);
    cutter.data(Uint8Array.from([5, 5, 5, ...frame(1), ...frame(2)]), 0, 9, 200);
    cutter.end();
    expect(seen.map((s) => [s.kind, total(s.places)])).toEqual([
      ['truncated', 3],
      ['skipped', 3],
      ['frame', 3],
      ['frame', 3],
    ]);
  });

  it('calls bytes broken that can begin no frame, and finds the next one', () => {
    const { cutter, seen } = collect(toy());
    cutter.data(Uint8Array.from([...frame(1), 0xff, 0xee, ...frame(2), ...frame(3)]), 0, 11, 0);
    cutter.end();
    expect(seen.map((s) => [s.kind, total(s.places)])).toEqual([
      ['frame', 3],
      ['broken', 2],
      ['frame', 3],
      ['frame', 3],
    ]);
  });

  it('hands over every byte exactly once, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.integer({ min: -1, max: 50 })), { maxLength: 30 }),
        (events) => {
          const { cutter, seen } = collect(toy());
          let address = 0;
          for (const e of events) {
            if (typeof e === 'number') cutter.gap(e);
            else {
              cutter.data(e, 0, e.length, address);
              address += e.length;
            }
          }
          cutter.end();
          const covered = seen.flatMap((s) => s.places.filter(([a]) => a !== HOLE));
          let next = 0;
          for (const [start, length] of covered) {
            expect(start).toBe(next);
            next = start + length;
          }
          expect(next).toBe(address);
        },
      ),
      { seed: 20261121, numRuns: 500 },
    );
  });
});
