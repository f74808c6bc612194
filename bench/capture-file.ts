import { closeSync, openSync, writeSync } from 'node:fs';
import type { PacketSink } from './packets.ts';

const BLOCK = 8 * 1024 * 1024;
const LONGEST = 4096;

/** Writes a capture quickly: little-endian pcap with microseconds, or pcapng with nanoseconds. Ethernet. */
export class CaptureFile implements PacketSink {
  private readonly fd: number;
  private readonly pcapng: boolean;
  private readonly block = new Uint8Array(BLOCK);
  private readonly view = new DataView(this.block.buffer);
  private at = 0;

  constructor(path: string, format: 'pcap' | 'pcapng') {
    this.fd = openSync(path, 'w');
    this.pcapng = format === 'pcapng';
    if (this.pcapng) this.words([0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28, 1, 32, 1, 0, 0x00010009, 9, 0, 32]);
    else this.words([0xa1b2c3d4, 0x00040002, 0, 0, 262_144, 1]);
  }

  packet(buf: Uint8Array, length: number, sec: number, nsec: number): void {
    if (this.at + LONGEST > BLOCK) this.flush();
    if (this.pcapng) {
      const padded = (length + 3) & ~3;
      const ticks = BigInt(sec) * 1_000_000_000n + BigInt(nsec);
      this.words([6, 32 + padded, 0, Number(ticks >> 32n), Number(ticks & 0xffffffffn), length, length]);
      this.block.set(buf.subarray(0, padded), this.at);
      this.at += padded;
      this.words([32 + padded]);
      return;
    }
    const { view, at } = this;
    view.setUint32(at, sec, true);
    view.setUint32(at + 4, Math.floor(nsec / 1000), true);
    view.setUint32(at + 8, length, true);
    view.setUint32(at + 12, length, true);
    this.block.set(buf.subarray(0, length), at + 16);
    this.at = at + 16 + length;
  }

  close(): void {
    this.flush();
    closeSync(this.fd);
  }

  private words(words: readonly number[]): void {
    for (const word of words) {
      this.view.setUint32(this.at, word, true);
      this.at += 4;
    }
  }

  private flush(): void {
    for (let done = 0; done < this.at; ) done += writeSync(this.fd, this.block, done, this.at - done);
    this.at = 0;
  }
}
