import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../src/capture/open.ts';
import { MAX_PACKET } from '../../src/capture/pcap.ts';
import { SpooledSource } from '../../src/capture/pipe-source.ts';
import { Store } from '../../src/capture/store.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import { record, recordBytes, recordPath, withFiles } from '../support/input-recorder.ts';
import { PCAP_MAGIC, pcap, type Record } from '../support/pcap-writer.ts';

const SEED = 20261121;
const data = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const two: Record[] = [
  { sec: 1_700_000_000, fraction: 123_456, data: data('first packet') },
  { sec: 4_000_000_000, fraction: 999_999, data: data('second'), wireLength: 1500 },
];

async function read(bytes: Uint8Array) {
  const r = await recordBytes(bytes);
  return { packets: r.packets, notes: r.notes, texts: r.packets.map((p) => String.fromCharCode(...p.bytes)) };
}

describe('a classic capture', () => {
  for (const bigEndian of [false, true]) {
    const order = bigEndian ? 'big-endian' : 'little-endian';

    it(`${order} with microseconds, nanoseconds and modified headers gives exact times and lengths`, async () => {
      for (const [magic, unit] of [
        [PCAP_MAGIC.micro, 1000],
        [PCAP_MAGIC.nano, 1],
        [PCAP_MAGIC.modified, 1000],
      ]) {
        const { packets, texts, notes } = await read(pcap(two, { bigEndian, magic }));
        expect(texts).toEqual(['first packet', 'second']);
        expect(packets.map(({ number, sec, nsec, wireLength }) => [number, sec, nsec, wireLength])).toEqual([
          [1, 1_700_000_000, 123_456 * unit, 12],
          [2, 4_000_000_000, 999_999 * unit, 1500],
        ]);
        expect(notes).toEqual([]);
      }
    });

    it(`${order} keeps the link type in the low 16 bits and the FCS length in 16-bit words at the top`, async () => {
      const [plain] = (await read(pcap(two, { bigEndian, network: 0x2400_0069 }))).packets;
      expect([plain.linkType, plain.fcsLength]).toEqual([0x69, 4]);
      const [other] = (await read(pcap(two, { bigEndian, network: 0x2000_0001 }))).packets;
      expect([other.linkType, other.fcsLength]).toEqual([1, 0]);
    });

    it(`${order} of an old version has its lengths the other way round`, async () => {
      const swapped = await read(pcap(two, { bigEndian, minor: 2, wireFirst: true }));
      expect(swapped.packets.map((p) => p.wireLength)).toEqual([12, 1500]);
      for (const wireFirst of [true, false]) {
        expect((await read(pcap(two, { bigEndian, minor: 3, wireFirst }))).texts).toEqual(['first packet', 'second']);
      }
    });
  }

  it('carries a fraction of a whole second or more into the seconds', async () => {
    const [packet] = (await read(pcap([{ sec: 10, fraction: 2_500_000, data: data('x') }]))).packets;
    expect([packet.sec, packet.nsec]).toEqual([12, 500_000_000]);
  });

  it('with empty records, with more captured than there was, and beyond its snap length is read', async () => {
    const { texts, packets } = await read(
      pcap(
        [
          { sec: 1, data: data('') },
          { sec: 2, data: data('longer'), wireLength: 3 },
        ],
        { snapLength: 2 },
      ),
    );
    expect(texts).toEqual(['', 'longer']);
    expect(packets.map((p) => p.wireLength)).toEqual([0, 6]);
  });

  it('that ends in the middle of a record keeps what is before and says where it ends', async () => {
    const whole = pcap(two);
    for (const length of [whole.length - 1, whole.length - 6, whole.length - 10]) {
      const { texts, notes } = await read(whole.slice(0, length));
      expect(texts).toEqual(['first packet']);
      expect(notes.map(({ code, start, end }) => [code, start, end])).toEqual([['format.truncated', 52, length]]);
    }
  });

  it('with an absurd record length goes on at the next good record, and says what was left out', async () => {
    const good = (sec: number): Record => ({ sec: 1_700_000_000 + sec, data: data(`packet number ${sec}`) });
    for (const captured of [0xffff_ffff, MAX_PACKET + 1, 0x7fff_ffff, 100_000]) {
      const bytes = pcap([good(1), { ...good(2), captured }, good(3), good(4), good(5), good(6)]);
      const { texts, notes } = await read(bytes);
      expect(texts).toEqual([1, 3, 4, 5, 6].map((i) => `packet number ${i}`));
      expect(notes.map(({ code, start, end }) => [code, start, end])).toEqual([['format.unreadable', 55, 86]]);
      expect(notes[0].detail).toContain('offset 55');
    }
  });

  it('behind which another one was written is read on, however much later that one is', async () => {
    for (const bigEndian of [false, true]) {
      for (const magic of Object.values(PCAP_MAGIC)) {
        const first = pcap([two[0]], { bigEndian, magic });
        const second = pcap([two[1], { sec: 4_000_000_001, data: data('third') }], { bigEndian, magic });
        const { texts, notes, packets } = await read(concatBytes([first, second]));
        expect(texts).toEqual(['first packet', 'second', 'third']);
        expect(packets.map((p) => p.sec)).toEqual([1_700_000_000, 4_000_000_000, 4_000_000_001]);
        expect(notes.map(({ code, start, end }) => [code, start, end])).toEqual([['format.unreadable', first.length, first.length + 24]]);
        expect((await read(concatBytes([pcap([], { bigEndian, magic }), second]))).texts).toEqual(['second', 'third']);
      }
    }
  });

  it('with an absurd record length and nothing good behind ends there', async () => {
    const { texts, notes } = await read(concatBytes([pcap([two[0]]), new Uint8Array(5000).fill(0xee)]));
    expect(texts).toEqual(['first packet']);
    expect(notes.map((n) => n.code)).toEqual(['format.unreadable']);
  });

  it('is found by its content, and what is none is told in one sentence', async () => {
    await expect(recordBytes(data('just some text\n'))).rejects.toThrow(/is not a capture: it looks like text/);
    await expect(recordBytes(new Uint8Array(0))).rejects.toThrow(/is empty/);
    await expect(recordBytes(pcap([]).slice(0, 20))).rejects.toThrow(/ends inside its pcap header/);
    await expect(recordBytes(Uint8Array.of(0, 1, 2, 3, 4, 5))).rejects.toThrow(/is not a capture/);
    await expect(recordBytes(Uint8Array.of(0xd4))).rejects.toThrow(/is not a capture: its first bytes belong to no format/);
    expect((await read(pcap([]))).texts).toEqual([]);
  });

  it('larger than the buffer is read whole, whatever the records do at its borders', async () => {
    const records: Record[] = [];
    for (let i = 0; i < 5000; i++) records.push({ sec: 1000 + i, data: new Uint8Array(100 + ((i * 7919) % 1900)).fill(i & 255) });
    records.push({ sec: 7000, data: new Uint8Array(MAX_PACKET).fill(1) }, { sec: 7001, data: data('last') });
    await withFiles({ 'big.pcap': pcap(records) }, async (directory) => {
      const r = await recordPath(`${directory}/big.pcap`);
      expect(r.packets.map((p) => [p.number, p.sec, p.bytes.length, p.bytes[0]])).toEqual(
        records.map((x, i) => [i + 1, x.sec, x.data.length, x.data[0]]),
      );
    });
  });

  it('finds the packet of any of its bytes again, and packets by number', async () => {
    const records: Record[] = Array.from({ length: 1500 }, (_, i) => ({
      sec: 1000 + i,
      fraction: i,
      data: new Uint8Array(1 + (i % 90)),
      wireLength: 100,
    }));
    const store = new Store();
    const source = new SpooledSource('spooled', store);
    const bytes = pcap(records, { magic: PCAP_MAGIC.nano });
    source.append(bytes);
    source.finish();
    await record(openSource(source, store), store);
    let at = 24;
    for (let i = 0; i < records.length; i++) {
      const place = store.locate(source.address + at + 16 + (i % records[i].data.length));
      expect(place).toMatchObject({
        packet: i + 1,
        sec: 1000 + i,
        nsec: i,
        fileOffset: at,
        capturedLength: records[i].data.length,
        wireLength: 100,
        linkType: 1,
        file: 'spooled',
      });
      at += 16 + records[i].data.length;
    }
    expect(store.packet(700)).toMatchObject({ packet: 700, sec: 1699 });
    expect(store.locate(source.address + 30)).toBeUndefined();
    expect(store.packet(1501)).toBeUndefined();
    store.close();
  });
});

describe('damaged captures', () => {
  it('never throw, hang or lose the packets before the damage, by the thousand', async () => {
    const whole = pcap(
      Array.from({ length: 12 }, (_, i) => ({ sec: 1_700_000_000 + i, fraction: i, data: data(`packet ${i} `.repeat(3)) })),
    );
    const mutation = fc.record({ at: fc.nat(whole.length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), fc.nat(whole.length), async (mutations, cut) => {
        const bytes = whole.slice();
        for (const m of mutations) bytes.set(m.bytes.subarray(0, bytes.length - m.at), m.at);
        const shortened = bytes.slice(0, Math.max(cut, 24));
        bytes.set(whole.subarray(0, 4));
        shortened.set(whole.subarray(0, 24));
        const { packets } = await recordBytes(shortened);
        const first = Math.min(shortened.length, ...mutations.map((m) => (m.at >= 24 ? m.at : Number.POSITIVE_INFINITY)));
        let position = 24;
        let intact = 0;
        while (position + 46 <= first) {
          intact++;
          position += 16 + `packet ${intact} `.length * 3;
        }
        expect(packets.length).toBeGreaterThanOrEqual(Math.max(0, intact - 1));
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it('of random bytes behind a header never throw or hang', async () => {
    const header = pcap([]);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        const { packets } = await recordBytes(concatBytes([header, bytes]));
        expect(packets.reduce((sum, p) => sum + p.bytes.length + 16, 0)).toBeLessThanOrEqual(bytes.length);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});
