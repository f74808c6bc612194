import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tlv } from '../../src/codec/tlv.ts';
import type { Value } from '../../src/core/message.ts';
import { TextBytes } from '../../src/core/text-bytes.ts';
import { CourierJsonl } from '../../src/export/courier-jsonl.ts';
import { jsonRecord } from '../../src/export/record.ts';
import type { Timeline } from '../../src/timeline/timeline.ts';
import { courierFrame, timelineOf } from '../support/courier-frames.ts';

function fast(timeline: Timeline, row: number): string | undefined {
  const lines = new TextBytes(16);
  return new CourierJsonl(timeline, lines).write(row) ? Buffer.from(lines.view()).toString() : undefined;
}

describe('CourierJsonl', () => {
  it('writes exactly what jsonRecord writes, or nothing', () => {
    let written = 0;
    fc.assert(
      fc.property(courierFrame, (f) => {
        const timeline = timelineOf([f]);
        const text = fast(timeline, 0);
        if (text === undefined) return;
        written++;
        expect(text).toBe(`${jsonRecord(timeline, 0, { showSecrets: false })}\n`);
      }),
      { seed: 20261121, numRuns: 3000 },
    );
    // The property would be empty if nothing were written the quick way.
    expect(written).toBeGreaterThan(200);
  });

  it('writes an ordinary notification', () => {
    const value: Record<string, Value> = {
      token: new Uint8Array(32).fill(7),
      topic: new Uint8Array(20).fill(9),
      payload: Buffer.from('{"aps":{"alert":"Grüße 🚀"}}'),
      id: 42,
      expiry: 1_795_370_400,
      timestamp: 1_795_284_000_123_456_789n,
      priority: 10,
    };
    const timeline = timelineOf([{ bytes: tlv.encode('message', value, 1), dir: 1 }]);
    const record = JSON.parse(fast(timeline, 0) ?? '');
    expect(record).toMatchObject({
      v: 1,
      n: 1,
      packet: 7,
      stream: 0,
      dir: 's2c',
      src: '[2001:db8::1]:5223',
      dialect: 'courier',
      message: 'message',
      id: 42,
    });
    expect(record.fields.timestamp).toBe('1795284000123456789');
    expect(record.fields.payload).toEqual({ aps: { alert: 'Grüße 🚀' } });
  });
});
