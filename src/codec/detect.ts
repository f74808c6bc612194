import type { Dialect } from '../core/dialect.ts';
import type { Dir } from '../core/stream.ts';
import { CONTRADICTED, ENOUGH, feedbackEvidence, gatewayErrorEvidence, gatewayEvidence, ios4Evidence, tlvEvidence } from './evidence.ts';
import { feedback } from './feedback.ts';
import { gateway } from './gateway.ts';
import { looksLikeHttp2 } from './http2/detect.ts';
import { http2 } from './http2/dialect.ts';
import { ios4 } from './ios4.ts';
import { packedTiles } from './packed/detect.ts';
import { packed } from './packed/dialect.ts';
import { Evidence, CONTRADICTED as PACKED_CONTRADICTED } from './packed/evidence.ts';
import { tlv } from './tlv.ts';

/** What is known of a connection beside its bytes. */
export interface DetectHints {
  /** ALPN chosen in the handshake: it settles the question. */
  readonly alpn?: string | undefined;
  /** Direction 0 is surely the client's (a SYN or a ClientHello was seen). */
  readonly rolesKnown?: boolean;
  /** TCP ports of the sides that send direction 0 and 1; they only break a tie about who is the client. */
  readonly ports?: readonly [number, number];
  /** No more bytes will come: `need` is no answer. */
  readonly final?: boolean;
}

export type DetectVerdict = { readonly dialect: Dialect; readonly swapped: boolean } | 'need' | 'unknown';

/** Ports of push servers: courier, its alternate, HTTP/2, gateway, feedback and channel management. */
const SERVER_PORTS: readonly number[] = [5223, 443, 2197, 2195, 2196];

/** What the chosen ALPN says, or undefined when it is none of ours. */
export function dialectOfAlpn(alpn: string): Dialect | undefined {
  if (alpn === 'h2') return http2;
  if (alpn.startsWith('apns-security-')) return tlv;
  return alpn.startsWith('apns-pack-v1') ? packed : undefined;
}

const packedEvidence = new Evidence();
/** Frames of packed evidence, as the packed room's own detector looks at. */
const PACKED_FRAMES = 4;

function packedBits(b: Uint8Array, dir: Dir): number {
  if (b.length === 0) return 0;
  const bits = packedEvidence.weigh(dir, b, 0, b.length, PACKED_FRAMES);
  if (bits === PACKED_CONTRADICTED) return CONTRADICTED;
  if (bits < 0) return 0;
  return packedTiles(b, 0, b.length) ? Math.max(ENOUGH, bits) : Math.min(bits, ENOUGH - 1);
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const HTTP2_HEADER = 9;
/** Far above every frame dialect that could be meant here, and enough for chains of HTTP/2 frames with bodies. */
const HTTP2_WAIT = 16 * 1024;

function startsLikePreface(b: Uint8Array): boolean {
  for (let i = 0; i < b.length && i < PREFACE.length; i++) if (b[i] !== PREFACE.charCodeAt(i)) return false;
  return b.length > 0;
}

/** Bits of a header block that begins as those of one side do: enough to tell roles, too few to tell a dialect. */
const ROLE_BITS = 4;
const HEADERS_TYPE = 1;
const PADDED = 0x08;
const PRIORITY = 0x20;

/**
 * Who sends header blocks like the first one here: 1 when it begins with `:status` (indices 8 to 14 of the static table),
 * 0 with any other pseudo-header (1 to 7), -1 when there is none or it begins with a reference to an unknown table.
 */
function headerRole(b: Uint8Array): number {
  for (let at = 0; at + HTTP2_HEADER < b.length; ) {
    const length = (b[at] << 16) | (b[at + 1] << 8) | b[at + 2];
    if (b[at + 3] === HEADERS_TYPE) {
      const first = b[at + HTTP2_HEADER + (b[at + 4] & PADDED ? 1 : 0) + (b[at + 4] & PRIORITY ? 5 : 0)];
      // Indexed field 1xxxxxxx, incremental literal 01xxxxxx, other literals 000xxxxx: the name's index in the low bits.
      const index = first >= 0x80 ? first & 0x7f : first >= 0x40 ? first & 0x3f : first & 0x0f;
      return index >= 8 && index <= 14 ? 1 : index >= 1 && index <= 7 ? 0 : -1;
    }
    at += HTTP2_HEADER + length;
  }
  return -1;
}

function http2Bits(b: Uint8Array, dir: Dir): number {
  if (b.length === 0) return 0;
  const preface = startsLikePreface(b);
  if (preface && dir === 1) return CONTRADICTED;
  if (looksLikeHttp2(b, 0, b.length)) return ENOUGH + (preface ? ENOUGH : headerRole(b) === dir ? ROLE_BITS : 0);
  if (preface) return 1;
  // The first byte of a frame is the top of its length, which is zero below 64 KiB; type and reserved bit are small.
  const may = b[0] === 0 && (b.length < HTTP2_HEADER || (b[3] <= 0x10 && (b[5] & 0x80) === 0)) && b.length < HTTP2_WAIT;
  return may ? 1 : CONTRADICTED;
}

/** The dialects in the order in which they are asked; each gives the bits for its two directions. */
const CANDIDATES: readonly { readonly dialect: Dialect; readonly bits: (b: Uint8Array, dir: Dir) => number }[] = [
  { dialect: http2, bits: http2Bits },
  { dialect: tlv, bits: tlvEvidence },
  { dialect: ios4, bits: ios4Evidence },
  { dialect: gateway, bits: (b, dir) => (dir === 0 ? gatewayEvidence(b) : gatewayErrorEvidence(b)) },
  { dialect: feedback, bits: (b, dir) => (dir === 0 ? (b.length === 0 ? 0 : CONTRADICTED) : feedbackEvidence(b)) },
  { dialect: packed, bits: packedBits },
];

/** Bits for bytes being of a known dialect and from that side; negative when they cannot be. Each side is weighed by measures of its own. */
export function directionBits(dialect: Dialect, bytes: Uint8Array, dir: Dir): number {
  return CANDIDATES.find((one) => one.dialect === dialect)?.bits(bytes, dir) ?? 0;
}

/** The likelier direction of bytes of a known dialect; client to server when both are equal. */
export function guessDirection(dialect: Dialect, bytes: Uint8Array): Dir {
  return directionBits(dialect, bytes, 1) > directionBits(dialect, bytes, 0) ? 1 : 0;
}

function together(c2s: number, s2c: number): number {
  return c2s === CONTRADICTED || s2c === CONTRADICTED ? CONTRADICTED : c2s + s2c;
}

/** Whether the ports say that direction 0 comes from the server. */
function portsSwap(ports: readonly [number, number] | undefined): boolean {
  return ports !== undefined && SERVER_PORTS.includes(ports[0]) && !SERVER_PORTS.includes(ports[1]);
}

/**
 * Tells what is spoken on a connection from the first bytes of both directions, which may be empty, end inside a frame, or
 * start anywhere at a frame's first byte. `swapped`: direction 0 is the server's.
 *
 * `need`: more bytes could decide. `unknown`: no dialect fits. Never decided by port.
 * Evidence: courier.md, “Telling dialects apart”; provider.md, section 1.
 */
export function detectDialect(first: Uint8Array, second: Uint8Array, hints: DetectHints = {}): DetectVerdict {
  const fromAlpn = hints.alpn === undefined ? undefined : dialectOfAlpn(hints.alpn);
  if (fromAlpn !== undefined) return { dialect: fromAlpn, swapped: false };
  let best: { readonly dialect: Dialect; readonly swapped: boolean } | undefined;
  let bestBits = 0;
  let open = false;
  const swapFirst = !hints.rolesKnown && portsSwap(hints.ports);
  for (const { dialect, bits } of CANDIDATES) {
    const straight = together(bits(first, 0), bits(second, 1));
    const crossed = hints.rolesKnown ? CONTRADICTED : together(bits(second, 0), bits(first, 1));
    const swapped = crossed === straight ? swapFirst : crossed > straight;
    const found = Math.max(straight, crossed);
    if (found === CONTRADICTED) continue;
    if (found < ENOUGH) open = true;
    else if (found > bestBits) {
      // The order is that of the sources: packed is asked last, because an empty unpacked frame reads as two of its own.
      if (best === undefined || dialect !== packed) {
        best = { dialect, swapped };
        bestBits = found;
      }
    }
  }
  if (best !== undefined) {
    if (!hints.final && contested(best.dialect, bestBits, first, second)) return 'need';
    return best;
  }
  return open && !hints.final ? 'need' : 'unknown';
}

/** A connect of iOS 4 and the beginning of a gateway's command 0 are the same 35 bytes: the two that follow decide. */
const SHARED_BEGINNING = 35;
const DECIDED = SHARED_BEGINNING + 3;

function contested(dialect: Dialect, bits: number, first: Uint8Array, second: Uint8Array): boolean {
  return (
    dialect === ios4 && bits < 2 * ENOUGH && first.length + second.length >= SHARED_BEGINNING && first.length + second.length < DECIDED
  );
}
