import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  type Decipher,
  type DecipherGCM,
} from 'node:crypto';
import { u32 } from '../core/bytes.ts';
import { SSL3, TLS10, TLS13 } from '../schema/tls.ts';
import { REASON } from '../schema/tls-reason.ts';
import type { Digest, Suite } from '../schema/tls-suite.ts';
import { FastChacha } from './fast-chacha.ts';
import { FAST_LIMIT, FastGcm } from './fast-gcm.ts';
import { Rc4 } from './rc4.ts';

/** Bytes of a record header: type u8, version u16, length u16. */
export const HEADER = 5;

/**
 * One direction's record protection. `open` may be tried with several sequence numbers; only `commit` changes the state
 * that some ciphers chain from record to record.
 */
export interface RecordCipher {
  /** Plaintext of the record that was opened last: `out[from, to)`, valid until the next call. */
  out: Uint8Array;
  from: number;
  to: number;
  /** Verifies and decrypts the record at `buf[start, end)`, header included. A `REASON`: 0 when it is authentic. */
  open(sequence: number, buf: Uint8Array, start: number, end: number): number;
  /** Whether a record of an AEAD suite opens under this number; made for many trials with one record. Others cannot tell without their chain. */
  probe(sequence: number, buf: Uint8Array, start: number, end: number): boolean;
  /** The record was taken: chained state moves on. Also for records that failed or have a hole, as far as their bytes are known. */
  commit(buf: Uint8Array, start: number, end: number): void;
  /** Records were lost: chained state is unknown. */
  lose(): void;
}

/** Keys of one direction, cut from the key block or expanded from a traffic secret. */
export interface RecordKeys {
  readonly mac: Uint8Array;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** What decides how records are protected, beyond the suite. */
export interface RecordFormat {
  readonly version: number;
  readonly encryptThenMac: boolean;
  readonly truncatedMac: boolean;
}

export const MAC_LENGTH: Readonly<Record<Digest, number>> = { md5: 16, sha1: 20, sha256: 32, sha384: 48 };

/** The protection of a suite, or undefined when its cipher is not at hand. */
export function recordCipher(suite: Suite, format: RecordFormat, keys: RecordKeys): RecordCipher | undefined {
  const cipher = suite.cipher;
  if (cipher?.algorithm === undefined) return undefined;
  switch (cipher.kind) {
    case 'gcm':
    case 'ccm':
    case 'chacha':
      return new AeadCipher(cipher.algorithm, cipher.kind === 'chacha', cipher.tag, format.version, keys);
    case 'block':
      return new BlockCipher(cipher.algorithm, cipher.block, format, new RecordMac(suite.digest, format, keys.mac), keys);
    default:
      return new StreamCipher(cipher.kind === 'null' ? undefined : new Rc4(keys.key), new RecordMac(suite.digest, format, keys.mac));
  }
}

const EMPTY = new Uint8Array(0);
/** Records of a direction that OpenSSL opens before a table is made for it: most connections of a capture are short. */
const FAST_AFTER = 6;

/** GCM, CCM and ChaCha20-Poly1305 (RFC 5288, 6655, 7905, 8446). */
class AeadCipher implements RecordCipher {
  out: Uint8Array = EMPTY;
  from = 0;
  to = 0;
  private readonly algorithm: CipherGCMTypes;
  private readonly key: Uint8Array;
  private readonly iv: Uint8Array;
  private readonly nonce = new Uint8Array(12);
  private readonly aad: Uint8Array;
  private readonly tag: number;
  private readonly modern: boolean;
  /** Bytes of nonce at the start of each record. */
  private readonly explicit: number;
  private readonly options: { authTagLength: number };
  private readonly lengthTold: { plaintextLength: number } | undefined;
  /** Block cipher for the quick way, when the suite has one. */
  private readonly ecb: string | undefined;
  private fast: FastGcm | undefined = undefined;
  private readonly chacha: FastChacha | undefined;
  /** OpenSSL has the block cipher but not its GCM. */
  private readonly alone: boolean;
  private slowRecords = 0;
  /** What the quick way refuses is refused. */
  private final = false;

  constructor(algorithm: string, chacha: boolean, tag: number, version: number, keys: RecordKeys) {
    this.algorithm = algorithm as CipherGCMTypes;
    this.key = keys.key;
    this.iv = keys.iv;
    this.tag = tag;
    this.modern = version === TLS13;
    this.explicit = this.modern || chacha ? 0 : 8;
    this.aad = new Uint8Array(this.modern ? HEADER : 13);
    this.options = { authTagLength: tag };
    this.lengthTold = algorithm.endsWith('ccm') ? { plaintextLength: 0 } : undefined;
    this.ecb = /^(aes|camellia)-(128|256)-gcm$/.test(algorithm) ? algorithm.replace('gcm', 'ecb') : undefined;
    this.alone = algorithm.startsWith('camellia');
    this.chacha = chacha ? FastChacha.make(keys.key) : undefined;
  }

  open(sequence: number, buf: Uint8Array, start: number, end: number): number {
    const from = start + HEADER + this.explicit;
    const to = end - this.tag;
    if (to < from) return REASON.tooShort;
    const { aad, nonce } = this;
    if (this.modern) for (let i = 0; i < HEADER; i++) aad[i] = buf[start + i];
    else writeAad(aad, sequence, buf, start, to - from);
    if (this.ecb !== undefined && (to - from <= FAST_LIMIT || this.alone)) {
      if (this.openFast(sequence, buf, start + HEADER, from, to)) return REASON.none;
      if (this.alone || (this.final && this.fast !== undefined)) return REASON.badTag;
    }
    nonce.set(this.iv);
    if (this.explicit > 0) nonce.set(buf.subarray(start + HEADER, from), 4);
    else mixSequence(nonce, 4, sequence);
    if (this.chacha !== undefined && to - from <= FAST_LIMIT) {
      if (this.chacha.open(nonce, aad, buf, from, to)) {
        this.out = this.chacha.out;
        this.from = this.chacha.from;
        this.to = this.chacha.from + to - from;
        return REASON.none;
      }
      if (this.final) return REASON.badTag;
    }
    const decipher = createDecipheriv(this.algorithm, this.key, nonce, this.options as { authTagLength: 16 }) as DecipherGCM;
    if (this.lengthTold !== undefined) this.lengthTold.plaintextLength = to - from;
    try {
      decipher.setAAD(aad, this.lengthTold);
      decipher.setAuthTag(buf.subarray(to, end));
      const out = decipher.update(buf.subarray(from, to));
      decipher.final();
      this.out = out;
      this.from = 0;
      this.to = out.length;
      return REASON.none;
    } catch {
      return REASON.badTag;
    }
  }

  probe(sequence: number, buf: Uint8Array, start: number, end: number): boolean {
    this.slowRecords = FAST_AFTER;
    this.final = true;
    const reason = this.open(sequence, buf, start, end);
    this.final = false;
    return reason === REASON.none;
  }

  /** The quick way, once a direction has shown that it is worth its table. What it refuses, OpenSSL judges. */
  private openFast(sequence: number, buf: Uint8Array, nonceAt: number, from: number, to: number): boolean {
    if (this.slowRecords < FAST_AFTER && !this.alone) {
      this.slowRecords++;
      return false;
    }
    this.fast ??= FastGcm.make(this.ecb as string, this.key, this.iv);
    const { fast } = this;
    if (fast === undefined) return false;
    const own = this.explicit > 0;
    const high = own ? u32(buf, nonceAt) : Math.floor(sequence / 0x100000000);
    const low = own ? u32(buf, nonceAt + 4) : sequence >>> 0;
    if (!fast.open(high, low, this.aad, buf, from, to)) return false;
    this.out = fast.out;
    this.from = fast.from;
    this.to = fast.from + to - from;
    return true;
  }

  commit(): void {}

  lose(): void {}
}

/** CBC with MAC-then-encrypt or encrypt-then-MAC (RFC 5246, 7366); one decipher lives as long as the direction, because CBC only chains. */
class BlockCipher implements RecordCipher {
  out: Uint8Array = EMPTY;
  from = 0;
  to = 0;
  private readonly decipher: Decipher;
  private readonly block: number;
  private readonly mac: RecordMac;
  private readonly version: number;
  private readonly etm: boolean;
  private readonly implicit: boolean;
  /** Last ciphertext block before the next record, when the IV is implicit. */
  private readonly chain: Uint8Array;
  private chained = true;

  constructor(algorithm: string, block: number, format: RecordFormat, mac: RecordMac, keys: RecordKeys) {
    // Single DES is 3DES with the same key three times.
    const key = algorithm === 'des' ? Buffer.concat([keys.key, keys.key, keys.key]) : keys.key;
    this.decipher = createDecipheriv(algorithm === 'des' ? 'des-ede3-cbc' : algorithm, key, new Uint8Array(block)).setAutoPadding(false);
    this.block = block;
    this.mac = mac;
    this.version = format.version;
    this.etm = format.encryptThenMac;
    this.implicit = format.version <= TLS10;
    this.chain = keys.iv.slice();
  }

  open(sequence: number, buf: Uint8Array, start: number, end: number): number {
    const { block, mac } = this;
    const from = start + HEADER;
    let to = end;
    const leading = this.implicit ? 0 : block;
    if (this.etm) {
      to -= mac.length;
      if (to - from < leading + block) return REASON.tooShort;
      if (!mac.matches(sequence, buf, start, buf, from, to, buf, to)) return REASON.badMac;
    }
    const length = to - from;
    if (length < leading + block || length % block !== 0) return REASON.tooShort;
    // The first block out only depends on the block before it: the chain value, or the explicit IV that is decrypted along.
    if (this.implicit) {
      if (!this.chained) return REASON.lostChain;
      this.decipher.update(this.chain);
    }
    const out = this.decipher.update(buf.subarray(from, to));
    const padding = out[length - 1];
    const content = length - padding - 1 - (this.etm ? 0 : mac.length);
    if (content < leading) return REASON.badPadding;
    // SSL 3.0 leaves the padding bytes open, later versions repeat its length.
    if (this.version > SSL3) {
      for (let i = length - 1 - padding; i < length; i++) if (out[i] !== padding) return REASON.badPadding;
    } else if (padding >= block) return REASON.badPadding;
    if (!this.etm && !mac.matches(sequence, buf, start, out, leading, content, out, content)) return REASON.badMac;
    this.out = out;
    this.from = leading;
    this.to = content;
    return REASON.none;
  }

  probe(): boolean {
    return false;
  }

  commit(buf: Uint8Array, _start: number, end: number): void {
    if (!this.implicit) return;
    const tail = this.etm ? end - this.mac.length : end;
    this.chain.set(buf.subarray(tail - this.block, tail));
    this.chained = true;
  }

  lose(): void {
    this.chained = false;
  }
}

/** RC4 and NULL. */
class StreamCipher implements RecordCipher {
  out: Uint8Array = EMPTY;
  from = 0;
  to = 0;
  private readonly cipher: Rc4 | undefined;
  private readonly before: Rc4 | undefined;
  private readonly mac: RecordMac;
  private lost = false;

  constructor(cipher: Rc4 | undefined, mac: RecordMac) {
    this.cipher = cipher;
    this.before = cipher && new Rc4(new Uint8Array(1));
    this.mac = mac;
  }

  open(sequence: number, buf: Uint8Array, start: number, end: number): number {
    if (this.lost) return REASON.lostChain;
    const length = end - start - HEADER;
    if (length < this.mac.length) return REASON.tooShort;
    let plain = buf;
    let at = start + HEADER;
    if (this.cipher !== undefined && this.before !== undefined) {
      if (this.out.length < length) this.out = new Uint8Array(Math.max(length, 1024));
      this.before.copy(this.cipher);
      this.cipher.apply(buf, at, end, this.out);
      this.cipher.copy(this.before);
      plain = this.out;
      at = 0;
    }
    const content = length - this.mac.length;
    if (!this.mac.matches(sequence, buf, start, plain, at, at + content, plain, at + content)) return REASON.badMac;
    this.out = plain;
    this.from = at;
    this.to = at + content;
    return REASON.none;
  }

  probe(): boolean {
    return false;
  }

  commit(_buf: Uint8Array, start: number, end: number): void {
    this.cipher?.skip(end - start - HEADER);
  }

  lose(): void {
    this.lost = this.cipher !== undefined;
  }
}

/** The MAC of a record: HMAC, or the older construction of SSL 3.0 (RFC 6101 section 5.2.3.1). */
class RecordMac {
  readonly length: number;
  private readonly digest: Digest;
  private readonly key: Uint8Array;
  private readonly old: boolean;
  private readonly head: Uint8Array;
  private readonly inner: Uint8Array;
  private readonly outer: Uint8Array;

  constructor(digest: Digest, format: RecordFormat, key: Uint8Array) {
    this.digest = digest;
    this.key = key;
    this.old = format.version === SSL3;
    this.length = format.truncatedMac ? 10 : MAC_LENGTH[digest];
    this.head = new Uint8Array(this.old ? 11 : 13);
    const pads = digest === 'md5' ? 48 : 40;
    this.inner = Buffer.concat([key, new Uint8Array(pads).fill(0x36)]);
    this.outer = Buffer.concat([key, new Uint8Array(pads).fill(0x5c)]);
  }

  /** Compares the MAC over `from[start, end)` with the bytes at `at` of `mac`; type and version come from the header at `buf[record]`. */
  matches(
    sequence: number,
    buf: Uint8Array,
    record: number,
    from: Uint8Array,
    start: number,
    end: number,
    mac: Uint8Array,
    at: number,
  ): boolean {
    const { head } = this;
    const content = from.subarray(start, end);
    let sum: Uint8Array;
    if (this.old) {
      writeSequence(head, sequence);
      head[8] = buf[record];
      head[9] = (end - start) >> 8;
      head[10] = end - start;
      const inner = createHash(this.digest).update(this.inner).update(head).update(content).digest();
      sum = createHash(this.digest).update(this.outer).update(inner).digest();
    } else {
      writeAad(head, sequence, buf, record, end - start);
      sum = createHmac(this.digest, this.key).update(head).update(content).digest();
    }
    let difference = 0;
    for (let i = 0; i < this.length; i++) difference |= sum[i] ^ mac[at + i];
    return difference === 0;
  }
}

function writeSequence(out: Uint8Array, sequence: number): void {
  const high = Math.floor(sequence / 0x100000000);
  out[0] = high >>> 24;
  out[1] = high >>> 16;
  out[2] = high >>> 8;
  out[3] = high;
  out[4] = sequence >>> 24;
  out[5] = sequence >>> 16;
  out[6] = sequence >>> 8;
  out[7] = sequence;
}

/** Sequence number, type, version and length: what TLS up to 1.2 authenticates besides the content. */
function writeAad(out: Uint8Array, sequence: number, buf: Uint8Array, record: number, length: number): void {
  writeSequence(out, sequence);
  out[8] = buf[record];
  out[9] = buf[record + 1];
  out[10] = buf[record + 2];
  out[11] = length >> 8;
  out[12] = length;
}

/** XORs the sequence number, 8 bytes big-endian, onto `nonce` at `at`. */
function mixSequence(nonce: Uint8Array, at: number, sequence: number): void {
  const high = Math.floor(sequence / 0x100000000);
  nonce[at] ^= high >>> 24;
  nonce[at + 1] ^= high >>> 16;
  nonce[at + 2] ^= high >>> 8;
  nonce[at + 3] ^= high;
  nonce[at + 4] ^= sequence >>> 24;
  nonce[at + 5] ^= sequence >>> 16;
  nonce[at + 6] ^= sequence >>> 8;
  nonce[at + 7] ^= sequence;
}

/** True when OpenSSL in this Node has the cipher. */
export function cipherAtHand(algorithm: string, key: number, block: number): boolean {
  try {
    createCipheriv(algorithm, new Uint8Array(key), new Uint8Array(block));
    return true;
  } catch {
    return false;
  }
}
