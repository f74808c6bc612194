import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/bytes.ts';
import { ACK, type Frame, frame, ipPacket, type SegmentSpec, SYN } from '../support/packet-builder.ts';
import { Reassembler } from '../support/reassembler.ts';

const specs: SegmentSpec[] = [
  { seq: 10, flags: SYN },
  { fromClient: false, seq: 90, ack: 11, flags: SYN | ACK },
  { seq: 11, ack: 91, data: 'push' },
  { fromClient: false, seq: 91, ack: 15, data: 'ack' },
];
const six: SegmentSpec[] = specs.map((spec) => ({ ...spec, six: true }));

const type = (spec: SegmentSpec): number[] => (spec.six === true ? [0x86, 0xdd] : [0x08, 0x00]);
const SLL = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
const SLL2_REST = [0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0];
const VLAN = [0x81, 0x00];

/** Link headers of the types that the fast path takes off itself. */
const LINKS: [string, number, (spec: SegmentSpec) => number[]][] = [
  ['raw IP (101)', 101, () => []],
  ['raw IP (12)', 12, () => []],
  ['raw IP (14)', 14, () => []],
  ['NULL, little-endian', 0, (spec) => [spec.six === true ? 30 : 2, 0, 0, 0]],
  ['NULL, big-endian', 0, (spec) => [0, 0, 0, spec.six === true ? 24 : 2]],
  ['LOOP', 108, (spec) => [0, 0, 0, spec.six === true ? 28 : 2]],
  ['Linux SLL', 113, (spec) => [...SLL, ...type(spec)]],
  ['Linux SLL with a VLAN tag', 113, (spec) => [...SLL, ...VLAN, 0, 7, ...type(spec)]],
  ['Linux SLL2', 276, (spec) => [...type(spec), ...SLL2_REST]],
  ['Linux SLL2 with a VLAN tag', 276, (spec) => [...VLAN, ...SLL2_REST, 0, 7, ...type(spec)]],
];

const wrapped = (all: readonly SegmentSpec[], header: (spec: SegmentSpec) => number[]): Frame[] =>
  all.map((spec) => {
    const bytes = concatBytes([Uint8Array.from(header(spec)), ipPacket(spec)]);
    return { bytes, wireLength: bytes.length };
  });

describe('link types of the fast path', () => {
  for (const [name, linkType, header] of LINKS) {
    for (const all of [specs, six]) {
      it(`${name} with IPv${all === six ? 6 : 4}`, () => {
        const r = new Reassembler().feed(wrapped(all, header), linkType).finish();
        expect(r.texts()).toEqual(['push', 'ack']);
      });
    }
  }

  it('IPv4 and IPv6 link types', () => {
    expect(
      new Reassembler()
        .feed(
          wrapped(specs, () => []),
          228,
        )
        .finish()
        .texts(),
    ).toEqual(['push', 'ack']);
    expect(
      new Reassembler()
        .feed(
          wrapped(six, () => []),
          229,
        )
        .finish()
        .texts(),
    ).toEqual(['push', 'ack']);
  });

  it('others are counted, and the rest of the capture is read', () => {
    const r = new Reassembler()
      .feed(
        wrapped(specs, () => []),
        147,
      )
      .feed(specs.map(frame))
      .finish();
    expect([...r.network.unsupported]).toEqual([[147, 4]]);
    expect(r.texts()).toEqual(['push', 'ack']);
    expect(r.network.packets).toBe(8);
  });

  it('headers that are cut give nothing and throw nothing', () => {
    for (const [, linkType, header] of LINKS) {
      for (const whole of [...wrapped(specs, header), ...wrapped(six, header)]) {
        const r = new Reassembler();
        for (let length = 0; length < whole.bytes.length; length += 3)
          r.feed([{ bytes: whole.bytes.slice(0, length), wireLength: whole.wireLength }], linkType);
        r.finish();
        expect(r.streams.length).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe('an Ethernet frame', () => {
  it('ends before its frame check sequence when the IP length does not tell', () => {
    const { bytes } = frame({ ...specs[2], zeroLength: true });
    const withFcs = concatBytes([bytes, Uint8Array.of(1, 2, 3, 4)]);
    const r = new Reassembler().segments(specs[0]).feed([{ bytes: withFcs, wireLength: withFcs.length }], 1, 4);
    expect(r.texts()[0]).toBe('push');
  });

  it('of other protocols is passed by', () => {
    const arp = concatBytes([Uint8Array.from([...new Array(12).fill(1), 0x08, 0x06]), new Uint8Array(28)]);
    const r = new Reassembler().feed([{ bytes: arp, wireLength: arp.length }]).finish();
    expect(r.streams).toEqual([]);
  });
});

describe('connections', () => {
  it('of the same ports and addresses in both families are two', () => {
    const r = new Reassembler().segments(...specs, ...six).finish();
    expect(r.streams.map((s) => s.a)).toEqual(['10.0.0.1:51234', '[2001:db8::a00:1]:51234']);
  });

  it('keep the process that was told for their first packet', () => {
    const r = new Reassembler();
    r.network.process('apsd');
    r.segments(specs[0]);
    r.network.process(undefined);
    r.segments(...specs.slice(1)).finish();
    expect([r.streams[0].process, r.opened[0].info.process]).toEqual(['apsd', 'apsd']);
  });
});
