import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALM_SEGMENTS, HOLD_BYTES, HOLD_SEGMENTS, START_CALM_DISORDERED } from '../../src/net/reassembly.ts';
import { ACK, FIN, type Frame, frame, ipPacket, type SegmentSpec, SYN } from '../support/packet-builder.ts';
import { Reassembler, reassemble } from '../support/reassembler.ts';

const SEED = 20261121;

/** A stream cut into overlapping segments that cover it, in any order, some of them twice. */
const cutting = fc.record({
  length: fc.integer({ min: 1, max: 400 }),
  isn: fc.constantFrom(0, 1, 0x7fff_ff00, 0xffff_ff00, 0xffff_fffe),
  sizes: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 }),
  overlaps: fc.array(fc.nat(20), { minLength: 1, maxLength: 40 }),
  order: fc.array(fc.nat(), { minLength: 100, maxLength: 100 }),
  again: fc.array(fc.nat(), { maxLength: 8 }),
});

function textOf(length: number): string {
  let out = '';
  for (let i = 0; i < length; i++) out += String.fromCharCode(33 + ((i * 7 + (i >> 5)) % 90));
  return out;
}

interface Cut {
  readonly text: string;
  readonly segments: SegmentSpec[];
}

function cut({
  length,
  isn,
  sizes,
  overlaps,
  again,
}: {
  length: number;
  isn: number;
  sizes: number[];
  overlaps: number[];
  again: number[];
}): Cut {
  const text = textOf(length);
  const segments: SegmentSpec[] = [];
  for (let at = 0, i = 0; at < length; i++) {
    const end = Math.min(length, at + sizes[i % sizes.length]);
    const start = Math.max(0, at - overlaps[i % overlaps.length]);
    segments.push({ seq: isn + 1 + start, data: text.slice(start, end) });
    at = end;
  }
  for (const i of again) segments.push(segments[i % segments.length]);
  return { text, segments };
}

function shuffled<T>(items: readonly T[], order: readonly number[]): T[] {
  return items
    .map((item, i) => ({ item, key: (order[i % order.length] * 31 + i * 17) % 9973 }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

describe('reassembly', () => {
  it('gives the same bytes for any order, overlap and duplication, wherever SYN and FIN stand', () => {
    fc.assert(
      fc.property(cutting, (c) => {
        const { text, segments } = cut(c);
        const all = shuffled([{ seq: c.isn, flags: SYN }, ...segments, { seq: c.isn + 1 + c.length, flags: FIN | ACK }], c.order);
        const r = reassemble(...all);
        expect(r.texts()[0]).toBe(text);
        expect(r.streams[0].ab).toMatchObject({ bytes: c.length, holeCount: 0 });
        expect(r.notes()).toEqual([]);
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  it('gives the same bytes without SYN', () => {
    fc.assert(
      fc.property(cutting, (c) => {
        const { text, segments } = cut(c);
        expect(reassemble(...shuffled(segments, c.order)).texts()[0]).toBe(text);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('loses what was lost and nothing else', () => {
    fc.assert(
      fc.property(cutting, fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), (c, lost) => {
        const { text, segments } = cut({ ...c, again: [] });
        const kept = segments.filter((_, i) => !lost.some((l) => l % segments.length === i));
        const there = new Array<boolean>(c.length).fill(false);
        for (const s of kept) there.fill(true, s.seq - c.isn - 1, s.seq - c.isn - 1 + (s.data as string).length);
        let expected = '';
        for (let i = 0; i < c.length; ) {
          let end = i;
          while (end < c.length && there[end] === there[i]) end++;
          expected += there[i] ? text.slice(i, end) : `[${end - i}]`;
          i = end;
        }
        const all = shuffled([{ seq: c.isn, flags: SYN }, ...kept, { seq: c.isn + 1 + c.length, flags: FIN | ACK }], c.order);
        expect(reassemble(...all).texts()[0]).toBe(expected);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('never throws, and never hands on a byte twice, for any segments at all', () => {
    const any = fc.record({
      fromClient: fc.boolean(),
      seq: fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 1000, max: 1100 })),
      ack: fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 1000, max: 1100 })),
      flags: fc.integer({ min: 0, max: 63 }),
      window: fc.constantFrom(0, 1, 65_535),
      data: fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 }),
      snap: fc.option(fc.integer({ min: 40, max: 70 }), { nil: undefined }),
      zeroLength: fc.boolean(),
      six: fc.constant(false),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), (specs) => {
        // The recorder throws on data behind an end, on empty deliveries and on bytes that are not at their address.
        const r = reassemble(...(specs as SegmentSpec[]));
        for (const stream of r.streams) expect(stream.ab.bytes + stream.ba.bytes).toBeGreaterThanOrEqual(0);
        for (const recorder of r.opened) {
          const addresses = recorder.events
            .filter((e) => e.kind === 'data')
            .flatMap((e) => Array.from({ length: e.length }, (_, i) => e.address + i));
          expect(new Set(addresses).size).toBe(addresses.length);
          expect(recorder.ended).toEqual([true, true]);
        }
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('never throws on packets with mutated bytes', () => {
    const good = [
      frame({ seq: 1, flags: SYN }),
      frame({ seq: 2, data: 'hello' }),
      frame({ seq: 7, data: 'world', tags: [0x8100] }),
      frame({ seq: 12, data: 'six', six: true }),
    ];
    const mutation = fc.record({ packet: fc.nat(3), at: fc.nat(90), value: fc.nat(255), drop: fc.nat(30) });
    fc.assert(
      fc.property(
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(1, 0, 101, 113, 276, 108, 12),
        (mutations, linkType) => {
          const frames: Frame[] = good.map((f) => ({ ...f, bytes: f.bytes.slice() }));
          for (const m of mutations) {
            const { bytes, wireLength } = frames[m.packet];
            if (m.at < bytes.length) bytes[m.at] = m.value;
            frames[m.packet] = { bytes: bytes.slice(0, bytes.length - Math.min(m.drop, bytes.length)), wireLength };
          }
          new Reassembler().feed(frames, linkType).finish();
        },
      ),
      { seed: SEED, numRuns: 1500 },
    );
  });
});

describe('limits', () => {
  const start: SegmentSpec = { seq: 0, flags: SYN };

  it(`a hole counts as loss after ${CALM_SEGMENTS} later segments in order`, () => {
    const r = new Reassembler().segments(start, { seq: 1, data: 'a' });
    const later = (i: number): SegmentSpec => ({ seq: 10 + i, data: 'x' });
    for (let i = 0; i < CALM_SEGMENTS; i++) r.segments(later(i));
    expect(r.texts()[0]).toBe('a');
    r.segments(later(CALM_SEGMENTS));
    expect(r.texts()[0]).toBe(`a[8]${'x'.repeat(CALM_SEGMENTS + 1)}`);
    r.segments({ seq: 3, data: 'late' }).finish();
    expect(r.notes()).toEqual(['tcp.hole', 'tcp.late-segment']);
  });

  it(`at most ${HOLD_SEGMENTS} segments wait, then a hole is given up with a note`, () => {
    const r = new Reassembler().segments(start);
    const frames: Frame[] = [];
    for (let i = 0; i <= HOLD_SEGMENTS; i++) frames.push(frame({ seq: 10 + 2 * (HOLD_SEGMENTS - i), data: 'x' }));
    r.feed(frames);
    expect(r.notes()).toEqual(['tcp.hold-limit', 'tcp.hole']);
    expect(r.texts()[0]).toBe('[9]x');
  });

  it(`at most ${HOLD_BYTES} bytes wait`, () => {
    const r = new Reassembler().segments(start);
    const big = new Uint8Array(60_000);
    const count = Math.ceil(HOLD_BYTES / big.length) + 1;
    const order = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? i : count + (count % 2) - i));
    for (const i of order) r.segments({ seq: 1000 + i * big.length, data: big });
    expect(r.notes()[0]).toBe('tcp.hold-limit');
    r.finish();
    expect(r.streams[0].ab.bytes).toBeGreaterThanOrEqual(HOLD_BYTES);
  });

  it(`a start that came in disorder waits for ${START_CALM_DISORDERED} segments in order`, () => {
    const r = new Reassembler().segments({ seq: 1001, data: 'b' }, { seq: 1000, data: 'a' });
    for (let i = 2; i < START_CALM_DISORDERED + 1; i++) r.segments({ seq: 1000 + i, data: 'x' });
    expect(r.opened).toEqual([]);
    r.segments({ seq: 1000 + START_CALM_DISORDERED + 1, data: 'y' }, { seq: 2000, data: 'z' });
    expect(r.opened.length).toBe(1);
  });

  it('sixty interleaved connections with shuffled segments come apart', () => {
    const streams = Array.from({ length: 60 }, (_, i) => textOf(2000 + i));
    const specs: SegmentSpec[] = [];
    for (let at = 0; at < 2060; at += 100) {
      for (let i = 0; i < 60; i++)
        if (at < streams[i].length) specs.push({ clientPort: 40_000 + i, seq: 1 + at, data: streams[i].slice(at, at + 100) });
    }
    for (let i = 0; i < 60; i++) specs.push({ clientPort: 40_000 + i, seq: 0, flags: SYN });
    const r = reassemble(
      ...shuffled(
        specs,
        Array.from({ length: 97 }, (_, i) => i * 7919),
      ),
    );
    for (const recorder of r.opened) expect(recorder.text(0)).toBe(streams[recorder.info.clientPort - 40_000]);
    expect(r.opened.length).toBe(60);
  });

  it('six megabytes of shuffled segments come together', () => {
    const size = 1448;
    const count = 4200;
    const data = Uint8Array.from({ length: size }, (_, i) => i & 0x7f);
    const order = shuffled(
      Array.from({ length: count }, (_, i) => i),
      Array.from({ length: 101 }, (_, i) => i * 7907),
    );
    const r = new Reassembler().segments(start);
    for (const i of order) r.segments({ seq: 1 + i * size, data });
    r.finish();
    expect(r.streams[0].ab).toMatchObject({ bytes: size * count, holeCount: 0 });
  });
});

describe('tunnels', () => {
  it('equal addresses in two tunnels are two streams', () => {
    const r = new Reassembler();
    const inner = (tunnel: number, spec: SegmentSpec): void => {
      const bytes = ipPacket(spec);
      r.at.packet++;
      // Addresses are not checked here: the bytes are nowhere.
      r.store.difference = () => -1;
      r.network.ip(bytes, 0, bytes.length, 2 ** 44, tunnel, bytes.length);
    };
    for (const tunnel of [17, 33]) inner(tunnel, { seq: 0, flags: SYN });
    for (const tunnel of [17, 33]) inner(tunnel, { seq: 1, data: `tunnel ${tunnel}` });
    r.finish();
    expect(r.opened.map((o) => [o.info.tunnel, o.text(0)])).toEqual([
      [17, 'tunnel 17'],
      [33, 'tunnel 33'],
    ]);
  });
});
