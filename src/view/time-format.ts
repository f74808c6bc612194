import { elapsed, isoTime } from '../core/time.ts';
import type { Timeline } from '../timeline/timeline.ts';

export const TIME_FORMATS = ['relative', 'absolute', 'utc', 'delta', 'epoch'] as const;
export type TimeFormat = (typeof TIME_FORMATS)[number];

const pad = (n: number, width = 2): string => String(n).padStart(width, '0');

/** Local date and time with microseconds, "2026-11-21 18:12:06.000775". */
function localTime(sec: number, nsec: number): string {
  const d = new Date(sec * 1000);
  if (Number.isNaN(d.getTime())) return `${sec} s`;
  const date = `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
  return `${date} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}.${pad(Math.floor(nsec / 1000), 6)}`;
}

/**
 * The time of a row. `relative` counts from `first` (a row), `delta` from `previous` (a row, or -1).
 * Empty when the input had no times.
 */
export function rowTime(timeline: Timeline, row: number, format: TimeFormat, first: number, previous: number): string {
  if (!timeline.timed(row)) return '';
  const columns = timeline.rows.columns;
  const sec = columns.sec(row);
  const nsec = columns.nsec(row);
  if (format === 'relative') return elapsed(sec, nsec, columns.sec(first), columns.nsec(first));
  if (format === 'delta') return previous < 0 ? '0.000000' : elapsed(sec, nsec, columns.sec(previous), columns.nsec(previous));
  if (format === 'utc') return isoTime(sec, nsec, 6);
  if (format === 'epoch') return `${sec}.${pad(nsec, 9)}`;
  return localTime(sec, nsec);
}
