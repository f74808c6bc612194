import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHttp2, decodeWhole } from '../../../src/codec/http2/decode.ts';
import { writeFrame } from '../../../src/codec/http2/frames.ts';
import { Http2Framing } from '../../../src/codec/http2/framing.ts';
import { glanceHttp2 } from '../../../src/codec/http2/glance.ts';
import { type Header, HpackEncoder } from '../../../src/codec/http2/hpack-encoder.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import { Cells } from '../../../src/core/dialect.ts';
import { Glance } from '../../../src/core/glance.ts';
import type { Message } from '../../../src/core/message.ts';
import type { Note } from '../../../src/core/note.ts';
import { C2S, type Dir, S2C } from '../../../src/core/stream.ts';
import { FLAG, FRAME } from '../../../src/schema/http2.ts';

const TOKEN = 'c0ffee00'.repeat(8);
const ID = '123e4567-e89b-12d3-a456-42665544000a';
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const NO_NAMES = { name: () => undefined };

/** A message as lists make it, the whole, and what a list row shows without making it. */
interface Readings {
  readonly quick: Message;
  readonly whole: Message;
  readonly bytes: Uint8Array;
  readonly glance: Glance | undefined;
}

/** A connection whose rows are decoded in both ways as they come. */
class Talk {
  private readonly framing = new Http2Framing();
  private readonly encoders = [new HpackEncoder(), new HpackEncoder()];
  private stream = -1;

  constructor() {
    this.frames(C2S, [utf8('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), writeFrame(FRAME.settings, 0, 0, new Uint8Array(0))]);
    this.frames(S2C, [writeFrame(FRAME.settings, 0, 0, new Uint8Array(0))]);
  }

  /** Both readings of a message: as lists make it, and the whole. */
  say(dir: Dir, headers: readonly Header[], body: string | undefined, flip?: number): Readings {
    if (dir === C2S) this.stream += 2;
    const block = this.encoders[dir].encode(headers);
    if (flip !== undefined && block.length > 0) block[flip % block.length] ^= 1 << (flip & 7);
    const ends = body === undefined ? FLAG.endStream : 0;
    const parts = [writeFrame(FRAME.headers, FLAG.endHeaders | ends, this.stream, block)];
    if (body !== undefined) parts.push(writeFrame(FRAME.data, FLAG.endStream, this.stream, utf8(body)));
    const aux = this.frames(dir, parts);
    const bytes = concatBytes(parts);
    const quick = decodeHttp2(bytes, dir, aux);
    const glance = new Glance();
    const glanced = glanceHttp2(bytes, dir, aux, NO_NAMES, glance);
    return { quick, whole: decodeWhole(bytes, dir, aux), bytes, glance: glanced ? glance : undefined };
  }

  private frames(dir: Dir, parts: readonly Uint8Array[]): Uint8Array | undefined {
    const cells = new Cells();
    for (const part of parts) {
      cells.clear();
      this.framing.index(dir, part, 0, part.length, cells);
    }
    return cells.aux?.slice();
  }
}

function sameGlance({ quick, bytes, glance }: Readings): void {
  if (glance === undefined) return;
  const { label, info, tokenFrom, tokenStart, tokenEnd, contents } = glance;
  const words = (notes: readonly Note[]) => notes.map(({ code, severity, detail }) => [code, severity, detail]);
  expect(words(glance.notes)).toEqual(words(quick.notes));
  expect(label).toBe(quick.label);
  expect(Buffer.from(info.view()).toString()).toBe(quick.info);
  if (tokenEnd > tokenStart) {
    const token = quick.fields.find((f) => f.name === 'token')?.value;
    expect(Buffer.from(tokenFrom.subarray(tokenStart, tokenEnd)).toString('hex')).toBe(
      token instanceof Uint8Array ? Buffer.from(token).toString('hex') : token,
    );
  }
  const ranges = Array.from({ length: contents }, (_, i) => bytes.slice(glance.contentStarts[i], glance.contentEnds[i]));
  expect(ranges).toEqual((quick.contents ?? []).map((content) => content.bytes));
}

function same(readings: Readings): void {
  sameGlance(readings);
  const { quick, whole } = readings;
  const { command, label, type, dir, info, notes, fields } = quick;
  expect({ command, label, type, dir, info, notes }).toEqual({
    command: whole.command,
    label: whole.label,
    type: whole.type,
    dir: whole.dir,
    info: whole.info,
    notes: whole.notes,
  });
  expect(fields.map(({ name, text }) => [name, text])).toEqual(whole.fields.map(({ name, text }) => [name, text]));
  expect(quick.contents ?? []).toEqual(whole.contents ?? []);
}

const request = (extra: readonly Header[] = [], path = `/3/device/${TOKEN}`): Header[] => [
  { name: ':method', value: 'POST' },
  { name: ':scheme', value: 'https' },
  { name: ':authority', value: 'api.push.apple.com' },
  { name: ':path', value: path },
  { name: 'apns-topic', value: 'com.example.app' },
  { name: 'apns-push-type', value: 'alert' },
  ...extra,
];

const hex = fc.stringMatching(/^([0-9a-f]{2}){1,40}$/);
const path = fc.oneof({ weight: 4, arbitrary: hex.map((t) => `/3/device/${t}`) }, fc.string());
const header = fc.oneof(
  fc.record({ name: fc.constant('apns-id'), value: fc.oneof(fc.uuid(), fc.string()) }),
  fc.record({
    name: fc.constant('apns-expiration'),
    value: fc.oneof(fc.nat().map(String), fc.constantFrom('0', '-1', '1700000000000', '')),
  }),
  fc.record({ name: fc.constant('apns-priority'), value: fc.constantFrom('10', '5', '1', '7') }),
  fc.record({ name: fc.constant('apns-collapse-id'), value: fc.string({ maxLength: 80 }) }),
  fc.record({ name: fc.constant('content-length'), value: fc.constantFrom('0', '2', '8', 'x') }),
  fc.record({ name: fc.constantFrom('x-own', 'X-Own', 'te', 'connection', ':status'), value: fc.constantFrom('a', 'b') }),
);
const response = fc.oneof(
  fc.record({ name: fc.constantFrom('apns-id', 'apns-unique-id'), value: fc.oneof(fc.uuid(), fc.string()) }),
  fc.record({ name: fc.constant('date'), value: fc.string() }),
);

describe('the short way to what a list needs of a plain message', () => {
  it('is taken from the second message with the same headers in the same form on, and gives token and body', () => {
    const talk = new Talk();
    const say = (token: string, body: string) =>
      talk.say(
        C2S,
        request(
          [
            { name: 'apns-id', value: ID },
            { name: 'apns-expiration', value: '1700000000' },
          ],
          `/3/device/${token}`,
        ),
        body,
      ).quick;
    // The first has its headers as literals, the second as references.
    say(TOKEN, '{}');
    expect(say(TOKEN, '{}').token).toBeUndefined();
    const third = say(`${'00'.repeat(31)}ff`, '{"aps":{"badge":1}}');
    expect(third.token).toEqual(Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? 255 : 0)));
    expect(third.info).toBe('com.example.app, alert, expires 2023-11-14T22:13:20Z, 19 bytes');
    expect(third.fields.find((f) => f.name === 'payload')?.text).toBe('19 bytes');
  });

  it('says the same as the whole decoder, for sound and for faulty headers', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({
              dir: fc.constant<Dir>(C2S),
              headers: fc.tuple(fc.array(header, { maxLength: 3 }), path).map(([extra, p]) => request(extra, p)),
              body: fc.constantFrom(undefined, '', '{"aps":{}}', '{}', 'x'.repeat(4097)),
            }),
            fc.record({
              dir: fc.constant<Dir>(S2C),
              headers: fc
                .tuple(fc.constantFrom('200', '400', '1'), fc.array(response, { maxLength: 2 }))
                .map(([status, extra]) => [{ name: ':status', value: status }, ...extra]),
              body: fc.constantFrom(undefined, undefined, '', '{"reason":"BadPath"}', '{"reason":"BadPath"}', '{"reason":"New"}'),
            }),
          ),
          { minLength: 1, maxLength: 12 },
        ),
        fc.option(fc.nat({ max: 4000 }), { nil: undefined, freq: 4 }),
        (messages, flip) => {
          const talk = new Talk();
          messages.forEach(({ dir, headers, body }, i) => {
            same(talk.say(dir, headers, body, i === messages.length - 1 ? flip : undefined));
          });
        },
      ),
      { seed: 20261121, numRuns: 400 },
    );
  });

  it('stays the same when more kinds of headers were seen than are kept', () => {
    const talk = new Talk();
    for (let i = 0; i < 2500; i++) talk.say(C2S, request([{ name: 'x-own', value: `v${i}` }]), '{}');
    same(talk.say(C2S, request(), '{}'));
    const again = talk.say(C2S, request(), '{"aps":{}}');
    same(again);
    expect(again.glance).toBeDefined();
  });
});
