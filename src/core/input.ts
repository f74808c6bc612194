import type { Note } from './note.ts';
import type { Arrival, StreamSink } from './stream.ts';

/** What is known of a connection that an input hands over ready-made (formats without packets). */
export interface StreamInfo {
  /** Endpoints as the format names them, "10.0.0.1:51234"; empty when it does not say. `client` is who opened, when known. */
  readonly client: string;
  readonly server: string;
  /** False when the format does not tell which side is the client: direction 0 is then only "the first side". */
  readonly rolesKnown: boolean;
  /** False when all times are made up or absent; rows then show no time. */
  readonly timed: boolean;
  /** False when the bytes of the two directions are not ordered against each other (two separate files): order them by their own logic. */
  readonly ordered: boolean;
  /** The format says that these bytes were inside TLS and are plaintext now. */
  readonly decrypted: boolean;
  /** Where it comes from, for messages: "sslsplit -L, connection 3". */
  readonly label: string;
  /** Process that owned the socket, when known. */
  readonly process?: string;
}

/**
 * What inputs hand to the pipeline. Before every call the input sets the shared `Arrival`.
 * `buf[start, end)` is the captured part of one packet, valid during the call, contiguous in the store from `address`.
 */
export interface InputSink {
  readonly at: Arrival;
  packet(buf: Uint8Array, start: number, end: number, address: number, wireLength: number, linkType: number, fcsLength: number): void;
  /** Opens a ready-made connection. */
  stream(info: StreamInfo): StreamSink;
  /** Secrets that the capture carries; `tls` = NSS key log text. Kept until decryption starts, in any order with packets. */
  secrets(kind: 'tls' | 'ssh' | 'wireguard' | 'other', bytes: Uint8Array): void;
  /** Process of the next packet (PKTAP header, pcapng options), or undefined. */
  process(name: string | undefined): void;
  /** Something wrong with the file itself: truncated tail, corrupt block. Range in file offsets. */
  note(note: Note): void;
}

export type InputState = 'more' | 'starved' | 'done';

/** A file, pipe or directory that is read once, in slices. Throws `UserError` only from its opener. */
export interface Input {
  readonly name: string;
  /** "pcap", "pcapng", "sslsplit -L" … */
  readonly format: string;
  /** Bytes in all, when known (progress), and how many have been read. */
  readonly size: number | undefined;
  readonly position: number;
  /** Reads one slice (about 2 MB) and hands it over. `starved`: a live input has nothing now; call again after `ready()`. */
  step(sink: InputSink): InputState;
  ready(): Promise<void>;
  close(): void;
}
