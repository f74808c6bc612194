import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { recordBytes } from '../support/input-recorder.ts';
import { nanoPcap, upperPdu } from '../support/stream-formats.ts';
import { GATEWAY_TALK } from '../support/talks.ts';

const [first, , answer] = GATEWAY_TALK.segments;
const pcap = (...packets: Uint8Array[]) =>
  nanoPcap(
    252,
    packets.map((bytes) => ({ bytes, sec: 1, nsec: 2 })),
  );

describe('exported PDUs', () => {
  it('make one stream of both directions, named by the protocol that was exported', async () => {
    const { streams } = await recordBytes(pcap(upperPdu(GATEWAY_TALK, first), upperPdu(GATEWAY_TALK, answer)));
    expect(streams).toHaveLength(1);
    expect(streams[0].hex(1)).toBe('080800000002');
    expect(streams[0].info).toMatchObject({ client: '10.1.2.3:50123', decrypted: true, label: 'exported PDUs of http2, connection 1' });
  });

  it('without addresses cannot be told apart, and say so', async () => {
    const bare = Buffer.concat([Buffer.from('0018000400000002', 'hex'), Buffer.from('00000000', 'hex'), Buffer.from('ab')]);
    const recorded = await recordBytes(pcap(bare));
    expect(recorded.streams).toHaveLength(0);
    expect(recorded.notes).toMatchObject([{ code: 'format.no-endpoints', detail: 'packet 1' }]);
  });

  it('with tags that do not end, or of hostile length, are left out with a note', async () => {
    for (const bad of ['', '0014', '0014ffff01020304', '00140004']) {
      const recorded = await recordBytes(pcap(Buffer.from(bad, 'hex'), upperPdu(GATEWAY_TALK, answer)));
      expect(recorded.codes()).toEqual(['format.unreadable']);
      expect(recorded.streams[0].hex(0)).toBe('080800000002');
    }
  });

  it('are passed over without a word when they are no byte stream', async () => {
    const udp = Buffer.from(upperPdu(GATEWAY_TALK, answer));
    udp.writeUInt32BE(3, udp.indexOf(Buffer.from('00180004', 'hex')) + 4);
    const recorded = await recordBytes(pcap(udp));
    expect([recorded.streams.length, recorded.notes.length]).toEqual([0, 0]);
  });
});
