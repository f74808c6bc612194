import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { pathStats } from '../path-stats.ts';
import type { Source } from '../source.ts';

/** Files of a directory that are looked at: more entries than any capture session writes. */
const ENTRY_LIMIT = 100_000;

/**
 * A file that is read once and is no source of the store: what is to be seen later goes through the spool.
 * Directories can hold more files than the store has room for. Opened at the first read; `address` means nothing.
 */
export class LooseFile implements Source {
  readonly name: string;
  readonly address = 0;
  readonly ended = true;
  private readonly path: string;
  private fd = -1;

  constructor(path: string) {
    this.path = path;
    this.name = basename(path);
  }

  get size(): number {
    return fstatSync(this.open()).size;
  }

  read(into: Uint8Array, at: number, length: number, position: number): number {
    return readSync(this.open(), into, at, length, position);
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }

  private open(): number {
    if (this.fd < 0) {
      try {
        this.fd = openSync(this.path, 'r');
      } catch (error) {
        throw new UserError('input.unreadable', `${this.path} cannot be read: ${(error as Error).message}.`);
      }
    }
    return this.fd;
  }
}

export function isDirectory(path: string): boolean {
  return pathStats(path)?.isDirectory() ?? false;
}

/** Names in a directory, sorted; empty when it cannot be read. */
export function entries(path: string): string[] {
  try {
    return readdirSync(path).slice(0, ENTRY_LIMIT).sort();
  } catch {
    return [];
  }
}

/** Text of a file of at most `limit` bytes, or undefined when it is not there or larger. */
export function smallText(path: string, limit: number): string | undefined {
  try {
    return statSync(path).size > limit ? undefined : readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
