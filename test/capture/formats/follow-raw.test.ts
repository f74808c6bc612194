import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { recordBytes } from '../../support/input-recorder.ts';
import { followRaw } from '../../support/stream-formats.ts';
import { GATEWAY_TALK, sideHex } from '../../support/talks.ts';

const read = (text: string) => recordBytes(Buffer.from(text));

describe('a followed stream as raw hex lines', () => {
  it('keeps the segments apart and says that it has no times', async () => {
    const { streams } = await read(followRaw(GATEWAY_TALK));
    expect(streams[0].pieces.map((piece) => piece.bytes?.length)).toEqual(GATEWAY_TALK.segments.map(({ bytes }) => bytes.length));
    expect(streams[0].info).toMatchObject({ timed: false, ordered: true, label: 'follow tls, output 1' });
  });

  it('passes over the packet list that tshark prints without -q', async () => {
    const { streams } = await read(`    1 0.000000 127.0.0.1 → 127.0.0.1 TCP 74 00 11\n${followRaw(GATEWAY_TALK)}`);
    expect(streams).toHaveLength(1);
    expect(streams[0].hex(0)).toBe(sideHex(GATEWAY_TALK, 0));
  });

  it('does not say that a followed TCP stream was inside TLS', async () => {
    expect((await read(followRaw(GATEWAY_TALK, { protocol: 'tcp' }))).streams[0].info.decrypted).toBe(false);
  });

  it('shows what tshark prints for missing segments as a gap', async () => {
    const segments = ['ab', '[7 bytes missing in capture file]', 'c'].map((text) => ({
      ...GATEWAY_TALK.segments[0],
      bytes: Buffer.from(text),
    }));
    expect((await read(followRaw({ ...GATEWAY_TALK, segments }))).streams[0].hex(0)).toBe('6162<7>63');
  });

  it('keeps the bytes before a character that is not hex, and names the place', async () => {
    const text = followRaw(GATEWAY_TALK).replace('080800000002', '0808zz000002');
    const recorded = await read(text);
    expect(recorded.streams[0].hex(1)).toBe('0808');
    expect(recorded.notes).toMatchObject([{ code: 'format.unreadable', start: text.indexOf('zz'), detail: 'not hex' }]);
  });

  it('leaves out a line that is longer than any record, and reads on behind it', async () => {
    const text = followRaw(GATEWAY_TALK);
    const at = text.indexOf('\n', text.indexOf('Node 1')) + 1;
    const recorded = await read(`${text.slice(0, at)}${'00'.repeat(9 << 20)}\n${text.slice(at)}`);
    expect(recorded.codes()).toEqual(['format.overlong']);
    expect(recorded.streams[0].hex(1)).toBe('080800000002');
  });
});
