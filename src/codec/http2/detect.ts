import { FRAME, PREFACE_TEXT } from '../../schema/http2.ts';
import { FRAME_HEADER, PREFACE, payloadLength, plausibleHeader, prefaceAt, streamId } from './frames.ts';

/** Frame headers in a row after which no more evidence is asked for: each is right by chance in about one of 2^19 places. */
const ENOUGH = 3;
/** Stream ids of connections that are not years old; two zero bytes are further evidence. */
const SMALL_STREAM = 1 << 16;
/** A shorter beginning of the preface could be text of any kind: "PRI * ". */
const PREFACE_ENOUGH = 6;

/**
 * Whether the bytes look like one direction of an HTTP/2 connection, from its start or from any frame boundary on:
 * the preface, or frame headers that follow each other where their lengths say.
 */
export function looksLikeHttp2(buf: Uint8Array, start: number, end: number): boolean {
  return prefaceAt(buf, start, end) >= Math.min(PREFACE_ENOUGH, PREFACE_TEXT.length) || plausibleChain(buf, start, end);
}

/** First offset in [start, end) where frames plausibly begin, or -1. */
export function findFrames(buf: Uint8Array, start: number, end: number, client: boolean): number {
  for (let at = start; at < end; at++) {
    if (buf[at] === 0) {
      if (at + FRAME_HEADER <= end && plausibleChain(buf, at, end)) return at;
    } else if (client && buf[at] === PREFACE[0] && prefaceAt(buf, at, end) === PREFACE.length) return at;
  }
  return -1;
}

/**
 * Frames at `start` whose headers are sane and follow each other. One is enough only when it ends exactly where the data
 * ends, two when both have small stream ids; otherwise three.
 */
function plausibleChain(buf: Uint8Array, start: number, end: number): boolean {
  let at = start;
  let frames = 0;
  let small = true;
  while (at + FRAME_HEADER <= end) {
    if (!plausibleHeader(buf, at)) return false;
    const stream = streamId(buf, at);
    if (stream >= SMALL_STREAM) small = false;
    // A DATA frame without bytes and flags is nine bytes of which eight may be padding zeros.
    if (payloadLength(buf, at) === 0 && buf[at + 3] === FRAME.data && buf[at + 4] === 0) small = false;
    frames++;
    if (frames >= ENOUGH || (frames === 2 && small)) return true;
    at += FRAME_HEADER + payloadLength(buf, at);
    if (at === end) return frames >= 2 || small;
  }
  return false;
}
