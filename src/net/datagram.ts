/** Bytes before the content of an IPv6 fragment. 40 and a few extension headers; longer chains only occur in attacks. */
export const MAX_FRAGMENT_HEADER = 512;

/** Content and header together: the length field of both versions has 16 bits. */
export const LARGEST_DATAGRAM = 65_535;

const FIRST_CAPACITY = 4096;
/** Fragments start at multiples of 8, and all but the last are multiples of 8 long. */
const UNIT = 8;
const UNITS = 65_536 / UNIT;

/** Told, in spool order, where the bytes of datagrams that were put together came from. */
export interface DatagramOrigins {
  /** `length` bytes from `spoolAddress` on are those from `address` on. */
  add(spoolAddress: number, length: number, address: number): void;
}

/**
 * One datagram while its fragments come in; reused for many. The content starts at a fixed place in `bytes`, and the header
 * goes right before it, so that the whole lies in one piece at the end.
 */
export class Datagram {
  key = 0;
  tunnel = 0;
  /** Time of the fragment that came first, NaN without one. */
  sec = Number.NaN;
  /** Number of the fragment that came first. */
  firstSeen = 0;
  /** After `seal`: the packet in `bytes`, and where it would end had all of it been there. */
  start = 0;
  end = 0;
  wireEnd = 0;
  bytes = new Uint8Array(MAX_FRAGMENT_HEADER + FIRST_CAPACITY);

  /** Where the content came from: runs of units of one fragment, in the order of arrival. */
  private readonly runOffsets: number[] = [];
  private readonly runLengths: number[] = [];
  private readonly runAddresses: number[] = [];
  private headerLength = 0;
  private readonly covered = new Uint8Array(UNITS);
  private coveredUnits = 0;
  /** Length of the content; 0 until the last fragment has been seen. */
  private total = 0;
  /** Where the content that is known of ends. */
  private furthest = 0;
  /** First byte of content that a snap length has cut. */
  private cutAt = LARGEST_DATAGRAM;

  get capacity(): number {
    return this.bytes.length;
  }

  open(key: number, firstSeen: number, tunnel: number): void {
    if (this.furthest > 0) this.covered.fill(0, 0, Math.ceil(this.furthest / UNIT));
    this.key = key;
    this.tunnel = tunnel;
    this.sec = Number.NaN;
    this.firstSeen = firstSeen;
    this.runOffsets.length = this.runLengths.length = this.runAddresses.length = 0;
    this.headerLength = 0;
    this.coveredUnits = 0;
    this.total = 0;
    this.furthest = 0;
    this.cutAt = LARGEST_DATAGRAM;
  }

  /**
   * Keeps the header of the fragment with offset 0: `length` bytes, made that of a whole packet. Version 4: the fragment field is
   * cleared. Version 6: the "next header" byte that announces the fragment header, `nextAt` behind `start`, gets `next`.
   */
  setHeader(buf: Uint8Array, start: number, length: number, nextAt: number, next: number): void {
    if (this.headerLength > 0) return;
    const at = MAX_FRAGMENT_HEADER - length;
    for (let i = 0; i < length; i++) this.bytes[at + i] = buf[start + i];
    this.headerLength = length;
    if (this.bytes[at] >> 4 === 4) {
      this.bytes[at + 6] = 0;
      this.bytes[at + 7] = 0;
    } else this.bytes[at + nextAt] = next;
  }

  /**
   * Adds `captured` bytes from `buf[at]` on as the content from `offset` on, which is `length` long on the wire. Units that are
   * there already stay as they are. `address` belongs to `buf[at]`. False: something contradicts what is there.
   */
  add(buf: Uint8Array, at: number, captured: number, offset: number, length: number, more: boolean, address: number): boolean {
    const stop = offset + length;
    if (this.total > 0 && (stop > this.total || (!more && stop !== this.total))) return false;
    if (!more && this.furthest > stop) return false;
    if (!more) this.total = stop;
    this.reserve(stop);
    let agrees = true;
    let run = -1;
    for (let unit = offset; unit < stop; unit += UNIT) {
      const index = unit / UNIT;
      const known = this.covered[index] !== 0;
      const unitEnd = Math.min(unit + UNIT, stop, offset + captured);
      const from = at - offset;
      const to = MAX_FRAGMENT_HEADER;
      if (known) {
        if (agrees) agrees = this.holds(buf, from, unit, Math.min(unitEnd, this.cutAt));
        this.note(run, unit, offset, address);
        run = -1;
        continue;
      }
      if (run < 0) run = unit;
      for (let i = unit; i < unitEnd; i++) this.bytes[to + i] = buf[from + i];
      if (unitEnd < Math.min(unit + UNIT, stop)) this.cutAt = Math.min(this.cutAt, Math.max(unit, unitEnd));
      this.covered[index] = 1;
      this.coveredUnits++;
    }
    this.note(run, stop, offset, address);
    if (stop > this.furthest) this.furthest = stop;
    return agrees;
  }

  private note(run: number, stop: number, offset: number, address: number): void {
    if (run < 0) return;
    this.runOffsets.push(run);
    this.runLengths.push(stop - run);
    this.runAddresses.push(address + (run - offset));
  }

  /** After `seal`: tells where the content came from, in its order; `spoolAddress` is that of `bytes[start]`. */
  tellOrigins(spoolAddress: number, origins: DatagramOrigins): void {
    const order = this.runOffsets.map((_, i) => i).sort((a, b) => this.runOffsets[a] - this.runOffsets[b]);
    const known = this.end - MAX_FRAGMENT_HEADER;
    for (const i of order) {
      const offset = this.runOffsets[i];
      const length = Math.min(this.runLengths[i], known - offset);
      if (length > 0) origins.add(spoolAddress + this.headerLength + offset, length, this.runAddresses[i]);
    }
  }

  isComplete(): boolean {
    return this.total > 0 && this.headerLength > 0 && this.coveredUnits === Math.ceil(this.total / UNIT);
  }

  /** Makes a packet of what stands before the first hole, and sets its range. False: its header is not known. */
  seal(): boolean {
    if (this.headerLength === 0) return false;
    const length = this.total > 0 ? this.total : this.furthest;
    let known = 0;
    while (known < length && this.covered[known / UNIT] !== 0) known += UNIT;
    const start = MAX_FRAGMENT_HEADER - this.headerLength;
    this.start = start;
    this.wireEnd = MAX_FRAGMENT_HEADER + length;
    this.end = MAX_FRAGMENT_HEADER + Math.min(known, length, this.cutAt);
    const isVersion4 = this.bytes[start] >> 4 === 4;
    const lengthAt = isVersion4 ? start + 2 : start + 4;
    const lengthField = this.wireEnd - start - (isVersion4 ? 0 : 40);
    this.bytes[lengthAt] = lengthField >> 8;
    this.bytes[lengthAt + 1] = lengthField & 0xff;
    return true;
  }

  /** Whether the content in [start, end) is what `buf` has there; `from + i` is the place of content byte `i` in `buf`. */
  private holds(buf: Uint8Array, from: number, start: number, end: number): boolean {
    for (let i = start; i < end; i++) if (this.bytes[MAX_FRAGMENT_HEADER + i] !== buf[from + i]) return false;
    return true;
  }

  private reserve(content: number): void {
    const needed = MAX_FRAGMENT_HEADER + content;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}
