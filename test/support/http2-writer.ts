import { writeFrame } from '../../src/codec/http2/frames.ts';
import { type Header, HpackEncoder } from '../../src/codec/http2/hpack-encoder.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import { utf8Bytes } from '../../src/core/text.ts';

const NONE = new Uint8Array(0);

/** Writes one direction of an HTTP/2 connection, with the choices that tests need. */
export class H2Writer {
  readonly hpack = new HpackEncoder();

  settings(pairs: readonly (readonly [id: number, value: number])[] = [], ack = false): Uint8Array {
    const payload = new Uint8Array(6 * pairs.length);
    const view = new DataView(payload.buffer);
    pairs.forEach(([id, value], i) => {
      view.setUint16(6 * i, id);
      view.setUint32(6 * i + 2, value);
    });
    return writeFrame(4, ack ? 1 : 0, 0, payload);
  }

  /** HEADERS and, with `split`, CONTINUATION frames of at most that many bytes. */
  headers(
    stream: number,
    list: readonly Header[],
    options: { end?: boolean; split?: number; pad?: number; priority?: boolean } = {},
  ): Uint8Array {
    const block = this.hpack.encode(list);
    const { end = false, split = block.length, pad, priority = false } = options;
    const first = block.subarray(0, split);
    const lead = concatBytes([
      pad === undefined ? NONE : Uint8Array.of(pad),
      priority ? Uint8Array.of(0, 0, 0, 0, 15) : NONE,
      first,
      new Uint8Array(pad ?? 0),
    ]);
    const whole = first.length === block.length;
    const frames = [writeFrame(1, (end ? 1 : 0) | (whole ? 4 : 0) | (pad === undefined ? 0 : 8) | (priority ? 0x20 : 0), stream, lead)];
    for (let at = first.length; at < block.length; at += split) {
      frames.push(writeFrame(9, at + split >= block.length ? 4 : 0, stream, block.subarray(at, at + split)));
    }
    return concatBytes(frames);
  }

  data(stream: number, body: Uint8Array | string, options: { end?: boolean; pad?: number } = {}): Uint8Array {
    const bytes = typeof body === 'string' ? utf8Bytes(body) : body;
    const { end = true, pad } = options;
    if (pad === undefined) return writeFrame(0, end ? 1 : 0, stream, bytes);
    return writeFrame(0, (end ? 1 : 0) | 8, stream, concatBytes([Uint8Array.of(pad), bytes, new Uint8Array(pad)]));
  }
}

export const TOKEN = 'ab'.repeat(32);

/** The headers of an ordinary push; `extra` replaces or adds, an undefined value leaves one out. */
export function pushHeaders(extra: Readonly<Record<string, string | undefined>> = {}): Header[] {
  const all: Record<string, string | undefined> = {
    ':method': 'POST',
    ':scheme': 'https',
    ':path': `/3/device/${TOKEN}`,
    ':authority': 'api.push.apple.com',
    'apns-topic': 'com.example.app',
    'apns-push-type': 'alert',
    ...extra,
  };
  return Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}
