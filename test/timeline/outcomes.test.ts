import { describe, expect, it } from 'vitest';
import type { Reading } from '../../src/timeline/open.ts';
import { outcomes } from '../../src/timeline/outcomes.ts';
import { capture, readAll } from '../support/captures.ts';

const open = (name: string): Promise<Reading> => readAll([capture(`findings/${name}`)]);

describe('outcomes', () => {
  it('count what became of pushes, topic by topic', async () => {
    const reading = await open('http2.pcap');
    const { topics, responses } = outcomes(reading.timeline, undefined);
    expect(topics).toEqual([{ dialect: 'http2', topic: 'com.example.app', pushes: 13, ok: 3, failed: 7, silent: 3 }]);
    const requests = responses.find((r) => r.name === 'request');
    expect(requests?.count).toBe(10);
    expect(requests?.p50).toBeLessThan(0.01);
    expect(requests?.max).toBeGreaterThan(8);
    reading.close();
  });

  it('count findings by code, the worst first, also over chosen rows', async () => {
    const reading = await open('gateway.pcap');
    const all = outcomes(reading.timeline, undefined);
    expect(all.everyMessage).toBe(true);
    expect(all.findings.find((f) => f.code === 'session.discarded')).toEqual({ code: 'session.discarded', severity: 'error', count: 3 });
    expect(all.findings[0].severity).toBe('error');
    const some = outcomes(reading.timeline, Uint32Array.of(1, 2));
    expect(some.findings.map((f) => [f.code, f.count])).toEqual([
      ['session.refused', 1],
      ['session.discarded', 1],
    ]);
    reading.close();
  });

  it('measure deliveries from the provider to the device', async () => {
    const reading = await open('delivery.pcap');
    const { deliveries, topics } = outcomes(reading.timeline, undefined);
    expect(deliveries?.count).toBe(1);
    expect(deliveries?.p50).toBeCloseTo(0.999, 2);
    expect(topics.map((t) => t.dialect).sort()).toEqual(['courier', 'http2']);
    reading.close();
  });

  it('measure deliveries to devices of every encoding, iOS 4 too, whose messages carry no token', async () => {
    const reading = await open('../delivery/delivery.pcapng');
    const { deliveries, topics } = outcomes(reading.timeline, undefined);
    expect(deliveries?.count).toBe(3);
    expect(topics.map((t) => t.dialect).sort()).toEqual(['courier', 'courier-ios4', 'courier-packed', 'http2']);
    const { analysis } = reading.timeline;
    const received = analysis?.deliveries().map((d) => reading.timeline.dialect(d.message));
    expect(received).toEqual(['courier', 'courier-packed', 'courier-ios4']);
    reading.close();
  });

  it('are empty for a capture without our traffic', async () => {
    const reading = await open('../links/ethernet.pcap');
    const { findings, responses } = outcomes(reading.timeline, Uint32Array.of());
    expect([findings, responses]).toEqual([[], []]);
    reading.close();
  });
});
