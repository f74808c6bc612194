/** Rules that colour rows of the list: each a filter and a style. The first that matches counts. */
import { SEVERITIES } from '../core/note.ts';
import type { Filter } from '../timeline/filter/filter.ts';
import { compileFilter } from '../timeline/filter/filter.ts';
import type { Timeline } from '../timeline/timeline.ts';
import type { Style } from './canvas.ts';
import { parseStyle, type Theme } from './theme.ts';

export interface ColorRule {
  readonly text: string;
  readonly filter: Filter;
  /** The filter asks only for the severity of a row, which is known without asking the rules over several messages. */
  readonly severity?: { readonly atLeast: number; readonly atMost: number };
  /** A style, or the name of one of the theme's. */
  readonly style: Style | 'error' | 'warn' | 'note' | 'good' | 'dim';
}

const THEMED = ['error', 'warn', 'note', 'good', 'dim'] as const;

/** What rows look like when the configuration has no rules. */
export const DEFAULT_RULES: readonly { filter: string; style: string }[] = [
  { filter: 'apns.severity == error', style: 'error' },
  { filter: 'apns.severity == warn', style: 'warn' },
  { filter: 'apns.dialect == "http2" && apns.status >= 400', style: 'warn' },
  { filter: 'apns.dialect != "http2" && apns.status > 0', style: 'warn' },
  { filter: 'apns.dialect in {"tls", "capture"}', style: 'dim' },
];

/** Compiles rules; those that cannot be used are told in `problems`. */
export function compileRules(rules: readonly { filter: string; style: string }[]): { rules: ColorRule[]; problems: string[] } {
  const out: ColorRule[] = [];
  const problems: string[] = [];
  for (const { filter, style } of rules) {
    const named = THEMED.find((name) => name === style);
    const look = named ?? parseStyle(style);
    if (look === undefined) {
      problems.push(`colors: "${style}" is no style`);
      continue;
    }
    try {
      out.push({ text: filter, filter: compileFilter(filter), style: look, ...severityRange(filter) });
    } catch (error) {
      problems.push(`colors: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  return { rules: out, problems };
}

/** "apns.severity == error" and ">=" as a range of severities. */
function severityRange(filter: string): Pick<ColorRule, 'severity'> {
  const found = /^apns\.severity\s*(==|>=)\s*(note|warn|error)$/.exec(filter.trim());
  if (found === null) return {};
  const level = SEVERITIES.indexOf(found[2] as 'note');
  return { severity: { atLeast: level, atMost: found[1] === '==' ? level : SEVERITIES.length } };
}

/** The worst of what decoding found on a row, and of what the rules found as far as they have looked. */
function severityNow(timeline: Timeline, row: number): number {
  let worst = timeline.rows.columns.severity(row);
  for (const n of timeline.message(row).notes) worst = Math.max(worst, SEVERITIES.indexOf(n.severity));
  if (timeline.analysis?.settled === true)
    for (const n of timeline.analysis.findings(row)) worst = Math.max(worst, SEVERITIES.indexOf(n.severity));
  return worst;
}

/** The style of a row, or undefined when no rule matches. */
export function colorOf(rules: readonly ColorRule[], timeline: Timeline, row: number, theme: Theme): Style | undefined {
  let severity = -1;
  for (const rule of rules) {
    if (rule.severity !== undefined) {
      if (severity < 0) severity = severityNow(timeline, row);
      if (severity < rule.severity.atLeast || severity > rule.severity.atMost) continue;
      return typeof rule.style === 'number' ? rule.style : theme[rule.style];
    }
    if (rule.filter.matches(timeline, row)) return typeof rule.style === 'number' ? rule.style : theme[rule.style];
  }
  return undefined;
}
