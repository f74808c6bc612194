import { EXIT, UserError } from '../../core/errors.ts';

/**
 * A filter that cannot be used: the sentence, the filter, and a line that underlines the place. For the terminal UI the
 * parts stand on their own.
 */
export class FilterError extends UserError {
  readonly filter: string;
  readonly start: number;
  readonly end: number;
  /** The sentence alone. */
  readonly reason: string;
  readonly suggestion: string | undefined;

  constructor(filter: string, start: number, end: number, reason: string, suggestion?: string) {
    const hint = suggestion === undefined ? '' : ` — did you mean ${suggestion}?`;
    const shown = filter.replace(/[\n\r\t]/g, ' ');
    super('filter', `${reason}${hint}\n  ${shown}\n  ${' '.repeat(start)}${'^'.repeat(Math.max(1, end - start))}`, EXIT.usage);
    this.filter = filter;
    this.start = start;
    this.end = end;
    this.reason = reason;
    this.suggestion = suggestion;
  }
}

/** The candidate that is nearest to `word` by edits, when it is near enough to be what was meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const d = edits(word, candidate, least);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

/** Damerau-Levenshtein distance, given up at `limit`. */
function edits(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let low = i;
    for (let j = 1; j <= b.length; j++) {
      let d = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, before[j - 2] + 1);
      next[j] = d;
      low = Math.min(low, d);
    }
    if (low >= limit) return limit;
    before = row;
    row = next;
  }
  return row[b.length];
}
