/** Question and answer: the message of the other direction with the same id on the same connection. */
import type { Timeline } from '../timeline/timeline.ts';

export interface Pair {
  readonly row: number;
  /** Seconds from this message to the other one, when both have times. */
  readonly seconds: number | undefined;
}

/** Rows that are looked at in each direction: an answer further away than this is found by a filter. */
const REACH = 50_000;

/** Seconds from one row to another; undefined when either has no time. */
export function secondsBetween(timeline: Timeline, from: number, to: number): number | undefined {
  if (!timeline.timed(from) || !timeline.timed(to)) return undefined;
  const { columns } = timeline.rows;
  return columns.sec(to) - columns.sec(from) + (columns.nsec(to) - columns.nsec(from)) / 1e9;
}

/** The other message of a row's pair: what the analysis found, else the nearest with the same id. */
export function pairOf(timeline: Timeline, row: number, reach = REACH): Pair | undefined {
  const { analysis } = timeline;
  const known = analysis !== undefined && (!analysis.held || analysis.settled) ? analysis.pair(row) : undefined;
  if (known !== undefined) return known >= 0 ? { row: known, seconds: secondsBetween(timeline, row, known) } : undefined;
  const found = nearest(timeline, row, 1, reach) ?? nearest(timeline, row, -1, reach);
  return found === undefined ? undefined : { row: found, seconds: secondsBetween(timeline, row, found) };
}

function nearest(timeline: Timeline, row: number, step: 1 | -1, reach: number): number | undefined {
  const { columns } = timeline.rows;
  const id = columns.id(row);
  if (id === undefined) return undefined;
  const stream = columns.stream(row);
  const dir = columns.dir(row);
  const end = step > 0 ? Math.min(timeline.length, row + reach) : Math.max(timeline.first - 1, row - reach);
  for (let at = row + step; at !== end; at += step) {
    if (columns.stream(at) !== stream || columns.id(at) !== id) continue;
    // The same id in the same direction again: the number was used anew, or this is a part of the same message.
    if (columns.dir(at) !== dir) return at;
    if (columns.type(at) === columns.type(row)) return undefined;
  }
  return undefined;
}
