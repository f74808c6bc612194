import { DIALECTS } from '../../core/message.ts';
import { allFields, TABLES } from '../../schema/registry.ts';
import { FilterError } from './error.ts';
import { FIELD_NAMES } from './fields.ts';
import { lex, type Token } from './lexer.ts';
import { logicOf, relationOf } from './parser.ts';
import { FUNCTIONS } from './syntax.ts';

/** Words that are offered at once; more would not fit a line, and nobody reads them. */
const LIMIT = 40;
/** From this many letters on, field names that only hold them are offered behind those that begin with them. */
const INSIDE = 3;

const OPERATORS: readonly string[] = ['==', '!=', '>', '<', '>=', '<=', 'contains', 'matches', 'in'];
const OPERATOR_WORDS: readonly string[] = ['contains', 'matches', 'in', 'eq', 'ne', 'gt', 'lt', 'ge', 'le'];
const JOINERS: readonly string[] = ['&&', '||'];
const JOINER_WORDS: readonly string[] = ['and', 'or', 'xor'];
const NONE: readonly string[] = [];

/** What may stand in place of [start, end) of a filter. */
export interface Completion {
  readonly start: number;
  readonly end: number;
  readonly words: readonly string[];
}

/**
 * What may stand at UTF-16 position `cursor` of a filter that is being typed: fields at the beginning of a term, operators
 * behind a field, named values behind an operator and in a set, && and || behind a term. What stands before the cursor chooses;
 * the word under the cursor is replaced whole, and a string that is not closed from its quote on. At most 40 words, those that
 * begin with what is typed first; none where nothing is known or the only one stands there already. Never throws.
 */
export function complete(text: string, cursor: number): Completion {
  const at = Math.max(0, Math.min(cursor, text.length));
  const { tokens, start, typed, quoted } = before(text.slice(0, at));
  const end = typed === '' ? at : at + (/^[\w.-]*/.exec(text.slice(at))?.[0].length ?? 0);
  const found = wordsFor(expected(tokens), typed, quoted);
  const there = found.length === 1 && found[0] === text.slice(start, end);
  return { start, end, words: there ? NONE : found.slice(0, LIMIT) };
}

interface Typed {
  readonly tokens: readonly Token[];
  /** Where the word at the end begins, and the word: of an open string, what is in it. */
  readonly start: number;
  readonly typed: string;
  readonly quoted: boolean;
}

function before(text: string): Typed {
  const word = /[\w.-]*$/.exec(text)?.[0] ?? '';
  const start = text.length - word.length;
  try {
    return { tokens: lex(text.slice(0, start)), start, typed: word, quoted: false };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    // A string that does not end, unless it is a character that no filter has.
    if (text[error.start] !== '"') return { tokens: [], start: text.length, typed: '', quoted: false };
    return { tokens: lex(text.slice(0, error.start)), start: error.start, typed: text.slice(error.start + 1), quoted: true };
  }
}

/** What comes next in the grammar, and for which field. */
interface Expected {
  readonly what: 'term' | 'operator' | 'value' | 'set' | 'joiner' | 'nothing';
  readonly field: string;
}

/** Follows the grammar loosely: what is wrong on the way is for the parser to tell. */
function expected(tokens: readonly Token[]): Expected {
  let what: Expected['what'] = 'term';
  let field = '';
  let calls = 0;
  let slice = false;
  for (const { kind, text } of tokens) {
    if (kind === 'end') break;
    const word = kind === 'string' ? '' : text.toLowerCase();
    if (slice) {
      slice = word !== ']';
    } else if (what === 'term') {
      if (kind !== 'word' || word === 'not') continue;
      if (FUNCTIONS.some((name) => name === word)) calls++;
      else {
        field = text;
        what = 'operator';
      }
    } else if (what === 'operator') {
      if (word === '[') slice = true;
      else if (word === ')') {
        if (calls > 0) calls--;
        else what = 'joiner';
      } else if (word === 'in') what = 'nothing';
      else if (logicOf(word) !== undefined) what = 'term';
      else what = relationOf(word) === undefined ? 'nothing' : 'value';
    } else if (what === 'nothing') {
      if (word === '{') what = 'set';
    } else if (what === 'value') what = 'joiner';
    else if (what === 'set') {
      if (word === '}') what = 'joiner';
    } else if (logicOf(word) !== undefined) {
      what = 'term';
      calls = 0;
    }
  }
  return { what, field };
}

function wordsFor({ what, field }: Expected, typed: string, quoted: boolean): readonly string[] {
  if (what === 'value' || what === 'set') return matching(valuesOf(field), typed, 1);
  if (quoted) return NONE;
  if (what === 'term') return typed === '' ? NONE : matching(fieldNames(), typed, INSIDE);
  if (what === 'operator') {
    if (FIELD_NAMES.has(field)) return typed === '' ? OPERATORS : matching([...OPERATOR_WORDS, ...JOINER_WORDS], typed, Infinity);
    return NONE;
  }
  return what === 'nothing' ? NONE : typed === '' ? JOINERS : matching(JOINER_WORDS, typed, Infinity);
}

/** Words that begin with what is typed, then, from `inside` letters on, those that hold it. */
function matching(words: readonly string[], typed: string, inside: number): readonly string[] {
  const lower = typed.toLowerCase();
  const bare = (word: string): string => word.replace(/^"/, '').toLowerCase();
  const starts = words.filter((word) => bare(word).startsWith(lower));
  return lower.length < inside ? starts : [...starts, ...words.filter((word) => bare(word).indexOf(lower) > 0)];
}

let names: readonly string[] | undefined;
function fieldNames(): readonly string[] {
  names ??= [...new Set(allFields().map((f) => f.filter))].sort();
  return names;
}

let values: ReadonlyMap<string, readonly string[]> | undefined;

/** The names that a field's values have, quoted where the language needs it. */
function valuesOf(field: string): readonly string[] {
  values ??= namedValues();
  return values.get(field) ?? NONE;
}

function namedValues(): Map<string, readonly string[]> {
  const out = new Map<string, readonly string[]>();
  const put = (field: string, words: Iterable<string>): void => {
    out.set(
      field,
      [...new Set(words)].map((word) => (/^[\w-]+$/.test(word) ? word : JSON.stringify(word))),
    );
  };
  for (const doc of allFields()) if (doc.names !== undefined) put(doc.filter, Object.values(doc.names));
  const commands = TABLES.flatMap(({ table }) => Object.values(table).map((def) => def.label)).sort();
  put('apns.command', commands);
  put('apns.message', commands);
  put('apns.dialect', DIALECTS);
  put('apns.direction', ['c2s', 's2c']);
  return out;
}
