import { Buffer } from 'node:buffer';
import { Xxh32 } from '../../src/capture/compression/xxh32.ts';

function le32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  return out;
}

/** A zstd frame of stored blocks, and of run-length blocks where a block is one byte repeated. No checksum. `window`: exponent, from 10. */
export function zstdFrame(bytes: Uint8Array, blockSize = 1000, window = 17): Uint8Array {
  const parts: Uint8Array[] = [le32(0xfd2fb528), Uint8Array.of(0, (window - 10) << 3)];
  const block = (last: boolean, type: number, size: number, content: Uint8Array) => {
    const header = (size << 3) | (type << 1) | (last ? 1 : 0);
    parts.push(Uint8Array.of(header & 255, (header >> 8) & 255, header >> 16), content);
  };
  for (let at = 0; at < bytes.length; at += blockSize) {
    const part = bytes.subarray(at, at + blockSize);
    const same = part.every((b) => b === part[0]);
    block(false, same ? 1 : 0, part.length, same ? part.subarray(0, 1) : part);
  }
  block(true, 0, 0, new Uint8Array(0));
  return Buffer.concat(parts);
}

/** A frame that the decoders of zstd and lz4 pass over. */
export function skippableFrame(content: Uint8Array): Uint8Array {
  return Buffer.concat([le32(0x184d2a53), le32(content.length), content]);
}

export interface Lz4Options {
  /** Blocks may refer to those before them. */
  readonly linked?: boolean;
  readonly blockSize?: number;
  readonly blockChecksums?: boolean;
  readonly contentChecksum?: boolean;
  readonly contentSize?: boolean;
}

/** An LZ4 frame, compressed by looking for the last place of each four bytes. */
export function lz4Frame(bytes: Uint8Array, options: Lz4Options = {}): Uint8Array {
  const { linked = false, blockSize = 65_536, blockChecksums = false, contentChecksum = true, contentSize = false } = options;
  const flags = 0x40 | (linked ? 0 : 0x20) | (blockChecksums ? 0x10 : 0) | (contentSize ? 8 : 0) | (contentChecksum ? 4 : 0);
  const header = Buffer.concat([Uint8Array.of(flags, 0x40), ...(contentSize ? [le32(bytes.length), le32(0)] : [])]);
  const headerHash = new Xxh32();
  headerHash.update(header);
  const parts: Uint8Array[] = [le32(0x184d2204), header, Uint8Array.of((headerHash.digest() >>> 8) & 0xff)];
  for (let at = 0; at < bytes.length; at += blockSize) {
    const end = Math.min(at + blockSize, bytes.length);
    const packed = lz4Block(bytes, at, end, linked ? Math.max(0, at - 65_535) : at);
    const stored = packed.length >= end - at;
    parts.push(le32(stored ? 0x8000_0000 + (end - at) : packed.length), stored ? bytes.subarray(at, end) : packed);
    if (blockChecksums) parts.push(le32(0));
  }
  parts.push(le32(0));
  if (contentChecksum) {
    const hash = new Xxh32();
    hash.update(bytes);
    parts.push(le32(hash.digest()));
  }
  return Buffer.concat(parts);
}

/** The block of `bytes[start, end)`; matches may begin from `first` on. */
export function lz4Block(bytes: Uint8Array, start: number, end: number, first: number): Uint8Array {
  const out: number[] = [];
  const places = new Map<number, number>();
  const key = (at: number) => bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  for (let at = first; at < start; at++) if (at + 4 <= bytes.length) places.set(key(at), at);
  let literals = start;
  let at = start;
  const long = (n: number) => {
    let rest = n - 15;
    for (; rest >= 255; rest -= 255) out.push(255);
    out.push(rest);
  };
  const emit = (until: number, distance: number, length: number) => {
    const count = until - literals;
    const match = distance === 0 ? 0 : length - 4;
    out.push((Math.min(count, 15) << 4) | Math.min(match, 15));
    if (count >= 15) long(count);
    for (let i = literals; i < until; i++) out.push(bytes[i]);
    if (distance === 0) return;
    out.push(distance & 255, distance >> 8);
    if (match >= 15) long(match);
  };
  // The last five bytes of a block are literals.
  while (at + 12 <= end) {
    const k = key(at);
    const found = places.get(k);
    places.set(k, at);
    if (found === undefined || at - found > 65_535) {
      at++;
      continue;
    }
    let length = 4;
    while (at + length < end - 5 && bytes[found + length] === bytes[at + length]) length++;
    emit(at, at - found, length);
    at += length;
    literals = at;
  }
  emit(end, 0, 0);
  return Uint8Array.from(out);
}
