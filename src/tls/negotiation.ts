import { type Dir, S2C } from '../core/stream.ts';
import { HANDSHAKE, TLS10, TLS13 } from '../schema/tls.ts';
import { REASON } from '../schema/tls-reason.ts';
import { type CipherDef, type Suite, suite as suiteOf } from '../schema/tls-suite.ts';
import { Cursor } from './cursor.ts';
import type { ClientHello, ServerHello } from './hello.ts';
import { keyBlock, masterSecret, pskPremaster, sessionHash } from './key-schedule.ts';
import type { TlsKeys } from './keys.ts';
import { type Epoch, trafficEpoch } from './read-state.ts';
import { MAC_LENGTH, recordCipher } from './record-cipher.ts';
import { LABEL } from './secret-store.ts';

/** Bytes of handshake messages kept for the extended master secret; a flight with a client certificate chain has about 10 KB. */
const TRANSCRIPT_LIMIT = 256 * 1024;

/** Keys of one direction, or why there are none. */
export type Keys = { readonly epochs: readonly Epoch[] } | { readonly reason: number };

/**
 * One handshake: what was agreed, and how keys follow from it and from the secrets at hand.
 * A renegotiation is a new one.
 */
export class Negotiation {
  readonly hello: ClientHello;
  server: ServerHello | undefined = undefined;
  suite: Suite | undefined = undefined;
  /** The server ended its flight of a full handshake. */
  serverDone = false;
  /** The server sent its certificate: it does not resume. */
  certificateSeen = false;
  exchangeSeen = false;
  /** Where the master secret came from. */
  source: 'key log' | 'private key' | 'pre-shared key' | 'resumed session' | undefined = undefined;
  private readonly keys: TlsKeys;
  private readonly stream: number;
  private encrypted: Uint8Array | undefined = undefined;
  private master: Uint8Array | undefined = undefined;
  /** Masters that are possible, when several keys might be the right one: the first record that opens decides. */
  private candidates: readonly Uint8Array[] = [];
  private readonly tickets: Uint8Array[] = [];
  private identity: Uint8Array = new Uint8Array(0);
  private transcript: [Uint8Array[], Uint8Array[]] = [[], []];
  private transcriptBytes = 0;
  private holed = false;

  constructor(keys: TlsKeys, hello: ClientHello, stream: number) {
    this.keys = keys;
    this.hello = hello;
    this.stream = stream;
  }

  get version(): number {
    return this.server?.version ?? 0;
  }

  /** Keeps a handshake message (header included) for the session hash, which runs up to the ClientKeyExchange. */
  record(dir: Dir, type: number, buf: Uint8Array, start: number, end: number): void {
    if (this.version === TLS13 || this.exchangeSeen || type === HANDSHAKE.helloRequest) return;
    this.transcriptBytes += end - start;
    if (this.transcriptBytes > TRANSCRIPT_LIMIT) this.holed = true;
    if (!this.holed) this.transcript[dir].push(buf.slice(start, end));
  }

  /** A part of the handshake was lost. */
  lose(): void {
    this.holed = true;
  }

  choose(server: ServerHello): void {
    this.server = server;
    this.suite = suiteOf(server.suite);
  }

  /** Body of a ClientKeyExchange. */
  exchange(buf: Uint8Array, start: number, end: number): void {
    this.exchangeSeen = true;
    const exchange = this.suite?.exchange ?? '';
    const c = new Cursor(buf, start, end);
    if (exchange.endsWith('PSK')) this.identity = c.vector(2).copy();
    if (exchange !== 'RSA' && exchange !== 'RSA_PSK') return;
    // SSL 3.0 writes no length; some clients left it out later, too.
    const peek = c.left >= 2 ? (buf[c.at] << 8) | buf[c.at + 1] : -1;
    this.encrypted = (peek === c.left - 2 ? c.vector(2) : c).copy();
  }

  /** True when the master secret needs messages of the full handshake that were not seen yet, and could be had with them. */
  get pendingExchange(): boolean {
    if (this.version === TLS13 || this.server === undefined || !this.serverDone || (this.exchangeSeen && this.certificateSeen))
      return false;
    if (this.exchangeSeen || this.keys.secret(LABEL.master, this.hello.random) !== undefined) return false;
    return this.keys.hasPrivateKeys || this.keys.hasPsks || this.keys.store.size > 0;
  }

  /** True when no secret at hand names this handshake, so that waiting for a growing key log may help. */
  get unknown(): boolean {
    if (this.version === TLS13)
      return (
        this.keys.secret(LABEL.client, this.hello.random) === undefined || this.keys.secret(LABEL.server, this.hello.random) === undefined
      );
    return this.findMaster() === undefined;
  }

  /** The session that this one resumes; only meaningful up to TLS 1.2, after the server has answered. */
  resumes(): 'id' | 'ticket' | undefined {
    const { hello, server } = this;
    if (server === undefined || server.version === TLS13 || this.certificateSeen || this.serverDone) return undefined;
    if (hello.ticket !== undefined && hello.ticket.length > 0) return 'ticket';
    const id = server.sessionId;
    return id.length > 0 && id.length === hello.sessionId.length && id.every((b, i) => b === hello.sessionId[i]) ? 'id' : undefined;
  }

  /** Keys that a ChangeCipherSpec of this direction puts in force (up to TLS 1.2). */
  sessionKeys(dir: Dir): Keys {
    const { suite, server } = this;
    if (server === undefined) return { reason: REASON.helloLost };
    if (suite === undefined) return { reason: REASON.unknownSuite };
    if (suite.export) return { reason: REASON.exportSuite };
    if (suite.cipher?.algorithm === undefined) return { reason: REASON.unsupportedSuite };
    if (server.compression !== 0) return { reason: REASON.compressed };
    const master = this.findMaster();
    if (master === undefined) return { reason: this.why() };
    const masters = this.candidates.length > 0 ? this.candidates : [master];
    const epochs = masters
      .map((each) => this.protection(dir, suite, suite.cipher as CipherDef, server, each))
      .filter((e) => e !== undefined);
    return epochs.length === 0 ? { reason: REASON.unsupportedSuite } : { epochs };
  }

  private protection(dir: Dir, suite: Suite, cipher: CipherDef, server: ServerHello, master: Uint8Array): Epoch | undefined {
    const { digest } = suite;
    const mac = cipher.tag > 0 ? 0 : MAC_LENGTH[digest];
    const iv = cipher.kind === 'block' ? (server.version <= TLS10 ? cipher.block : 0) : cipher.block;
    const block = keyBlock(server.version, digest, master, this.hello.random, server.random, 2 * (mac + cipher.key + iv));
    const cut = (from: number, length: number): Uint8Array => block.subarray(from + dir * length, from + (dir + 1) * length);
    const format = {
      version: server.version,
      encryptThenMac: server.encryptThenMac && cipher.kind === 'block',
      truncatedMac: server.truncatedMac,
    };
    const protection = recordCipher(suite, format, {
      mac: cut(0, mac),
      key: cut(2 * mac, cipher.key),
      iv: cut(2 * (mac + cipher.key), iv),
    });
    return protection && { name: 'session', cipher: protection, suite, secret: undefined, master };
  }

  /** A record opened under these keys: of several possible masters, theirs is the one. */
  settle(epoch: Epoch): void {
    if (this.candidates.length < 2 || epoch.master === undefined) return;
    this.candidates = [];
    this.master = epoch.master;
    for (const ticket of this.tickets) this.rememberSession(ticket);
    this.rememberSession(undefined);
  }

  /** The epochs of one direction of TLS 1.3, as far as their secrets are known. */
  trafficKeys(dir: Dir, early: boolean): Keys {
    const { suite } = this;
    if (suite === undefined) return { reason: REASON.unknownSuite };
    if (suite.exchange !== '' || suite.cipher?.algorithm === undefined) return { reason: REASON.unsupportedSuite };
    const random = this.hello.random;
    const labels: [Epoch['name'], number][] = [
      ['handshake', dir === S2C ? LABEL.serverHandshake : LABEL.clientHandshake],
      ['application', dir === S2C ? LABEL.server : LABEL.client],
    ];
    if (early) labels.unshift(['early', LABEL.early]);
    const epochs: Epoch[] = [];
    const size = suite.digest === 'sha384' ? 48 : 32;
    let misfit = false;
    for (const [name, label] of labels) {
      const secret = this.keys.secret(label, random);
      if (secret === undefined) continue;
      const epoch = secret.length === size ? trafficEpoch(name, suite, secret) : undefined;
      if (epoch === undefined) misfit = true;
      else epochs.push(epoch);
    }
    if (epochs.length > 0) {
      this.source = 'key log';
      return { epochs };
    }
    if (misfit) return { reason: REASON.secretLength };
    const other =
      this.keys.secret(dir === S2C ? LABEL.client : LABEL.server, random) ??
      this.keys.secret(dir === S2C ? LABEL.clientHandshake : LABEL.serverHandshake, random);
    return { reason: other === undefined ? REASON.noKeys : REASON.oneDirection };
  }

  /** Keys of early data, by trial over the offered suites whose digest fits the secret. */
  earlyKeys(): Epoch[] {
    const secret = this.keys.secret(LABEL.early, this.hello.random);
    if (secret === undefined) return [];
    const fitting = this.hello.suites
      .map(suiteOf)
      .filter((s): s is Suite => s !== undefined && s.exchange === '' && (s.digest === 'sha384' ? 48 : 32) === secret.length);
    return fitting.map((s) => trafficEpoch('early', s, secret)).filter((epoch) => epoch !== undefined);
  }

  /** Why the application secret of a direction is missing although others are there. */
  missingApplication(dir: Dir): number {
    return this.keys.secret(dir === S2C ? LABEL.client : LABEL.server, this.hello.random) === undefined
      ? REASON.noApplicationSecret
      : REASON.oneDirection;
  }

  /** Remembers the master secret under the names by which a later session may resume this one. */
  rememberSession(ticket: Uint8Array | undefined): void {
    const session = { master: this.version === TLS13 ? undefined : this.findMaster(), stream: this.stream };
    if (ticket !== undefined) {
      if (this.candidates.length > 1) this.tickets.push(ticket);
      this.keys.remember('ticket', ticket, session);
    } else if (this.server !== undefined && this.version !== TLS13) this.keys.remember('id', this.server.sessionId, session);
  }

  private findMaster(): Uint8Array | undefined {
    if (this.master !== undefined) return this.master;
    const { server, keys, hello } = this;
    if (server === undefined) return undefined;
    const found = (master: Uint8Array | undefined, source: Negotiation['source']): boolean => {
      if (master === undefined) return false;
      this.master = master;
      this.source = source;
      return true;
    };
    if (found(keys.secret(LABEL.master, hello.random), 'key log')) return this.master;
    if (found(keys.masterOf(server.sessionId), 'key log')) return this.master;
    if (found(this.derive(keys.secret(LABEL.premaster, hello.random)), 'key log')) return this.master;
    const resumed = this.resumes();
    if (resumed === 'ticket' && found(keys.recall('ticket', hello.ticket)?.master, 'resumed session')) return this.master;
    if (resumed !== undefined && found(keys.recall('id', server.sessionId)?.master, 'resumed session')) return this.master;
    if (!this.exchangeSeen) return undefined;
    const exchange = this.suite?.exchange;
    const premasters = this.premasters(exchange ?? '');
    this.candidates = premasters.map((premaster) => this.derive(premaster)).filter((master) => master !== undefined);
    found(this.candidates[0], exchange === 'RSA' ? 'private key' : 'pre-shared key');
    return this.master;
  }

  /** Premasters that the keys at hand lead to, the likeliest first. */
  private premasters(exchange: string): Uint8Array[] {
    const { keys, encrypted, identity } = this;
    if (exchange === 'RSA') return encrypted === undefined ? [] : keys.premasters(encrypted);
    if (exchange === 'PSK') return keys.preSharedKeys(identity).map((psk) => pskPremaster(psk));
    if (exchange !== 'RSA_PSK' || encrypted === undefined) return [];
    const others = keys.premasters(encrypted);
    return keys.preSharedKeys(identity).flatMap((psk) => others.map((other) => pskPremaster(psk, other)));
  }

  private derive(premaster: Uint8Array | undefined): Uint8Array | undefined {
    const { server, suite } = this;
    if (premaster === undefined || server === undefined || suite === undefined) return undefined;
    let hash: Uint8Array | undefined;
    if (server.extendedMasterSecret) {
      if (this.holed || !this.exchangeSeen) return undefined;
      const [client, fromServer] = this.transcript;
      hash = sessionHash(server.version, suite.digest, [...client.slice(0, 1), ...fromServer, ...client.slice(1)]);
    }
    return masterSecret(server.version, suite.digest, premaster, this.hello.random, server.random, hash);
  }

  private why(): number {
    const { keys, suite } = this;
    const exchange = suite?.exchange ?? '';
    if (this.resumes() !== undefined) return REASON.noKeys;
    if (this.holed && this.server?.extendedMasterSecret && this.encrypted !== undefined && keys.premasters(this.encrypted).length > 0)
      return REASON.handshakeLost;
    if (exchange === 'RSA') return this.exchangeSeen || keys.empty ? REASON.rsaKeyMissing : REASON.handshakeLost;
    if (exchange.includes('PSK')) return REASON.noPsk;
    return keys.hasPrivateKeys && keys.store.size === 0 ? REASON.forwardSecret : REASON.noKeys;
  }
}
