/** A time of a text format: whole seconds since the epoch and nanoseconds. */
export interface Instant {
  readonly sec: number;
  readonly nsec: number;
}

/** Nanoseconds of a decimal fraction's digits, exact up to nine; further digits are cut. */
function fractionNanos(digits: string): number {
  return Number(digits.slice(0, 9).padEnd(9, '0'));
}

/** "1795284777.292458057", "1795284777" or "1.7952847e9" as a time, without going through a double when it has a plain fraction. */
export function epochTime(text: string): Instant | undefined {
  const plain = /^(-?\d{1,15})(?:\.(\d+))?$/.exec(text);
  if (plain) return { sec: Number(plain[1]), nsec: fractionNanos(plain[2] ?? '') };
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || Math.abs(value) > 1e15) return undefined;
  const sec = Math.floor(value);
  return { sec, nsec: Math.min(999_999_999, Math.round((value - sec) * 1e9)) };
}

/** Seconds since the epoch of a UTC calendar time, or undefined when it names no day or time. */
export function utcSeconds(year: number, month: number, day: number, hour: number, minute: number, second: number): number | undefined {
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(ms);
  // 60 is a leap second; it falls on the next minute.
  const fits =
    hour < 24 && minute < 60 && second <= 60 && back.getUTCFullYear() >= 1900 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  return fits ? ms / 1000 : undefined;
}

/** "2026-11-21T18:12:06.775927Z" (offset `+01:00` allowed, no zone is UTC) as a time. */
export function isoInstant(text: string): Instant | undefined {
  const m = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?$/.exec(text.trim());
  if (!m) return undefined;
  const sec = utcSeconds(Number(m[1]), Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5]), Number(m[6]));
  if (sec === undefined) return undefined;
  const zone = m[8];
  const offset =
    zone === undefined || zone === 'Z' ? 0 : (zone[0] === '-' ? -60 : 60) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2)));
  return { sec: sec - offset, nsec: fractionNanos(m[7] ?? '') };
}
