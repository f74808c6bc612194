import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PATIENCE_PACKETS } from '../../src/net/tcp.ts';
import { ACK, FIN, type Frame, frame, RST, type SegmentSpec, SYN } from '../support/packet-builder.ts';
import { Reassembler, reassemble } from '../support/reassembler.ts';

const SEED = 20261121;
const C = 1000;
const S = 9000;

/** A connection from SYN to FIN (or RST), with these texts. */
function talk(client: string, server: string, { c = C, s = S, rst = false, syn = true } = {}): SegmentSpec[] {
  const [c1, s1] = [c + 1 + client.length, s + 1 + server.length];
  const out: SegmentSpec[] = syn
    ? [
        { seq: c, flags: SYN },
        { fromClient: false, seq: s, ack: c + 1, flags: SYN | ACK },
        { seq: c + 1, ack: s + 1 },
      ]
    : [];
  for (let at = 0; at < client.length; at += 4) out.push({ seq: c + 1 + at, ack: s + 1, data: client.slice(at, at + 4) });
  for (let at = 0; at < server.length; at += 5) out.push({ fromClient: false, seq: s + 1 + at, ack: c1, data: server.slice(at, at + 5) });
  if (rst) return [...out, { seq: c1, flags: RST }];
  return [...out, { seq: c1, ack: s1, flags: FIN | ACK }, { fromClient: false, seq: s1, ack: c1 + 1, flags: FIN | ACK }];
}

const texts = (r: Reassembler) => r.opened.map((_, i) => r.texts(i));

/** Feeds frames with a pause in seconds before some of them. */
function paused(...parts: readonly (readonly SegmentSpec[] | number)[]): Reassembler {
  const r = new Reassembler();
  for (const part of parts) {
    if (typeof part === 'number') r.at.sec += part;
    else r.segments(...part);
  }
  return r.finish();
}

describe('a connection that was captured twice', () => {
  it('is one, however the copies are mixed', () => {
    const order = fc.array(fc.nat(), { minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(order, fc.integer({ min: 1, max: 40 }), fc.boolean(), (keys, window, rst) => {
        const twice = talk('from the client', 'and from the server', { rst }).flatMap((spec) => [spec, spec]);
        const mixed = twice
          .map((spec, i) => ({ spec, key: i + (keys[i % keys.length] % window) }))
          .sort((a, b) => a.key - b.key)
          .map(({ spec }) => spec);
        const r = reassemble(...mixed);
        expect(texts(r)).toEqual([['from the client', 'and from the server']]);
        expect(r.streams.length).toBe(1);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('is one when the second copy follows as a whole, and counts all packets', () => {
    const once = talk('abcd', 'efgh');
    const r = reassemble(...once, ...once);
    expect(texts(r)).toEqual([['abcd', 'efgh']]);
    expect([r.streams[0].ab.packets, r.streams[0].ba.packets]).toEqual([8, 6]);
    expect(r.notes()).toEqual([]);
  });

  it('is one when the second copy comes after the connection was closed', () => {
    const r = new Reassembler().segments(...talk('abcd', 'efgh'));
    for (let i = 0; i <= PATIENCE_PACKETS; i++) r.segments({ seq: 1, clientPort: 7 });
    r.segments(...talk('abcd', 'efgh')).finish();
    expect(texts(r)).toEqual([['abcd', 'efgh']]);
  });

  it('takes what the first copy lacks from the second', () => {
    const [syn, synAck, ack, data] = talk('abcd', '', { rst: true });
    expect(texts(reassemble(syn, synAck, ack, { seq: C + 5, flags: RST }, syn, synAck, ack, data))).toEqual([['abcd', '']]);
  });
});

describe('ports that are used again with the same sequence number', () => {
  const first = talk('first data', 'answer');
  it.each<[string, SegmentSpec[]]>([
    ['other bytes', talk('other data', 'answer')],
    ['other bytes of the server', talk('first data', 'refuse')],
    ['another number of the server', talk('first data', 'answer', { s: 77_000 })],
    ['more bytes', talk('first data and more', 'answer')],
    ['fewer bytes', talk('first', 'answer')],
  ])('are another connection as soon as %s prove it, with all that came before', (_, again) => {
    const r = reassemble(...first, ...again);
    const data = (fromClient: boolean) =>
      again
        .filter((spec) => (spec.fromClient !== false) === fromClient)
        .map((spec) => spec.data ?? '')
        .join('');
    expect(texts(r)).toEqual([
      ['first data', 'answer'],
      [data(true), data(false)],
    ]);
    expect(r.streams.map(({ ab, ba }) => ab.packets + ba.packets)).toEqual([first.length, again.length]);
  });

  it('are another connection when much time has passed, even if all bytes are the same', () => {
    expect(texts(paused(first, 11, first)).length).toBe(2);
    expect(texts(paused(first, 2, first)).length).toBe(1);
  });

  it('are told apart from a copy that a third connection follows', () => {
    expect(texts(reassemble(...first, ...first, ...talk('third', '', { c: 500_000, s: 1 })))).toEqual([
      ['first data', 'answer'],
      ['third', ''],
    ]);
  });
});

describe('ports that are used again without a SYN in the capture', () => {
  it.each([false, true])('are another connection when both numbers are far off (ended by RST: %s)', (rst) => {
    const r = reassemble(...talk('first', 'answer', { rst }), ...talk('second', 'again', { c: 1_500_000_000, s: 77_000_000, syn: false }));
    expect(texts(r)).toEqual([
      ['first', 'answer'],
      ['second', 'again'],
    ]);
    expect(r.opened[1].info.client).toBe(r.opened[0].info.client);
  });

  it('are another connection when the one before was closed long ago', () => {
    const r = new Reassembler().segments(...talk('first', 'answer'));
    for (let i = 0; i <= PATIENCE_PACKETS; i++) r.segments({ seq: 1, clientPort: 7 });
    r.segments(...talk('second', 'again', { c: 1_500_000_000, s: 77_000_000, syn: false })).finish();
    expect(texts(r)[1]).toEqual(['second', 'again']);
  });

  it('stay one connection when only one of the numbers is wild', () => {
    const stray: SegmentSpec = { seq: 2_000_000_000, ack: S + 7, data: 'stray' };
    const r = reassemble(...talk('first', 'answer'), stray);
    expect(texts(r)).toEqual([['first', 'answer']]);
    expect(r.notes()).toEqual(['tcp.data-after-fin', 'tcp.stray-segment']);
  });
});

it('Copies of headers that the snap length cut, and packets with mutated bytes, never throw', () => {
  const frames = [...talk('from the client', 'and from the server'), ...talk('from the client', 'and from the server')].map(frame);
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ packet: fc.nat(frames.length - 1), at: fc.nat(80), value: fc.nat(255), keep: fc.integer({ min: 20, max: 90 }) }),
      ),
      (mutations) => {
        const changed: Frame[] = frames.map((f) => ({ ...f, bytes: f.bytes.slice() }));
        for (const m of mutations) {
          const { bytes, wireLength } = changed[m.packet];
          if (m.at < bytes.length) bytes[m.at] = m.value;
          changed[m.packet] = { bytes: bytes.slice(0, m.keep), wireLength };
        }
        const r = new Reassembler().feed(changed).finish();
        for (const recorder of r.opened) expect(recorder.ended).toEqual([true, true]);
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

describe('late packets of the connection before, on the same ports', () => {
  const first = talk('from the client', 'and from the server');
  const second = talk('another talk', 'another answer', { c: 700_000_000, s: 2_000_000_000 });

  it('take their place in it, while the next one has begun', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 64, maxLength: 64 }), fc.boolean(), fc.boolean(), (keys, rst, twice) => {
        const one = rst ? talk('from the client', 'and from the server', { rst }) : first;
        const mixed = [...one, ...second]
          .flatMap((spec) => (twice ? [spec, spec] : [spec]))
          .map((spec, i) => ({ spec, key: i + (keys[i % keys.length] % 8) }))
          .sort((a, b) => a.key - b.key)
          .map(({ spec }) => spec);
        const streams = texts(reassemble(...mixed));
        expect(streams.toSorted()).toEqual([
          ['another talk', 'another answer'],
          ['from the client', 'and from the server'],
        ]);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('are copies when both connections were captured a second time behind each other', () => {
    expect(texts(reassemble(...first, ...second, ...first, ...second))).toEqual([
      ['from the client', 'and from the server'],
      ['another talk', 'another answer'],
    ]);
  });

  it('are not mistaken for those of a server that always begins with the same number', () => {
    const again = talk('another talk', 'another answer', { c: 700_000_000 });
    expect(texts(reassemble(...first, ...again))[1]).toEqual(['another talk', 'another answer']);
    const [syn, , ...rest] = again;
    expect(texts(reassemble(...first, syn, ...rest))[1]).toEqual(['another talk', 'another answer']);
  });

  it('end the connection with the reason that it had', () => {
    const r = reassemble(...talk('cut', '').slice(0, 4), ...second);
    expect([r.opened[0].reason(0), r.opened[1].reason(0)]).toEqual(['reuse', 'fin']);
  });
});
