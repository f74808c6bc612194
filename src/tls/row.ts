import type { PieceList } from '../core/piece-list.ts';
import type { Dir } from '../core/stream.ts';

/**
 * One thing worth a row: a handshake message, an alert, a run of records that stay encrypted, a failed record.
 * One object is reused; read it during the call.
 */
export interface TlsRow {
  /** Handshake type, or a `TLS_ENTRY`. */
  command: number;
  /** 0 none, 1 note, 2 warn, 3 error. */
  severity: number;
  /** Bytes on the wire: the message itself when it is in the clear, else the records that carry it. */
  where: PieceList;
  /** What `decodeTls` needs besides those bytes: facts, and the plaintext of a decrypted message. */
  aux: Uint8Array;
  /** Packet and time of its first byte; the shared `Arrival` has those of its last. */
  packet: number;
  sec: number;
  nsec: number;
}

/** What the pipeline hears from a TLS connection. Directions are the true ones: 0 = client to server. */
export interface TlsEvents {
  /** The hello shows that the caller's direction 0 is the server. From the next call on the caller passes the true directions. */
  swap(): void;
  record(dir: Dir, row: TlsRow): void;
  /** Verified application data; `buf` is valid during the call. */
  plaintext(dir: Dir, buf: Uint8Array, start: number, end: number): void;
  /** Application data that could not be decrypted or verified; -1 when its length is not known. */
  plaintextGap(dir: Dir, length: number): void;
  end(dir: Dir, reason: 'fin' | 'reset' | 'capture-end' | 'reuse'): void;
  /** Called once, before the first application data, decrypted or not. */
  established(): void;
}

/** Bytes of facts in front of `aux`. */
export const FACTS = 16;

const FLAG_PLAIN = 1;
const FLAG_EARLY = 2;

export interface Facts {
  readonly command: number;
  readonly reason: number;
  readonly version: number;
  /** -1 when unknown. */
  readonly suite: number;
  /** The decrypted message follows the facts. */
  readonly plain: boolean;
  readonly early: boolean;
  readonly records: number;
  readonly bytes: number;
}

/**
 * Packs facts and plaintext. Layout, big-endian: command u8, reason u8, version u16, suite u16 (0xffff unknown),
 * flags u8, zero u8, records u32, bytes u32, plaintext.
 */
export function packFacts(facts: Facts, plain?: Uint8Array, start = 0, end = plain?.length ?? 0): Uint8Array {
  const out = new Uint8Array(FACTS + (plain === undefined ? 0 : end - start));
  out[0] = facts.command;
  out[1] = facts.reason;
  put16(out, 2, facts.version);
  put16(out, 4, facts.suite < 0 ? 0xffff : facts.suite);
  out[6] = (plain === undefined ? 0 : FLAG_PLAIN) | (facts.early ? FLAG_EARLY : 0);
  put16(out, 8, facts.records >>> 16);
  put16(out, 10, facts.records);
  put16(out, 12, facts.bytes >>> 16);
  put16(out, 14, facts.bytes);
  if (plain !== undefined) out.set(plain.subarray(start, end), FACTS);
  return out;
}

export function unpackFacts(aux: Uint8Array): Facts {
  const u16 = (at: number): number => (aux[at] << 8) | aux[at + 1];
  const suite = u16(4);
  return {
    command: aux[0],
    reason: aux[1],
    version: u16(2),
    suite: suite === 0xffff ? -1 : suite,
    plain: (aux[6] & FLAG_PLAIN) !== 0,
    early: (aux[6] & FLAG_EARLY) !== 0,
    records: u16(8) * 65536 + u16(10),
    bytes: u16(12) * 65536 + u16(14),
  };
}

function put16(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 8;
  out[at + 1] = value;
}

/** The decrypted message that `aux` carries behind its facts, or undefined. */
export function plaintextOf(aux: Uint8Array): Uint8Array | undefined {
  return aux.length > FACTS && unpackFacts(aux).plain ? aux.subarray(FACTS) : undefined;
}

/**
 * The bytes that the ranges of a decoded row refer to: the decrypted message in `aux`, else the row's own bytes.
 * A row whose bytes are the decrypted message already has facts without plaintext.
 */
export function messageBytes(bytes: Uint8Array, aux: Uint8Array | undefined): Uint8Array {
  return (aux && plaintextOf(aux)) ?? bytes;
}
