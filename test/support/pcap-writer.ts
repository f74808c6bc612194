import { concatBytes } from '../../src/core/bytes.ts';

/** A packet record of a test capture. */
export interface Record {
  readonly sec: number;
  /** Fraction in the unit of the file. */
  readonly fraction?: number;
  readonly data: Uint8Array;
  readonly wireLength?: number;
  /** Written in place of the true captured length. */
  readonly captured?: number;
}

export interface PcapOptions {
  readonly bigEndian?: boolean;
  readonly magic?: number;
  readonly major?: number;
  readonly minor?: number;
  readonly snapLength?: number;
  /** The whole 32-bit field. */
  readonly network?: number;
  /** Writes the wire length before the captured length. */
  readonly wireFirst?: boolean;
  /** Bytes of the record headers, when they are not those of the magic. */
  readonly recordHeader?: number;
}

export const PCAP_MAGIC = { micro: 0xa1b2c3d4, nano: 0xa1b23c4d, modified: 0xa1b2cd34 } as const;

const ordered = (big: boolean) => ({
  u16: (value: number): Uint8Array => sort([value >>> 8, value & 255], big),
  u32: (value: number): Uint8Array => sort([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255], big),
});

function sort(bytes: number[], big: boolean): Uint8Array {
  return Uint8Array.from(big ? bytes : bytes.reverse());
}

/** A classic capture. */
export function pcap(records: readonly Record[], options: PcapOptions = {}): Uint8Array {
  const { u16, u32 } = ordered(options.bigEndian === true);
  const magic = options.magic ?? PCAP_MAGIC.micro;
  const parts = [
    u32(magic),
    u16(options.major ?? 2),
    u16(options.minor ?? 4),
    u32(0),
    u32(0),
    u32(options.snapLength ?? 262_144),
    u32(options.network ?? 1),
  ];
  for (const r of records) {
    const lengths = [u32(r.captured ?? r.data.length), u32(r.wireLength ?? r.data.length)];
    if (options.wireFirst === true) lengths.reverse();
    parts.push(u32(r.sec), u32(r.fraction ?? 0), ...lengths);
    const more = (options.recordHeader ?? (magic === PCAP_MAGIC.modified ? 24 : 16)) - 16;
    parts.push(concatBytes([u32(7), u16(8), Uint8Array.of(9, 0), u32(10)]).subarray(0, more));
    parts.push(r.data);
  }
  return concatBytes(parts);
}

/** Builds pcapng blocks in one byte order. */
export class BlockWriter {
  readonly u16: (value: number) => Uint8Array;
  readonly u32: (value: number) => Uint8Array;
  private readonly big: boolean;

  constructor(bigEndian = false) {
    this.big = bigEndian;
    ({ u16: this.u16, u32: this.u32 } = ordered(bigEndian));
  }

  block(type: number, ...body: Uint8Array[]): Uint8Array {
    const content = concatBytes(body);
    const padding = new Uint8Array((4 - (content.length % 4)) % 4);
    const length = this.u32(12 + content.length + padding.length);
    return concatBytes([this.u32(type), length, content, padding, length]);
  }

  option(code: number, value: Uint8Array): Uint8Array {
    return concatBytes([this.u16(code), this.u16(value.length), value, new Uint8Array((4 - (value.length % 4)) % 4)]);
  }

  section(): Uint8Array {
    return this.block(0x0a0d0d0a, this.u32(0x1a2b3c4d), this.u16(1), this.u16(0), this.u32(0xffffffff), this.u32(0xffffffff));
  }

  interface(linkType: number, options: Uint8Array[] = [], snapLength = 0): Uint8Array {
    return this.block(1, this.u16(linkType), this.u16(0), this.u32(snapLength), ...options);
  }

  u64(value: bigint): Uint8Array {
    const high = this.u32(Number((value >> 32n) & 0xffffffffn));
    const low = this.u32(Number(value & 0xffffffffn));
    return this.big ? concatBytes([high, low]) : concatBytes([low, high]);
  }

  private stamp(ticks: bigint): Uint8Array {
    return concatBytes([this.u32(Number((ticks >> 32n) & 0xffffffffn)), this.u32(Number(ticks & 0xffffffffn))]);
  }

  enhanced(
    iface: number,
    ticks: bigint,
    data: Uint8Array,
    more: { wireLength?: number; captured?: number; options?: Uint8Array[] } = {},
  ): Uint8Array {
    const padding = new Uint8Array((4 - (data.length % 4)) % 4);
    return this.block(
      6,
      this.u32(iface),
      this.stamp(ticks),
      this.u32(more.captured ?? data.length),
      this.u32(more.wireLength ?? data.length),
      data,
      padding,
      ...(more.options ?? []),
    );
  }

  simple(data: Uint8Array, wireLength = data.length): Uint8Array {
    return this.block(3, this.u32(wireLength), data);
  }

  obsolete(iface: number, ticks: bigint, data: Uint8Array): Uint8Array {
    return this.block(2, this.u16(iface), this.u16(0), this.stamp(ticks), this.u32(data.length), this.u32(data.length), data);
  }

  secrets(type: number, data: Uint8Array): Uint8Array {
    return this.block(10, this.u32(type), this.u32(data.length), data);
  }
}
