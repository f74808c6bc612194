import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import type { Dir } from '../../src/core/stream.ts';
import type { Talk } from './stream-formats.ts';

/** The seed of all property tests. */
export const SEED = 20261121;

const START = 1_795_284_777;

/** A gateway conversation: two pushes, the second refused. Times have digits in every place down to nanoseconds. */
export const GATEWAY_TALK: Talk = {
  client: ['10.1.2.3', 50_123],
  server: ['17.188.0.10', 2195],
  segments: [
    { dir: 0, bytes: push(1, 'hello'), sec: START, nsec: 292_458_057 },
    { dir: 0, bytes: push(2, 'second [5 bytes missing in capture file]\n'), sec: START, nsec: 595_091_820 },
    { dir: 1, bytes: Uint8Array.from([8, 8, 0, 0, 0, 2]), sec: START + 1, nsec: 1 },
  ],
};

/** An enhanced notification (command 1) to a made-up token. */
function push(id: number, alert: string): Uint8Array {
  const payload = Buffer.from(JSON.stringify({ aps: { alert } }));
  const head = Buffer.alloc(45, 0xaa);
  head.writeUInt8(1, 0);
  head.writeUInt32BE(id, 1);
  head.writeUInt32BE(START + 3600, 5);
  head.writeUInt16BE(32, 9);
  head.writeUInt16BE(payload.length, 43);
  return Buffer.concat([head, payload]);
}

/** Any connection: bytes of any value, empty segments left out, times that go on, microseconds exact. */
export const anyTalk: fc.Arbitrary<Talk> = fc
  .record({
    client: fc.tuple(fc.ipV4(), fc.integer({ min: 1024, max: 65_535 })),
    server: fc.tuple(fc.constant('17.0.0.1'), fc.constantFrom(443, 2195, 5223)),
    segments: fc.array(
      fc.record({
        dir: fc.constantFrom<Dir>(0, 1),
        bytes: fc.oneof(
          fc.uint8Array({ minLength: 1, maxLength: 80 }),
          // Text of the formats themselves, which no reader may take for its own marks.
          fc
            .constantFrom(
              '\n',
              '\n> 2026/11/21 18:12:06.000775927  length=97 from=0 to=96\n',
              '====================\n',
              '};',
              '2:ab,',
              '--\n',
              '\n    data: !!binary |\n',
            )
            .map((s) => Uint8Array.from(Buffer.from(s))),
        ),
        step: fc.integer({ min: 0, max: 5_000_000 }),
      }),
      { minLength: 1, maxLength: 12 },
    ),
  })
  .map(({ client, server, segments }) => {
    let micros = 0;
    return {
      client,
      server,
      segments: segments.map(({ dir, bytes, step }) => {
        micros += step;
        return { dir, bytes, sec: START + Math.floor(micros / 1_000_000), nsec: (micros % 1_000_000) * 1000 };
      }),
    };
  });

/** All bytes of a side, as hex. */
export function sideHex(talk: Talk, dir: Dir): string {
  return talk.segments
    .filter((segment) => segment.dir === dir)
    .map((segment) => Buffer.from(segment.bytes).toString('hex'))
    .join('');
}
