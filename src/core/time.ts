/** Times are whole seconds and nanoseconds since the Unix epoch; a double alone cannot hold nanoseconds. */

const pad = (n: number, width: number): string => String(n).padStart(width, '0');

const MAX_DATE_SECONDS = 8.64e12; // the range of Date

const SECONDS_OF_DAY = 86_400;
const TWO_DIGITS = Array.from({ length: 60 }, (_, n) => pad(n, 2));

/** The day that was written last: most times of a capture are of one or two days. */
let lastDay = Number.NaN;
let lastDate = '';

/** "2026-11-21T18:12:06" of whole seconds in the range of Date. */
function isoSecond(sec: number): string {
  const day = Math.floor(sec / SECONDS_OF_DAY);
  if (!Number.isInteger(sec)) return new Date(sec * 1000).toISOString().slice(0, -5);
  if (day !== lastDay) {
    lastDate = new Date(day * SECONDS_OF_DAY * 1000).toISOString().slice(0, -13);
    lastDay = day;
  }
  const s = sec - day * SECONDS_OF_DAY;
  return `${lastDate}${TWO_DIGITS[(s / 3600) | 0]}:${TWO_DIGITS[((s / 60) | 0) % 60]}:${TWO_DIGITS[s % 60]}`;
}

/** "2026-11-21T18:12:06.000775927Z"; `digits` 0, 3, 6 or 9 of the fraction. */
export function isoTime(sec: number, nsec: number, digits = 9): string {
  if (!(Math.abs(sec) <= MAX_DATE_SECONDS)) return `${sec} s`;
  const base = isoSecond(sec);
  return digits === 0 ? `${base}Z` : `${base}.${pad(nsec, 9).slice(0, digits)}Z`;
}

export function isoFromNanos(nanos: bigint): string {
  const sec = nanos / 1_000_000_000n;
  return isoTime(Number(sec), Number(nanos % 1_000_000_000n));
}

/** Seconds with sign and `digits` of fraction, exact: from two (sec, nsec) pairs. */
export function elapsed(sec: number, nsec: number, fromSec: number, fromNsec: number, digits = 6): string {
  let s = sec - fromSec;
  let n = nsec - fromNsec;
  if (n < 0) {
    s -= 1;
    n += 1_000_000_000;
  }
  let sign = '';
  if (s < 0) {
    sign = '-';
    s = -s;
    if (n > 0) {
      s -= 1;
      n = 1_000_000_000 - n;
    }
  }
  return digits === 0 ? `${sign}${s}` : `${sign}${s}.${pad(n, 9).slice(0, digits)}`;
}

/** A span of time in words for people: "340 ms", "2 min 5 s", "3 d 4 h". */
export function duration(seconds: number): string {
  const sign = seconds < 0 ? '-' : '';
  const s = Math.abs(seconds);
  if (s < 1e-3) return `${sign}${Math.round(s * 1e6)} µs`;
  if (s < 1) return `${sign}${Math.round(s * 1e3)} ms`;
  if (s < 60) return `${sign}${Number(s.toFixed(1))} s`;
  const units: [number, string][] = [
    [86400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const parts: string[] = [];
  let rest = Math.round(s);
  for (const [size, name] of units) {
    if (rest >= size && parts.length < 2) {
      parts.push(`${Math.floor(rest / size)} ${name}`);
      rest %= size;
    }
  }
  return sign + parts.join(' ');
}
