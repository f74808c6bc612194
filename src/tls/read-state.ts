import { TLS13 } from '../schema/tls.ts';
import { REASON } from '../schema/tls-reason.ts';
import type { Suite } from '../schema/tls-suite.ts';
import { expandLabel, updatedSecret } from './key-schedule.ts';
import { HEADER, type RecordCipher, recordCipher } from './record-cipher.ts';

/** Sequence numbers tried after lost records: a lost burst of 64 KiB holds at most this many records of 30 bytes. */
const RESYNC_LIMIT = 2048;
/** Shortest protected record, header included: one byte under an 8-byte tag. A hole of n bytes lost at most n / 14 records. */
const RECORD_LEAST = 14;
/** Sequence numbers tried under keys that may have become current in a hole (handshake finished, KeyUpdate). */
const FOLLOW_LIMIT = 128;
/** Records that failed and may not belong to the stream, so that the next one has an earlier number. */
const INTRUDERS = 4;
/** Trials a direction may make at first, what each verified record adds, and the most it can save up: hostile input cannot buy more CPU than it has authentic bytes. */
const CREDIT_FIRST = 8192;
const CREDIT_RECORD = 4;
const CREDIT_LIMIT = 65_536;
/** Failures in a row after which keys that never fitted are given up. */
const WRONG_KEYS = 12;
/** Failures in a row after which keys that did fit are given up: the stream is not what the capture says. */
const GIVE_UP = 256;

/** Keys that are current for a while: the early, handshake and application secrets of TLS 1.3, or what a ChangeCipherSpec put in force. */
export interface Epoch {
  readonly name: 'early' | 'handshake' | 'application' | 'session';
  readonly cipher: RecordCipher;
  readonly suite: Suite;
  /** Traffic secret, in TLS 1.3. */
  readonly secret: Uint8Array | undefined;
  /** Master secret, up to TLS 1.2. */
  readonly master?: Uint8Array;
}

/** An epoch of TLS 1.3 from its traffic secret; undefined when the suite has no cipher here. */
export function trafficEpoch(name: Epoch['name'], suite: Suite, secret: Uint8Array): Epoch | undefined {
  const hash = suite.digest === 'sha384' ? 'sha384' : 'sha256';
  if (suite.cipher === undefined) return undefined;
  const key = expandLabel(hash, secret, 'key', suite.cipher.key);
  const iv = expandLabel(hash, secret, 'iv', 12);
  const cipher = recordCipher(suite, { version: TLS13, encryptThenMac: false, truncatedMac: false }, { mac: new Uint8Array(0), key, iv });
  return cipher && { name, cipher, suite, secret };
}

/**
 * What one direction is read with: the current keys and sequence number, the keys that may follow, and the search for
 * the number after a loss. Every record that `open` accepts was authenticated.
 */
export class ReadState {
  current: Epoch | undefined = undefined;
  sequence = 0;
  /** Records verified under the current epoch. */
  verified = 0;
  failures = 0;
  /** Content type of the record that was opened last. */
  type = 0;
  /** Records found missing before the one that was opened last. */
  skipped = 0;
  /** Failed records do not count yet: early data under unknown keys comes before the first record that fits. */
  tolerant = false;
  private followers: Epoch[] = [];
  private lostBound = 0;
  private credit = CREDIT_FIRST;

  /** Sets the keys in the order in which they become current; the first is current now, or unknown. */
  begin(epochs: readonly (Epoch | undefined)[]): void {
    this.followers = epochs.slice(1).filter((epoch) => epoch !== undefined);
    this.enter(epochs[0]);
    this.lostBound = 0;
  }

  /** True when neither current keys nor any that may follow are known. */
  get hopeless(): boolean {
    return this.current === undefined && this.followers.length === 0;
  }

  /** Makes the epoch of this name current; undefined keys when it is not known. */
  advance(name: Epoch['name']): void {
    if (this.current?.name === name) return;
    const i = this.followers.findIndex((epoch) => epoch.name === name);
    const next = i < 0 ? undefined : this.followers[i];
    this.followers = i < 0 ? [] : this.followers.slice(i + 1);
    this.enter(next);
  }

  /** The sender changed its traffic secret (KeyUpdate). */
  update(): void {
    const next = this.generationAfter();
    if (next !== undefined) this.enter(next);
  }

  /** Records are missing; `bytes` as far as known. */
  lose(bytes: number): void {
    this.lostBound = Math.min(RESYNC_LIMIT, this.lostBound + Math.ceil(bytes / RECORD_LEAST) + 1);
    this.current?.cipher.lose();
  }

  /** A record of this direction passed that cannot be opened because a part of it is missing. `tail` bytes at its end are known. */
  pass(buf: Uint8Array, start: number, end: number, tail: number): void {
    if (this.current === undefined) return;
    this.sequence++;
    this.current.cipher.commit(buf, start, end);
    if (tail < 32) this.current.cipher.lose();
  }

  /** Verifies and decrypts; a `REASON`, 0 when authentic. The plaintext is in `current.cipher`. */
  open(buf: Uint8Array, start: number, end: number): number {
    this.skipped = 0;
    const epoch = this.current;
    let reason: number = REASON.noHandshakeSecret;
    if (epoch !== undefined) {
      reason = epoch.cipher.open(this.sequence, buf, start, end);
      if (reason === REASON.none) return this.accept(epoch, this.sequence, buf, start, end);
      if (
        this.lostBound > 0 &&
        reason !== REASON.tooShort &&
        reason !== REASON.lostChain &&
        this.search(epoch, 1, this.lostBound, buf, start, end)
      )
        return REASON.none;
      // A record too many (injected, or repeated by a bad reassembly) has taken a number that it had no right to.
      if (
        this.failures > 0 &&
        this.lostBound === 0 &&
        this.verified > 0 &&
        this.search(epoch, -Math.min(this.failures, INTRUDERS), -1, buf, start, end)
      )
        return REASON.none;
    }
    const reach = this.lostBound > 0 ? Math.min(this.lostBound, FOLLOW_LIMIT) : 0;
    if (reason !== REASON.tooShort) {
      for (const next of this.followers) if (this.follow(next, reach, buf, start, end)) return REASON.none;
      if (this.lostBound > 0 && epoch?.name === 'application') {
        const next = this.generationAfter();
        if (next !== undefined && this.follow(next, reach, buf, start, end)) return REASON.none;
      }
    }
    return this.refuse(epoch, reason, buf, start, end);
  }

  /** True when going on makes no sense: the keys never fitted, or have not for long. */
  get exhausted(): boolean {
    return this.failures >= (this.verified === 0 ? WRONG_KEYS : GIVE_UP) && !this.tolerant;
  }

  private refuse(epoch: Epoch | undefined, reason: number, buf: Uint8Array, start: number, end: number): number {
    this.failures++;
    if (epoch === undefined || this.tolerant) return reason;
    this.sequence++;
    epoch.cipher.commit(buf, start, end);
    if (this.lostBound === 0) return reason;
    this.lostBound = Math.min(RESYNC_LIMIT, this.lostBound + 1);
    return reason === REASON.lostChain ? reason : REASON.lostSequence;
  }

  private search(epoch: Epoch, from: number, bound: number, buf: Uint8Array, start: number, end: number): boolean {
    for (let k = from; k <= bound && this.credit > 0; k++) {
      this.credit--;
      if (epoch.cipher.open(this.sequence + k, buf, start, end) !== REASON.none) continue;
      this.skipped = Math.max(0, k);
      this.accept(epoch, this.sequence + k, buf, start, end);
      return true;
    }
    return false;
  }

  private follow(epoch: Epoch, reach: number, buf: Uint8Array, start: number, end: number): boolean {
    for (let k = 0; k <= reach && this.credit > 0; k++) {
      this.credit--;
      if (epoch.cipher.open(k, buf, start, end) !== REASON.none) continue;
      const i = this.followers.indexOf(epoch);
      this.followers = this.followers.slice(i + 1);
      this.enter(epoch);
      this.accept(epoch, k, buf, start, end);
      return true;
    }
    return false;
  }

  private accept(epoch: Epoch, sequence: number, buf: Uint8Array, start: number, end: number): number {
    const cipher = epoch.cipher;
    cipher.commit(buf, start, end);
    this.sequence = sequence + 1;
    this.lostBound = 0;
    this.failures = 0;
    this.verified++;
    if (this.credit < CREDIT_LIMIT) this.credit += CREDIT_RECORD;
    this.tolerant = false;
    if (epoch.secret === undefined) {
      this.type = buf[start];
      return REASON.none;
    }
    // TLS 1.3: content, its type, then zeros (RFC 8446 section 5.4).
    let to = cipher.to - 1;
    while (to >= cipher.from && cipher.out[to] === 0) to--;
    this.type = to < cipher.from ? 0 : cipher.out[to];
    cipher.to = Math.max(to, cipher.from);
    return REASON.none;
  }

  private enter(epoch: Epoch | undefined): void {
    this.current = epoch;
    this.sequence = 0;
    this.verified = 0;
    this.failures = 0;
  }

  private generationAfter(): Epoch | undefined {
    const epoch = this.current;
    if (epoch?.secret === undefined) return undefined;
    return trafficEpoch('application', epoch.suite, updatedSecret(epoch.suite.digest === 'sha384' ? 'sha384' : 'sha256', epoch.secret));
  }
}

/** Content bytes of a protected record of known length, when the cipher tells them exactly; -1 when padding hides them. */
export function contentLength(epoch: Epoch | undefined, type: number, length: number): number {
  const cipher = epoch?.suite.cipher;
  if (cipher === undefined || epoch?.secret !== undefined || type !== 23) return -1;
  if (cipher.kind === 'gcm' || cipher.kind === 'ccm') return Math.max(0, length - HEADER - 8 - cipher.tag);
  if (cipher.kind === 'chacha') return Math.max(0, length - HEADER - cipher.tag);
  return -1;
}
