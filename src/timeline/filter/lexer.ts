import { FilterError } from './error.ts';

/** Longest filter that is read: thousands of terms, and no accident. */
const LENGTH_LIMIT = 64 * 1024;

export type TokenKind = 'word' | 'string' | 'op' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The word or operator as written; of a string, its value. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Operators, longest first. */
const OPERATORS = ['===', '==', '!=', '~=', '>=', '<=', '&&', '||', '>', '<', '!', '~', '=', '&', '|', ',', '(', ')', '{', '}', '[', ']'];

const WORD = /[A-Za-z0-9_.:*/+-]/;

/**
 * Cuts a filter into tokens. Words are names, numbers with units, bytes (`de:ad`), addresses and times: what they are depends
 * on where they stand. Strings are "…" with \" \\ \n \r \t \xHH \uHHHH, or raw r"…".
 * Throws `FilterError` with the place.
 */
export function lex(text: string): Token[] {
  if (text.length > LENGTH_LIMIT) throw new FilterError(text.slice(0, 80), 0, 1, `the filter is longer than ${LENGTH_LIMIT} characters`);
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const c = text[at];
    if (c === ' ' || c === '\t' || c === '\n' || c === '\r') {
      at++;
      continue;
    }
    if (c === '"' || c === "'" || (c === 'r' && text[at + 1] === '"')) {
      const token = readString(text, at);
      tokens.push(token);
      at = token.end;
      continue;
    }
    if (WORD.test(c)) {
      let end = at + 1;
      while (end < text.length && WORD.test(text[end]) && !(text[end] === '.' && text[end + 1] === '.')) end++;
      tokens.push({ kind: 'word', text: text.slice(at, end), start: at, end });
      at = end;
      if (text.startsWith('..', at)) {
        tokens.push({ kind: 'op', text: '..', start: at, end: at + 2 });
        at += 2;
      }
      continue;
    }
    const op = OPERATORS.find((o) => text.startsWith(o, at));
    if (op === undefined) throw new FilterError(text, at, at + 1, `unexpected ${JSON.stringify(c)}`);
    tokens.push({ kind: 'op', text: op, start: at, end: at + op.length });
    at += op.length;
  }
  tokens.push({ kind: 'end', text: '', start: text.length, end: text.length });
  return tokens;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0' };

function readString(text: string, start: number): Token {
  const raw = text[start] === 'r';
  const quote = raw ? '"' : text[start];
  let at = start + (raw ? 2 : 1);
  let value = '';
  while (at < text.length) {
    const c = text[at];
    if (c === quote) return { kind: 'string', text: value, start, end: at + 1 };
    if (c === '\\' && !raw) {
      const next = text[at + 1] ?? '';
      const hex = next === 'x' ? 2 : next === 'u' ? 4 : 0;
      if (hex > 0) {
        const digits = text.slice(at + 2, at + 2 + hex);
        if (digits.length < hex || /[^0-9a-fA-F]/.test(digits))
          throw new FilterError(text, at, at + 2, `\\${next} takes ${hex} hex digits`);
        value += String.fromCharCode(Number.parseInt(digits, 16));
        at += 2 + hex;
        continue;
      }
      value += ESCAPES[next] ?? next;
      at += 2;
      continue;
    }
    value += c;
    at++;
  }
  throw new FilterError(text, start, text.length, 'the string does not end');
}
