import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openReading, type Reading, type ReadingOptions } from '../../src/timeline/open.ts';

/** The captures of the project. */
export const CAPTURES = join(import.meta.dirname, '../../captures');

/** A capture by its name, such as `findings/http2.pcap`. */
export const capture = (name: string): string => join(CAPTURES, name);

/** All captures, by path. */
export function captureFiles(directory = CAPTURES): string[] {
  return readdirSync(directory)
    .flatMap((name) => {
      const path = join(directory, name);
      if (statSync(path).isDirectory()) return captureFiles(path);
      return /\.(pcap|pcapng)$/.test(name) ? [path] : [];
    })
    .sort();
}

/** The key log that lies beside a capture, if there is one. */
export function keysBeside(path: string): string[] {
  const keys = path.replace(/\.pcap(ng)?$/, '.keys');
  return existsSync(keys) ? [keys] : [];
}

/** Reads files to their end. */
export async function readAll(paths: readonly string[], more: Partial<ReadingOptions> = {}): Promise<Reading> {
  const reading = await openReading(paths, { keys: [], decodeAs: [], follow: false, expandPayloads: true, ...more });
  while (reading.step() !== 'done') await reading.ready();
  return reading;
}
