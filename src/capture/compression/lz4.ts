import { u32LE } from '../../core/bytes.ts';
import { type Decoder, DecodeStop, type Emit } from './decoder.ts';
import { decodeLz4Block } from './lz4-block.ts';
import { firstFrameMagic, isSkippable } from './skippable.ts';
import { Xxh32 } from './xxh32.ts';

const MAGIC = 0x184d2204;
/** Window of linked blocks: matches reach back 64 KiB at most. */
const WINDOW = 64 * 1024;
/** Magic, flags, block size, content size (8), dictionary id (4), header checksum. */
const HEADER_LIMIT = 19;
/** Bit of a block's size that says that the block is stored. */
const STORED = 0x8000_0000;

const FLAG = { version: 0xc0, independent: 0x20, blockChecksum: 0x10, contentSize: 0x08, contentChecksum: 0x04, dictionary: 0x01 } as const;

type State = 'magic' | 'skip' | 'header' | 'size' | 'block' | 'checksum';

/** True for an LZ4 frame, also behind skippable frames. */
export function isLz4(head: Uint8Array): boolean {
  return firstFrameMagic(head) === MAGIC;
}

/**
 * LZ4 frames, one after the other. Our own, because no kept package decodes the frame format as a stream without native code.
 * Memory is bounded by the block size of the header (4 MiB at most). The checksums of header and content are verified, those of blocks are not.
 * All numbers are little-endian. Source: the LZ4 frame format description, version 1.6.
 */
export class Lz4Decoder implements Decoder {
  private readonly emit: Emit;
  private held = new Uint8Array(64 * 1024);
  private from = 0;
  private to = 0;
  private state: State = 'magic';
  private flags = 0;
  private skip = 0;
  /** Size field of the current block. */
  private block = 0;
  private blockLimit = 0;
  private history = new Uint8Array(0);
  /** End of the decoded bytes in `history`; what lies before is the window of linked blocks. */
  private decoded = 0;
  private frames = 0;
  private readonly checksum = new Xxh32();

  constructor(emit: Emit) {
    this.emit = emit;
  }

  write(piece: Uint8Array): void {
    this.hold(piece);
    while (this.advance()) {}
  }

  end(): void {
    const inside = this.state !== 'magic' || this.to > this.from;
    if (this.state === 'block' && this.to > this.from) this.content(Math.min(this.to, this.from + (this.block & ~STORED)));
    if (inside || this.frames === 0) throw new DecodeStop('format.compression-truncated', 'lz4 ends inside a frame');
  }

  close(): void {
    this.held = this.history = new Uint8Array(0);
  }

  private hold(piece: Uint8Array): void {
    if (this.to + piece.length > this.held.length) {
      const rest = this.to - this.from;
      const grown = rest + piece.length > this.held.length ? new Uint8Array(2 * (rest + piece.length)) : this.held;
      if (grown === this.held) grown.copyWithin(0, this.from, this.to);
      else grown.set(this.held.subarray(this.from, this.to));
      this.held = grown;
      this.from = 0;
      this.to = rest;
    }
    this.held.set(piece, this.to);
    this.to += piece.length;
  }

  /** One step of the frame's grammar; false when bytes are missing for it. */
  private advance(): boolean {
    const there = this.to - this.from;
    if (this.state === 'magic') return there >= 4 && this.magic();
    if (this.state === 'header') return this.header(there);
    if (this.state === 'size') return there >= 4 && this.size();
    if (this.state === 'block') return there >= this.blockLength() && this.data();
    if (this.state === 'checksum') return there >= 4 && this.verify();
    const n = Math.min(there, this.skip);
    this.from += n;
    this.skip -= n;
    if (this.skip === 0) this.state = 'magic';
    return n > 0;
  }

  private magic(): boolean {
    const magic = u32LE(this.held, this.from);
    if (isSkippable(magic)) {
      if (this.to - this.from < 8) return false;
      this.skip = u32LE(this.held, this.from + 4);
      this.state = this.skip === 0 ? 'magic' : 'skip';
      this.from += 8;
      return true;
    }
    if (magic !== MAGIC) {
      throw this.frames > 0 ? new DecodeStop('format.compression-trailing', 'no lz4 frame') : corrupt('no lz4 frame');
    }
    this.state = 'header';
    return true;
  }

  private header(there: number): boolean {
    if (there < 7) return false;
    this.flags = this.held[this.from + 4];
    const length = 7 + (this.flags & FLAG.contentSize ? 8 : 0) + (this.flags & FLAG.dictionary ? 4 : 0);
    if (there < Math.min(length, HEADER_LIMIT)) return false;
    const sizeCode = (this.held[this.from + 5] >> 4) & 7;
    if ((this.flags & FLAG.version) !== 0x40 || sizeCode < 4) throw corrupt('unknown version or block size');
    this.checksum.reset();
    this.checksum.update(this.held.subarray(this.from + 4, this.from + length - 1));
    if (this.held[this.from + length - 1] !== ((this.checksum.digest() >>> 8) & 0xff)) throw corrupt('the checksum of the header is wrong');
    if (this.flags & FLAG.dictionary) throw corrupt('a dictionary is needed');
    this.blockLimit = 1 << (8 + 2 * sizeCode);
    if (this.history.length < WINDOW + this.blockLimit) this.history = new Uint8Array(WINDOW + this.blockLimit);
    this.decoded = 0;
    this.checksum.reset();
    this.from += length;
    this.state = 'size';
    return true;
  }

  private size(): boolean {
    this.block = u32LE(this.held, this.from);
    this.from += 4;
    if (this.block === 0) {
      this.frames++;
      this.state = this.flags & FLAG.contentChecksum ? 'checksum' : 'magic';
      return true;
    }
    if ((this.block & ~STORED) > this.blockLimit) throw corrupt('a block is larger than its frame allows');
    this.state = 'block';
    return true;
  }

  /** Length of the current block on the wire, with its checksum. */
  private blockLength(): number {
    return (this.block & ~STORED) + (this.flags & FLAG.blockChecksum ? 4 : 0);
  }

  private data(): boolean {
    const good = this.content(this.from + (this.block & ~STORED));
    if (!good) throw corrupt('a block cannot be decoded');
    this.from += this.blockLength();
    this.state = 'size';
    return true;
  }

  /** Decodes and emits the current block as far as it goes, up to `end`; false when it is broken before. */
  private content(end: number): boolean {
    this.slide();
    const start = this.decoded;
    let good = true;
    if (this.block & STORED) {
      this.history.set(this.held.subarray(this.from, end), start);
      this.decoded = start + (end - this.from);
    } else {
      const first = this.flags & FLAG.independent ? start : 0;
      const to = decodeLz4Block(this.held, this.from, end, this.history, start, first, start + this.blockLimit);
      good = to >= 0;
      this.decoded = good ? to : -1 - to;
    }
    const bytes = this.history.subarray(start, this.decoded);
    if (this.flags & FLAG.contentChecksum) this.checksum.update(bytes);
    this.emit(bytes);
    return good;
  }

  /** Keeps the window of decoded bytes at the front, so that a block fits behind it. */
  private slide(): void {
    if (this.decoded <= WINDOW) return;
    this.history.copyWithin(0, this.decoded - WINDOW, this.decoded);
    this.decoded = WINDOW;
  }

  private verify(): boolean {
    if (u32LE(this.held, this.from) !== this.checksum.digest()) throw corrupt('the checksum of the content is wrong');
    this.from += 4;
    this.state = 'magic';
    return true;
  }
}

function corrupt(detail: string): DecodeStop {
  return new DecodeStop('format.compression-corrupt', `lz4: ${detail}`);
}
