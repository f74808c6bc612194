import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeFrame } from '../../src/codec/http2/frames.ts';
import { Http2Framing } from '../../src/codec/http2/framing.ts';
import { type Header, HpackEncoder } from '../../src/codec/http2/hpack-encoder.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import { Cells } from '../../src/core/dialect.ts';
import { C2S, type Dir, S2C } from '../../src/core/stream.ts';
import { TextBytes } from '../../src/core/text-bytes.ts';
import { Http2Jsonl } from '../../src/export/http2-jsonl.ts';
import { jsonRecord } from '../../src/export/record.ts';
import { FLAG, FRAME } from '../../src/schema/http2.ts';
import { makeDecoders } from '../../src/timeline/decoders.ts';
import { Rows } from '../../src/timeline/rows.ts';
import { Timeline } from '../../src/timeline/timeline.ts';

interface Said {
  readonly dir: Dir;
  readonly headers: readonly Header[];
  readonly body: string | undefined;
  readonly dataFrames?: number;
}

/** A timeline of one HTTP/2 connection with these messages, one row each. */
function timelineOf(messages: readonly Said[]): Timeline {
  let all: Uint8Array = new Uint8Array(0);
  const keep = (bytes: Uint8Array): number => {
    all = concatBytes([all, bytes]);
    return all.length - bytes.length;
  };
  const rows = new Rows({ packet: 7, sec: 1_795_284_000, nsec: 12_345_678 }, { append: keep });
  const framing = new Http2Framing();
  const encoders = [new HpackEncoder(), new HpackEncoder()];
  const cells = new Cells();
  const say = (dir: Dir, frames: readonly Uint8Array[]): void => {
    for (const frame of frames) {
      cells.clear();
      framing.index(dir, frame, 0, frame.length, cells);
    }
    const bytes = concatBytes(frames);
    const address = keep(bytes);
    rows.append(0, dir, cells, frames.at(-1) as Uint8Array, bytes.length, { address, count: 0, addresses: [], lengths: [] });
  };
  say(C2S, [new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')]);
  say(C2S, [writeFrame(FRAME.settings, 0, 0, new Uint8Array(0))]);
  let stream = -1;
  for (const { dir, headers, body, dataFrames = 1 } of messages) {
    if (dir === C2S) stream += 2;
    const block = encoders[dir].encode(headers);
    const ends = body === undefined ? FLAG.endStream : 0;
    const frames = [writeFrame(FRAME.headers, FLAG.endHeaders | ends, Math.max(1, stream), block)];
    for (let i = 1; body !== undefined && i <= dataFrames; i++) {
      const last = i === dataFrames;
      const data = i === 1 ? new TextEncoder().encode(body) : new Uint8Array(0);
      frames.push(writeFrame(FRAME.data, last ? FLAG.endStream : 0, Math.max(1, stream), data));
    }
    say(dir, frames);
  }
  const facts = { stream: 0, rolesKnown: true, swapped: false, dialect: 5, alpn: undefined, tls: false };
  const endpoints = { a: '10.0.0.1:5000', b: '[2001:db8::1]:443', process: undefined };
  const store = { read: (address: number, length: number): Uint8Array => all.subarray(address, address + length) };
  return new Timeline(
    rows,
    store,
    [{ facts, endpoints, info: undefined, timed: true, tls: undefined }],
    makeDecoders({ expandPayloads: true }),
  );
}

/** Records that were written the short way, each compared with the one that `jsonRecord` makes. */
function compare(timeline: Timeline): number {
  const out = new TextBytes(16);
  const options = { showSecrets: false };
  const writer = new Http2Jsonl(timeline, out, options);
  let n = 0;
  for (let row = 0; row < timeline.length; row++) {
    out.length = 0;
    const done = writer.write(row);
    const text = Buffer.from(out.view()).toString();
    // The decoder learns of kinds from the messages that are left to it.
    const record = `${jsonRecord(timeline, row, options)}\n`;
    expect(text).toBe(done ? record : '');
    if (done) n++;
  }
  return n;
}

const token = fc.stringMatching(/^([0-9a-fA-F]{2}){32}$/);
const extra: fc.Arbitrary<Header> = fc.oneof(
  fc.record({ name: fc.constantFrom('apns-id', 'apns-request-id'), value: fc.uuid() }),
  fc.record({ name: fc.constant('apns-expiration'), value: fc.constantFrom('0', '1700000000', '17000000001', 'x') }),
  fc.record({ name: fc.constant('apns-collapse-id'), value: fc.constantFrom('one', 'two "2"', 'back\\slash') }),
  fc.record({ name: fc.constant('apns-priority'), value: fc.constantFrom('5', '10') }),
  fc.record({ name: fc.constant('authorization'), value: fc.constantFrom('bearer e30.e30.AAAA', 'basic x') }),
);
const request: fc.Arbitrary<Said> = fc.record({
  dir: fc.constant<Dir>(C2S),
  headers: fc
    .tuple(fc.uniqueArray(extra, { maxLength: 2, selector: (h) => h.name }), token)
    .map(([more, t]) => [
      { name: ':method', value: 'POST' },
      { name: ':scheme', value: 'https' },
      { name: ':path', value: `/3/device/${t}` },
      { name: 'apns-topic', value: 'com.example.app' },
      { name: 'apns-push-type', value: 'alert' },
      ...more,
    ]),
  body: fc.constantFrom(undefined, '', '{"aps":{"badge":1}}', '{"aps":{"alert":"Grüße"}}', '{"a":1,"a":2}', '{ "aps":{}}', '[1]', 'text'),
  dataFrames: fc.integer({ min: 1, max: 3 }),
});
const response: fc.Arbitrary<Said> = fc.record({
  dir: fc.constant<Dir>(S2C),
  headers: fc
    .tuple(fc.constantFrom('200', '400'), fc.uuid(), fc.boolean())
    .map(([status, id, unique]) => [
      { name: ':status', value: status },
      { name: 'apns-id', value: id },
      ...(unique ? [{ name: 'apns-unique-id', value: id }] : []),
    ]),
  body: fc.constantFrom(undefined, undefined, '{"reason":"BadDeviceToken"}', '{"reason":"BadDeviceToken"}', '{"reason":"New"}'),
});

describe('JSON records of HTTP/2 messages that differ little from those before', () => {
  it('are exactly those that are made from the fields', () => {
    let written = 0;
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: request }, response), { minLength: 20, maxLength: 60 }), (messages) => {
        written += compare(timelineOf(messages));
      }),
      { seed: 20261121, numRuns: 120 },
    );
    expect(written).toBeGreaterThan(100);
  });

  it('are written without fields from the fourth message of a kind on', () => {
    const push = (n: number): Said => ({
      dir: C2S,
      headers: [
        { name: ':method', value: 'POST' },
        { name: ':scheme', value: 'https' },
        { name: ':authority', value: 'api.push.apple.com' },
        { name: ':path', value: `/3/device/${String(n).padStart(64, '0')}` },
        { name: 'apns-topic', value: 'com.example.app' },
        { name: 'apns-push-type', value: 'alert' },
      ],
      body: `{"aps":{"badge":${n}}}`,
    });
    expect(compare(timelineOf(Array.from({ length: 12 }, (_, n) => push(n))))).toBeGreaterThanOrEqual(8);
  });
});
