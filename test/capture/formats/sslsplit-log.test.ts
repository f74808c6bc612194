import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { recordBytes } from '../../support/input-recorder.ts';
import { sslsplitLog } from '../../support/stream-formats.ts';
import { GATEWAY_TALK, sideHex } from '../../support/talks.ts';

const other = { ...GATEWAY_TALK, client: ['10.1.2.4', 6000] as const };

describe('the content log of sslsplit -L', () => {
  it('names both endpoints, says that the bytes were inside TLS, and leaves the roles to the content', async () => {
    const { streams } = await recordBytes(sslsplitLog(GATEWAY_TALK));
    expect(streams[0].info).toMatchObject({ client: '10.1.2.3:50123', server: '17.188.0.10:2195', rolesKnown: false, decrypted: true });
    expect(streams[0].ends).toEqual(['fin', 'fin']);
  });

  it('tells interleaved connections apart, and a second one of the same ports from the first', async () => {
    const { streams } = await recordBytes(
      Buffer.concat([sslsplitLog(GATEWAY_TALK, false), sslsplitLog(other), sslsplitLog(GATEWAY_TALK), sslsplitLog(GATEWAY_TALK)]),
    );
    expect(streams).toHaveLength(3);
    expect(streams[0].hex(0)).toBe(sideHex(GATEWAY_TALK, 0).repeat(2));
    expect(streams[2].hex(0)).toBe(sideHex(GATEWAY_TALK, 0));
    expect(streams[2].info.label).toBe('sslsplit -L, connection 3');
  });

  it('reads IPv6 endpoints', async () => {
    const { streams } = await recordBytes(Buffer.from('2026-11-21 18:12:10 UTC [2001:db8::1]:35860 -> [::1]:443 (2):\nab'));
    expect(streams[0].info).toMatchObject({ client: '[2001:db8::1]:35860', server: '[::1]:443' });
  });

  it('keeps what is there of a segment that the end of the file cuts', async () => {
    const whole = sslsplitLog(GATEWAY_TALK, false);
    const recorded = await recordBytes(whole.subarray(0, whole.length - 4));
    expect(recorded.streams[0].hex(1)).toBe('0808');
    expect(recorded.notes).toMatchObject([{ code: 'format.truncated', detail: '4 bytes of the last segment are missing' }]);
  });

  it('believes a length that goes beyond the file no further than the file goes', async () => {
    const recorded = await recordBytes(Buffer.from('2026-11-21 18:12:10 UTC [a]:1 -> [b]:2 (9007199254740991):\nab'));
    expect(recorded.streams[0].hex(0)).toBe('6162');
    expect(recorded.codes()).toEqual(['format.truncated']);
  });

  it('goes on at the next header after damage, and names the range that it left out', async () => {
    const [first, second] = [sslsplitLog(GATEWAY_TALK, false), sslsplitLog(other)];
    const recorded = await recordBytes(Buffer.concat([first, Buffer.from('disk full\nand more '), second]));
    expect(recorded.streams).toHaveLength(2);
    expect(recorded.streams[1].hex(1)).toBe(sideHex(other, 1));
    expect(recorded.notes).toMatchObject([{ code: 'format.unreadable', start: first.length, end: first.length + 19 }]);
  });

  it('reads a long file in slices', async () => {
    const big = {
      ...GATEWAY_TALK,
      segments: [{ ...GATEWAY_TALK.segments[0], bytes: new Uint8Array(5_000_000).fill(10) }, GATEWAY_TALK.segments[2]],
    };
    const { streams } = await recordBytes(sslsplitLog(big));
    expect(streams[0].hex(0)).toHaveLength(10_000_000);
    expect(streams[0].hex(1)).toBe('080800000002');
  });
});
