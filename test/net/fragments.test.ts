import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SKIP } from '../../src/net/layer.ts';
import { ascii, fragmentHeader, fragments4, fragments6, ipv4, ipv6, join, outer4, tcp, zeros } from '../support/encapsulate.ts';
import { CLIENT4, CLIENT6, conversation, FRAGMENT_ENCAPSULATIONS, SERVER4, SERVER6 } from '../support/encapsulations.ts';
import { LayerWalker, SPOOL_AT } from '../support/layer-walker.ts';

const BODY = Uint8Array.from({ length: 301 }, (_, i) => (i * 7) & 255);

function packet(version: 4 | 6, body = BODY): Uint8Array {
  const segment = tcp(1000, 5223, 1, 1, 24, body);
  return version === 4 ? ipv4(6, CLIENT4, SERVER4, segment) : ipv6(6, CLIENT6, SERVER6, segment);
}

const split = (whole: Uint8Array, size: number, id: number): Uint8Array[] =>
  whole[0] >> 4 === 4 ? fragments4(whole, size, id) : fragments6(whole, size, id);

function walk(packets: readonly Uint8Array[], walker = new LayerWalker()): LayerWalker {
  for (const one of packets) walker.packet(101, one);
  return walker;
}

const payloads = (walker: LayerWalker): Uint8Array[] => walker.found.map(({ payload }) => payload);

describe('fragments in every arrangement give the packet', () => {
  for (const { name, linkType, wrap } of FRAGMENT_ENCAPSULATIONS) {
    for (const version of [4, 6] as const) {
      it(`${name}, IPv${version}`, () => {
        const walker = new LayerWalker();
        const packets = conversation([{ fromClient: true, payload: ascii('a payload that is looked for') }], version);
        for (const piece of wrap(packets[3].ip, true)) walker.packet(linkType, piece);
        expect(payloads(walker)).toEqual([ascii('a payload that is looked for')]);
        const at = walker.found[0].address - SPOOL_AT;
        expect(String.fromCharCode(...walker.spooled.slice(at, at + 28))).toBe('a payload that is looked for');
        walker.fragments.finish();
        expect([walker.found.length, walker.fragments.incomplete, walker.fragments.conflicts, walker.skips]).toEqual([1, 0, 0, []]);
      });
    }
  }
});

describe('the bytes of a datagram', () => {
  it('are told apart by the fragment that they came from, in spool order, through tunnels as well', () => {
    for (const { wrap } of FRAGMENT_ENCAPSULATIONS) {
      const walker = new LayerWalker();
      const [, , , { ip }] = conversation([{ fromClient: true, payload: BODY }], 4);
      const file: number[] = [];
      for (const piece of wrap(ip, true)) {
        walker.packet(101, piece, file.length);
        file.push(...piece);
      }
      const [{ address, payload }] = walker.found;
      const origin = (at: number): number => (at >= SPOOL_AT ? origin(walker.cameFrom[at - SPOOL_AT]) : at);
      expect(payload.map((_, i) => file[origin(address + i)])).toEqual(BODY);
    }
  });
});

describe('properties of reassembly', () => {
  it('any order, with duplicates, of several datagrams interleaved gives each of them once', () => {
    const arrangement = fc.record({
      version: fc.constantFrom(4 as const, 6 as const),
      size: fc.integer({ min: 1, max: 20 }).map((units) => units * 8),
      shuffle: fc.array(fc.nat(), { minLength: 200, maxLength: 200 }),
      extra: fc.array(fc.nat(), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(arrangement, ({ version, size, shuffle, extra }) => {
        const bodies = [0, 1, 2].map((n) => BODY.map((byte) => byte ^ (n * 85)));
        const pieces = bodies.flatMap((body, n) => split(packet(version, body), size, 100 + n));
        const order = pieces.map((piece, i) => ({ piece, rank: shuffle[i % shuffle.length] })).sort((a, b) => a.rank - b.rank);
        const doubled = extra.map((n) => order[n % order.length].piece);
        const walker = walk([...doubled, ...order.map(({ piece }) => piece)]);
        const distinct = (list: Uint8Array[]): string[] => [...new Set(list.map((bytes) => bytes.join(',')))].sort();
        expect(distinct(payloads(walker))).toEqual(distinct(bodies));
        walker.fragments.finish();
        expect([walker.fragments.incomplete, walker.fragments.conflicts]).toEqual([0, 0]);
      }),
      { seed: 20261121, numRuns: 150 },
    );
  });

  it('random fragments never throw, and memory stays within its limit', () => {
    const piece = fc.record({ offset: fc.nat(8191), length: fc.nat(1400), more: fc.boolean(), id: fc.nat(3), six: fc.boolean() });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (list) => {
        const walker = new LayerWalker();
        for (const { offset, length, more, id, six } of list) {
          const body = zeros(length);
          if (six) walker.packet(101, ipv6(44, CLIENT6, SERVER6, join(fragmentHeader(6, offset * 8, more, id), body)));
          else walker.packet(101, ipv4(6, CLIENT4, SERVER4, body, { offset: offset * 8, more, id }));
        }
        walker.fragments.finish();
        expect(walker.calls).toBeLessThan(200);
      }),
      { seed: 20261121, numRuns: 200 },
    );
  });
});

describe('overlapping fragments', () => {
  it('keep the bytes that came first, and are counted when they differ', () => {
    const [first, ...others] = split(packet(4), 64, 9);
    const liar = first.slice();
    liar.fill(0xee, 60);
    const walker = walk([first, liar, ...others]);
    expect(payloads(walker)).toEqual([BODY]);
    expect(walker.fragments.conflicts).toBe(1);
  });

  it('beyond the known end are refused', () => {
    const pieces = split(packet(4), 64, 9);
    const beyond = ipv4(6, CLIENT4, SERVER4, zeros(64), { id: 9, offset: 4096, more: true });
    const walker = walk([...pieces.slice(1), beyond, pieces[0]]);
    expect(payloads(walker)).toEqual([BODY]);
    expect(walker.fragments.conflicts).toBe(1);
  });
});

describe('a datagram with a piece missing', () => {
  it('is handed on up to the hole at the end of the capture, with the length of the whole', () => {
    for (const version of [4, 6] as const) {
      const pieces = split(packet(version), 64, 9);
      const walker = walk(pieces.filter((_, i) => i !== 2));
      expect(walker.found).toEqual([]);
      walker.fragments.finish();
      expect(payloads(walker)).toEqual([BODY.slice(0, 128 - 20)]);
      expect(walker.found[0].missing).toBe(BODY.length - (128 - 20));
      expect(walker.fragments.incomplete).toBe(1);
    }
  });

  it('gives nothing when the first piece is the missing one', () => {
    const walker = walk(split(packet(4), 64, 9).slice(1));
    walker.fragments.finish();
    expect([walker.found.length, walker.fragments.incomplete]).toEqual([0, 1]);
  });

  it('does not mix with a later datagram of the same id', () => {
    const walker = new LayerWalker();
    walker.sec = 1000;
    walk(split(packet(4), 64, 9).slice(0, 3), walker);
    walker.sec = 1200;
    const later = BODY.map((byte) => byte ^ 255);
    walk(split(packet(4, later), 64, 9), walker);
    expect(payloads(walker)).toEqual([BODY.slice(0, 192 - 20), later]);
    expect(walker.fragments.incomplete).toBe(1);
  });

  it('survives a clock that runs backwards a little', () => {
    const walker = new LayerWalker();
    split(packet(4), 64, 9).forEach((piece, i) => {
      walker.sec = 1000 - 10 * i;
      walker.packet(101, piece);
    });
    expect(payloads(walker)).toEqual([BODY]);
  });

  it('is given up for others when there are too many', () => {
    const walker = new LayerWalker();
    for (let id = 0; id < 3000; id++) walker.packet(101, split(packet(4), 64, id)[1]);
    expect(walker.fragments.incomplete).toBe(3000 - 1024);
    walk(split(packet(4), 64, 9999), walker);
    expect(payloads(walker)).toEqual([BODY]);
  });
});

describe('large incomplete datagrams', () => {
  it('are given up before they hold more than 32 MiB', () => {
    const walker = new LayerWalker();
    for (let id = 0; id < 1000; id++) walker.packet(101, ipv4(6, CLIENT4, SERVER4, zeros(64), { id, offset: 60_000, more: true }));
    expect(walker.fragments.incomplete).toBeGreaterThanOrEqual(1000 - (32 * 1024 * 1024) / 60_000);
    expect(walker.found).toEqual([]);
  });
});

describe('fragments that the snap length has cut', () => {
  it('give what was captured of the first, and the length of all', () => {
    const walker = new LayerWalker();
    for (const piece of split(packet(4), 128, 9)) walker.packet(101, piece, 0, Math.min(piece.length, 96));
    expect(payloads(walker)).toEqual([BODY.slice(0, 96 - 40)]);
    expect(walker.found[0].missing).toBe(BODY.length - 56);
    expect(walker.fragments.incomplete).toBe(0);
  });
});

describe('special fragments', () => {
  it('an atomic IPv6 fragment is a packet by itself, whatever else has its id', () => {
    const segment = tcp(1000, 5223, 1, 1, 24, BODY);
    const atomic = ipv6(44, CLIENT6, SERVER6, join(fragmentHeader(6, 0, false, 9), segment));
    const pieces = split(packet(6), 64, 9);
    const walker = walk([...pieces.slice(0, 2), atomic, ...pieces.slice(2)]);
    expect(payloads(walker)).toEqual([BODY, BODY]);
  });

  it('IPv6 extension headers before the fragment header stay, the fragment header goes', () => {
    const segment = tcp(1000, 5223, 1, 1, 24, BODY.slice(0, 100));
    const options = Uint8Array.of(44, 0, 1, 4, 0, 0, 0, 0);
    const headers: Uint8Array[] = [];
    const pieces = [0, 64].map((offset) => {
      const part = segment.slice(offset, offset + 64);
      return ipv6(0, CLIENT6, SERVER6, join(options, fragmentHeader(6, offset, offset === 0, 3), part));
    });
    const walker = new LayerWalker();
    const sink = Object.assign(walker, {
      ip: (buf: Uint8Array, start: number, end: number) => headers.push(buf.slice(start, end)),
    });
    for (const piece of pieces) walker.fragments.add(piece, 0, piece.length, 0, 0, piece.length, sink);
    const expected = ipv6(0, CLIENT6, SERVER6, join(Uint8Array.of(6, 0, 1, 4, 0, 0, 0, 0), segment));
    expect(headers).toEqual([expected]);
  });

  it('that no datagram can have are refused: odd lengths, ends beyond 64 KiB, no content', () => {
    const odd = ipv4(6, CLIENT4, SERVER4, zeros(13), { id: 1, more: true });
    const beyond = ipv4(6, CLIENT4, SERVER4, zeros(64), { id: 1, offset: 65_528 });
    const empty = ipv4(6, CLIENT4, SERVER4, zeros(0), { id: 1, more: true });
    expect(walk([odd, beyond, empty]).skips).toEqual([SKIP.malformed, SKIP.malformed, SKIP.malformed]);
  });

  it('of equal ids in two tunnels, or of two protocols, are two datagrams', () => {
    const pieces = split(packet(4), 64, 9);
    const inTunnel = pieces.map((piece) => outer4(4, piece, true));
    const icmp = pieces.map((piece) => {
      const other = piece.slice();
      other[9] = 1;
      return other;
    });
    const order = pieces.flatMap((piece, i) => [piece, icmp[i], inTunnel[i]]);
    const walker = walk(order);
    expect(payloads(walker)).toEqual([BODY, BODY]);
    expect(walker.found[0].tunnel).not.toBe(walker.found[1].tunnel);
    expect(walker.fragments.conflicts).toBe(0);
  });

  it('of a datagram of 64 KiB in pieces of 8 bytes come together', () => {
    const big = Uint8Array.from({ length: 60_000 }, (_, i) => (i * 31 + (i >> 8)) & 255);
    expect(payloads(walk(split(packet(4, big), 8, 1).reverse()))).toEqual([big]);
  });
});
