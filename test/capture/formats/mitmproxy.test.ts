import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { recordBytes } from '../../support/input-recorder.ts';
import { mitmproxyFlow, mitmproxyOther, tnet, tnetDict } from '../../support/stream-formats.ts';
import { GATEWAY_TALK, sideHex } from '../../support/talks.ts';

const second = {
  ...GATEWAY_TALK,
  client: ['2001:db8::7', 6000] as const,
  segments: GATEWAY_TALK.segments.map((s) => ({ ...s, nsec: s.nsec + 1000 })),
};

describe('flow files of mitmproxy', () => {
  it('knows client and server, whoever speaks first', async () => {
    const talk = { ...GATEWAY_TALK, segments: GATEWAY_TALK.segments.toReversed() };
    const { streams } = await recordBytes(mitmproxyFlow(talk));
    expect(streams[0].info).toMatchObject({ client: '10.1.2.3:50123', server: '17.188.0.10:2195', rolesKnown: true, decrypted: true });
    expect(streams[0].hex(1)).toBe(sideHex(talk, 1));
  });

  it('hands flows that overlap in time over in the order of their times', async () => {
    const { streams } = await recordBytes(Buffer.concat([mitmproxyFlow(second), mitmproxyFlow(GATEWAY_TALK)]));
    const inOrder = streams.flatMap((stream) => stream.pieces).sort((a, b) => a.order - b.order);
    expect(inOrder.map(({ sec, nsec }) => (sec - 1_795_284_777) * 1e9 + nsec)).toEqual([
      292_458_057,
      292_459_057,
      595_091_820,
      595_092_820,
      1e9 + 1,
      1e9 + 1001,
    ]);
    expect(streams.map((stream) => stream.info.client)).toEqual(['[2001:db8::7]:6000', '10.1.2.3:50123']);
    expect(streams[1].hex(0)).toBe(sideHex(GATEWAY_TALK, 0));
  });

  it('counts flows that hold requests instead of bytes, and reads the others', async () => {
    const recorded = await recordBytes(
      Buffer.concat([mitmproxyOther('http'), mitmproxyFlow(GATEWAY_TALK), mitmproxyOther('http'), mitmproxyOther('dns')]),
    );
    expect(recorded.streams).toHaveLength(1);
    expect(recorded.notes.map((note) => [note.code, note.detail])).toEqual([
      ['format.no-frames', '2 http flows'],
      ['format.no-frames', '1 dns flow'],
    ]);
  });

  it('reads the flows before one that the end of the file cuts', async () => {
    const whole = mitmproxyFlow(GATEWAY_TALK);
    const recorded = await recordBytes(Buffer.concat([whole, whole.subarray(0, whole.length - 1)]));
    expect(recorded.streams).toHaveLength(1);
    expect(recorded.notes).toMatchObject([{ code: 'format.truncated', start: whole.length }]);
  });

  it('says what it could not read of a list of messages, and takes the rest', async () => {
    const good = tnet(Buffer.concat([tnet('true', '!'), tnet('ab', ','), tnet('1.5', '^')]), ']');
    const bad = tnet(Buffer.concat([tnet('7', '#'), tnet('ab', ',')]), ']');
    const flow = tnetDict({
      type: tnet('tcp', ';'),
      version: tnet('21', '#'),
      messages: tnet(Buffer.concat([good, bad, good, Buffer.from('9:x')]), ']'),
    });
    const recorded = await recordBytes(flow);
    expect(recorded.streams[0].hex(0)).toBe('61626162');
    expect(recorded.codes()).toEqual(['format.unreadable', 'format.unreadable']);
  });
});
