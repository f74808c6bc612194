import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { UserError } from '../core/errors.ts';
import { type ByteStore, DOUBLE_ZERO, SOURCE_SPAN } from '../core/stream.ts';
import type { PacketLocator, PacketPlace } from './packet-index.ts';
import type { Source } from './source.ts';
import { Spool } from './spool.ts';

/** What a store can read from. */
export interface Readable {
  /** Gives back what lies before `position`, where the source can. */
  drop?(position: number): void;
  /** Copies up to `length` bytes from `position` into `into` at `at`; returns how many there were. */
  read(into: Uint8Array, at: number, length: number, position: number): number;
  close(): void;
}

/** Unit of caching: a page of rows lies in a few of them, and one read of this size costs about as much as one of 4 KiB. */
const BLOCK = 64 * 1024;
/** 4 MiB in all, filled as needed: rows on the screen, and the reordered segments around the place that is being indexed. */
const SLOTS = 64;

/** Bytes before the first that a row needs which stay: a packet is found from up to 256 headers before it, and messages are still being put together. */
const RELEASE_SLACK = 16 * 1024 * 1024;

/** Sources that fit into exact addresses. */
const SOURCE_LIMIT = 512;

/** An ordinary file. It may grow while it is open. */
export class FileSource implements Source, Readable {
  readonly name: string;
  readonly address: number;
  readonly ended: boolean = true;
  private fd: number;

  constructor(name: string, address: number, fd: number) {
    this.name = name;
    this.address = address;
    this.fd = fd;
  }

  get size(): number {
    return this.fd < 0 ? 0 : fstatSync(this.fd).size;
  }

  read(into: Uint8Array, at: number, length: number, position: number): number {
    return this.fd < 0 || length <= 0 ? 0 : readSync(this.fd, into, at, length, position);
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  /** The descriptor stays open until the store is closed: rows are read from it after the input is done. */
  close(): void {}

  release(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }
}

/**
 * Random access by address to all bytes of a run: files, and the spool as source 0.
 * Small reads go through a cache of blocks; `close` ends everything that was opened here.
 */
export class Store implements ByteStore {
  readonly spool: Spool;
  private readonly locators: PacketLocator[] = [];
  private readonly sources: Readable[];
  private readonly files: FileSource[] = [];
  private readonly blocks: (Uint8Array | undefined)[] = new Array(SLOTS).fill(undefined);
  /** Address of the block in a slot; -1 when the slot is empty. */
  private readonly blockAddress = new Float64Array(SLOTS).fill(-1);
  /** Bytes that were there when the block was read: the last block of a growing source is shorter. */
  private readonly blockLength = new Int32Array(SLOTS);
  private scratch = new Uint8Array(4096);
  private lent: Uint8Array = new Uint8Array(0);
  /** The same memory, with the comparison that Node implements. */
  private lentBuffer: Buffer = Buffer.alloc(0);
  private lentStart = 0;
  private lentAddress = DOUBLE_ZERO;
  private lentEnd = DOUBLE_ZERO;

  constructor(spool = new Spool()) {
    this.spool = spool;
    this.sources = [spool];
  }

  /** Opens a file as a new source. Throws `UserError` when it does not exist, is a directory or cannot be read. */
  addFile(path: string): FileSource {
    const fd = openFile(path);
    const source = new FileSource(path, this.nextAddress(), fd);
    this.sources.push(source);
    this.files.push(source);
    return source;
  }

  /** Registers another source; returns the address of its first byte. */
  add(source: Readable): number {
    const address = this.nextAddress();
    this.sources.push(source);
    return address;
  }

  /** Registers a reader of packets, so that `locate` and `packet` can ask it. */
  addPackets(locator: PacketLocator): void {
    this.locators.push(locator);
  }

  /** The packet that the byte at this address was captured in; undefined for derived bytes. */
  locate(address: number): PacketPlace | undefined {
    for (const locator of this.locators) {
      if (Math.floor(locator.address / SOURCE_SPAN) !== Math.floor(address / SOURCE_SPAN) || address < locator.address) continue;
      const place = locator.locate(address);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /** The packet with this number in the first input that has one. */
  packet(number: number): PacketPlace | undefined {
    for (const locator of this.locators) {
      const place = locator.packet(number);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /**
   * Shows the store a part of a source that the caller has in memory: reads that lie in it need no system call.
   * `buf[start, end)` lives at `address`; it counts until the next `lend`, so withdraw it before the buffer changes.
   */
  lend(buf: Uint8Array, start: number, end: number, address: number): void {
    if (buf !== this.lent) this.lentBuffer = Buffer.from(buf.buffer, buf.byteOffset, buf.byteLength);
    this.lent = buf;
    this.lentStart = start;
    this.lentAddress = address;
    this.lentEnd = address + (end - start);
  }

  read(address: number, length: number): Uint8Array {
    if (address >= this.lentAddress && address + length <= this.lentEnd) {
      const from = this.lentStart + (address - this.lentAddress);
      return this.lent.subarray(from, from + length);
    }
    const region = Math.floor(address / SOURCE_SPAN);
    const source = this.sources[region];
    if (source === undefined || !(length > 0) || address < 0) return this.scratch.subarray(0, 0);
    const position = address - region * SOURCE_SPAN;
    const within = position % BLOCK;
    if (within + length <= BLOCK) {
      const slot = this.load(source, region, position - within, within + length);
      const end = Math.min(this.blockLength[slot], within + length);
      return (this.blocks[slot] as Uint8Array).subarray(Math.min(within, end), end);
    }
    return this.assemble(source, region, position, length);
  }

  /**
   * Whether `buf[start, end)` differs from the bytes at `address`: the offset of the first difference, or -1.
   * Bytes that the store does not hold count as equal.
   */
  difference(address: number, buf: Uint8Array, start: number, end: number): number {
    if (address >= this.lentAddress && address + (end - start) <= this.lentEnd) {
      const from = this.lentStart + (address - this.lentAddress);
      if (this.lentBuffer.compare(buf, start, end, from, from + (end - start)) === 0) return -1;
    }
    const there = this.read(address, end - start);
    const length = Math.min(there.length, end - start);
    if (Buffer.compare(there.subarray(0, length), buf.subarray(start, start + length)) === 0) return -1;
    for (let i = 0; i < length; i++) if (there[i] !== buf[start + i]) return i;
    return -1;
  }

  /** Rows need nothing before this address of its source any more. */
  release(address: number): void {
    const region = Math.floor(address / SOURCE_SPAN);
    this.sources[region]?.drop?.(address - region * SOURCE_SPAN - RELEASE_SLACK);
  }

  close(): void {
    this.lend(this.scratch, 0, 0, 0);
    this.blocks.fill(undefined);
    this.blockAddress.fill(-1);
    for (const file of this.files) file.release();
    for (const source of this.sources) source.close();
    this.sources.length = 0;
    this.files.length = 0;
  }

  private nextAddress(): number {
    if (this.sources.length >= SOURCE_LIMIT) {
      throw new UserError('store.sources', `Too many inputs: at most ${SOURCE_LIMIT - 1} can be open at once. Join some of them first.`);
    }
    return this.sources.length * SOURCE_SPAN;
  }

  /** The slot that holds the block at `position`, with at least `needed` bytes of it when the source has them. */
  private load(source: Readable, region: number, position: number, needed: number): number {
    const address = region * SOURCE_SPAN + position;
    const slot = (position / BLOCK + region * 17) % SLOTS;
    if (this.blockAddress[slot] === address && this.blockLength[slot] >= needed) return slot;
    let block = this.blocks[slot];
    if (block === undefined) {
      block = new Uint8Array(BLOCK);
      this.blocks[slot] = block;
    }
    this.blockAddress[slot] = address;
    this.blockLength[slot] = readFully(source, block, 0, BLOCK, position);
    return slot;
  }

  private assemble(source: Readable, region: number, position: number, length: number): Uint8Array {
    if (length > this.scratch.length) {
      // The wanted length may come from the wire: grow with the bytes that really exist.
      const first = readFully(source, this.scratch, 0, this.scratch.length, position);
      if (first < this.scratch.length) return this.scratch.subarray(0, first);
      let size = this.scratch.length;
      while (size < length) {
        size = Math.min(size * 2, length);
        const grown = new Uint8Array(size);
        const kept = this.scratch.length;
        grown.set(this.scratch);
        this.scratch = grown;
        const got = readFully(source, grown, kept, size - kept, position + kept);
        if (got < size - kept) return grown.subarray(0, kept + got);
      }
      return this.scratch.subarray(0, length);
    }
    if (length > BLOCK) return this.scratch.subarray(0, readFully(source, this.scratch, 0, length, position));
    let done = 0;
    while (done < length) {
      const at = position + done;
      const within = at % BLOCK;
      const n = Math.min(length - done, BLOCK - within);
      const slot = this.load(source, region, at - within, within + n);
      const there = Math.min(this.blockLength[slot], within + n) - within;
      if (there > 0) {
        this.scratch.set((this.blocks[slot] as Uint8Array).subarray(within, within + there), done);
        done += there;
      }
      if (there < n) break;
    }
    return this.scratch.subarray(0, done);
  }
}

function readFully(source: Readable, into: Uint8Array, at: number, length: number, position: number): number {
  let done = 0;
  while (done < length) {
    const got = source.read(into, at + done, length - done, position + done);
    if (got <= 0) break;
    done += got;
  }
  return done;
}

/** What is shown of a name that is too long for the system. */
const SHOWN_NAME = 60;

function openFile(path: string): number {
  try {
    if (statSync(path).isDirectory()) throw new UserError('input.directory', `${path} is a directory, not a capture file.`);
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UserError('input.missing', `${path}: no such file.`);
    if (code === 'EACCES' || code === 'EPERM') throw new UserError('input.forbidden', `${path} cannot be read: permission denied.`);
    if (code === 'ELOOP') throw new UserError('input.links', `${path} cannot be read: it is a link that leads back to itself.`);
    if (code === 'ENAMETOOLONG') throw new UserError('input.name', `${path.slice(0, SHOWN_NAME)}… cannot be read: the name is too long.`);
    throw new UserError('input.unreadable', `${path} cannot be read: ${(error as Error).message}.`);
  }
}
