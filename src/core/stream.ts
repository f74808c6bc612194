/** Direction of bytes once the roles are known: 0 = client to server (c2s), 1 = server to client (s2c). */
export type Dir = 0 | 1;

export const C2S = 0;
export const S2C = 1;

export const DIRECTION_NAMES = ['c2s', 's2c'] as const;

/**
 * Where and when the bytes that are being delivered arrived. One mutable object is shared by all stages,
 * so that nothing is allocated per packet; read it during the call only.
 */
export interface Arrival {
  /** 1-based number of the packet over all files of the run; 0 when the input has no packets. */
  packet: number;
  /** Whole seconds since the epoch. NaN when the input has no times. */
  sec: number;
  nsec: number;
}

/**
 * Zero as V8 keeps doubles, for fields that hold addresses or seconds. One that began as a small integer would change the shape
 * of its object at the first value that is none, and all code that was compiled for the class would be compiled again.
 */
export const DOUBLE_ZERO = -0;

/** Sets the moment of what is delivered next; a value held back is shown at its own, and the one before is put back. */
export function arrive(at: Arrival, packet: number, sec: number, nsec: number): void {
  at.packet = packet;
  at.sec = sec;
  at.nsec = nsec;
}

export type EndReason = 'fin' | 'reset' | 'capture-end' | 'reuse';

/**
 * Takes the bytes of one connection: in order, each byte exactly once, holes told as holes.
 *
 * `buf[start, end)` is valid during the call only. `address` is where `buf[start]` lives in the
 * `ByteStore`; the whole range is contiguous there. No method throws on wire bytes.
 */
export interface StreamSink {
  data(dir: Dir, buf: Uint8Array, start: number, end: number, address: number): void;
  /** `length` bytes are missing in the capture; negative when it is not known how many. */
  gap(dir: Dir, length: number): void;
  end(dir: Dir, reason: EndReason): void;
}

/** Every source of bytes (file, spool) owns a region of this size in one flat address space; 2^53 / 2^44 = 512 sources. */
export const SOURCE_SPAN = 2 ** 44;

/** Address of a piece that the capture does not hold: a hole inside a frame. */
export const HOLE = -1;

/** Random access to all bytes that were indexed, by address. */
export interface ByteStore {
  /** Exactly `length` bytes, or fewer when the source ended there. The result may be reused by the next call: copy to keep. */
  read(address: number, length: number): Uint8Array;
}

/** Takes derived bytes (plaintext, resolved references) and gives their address. */
export interface SpoolWriter {
  append(bytes: Uint8Array, start?: number, end?: number): number;
}
