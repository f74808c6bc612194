import { FilterError } from './error.ts';
import type { Literal } from './syntax.ts';

/** Characters of a value that an expression sees: payloads may be long, and every position may be tried. */
export const SUBJECT_LIMIT = 64 * 1024;

/**
 * The expression of `matches`, case-insensitive as in Wireshark; `(?-i)` in front makes it sensitive.
 * Expressions whose time can explode (a repetition of something that itself repeats, back-references) are refused.
 * Throws `FilterError`.
 */
export function compileRegex(filter: string, literal: Literal): RegExp {
  let source = literal.text;
  let flags = 'isu';
  const mode = /^\(\?(-?)i\)/.exec(source);
  if (mode !== null) {
    source = source.slice(mode[0].length);
    if (mode[1] === '-') flags = 'su';
  }
  const refuse = (reason: string): FilterError => new FilterError(filter, literal.start, literal.end, reason);
  if (explodes(source))
    throw refuse(
      'the expression repeats something that itself repeats (or refers back), which can take for ever on hostile input; write it without nested repetition',
    );
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw refuse(`the expression is not valid: ${(error as Error).message.replace(/^Invalid regular expression: \/[\s\S]*\/\w*: /, '')}`);
  }
}

/** Whether a group that holds an unbounded repetition or an alternative is itself repeated, or there are too many repetitions in a row. */
function explodes(source: string): boolean {
  interface Group {
    risky: boolean;
  }
  const stack: Group[] = [{ risky: false }];
  let unbounded = 0;
  let last: Group | undefined;
  for (let i = 0; i < source.length; i++) {
    const c = source[i];
    if (c === '\\') {
      if (/[1-9k]/.test(source[i + 1] ?? '')) return true;
      i++;
      last = undefined;
    } else if (c === '[') {
      for (i++; i < source.length && source[i] !== ']'; i++) if (source[i] === '\\') i++;
      last = undefined;
    } else if (c === '(') {
      stack.push({ risky: false });
      last = undefined;
    } else if (c === ')') {
      const group = stack.length > 1 ? (stack.pop() as Group) : stack[0];
      stack[stack.length - 1].risky ||= group.risky;
      last = group;
    } else if (c === '|') {
      stack[stack.length - 1].risky = true;
      last = undefined;
    } else if (c === '*' || c === '+' || c === '{') {
      const counted = c === '{' ? /^\{(\d+)(,?)(\d*)\}/.exec(source.slice(i)) : null;
      if (c === '{' && counted === null) {
        last = undefined;
        continue;
      }
      const bounded = counted !== null && (counted[2] === '' || counted[3] !== '') && Number(counted[3] || counted[1]) <= 32;
      if (last?.risky === true) return true;
      if (!bounded) {
        stack[stack.length - 1].risky = true;
        // Each unbounded repetition beside others multiplies the time by the length of the subject.
        if (++unbounded > 4) return true;
      }
      last = undefined;
      if (counted !== null) i += counted[0].length - 1;
    } else last = undefined;
  }
  return false;
}
