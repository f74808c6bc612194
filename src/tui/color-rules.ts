/** Rules that colour rows of the list: each a filter and a style. The first that matches counts. */
import type { Filter } from '../timeline/filter/filter.ts';
import { compileFilter } from '../timeline/filter/filter.ts';
import type { Timeline } from '../timeline/timeline.ts';
import type { Style } from './canvas.ts';
import { parseStyle, type Theme } from './theme.ts';

export interface ColorRule {
  readonly text: string;
  readonly filter: Filter;
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
      out.push({ text: filter, filter: compileFilter(filter), style: look });
    } catch (error) {
      problems.push(`colors: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  return { rules: out, problems };
}

/** The style of a row, or undefined when no rule matches. */
export function colorOf(rules: readonly ColorRule[], timeline: Timeline, row: number, theme: Theme): Style | undefined {
  for (const rule of rules) {
    if (rule.filter.matches(timeline, row)) return typeof rule.style === 'number' ? rule.style : theme[rule.style];
  }
  return undefined;
}
