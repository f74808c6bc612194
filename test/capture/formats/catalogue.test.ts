import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { recordBytes } from '../../support/input-recorder.ts';
import * as formats from '../../support/stream-formats.ts';
import { anyTalk, GATEWAY_TALK, SEED, sideHex } from '../../support/talks.ts';

interface Case {
  readonly format: string;
  write(talk: formats.Talk): Uint8Array | string;
  /** What of the times survives. */
  readonly times: 'exact' | 'microseconds' | 'seconds' | 'none';
  /** Direction 0 of the reader is direction 0 of the talk; otherwise it is whichever the format puts first. */
  readonly swapped?: boolean;
  /** Direction 0 is that of the first segment. */
  readonly byFirst?: boolean;
}

const CASES: readonly Case[] = [
  { format: 'sslsplit -L', write: formats.sslsplitLog, times: 'seconds', byFirst: true },
  { format: 'socat -x', write: (talk) => formats.socatHex(talk), times: 'microseconds' },
  { format: 'socat -x', write: (talk) => formats.socatHex(talk, true), times: 'microseconds' },
  { format: 'follow raw', write: (talk) => formats.followRaw(talk), times: 'none' },
  { format: 'follow raw', write: (talk) => formats.followRaw(talk, { swapped: true, lineEnd: '\r\n' }), times: 'none', swapped: true },
  { format: 'follow hex', write: (talk) => formats.followHex(talk), times: 'none' },
  {
    format: 'follow hex',
    write: (talk) => formats.followHex(talk, { swapped: true, indent: '    ', lineEnd: '\r\n' }),
    times: 'none',
    swapped: true,
  },
  { format: 'hex dump', write: (talk) => formats.followHex(talk, { banner: false, indent: '    ' }), times: 'none' },
  { format: 'follow yaml', write: (talk) => formats.followYaml(talk), times: 'exact' },
  { format: 'follow yaml', write: (talk) => formats.followYaml(talk, { swapped: true, lineEnd: '\r\n' }), times: 'exact', swapped: true },
  { format: 'follow yaml', write: formats.followOldYaml, times: 'none' },
  { format: 'C arrays', write: formats.cArrays, times: 'none' },
  { format: 'mitmproxy flows', write: formats.mitmproxyFlow, times: 'exact' },
  {
    format: 'pcap, exported PDUs',
    write: (talk) =>
      formats.nanoPcap(
        252,
        talk.segments.map((s) => ({ bytes: formats.upperPdu(talk, s), sec: s.sec, nsec: s.nsec })),
      ),
    times: 'exact',
    byFirst: true,
  },
];

const bytesOf = (text: Uint8Array | string) => (typeof text === 'string' ? Buffer.from(text) : text);

/** The times that a reader should tell for a talk, as "sec.nsec" of each segment. */
function times(talk: formats.Talk, kept: Case['times']): string[] {
  return talk.segments.map(({ sec, nsec }) => {
    if (kept === 'none') return 'NaN.0';
    if (kept === 'seconds') return `${sec}.0`;
    return `${sec}.${kept === 'exact' ? nsec : nsec - (nsec % 1000)}`;
  });
}

async function check(c: Case, talk: formats.Talk): Promise<void> {
  const recorded = await recordBytes(bytesOf(c.write(talk)));
  expect(recorded.format).toBe(c.format);
  expect(recorded.streams).toHaveLength(1);
  const [stream] = recorded.streams;
  const zero = c.byFirst ? talk.segments[0].dir : c.swapped ? 1 : 0;
  expect(stream.hex(zero === 0 ? 0 : 1)).toBe(sideHex(talk, 0));
  expect(stream.hex(zero === 0 ? 1 : 0)).toBe(sideHex(talk, 1));
  expect(stream.ends.every((reason) => reason !== undefined)).toBe(true);
  expect(stream.info.timed).toBe(c.times !== 'none');
  if (c.times !== 'none') {
    // A run of segments in one direction may be cut elsewhere, but not by the formats with times.
    expect(stream.pieces.map(({ sec, nsec }) => `${sec}.${nsec}`)).toEqual(times(talk, c.times));
    expect(stream.pieces.map(({ dir }) => (zero === 0 ? dir : 1 - dir))).toEqual(talk.segments.map(({ dir }) => dir));
  }
}

describe('every decrypted-stream format', () => {
  for (const [i, c] of CASES.entries()) {
    it(`is recognised and gives the bytes, order and times of the conversation: ${c.format} (${i})`, async () => {
      await check(c, GATEWAY_TALK);
    });

    it(`gives back any conversation: ${c.format} (${i})`, async () => {
      await fc.assert(
        fc.asyncProperty(anyTalk, async (talk) => check(c, talk)),
        { seed: SEED, numRuns: 60 },
      );
    });

    it(`damaged in any way, neither hangs nor throws more than one sentence: ${c.format} (${i})`, async () => {
      const whole = bytesOf(c.write(GATEWAY_TALK));
      const damage = fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(damage, fc.nat({ max: whole.length }), fc.nat({ max: whole.length }), async (changes, cutAt, repeatFrom) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of changes) bytes[at] = value;
          const hostile = Buffer.concat([bytes.subarray(0, cutAt), bytes.subarray(repeatFrom)]);
          try {
            const recorded = await recordBytes(hostile);
            for (const stream of recorded.streams)
              for (const piece of stream.pieces) expect(piece.bytes?.length ?? 0).toBeLessThanOrEqual(hostile.length);
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
          }
        }),
        { seed: SEED, numRuns: 150 },
      );
    });
  }

  it('tells the three follow outputs of one session alike', async () => {
    const swapped = { swapped: true };
    const sessions = [
      formats.followRaw(GATEWAY_TALK, swapped),
      formats.followHex(GATEWAY_TALK, swapped),
      formats.followYaml(GATEWAY_TALK, swapped),
    ];
    const recorded = await Promise.all(sessions.map((text) => recordBytes(Buffer.from(text))));
    for (const { streams } of recorded) {
      expect(streams[0].hex(1)).toBe(sideHex(GATEWAY_TALK, 0));
      expect(streams[0].hex(0)).toBe(sideHex(GATEWAY_TALK, 1));
      expect(streams[0].info.rolesKnown).toBe(false);
    }
  });

  it('refuses a follow as ASCII, with the reason and the command for that very stream', async () => {
    const text = Buffer.from(formats.followAscii(GATEWAY_TALK));
    await expect(recordBytes(text, {}, 'session.txt')).rejects.toThrow(
      'session.txt is a followed stream as ascii text, in which every byte that cannot be printed was replaced by a dot: nothing can be decoded from it. Make one that keeps the bytes: tshark -r CAPTURE -q -z follow,tls,yaml,0',
    );
  });

  it('refuses a followed HTTP/2 stream, which tshark writes anew', async () => {
    const text = Buffer.from(formats.followRaw(GATEWAY_TALK, { protocol: 'http2' }));
    await expect(recordBytes(text)).rejects.toThrow(/written anew and not the bytes of the connection.*follow,tls,yaml,0/);
  });

  it('refuses what socat -v wrote', async () => {
    const text = formats.socatHex(GATEWAY_TALK).replace(/^ [0-9a-f ]+$/gm, '.... {"aps":{}}');
    await expect(recordBytes(Buffer.from(text), {}, 'log')).rejects.toThrow(/log is the output of socat -v.*Run socat with -x/);
  });

  it('takes bytes without any header when their content says what they are', async () => {
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    expect((await recordBytes(preface)).format).toBe('headerless stream');
    const frames = GATEWAY_TALK.segments[0].bytes;
    await expect(recordBytes(frames)).rejects.toThrow(/is not a capture/);
    const recorded = await recordBytes(frames, { guessDirection: () => 0 });
    expect(recorded.streams[0].hex(0)).toBe(Buffer.from(frames).toString('hex'));
    expect(recorded.streams[0].info).toMatchObject({ timed: false, rolesKnown: false });
  });
});
