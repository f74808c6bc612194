import { type Cipher, createCipheriv } from 'node:crypto';
import { instantiate } from '../core/wasm-machine.ts';
import { GCM_FILL, GCM_OPEN, GHASH_TABLE } from './ghash-code.ts';

/*
 * Why this exists: Node's authenticated decipher costs 4 to 5 µs a record before it has looked at a byte, because every
 * record needs a new object. One live AES-ECB object makes key stream for dozens of records at a time, and a table-driven
 * GHASH in WebAssembly checks every tag; together they are several times faster on records of some hundred bytes.
 */

/** Blocks of key stream made at a time: 1.5 to 16 KiB do not differ in CPU, and small ones stay in the cache when many connections take turns. */
const STREAM_BLOCKS = 256;
const STREAM_BYTES = STREAM_BLOCKS * 16;
/** Records whose key stream is made ahead, at most. */
const AHEAD_LIMIT = 64;
/** Directions that have a table and key stream in the memory at one time; more take turns. Each has 12 KiB, and memory that is not used costs nothing. */
const SLOTS = 1024;
const SLOT_BYTES = GHASH_TABLE + STREAM_BYTES;

/** Longer records are better given to OpenSSL, which is quicker once a record has some kilobytes. */
export const FAST_LIMIT = 4096;
/** Longest record body, and a block to pad it. */
const TEXT_BYTES = 16384 + 2048 + 16;
const TEXT = 64;
const ENDS = 0;
/** Key stream of one record that is longer than what was made ahead. */
const LONG_STREAM = TEXT + Math.ceil(TEXT_BYTES / 64) * 64;
/** Counter blocks on their way into AES. */
const COUNTERS = LONG_STREAM + TEXT_BYTES + 32;
const FIRST_SLOT = COUNTERS + Math.max(STREAM_BYTES, TEXT_BYTES + 32);
const PAGES = Math.ceil((FIRST_SLOT + SLOTS * SLOT_BYTES) / 65536);

interface Machine {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly open: (text: number, blocks: number, stream: number, table: number, ends: number) => number;
  readonly fill: (out: number, nonces: number, stride: number, fixed: number, high: number, low: number, mix: number) => void;
  /** Who has which slot, and who used it when. */
  readonly owners: (FastGcm | undefined)[];
  readonly used: Float64Array;
  taken: number;
  clock: number;
}

let machine: Machine | undefined | null;

/** The memory and its code, made when first needed; null where WebAssembly has no 128-bit operations. */
function theMachine(): Machine | null {
  if (machine !== undefined) return machine;
  const made = instantiate(PAGES, [GCM_OPEN, GCM_FILL]);
  machine = made && {
    bytes: made.bytes,
    view: made.view,
    open: made.functions['open'] as Machine['open'],
    fill: made.functions['fill'] as Machine['fill'],
    owners: new Array<FastGcm | undefined>(SLOTS).fill(undefined),
    used: new Float64Array(SLOTS),
    taken: 0,
    clock: 0,
  };
  return machine;
}

/**
 * AES-GCM (and Camellia-GCM) decryption of the records of one direction.
 *
 * The nonce of the record with number n is `base` with n XORed onto its last 8 bytes (TLS 1.3), or is read from the
 * record (TLS 1.2), where the next ones are expected to count up. A wrong guess only costs time: what the guess was is
 * compared with what the record says.
 */
export class FastGcm {
  /** Plaintext of the record that was opened last is `out[from, from + length)`; valid until any record is opened. */
  readonly out: Uint8Array;
  readonly from = TEXT;
  private readonly m: Machine;
  private readonly ecb: Cipher;
  private readonly table: Uint8Array;
  private slot = -1;
  /** Key stream at hand: for `ready` nonces from (`high`, `low`) on, `stride` blocks each. */
  private ready = 0;
  private high = 0;
  private low = 0;
  private stride = 0;
  /** Blocks of the longest of the last records. */
  private usual = 0;
  private ahead = 4;
  private readonly fixed: number;
  private readonly mixHigh: number;
  private readonly mixLow: number;

  /** `ecb`: name of the block cipher; `iv`: 12 bytes for TLS 1.3, 4 for TLS 1.2. Undefined where it cannot run. */
  static make(ecb: string, key: Uint8Array, iv: Uint8Array): FastGcm | undefined {
    const m = theMachine();
    return m === null ? undefined : new FastGcm(m, ecb, key, iv);
  }

  private constructor(m: Machine, ecb: string, key: Uint8Array, iv: Uint8Array) {
    this.m = m;
    this.out = m.bytes;
    this.ecb = createCipheriv(ecb, key, null).setAutoPadding(false);
    const view = new DataView(iv.buffer, iv.byteOffset, iv.length);
    this.fixed = view.getUint32(0);
    this.mixHigh = iv.length === 12 ? view.getUint32(4) : 0;
    this.mixLow = iv.length === 12 ? view.getUint32(8) : 0;
    this.table = hashTable(this.ecb.update(new Uint8Array(16)));
  }

  /**
   * Verifies and decrypts `buf[start, end)`, at most a record's length; the tag follows at `end`. `high` and `low` are the variable 8 bytes of the
   * nonce before the mix. True when authentic.
   */
  open(high: number, low: number, aad: Uint8Array, buf: Uint8Array, start: number, end: number): boolean {
    const { m } = this;
    const length = end - start;
    const blocks = (length + 15) >> 4;
    if (m.owners[this.slot] !== this) this.takeSlot();
    m.used[this.slot] = ++m.clock;
    const stream = this.stream(high, low, blocks + 1);
    const { bytes, view } = m;
    bytes.fill(0, ENDS, ENDS + 16);
    bytes.set(aad, ENDS);
    view.setUint32(ENDS + 16, 0);
    view.setUint32(ENDS + 20, aad.length * 8);
    view.setUint32(ENDS + 24, 0);
    view.setUint32(ENDS + 28, length * 8);
    for (let i = 0; i < 16; i++) bytes[ENDS + 32 + i] = buf[end + i];
    const last = TEXT + (blocks - 1) * 16;
    if (blocks > 0) bytes.fill(0, last, last + 16);
    bytes.set(buf.subarray(start, end), TEXT);
    return m.open(TEXT, blocks, stream, FIRST_SLOT + this.slot * SLOT_BYTES, ENDS) === 0;
  }

  /** Where the key stream of this nonce is; made ahead for the nonces that are expected to follow. */
  private stream(high: number, low: number, blocks: number): number {
    const base = FIRST_SLOT + this.slot * SLOT_BYTES + GHASH_TABLE;
    const i = low - this.low;
    if (high === this.high && i >= 0 && i < this.ready && blocks <= this.stride) return base + i * this.stride * 16;
    // Records of one connection are of similar lengths; what is longer is made for itself.
    this.usual = blocks > this.usual ? blocks : (this.usual * 7 + blocks) >> 3;
    const stride = Math.min(Math.max(this.usual, 2), STREAM_BLOCKS);
    if (blocks > stride) {
      this.fill(high, low, blocks, 1, LONG_STREAM);
      return LONG_STREAM;
    }
    // The low word must not wrap within the batch.
    const count = Math.min(this.ahead, Math.floor(STREAM_BLOCKS / stride), 0x100000000 - low);
    // A direction that goes on is worth ever larger batches.
    this.ahead = Math.min(AHEAD_LIMIT, 2 * this.ahead);
    this.fill(high, low, stride, count, base);
    this.high = high;
    this.low = low;
    this.stride = stride;
    this.ready = count;
    return base;
  }

  private fill(high: number, low: number, stride: number, count: number, at: number): void {
    const { m } = this;
    m.fill(COUNTERS, count, stride, this.fixed, high ^ this.mixHigh, low, this.mixLow);
    m.bytes.set(this.ecb.update(m.bytes.subarray(COUNTERS, COUNTERS + count * stride * 16)), at);
  }

  private takeSlot(): void {
    const { m } = this;
    let oldest = m.taken;
    if (oldest < SLOTS) m.taken++;
    else {
      oldest = 0;
      for (let i = 1; i < SLOTS; i++) if (m.used[i] < m.used[oldest]) oldest = i;
    }
    m.owners[oldest] = this;
    this.slot = oldest;
    this.ready = 0;
    m.bytes.set(this.table, FIRST_SLOT + oldest * SLOT_BYTES);
  }
}

/** The products of the hash key with every value of every nibble of a block. Bit 0 is the highest of byte 0; multiplying by x shifts right. */
function hashTable(key: Uint8Array): Uint8Array {
  const table = new Uint8Array(GHASH_TABLE);
  const view = new DataView(table.buffer);
  const k = new DataView(key.buffer, key.byteOffset, 16);
  let [a, b, c, d] = [k.getUint32(0), k.getUint32(4), k.getUint32(8), k.getUint32(12)];
  for (let bit = 0; bit < 128; bit++) {
    // Bits 0 to 3 of a byte are its high nibble, which is the second of its two positions.
    const position = 2 * (bit >> 3) + ((bit & 4) === 0 ? 1 : 0);
    const weight = 8 >> (bit & 3);
    for (let value = 0; value < 16; value++) {
      if ((value & weight) === 0) continue;
      const at = position * 256 + value * 16;
      view.setUint32(at, view.getUint32(at) ^ a);
      view.setUint32(at + 4, view.getUint32(at + 4) ^ b);
      view.setUint32(at + 8, view.getUint32(at + 8) ^ c);
      view.setUint32(at + 12, view.getUint32(at + 12) ^ d);
    }
    const carry = d & 1;
    d = (d >>> 1) | (c << 31);
    c = (c >>> 1) | (b << 31);
    b = (b >>> 1) | (a << 31);
    a = (a >>> 1) ^ (carry === 1 ? 0xe1000000 : 0);
  }
  return table;
}
