import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PackedFraming } from '../../../src/codec/packed/framing.ts';
import type { PackedAttribute } from '../../../src/codec/packed/value.ts';
import { PackedWriter } from '../../../src/codec/packed/writer.ts';
import { concatBytes, fromHex, toHex } from '../../../src/core/bytes.ts';
import { BROKEN, Cells, NEED } from '../../../src/core/dialect.ts';
import type { Item } from '../../../src/core/message.ts';
import { cutFrames, seeFrame } from '../../support/packed-session.ts';

const PROPERTY = { seed: 20261121, numRuns: 150 };

const TOKEN = new Uint8Array(32).map((_, i) => i);
const TOPIC = fromHex('e4e6d952954168d0a5db02dbaf27cc35fc18d159') as Uint8Array;

/** A session of the client: Connect, filter, messages with dictionaries, acknowledgements. */
function session(tableBytes?: number): Uint8Array[] {
  const writer = new PackedWriter(tableBytes);
  const token = { value: TOKEN, indexed: true };
  const frames = [
    writer.frame(7, [
      { id: 1, ...token },
      { id: 2, value: 1 },
      { id: 16, value: 12 },
    ]),
    writer.frame(9, [
      { id: 1, ...token },
      { id: 2, value: TOPIC, indexed: true },
    ]),
  ];
  for (let i = 0; i < 6; i++) {
    const payload: PackedAttribute[] = [
      { id: 'c', value: 100 + i },
      { id: 'sP', value: `mailto:${i % 2}@example.com` },
      { id: 'tP', value: 'mailto:b@example.com' },
      { id: 'sT', value: new Uint8Array(32).fill(i % 3) },
      { id: `k${i % 4}`, value: 'x' },
    ];
    frames.push(
      writer.frame(10, [
        { id: 4, value: 1000 + i },
        { id: 1, value: TOPIC, indexed: true },
        { id: 2, ...token },
        { id: 3, value: { entries: payload } },
        { id: 25, value: i },
      ]),
      writer.frame(11, [
        { id: 8, value: 0 },
        { id: 4, value: 2000 + i },
        { id: 1, ...token },
      ]),
    );
  }
  return frames;
}

describe('frames of the packed encoding', () => {
  const framing = new PackedFraming(undefined);
  const measure = (hex: string): number => framing.measure(0, fromHex(hex) as Uint8Array, 0, hex.length / 2);

  it('measures short and long lengths', () => {
    expect(measure('0c00')).toBe(2);
    expect(measure('0704')).toBe(6);
    expect(measure('07ff00')).toBe(3 + 255);
    expect(measure('07ff8001')).toBe(4 + 255 + 128);
  });

  it('asks for more while the length is cut off', () => {
    for (const hex of ['07', '07ff', '07ff80']) expect(measure(hex)).toBe(NEED);
  });

  it('breaks on commands below 07, on lengths beyond 131,072 and on lengths without end', () => {
    expect(measure('0600')).toBe(BROKEN);
    expect(measure('07ffffff7f')).toBe(BROKEN);
    expect(measure(`07${'ff'.repeat(12)}`)).toBe(BROKEN);
  });

  it('cuts a stream into the frames that were written', () => {
    const frames = session();
    expect(cutFrames(new PackedFraming(undefined), 0, concatBytes(frames))).toEqual(frames);
  });
});

describe('the index of packed frames', () => {
  it('finds id, topic, token and status, whether they stand in the frame or in the table', () => {
    const framing = new PackedFraming(undefined);
    const seen = session().map((frame) => seeFrame(framing, 0, frame));
    expect(seen[0].token).toEqual(TOKEN);
    expect(seen[1].token).toEqual(TOKEN);
    for (let i = 0; i < 6; i++) {
      const message = seen[2 + 2 * i];
      expect([message.id, message.topic, message.token]).toEqual([1000 + i, TOPIC, TOKEN]);
      const ack = seen[3 + 2 * i];
      expect([ack.id, ack.status, ack.token]).toEqual([2000 + i, 0, TOKEN]);
      expect([message.severity, ack.severity]).toEqual([0, 0]);
    }
  });

  it('reads ids of 32 bits and ids that were sent as data', () => {
    const framing = new PackedFraming(undefined);
    expect(seeFrame(framing, 1, fromHex('0b0604a3fffffffe') as Uint8Array).id).toBe(0xfffffffe);
    expect(seeFrame(framing, 1, fromHex('0b06040401020304') as Uint8Array).id).toBe(0x01020304);
    expect(seeFrame(framing, 1, fromHex('0b0304a1ff') as Uint8Array).id).toBeUndefined();
  });

  it('keeps the same array for frames with the same references', () => {
    const framing = new PackedFraming(undefined);
    const writer = new PackedWriter();
    const token = { id: 1, value: TOKEN, indexed: true };
    const cells = new Cells();
    const kept = [7, 11, 11, 11, 11].map((command) => {
      const frame = writer.frame(command, [token]);
      cells.clear();
      framing.index(0, frame, 0, frame.length, cells);
      return cells.aux;
    });
    expect(kept[0]).toBeUndefined();
    expect(kept[3]).toBe(kept[2]);
    expect(kept[4]).toBe(kept[2]);
    expect(toHex(kept[2] as Uint8Array)).toBe(`002320${toHex(TOKEN)}`);
  });

  it('keeps nothing for a frame without references', () => {
    const framing = new PackedFraming(undefined);
    expect(seeFrame(framing, 0, session()[0]).aux).toBeUndefined();
  });

  it('takes a stream that does not begin with Connect as joined late', () => {
    const framing = new PackedFraming(undefined);
    const frames = session();
    const { syntax, severity } = seeFrame(framing, 0, frames[3]);
    expect(syntax.items.map((item) => item.kind)).toEqual(['leaf', 'leaf', 'lost']);
    expect(syntax.notes.map((note) => note.code)).toEqual(['packed.value-lost']);
    expect(severity).toBe(1);
  });

  it('does not trust the tables behind a frame that breaks off', () => {
    const framing = new PackedFraming(undefined);
    const frames = session();
    seeFrame(framing, 0, frames[0]);
    seeFrame(framing, 0, fromHex('070301b000') as Uint8Array);
    expect(seeFrame(framing, 0, frames[1]).syntax.items[0].kind).toBe('lost');
  });

  it('reports a stored value that is too large, also to the one who decodes the row later', () => {
    const framing = new PackedFraming('apns-pack-v1:64:4096');
    const frame = Uint8Array.from([7, 0x23, 0x41, 0x20, ...TOKEN, 0x00]).subarray(0, 36);
    frame[1] = 34;
    const { syntax, severity, aux } = seeFrame(framing, 0, frame);
    expect(syntax.notes.map((note) => note.code)).toEqual(['packed.value-not-indexed']);
    expect([severity, aux?.length]).toEqual([3, 5]);
  });
});

describe('a gap', () => {
  /** Pairs of what a whole and a gapped reading make of the same item. */
  function compare(whole: readonly Item[], gapped: readonly Item[], visit: (w: Item, g: Item) => void): void {
    expect(gapped.length).toBe(whole.length);
    whole.forEach((w, i) => {
      visit(w, gapped[i]);
      if (w.kind !== 'leaf' && w.kind !== 'lost' && gapped[i].kind === w.kind) compare(w.value as Item[], gapped[i].value as Item[], visit);
    });
  }

  /** Whether a value (or key) with these bytes was sent again after the gap and can be known. */
  const encoded = (item: Item): string => JSON.stringify(item.value, (_k, v) => (typeof v === 'bigint' ? `${v}n` : v));

  it.each([4096, 200, 90])(
    'at each frame boundary leaves exactly the references to older values unresolved (table of %i bytes)',
    (limit) => {
      const frames = session(limit);
      const alpn = `apns-pack-v1:${limit}:4096`;
      for (let gap = 1; gap < frames.length; gap++) {
        const whole = new PackedFraming(alpn);
        const gapped = new PackedFraming(alpn);
        for (let i = 0; i < gap; i++) seeFrame(whole, 0, frames[i]);
        for (let i = 0; i < gap - 1; i++) seeFrame(gapped, 0, frames[i]);
        gapped.lost(0); // frame gap - 1 is lost
        const stored = new Set<string>();
        for (let i = gap; i < frames.length; i++) {
          const a = seeFrame(whole, 0, frames[i]).syntax;
          const b = seeFrame(gapped, 0, frames[i]).syntax;
          expect(a.notes).toEqual([]);
          compare(a.items, b.items, (w, g) => {
            if (g.kind === 'lost') expect(stored.has(encoded(w))).toBe(false);
            else if (g.kind === 'leaf') {
              expect(g.value).toEqual(w.value);
              if (w.how?.startsWith('reference')) expect(stored.has(encoded(w))).toBe(true);
            }
            if (w.how === 'stored') stored.add(encoded(w));
            if (!String(g.id).startsWith('?')) expect(g.id).toEqual(w.id);
          });
        }
      }
    },
  );

  it('in one direction leaves the other direction alone', () => {
    const framing = new PackedFraming(undefined);
    const [connect, filter] = session();
    seeFrame(framing, 0, connect);
    framing.lost(1);
    expect(seeFrame(framing, 0, filter).syntax.notes).toEqual([]);
  });

  it('is got over by searching for the next frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (junk) => {
        const frames = session();
        const stream = concatBytes([junk, ...frames.slice(0, 4)]);
        const found = new PackedFraming(undefined).resync(0, stream, 0, stream.length);
        expect(found).toBeLessThanOrEqual(junk.length);
        expect(found).toBeGreaterThanOrEqual(0);
      }),
      PROPERTY,
    );
  });

  it('is got over even when one short message is all that follows', () => {
    const ack = fromHex('0b08 0880 04a1012c 8105') as Uint8Array;
    const stream = concatBytes([Uint8Array.of(1, 2, 0xff, 0xb3, 0x60), ack]);
    expect(new PackedFraming(undefined).resync(0, stream, 0, stream.length)).toBe(5);
  });

  it('is not ended by chance: random bytes hold no frame start', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 100, maxLength: 600 }), (bytes) => {
        expect(new PackedFraming(undefined).resync(0, bytes, 0, bytes.length)).toBe(-1);
      }),
      PROPERTY,
    );
  });
});
