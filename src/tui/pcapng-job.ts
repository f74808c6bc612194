/** Writes the packets of the shown messages' connections as pcapng, with the secrets that decrypt them. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { UserError } from '../core/errors.ts';
import { count, utf8Bytes } from '../core/text.ts';
import { PacketExport } from '../export/pcapng.ts';
import { openReading, type Reading, type ReadingOptions } from '../timeline/open.ts';
import type { FileJob } from './export-job.ts';
import { type RowSet, rowsOf } from './row-set.ts';

export class PcapngJob implements FileJob {
  readonly path: string;
  private readonly fd: number;
  private readonly writer: PacketExport;
  private readonly again: Reading;

  private constructor(path: string, fd: number, writer: PacketExport, again: Reading) {
    this.path = path;
    this.fd = fd;
    this.writer = writer;
    this.again = again;
  }

  /** Opens the inputs once more. Throws `UserError`, and what the file system says. */
  static async open(reading: Reading, files: readonly string[], options: ReadingOptions, rows: RowSet, path: string): Promise<PcapngJob> {
    const { timeline } = reading;
    if (timeline.redactor !== undefined) throw new UserError('export', 'packets cannot be made anonymous');
    if (!timeline.complete || files.length === 0 || files.includes('-'))
      throw new UserError('export', 'packets are read twice: from files that do not grow');
    const wanted = new Set<number>();
    for (const row of rowsOf(rows)) wanted.add(timeline.rows.columns.stream(row));
    const fd = openSync(path, 'wx');
    const write = (bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    };
    const writer = new PacketExport(write, utf8Bytes(reading.usedSecrets(wanted)), wanted);
    const again = await openReading(files, {
      ...options,
      keys: [],
      keyStore: reading.keys,
      expandPayloads: false,
      onPacket: (stream, buf, start, end, wireLength, linkType) => {
        const { sec, nsec } = again.timeline.rows.at;
        writer.packet(stream, buf, start, end, wireLength, linkType, sec, nsec);
      },
    });
    return new PcapngJob(path, fd, writer, again);
  }

  get summary(): string {
    return count(this.writer.packets, 'packet');
  }

  step(ms: number): boolean {
    const end = performance.now() + ms;
    while (this.again.step() !== 'done') if (performance.now() >= end) return false;
    this.again.close();
    closeSync(this.fd);
    return true;
  }
}
