import { u16, u16LE, u32, u32LE } from '../core/bytes.ts';

/** Length of the header of a classic pcap file. */
export const PCAP_HEADER = 24;

/** What the file header of a classic capture says about its records. */
export interface PcapHeader {
  readonly littleEndian: boolean;
  /** Fractions of a second are nanoseconds instead of microseconds. */
  readonly nanoseconds: boolean;
  /** The magic is that of the modified format. */
  readonly modified: boolean;
  /** 16; 24 for the modified format (interface, protocol and packet type follow the lengths); others by `fittingHeader`. */
  readonly recordHeader: 16 | 20 | 24 | 28;
  readonly major: number;
  readonly minor: number;
  readonly snapLength: number;
  readonly linkType: number;
  /** Bytes of frame check sequence at the end of each packet. */
  readonly fcsLength: number;
  /**
   * Which of the two lengths of a record comes first: writers before format 2.3 put the wire length first, those of 2.3
   * did either, so the larger one is it (libpcap reads them the same way).
   */
  readonly lengths: 'captured-first' | 'wire-first' | 'either';
}

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
/** A. Kuznetsov's format of old Linux systems. */
const MODIFIED = 0xa1b2cd34;

/** Set in the upper half of the link type field when the FCS length above it is given. */
const FCS_PRESENT = 0x0400_0000;

/**
 * Reads the header of a classic pcap file in the writer's byte order, or returns undefined when the magic is another one.
 * `head` may be shorter than the header; then the magic alone decides and missing fields are zero.
 *
 * The link type is the low 16 bits of its field; the top four bits count 16-bit words of FCS.
 * Source: draft-ietf-opsawg-pcap, section 4.
 */
export function parsePcapHeader(head: Uint8Array): PcapHeader | undefined {
  if (head.length < 4) return undefined;
  const big = u32(head, 0);
  const little = u32LE(head, 0);
  const littleEndian = isMagic(little);
  if (!littleEndian && !isMagic(big)) return undefined;
  const magic = littleEndian ? little : big;
  const b = head.length < PCAP_HEADER ? padded(head) : head;
  const half = littleEndian ? u16LE : u16;
  const word = littleEndian ? u32LE : u32;
  const major = half(b, 4);
  const minor = half(b, 6);
  const link = word(b, 20);
  return {
    littleEndian,
    nanoseconds: magic === NANOSECONDS,
    modified: magic === MODIFIED,
    recordHeader: magic === MODIFIED ? 24 : 16,
    major,
    minor,
    snapLength: word(b, 16),
    linkType: link & 0xffff,
    fcsLength: (link & FCS_PRESENT) !== 0 ? 2 * (link >>> 28) : 0,
    lengths: major !== 2 || minor > 3 ? 'captured-first' : minor === 3 ? 'either' : 'wire-first',
  };
}

function isMagic(value: number): boolean {
  return value === MICROSECONDS || value === NANOSECONDS || value === MODIFIED;
}

function padded(head: Uint8Array): Uint8Array {
  const whole = new Uint8Array(PCAP_HEADER);
  whole.set(head);
  return whole;
}
