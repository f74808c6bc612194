import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { recordBytes } from '../../support/input-recorder.ts';
import { cArrays } from '../../support/stream-formats.ts';
import { GATEWAY_TALK, sideHex } from '../../support/talks.ts';

const read = (text: string) => recordBytes(Buffer.from(text));

describe('a followed stream as C arrays', () => {
  it('reads arrays of any type, with their size or without, on one line or many', async () => {
    const { streams } = await read(
      'static const unsigned char peer1_0[3] = { 0x01, 0x02, /* two */ 0xFf };\nuint8_t peer0_0[] = {\n0x03 };\n',
    );
    expect([streams[0].hex(0), streams[0].hex(1)]).toEqual(['03', '0102ff']);
    expect(streams[0].pieces.map(({ dir }) => dir)).toEqual([1, 0]);
  });

  it('says when the last array is not closed, and keeps its bytes', async () => {
    const text = cArrays(GATEWAY_TALK);
    const recorded = await read(text.slice(0, text.lastIndexOf(' };')));
    expect(recorded.codes()).toEqual(['format.truncated']);
    expect(recorded.streams[0].hex(1)).toBe(sideHex(GATEWAY_TALK, 1));
  });

  it('names what is no byte of an array', async () => {
    const recorded = await read('char peer0_0[] = {\n0x01, 258, 0x02 };\nchar peer0_1[] = { 0x03 };\n');
    expect(recorded.codes()).toEqual(['format.unreadable']);
    expect(recorded.streams[0].hex(0)).toBe('0103');
  });
});
