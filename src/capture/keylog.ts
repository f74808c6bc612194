import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UserError } from '../core/errors.ts';

/** Larger files are no key files: 1 GiB is 5 million lines of key log. */
const FILE_LIMIT = 1024 ** 3;
/** Bytes of a line without an end that are kept; the longest key log line has about 2200. */
const LINE_LIMIT = 64 * 1024;
const NEWLINE = 10;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
};

function refuse(path: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new UserError('keys.file', `cannot read the keys in ${path}: ${REASONS[code] ?? (error as Error).message}`);
}

/** The bytes of a key file (key log, PEM, DER, PKCS#12). Throws a `UserError` when it cannot be read or is far too large. */
export function readKeyFile(path: string): Uint8Array {
  const follower = new KeyLogFollower(path);
  try {
    follower.open();
    return follower.rest();
  } catch (error) {
    throw error instanceof UserError ? error : refuse(path, error);
  } finally {
    follower.close();
  }
}

/**
 * Reads a key log that another program is still writing.
 *
 * `poll` gives what was added since the last call, whole lines only: a line that is still being written waits for its
 * end. A file that does not exist yet is waited for; one that shrinks was started anew and is read from the front;
 * one that was replaced under its name is opened again.
 */
export class KeyLogFollower {
  private readonly path: string;
  private fd: number | undefined = undefined;
  private inode = 0;
  private offset = 0;
  private unfinished: Uint8Array = new Uint8Array(0);

  constructor(path: string) {
    this.path = path;
  }

  /** Opens the file; throws the system's error when that is not possible. `poll` does without. */
  open(): void {
    this.fd ??= openSync(this.path, 'r');
    const stat = fstatSync(this.fd);
    if (stat.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    this.inode = stat.ino;
  }

  /** New whole lines, empty when there are none. */
  poll(): Uint8Array {
    try {
      this.reopen();
      const added = this.read();
      const end = added.lastIndexOf(NEWLINE) + 1;
      this.unfinished = added.length - end > LINE_LIMIT ? new Uint8Array(0) : added.slice(end);
      return added.subarray(0, end);
    } catch {
      this.close();
      return new Uint8Array(0);
    }
  }

  /** Everything up to the end of the file, an unfinished line included. */
  rest(): Uint8Array {
    const bytes = this.read();
    this.unfinished = new Uint8Array(0);
    return bytes;
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
    this.offset = 0;
    this.unfinished = new Uint8Array(0);
  }

  private reopen(): void {
    if (this.fd !== undefined) {
      const probe = openSync(this.path, 'r');
      const { ino } = fstatSync(probe);
      const fresh = ino !== this.inode;
      closeSync(probe);
      if (fresh) this.close();
    }
    this.open();
  }

  private read(): Uint8Array {
    if (this.fd === undefined) return this.unfinished;
    const { size } = fstatSync(this.fd);
    if (size > FILE_LIMIT) throw new UserError('keys.file', `${this.path} has ${size} bytes; no key file is that large`);
    if (size < this.offset) {
      this.offset = 0;
      this.unfinished = new Uint8Array(0);
    }
    const before = this.unfinished.length;
    const bytes = new Uint8Array(before + Math.max(size - this.offset, 0));
    bytes.set(this.unfinished);
    let at = before;
    while (at < bytes.length) {
      const n = readSync(this.fd, bytes, at, bytes.length - at, this.offset);
      if (n === 0) break;
      at += n;
      this.offset += n;
    }
    return at === bytes.length ? bytes : bytes.subarray(0, at);
  }
}
