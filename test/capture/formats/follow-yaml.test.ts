import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { recordBytes } from '../../support/input-recorder.ts';
import { followYaml } from '../../support/stream-formats.ts';
import { GATEWAY_TALK, sideHex } from '../../support/talks.ts';

const read = (text: string) => recordBytes(Buffer.from(text));

describe('a followed stream as YAML', () => {
  it('keeps the nanoseconds of every record', async () => {
    const { streams } = await read(followYaml(GATEWAY_TALK));
    expect(streams[0].pieces.map((piece) => piece.nsec)).toEqual([292_458_057, 595_091_820, 1]);
  });

  it('says nothing of an endpoint that tshark does not know', async () => {
    const text = followYaml(GATEWAY_TALK).replace('host: 17.188.0.10', 'host: ').replace('port: 2195', 'port: 0');
    expect((await read(text)).streams[0].info).toMatchObject({ client: '10.1.2.3:50123', server: '' });
  });

  it('puts IPv6 hosts into brackets', async () => {
    expect((await read(followYaml({ ...GATEWAY_TALK, client: ['2001:db8::1', 5] }))).streams[0].info.client).toBe('[2001:db8::1]:5');
  });

  it('keeps what could be decoded of a damaged record, then a gap of unknown length, and reads the next one', async () => {
    const recorded = await read(followYaml(GATEWAY_TALK).replace(/!!binary \|\n {6}.{8}/, '!!binary |\n      AAEC\n      !!!!'));
    expect(recorded.streams[0].hex(0)).toMatch(/^000102<-1>01/);
    expect(recorded.notes).toMatchObject([{ code: 'format.unreadable', detail: 'not base64' }]);
    expect(recorded.streams[0].hex(1)).toBe(sideHex(GATEWAY_TALK, 1));
  });

  it('reads two documents as two connections', async () => {
    expect((await read(followYaml(GATEWAY_TALK) + followYaml(GATEWAY_TALK))).streams).toHaveLength(2);
  });

  it('names lines that no follow output has', async () => {
    const recorded = await read(`${followYaml(GATEWAY_TALK)}tshark: something went wrong\n`);
    expect(recorded.codes()).toEqual(['format.unreadable']);
  });
});
