import type { Range } from '../core/message.ts';
import type { Timeline } from '../timeline/timeline.ts';

/** A stretch of bytes that the bytes pane can show, and how the message's bytes lie in it. */
export interface ByteLayer {
  readonly name: 'message' | 'payload' | 'record' | 'packet';
  readonly bytes: Uint8Array;
  /** Where byte 0 of the layer lies in the message's bytes: negative when the layer begins before the message; beyond every message when it holds none of its bytes. */
  readonly offset: number;
  /** Bytes of credentials, as places in the layer: shown and copied as asterisks. */
  readonly hidden?: readonly Range[];
}

/** What the views look at: the timeline, and what is known of the input behind it. */
export interface Source {
  readonly timeline: Timeline;
  /** Names of the inputs, for the title. */
  readonly title: string;
  /** Credentials are shown. */
  readonly showSecrets: boolean;
  /** The input may grow: a pipe, or a file that is followed. */
  readonly live: boolean;
  /** Packets and file offsets of a row, as lines. */
  provenance(row: number): readonly string[];
  /** The TLS record and the packet that hold a row, where the capture has them. */
  layers(row: number): readonly ByteLayer[];
}
