import { type FSWatcher, watch } from 'node:fs';
import type { Input } from '../core/input.ts';
import type { OpenInputOptions, Reopen } from './format.ts';
import { LateInput, type LateSource, type Trouble } from './late-input.ts';
import { pathStats } from './path-stats.ts';
import type { FileSource, Store } from './store.ts';

/** How often the file is looked at: notices of changes are missing on some file systems (network, containers). */
const POLL_MS = 200;

/**
 * A file that something else is still writing. It never ends on its own, until it is cut, replaced or removed,
 * as rotation does, or the input is closed; what was written before that is read first.
 */
class GrowingFile implements LateSource {
  readonly name: string;
  readonly address: number;
  ended = false;
  trouble: Trouble | undefined = undefined;
  private readonly path: string;
  private readonly file: FileSource;
  private readonly inode: number;
  private taken = 0;
  private waiting: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined = undefined;
  private watcher: FSWatcher | undefined = undefined;

  constructor(path: string, store: Store) {
    this.path = path;
    this.file = store.addFile(path);
    this.name = path;
    this.address = this.file.address;
    this.inode = pathStats(path)?.ino ?? 0;
  }

  get size(): number {
    return this.file.size;
  }

  read(into: Uint8Array, at: number, length: number, position: number): number {
    const got = this.file.read(into, at, length, position);
    if (position + got > this.taken) this.taken = position + got;
    return got;
  }

  ready(): Promise<void> {
    if (this.settled()) return Promise.resolve();
    this.listen();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  close(): void {
    this.ended = true;
    this.wake();
    this.file.close();
  }

  /** True when there is something to read, or nothing will come any more. */
  private settled(): boolean {
    if (this.ended) return true;
    const { size } = this.file;
    if (size > this.taken) return true;
    const why = size < this.taken ? `it was cut to ${size} bytes` : this.replacement();
    if (why === undefined) return false;
    this.trouble = { code: 'format.file-replaced', detail: why };
    this.ended = true;
    return true;
  }

  private replacement(): string | undefined {
    const now = pathStats(this.path);
    if (now === undefined) return 'it was removed';
    return now.ino === this.inode ? undefined : 'another file stands in its place';
  }

  private listen(): void {
    this.timer ??= setInterval(() => this.look(), POLL_MS);
    if (this.watcher !== undefined) return;
    try {
      this.watcher = watch(this.path, () => this.look());
      // Without notices the timer alone serves.
      this.watcher.on('error', () => this.watcher?.close());
    } catch {
      this.watcher = undefined;
    }
  }

  private look(): void {
    if (this.waiting.length > 0 && this.settled()) this.wake();
  }

  /** Nothing keeps the program alive while nobody waits. */
  private wake(): void {
    clearInterval(this.timer);
    this.watcher?.close();
    this.timer = undefined;
    this.watcher = undefined;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

/** Opens a file that is still being written; like a pipe, it may hold too little to tell its format yet. */
export function openFollow(path: string, store: Store, options: OpenInputOptions, reopen: Reopen): Input {
  return new LateInput('following', new GrowingFile(path, store), store, options, reopen);
}
