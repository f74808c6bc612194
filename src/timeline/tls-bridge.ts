import { toHex } from '../core/bytes.ts';
import { Cells } from '../core/dialect.ts';
import { DIALECT, messageType } from '../core/message.ts';
import type { Dir, EndReason } from '../core/stream.ts';
import { versionName } from '../schema/tls.ts';
import { reasonText } from '../schema/tls-reason.ts';
import { suiteName } from '../schema/tls-suite.ts';
import { FACTS, plaintextOf, type TlsEvents, type TlsRow } from '../tls/row.ts';
import type { TlsSession } from '../tls/session.ts';
import type { Connection, ConnectionFacts } from './connection.ts';
import type { Tap } from './pipeline.ts';
import type { Rows } from './rows.ts';
import type { StreamRecord, TlsFacts } from './streams.ts';

const cells = new Cells();
const NONE = new Uint8Array(0);
const spooled = { address: 0, count: 0, addresses: [] as number[], lengths: [] as number[] };

/** Where each stretch of the spool that holds plaintext came from, so that a row can be traced back to its records. */
export interface PlaintextPlaces {
  add(spoolAddress: number, length: number, recordAddress: number, recordLength: number): void;
}

/** Between a TLS connection and the index: its rows, and its plaintext on the way to the inner dialect. */
export class TlsBridge implements TlsEvents {
  private readonly record_: StreamRecord;
  private readonly rows: Rows;
  private readonly inner: Connection;
  private readonly tap: Tap | undefined;
  private readonly places: PlaintextPlaces;
  /** Set when it is made: what it knows, and the place of the record that it hands on. */
  connection: { readonly session: TlsSession; readonly recordWhere: { readonly address: number; readonly length: number } } | undefined =
    undefined;

  constructor(record: StreamRecord, rows: Rows, inner: Connection, tap: Tap | undefined, places: PlaintextPlaces) {
    this.record_ = record;
    this.rows = rows;
    this.inner = inner;
    this.tap = tap;
    this.places = places;
  }

  swap(): void {
    this.record_.facts.swapped = !this.record_.facts.swapped;
  }

  record(dir: Dir, row: TlsRow): void {
    cells.clear();
    cells.type = messageType(DIALECT.tls, row.command);
    cells.severity = row.severity;
    const where = row.where;
    const plain = plaintextOf(row.aux);
    if (plain === undefined) {
      cells.aux = row.aux;
      this.rows.append(this.record_.facts.stream, dir, cells, NONE, where.length, where);
      return;
    }
    // A decrypted message is what the row is about: its bytes are the spooled plaintext, traced back to the records.
    spooled.address = this.rows.spool.append(plain);
    this.places.add(spooled.address, plain.length, where.address, where.length);
    cells.aux = row.aux.subarray(0, FACTS);
    this.rows.append(this.record_.facts.stream, dir, cells, NONE, plain.length, spooled);
  }

  plaintext(dir: Dir, buf: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    const address = this.rows.spool.append(buf, start, end);
    const where = this.connection?.recordWhere;
    if (where !== undefined) this.places.add(address, end - start, where.address, where.length);
    if (this.tap !== undefined) this.tap('tls', this.record_.facts.stream, dir, buf, start, end);
    this.inner.data(dir, buf, start, end, address);
  }

  plaintextGap(dir: Dir, length: number): void {
    this.inner.gap(dir, length);
  }

  end(dir: Dir, reason: EndReason): void {
    this.inner.end(dir, reason);
  }

  established(): void {
    if (this.connection === undefined) return;
    const { alpn } = this.connection.session;
    this.inner.facts.alpn = alpn;
    this.record_.facts.alpn = alpn;
  }
}

/** Facts for lists and statistics, as far as they are known at the moment. `inner`: what is spoken inside. */
export class SessionFacts implements TlsFacts {
  private readonly session: TlsSession;
  private readonly connection: ConnectionFacts;

  constructor(session: TlsSession, inner: ConnectionFacts) {
    this.session = session;
    this.connection = inner;
  }

  get version(): string | undefined {
    return this.session.version === 0 ? undefined : versionName(this.session.version);
  }

  get suite(): string | undefined {
    return this.session.suite < 0 ? undefined : suiteName(this.session.suite);
  }

  get sni(): string | undefined {
    return this.session.sni;
  }

  get alpn(): string | undefined {
    return this.session.alpn;
  }

  get offeredAlpn(): readonly string[] {
    return this.session.alpnOffered;
  }

  get clientRandom(): string | undefined {
    return this.session.clientRandom && toHex(this.session.clientRandom);
  }

  get resumed(): boolean {
    return this.session.resumed !== undefined;
  }

  get undecrypted(): string | undefined {
    const { reason } = this.session;
    const why = reason[0] !== 0 ? reason[0] : reason[1];
    return why === 0 ? undefined : reasonText(why);
  }

  get decrypted(): boolean {
    return this.session.decrypted[0] + this.session.decrypted[1] > 0;
  }

  get records(): number {
    return this.session.records[0] + this.session.records[1];
  }

  get failed(): number {
    return this.session.failed[0] + this.session.failed[1];
  }

  get inner(): number | undefined {
    return this.connection.dialect === 0 ? undefined : this.connection.dialect;
  }
}
