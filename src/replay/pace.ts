import { EXIT, UserError } from '../core/errors.ts';

/** When messages are sent, compared with when they were recorded. */
export interface PaceOptions {
  /** 2 = twice as fast; Infinity = without waiting. */
  readonly speed: number;
  /** Longest gap between two messages, in recorded milliseconds. */
  readonly gapMax: number | undefined;
  /** Most messages a second. */
  readonly rate: number | undefined;
}

/**
 * Milliseconds from the start of the replay at which each message is due. `times`: recorded milliseconds in the order of
 * sending, NaN where the capture has no times. Never decreasing: a rate makes messages wait, none is dropped.
 */
export function schedule(times: Float64Array, { speed, gapMax, rate }: PaceOptions): Float64Array {
  const due = new Float64Array(times.length);
  if (speed === Number.POSITIVE_INFINITY && rate === undefined) return due;
  const spacing = rate === undefined ? 0 : 1000 / rate;
  let before = Number.NaN;
  let paced = 0;
  for (let i = 0; i < times.length; i++) {
    const time = times[i];
    const gap = Math.max(0, time - before);
    if (gap > 0) paced += Math.min(gap, gapMax ?? gap) / speed;
    // A negative gap: captures of several machines are not always in order.
    if (!(time < before)) before = time;
    if (i > 0) due[i] = Math.max(paced, due[i - 1] + spacing);
  }
  return due;
}

/** "2x", "0.5x", "3", "max". Throws `UserError`. */
export function parseSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const found = /^(\d+(?:\.\d+)?)x?$/.exec(text);
  const speed = found === null ? 0 : Number(found[1]);
  if (!(speed > 0)) throw new UserError('replay.speed', `--speed takes a factor such as 2x or 0.5x, or max, not "${text}".`, EXIT.usage);
  return speed;
}

/** "100/s", "100", "30/min". Messages a second. Throws `UserError`. */
export function parseRate(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(?:\/(s|min))?$/.exec(text);
  const rate = found === null ? 0 : Number(found[1]) / (found[2] === 'min' ? 60 : 1);
  if (!(rate > 0)) throw new UserError('replay.rate', `--rate takes messages a second such as 100/s, not "${text}".`, EXIT.usage);
  return rate;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** "250ms", "2s", "5m", "1h", "3d"; a number alone is seconds. Milliseconds, undefined for anything else. */
export function parseSpan(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|min|h|d)?$/.exec(text);
  return found === null ? undefined : Number(found[1]) * UNITS[found[2] ?? 's'];
}
