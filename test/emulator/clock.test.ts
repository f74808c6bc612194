import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EmulatorClock } from '../../src/emulator/clock.ts';

function frozen(): EmulatorClock {
  const clock = new EmulatorClock(() => 1000);
  clock.freeze();
  return clock;
}

describe('the clock', () => {
  it('runs what is due in the order of time, and of setting within one time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }), (times) => {
        const clock = frozen();
        const ran: [number, number][] = [];
        times.forEach((at, i) => {
          clock.schedule(1000 + at, () => ran.push([at, i]));
        });
        clock.advance(50);
        expect(ran).toEqual(times.map((at, i): [number, number] => [at, i]).sort((a, b) => a[0] - b[0] || a[1] - b[1]));
      }),
      { seed: 20261121, numRuns: 200 },
    );
  });

  it('does not run what was cancelled, and runs what is set while running', () => {
    const clock = frozen();
    const ran: string[] = [];
    clock.cancel(clock.schedule(1001, () => ran.push('cancelled')));
    clock.schedule(1001, () => {
      ran.push('first');
      clock.schedule(1001, () => ran.push('second'));
    });
    clock.advance(1);
    expect(ran).toEqual(['first', 'second']);
  });

  it('keeps the order whatever is cancelled', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.boolean()), { maxLength: 60 }), (timers) => {
        const clock = frozen();
        const ran: number[] = [];
        const set = timers.map(([at], i) => clock.schedule(1000 + at, () => ran.push(i)));
        timers.forEach(([, cancelled], i) => {
          if (cancelled) clock.cancel(set[i]);
        });
        for (const timer of set.slice(0, 3)) if (timers[set.indexOf(timer)][1]) clock.cancel(timer);
        clock.advance(50);
        const left = timers.map(([at, cancelled], i) => ({ at, cancelled, i })).filter(({ cancelled }) => !cancelled);
        expect(ran).toEqual(left.sort((a, b) => a.at - b.at || a.i - b.i).map(({ i }) => i));
      }),
      { seed: 20261121, numRuns: 200 },
    );
  });

  it('stands still, jumps, goes on and returns to real time', () => {
    let real = 1000;
    const clock = new EmulatorClock(() => real);
    clock.advance(500);
    expect(clock.now()).toBe(1500);
    clock.freeze();
    real += 100;
    expect(clock.now()).toBe(1500);
    clock.set(9000);
    clock.resume();
    real += 1;
    expect(clock.now()).toBe(9001);
    clock.reset();
    expect(clock.now()).toBe(real);
  });
});
