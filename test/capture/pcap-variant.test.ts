import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/bytes.ts';
import { recordBytes } from '../support/input-recorder.ts';
import { PCAP_MAGIC, pcap, type Record } from '../support/pcap-writer.ts';

const data = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const packets = (count: number): Record[] =>
  Array.from({ length: count }, (_, n) => ({ sec: 940_000_000 + n, fraction: n, data: data(`packet ${n}`) }));

const texts = async (bytes: Uint8Array): Promise<string[]> =>
  (await recordBytes(bytes)).packets.map((packet) => String.fromCharCode(...packet.bytes));

describe('a classic capture whose record headers are longer than its magic says', () => {
  for (const [who, magic, recordHeader] of [
    ["Nokia's IPSO", PCAP_MAGIC.micro, 20],
    ['Red Hat 6.1', PCAP_MAGIC.micro, 24],
    ['SuSE 6.3', PCAP_MAGIC.modified, 28],
    ['a magic that is too new', PCAP_MAGIC.modified, 16],
  ] as const) {
    for (const bigEndian of [false, true]) {
      it(`is read when ${who} wrote it, ${bigEndian ? 'big' : 'little'}-endian`, async () => {
        for (const count of [1, 2, 3, 40]) {
          expect(await texts(pcap(packets(count), { bigEndian, magic, recordHeader }))).toEqual(
            packets(count).map((packet) => String.fromCharCode(...packet.data)),
          );
        }
      });
    }
  }

  it('keeps the usual header when damage follows the first record, or nothing fits', async () => {
    const damaged = concatBytes([pcap(packets(1)), new Uint8Array(500).fill(0xee)]);
    expect(await texts(damaged)).toEqual(['packet 0']);
    const garbage = concatBytes([pcap([]), new Uint8Array(500).fill(0xee)]);
    expect(await texts(garbage)).toEqual([]);
  });
});

describe('a capture of a format that is not read', () => {
  it('is named, with the command that converts it', async () => {
    for (const [magic, name] of [
      ['snoop\0\0\0', 'a snoop capture (Solaris)'],
      ['GMBU', 'a Network Monitor 2 capture'],
      ['TRSNIFF data', 'a Sniffer capture'],
      ['\x7fver', 'a Peek capture'],
    ]) {
      const opened = recordBytes(concatBytes([data(magic), new Uint8Array(64)]));
      await expect(opened).rejects.toThrow(name);
      await expect(opened).rejects.toThrow(/convert it with: editcap -F pcapng /);
    }
  });
});
