import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SKIP } from '../../../src/net/layer.ts';
import { linkTypeName, unwrapLink } from '../../../src/net/links/link.ts';
import {
  ascii,
  be16,
  be32,
  bytes,
  ethernet,
  frame,
  ipv4,
  join,
  label,
  le32,
  pktap,
  ppi,
  radiotap,
  snap,
  tcp,
  wifi,
  zeros,
} from '../../support/encapsulate.ts';
import { conversation, LINK_ENCAPSULATIONS } from '../../support/encapsulations.ts';
import { LayerWalker } from '../../support/layer-walker.ts';

const HELLO = ascii('a payload that is looked for');

function dataPacket(version: 4 | 6): Uint8Array {
  return conversation([{ fromClient: true, payload: HELLO }], version)[3].ip;
}

describe('every link type hands on the IP packet that it carries', () => {
  for (const { name, linkType, wrap } of LINK_ENCAPSULATIONS) {
    for (const version of [4, 6] as const) {
      it(`${name}, IPv${version}`, () => {
        const [packet] = wrap(dataPacket(version), true);
        const walker = new LayerWalker();
        expect(walker.packet(linkType, packet, 7000)).toBe(true);
        expect(walker.skips).toEqual([]);
        expect(walker.found.map(({ payload }) => payload)).toEqual([HELLO]);
        expect(walker.found[0].missing).toBe(0);
        const at = walker.found[0].address - 7000;
        expect(packet.slice(at, at + HELLO.length)).toEqual(HELLO);
      });
    }
  }
});

describe('a packet that the snap length has cut', () => {
  for (const { name, linkType, wrap } of LINK_ENCAPSULATIONS) {
    it(`has the wire's length in ${name}`, () => {
      const [packet] = wrap(dataPacket(4), true);
      const walker = new LayerWalker();
      const whole = new LayerWalker();
      whole.packet(linkType, packet);
      const captured = whole.found[0].address + 10;
      walker.packet(linkType, packet, 0, captured);
      expect(walker.found.map(({ payload }) => payload)).toEqual([HELLO.slice(0, 10)]);
      expect(walker.found[0].missing).toBe(HELLO.length - 10);
    });
  }

  it('gives nothing while the TCP header is not whole', () => {
    for (const { linkType, wrap } of LINK_ENCAPSULATIONS) {
      const [packet] = wrap(dataPacket(4), true);
      const whole = new LayerWalker();
      whole.packet(linkType, packet);
      for (let captured = 0; captured < whole.found[0].address; captured++) {
        const walker = new LayerWalker();
        walker.packet(linkType, packet, 0, captured);
        expect(walker.found).toEqual([]);
      }
    }
  });
});

describe('802.11', () => {
  const inside = (packet: Uint8Array, linkType = 105): LayerWalker => {
    const walker = new LayerWalker();
    walker.packet(linkType, packet);
    return walker;
  };
  const llc = snap(0x0800, dataPacket(4));

  it('skips and counts encrypted frames', () => {
    const walker = inside(
      wifi(
        join(
          be32(0x01002000),
          be32(0),
          llc.map((byte) => byte ^ 0x5a),
        ),
        true,
        { qos: true, flags: 0x40 },
      ),
    );
    expect(walker.found).toEqual([]);
    expect(walker.skips).toEqual([SKIP.encrypted]);
  });

  it('skips and counts fragments', () => {
    expect(inside(wifi(llc, true, { flags: 4 })).skips).toEqual([SKIP.fragment]);
    expect(inside(wifi(llc, true, { fragment: 1 })).skips).toEqual([SKIP.fragment]);
  });

  it('passes over frames without data: beacons, acknowledgements, null data', () => {
    for (const control of [0x80, 0xd4, 0x48, 0xc8]) {
      const packet = wifi(llc, true);
      packet[0] = control;
      expect(inside(packet)).toMatchObject({ found: [], skips: [] });
    }
  });

  it('skips frames that their receiver marked as damaged', () => {
    expect(inside(radiotap(0x40, wifi(llc, true)), 127).skips).toEqual([SKIP.damaged]);
    expect(inside(ppi(4, false, wifi(llc, true)), 192).skips).toEqual([SKIP.damaged]);
  });

  it('hands on both parts of an aggregate', () => {
    const parts = conversation(
      [
        { fromClient: true, payload: ascii('first') },
        { fromClient: true, payload: ascii('second part') },
      ],
      4,
    ).slice(3);
    const body = join(
      ...parts.map(({ ip }, i) => {
        const part = snap(0x0800, ip);
        const one = join(zeros(12), be16(part.length), part);
        return i === 0 ? join(one, zeros((4 - (one.length % 4)) % 4)) : one;
      }),
    );
    const walker = inside(wifi(body, true, { qos: true, aggregate: true }));
    expect(walker.found.map(({ payload }) => payload)).toEqual([ascii('first'), ascii('second part')]);
  });
});

describe('PKTAP', () => {
  it('tells the process, printable, before its packet, and that there is none', () => {
    const walker = new LayerWalker();
    walker.packet(258, pktap(1, 'apsd', 312, frame(dataPacket(4))));
    walker.packet(258, pktap(1, 'a\u001b[31mb', 1, frame(dataPacket(4))));
    walker.packet(258, pktap(1, '', 0, frame(dataPacket(4))));
    expect(walker.processes).toEqual(['apsd', 'a?[31mb', undefined]);
    expect(walker.found.length).toBe(3);
  });

  it('passes over records without packet, and does not nest', () => {
    const noPacket = pktap(1, 'apsd', 1, frame(dataPacket(4)));
    noPacket.set(le32(0), 4);
    const walker = new LayerWalker();
    expect(walker.packet(258, noPacket)).toBe(true);
    expect(walker.packet(258, pktap(258, 'apsd', 1, pktap(1, 'apsd', 1, frame(dataPacket(4)))))).toBe(false);
    expect(walker.found).toEqual([]);
  });
});

describe('PPPoE', () => {
  it('leaves discovery alone and cuts the padding behind its length', () => {
    const walker = new LayerWalker();
    expect(walker.packet(1, ethernet(0x8863, bytes(0x11, 9, 0, 0, 0, 0)))).toBe(true);
    const short = conversation([], 4)[2].ip;
    const payload = join(bytes(0x11, 0), be16(1), be16(short.length + 2), be16(0x21), short, zeros(20));
    walker.packet(1, ethernet(0x8864, payload));
    expect(walker.found.map((found) => found.payload.length)).toEqual([0]);
    expect(walker.skips).toEqual([]);
  });
});

describe('MPLS', () => {
  it('is not misled by addresses that look like EtherTypes', () => {
    for (const source of ['8.6.1.1', '136.71.1.1', '8.0.69.1', '129.0.8.0']) {
      const segment = tcp(1, 5223, 1, 1, 24, HELLO);
      const walker = new LayerWalker();
      walker.packet(219, join(label(5, true), ipv4(6, source, '17.57.144.20', segment)));
      expect(walker.found.map(({ payload }) => payload)).toEqual([HELLO]);
    }
  });
});

describe('link types that carry no IP', () => {
  it('are refused by number and named', () => {
    const named = [195, 189, 220, 249, 187, 201, 251, 230, 252, 266].map((type) => {
      expect(unwrapLink(type, zeros(100), 0, 100, 0, 100, new LayerWalker())).toBe(false);
      return linkTypeName(type);
    });
    expect(named).toEqual([
      'IEEE802_15_4_WITHFCS',
      'USB_LINUX',
      'USB_LINUX_MMAPPED',
      'USBPCAP',
      'BLUETOOTH_HCI_H4',
      'BLUETOOTH_HCI_H4_WITH_PHDR',
      'BLUETOOTH_LE_LL',
      'IEEE802_15_4_NOFCS',
      'WIRESHARK_UPPER_PDU',
      'USB_DARWIN',
    ]);
    expect([linkTypeName(147), linkTypeName(162), linkTypeName(4711)]).toEqual(['USER0', 'USER15', 'unknown']);
  });
});

describe('the page about encapsulations', () => {
  it('lists exactly the link types that are supported', () => {
    const page = readFileSync(new URL('../../../docs/encapsulations.md', import.meta.url), 'utf8');
    const listed = page
      .split('\n')
      .flatMap((line) => /^\| ([\d, ]+) \|/.exec(line)?.[1].split(', ').map(Number) ?? [])
      .sort((a, b) => a - b);
    const supported = Array.from({ length: 400 }, (_, type) => type).filter((type) => {
      // An inner link type that exists, for those that name one.
      const packet =
        type === 192 ? ppi(0, false, zeros(40)) : type === 197 ? join(zeros(8), bytes(2), zeros(60)) : pktap(1, '', 0, zeros(40));
      return unwrapLink(type, packet, 0, packet.length, 0, packet.length, new LayerWalker());
    });
    expect(listed).toEqual(supported);
  });
});

describe('hostile headers', () => {
  it('stop at a bounded depth, however much is nested', () => {
    let nested = frame(dataPacket(4));
    for (let i = 0; i < 2000; i++) nested = ethernet(0x6558, nested);
    const walker = new LayerWalker();
    walker.packet(1, nested);
    expect(walker.skips).toEqual([SKIP.depth]);
    expect(walker.calls).toBeLessThan(20);
  });

  it('never throw, leave the packet or go on for ever, whatever bytes change', () => {
    const samples = LINK_ENCAPSULATIONS.map(({ linkType, wrap }) => ({ linkType, packet: wrap(dataPacket(4), true)[0] }));
    const change = fc.record({ at: fc.nat(), value: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)) });
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
        ({ linkType, packet }, changes, cut, otherType) => {
          const broken = packet.slice();
          // Nearly all changes go to the headers, which are what is taken apart.
          for (const { at, value } of changes) broken[at % Math.min(broken.length, 160)] = value;
          const walker = new LayerWalker();
          walker.packet(otherType ?? linkType, broken, 0, cut % 3 === 0 ? cut % (broken.length + 1) : broken.length);
          walker.fragments.finish();
          expect(walker.calls).toBeLessThan(200);
        },
      ),
      { seed: 20261121, numRuns: 2000 },
    );
  });
});
