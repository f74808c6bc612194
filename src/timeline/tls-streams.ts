import { toHex } from '../core/bytes.ts';
import type { Arrival } from '../core/stream.ts';
import { TlsConnection } from '../tls/connection.ts';
import type { TlsKeys } from '../tls/keys.ts';
import { LABELS } from '../tls/secret-store.ts';
import type { TlsSession } from '../tls/session.ts';
import { type SessionSummary, summarise } from '../tls/sessions.ts';
import type { Connection, ConnectionFacts } from './connection.ts';
import type { Tap } from './pipeline.ts';
import type { Rows } from './rows.ts';
import type { StreamRecord } from './streams.ts';
import { type PlaintextPlaces, SessionFacts, TlsBridge } from './tls-bridge.ts';

/** Connections that wait for keys are looked through for ended ones when they have become twice as many. */
const FIRST_LOOK = 1024;

/**
 * The TLS connections of a capture, by what is known of them. A connection itself, with its buffers and ciphers, belongs
 * to the flow that feeds it and goes with it: a capture may have ten thousand.
 */
export class TlsStreams {
  private readonly known: { readonly record: StreamRecord; readonly session: TlsSession; readonly inner: ConnectionFacts }[] = [];
  /** Those that are tried again when the key logs have grown. */
  private readonly waiting = new Set<TlsConnection>();
  private nextLook = FIRST_LOOK;
  private readonly keys: TlsKeys;

  constructor(keys: TlsKeys) {
    this.keys = keys;
  }

  get count(): number {
    return this.known.length;
  }

  /** A connection between its TCP stream and `plaintext`. `live`: secrets may come later; `growing`: somebody will tell of them. */
  open(
    record: StreamRecord,
    plaintext: Connection,
    tap: Tap | undefined,
    rows: Rows,
    at: Arrival,
    places: PlaintextPlaces,
    waits: { readonly live: boolean; readonly growing: boolean },
  ): TlsConnection {
    const bridge = new TlsBridge(record, rows, plaintext, tap, places);
    const connection = new TlsConnection(this.keys, at, bridge, { stream: record.facts.stream, live: waits.live });
    bridge.connection = connection;
    this.known.push({ record, session: connection.session, inner: plaintext.facts });
    if (waits.growing) this.wait(connection);
    return connection;
  }

  private wait(connection: TlsConnection): void {
    this.waiting.add(connection);
    if (this.waiting.size < this.nextLook) return;
    for (const each of this.waiting) if (each.finished) this.waiting.delete(each);
    this.nextLook = Math.max(FIRST_LOOK, 2 * this.waiting.size);
  }

  /** The key logs have grown. */
  keysAdded(): void {
    for (const connection of this.waiting) connection.keysAdded();
  }

  /** Lets the table of streams know of the sessions that were opened since the last time. */
  refresh(): void {
    for (const { record, session, inner } of this.known) record.tls ??= new SessionFacts(session, inner);
  }

  /** The sessions, with what is known of their keys. */
  sessions(): SessionSummary[] {
    return this.known.map(({ session }) => summarise(session, this.keys));
  }

  /** How many streams are in which state, in words. */
  summary(): { readonly streams: number; readonly state: string }[] {
    const states = new Map<string, number>();
    for (const s of this.sessions()) {
      const why = s.reason === undefined ? '' : `: ${s.reason}. ${s.advice ?? ''}`;
      const state =
        s.decrypted === 'all'
          ? 'decrypted'
          : s.decrypted === 'part'
            ? `decrypted in part${why}`
            : s.decrypted === 'none'
              ? `not decrypted${why}`
              : `nothing to decrypt${why}`;
      states.set(state, (states.get(state) ?? 0) + 1);
    }
    return [...states].map(([state, streams]) => ({ streams, state }));
  }

  /** Key log lines for the sessions of these streams (undefined: of all), as text. */
  usedSecrets(streams: ReadonlySet<number> | undefined): string {
    const randoms = new Set<string>();
    for (const { session } of this.known) {
      const random = session.clientRandom;
      if (random !== undefined && (streams === undefined || streams.has(session.stream))) randoms.add(toHex(random));
    }
    let text = '';
    this.keys.store.each((label, key, secret) => {
      const hex = toHex(key);
      if (randoms.has(hex)) text += `${LABELS[label]} ${hex} ${toHex(secret)}\n`;
    });
    return text;
  }
}
