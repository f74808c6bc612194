import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamSummary } from '../../src/net/stream-summary.ts';
import { ACK, FIN, RST, type SegmentSpec, SYN } from '../support/packet-builder.ts';
import { Reassembler } from '../support/reassembler.ts';

/** Connections that share packets in a run, told apart by their ports. */
const PORTS = [50_000, 50_001, 50_002];

const packet: fc.Arbitrary<SegmentSpec> = fc.record({
  clientPort: fc.constantFrom(...PORTS),
  fromClient: fc.boolean(),
  flags: fc.constantFrom(SYN, SYN | ACK, ACK, ACK, FIN | ACK, RST, FIN),
  seq: fc.integer({ min: 0, max: 12 }),
  ack: fc.integer({ min: 0, max: 12 }),
  data: fc.constantFrom('', '', 'a', 'bcd'),
  window: fc.constantFrom(0, 1000),
  six: fc.constant(false),
});

/** What a run tells of its connections; those that belong to a process are followed from their first packet on. */
function told(specs: readonly SegmentSpec[], process: string | undefined): unknown {
  const r = new Reassembler();
  r.network.process(process);
  r.segments(...specs).finish();
  return {
    opened: r.opened.map(({ events, info }) => ({ events, index: info.index, client: info.client, rolesKnown: info.rolesKnown })),
    streams: r.streams.map((stream): StreamSummary => ({ ...stream, process: undefined })),
  };
}

describe('a connection of which one packet without data was seen', () => {
  it('has its ends, its packet and its end in the table of streams', () => {
    const r = new Reassembler();
    r.segments(
      { flags: SYN, seq: 7 },
      { clientPort: 50_001, fromClient: false, flags: SYN | ACK, seq: 1 },
      { clientPort: 50_002, flags: FIN | ACK, seq: 1 },
    );
    r.finish();
    expect(r.opened).toEqual([]);
    expect(r.streams).toMatchObject([
      { index: 0, a: '10.0.0.1:51234', rolesKnown: true, firstPacket: 1, ab: { packets: 1, bytes: 0 }, ba: { packets: 0 } },
      { index: 1, a: '10.0.0.1:50001', rolesKnown: true, firstPacket: 2, ab: { packets: 0 }, ba: { packets: 1 } },
      { index: 2, rolesKnown: false, firstPacket: 3, ab: { packets: 1, ended: 'fin' } },
    ]);
  });

  it('goes on as if it had been followed from its first packet', () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 24 }), (specs) => {
        expect(told(specs, undefined)).toEqual(told(specs, 'daemon'));
      }),
      { seed: 20261121, numRuns: 500 },
    );
  });

  it('is closed when its RST came long before', () => {
    const others = Array.from({ length: 5000 }, (): SegmentSpec => ({ clientPort: 50_009, flags: ACK, seq: 1 }));
    const specs: SegmentSpec[] = [{ flags: RST, seq: 5 }, ...others, { flags: ACK, seq: 5, data: 'late' }];
    expect(told(specs, undefined)).toEqual(told(specs, 'daemon'));
  });
});
