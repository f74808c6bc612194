import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { openSource } from '../../src/capture/open.ts';
import { openStream } from '../../src/capture/pipe.ts';
import { CHUNK_ROWS } from '../../src/timeline/columns.ts';
import { Reading } from '../../src/timeline/open.ts';
import { TlsKeys } from '../../src/tls/keys.ts';
import { ACK, frame, PSH, SYN } from '../support/packet-builder.ts';
import { pcap } from '../support/pcap-writer.ts';

/** Messages in one segment: keep-alives of the courier protocol, five bytes each. */
const IN_SEGMENT = 280;
const KEEP_ALIVE = [0x0c, 0, 0, 0, 0];
const SEGMENT = Uint8Array.from({ length: IN_SEGMENT * KEEP_ALIVE.length }, (_, i) => KEEP_ALIVE[i % KEEP_ALIVE.length]);

/** A live connection to port 5223 that sends segments of keep-alives, a second apart. */
class Live {
  readonly stream = new PassThrough();
  readonly reading: Reading;
  private second = 1_700_000_000;
  private sequence = 1000;

  constructor() {
    const options = { keys: [], decodeAs: [], follow: false, expandPayloads: true };
    this.reading = new Reading((store) => openStream('live', this.stream, store, {}, openSource), options, new TlsKeys(), []);
    this.stream.write(pcap([]));
    this.packet(SYN, new Uint8Array(0));
    this.sequence++;
  }

  private packet(flags: number, data: Uint8Array): void {
    const { bytes } = frame({ seq: this.sequence, flags, data });
    this.stream.write(pcap([{ sec: this.second++, data: bytes }]).subarray(24));
  }

  /** Sends segments, and reads them with a ring limit. */
  async send(segments: number, ring: number): Promise<void> {
    const { reading } = this;
    for (let i = 0; i < segments; i++) {
      this.packet(PSH | ACK, SEGMENT);
      this.sequence += SEGMENT.length;
      if (i % 100 !== 99 && i !== segments - 1) continue;
      await new Promise((resolve) => setImmediate(resolve));
      while (reading.step() === 'more');
      const first = reading.timeline.length - ring;
      if (first > reading.timeline.first) reading.drop(first);
    }
  }
}

describe('a live input with a ring limit', () => {
  const RING = 10_000;
  const SEGMENTS = 1200;

  test('keeps the newest messages under their numbers, and the index stays as large as it was', async () => {
    const live = new Live();
    const { timeline } = live.reading;
    const { columns } = timeline.rows;
    await live.send(SEGMENTS, RING);
    expect(timeline.length).toBe(SEGMENTS * IN_SEGMENT);
    expect(timeline.length).toBeGreaterThan(30 * RING);
    expect(timeline.first).toBe(timeline.length - RING);
    // No more than a chunk beyond the limit is held.
    expect(timeline.length - columns.gone).toBeLessThan(RING + CHUNK_ROWS + 1);
    expect(new Set(columns.chunks).size).toBeLessThanOrEqual(3);
    for (const row of [timeline.first, timeline.length - 1]) {
      expect(timeline.message(row).label).toBe('KeepAlive');
      expect(columns.sec(row)).toBe(1_700_000_001 + Math.floor(row / IN_SEGMENT));
    }
    live.reading.close();
  });

  test('answers safely for a message that is gone', async () => {
    const live = new Live();
    const { timeline } = live.reading;
    await live.send(SEGMENTS, RING);
    expect(timeline.message(5)).toMatchObject({ label: 'Gone', fields: [] });
    expect(timeline.bytes(5).bytes.length).toBe(0);
    // Times go on counting from the first message.
    expect(timeline.rows.columns.sec(5)).toBe(1_700_000_001);
    expect(timeline.analysis?.pair(5)).toBe(-1);
    expect(live.reading.provenance(5)).toEqual([]);
    live.reading.close();
  });

  test('rules look only at what is there, and find no pair with what is gone', async () => {
    const live = new Live();
    const { timeline } = live.reading;
    await live.send(SEGMENTS, RING);
    expect([...(timeline.analysis?.all() ?? [])].every(({ row }) => row >= timeline.first)).toBe(true);
    expect(timeline.analysis?.settled).toBe(true);
    live.reading.close();
  });
});
