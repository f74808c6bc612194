import { type Instant, isoInstant } from './instant.ts';

/** First and last packet of one file. */
export interface FlowTimes {
  readonly start: Instant;
  readonly end: Instant | undefined;
}

/** Characters of one file's entry that are looked at; entries have about 500. */
const PART_LIMIT = 8192;

/**
 * Times of the files in a tcpflow `report.xml` (DFXML), by file name without directory. The attribute of the first time is
 * spelled `startime` there. Only this flat subset is read: the text is searched, not parsed, so that a report cut off in the middle serves as well.
 */
export function reportTimes(xml: string): Map<string, FlowTimes> {
  const times = new Map<string, FlowTimes>();
  for (const whole of xml.split('<fileobject>').slice(1)) {
    const part = whole.slice(0, PART_LIMIT);
    const name = /<filename>([^<]{1,4096})<\/filename>/.exec(part);
    const start = isoInstant(attribute(part, 'startt?ime') ?? '');
    if (!name || !start) continue;
    times.set(name[1].slice(name[1].lastIndexOf('/') + 1), { start, end: isoInstant(attribute(part, 'endtime') ?? '') });
  }
  return times;
}

function attribute(text: string, name: string): string | undefined {
  return new RegExp(`<tcpflow\\s[^>]*?\\b${name}=['"]([^'"]{1,64})['"]`).exec(text)?.[1];
}
