/** Packets between two checkpoints: finding one packet walks at most this many headers. */
export const CHECKPOINT_PACKETS = 256;

const FIRST_CAPACITY = 64;

/** One packet record of a capture file. */
export interface PacketPlace {
  /** 1-based number in its file, as other tools count. */
  readonly packet: number;
  /** NaN when the record has no time. */
  readonly sec: number;
  readonly nsec: number;
  /** Address of the record (header included) in the store, and of the first captured byte. */
  readonly recordAddress: number;
  readonly dataAddress: number;
  readonly capturedLength: number;
  readonly wireLength: number;
  readonly linkType: number;
  /** File that holds it, as the user named it, and the offset of the record in it. */
  readonly file: string;
  readonly fileOffset: number;
}

/** Answers where a byte of a capture came from. */
export interface PacketLocator {
  /** Address of the first byte that belongs to this reader. */
  readonly address: number;
  /** The packet whose captured bytes hold `address`, or undefined when none does. */
  locate(address: number): PacketPlace | undefined;
  /** The packet with this number, or undefined when it is not of this reader. */
  packet(number: number): PacketPlace | undefined;
}

/**
 * Every 256th packet of one reader: its position and number. Appended in file order, so both columns ascend and
 * are searched by bisection. `context` is the reader's own (pcapng: number of the section).
 */
export class PacketIndex {
  private positions = new Float64Array(FIRST_CAPACITY);
  private numbers = new Float64Array(FIRST_CAPACITY);
  private contexts = new Uint32Array(FIRST_CAPACITY);
  length = 0;

  mark(position: number, packet: number, context: number): void {
    if (this.length === this.positions.length) {
      this.positions = copyInto(this.positions, new Float64Array(this.length * 2));
      this.numbers = copyInto(this.numbers, new Float64Array(this.length * 2));
      this.contexts = copyInto(this.contexts, new Uint32Array(this.length * 2));
    }
    this.positions[this.length] = position;
    this.numbers[this.length] = packet;
    this.contexts[this.length++] = context;
  }

  position(checkpoint: number): number {
    return this.positions[checkpoint];
  }

  number(checkpoint: number): number {
    return this.numbers[checkpoint];
  }

  context(checkpoint: number): number {
    return this.contexts[checkpoint];
  }

  /** The last checkpoint at or before a position, or -1. */
  beforePosition(position: number): number {
    return lastAtMost(this.positions, this.length, position);
  }

  /** The last checkpoint at or before a packet number, or -1. */
  beforeNumber(packet: number): number {
    return lastAtMost(this.numbers, this.length, packet);
  }
}

function copyInto<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}

function lastAtMost(sorted: Float64Array, length: number, value: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
