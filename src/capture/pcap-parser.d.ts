/** The part of npm `pcap-parser` 0.2.1 that is used; the package has no types of its own. */
declare module 'pcap-parser' {
  import type { EventEmitter } from 'node:events';

  export interface PacketHeader {
    timestampSeconds: number;
    timestampMicroseconds: number;
    capturedLength: number;
    originalLength: number;
  }

  export interface Parser extends EventEmitter {
    /** Bytes that are not consumed; a chunk is copied behind them when it is not null. */
    buffer: Buffer | null;
    on(event: 'packetHeader', listener: (header: PacketHeader) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  export function parse(input: EventEmitter): Parser;
}
