import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../src/capture/open.ts';
import { scanSecrets } from '../../src/capture/pcapng-secrets.ts';
import { SpooledSource } from '../../src/capture/pipe-source.ts';
import { Store } from '../../src/capture/store.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import { record, recordBytes } from '../support/input-recorder.ts';
import { BlockWriter } from '../support/pcap-writer.ts';

const SEED = 20261121;
const data = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const NOW = 1_700_000_000n;
const RESOLUTION = 9;
const OFFSET = 14;
const FCS = 13;
const TLS_SECRETS = 0x544c534b;

async function read(...blocks: Uint8Array[]) {
  const r = await recordBytes(concatBytes(blocks));
  return { ...r, packets: r.packets, notes: r.notes, texts: r.packets.map((p) => String.fromCharCode(...p.bytes)) };
}

describe('a pcapng file', () => {
  for (const bigEndian of [false, true]) {
    const w = new BlockWriter(bigEndian);
    const order = bigEndian ? 'big-endian' : 'little-endian';

    it(`${order} with enhanced, simple and obsolete packets among blocks without packets`, async () => {
      const { packets, texts, notes } = await read(
        w.section(),
        w.interface(1, [], 5),
        w.block(4, w.u16(0), w.u16(0)),
        w.enhanced(0, NOW * 1_000_000n + 7n, data('one'), { wireLength: 90, options: [w.option(1, data('comment'))] }),
        w.block(5, w.u32(0), w.u32(0), w.u32(0)),
        w.simple(data('simpl'), 100),
        w.block(0xbad, w.u32(32_473), data('custom')),
        w.obsolete(0, NOW * 1_000_000n, data('old')),
        w.block(0x7777, data('unknown')),
      );
      expect(texts).toEqual(['one', 'simpl', 'old']);
      expect(packets.map((p) => [p.number, p.sec, p.nsec, p.wireLength])).toEqual([
        [1, Number(NOW), 7000, 90],
        [2, Number.NaN, 0, 100],
        [3, Number(NOW), 0, 3],
      ]);
      expect(notes).toEqual([]);
    });

    it(`${order} with secrets before and behind the packets`, async () => {
      const blocks = [
        w.section(),
        w.secrets(TLS_SECRETS, data('early')),
        w.interface(1),
        w.enhanced(0, 0n, data('x')),
        w.secrets(TLS_SECRETS, data('late!')),
      ];
      const { keys } = await read(...blocks);
      expect(keys.map((k) => String.fromCharCode(...k))).toEqual(['early', 'late!']);
      const store = new Store();
      const source = new SpooledSource('s', store);
      source.append(concatBytes(blocks));
      const found: string[] = [];
      scanSecrets(source, (kind, bytes) => found.push(`${kind} ${String.fromCharCode(...bytes)}`));
      expect(found).toEqual(['tls early', 'tls late!']);
      store.close();
    });

    it(`${order} with Apple's process blocks names the process of each packet`, async () => {
      const { packets } = await read(
        w.section(),
        w.interface(1),
        w.block(0x80000001, w.u32(81), w.option(2, data('apsd\0'))),
        w.block(0x80000001, w.u32(99)),
        w.enhanced(0, 0n, data('a'), { options: [w.option(0x8001, w.u32(0))] }),
        w.enhanced(0, 0n, data('b'), { options: [w.option(1, data('c')), w.option(0x8003, w.u32(1)), w.option(0x8001, w.u32(0))] }),
        w.enhanced(0, 0n, data('c'), { options: [w.option(0x8003, w.u32(1))] }),
        w.enhanced(0, 0n, data('d')),
        w.enhanced(0, 0n, data('e'), { options: [w.option(0x8001, w.u32(77))] }),
      );
      expect(packets.map((p) => p.process)).toEqual(['apsd', 'apsd', 'pid 99', undefined, undefined]);
    });
  }

  it('of several sections in both byte orders begins anew with each', async () => {
    const [little, big] = [new BlockWriter(false), new BlockWriter(true)];
    const { packets, texts } = await read(
      big.section(),
      big.interface(113),
      big.interface(101),
      big.enhanced(1, 5_000_000n, data('first')),
      little.section(),
      little.interface(276, [little.option(RESOLUTION, Uint8Array.of(9))]),
      little.enhanced(0, 5_000_000_001n, data('second')),
      little.interface(12),
      little.enhanced(1, 6_000_000n, data('third')),
    );
    expect(texts).toEqual(['first', 'second', 'third']);
    expect(packets.map((p) => [p.linkType, p.sec, p.nsec])).toEqual([
      [101, 5, 0],
      [276, 5, 1],
      [12, 6, 0],
    ]);
  });

  it('has exact times at every resolution and offset', async () => {
    const w = new BlockWriter();
    const resolutions: [number, bigint][] = [0, 3, 6, 7, 9, 10, 12].map((n) => [n, 10n ** BigInt(n)]);
    for (const n of [0, 1, 10, 20, 22, 30, 32]) resolutions.push([0x80 | n, 2n ** BigInt(n)]);
    for (const [code, perSecond] of resolutions) {
      for (const offset of [0n, 3600n, -7200n]) {
        const limit = 2n ** 64n / perSecond;
        const base = NOW < limit ? NOW : limit - 10n;
        const ticks = [0n, 1n, perSecond - 1n, perSecond, perSecond * 3n + perSecond / 3n, 5n].map((t) => base * perSecond + t);
        const { packets } = await read(
          w.section(),
          w.interface(1, [w.option(RESOLUTION, Uint8Array.of(code)), w.option(OFFSET, w.u64(BigInt.asUintN(64, offset)))]),
          ...ticks.map((t) => w.enhanced(0, t, data('x'))),
        );
        expect(packets.map((p) => BigInt(p.sec) * 1_000_000_000n + BigInt(p.nsec))).toEqual(
          ticks.map((t) => (t / perSecond + offset) * 1_000_000_000n + ((t % perSecond) * 1_000_000_000n) / perSecond),
        );
      }
    }
  });

  it('keeps nanoseconds exact for any tick count, in any order', async () => {
    const w = new BlockWriter();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 1, maxLength: 8 }), async (ticks) => {
        const { packets } = await read(
          w.section(),
          w.interface(1, [w.option(RESOLUTION, Uint8Array.of(9))]),
          ...ticks.map((t) => w.enhanced(0, t, data('x'))),
        );
        expect(packets.map((p) => BigInt(p.sec) * 1_000_000_000n + BigInt(p.nsec))).toEqual(ticks);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('takes the FCS length from the interface, or from the flags of a packet', async () => {
    const w = new BlockWriter();
    const flags = w.option(2, w.u32(8 << 5));
    const { packets } = await read(
      w.section(),
      w.interface(105, [w.option(FCS, Uint8Array.of(4))]),
      w.interface(105, [w.option(FCS, Uint8Array.of(32))]),
      w.enhanced(0, 0n, data('abcdefgh')),
      w.enhanced(1, 0n, data('abcdefgh')),
      w.enhanced(0, 0n, data('abcdefgh'), { options: [flags] }),
    );
    expect(packets.map((p) => p.fcsLength)).toEqual([4, 4, 8]);
  });

  it('with a packet of an unknown interface, or longer than its block, is read on with a note', async () => {
    const w = new BlockWriter();
    const { texts, notes } = await read(
      w.section(),
      w.interface(1),
      w.enhanced(3, 0n, data('lost')),
      w.enhanced(0, 0n, data('abcd'), { captured: 9999 }),
      w.enhanced(0, 0n, data('good')),
    );
    expect(texts).toEqual(['abcd', 'good']);
    expect(notes.map((n) => [n.code, n.detail])).toEqual([
      ['format.unreadable', 'a packet at offset 48 names interface 3, which the file does not describe'],
    ]);
  });

  it('with a damaged block goes on at the next good one, and says what was left out', async () => {
    const w = new BlockWriter();
    const bad = w.enhanced(0, 0n, data('damaged'));
    for (const [at, value] of [
      [4, 0xff],
      [5, 0xff],
      [7, 0xff],
      [4, 0],
      [bad.length - 2, 9],
    ]) {
      const block = bad.slice();
      block[at] = value;
      const { texts, notes } = await read(
        w.section(),
        w.interface(1),
        w.enhanced(0, 0n, data('one')),
        block,
        w.enhanced(0, 0n, data('two')),
        w.enhanced(0, 0n, data('three')),
      );
      expect(texts).toEqual(['one', 'two', 'three']);
      expect(notes.map((n) => [n.code, n.start, n.end])).toEqual([['format.unreadable', 84, 84 + bad.length]]);
    }
  });

  it('that ends in the middle of a block keeps what is before and says where it ends', async () => {
    const w = new BlockWriter();
    const whole = concatBytes([w.section(), w.interface(1), w.enhanced(0, 0n, data('one')), w.enhanced(0, 0n, data('two'))]);
    for (const missing of [1, 10, 33]) {
      const { texts, notes } = await read(whole.slice(0, whole.length - missing));
      expect(texts).toEqual(['one']);
      expect(notes.map((n) => [n.code, n.start])).toEqual([['format.truncated', 84]]);
    }
  });

  it('finds the packet of any of its bytes again, across sections', async () => {
    const [little, big] = [new BlockWriter(false), new BlockWriter(true)];
    const blocks: Uint8Array[] = [];
    const expected: [number, number, number][] = [];
    let at = 0;
    const add = (block: Uint8Array): void => {
      blocks.push(block);
      at += block.length;
    };
    for (const w of [little, big, little]) {
      add(w.section());
      add(w.interface(w === big ? 113 : 1));
      for (let i = 0; i < 300; i++) {
        expected.push([at, expected.length + 1, w === big ? 113 : 1]);
        add(w.enhanced(0, BigInt(expected.length) * 1_000_000n, data('some bytes')));
        if (i % 7 === 0) add(w.block(0xbad, data('between')));
      }
    }
    const store = new Store();
    const source = new SpooledSource('ng', store);
    source.append(concatBytes(blocks));
    source.finish();
    await record(openSource(source, store), store);
    for (const [offset, packet, linkType] of expected) {
      expect(store.locate(source.address + offset + 28 + 3)).toMatchObject({
        packet,
        linkType,
        sec: packet,
        fileOffset: offset,
        capturedLength: 10,
      });
    }
    expect(store.packet(601)).toMatchObject({ packet: 601, linkType: 1 });
    expect(store.locate(source.address + 3)).toBeUndefined();
    store.close();
  });
});

describe('damaged pcapng files', () => {
  const w = new BlockWriter();
  const whole = concatBytes([
    w.section(),
    w.interface(1, [w.option(RESOLUTION, Uint8Array.of(9))]),
    w.secrets(TLS_SECRETS, data('CLIENT_RANDOM')),
    w.block(0x80000001, w.u32(1), w.option(2, data('apsd'))),
    ...Array.from({ length: 8 }, (_, i) =>
      w.enhanced(0, NOW * 1_000_000_000n + BigInt(i), data(`packet ${i}`), { options: [w.option(0x8001, w.u32(0))] }),
    ),
    w.simple(data('simple')),
  ]);

  it('never throw or hang, by the thousand', async () => {
    const mutation = fc.record({
      at: fc.integer({ min: 12, max: whole.length - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), fc.nat(whole.length), async (mutations, cut) => {
        const bytes = whole.slice();
        for (const m of mutations) bytes.set(m.bytes.subarray(0, bytes.length - m.at), m.at);
        const { packets } = await recordBytes(bytes.slice(0, Math.max(cut, 28)));
        expect(packets.length).toBeLessThan(20);
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it('of random bytes behind a section header never throw or hang', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        const { packets } = await recordBytes(concatBytes([w.section(), w.interface(1), bytes]));
        expect(packets.reduce((sum, p) => sum + p.bytes.length + 16, 0)).toBeLessThanOrEqual(bytes.length);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});
