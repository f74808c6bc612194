import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/replay/clock.ts';
import { parseRate, parseSpan, parseSpeed, schedule } from '../../src/replay/pace.ts';
import { emulator, load, replay } from '../support/replay-lab.ts';

const due = (times: number[], speed = 1, gapMax?: number, rate?: number): number[] => [
  ...schedule(Float64Array.from(times), { speed, gapMax, rate }),
];

describe('the times of a replay', () => {
  it('are those of the recording, scaled and with long gaps cut', () => {
    expect(due([1000, 1500, 9000])).toEqual([0, 500, 8000]);
    expect(due([1000, 1500, 9000], 2)).toEqual([0, 250, 4000]);
    expect(due([1000, 1500, 9000], 0.5, 2000)).toEqual([0, 1000, 5000]);
    expect(due([1000, 1500, 9000], Number.POSITIVE_INFINITY)).toEqual([0, 0, 0]);
  });

  it('wait for the rate and never drop', () => {
    expect(due([0, 0, 0, 5000], 1, undefined, 10)).toEqual([0, 100, 200, 5000]);
  });

  it('are at once where the capture has none, and do not go back where it does', () => {
    expect(due([Number.NaN, Number.NaN])).toEqual([0, 0]);
    expect(due([1000, 500, 1200])).toEqual([0, 0, 200]);
  });

  it('never decrease and never come closer than the rate, for any recording', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1e6 }), { maxLength: 50 }),
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        fc.integer({ min: 1, max: 1000 }),
        (times, speed, rate) => {
          const out = due(times, speed, 3000, rate);
          for (let i = 1; i < out.length; i++) expect(out[i] - out[i - 1]).toBeGreaterThanOrEqual(1000 / rate - 1e-6);
        },
      ),
      { seed: 20261121, numRuns: 200 },
    );
  });

  it('are read as people write them', () => {
    expect([parseSpeed('2x'), parseSpeed('0.5'), parseSpeed('max')]).toEqual([2, 0.5, Number.POSITIVE_INFINITY]);
    expect([parseRate('100/s'), parseRate('30/min'), parseSpan('250ms'), parseSpan('2m')]).toEqual([100, 0.5, 250, 120_000]);
    for (const text of ['0x', 'fast', '-1x', '']) expect(() => parseSpeed(text)).toThrow('--speed takes');
    for (const text of ['0', 'x', '1/h']) expect(() => parseRate(text)).toThrow('--rate takes');
    expect(parseSpan('soon')).toBeUndefined();
  });

  it('are kept on a virtual clock: each message is sent at its recorded time, connection after connection', async () => {
    const reading = await load('captures/apn-gateway/apn-plain.pcap');
    const target = await emulator({ plaintext: true, unknownTokens: 'accept', clientCertificates: 'none' });
    let now = 1_000_000;
    const waits: number[] = [];
    const clock: Clock = {
      now: () => now,
      until: (time) => {
        if (time > now) {
          waits.push(time - 1_000_000);
          now = time;
        }
        return new Promise((resolve) => setImmediate(resolve));
      },
    };
    try {
      const { plan } = await replay(reading, {
        port: target.ports.gateway as number,
        plaintext: true,
        clock,
        rows: [0, 1],
        run: { pace: { speed: 2, gapMax: undefined, rate: undefined } },
      });
      expect(waits[0]).toBeCloseTo((plan.times[1] - plan.times[0]) / 2, 3);
    } finally {
      await target.stop();
      reading.close();
    }
  });
});
