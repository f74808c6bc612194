import type { TunnelPairs } from './tunnels/pairs.ts';

/** Why a packet, or a part of it, was left out: an index into counters that a sink may keep. */
export const SKIP = { truncated: 0, malformed: 1, depth: 2, encrypted: 3, fragment: 4, damaged: 5 } as const;

/** The reasons in words, by index: "3 packets left out: encrypted 802.11". */
export const SKIP_REASONS = [
  'a header is cut off',
  'a header is malformed',
  'nested too deep',
  'encrypted 802.11',
  'fragments of 802.11 frames',
  'marked as damaged by the receiver',
] as const;

/**
 * What the decapsulators hand inner packets to, and the shapes of the decapsulators themselves.
 *
 * Conventions for all of them: `buf[start, end)` is what was captured of the layer; `wireEnd` (≥ `end`, in the same
 * coordinates) is where it would end had the snap length not cut it; `address` is where `buf[start]` lives in the store,
 * or HOLE when it lives nowhere. `tunnel` is 0 outside of tunnels, else a 32-bit integer that is the same for both
 * directions of one tunnel and differs between tunnels, so that equal inner addresses do not mix.
 */
export interface LayerSink {
  /** An IPv4 or IPv6 packet, told apart by its version nibble. */
  ip(buf: Uint8Array, start: number, end: number, address: number, tunnel: number, wireEnd: number): void;
  /** An Ethernet frame that starts with the destination address. */
  ethernet(buf: Uint8Array, start: number, end: number, address: number, tunnel: number, wireEnd: number): void;
  /** The process that owns the packet being unwrapped, told before its `ip` or `ethernet`. */
  process(name: string | undefined): void;
  /** Something was left out, one of `SKIP`. */
  skipped?(why: number): void;
  /** Memory of tunnels whose keys differ by direction (GTP-U, L2TP, PPTP); without it those keys are not looked at. */
  readonly pairs?: TunnelPairs;
}

/** Link types that the fast path does not take. False: unsupported, told once a type. True: taken, even when nothing came out. */
export type UnwrapLink = (
  linkType: number,
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  wireEnd: number,
  sink: LayerSink,
) => boolean;

/**
 * The payload of an ethertype that is neither IP nor a VLAN tag (PPPoE, MPLS, TEB …), and frames whose type field is a
 * length below 1536 (LLC and SNAP). `start` is behind the type field. False: not an encapsulation, nothing to see.
 */
export type UnwrapEtherType = (
  etherType: number,
  buf: Uint8Array,
  start: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
) => boolean;

/**
 * The payload of an IP packet that is not TCP (UDP included, for the tunnels over it). `address` belongs to `buf[ipStart]`;
 * `payloadStart` is behind all IP headers. False: not a tunnel. Bounds the depth itself.
 */
export type UnwrapTunnel = (
  ipProtocol: number,
  buf: Uint8Array,
  ipStart: number,
  payloadStart: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
) => boolean;

/** Collects IP fragments; a complete datagram goes to `sink.ip` as one packet without fragmentation, with its spool address. */
export interface FragmentCollector {
  /** `buf[start, end)` is a whole IPv4 or IPv6 packet that is a fragment. */
  add(buf: Uint8Array, start: number, end: number, address: number, tunnel: number, wireEnd: number, sink: LayerSink, sec?: number): void;
  /** End of the capture: forget and count what never became complete. */
  finish(): void;
  /** Datagrams that were given up: a fragment missing at the end, or a limit reached. */
  readonly incomplete: number;
}
