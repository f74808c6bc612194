/** Secrets that key logs name, one code each; the code is stored with the secret. */
export const LABELS = [
  'CLIENT_RANDOM',
  'CLIENT_EARLY_TRAFFIC_SECRET',
  'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  'CLIENT_TRAFFIC_SECRET_0',
  'SERVER_TRAFFIC_SECRET_0',
  'EXPORTER_SECRET',
  'EARLY_EXPORTER_SECRET',
  'PMS_CLIENT_RANDOM',
  'RSA',
  'RSA Session-ID',
] as const;

export const LABEL = {
  master: 0,
  early: 1,
  clientHandshake: 2,
  serverHandshake: 3,
  client: 4,
  server: 5,
  exporter: 6,
  earlyExporter: 7,
  premaster: 8,
  rsa: 9,
  sessionId: 10,
} as const;

/** Bytes of a stored record: key 32, label, key length, secret length (2, big-endian), then the secret. */
const KEY = 32;
const HEAD = KEY + 4;
/** Secrets have at most 64 bytes, but premasters of finite-field Diffie-Hellman up to 1024 (ffdhe8192). */
const SECRET_MAX = 1024;
const FIRST_CAPACITY = 16 * 1024;
const FIRST_SLOTS = 1024;
/** Secrets in one run; 4 million lines are 400 MB of key log, more than any tool writes in a month. */
const SECRET_LIMIT = 4_000_000;

/**
 * Secrets by key (client random, session id, encrypted premaster prefix), in flat memory: tens of thousands of foreign
 * sessions cost about 90 bytes a line and no object.
 */
export class SecretStore {
  /** Distinct (key, label) pairs. */
  size = 0;
  private bytes = new Uint8Array(FIRST_CAPACITY);
  private used = 0;
  /** Open addressing by key: offset + 1 of the first record of a key; records of one key are chained in `next`. */
  private slots = new Int32Array(FIRST_SLOTS);
  private keys = 0;
  private next = new Int32Array(FIRST_SLOTS);
  private offsets = new Int32Array(FIRST_SLOTS);

  /** Keeps a secret; a later line for the same key and label wins. False when it does not fit the limits. */
  add(label: number, key: Uint8Array, keyLength: number, secret: Uint8Array, secretLength: number): boolean {
    if (keyLength === 0 || keyLength > KEY || secretLength === 0 || secretLength > SECRET_MAX || this.size >= SECRET_LIMIT) return false;
    const slot = this.slot(key, keyLength);
    for (let r = this.slots[slot]; r !== 0; r = this.next[r - 1]) {
      const at = this.offsets[r - 1];
      if (this.bytes[at + KEY] !== label) continue;
      if (this.lengthAt(at) < secretLength) continue;
      this.setLength(at, secretLength);
      this.bytes.set(secret.subarray(0, secretLength), at + HEAD);
      return true;
    }
    this.room(HEAD + secretLength);
    const at = this.used;
    this.bytes.fill(0, at, at + HEAD);
    this.bytes.set(key.subarray(0, keyLength), at);
    this.bytes[at + KEY] = label;
    this.bytes[at + KEY + 1] = keyLength;
    this.setLength(at, secretLength);
    this.bytes.set(secret.subarray(0, secretLength), at + HEAD);
    this.used += HEAD + secretLength;
    const number = this.size++;
    this.offsets[number] = at;
    const first = this.slots[slot];
    this.next[number] = first;
    this.slots[slot] = number + 1;
    if (first === 0 && ++this.keys * 2 > this.slots.length) this.rehash();
    return true;
  }

  /** A copy of the secret, or undefined. */
  find(label: number, key: Uint8Array): Uint8Array | undefined {
    if (key.length === 0 || key.length > KEY) return undefined;
    for (let r = this.slots[this.slot(key, key.length)]; r !== 0; r = this.next[r - 1]) {
      const at = this.offsets[r - 1];
      if (this.bytes[at + KEY] === label) return this.bytes.slice(at + HEAD, at + HEAD + this.lengthAt(at));
    }
    return undefined;
  }

  /** Label codes held for a key, ascending. */
  labels(key: Uint8Array): number[] {
    const found: number[] = [];
    if (key.length === 0 || key.length > KEY) return found;
    for (let r = this.slots[this.slot(key, key.length)]; r !== 0; r = this.next[r - 1]) found.push(this.bytes[this.offsets[r - 1] + KEY]);
    return found.sort((a, b) => a - b);
  }

  /** Calls back for each stored secret, in the order of arrival. */
  each(visit: (label: number, key: Uint8Array, secret: Uint8Array) => void): void {
    for (let i = 0; i < this.size; i++) {
      const at = this.offsets[i];
      visit(
        this.bytes[at + KEY],
        this.bytes.slice(at, at + this.bytes[at + KEY + 1]),
        this.bytes.slice(at + HEAD, at + HEAD + this.lengthAt(at)),
      );
    }
  }

  /** Calls back for each stored secret, the newest first, until the visitor has enough (`false`). */
  newest(visit: (label: number, key: Uint8Array, secret: Uint8Array) => boolean): void {
    for (let i = this.size - 1; i >= 0; i--) {
      const at = this.offsets[i];
      const key = this.bytes.slice(at, at + this.bytes[at + KEY + 1]);
      if (!visit(this.bytes[at + KEY], key, this.bytes.slice(at + HEAD, at + HEAD + this.lengthAt(at)))) return;
    }
  }

  private lengthAt(at: number): number {
    return (this.bytes[at + KEY + 2] << 8) | this.bytes[at + KEY + 3];
  }

  private setLength(at: number, length: number): void {
    this.bytes[at + KEY + 2] = length >> 8;
    this.bytes[at + KEY + 3] = length;
  }

  /** The slot that holds this key, or the free one where it belongs. */
  private slot(key: Uint8Array, length: number): number {
    const mask = this.slots.length - 1;
    let h = 2166136261;
    for (let i = 0; i < length; i++) h = Math.imul(h ^ key[i], 16777619);
    let slot = (h ^ (h >>> 15)) & mask;
    for (;;) {
      const r = this.slots[slot];
      if (r === 0 || this.same(this.offsets[r - 1], key, length)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private same(at: number, key: Uint8Array, length: number): boolean {
    if (this.bytes[at + KEY + 1] !== length) return false;
    for (let i = 0; i < length; i++) if (this.bytes[at + i] !== key[i]) return false;
    return true;
  }

  private room(n: number): void {
    if (this.used + n > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.used + n));
      grown.set(this.bytes.subarray(0, this.used));
      this.bytes = grown;
    }
    if (this.size === this.offsets.length) {
      const offsets = new Int32Array(this.size * 2);
      offsets.set(this.offsets);
      this.offsets = offsets;
      const next = new Int32Array(this.size * 2);
      next.set(this.next);
      this.next = next;
    }
  }

  private rehash(): void {
    const old = this.slots;
    this.slots = new Int32Array(old.length * 2);
    for (const r of old) {
      if (r === 0) continue;
      const at = this.offsets[r - 1];
      const length = this.bytes[at + KEY + 1];
      this.slots[this.slot(this.bytes.subarray(at, at + length), length)] = r;
    }
  }
}
