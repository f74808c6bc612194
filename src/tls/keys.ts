import { sameBytes, toHex } from '../core/bytes.ts';
import { deleteOldest } from '../core/oldest.ts';
import { OpenRuns } from './encrypted-run.ts';
import { type KeyLogCounts, readKeyLog } from './key-log.ts';
import { KeySearch } from './key-search.ts';
import { holdsPrivateKey, openPremaster, type RsaKey, readPrivateKeys } from './private-keys.ts';
import { LABEL, LABELS, SecretStore } from './secret-store.ts';

/** Sessions whose master secret or origin is remembered for resumption; each costs about 200 bytes. */
const SESSION_LIMIT = 65_536;

/** Pre-shared keys in one run; a server for devices may know thousands. */
const PSK_LIMIT = 65_536;
/** Pre-shared keys tried for one session. */
const PSK_TRIED = 64;

interface PreSharedKey {
  readonly key: Uint8Array;
  readonly identity: Uint8Array | undefined;
}

/** What a session id or ticket led to: its master secret, when known, and the connection that it was issued on. */
export interface Remembered {
  readonly master: Uint8Array | undefined;
  readonly stream: number;
}

/** What a key file held, for a message to the user. */
export interface KeyFile {
  readonly kind: 'key log' | 'private key';
  readonly secrets: number;
  readonly ignored: number;
}

/**
 * All secrets of a run, shared by all connections: key logs, RSA private keys, pre-shared keys, and the master secrets
 * learned on the way, so that a resumed session finds the one it resumes.
 */
export class TlsKeys {
  readonly store = new SecretStore();
  /** Finds keys without hellos. */
  readonly search = new KeySearch(this.store);
  /** Grows whenever secrets were added. */
  generation = 0;
  /** Bytes that all connections together hold back while they wait for secrets or for the other direction. */
  heldBytes = 0;
  /** Rows of encrypted records that are being counted, on all connections. */
  readonly openRuns = new OpenRuns();
  private readonly rsa: RsaKey[] = [];
  private readonly psks: PreSharedKey[] = [];
  private readonly sessions = new Map<string, Remembered>();

  /** Adds a file of any kind: key log, PEM, DER or PKCS#12. Throws a `UserError` for a private key that cannot be read. */
  add(bytes: Uint8Array, name: string, password?: string): KeyFile {
    if (holdsPrivateKey(bytes)) return { kind: 'private key', secrets: this.addPrivateKeys(bytes, name, password), ignored: 0 };
    const counts = this.addKeyLog(bytes);
    return { kind: 'key log', secrets: counts.secrets, ignored: counts.ignored };
  }

  addKeyLog(text: Uint8Array): KeyLogCounts {
    const counts = readKeyLog(this.store, text, (identity, key) => this.addPsk(key, identity));
    if (counts.secrets > 0) this.generation++;
    return counts;
  }

  /** Returns the number of RSA keys added. */
  addPrivateKeys(bytes: Uint8Array, name: string, password?: string): number {
    const keys = readPrivateKeys(bytes, name, password);
    this.rsa.push(...keys);
    this.generation++;
    return keys.length;
  }

  /** Without an identity the key is tried for every session. Beyond the limit it is ignored. */
  addPsk(key: Uint8Array, identity?: Uint8Array): void {
    if (this.psks.length >= PSK_LIMIT) return;
    this.psks.push({ key, identity });
    this.generation++;
  }

  get hasPrivateKeys(): boolean {
    return this.rsa.length > 0;
  }

  get hasPsks(): boolean {
    return this.psks.length > 0;
  }

  /** True when nothing was given at all. */
  get empty(): boolean {
    return this.store.size === 0 && this.rsa.length === 0 && this.psks.length === 0;
  }

  secret(label: number, clientRandom: Uint8Array): Uint8Array | undefined {
    return this.store.find(label, clientRandom);
  }

  /** Names of the secrets held for a client random: `CLIENT_TRAFFIC_SECRET_0` … */
  labels(clientRandom: Uint8Array): string[] {
    return this.store.labels(clientRandom).map((code) => LABELS[code]);
  }

  /** Premasters that an encrypted one may hold: from the key log, else from each private key that opens it. */
  premasters(encrypted: Uint8Array): Uint8Array[] {
    const logged = this.store.find(LABEL.rsa, encrypted.subarray(0, 8));
    if (logged !== undefined) return [logged];
    return this.rsa.map((key) => openPremaster(key, encrypted)).filter((premaster) => premaster !== undefined);
  }

  /** Pre-shared keys that a session with this identity may use, the likeliest first. */
  preSharedKeys(identity: Uint8Array): Uint8Array[] {
    const fits = (psk: PreSharedKey): boolean => psk.identity !== undefined && sameBytes(psk.identity, identity);
    return [...this.psks.filter(fits), ...this.psks.filter((psk) => !fits(psk))].slice(0, PSK_TRIED).map((psk) => psk.key);
  }

  remember(kind: 'id' | 'ticket', name: Uint8Array, session: Remembered): void {
    if (name.length === 0) return;
    const key = `${kind} ${toHex(name)}`;
    this.sessions.delete(key);
    this.sessions.set(key, session);
    if (this.sessions.size <= SESSION_LIMIT) return;
    deleteOldest(this.sessions, SESSION_LIMIT / 16);
  }

  recall(kind: 'id' | 'ticket', name: Uint8Array | undefined): Remembered | undefined {
    return name === undefined || name.length === 0 ? undefined : this.sessions.get(`${kind} ${toHex(name)}`);
  }

  /** Master secret that a key log names by session id. */
  masterOf(sessionId: Uint8Array): Uint8Array | undefined {
    return this.store.find(LABEL.sessionId, sessionId);
  }
}
