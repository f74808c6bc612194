import { u32 } from '../core/bytes.ts';
import type { Dir } from '../core/stream.ts';
import { FLAG, FRAME, PREFACE_TEXT } from '../schema/http2.ts';
import type { Runs } from './direction-runs.ts';

const HEADER = 9;
/** Largest frame that is believed: the default limit of receivers is 16 KiB, and no sender of ours raises it that far. */
const FRAME_LIMIT = 1 << 20;

/** Who speaks next on what, as far as it decides the side of a frame. */
interface Progress {
  /** Requests seen: stream number, and whether the request is complete. */
  readonly requests: Map<number, boolean>;
  before: Dir;
  /** SETTINGS seen of each side, and those not acknowledged yet. */
  readonly settings: [boolean, boolean];
  readonly unacknowledged: [boolean, boolean];
  ping: Dir;
  headers: Dir;
}

/**
 * Cuts HTTP/2 of both sides into frames and adds them to the side that must have sent them; returns where it stopped.
 *
 * A new stream is opened by the client; what follows on it is the client's until the request has ended, then the server's.
 * SETTINGS come from the client first; acknowledgements answer the other side. What nothing tells stays with the side before.
 */
export function splitHttp2(bytes: Uint8Array, runs: Runs): number {
  const state: Progress = {
    requests: new Map(),
    before: 0,
    settings: [false, false],
    unacknowledged: [false, false],
    ping: 0,
    headers: 0,
  };
  let at = bytes[0] === PREFACE_TEXT.charCodeAt(0) ? Math.min(PREFACE_TEXT.length, bytes.length) : 0;
  runs.add(0, 0, at);
  while (at + HEADER <= bytes.length) {
    const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    if (length > FRAME_LIMIT) return at;
    const end = Math.min(at + HEADER + length, bytes.length);
    const dir = side(state, bytes, at, end);
    runs.add(dir, at, end);
    state.before = dir;
    at = end;
  }
  return at;
}

function side(state: Progress, b: Uint8Array, at: number, end: number): Dir {
  const flags = b[at + 4];
  const stream = u32(b, at + 5) & 0x7fffffff;
  switch (b[at + 3]) {
    case FRAME.headers:
      return headers(state, stream, flags);
    case FRAME.continuation:
      return state.headers;
    case FRAME.data:
      return data(state, stream, flags);
    case FRAME.settings:
      return settings(state, (flags & FLAG.ack) !== 0);
    case FRAME.ping:
      if (flags & FLAG.ack) return state.ping === 0 ? 1 : 0;
      state.ping = state.before;
      return state.before;
    case FRAME.pushPromise:
      return 1;
    case FRAME.priority:
      return 0;
    case FRAME.goaway:
      // It names the last stream that the other side opened: an odd number was the client's.
      return end >= at + HEADER + 4 && (b[at + HEADER + 3] & 1) === 1 ? 1 : state.requests.size > 0 ? 0 : 1;
    default:
      return state.before;
  }
}

/** The first header block of a stream is the request, all later ones are the response: clients of APNs send no trailers. */
function headers(state: Progress, stream: number, flags: number): Dir {
  state.headers = state.requests.has(stream) ? 1 : 0;
  if (state.headers === 0) state.requests.set(stream, (flags & FLAG.endStream) !== 0);
  return state.headers;
}

function data(state: Progress, stream: number, flags: number): Dir {
  if (state.requests.get(stream) !== false) return 1;
  if (flags & FLAG.endStream) state.requests.set(stream, true);
  return 0;
}

function settings(state: Progress, ack: boolean): Dir {
  if (!ack) {
    const dir: Dir = !state.settings[0] ? 0 : !state.settings[1] ? 1 : state.before;
    state.settings[dir] = state.unacknowledged[dir] = true;
    return dir;
  }
  const other: Dir = state.before === 0 ? 1 : 0;
  const dir: Dir = state.unacknowledged[other] ? state.before : other;
  state.unacknowledged[dir === 0 ? 1 : 0] = false;
  return dir;
}
