import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { recordBytes } from '../../support/input-recorder.ts';
import { followHex } from '../../support/stream-formats.ts';
import { GATEWAY_TALK, sideHex } from '../../support/talks.ts';

const read = (text: string) => recordBytes(Buffer.from(text));

describe('a followed stream as hex dump', () => {
  it('never takes the ASCII column for bytes', async () => {
    const { streams } = await read('00000000  61 62 20 63 64                                    ab cd\n');
    expect(streams[0].hex(0)).toBe('6162206364');
    expect((await read('00000000  61 62                                             ab 00 11\n')).streams[0].hex(0)).toBe('6162');
  });

  it('reads several outputs in one file as several connections', async () => {
    const { streams } = await read(followHex(GATEWAY_TALK) + followHex(GATEWAY_TALK));
    expect(streams.map((stream) => stream.hex(0))).toEqual([sideHex(GATEWAY_TALK, 0), sideHex(GATEWAY_TALK, 0)]);
    expect(streams[0].info).toMatchObject({ client: '10.1.2.3:50123', server: '17.188.0.10:2195', rolesKnown: false, decrypted: true });
  });

  it('reads what hexdump -C prints, with its closing offset', async () => {
    const recorded = await read(
      '00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n00000010  0a                                                |.|\n00000011\n',
    );
    expect(recorded.streams[0].hex(0)).toBe('303132333435363738396162636465660a');
    expect(recorded.notes).toEqual([]);
  });

  it('shows what tshark prints for missing segments as a gap', async () => {
    const marker = '[1448 bytes missing in capture file]';
    const segments = [marker, 'x'.repeat(16), marker].map((text) => ({ ...GATEWAY_TALK.segments[0], bytes: Buffer.from(text) }));
    expect((await read(followHex({ ...GATEWAY_TALK, segments }))).streams[0].hex(0)).toBe(`<1448>${'78'.repeat(16)}<1448>`);
  });

  it('makes a gap where a line is missing and says where', async () => {
    const lines = followHex(GATEWAY_TALK).split('\n');
    const at = lines.findIndex((line) => line.startsWith('00000010'));
    const recorded = await read(lines.toSpliced(at, 1).join('\n'));
    expect(recorded.streams[0].hex(0)).toMatch(/^[0-9a-f]{32}<16>/);
    expect(recorded.notes).toMatchObject([{ code: 'format.offset-jump', detail: '16 bytes' }]);
  });

  it('says when the closing line is missing', async () => {
    const text = followHex(GATEWAY_TALK);
    const recorded = await read(text.slice(0, -60));
    expect(recorded.codes()).toContain('format.truncated');
    expect(recorded.streams[0].hex(1)).toBe('080800000002');
  });
});
