/** The packet and the TLS record that a message was in, as bytes. */
import { Store } from '../capture/store.ts';
import type { Range } from '../core/message.ts';
import type { Reading } from '../timeline/open.ts';
import type { Place, Timeline } from '../timeline/timeline.ts';
import { credentialRanges } from '../view/hex.ts';
import type { ByteLayer } from './source.ts';

/** Rows around a message in which others of the same packet are looked for: a segment of the smallest ones holds some hundred. */
const REACH = 2000;
/** Messages of the connection that are not in the packet before the search ends: those of the other direction come between. */
const MISSES = 32;

/**
 * The TLS record of a row, and the packet that completed the row, when the row's last bytes are in it as captured: not when they
 * were decrypted. Credentials of all messages in the packet are hidden, unless they are to be shown.
 */
export function layersOf(reading: Reading, row: number, showSecrets: boolean): ByteLayer[] {
  const { timeline } = reading;
  const { store } = timeline;
  const record = reading.tlsRecord(row);
  // Encrypted bytes hold none of the message's: nothing of them is highlighted.
  const layers: ByteLayer[] = record === undefined ? [] : [{ name: 'record', bytes: record, offset: Number.MAX_SAFE_INTEGER }];
  const number = timeline.rows.columns.packet(row);
  if (number === 0 || !(store instanceof Store)) return layers;
  const packet = store.packet(number);
  if (packet === undefined) return layers;
  const bytes = store.read(packet.dataAddress, packet.capturedLength).slice();
  const hidden = showSecrets ? [] : credentialsIn(timeline, row, packet.dataAddress, packet.capturedLength);
  for (const place of timeline.places(row)) {
    const start = place.address - packet.dataAddress;
    if (start >= 0 && start < packet.capturedLength) return [...layers, { name: 'packet', bytes, offset: place.start - start, hidden }];
  }
  return [...layers, { name: 'packet', bytes, offset: Number.MAX_SAFE_INTEGER, hidden }];
}

/** What credentials of the messages around `row` stand in, of `length` bytes at `address`. */
function credentialsIn(timeline: Timeline, row: number, address: number, length: number): Range[] {
  const out: Range[] = [];
  const stream = timeline.rows.columns.stream(row);
  for (const step of [1, -1]) {
    let misses = 0;
    for (let at = step > 0 ? row : row - 1; at >= timeline.first && at < timeline.length && Math.abs(at - row) < REACH; at += step) {
      if (timeline.rows.columns.stream(at) !== stream) continue;
      const places = timeline.places(at).filter((p) => p.address < address + length && p.address + (p.end - p.start) > address);
      if (places.length > 0) out.push(...placed(credentialRanges(timeline.message(at).fields), places, address));
      else if (++misses > MISSES) break;
    }
  }
  return out;
}

/** Ranges of a message's bytes as they lie behind `address`. */
function placed(ranges: readonly Range[], places: readonly Place[], address: number): Range[] {
  return ranges.flatMap((range) =>
    places.flatMap((place) => {
      const from = Math.max(range.start, place.start);
      const to = Math.min(range.end, place.end);
      const shift = place.address - place.start - address;
      return from < to ? [{ start: from + shift, end: to + shift }] : [];
    }),
  );
}
