import { u16, u32 } from '../core/bytes.ts';
import type { Dir } from '../core/stream.ts';
import { FEEDBACK_HEADER, plausibleTuple } from './feedback.ts';
import { FRAMED_HEADER, GATEWAY_COLUMNS, plausibleError } from './gateway.ts';
import { ios4Run } from './ios4.ts';
import { COURIER_COLUMNS, TLV_HEADER, TLV_MAX_BODY } from './tlv.ts';

/*
 * How likely it is that a stream begins with frames of a dialect, in bits: how rarely random bytes would look like that.
 * Every function looks at `b[0, b.length)`, which may end inside a frame, and answers CONTRADICTED or a number of bits.
 * Zero bits means that there is too little to say anything.
 */

/** The bytes cannot be this dialect in this direction. */
export const CONTRADICTED = -1;

/** Bits with which a dialect is believed: random bytes reach it once in sixteen million streams. */
export const ENOUGH = 24;

/** Frames looked at: more would only repeat what the first ones say. */
const FRAMES = 3;

/** Bits for a command of the schema: about 24 of 256 byte values. */
const KNOWN_COMMAND = 3;

/** Bits lost by an item that overruns its frame: senders that are at fault exist, and what they sent before it counts. */
const OVERRUN = 16;

/** Courier, unpacked: a known command, a small length, fields that tile it and have the widths of the schema. */
export function tlvEvidence(b: Uint8Array, dir: Dir): number {
  let bits = 0;
  let at = 0;
  for (let n = 0; n < FRAMES && at < b.length; n++) {
    const command = b[at];
    const known = COURIER_COLUMNS.isKnown(dir, command);
    // A first frame must be known; later ones may be from the next version of the protocol.
    if (!known && n === 0) return CONTRADICTED;
    if (at + TLV_HEADER > b.length) return bits;
    const length = u32(b, at + 1);
    if (length > TLV_MAX_BODY) return CONTRADICTED;
    const next = at + TLV_HEADER + length;
    const fields = COURIER_COLUMNS.evidence(dir, command, b, at + TLV_HEADER, next, b.length);
    // An empty frame is believed on its header alone: five bytes of which four are zero.
    bits += Math.clz32(length) + (known ? KNOWN_COMMAND : 0) + (fields < 0 ? -1 - fields - OVERRUN : fields);
    if (n === 0 && fields < 0 && bits < ENOUGH) return CONTRADICTED;
    if (bits >= ENOUGH && next >= b.length) break;
    at = next;
  }
  return Math.max(0, bits);
}

/** One of three commands. */
const GATEWAY_COMMAND = 6;
const TOKEN_32 = 16;
const TOKEN_SHORT = 9;
const MAX_TOKEN = 100;
/** Payloads were at most 2 KiB, 4 KiB for VoIP; senders of too long ones exist. */
const MAX_PAYLOAD = 16 * 1024;
const PAYLOAD_SIZE = 2;
const OPENS_JSON = 8;
const OPEN_BRACE = 0x7b;

/** Provider to gateway: a notification with a token of sane length and a payload that begins like JSON. */
export function gatewayEvidence(b: Uint8Array): number {
  if (b.length === 0) return 0;
  const command = b[0];
  if (command > 2) return CONTRADICTED;
  if (command === 2) {
    if (b.length < FRAMED_HEADER) return 0;
    const length = u32(b, 1);
    if (length > 0xffff) return CONTRADICTED;
    const fields = GATEWAY_COLUMNS.evidence(0, command, b, FRAMED_HEADER, FRAMED_HEADER + length, b.length);
    const bits = GATEWAY_COMMAND + Math.clz32(length) + (fields < 0 ? -1 - fields - OVERRUN : fields);
    return fields < 0 && bits < ENOUGH ? CONTRADICTED : bits;
  }
  const at = command === 0 ? 1 : 9;
  if (b.length < at + 2) return 0;
  const token = u16(b, at);
  if (token > MAX_TOKEN) return CONTRADICTED;
  const bits = GATEWAY_COMMAND + (token === 32 ? TOKEN_32 : TOKEN_SHORT);
  const after = at + 2 + token;
  if (b.length < after + 2) return Math.min(bits, ENOUGH - 1);
  const payload = u16(b, after);
  if (payload > MAX_PAYLOAD) return CONTRADICTED;
  if (b.length === after + 2) return Math.min(bits, ENOUGH - 1);
  return bits + PAYLOAD_SIZE + (b[after + 2] === OPEN_BRACE ? OPENS_JSON : 0);
}

/** Bits of the command, and of a status that is documented (13 of 256). */
const ERROR_BITS = 8 + 4;
const ERROR_LENGTH = 6;

/** Gateway to provider: nothing, or exactly one error packet. Identifiers are often small numbers. */
export function gatewayErrorEvidence(b: Uint8Array): number {
  if (b.length === 0) return 0;
  if (b.length > ERROR_LENGTH || b[0] !== 8) return CONTRADICTED;
  if (b.length < ERROR_LENGTH) return 0;
  return plausibleError(b, 0, ERROR_LENGTH) ? ERROR_BITS + (Math.clz32(u32(b, 2)) >> 1) : CONTRADICTED;
}

/** Bits of a time between 2009 and 2038. */
const SANE_TIME = 2;
/** The last tuple ends exactly where the data ends. */
const EXACT_END = 8;

/** Feedback to provider: tuples of a sane time and a token. */
export function feedbackEvidence(b: Uint8Array): number {
  let bits = 0;
  let at = 0;
  for (let n = 0; n < FRAMES && at < b.length; n++) {
    if (at + FEEDBACK_HEADER > b.length) return bits;
    if (!plausibleTuple(b, at)) return CONTRADICTED;
    const length = u16(b, at + 4);
    bits += SANE_TIME + (length === 32 ? TOKEN_32 : TOKEN_SHORT);
    at += FEEDBACK_HEADER + length;
    if (at === b.length) bits += EXACT_END;
  }
  return bits;
}

const IOS4_COMMAND = 5;
const IOS4_LENGTH = 24;

/** Courier of iOS 3 and 4: frames whose lengths are those of the description. */
export function ios4Evidence(b: Uint8Array, dir: Dir): number {
  if (b.length === 0) return 0;
  const run = ios4Run(dir, b, 0, b.length, FRAMES);
  if (run.contradicted) return CONTRADICTED;
  // Frames of zeros (acknowledgements, keep-alive answers) are a byte of evidence each; the others hold a length.
  return run.weighty === 0
    ? 0
    : run.weighty * IOS4_LENGTH + run.count * IOS4_COMMAND - (run.weighty === 1 && run.count === 1 ? IOS4_COMMAND : 0);
}
