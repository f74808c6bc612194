import { closeSync, mkdtempSync, openSync, readSync, rmdirSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../core/errors.ts';
import type { SpoolWriter } from '../core/stream.ts';

/** Derived bytes kept in memory before a file is made: most captures never need one, and 16 MiB is a small part of our budget. */
const SPOOL_MEMORY = 16 * 1024 * 1024;

/** Bytes collected before one write to the file. */
const WRITE_BLOCK = 1024 * 1024;

const FIRST_BLOCK = 64 * 1024;

/** Bytes of one temporary file; the next one begins behind them, so that the first can be given back. A terabyte takes 16,384 of them. */
const FILE_SIZE = 64 * 1024 * 1024;

/**
 * Bytes that exist nowhere else: plaintext, joined fragments, what came through a pipe. In memory up to `SPOOL_MEMORY`,
 * then in private temporary files (mode 0600, removed from their directory as soon as they are open, so they cannot outlive us).
 * It is the first source of the store: positions are addresses.
 */
export class Spool implements SpoolWriter {
  private buffer = new Uint8Array(FIRST_BLOCK);
  /** Bytes in `buffer`; those before them are in the file. */
  private held = 0;
  private written = 0;
  /** Files of `fileSize` bytes each; -1: given back. */
  private readonly files: number[] = [];
  private gone = 0;
  private readonly memory: number;
  private readonly fileSize: number;

  /** `memory`: bytes kept before a temporary file is made. */
  constructor(memory = SPOOL_MEMORY, fileSize = FILE_SIZE) {
    this.memory = Math.max(memory, 1);
    this.fileSize = fileSize;
  }

  get size(): number {
    return this.written + this.held;
  }

  /** Bytes that are kept: all, unless the oldest were given back. */
  get kept(): number {
    return this.size - Math.min(this.size, this.gone * this.fileSize);
  }

  /** Gives back the temporary files whose bytes all lie before `position`; they read as missing. */
  drop(position: number): void {
    const end = Math.floor(Math.min(position, this.written) / this.fileSize);
    for (; this.gone < end; this.gone++) {
      closeSync(this.files[this.gone]);
      this.files[this.gone] = -1;
    }
  }

  /** Appends `bytes[start, end)` and returns its address. Throws `UserError` when the disk does not take it. */
  append(bytes: Uint8Array, start = 0, end = bytes.length): number {
    const address = this.written + this.held;
    const length = end - start;
    if (this.held + length > this.buffer.length) this.room(length);
    if (length > this.buffer.length) this.write(bytes, start, end);
    else {
      this.buffer.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.held);
      this.held += length;
    }
    return address;
  }

  /** Copies up to `length` bytes from `position` into `into` at `at`; returns how many there were. */
  read(into: Uint8Array, at: number, length: number, position: number): number {
    const wanted = Math.min(length, this.size - position);
    if (wanted <= 0) return 0;
    let done = 0;
    while (position + done < this.written && done < wanted) {
      const from = position + done;
      const file = Math.floor(from / this.fileSize);
      const within = from - file * this.fileSize;
      const fd = this.files[file];
      if (fd < 0) return done;
      const got = readSync(fd, into, at + done, Math.min(wanted - done, this.written - from, this.fileSize - within), within);
      if (got === 0) return done;
      done += got;
    }
    if (done < wanted) {
      const from = position + done - this.written;
      into.set(this.buffer.subarray(from, from + wanted - done), at + done);
    }
    return wanted;
  }

  close(): void {
    for (const fd of this.files) if (fd >= 0) closeSync(fd);
    this.files.length = 0;
    this.gone = 0;
    this.buffer = new Uint8Array(0);
    this.held = 0;
    this.written = 0;
  }

  /** Makes room for `length` bytes behind `held`, or leaves the buffer empty when they are more than it takes. */
  private room(length: number): void {
    if (this.files.length === 0 && this.held + length <= this.memory) {
      let size = Math.max(this.buffer.length, FIRST_BLOCK);
      while (size < this.held + length) size *= 2;
      const grown = new Uint8Array(Math.min(size, Math.max(this.memory, this.held + length)));
      grown.set(this.buffer.subarray(0, this.held));
      this.buffer = grown;
      return;
    }
    if (this.files.length === 0) this.files.push(privateFile());
    this.write(this.buffer, 0, this.held);
    this.held = 0;
    if (this.buffer.length !== WRITE_BLOCK) this.buffer = new Uint8Array(WRITE_BLOCK);
  }

  private write(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    try {
      while (at < end) {
        const file = Math.floor(this.written / this.fileSize);
        this.files[file] ??= privateFile();
        const within = this.written - file * this.fileSize;
        const wrote = writeSync(this.files[file], bytes, at, Math.min(end - at, this.fileSize - within), within);
        at += wrote;
        this.written += wrote;
      }
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(
        'spool.write',
        `Cannot write the temporary file in ${tmpdir()}: ${(error as Error).message}. Free some space, or set TMPDIR to a directory that has it.`,
      );
    }
  }
}

function privateFile(): number {
  try {
    const directory = mkdtempSync(join(tmpdir(), 'apns-inspect-'));
    const path = join(directory, 'spool');
    const fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    rmdirSync(directory);
    return fd;
  } catch (error) {
    throw new UserError(
      'spool.open',
      `Cannot make a temporary file in ${tmpdir()}: ${(error as Error).message}. Set TMPDIR to a directory that can be written.`,
    );
  }
}
