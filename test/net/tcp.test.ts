import { describe, expect, it } from 'vitest';
import { PATIENCE_PACKETS } from '../../src/net/tcp.ts';
import { ACK, FIN, HEADERS, PSH, RST, type SegmentSpec, SYN, URG } from '../support/packet-builder.ts';
import { Reassembler, reassemble } from '../support/reassembler.ts';

const C = 1000;
const S = 9000;

const handshake = (c = C, s = S): SegmentSpec[] => [
  { seq: c, flags: SYN },
  { fromClient: false, seq: s, ack: c + 1, flags: SYN | ACK },
  { seq: c + 1, ack: s + 1 },
];
/** Client data at an offset of the stream. */
const c = (offset: number, data: string, more: Partial<SegmentSpec> = {}): SegmentSpec => ({
  seq: C + 1 + offset,
  ack: S + 1,
  data,
  ...more,
});
const s = (offset: number, data: string, more: Partial<SegmentSpec> = {}): SegmentSpec => ({
  fromClient: false,
  seq: S + 1 + offset,
  ack: C + 1,
  data,
  ...more,
});

describe('bytes in order', () => {
  it('arrive in both directions with the client first', () => {
    const r = reassemble(...handshake(), c(0, 'hello'), s(0, 'world'), c(5, '!'));
    expect(r.texts()).toEqual(['hello!', 'world']);
    expect(r.opened[0].info).toMatchObject({
      client: '10.0.0.1:51234',
      server: '17.57.144.20:5223',
      rolesKnown: true,
      index: 0,
      firstPacket: 1,
    });
    expect(r.opened[0].events.map((e) => e.packet)).toEqual([4, 5, 6, 6, 6]);
  });

  it('arrive over IPv6, whose ends are written in brackets', () => {
    const r = reassemble(...[...handshake(), c(0, 'six')].map((spec) => ({ ...spec, six: true })));
    expect(r.texts()).toEqual(['six', '']);
    expect(r.opened[0].info.client).toBe('[2001:db8::a00:1]:51234');
  });

  it('count packets and bytes of each direction', () => {
    const r = reassemble(...handshake(), c(0, 'hello'), s(0, 'ok'));
    expect(r.streams[0]).toMatchObject({ a: '10.0.0.1:51234', ab: { packets: 3, bytes: 5 }, ba: { packets: 2, bytes: 2 } });
  });

  it('do not include padding, options or urgent pointers, and do include urgent data', () => {
    const r = reassemble(
      ...handshake(),
      c(0, 'a', { padding: 5, tcpOptions: 12, ipOptions: 8 }),
      c(1, 'b', { flags: ACK | URG | PSH, padding: 6 }),
    );
    expect(r.texts()[0]).toBe('ab');
  });

  it('come through any number of VLAN tags', () => {
    const r = reassemble(
      ...handshake(),
      c(0, 'a', { tags: [0x8100] }),
      c(1, 'b', { tags: [0x88a8, 0x8100] }),
      c(2, 'c', { tags: [0x9100, 0x8100, 0x8100] }),
    );
    expect(r.texts()[0]).toBe('abc');
  });

  it('are taken from the frame when the IP length is 0', () => {
    const r = reassemble(...handshake(), c(0, 'offload', { zeroLength: true }), c(7, ' six', { zeroLength: true }));
    expect(r.texts()[0]).toBe('offload six');
    const six = reassemble(...[...handshake(), c(0, 'jumbo', { zeroLength: true })].map((spec) => ({ ...spec, six: true })));
    expect(six.texts()[0]).toBe('jumbo');
  });

  it('cross the wrap of sequence numbers at 2^32 and at 2^31', () => {
    for (const isn of [0xffff_fffd, 0x7fff_fffd]) {
      const r = reassemble(
        { seq: isn, flags: SYN },
        { seq: isn + 1, data: 'abc' },
        { seq: isn + 7, data: 'ghi' },
        { seq: isn + 4, data: 'def' },
      );
      expect(r.texts()[0]).toBe('abcdefghi');
    }
  });
});

describe('disorder and repetition', () => {
  it('late segments take their place, and the message has the time of the packet that completed it', () => {
    const r = reassemble(...handshake(), c(3, 'def'), c(6, 'ghi'), c(0, 'abc'));
    expect(r.texts()[0]).toBe('abcdefghi');
    expect(r.opened[0].events.filter((e) => e.kind === 'data').map((e) => e.packet)).toEqual([6, 6, 6]);
    expect(r.streams[0].ab.outOfOrder).toBe(1);
  });

  it('an ACK over a hole does not give it up', () => {
    const r = reassemble(...handshake(), c(3, 'def'), s(0, '', { ack: C + 7 }), s(0, 'answer', { ack: C + 7 }), c(0, 'abc'));
    expect(r.texts()).toEqual(['abcdef', 'answer']);
    expect(r.streams[0].ab.holeCount).toBe(0);
  });

  it('a capture that runs backwards gives the same bytes', () => {
    const specs = [
      ...handshake(),
      c(0, 'abc'),
      s(0, 'xyz'),
      c(3, 'def'),
      s(3, 'uvw'),
      c(6, '', { flags: FIN | ACK }),
      s(6, '', { flags: FIN | ACK }),
    ];
    expect(reassemble(...specs.reverse()).texts()).toEqual(['abcdef', 'xyzuvw']);
  });

  it('repeated, repacketised and forward overlapping segments count once', () => {
    const r = reassemble(...handshake(), c(0, 'abcd'), c(0, 'abcd'), c(2, 'cdef'), c(0, 'abcdefgh'), c(7, 'hij'));
    expect(r.texts()[0]).toBe('abcdefghij');
    expect(r.notes()).toEqual([]);
    expect(r.streams[0].ab).toMatchObject({ retransmittedBytes: 4 + 2 + 6 + 1, bytes: 10 });
  });

  it('of two different captures of a byte the first wins and the place is noted', () => {
    const r = reassemble(...handshake(), c(0, 'abcd'), c(0, 'aXcd'), c(4, 'ef'));
    expect(r.texts()[0]).toBe('abcdef');
    expect(r.streams[0].notes.map(({ dir, note }) => [dir, note.code, note.start])).toEqual([[0, 'tcp.overlap-conflict', 1]]);
  });

  it('the first wins among waiting segments too, whatever their order in the stream', () => {
    const r = reassemble(...handshake(), c(5, 'fgh'), c(3, 'deFG'), c(0, 'abc'));
    expect(r.texts()[0]).toBe('abcdefgh');
    expect(r.notes()).toEqual(['tcp.overlap-conflict']);
  });

  it('one-byte segments in reverse order come together', () => {
    const text = 'abcdefghijklmnopqrstuvwxyz'.repeat(40);
    const r = reassemble(...handshake(), ...[...text].map((letter, i) => c(i, letter)).reverse());
    expect(r.texts()[0]).toBe(text);
  });

  it('bytes that wait keep the addresses of their own packets', () => {
    const r = reassemble(...handshake(), c(3, 'def'), c(0, 'abc'));
    const data = r.opened[0].events.filter((e) => e.kind === 'data');
    expect(data[0].address - data[1].address).toBe(HEADERS + 3);
  });
});

describe('holes', () => {
  it('are declared at the end of the capture, with their length, and what follows is kept with its own packet', () => {
    const r = reassemble(...handshake(), c(0, 'abc'), c(10, 'klm'), s(0, 'ok', { ack: C + 14 }), c(13, 'nop'));
    expect(r.texts()).toEqual(['abc[7]klmnop', 'ok']);
    expect(r.streams[0].ab.holes).toEqual([{ offset: 3, length: 7 }]);
    expect(r.opened[0].events.filter((e) => e.dir === 0).map((e) => e.packet)).toEqual([4, 5, 5, 7, 7]);
    expect(r.notes()).toEqual(['tcp.hole']);
  });

  it('at the head, in the middle and at the tail are told where they are', () => {
    const r = reassemble(...handshake(), c(2, 'cd'), c(6, 'gh'), c(10, '', { flags: FIN | ACK }));
    expect(r.texts()[0]).toBe('[2]cd[2]gh[2]');
    expect(r.streams[0].ab).toMatchObject({ holeCount: 3, holeBytes: 6, bytes: 4 });
  });

  it('of the snap length have a known size and do not hold anything up', () => {
    const r = new Reassembler().segments(...handshake(), c(0, 'abcdefgh', { snap: HEADERS + 3 }), c(8, 'ij'));
    expect(r.texts()[0]).toBe('abc[5]ij');
    expect(r.finish().notes()).toEqual(['tcp.cut']);
  });

  it('of captures with headers only span the whole stream', () => {
    const r = reassemble(
      ...handshake(),
      c(0, 'abcdefgh', { snap: HEADERS }),
      c(12, 'xyz', { snap: HEADERS }),
      c(8, 'ijkl', { snap: HEADERS }),
    );
    expect(r.streams[0].ab).toMatchObject({ holeBytes: 15, bytes: 0 });
    expect(r.opened[0].events.filter((e) => e.kind === 'gap').reduce((sum, e) => sum + e.length, 0)).toBe(15);
  });

  it('that a whole copy fills later than a cut one are as large as the cut', () => {
    const r = reassemble(...handshake(), c(0, 'abcdefgh', { snap: HEADERS + 3 }), c(0, 'abcdefgh'), c(8, 'i'));
    expect(r.texts()[0]).toBe('abc[5]i');
  });
});

describe('the start of a connection', () => {
  it('is the lowest byte when no SYN was captured, even if it came late', () => {
    const r = reassemble(c(3, 'def'), c(0, 'abc'), c(6, 'ghi'));
    expect(r.texts()[0]).toBe('abcdefghi');
  });

  it('is guessed by port when no SYN was captured', () => {
    expect(reassemble(s(0, 'push'), c(0, 'ack')).opened[0].info).toMatchObject({ client: '10.0.0.1:51234', rolesKnown: false });
    expect(reassemble(s(0, 'push', { serverPort: 443 })).opened[0].info.client).toBe('10.0.0.1:51234');
    expect(reassemble(s(0, 'x', { serverPort: 4000, clientPort: 5000 })).opened[0].info.client).toBe('17.57.144.20:4000');
  });

  it('is known from the SYN-ACK alone', () => {
    const r = reassemble({ fromClient: false, seq: S, ack: C + 1, flags: SYN | ACK }, c(3, 'def'), c(0, 'abc'));
    expect(r.texts()[0]).toBe('abcdef');
    expect(r.opened[0].info).toMatchObject({ rolesKnown: true, client: '10.0.0.1:51234' });
  });

  it('may be a simultaneous open', () => {
    const r = reassemble(
      { seq: C, flags: SYN },
      { fromClient: false, seq: S, flags: SYN },
      { seq: C, ack: S + 1, flags: SYN | ACK },
      { fromClient: false, seq: S, ack: C + 1, flags: SYN | ACK },
      c(0, 'a'),
      s(0, 'b'),
    );
    expect([r.streams.length, ...r.texts()]).toEqual([1, 'a', 'b']);
  });

  it('of a simultaneous open does not tell who is the client, whichever SYN was captured first, or one of them', () => {
    const [client, server] = [true, false].map((fromClient): SegmentSpec[] => [
      { fromClient, seq: fromClient ? C : S, flags: SYN },
      { fromClient, seq: fromClient ? C : S, ack: fromClient ? S + 1 : C + 1, flags: SYN | ACK },
    ]);
    for (const opening of [[client[0], server[0], ...server.slice(1), client[1]], [server[0], client[0], client[1], server[1]], server]) {
      const r = reassemble(...opening, c(0, 'a'), s(0, 'b'));
      expect(r.opened[0].info).toMatchObject({ client: '10.0.0.1:51234', rolesKnown: false });
      expect(r.texts()).toEqual(['a', 'b']);
    }
  });

  it('may carry data in the SYN, accepted or sent again', () => {
    expect(reassemble({ seq: C, flags: SYN, data: 'fast' }, handshake()[1], c(4, ' open')).texts()[0]).toBe('fast open');
    expect(reassemble({ seq: C, flags: SYN, data: 'fast' }, handshake()[1], c(0, 'fast open')).texts()[0]).toBe('fast open');
  });

  it('survives repeated SYNs', () => {
    const r = reassemble(
      { seq: C, flags: SYN },
      { seq: C, flags: SYN },
      ...handshake().slice(1),
      { fromClient: false, seq: S, ack: C + 1, flags: SYN | ACK },
      c(0, 'a'),
    );
    expect([r.streams.length, r.texts()[0]]).toEqual([1, 'a']);
  });

  it('is shown after some data in order, so that live captures do not wait for their end', () => {
    const r = new Reassembler();
    for (let i = 0; i < 16; i++) r.segments(c(i, 'x'));
    expect(r.texts()[0]).toBe('x'.repeat(16));
  });

  it('is shown at the second pause of a live input', () => {
    const r = new Reassembler().segments(c(0, 'abc'));
    r.network.idle(0);
    expect(r.opened).toEqual([]);
    r.network.idle(0);
    expect(r.texts()[0]).toBe('abc');
  });

  it('keeps the order of both directions when it was held', () => {
    const r = reassemble(c(0, 'a'), s(0, 'A'), c(1, 'b'), s(1, 'B'));
    expect(r.opened[0].events.filter((e) => e.kind === 'data').map((e) => e.text + e.packet)).toEqual(['a1', 'A2', 'b3', 'B4']);
  });

  it('of a one-sided capture needs no other side', () => {
    expect(reassemble(s(0, 'abc'), s(3, 'def')).texts()).toEqual(['', 'abcdef']);
    expect(reassemble(handshake()[0], c(0, 'abc'), c(3, 'def')).texts()).toEqual(['abcdef', '']);
  });
});

describe('what is no data', () => {
  it('keep-alives with and without a byte never enter the stream, directly after the handshake neither', () => {
    const r = reassemble(...handshake(), c(-1, '\0'), c(-1, ''), c(0, 'abc'), c(2, '\0'), c(2, ''), c(3, 'def'));
    expect(r.texts()[0]).toBe('abcdef');
    expect(r.notes()).toEqual([]);
    expect(r.streams[0].ab.keepAlives).toBe(2);
  });

  it('keep-alives are no second version of the last byte while an earlier one is missing, or the start is not known', () => {
    const late = reassemble(...handshake(), c(3, 'def'), c(5, '\0'), c(6, 'ghi'), c(8, '\0'), c(0, 'abc'));
    expect([late.texts()[0], late.notes(), late.streams[0].ab.keepAlives]).toEqual(['abcdefghi', [], 2]);
    const middle = reassemble(c(0, 'abc'), c(2, '\0'), c(3, 'def'), c(5, '\0'));
    expect([middle.texts()[0], middle.notes(), middle.streams[0].ab.keepAlives]).toEqual(['abcdef', [], 2]);
  });

  it('keep-alives of a connection without SYN are known by the acknowledgement before them', () => {
    const r = reassemble(s(0, 'x', { ack: C + 1 }), c(-1, '\0'), c(0, 'abc'));
    expect(r.texts()).toEqual(['abc', 'x']);
    const twice = reassemble(c(-1, '\0'), s(0, '', { ack: C + 1 }), c(-1, '\0'), s(0, '', { ack: C + 1 }), c(0, 'abc'));
    expect(twice.texts()).toEqual(['abc', '']);
  });

  it('a byte that was acknowledged before it came is data when it continues what was captured, or lies behind SYN', () => {
    const acked = (offset: number): SegmentSpec => s(0, '', { ack: C + 1 + offset });
    expect(reassemble(c(0, 'abc'), acked(4), c(3, 'd'), c(4, 'ef')).texts()[0]).toBe('abcdef');
    expect(reassemble(c(0, 'abc'), acked(5), c(4, 'e'), c(5, 'f'), c(3, 'd')).texts()[0]).toBe('abcdef');
    expect(reassemble(acked(1), c(0, 'a'), ...handshake().slice(0, 1)).texts()[0]).toBe('a');
    const backwards = [...handshake(), ...[...'abcdef'].flatMap((letter, i) => [c(i, letter), acked(i + 1)])].reverse();
    expect(reassemble(...backwards).texts()[0]).toBe('abcdef');
    const lost = reassemble(c(0, 'abc'), acked(6), c(5, '\0'), c(6, 'ghi'));
    expect([lost.texts()[0], lost.streams[0].ab.keepAlives]).toEqual(['abc[3]ghi', 1]);
  });

  it('window probes enter the stream only when they were accepted', () => {
    const closed = s(0, '', { ack: C + 4, window: 0 });
    const open = s(0, '', { ack: C + 4, window: 100 });
    const probe = c(3, 'Z');
    expect(reassemble(...handshake(), c(0, 'abc'), closed, probe, open, c(3, 'def')).texts()[0]).toBe('abcdef');
    expect(reassemble(...handshake(), c(0, 'abc'), closed, c(3, 'd'), s(0, '', { ack: C + 5, window: 100 }), c(4, 'ef')).texts()[0]).toBe(
      'abcdef',
    );
    expect(reassemble(...handshake(), c(0, 'abc'), closed, c(3, 'd'), c(4, 'ef')).texts()[0]).toBe('abcdef');
    expect(reassemble(...handshake(), c(0, 'abc'), closed, probe).texts()[0]).toBe('abc');
  });

  it('the text of a RST is left out', () => {
    const r = reassemble(...handshake(), c(0, 'abc'), s(0, 'go away', { flags: RST | ACK }));
    expect(r.texts()).toEqual(['abc', '']);
    expect(r.opened[0].reason(0)).toBe('reset');
  });

  it('a forged RST does not end the stream', () => {
    const r = reassemble(
      ...handshake(),
      c(0, 'abc'),
      { seq: C + 0x4000_0000, flags: RST },
      c(3, 'def'),
      c(6, '', { flags: RST }),
      c(6, 'ghi'),
    );
    expect(r.texts()[0]).toBe('abcdefghi');
  });

  it('wild sequence numbers are left out and noted', () => {
    const r = reassemble(...handshake(), c(0, 'abc'), c(0x2000_0000, 'wild'), c(3, 'def'));
    expect(r.texts()[0]).toBe('abcdef');
    expect(r.notes()).toEqual(['tcp.stray-segment']);
  });

  it('a jump that several segments agree on is a hole', () => {
    const far = 100_000_000;
    const r = reassemble(...handshake(), c(0, 'abc'), c(far, 'uvw'), c(far + 3, 'xyz'), c(far + 6, '123'), c(far + 9, '456'));
    expect(r.texts()[0]).toBe(`abc[${far - 3}]uvwxyz123456`);
  });
});

describe('the end of a connection', () => {
  const bye = (offset: number, answer = 0): SegmentSpec[] => [
    c(offset, '', { flags: FIN | ACK }),
    s(answer, '', { flags: FIN | ACK, ack: C + 2 + offset }),
    c(offset + 1, '', { ack: S + 2 + answer }),
  ];

  it('may come with data, before other data, or in one direction only', () => {
    expect(reassemble(...handshake(), c(0, 'abc', { flags: FIN | ACK })).texts()[0]).toBe('abc');
    expect(reassemble(...handshake(), c(3, 'def', { flags: FIN | ACK }), c(0, 'abc')).texts()[0]).toBe('abcdef');
    const half = reassemble(...handshake(), c(0, 'abc', { flags: FIN | ACK }), s(0, 'still here', { ack: C + 5 }));
    expect(half.texts()).toEqual(['abc', 'still here']);
    expect([half.opened[0].reason(0), half.opened[0].reason(1)]).toEqual(['fin', 'capture-end']);
  });

  it('keeps data behind FIN as the tail, whether FIN was counted or not', () => {
    for (const behind of [3, 4]) {
      const r = reassemble(...handshake(), c(0, 'abc', { flags: FIN | ACK }), c(behind, 'more'), c(behind + 4, 'yet'));
      expect(r.texts()[0]).toBe('abcmoreyet');
      expect(r.notes()).toContain('tcp.data-after-fin');
    }
  });

  it('is told with the packet of FIN, some packets later', () => {
    const r = new Reassembler().segments(...handshake(), c(0, 'abc'), ...bye(3));
    expect(r.opened[0].reason(0)).toBeUndefined();
    for (let i = 0; i < PATIENCE_PACKETS; i++) r.segments({ seq: 1, clientPort: 7 });
    expect(r.opened[0].events.filter((e) => e.kind === 'end').map((e) => [e.dir, e.text, e.packet])).toEqual([
      [0, 'fin', 5],
      [1, 'fin', 6],
    ]);
    r.segments(c(3, 'late')).finish();
    expect(r.texts()[0]).toBe('abc');
    expect(r.notes()).toEqual(['tcp.data-after-end']);
  });

  const second = (c2: number, s2: number): SegmentSpec[] => [...handshake(c2, s2), { seq: c2 + 1, ack: s2 + 1, data: 'second' }];
  const cases: [string, SegmentSpec[], number, string][] = [
    ['FIN', bye(5), 777_000, 'fin'],
    ['RST', [c(5, '', { flags: RST })], 777_000, 'reset'],
    ['nothing', [], 777_000, 'reuse'],
    ['FIN with a near number', bye(5), C + 12, 'fin'],
    ['FIN with the same number', bye(5), C, 'fin'],
    ['RST with the same number', [c(5, '', { flags: RST })], C, 'reset'],
  ];
  for (const [name, ending, isn, reason] of cases) {
    it(`by ${name} makes a SYN with the same ports a new stream`, () => {
      const r = reassemble(...handshake(), c(0, 'first'), ...ending, ...second(isn, 55_000));
      expect(r.streams.length).toBe(2);
      expect([r.texts(0)[0], r.texts(1)[0]]).toEqual(['first', 'second']);
      expect(r.opened[0].reason(0)).toBe(reason);
    });
  }

  it('without SYN makes a SYN of other numbers a new stream', () => {
    const r = reassemble(c(0, 'first'), ...second(500_000, 55_000));
    expect([r.streams.length, r.texts(0)[0], r.texts(1)[0]]).toEqual([2, 'first', 'second']);
  });
});
