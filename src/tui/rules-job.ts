/** When the rules over several messages look at rows: in slices, and of large captures only when somebody asks. */
import type { Timeline } from '../timeline/timeline.ts';
import type { State } from './state.ts';

/** Rows that the rules look at between two looks at the clock. */
const RULE_ROWS = 1024;
/** Larger captures are given to the rules when somebody asks: they take seconds and megabytes a million messages. */
const RULES_AT_ONCE = 200_000;
/** Columns that show what the rules know. */
const RULE_COLUMNS: ReadonlySet<string> = new Set(['pair', 'rtt']);

/** There are rows to look at, and it is time: everything is read, and the capture is small or the screen shows what rules know. */
export function needsRules(state: State): boolean {
  const { analysis, length, first } = state.source.timeline;
  if (analysis === undefined || analysis.settled) return false;
  if (waitsForRules(state)) return true;
  if (!state.loading.done && !state.loading.waiting) return false;
  const asked = state.pane !== 'list' || state.view !== 'main' || (state.columns ?? []).some((name) => RULE_COLUMNS.has(name));
  return asked || length - first <= RULES_AT_ONCE;
}

/** The filter waits until the rules have looked at what is read. */
export function waitsForRules(state: State): boolean {
  return state.filter !== undefined && state.filterAsksRules && !state.filterOff && state.source.timeline.analysis?.settled === false;
}

/** Lets the rules work for about `ms` milliseconds; true when they are done. */
export function advanceRules(timeline: Timeline, ms: number): boolean {
  const end = performance.now() + ms;
  while (performance.now() < end) if (timeline.analysis?.advance(RULE_ROWS) !== false) return true;
  return false;
}
