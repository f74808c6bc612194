import type { Message } from '../core/message.ts';
import type { Dir } from '../core/stream.ts';

/** The columns of the index, as far as rules read them. Rows count from 0. */
export interface RowColumns {
  readonly rows: number;
  /** Dialect × 256 + command. */
  type(row: number): number;
  dir(row: number): Dir;
  stream(row: number): number;
  sec(row: number): number;
  nsec(row: number): number;
  /** Bytes on the wire. */
  length(row: number): number;
  /** Message id, identifier or HTTP/2 stream; undefined when there is none. */
  id(row: number): number | undefined;
  /** Number of the topic, -1 when there is none. */
  topic(row: number): number;
  /** First four bytes of the token, 0 when there is none. */
  token(row: number): number;
  /** -1 when there is none. */
  status(row: number): number;
  raise(row: number, severity: number): void;
}

/** The two ends of a stream as text, "10.0.0.1:5223"; empty when they are not known. */
interface Ends {
  readonly client: string;
  readonly server: string;
}

/** Messages in order, as rules see them: columns first, a decoded message only where a rule must have it. */
export interface SessionSource {
  readonly columns: RowColumns;
  /** The input had a time for this row. */
  timed(row: number): boolean;
  /** The message with its fields; payloads stay closed and nothing is redacted. */
  message(row: number): Message;
  /** The number that `columns.topic` has for these topic bytes. */
  topicNumber(topic: Uint8Array): number;
  /** The topic's bytes by that number: a SHA-1, or a name in UTF-8. */
  topicBytes(topic: number): Uint8Array;
  ends(stream: number): Ends;
}

/** What a key says about the signature of a provider token. */
export interface TokenVerdict {
  readonly good: boolean;
  /** With which key, as a phrase. */
  readonly detail: string;
}

/** Checks a provider token, `header.claims.signature`; undefined when no key for this key id is known. */
export type TokenVerifier = (compact: string, keyId: string | undefined) => TokenVerdict | undefined;
