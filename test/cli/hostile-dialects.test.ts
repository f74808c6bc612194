import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFrame } from '../../src/codec/http2/frames.ts';
import { tlv } from '../../src/codec/tlv.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import { Conversation, pcapFile } from '../support/conversation.ts';
import { H2Writer, pushHeaders } from '../support/http2-writer.ts';
import { Program } from '../support/run.ts';

/*
 * Messages made to be expensive, through the whole program: each is told in a line of ordinary length with a note that says what
 * is wrong, and the output stays in proportion.
 */

const START = 1_795_284_000n * 1_000_000_000n;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function http2(fill: (talk: Conversation, writer: H2Writer) => void): Conversation {
  const talk = new Conversation('10.0.0.2:50000', '17.188.0.1:443', START).open();
  const writer = new H2Writer();
  talk.send(0, utf8('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), writer.settings());
  talk.send(1, new H2Writer().settings());
  fill(talk, writer);
  return talk;
}

/** A header block over as many frames as it takes. */
function block(talk: Conversation, stream: number, bytes: readonly number[]): void {
  const size = 16_000;
  for (let at = 0; at < bytes.length; at += size) {
    const last = at + size >= bytes.length;
    talk.send(0, writeFrame(at === 0 ? 1 : 9, (last ? 4 : 0) | (at === 0 ? 1 : 0), stream, Uint8Array.from(bytes.slice(at, at + size))));
  }
}

/** An integer with a prefix, as HPACK and the packed encoding write it. */
function prefixed(high: number, mask: number, value: number): number[] {
  if (value < mask) return [high | value];
  const out = [high | mask];
  for (value -= mask; value >= 0x80; value = Math.floor(value / 0x80)) out.push((value & 0x7f) | 0x80);
  return [...out, value];
}

function courier(...payloads: readonly Uint8Array[]): Conversation {
  const talk = new Conversation('10.0.0.2:50000', '17.57.1.1:5223', START).open();
  talk.send(0, tlv.encode('connect', { token: new Uint8Array(32), state: 1 }, 0));
  for (const payload of payloads)
    talk.send(1, tlv.encode('message', { token: new Uint8Array(32), topic: new Uint8Array(20), payload, id: 1 }, 1));
  return talk;
}

function packed(...frames: readonly (readonly number[])[]): Conversation {
  const talk = new Conversation('10.0.0.2:50000', '17.57.1.1:5223', START).open();
  talk.send(0, Uint8Array.from([0x07, 0x24, 0x41, 0x20, ...new Array<number>(32).fill(7), 0x02, 0x81]));
  talk.send(1, Uint8Array.from([0x08, 0x24, 0x01, 0x80, 0x43, 0x20, ...new Array<number>(32).fill(7)]));
  for (const frame of frames) talk.send(1, Uint8Array.from([0x0a, ...prefixed(0, 0xff, frame.length), ...frame]));
  return talk;
}

/** A binary property list of these objects; all offsets and references are single bytes. */
function plist(objects: readonly (readonly number[])[], declared: number = objects.length): Uint8Array {
  const out = [...utf8('bplist00')];
  const offsets = objects.map((object) => {
    const at = out.length;
    out.push(...object);
    return at;
  });
  const trailer = new DataView(new ArrayBuffer(32));
  trailer.setUint8(6, 1);
  trailer.setUint8(7, 1);
  trailer.setBigUint64(8, BigInt(declared));
  trailer.setBigUint64(24, BigInt(out.length));
  return Uint8Array.from([...out, ...offsets, ...new Uint8Array(trailer.buffer)]);
}

const many = (n: number, ...bytes: number[]): number[] => new Array<number[]>(n).fill(bytes).flat();
const stored = [0x43, ...prefixed(0, 0x3f, 3900), ...many(3900, 0x41)];

const CASES: readonly (readonly [name: string, talk: () => Conversation, note: RegExp])[] = [
  ['a table of 128 MB', () => http2((t) => block(t, 1, [...prefixed(0x20, 0x1f, 2 ** 27), 0x82])), /http2\.header-table-size/],
  ['five thousand table sizes', () => http2((t) => block(t, 1, many(5000, 0x20))), /pseudo-header/],
  ['an HPACK integer without end', () => http2((t) => block(t, 1, [0x3f, ...many(64, 0xff), 0])), /http2\.header-block-broken/],
  [
    'a Huffman string of end-of-string symbols',
    () => http2((t) => block(t, 1, [0x40, 1, 0x61, 0x84, ...many(4, 0xff)])),
    /http2\.header-huffman/,
  ],
  [
    'references to a header of 4 KB, 200,000 times',
    () =>
      http2((t) => {
        block(t, 1, [0x40, 1, 0x78, ...prefixed(0, 0x7f, 4000), ...many(4000, 0x61)]);
        block(t, 3, many(200_000, 0xbe));
      }),
    /http2\.header-list-large/,
  ],
  ['references to nothing, 15,000 times', () => http2((t) => block(t, 1, many(15_000, 0xbe))), /http2\.header-index: 512 headers/],
  [
    'CONTINUATION that never ends',
    () =>
      http2((t) => {
        t.send(0, writeFrame(1, 1, 1, Uint8Array.of(0x82)));
        for (let i = 0; i < 20; i++) t.send(0, concatBytes(Array.from({ length: 50 }, () => writeFrame(9, 0, 1, new Uint8Array(0)))));
        for (let i = 0; i < 400; i++) t.send(0, writeFrame(9, 0, 1, new Uint8Array(0)));
      }),
    /http2\.header-block-long/,
  ],
  [
    'four thousand open streams up to 2^31',
    () =>
      http2((t, w) => {
        for (let i = 0; i < 84; i++)
          t.send(0, concatBytes(Array.from({ length: 50 }, (_, k) => w.headers(0x7fffffff - 2 * (50 * i + k), pushHeaders()))));
      }),
    /truncated|incomplete/,
  ],
  ['packed arrays in arrays, 20,000 deep', () => packed([3, ...many(20_000, 0xd1)]), /packed\.depth/],
  ['a packed dictionary of 2^31 entries', () => packed([3, 0xcf, 0xff, 0xff, 0xff, 0xff, 0x07]), /packed\.(container-too-large|truncated)/],
  [
    'packed references to a value of 4 KB, 20,000 times in each of four frames',
    () => packed(stored, ...Array.from({ length: 4 }, () => many(20_000, 0x83, 0))),
    /packed\.references-cut/,
  ],
  ['a property list that holds itself', () => courier(plist([[0xa1, 0]])), /payload\.plist-loop/],
  [
    'a property list of lists that all hold the next one 14 times',
    () => courier(plist([...Array.from({ length: 30 }, (_, i) => [0xae, ...many(14, i + 1)]), [0x08]])),
    /payload\.(too-many-values|depth|plist)/,
  ],
  ['a property list of 2^52 objects', () => courier(plist([[0x08]], 2 ** 52)), /payload\.plist-invalid/],
  ['a property list with an array of 2^64 - 1', () => courier(plist([[0xaf, 0x13, ...many(8, 0xff)]])), /payload\.plist-invalid/],
  ['JSON 60,000 arrays deep', () => courier(utf8('['.repeat(60_000))), /payload\.|\[\[\[/],
  ['JSON 30,000 arrays deep and closed', () => courier(utf8('['.repeat(30_000) + ']'.repeat(30_000))), /payload\./],
  ['gzip of 60 MB of zeros', () => courier(gzipSync(new Uint8Array(60 * 1024 * 1024))), /Message .* 6\d{4} /],
];

describe('messages made to be expensive', () => {
  const program = new Program();
  const dir = mkdtempSync(join(tmpdir(), 'hostile-dialects-'));
  beforeAll(() => program.build(), 60_000);
  afterAll(() => {
    program.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each(CASES)(
    'such as %s are told in few words',
    async (name, talk, expected) => {
      const path = join(dir, `${name.replace(/\W+/g, '-')}.pcap`);
      const bytes = pcapFile(talk().packets);
      writeFileSync(path, bytes);
      const list = await program.run(['list', path]);
      expect([list.code, list.err]).toEqual([0, '']);
      expect(list.out).toMatch(expected);
      for (const line of list.out.split('\n')) expect(line.length).toBeLessThan(2000);
      const jsonl = await program.run(['list', '--format', 'jsonl', path]);
      expect([jsonl.code, jsonl.err]).toEqual([0, '']);
      // A frame's references may stand for some 100 KB each, a line of JSON for a message takes a few hundred bytes.
      expect(jsonl.out.length).toBeLessThan(5_000_000);
      const show = await program.run(['show', path, '2-4']);
      expect(show.code).toBeLessThan(2);
    },
    180_000,
  );
});
