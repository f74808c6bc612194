import { utf8Bytes } from '../../core/text.ts';
import { HTTP2_ROWS } from '../../schema/http2.ts';
import { ROUTES } from '../../schema/http2-headers.ts';
import type { RowState } from './row-state.ts';

/** Methods by number; 0 is any other. */
export const METHODS = ['', 'GET', 'POST', 'DELETE'] as const;

interface Route {
  readonly code: number;
  /** 0: any method. */
  readonly method: number;
  readonly prefix: Uint8Array;
  readonly suffix: Uint8Array;
  readonly token: boolean;
}

const COMPILED: readonly Route[] = ROUTES.map((route) => ({
  code: HTTP2_ROWS[route.row].code,
  method: route.method === undefined ? 0 : Math.max(0, METHODS.indexOf(route.method as (typeof METHODS)[number])),
  prefix: utf8Bytes(route.prefix),
  suffix: utf8Bytes(route.suffix),
  token: route.holds === 'token',
}));

const METHOD_BYTES = METHODS.map((m) => utf8Bytes(m));
const QUESTION = 0x3f;

/** Number of the method in METHODS. */
export function methodNumber(b: Uint8Array, start: number, end: number): number {
  for (let i = 1; i < METHOD_BYTES.length; i++) if (matches(b, start, end, METHOD_BYTES[i])) return i;
  return 0;
}

/**
 * Says what a request is for from its method and path, and takes the device token or the bundle identifier out of the path.
 * An `apns-topic` header that was seen stays the topic of a push; the path names it for broadcasts and channels.
 */
export function classifyRequest(row: RowState): void {
  const path = row.path;
  let end = 0;
  while (end < row.pathLength && path[end] !== QUESTION) end++;
  row.code = HTTP2_ROWS.request.code;
  for (let i = 0; i < COMPILED.length; i++) {
    const route = COMPILED[i];
    const start = route.prefix.length;
    const stop = end - route.suffix.length;
    if (stop < start || (route.method !== 0 && route.method !== row.method)) continue;
    if (!matches(path, 0, start, route.prefix) || !matches(path, stop, end, route.suffix)) continue;
    row.code = route.code;
    if (route.token) row.tokenLength = hexBytes(path, start, stop, row.token);
    else copyTopic(row, start, stop);
    return;
  }
}

function copyTopic(row: RowState, start: number, stop: number): void {
  const length = Math.min(stop - start, row.topic.length);
  for (let i = 0; i < length; i++) row.topic[i] = row.path[start + i];
  row.topicLength = length;
}

function matches(b: Uint8Array, start: number, end: number, want: Uint8Array): boolean {
  if (end - start !== want.length) return false;
  for (let i = 0; i < want.length; i++) if (b[start + i] !== want[i]) return false;
  return true;
}

/** Bytes of the hex text `b[start, end)` into `out`; their number, or 0 when it is no hex of whole bytes that fit. */
export function hexBytes(b: Uint8Array, start: number, end: number, out: Uint8Array): number {
  const length = (end - start) >> 1;
  if ((end - start) % 2 !== 0 || length > out.length) return 0;
  for (let i = 0; i < length; i++) {
    const high = HEX_DIGIT[b[start + 2 * i]];
    const low = HEX_DIGIT[b[start + 2 * i + 1]];
    if ((high | low) > 15) return 0;
    out[i] = (high << 4) | low;
  }
  return length;
}

const HEX_DIGIT = new Uint8Array(256).fill(16);
for (let i = 0; i < 16; i++) {
  const digit = i.toString(16);
  HEX_DIGIT[digit.charCodeAt(0)] = i;
  HEX_DIGIT[digit.toUpperCase().charCodeAt(0)] = i;
}
