import { FilterError, nearest } from './error.ts';
import { lex, type Token } from './lexer.ts';
import {
  type FieldRef,
  FUNCTIONS,
  type FunctionName,
  type Literal,
  type Node,
  type RangeItem,
  type Relation,
  type Slice,
} from './syntax.ts';

/** Brackets and negations inside each other; far above any filter that people write. */
const DEPTH_LIMIT = 200;

const RELATIONS: Readonly<Record<string, Relation>> = {
  '==': '==',
  eq: '==',
  any_eq: '==',
  '!=': '!=',
  ne: '!=',
  all_ne: '!=',
  '===': '===',
  all_eq: '===',
  '~=': '~=',
  any_ne: '~=',
  '>': '>',
  gt: '>',
  '<': '<',
  lt: '<',
  '>=': '>=',
  ge: '>=',
  '<=': '<=',
  le: '<=',
  contains: 'contains',
  matches: 'matches',
  '~': 'matches',
  // Accepted because everybody types it once.
  '=': '==',
};

const LOGIC: Readonly<Record<string, 'and' | 'or' | 'xor'>> = { '&&': 'and', and: 'and', '||': 'or', or: 'or', xor: 'xor' };
const BINDING = { or: 1, xor: 2, and: 3 } as const;
const RESERVED = new Set([...Object.keys(RELATIONS), ...Object.keys(LOGIC), 'not', 'in']);

/** The relation that a word or operator stands for. */
export const relationOf = (word: string): Relation | undefined => RELATIONS[word.toLowerCase()];

/** The connective that a word or operator stands for. */
export const logicOf = (word: string): 'and' | 'or' | 'xor' | undefined => LOGIC[word.toLowerCase()];

/** Names of a layer that a message about an unknown one tells. */
const SHOWN = 8;

/** What people mean who know the packets of Wireshark: rows here are messages. */
const MEANT: Readonly<Record<string, string>> = {
  'frame.len': 'apns.size',
  'tcp.len': 'apns.size',
  'tcp.payload': 'tcp',
  'frame.protocols': 'apns.dialect',
  'ip.host': 'ip.addr',
  '_ws.col.info': 'apns.info',
  '_ws.col.protocol': 'apns.dialect',
  '_ws.expert.message': 'apns.note',
  _ws: 'apns.note',
  ssl: 'tls',
  json: 'apns.payload',
  'json.value.string': 'apns.payload',
  // Dialects that are no layers of their own, asked for as Wireshark asks for a protocol.
  courier: 'apns.dialect contains courier',
  gateway: 'apns.dialect == gateway',
  feedback: 'apns.dialect == feedback',
};

/** What the parser asks of the list of fields. */
export interface FieldNames {
  has(name: string): boolean;
  all(): Iterable<string>;
}

/** Parses a filter. Throws `FilterError` with the place and, where there is one, what was meant. */
export function parse(text: string, fields: FieldNames): Node {
  return new Parser(text, fields).whole();
}

class Parser {
  private readonly text: string;
  private readonly tokens: readonly Token[];
  private readonly fields: FieldNames;
  private at = 0;
  private depth = 0;

  constructor(text: string, fields: FieldNames) {
    this.text = text;
    this.fields = fields;
    this.tokens = lex(text);
  }

  whole(): Node {
    if (this.peek.kind === 'end') throw this.error(this.peek, 'the filter is empty');
    const node = this.expression(0);
    const rest = this.tokens[this.at];
    if (rest.kind !== 'end') throw this.unexpected(rest);
    return node;
  }

  /** The token that comes next. */
  private get peek(): Token {
    return this.tokens[this.at];
  }

  private next(): Token {
    return this.tokens[this.at++];
  }

  private error(place: { start: number; end: number }, reason: string, suggestion?: string): FilterError {
    return new FilterError(this.text, place.start, place.end, reason, suggestion);
  }

  private unexpected(token: Token): FilterError {
    if (token.kind === 'end') return this.error(token, 'the filter ends too early');
    if (token.text === '&' || token.text === '|') return this.error(token, `unexpected '${token.text}'`, `${token.text}${token.text}`);
    if (token.kind === 'word') {
      const word = nearest(token.text.toLowerCase(), RESERVED);
      return this.error(token, `unexpected '${token.text}', an operator such as == or && should stand here`, word);
    }
    return this.error(token, `unexpected '${token.text}'`);
  }

  private expect(op: string): Token {
    const token = this.peek;
    if (token.kind === 'end') throw this.error(token, `'${op}' is missing`);
    if (token.kind !== 'op' || token.text !== op) throw this.unexpected(token);
    return this.next();
  }

  private expression(binding: number): Node {
    if (++this.depth > DEPTH_LIMIT) throw this.error(this.peek, `nested deeper than ${DEPTH_LIMIT}`);
    let left = this.unary();
    for (;;) {
      const token = this.peek;
      const op = token.kind === 'op' || token.kind === 'word' ? logicOf(token.text) : undefined;
      if (op === undefined || BINDING[op] <= binding) break;
      this.next();
      const right = this.expression(BINDING[op]);
      left = { op, left, right, start: left.start, end: right.end };
    }
    this.depth--;
    return left;
  }

  private unary(): Node {
    // A run of negations is a loop, so that its length costs no stack.
    let negations = 0;
    const first = this.peek.start;
    while ((this.peek.kind === 'op' && this.peek.text === '!') || (this.peek.kind === 'word' && this.peek.text.toLowerCase() === 'not')) {
      this.next();
      negations++;
    }
    const node = this.primary();
    return negations % 2 === 1 ? { op: 'not', of: node, start: first, end: node.end } : node;
  }

  private primary(): Node {
    if (this.peek.kind === 'op' && this.peek.text === '(') {
      this.next();
      const node = this.expression(0);
      this.expect(')');
      return node;
    }
    const field = this.fieldRef();
    const token = this.peek;
    const word = token.kind === 'op' || token.kind === 'word' ? token.text.toLowerCase() : '';
    if (word === 'in') {
      this.next();
      return this.set(field);
    }
    const relation = RELATIONS[word];
    if (relation === undefined) return { op: 'exists', field, start: field.start, end: field.end };
    this.next();
    const value = this.value();
    return { op: 'compare', relation, field, value, start: field.start, end: value.end };
  }

  private fieldRef(): FieldRef {
    const token = this.peek;
    if (token.kind === 'string') {
      throw this.error(
        token,
        'a string cannot stand here; compare a field with it',
        `apns.info contains ${this.text.slice(token.start, token.end)}`,
      );
    }
    if (token.kind !== 'word') throw this.unexpected(token);
    const name = token.text;
    const called = this.tokens[this.at + 1];
    if (FUNCTIONS.includes(name.toLowerCase() as FunctionName) && called.kind === 'op' && called.text === '(') {
      this.next();
      this.next();
      if (++this.depth > DEPTH_LIMIT) throw this.error(token, `nested deeper than ${DEPTH_LIMIT}`);
      const inner = this.fieldRef();
      this.depth--;
      const close = this.expect(')');
      return { ...inner, functions: [name.toLowerCase() as FunctionName, ...inner.functions], start: token.start, end: close.end };
    }
    if (!this.fields.has(name)) throw this.unknownField(token);
    this.next();
    const slices: Slice[] = [];
    let end = token.end;
    while (this.peek.kind === 'op' && this.peek.text === '[') {
      slices.push(...this.slice());
      end = this.tokens[this.at - 1].end;
    }
    return { kind: 'field', name, slices, functions: [], start: token.start, end };
  }

  private unknownField(token: Token): FilterError {
    const lower = token.text.toLowerCase();
    if (RESERVED.has(lower)) return this.error(token, `unexpected '${token.text}', a field should stand here`);
    const meant = MEANT[lower] ?? (this.fields.has(`apns.${lower}`) ? `apns.${lower}` : this.below(token.text));
    if (meant !== undefined) return this.error(token, `unknown field '${token.text}'`, meant);
    const near = nearest(token.text, this.fields.all());
    if (near !== undefined) return this.error(token, `unknown field '${token.text}'`, near);
    if (/^[A-Za-z][\w-]*$/.test(token.text)) return this.error(token, `'${token.text}' is no field`, `apns.info contains "${token.text}"`);
    const layer = token.text.slice(0, token.text.indexOf('.') + 1);
    const known = layer === '' ? [] : [...this.fields.all()].filter((name) => name.startsWith(layer)).slice(0, SHOWN);
    return this.error(token, `unknown field '${token.text}'${known.length === 0 ? '' : `; there are ${known.join(', ')} …`}`);
  }

  /** A field below a name that is only the beginning of names: its type, where it has one. */
  private below(name: string): string | undefined {
    let first: string | undefined;
    for (const field of this.fields.all()) {
      if (!field.startsWith(`${name}.`)) continue;
      if (field.endsWith('.type')) return field;
      first ??= field;
    }
    return first;
  }

  /** `[from:length]`, `[from-to]`, `[from:]`, `[n]`, several with commas. */
  private slice(): Slice[] {
    const open = this.expect('[');
    let end = this.at;
    while (this.tokens[end].kind === 'word' || this.tokens[end].text === ',') end++;
    const close = this.tokens[end];
    if (close.kind !== 'op' || close.text !== ']') throw this.error(close.kind === 'end' ? open : close, "']' is missing");
    const text = this.text.slice(open.end, close.start).replace(/\s/g, '');
    this.at = end + 1;
    return text.split(',').map((part) => {
      let match = /^(-?\d{1,9})?:(\d{1,9})?$/.exec(part);
      if (match !== null && part !== ':') {
        const from = match[1] === undefined ? 0 : Number(match[1]);
        return { from, to: match[2] === undefined ? undefined : sliceEnd(from, Number(match[2])) };
      }
      match = /^(\d{1,9})-(\d{1,9})$/.exec(part);
      if (match !== null) return { from: Number(match[1]), to: Number(match[2]) + 1 };
      match = /^-?\d{1,9}$/.exec(part);
      if (match !== null) return { from: Number(part), to: sliceEnd(Number(part), 1) };
      throw this.error({ start: open.start, end: close.end }, `'[${part}]' is no slice; write [0:4] (from, length), [2-5] or [-4:]`);
    });
  }

  private value(): Literal | FieldRef {
    const token = this.peek;
    if (
      token.kind === 'word' &&
      // A layer's name is a value here: `apns.dialect == tls`.
      ((token.text.includes('.') && this.fields.has(token.text)) ||
        (FUNCTIONS.includes(token.text.toLowerCase() as FunctionName) && this.tokens[this.at + 1].text === '('))
    ) {
      return this.fieldRef();
    }
    return this.literal();
  }

  private literal(): Literal {
    const token = this.peek;
    if (token.kind === 'string' || token.kind === 'word') {
      this.next();
      return { kind: 'literal', text: token.text, quoted: token.kind === 'string', start: token.start, end: token.end };
    }
    if (token.text === '{') throw this.error(token, "a set cannot stand here; it follows 'in'");
    throw token.kind === 'end' ? this.error(token, 'a value is missing') : this.unexpected(token);
  }

  private set(field: FieldRef): Node {
    this.expect('{');
    const items: (Literal | RangeItem)[] = [];
    for (;;) {
      const from = this.literal();
      if (this.peek.kind === 'op' && this.peek.text === '..') {
        this.next();
        const to = this.literal();
        items.push({ from, to, start: from.start, end: to.end });
      } else items.push(from);
      if (this.peek.kind === 'op' && this.peek.text === ',') {
        this.next();
        continue;
      }
      if (this.peek.kind === 'word' || this.peek.kind === 'string')
        throw this.error(this.peek, 'the values of a set are separated by commas');
      const close = this.expect('}');
      return { op: 'in', field, items, start: field.start, end: close.end };
    }
  }
}

/** End of a slice that begins at `from`; undefined where it reaches the value's end. */
function sliceEnd(from: number, length: number): number | undefined {
  const end = from + length;
  return from < 0 && end >= 0 ? undefined : end;
}
