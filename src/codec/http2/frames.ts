import { ByteWriter, u16, u32 } from '../../core/bytes.ts';
import { utf8Bytes } from '../../core/text.ts';
import { FRAME, FRAME_TYPES, type FrameTypeDef, PREFACE_TEXT } from '../../schema/http2.ts';

/** Bytes of a frame header: length u24, type u8, flags u8, reserved bit and stream id u31, all big-endian. Source: RFC 9113, 4.1. */
export const FRAME_HEADER = 9;
/** Longest payload unless the receiver announced more. Source: RFC 9113, 6.5.2. */
const DEFAULT_FRAME_SIZE = 16384;
/** Longest payload that is taken for a frame at all. Payloads of pushes end at 5 KiB; the largest channel lists are some 300 KB and come in default-size frames. */
export const FRAME_LIMIT = 1 << 20;

export const PREFACE = utf8Bytes(PREFACE_TEXT);

const NO_DEF = 255;
const defOf = new Uint8Array(256).fill(NO_DEF);
FRAME_TYPES.forEach((def, i) => {
  defOf[def.code] = i;
});
const FLAG_BITS = Uint8Array.from(FRAME_TYPES, (def) => Object.values(def.flags).reduce((all, bit) => all | bit, 0));
const STREAM_RULES = Uint8Array.from(FRAME_TYPES, (def) => (def.stream === 'connection' ? 1 : def.stream === 'stream' ? 2 : 0));
const SIZED = Uint8Array.from(FRAME_TYPES, (def) => (Object.keys(def.size).length > 0 ? 1 : 0));

/** The schema's row of a frame type, or undefined. */
export function frameDef(type: number): FrameTypeDef | undefined {
  return defOf[type] === NO_DEF ? undefined : FRAME_TYPES[defOf[type]];
}

/** The bits of `flags` that the frame type does not define; none for an unknown type. */
export function unknownFlags(type: number, flags: number): number {
  return defOf[type] === NO_DEF ? 0 : flags & ~FLAG_BITS[defOf[type]];
}

/** u24, big-endian. */
export function payloadLength(b: Uint8Array, at: number): number {
  return (b[at] << 16) | u16(b, at + 1);
}

/** Stream id of the frame at `at`, without the reserved bit. */
export function streamId(b: Uint8Array, at: number): number {
  return u32(b, at + 5) & 0x7fffffff;
}

/** How the payload length contradicts the frame's type: a phrase, or undefined when it fits. */
export function sizeProblem(def: FrameTypeDef, flags: number, length: number): string | undefined {
  const { exactly, atLeast, multipleOf } = def.size;
  if (def.code === FRAME.settings && flags & 1 && length > 0) return `${length} bytes, an acknowledgement is empty`;
  if (exactly !== undefined && length !== exactly) return `${length} bytes, expected ${exactly}`;
  if (atLeast !== undefined && length < atLeast) return `${length} bytes, expected at least ${atLeast}`;
  if (multipleOf !== undefined && length % multipleOf !== 0) return `${length} bytes, expected a multiple of ${multipleOf}`;
  return undefined;
}

/** Whether the nine bytes at `at` look like a frame header of a sane sender: known type, only its flags, its length and stream rules, default frame size. */
export function plausibleHeader(b: Uint8Array, at: number): boolean {
  if (b[at] !== 0 || b[at + 5] & 0x80) return false;
  const index = defOf[b[at + 3]];
  if (index === NO_DEF) return false;
  const flags = b[at + 4];
  if (flags & ~FLAG_BITS[index]) return false;
  const length = payloadLength(b, at);
  if (length > DEFAULT_FRAME_SIZE) return false;
  const def = FRAME_TYPES[index];
  const stream = streamId(b, at);
  if (def.stream === 'connection' ? stream !== 0 : def.stream === 'stream' && stream === 0) return false;
  if (sizeProblem(def, flags, length) !== undefined) return false;
  // A header block is never empty on a fresh HEADERS frame, and padding must fit.
  if (def.code === FRAME.headers && length === 0) return false;
  return true;
}

/**
 * Number of ways in which the nine bytes at `at` are not what a sane sender writes; 2 for what cannot be a frame of ours.
 * One is a fault of the sender; two together are taken as bytes that are no frame. `maxFrame`: what the receiver announced, or 0.
 */
export function doubts(b: Uint8Array, at: number, maxFrame: number): number {
  const length = payloadLength(b, at);
  if (length > FRAME_LIMIT) return 2;
  let n = length > DEFAULT_FRAME_SIZE && length > maxFrame ? 1 : 0;
  const index = defOf[b[at + 3]];
  if (b[at + 5] & 0x80) n++;
  if (index === NO_DEF) return n + 1;
  const flags = b[at + 4];
  if (flags & ~FLAG_BITS[index]) n++;
  const stream = streamId(b, at);
  if (STREAM_RULES[index] === 1 ? stream !== 0 : STREAM_RULES[index] === 2 && stream === 0) n++;
  if (SIZED[index] === 1 && sizeProblem(FRAME_TYPES[index], flags, length) !== undefined) n++;
  return n;
}

/** How many bytes of the connection preface stand at `start`: 24 = all of it, -1 = something else, less = the buffer ends inside. */
export function prefaceAt(b: Uint8Array, start: number, end: number): number {
  const n = Math.min(PREFACE.length, end - start);
  for (let i = 0; i < n; i++) if (b[start + i] !== PREFACE[i]) return -1;
  return n;
}

/** One frame. `payload` is taken as it is: padding and priority are the caller's. */
export function writeFrame(type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array {
  const out = new ByteWriter(FRAME_HEADER + payload.length);
  return out
    .u8(payload.length >>> 16)
    .u16(payload.length & 0xffff)
    .u8(type)
    .u8(flags)
    .u32(stream)
    .bytes(payload)
    .finish();
}
