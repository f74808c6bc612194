import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { recordBytes } from '../../support/input-recorder.ts';
import { socatHex } from '../../support/stream-formats.ts';
import { GATEWAY_TALK, sideHex } from '../../support/talks.ts';

const text = socatHex(GATEWAY_TALK);
const read = (log: string) => recordBytes(Buffer.from(log));

describe('the log of socat -x', () => {
  it('takes a nine-digit fraction for the microseconds that socat 1.7 prints', async () => {
    const { streams } = await read('> 2026/11/21 18:12:06.000775927  length=2 from=0 to=1\n 00 ff\n');
    expect(streams[0].pieces).toMatchObject([{ sec: 1_795_284_726, nsec: 775_927_000 }]);
  });

  it('takes a nine-digit fraction that can be no microseconds for nanoseconds, and six digits for microseconds', async () => {
    const { streams } = await read(
      '> 2026/11/21 18:12:06.775927001  length=1 from=0 to=0\n 00\n< 2026/11/21 18:12:06.775928  length=1 from=0 to=0\n 01\n',
    );
    expect(streams[0].pieces.map((piece) => piece.nsec)).toEqual([775_927_001, 775_928_000]);
  });

  it('says that its times name no zone', async () => {
    expect((await read(text)).codes()).toEqual(['format.local-time']);
  });

  it('leaves out log lines before and between the blocks', async () => {
    const log = '2026/11/21 18:12:07 socat[1] N listening\n';
    const { streams } = await read(log + text.replaceAll('\n> ', `\n${log}> `) + log);
    expect(streams[0].hex(0)).toBe(sideHex(GATEWAY_TALK, 0));
  });

  it('begins another connection where the offsets begin again', async () => {
    const { streams } = await read(text + text);
    expect(streams.map((stream) => stream.hex(1))).toEqual(['080800000002', '080800000002']);
    expect(streams[1].info.label).toBe('socat -x, connection 2');
  });

  it('makes a gap where the offsets leave bytes out', async () => {
    const recorded = await read(
      '> 2026/11/21 18:12:06.000000  length=1 from=0 to=0\n 00\n> 2026/11/21 18:12:07.000000  length=1 from=10 to=10\n 01\n',
    );
    expect(recorded.streams).toHaveLength(1);
    expect(recorded.streams[0].hex(0)).toBe('00<9>01');
    expect(recorded.notes[1]).toMatchObject({ code: 'format.offset-jump', detail: '9 bytes' });
  });

  it('keeps the bytes of a block that is cut, and a hole of the rest', async () => {
    const recorded = await read('> 2026/11/21 18:12:06.000000  length=4 from=0 to=3\n 00 01\n');
    expect(recorded.streams[0].hex(0)).toBe('0001<2>');
    expect(recorded.codes()).toContain('format.truncated');
  });
});
