import type { Field, Value } from '../core/message.ts';
import { utf8 } from '../core/text.ts';
import { payloadPathOf } from '../schema/payload-label.ts';
import { JsonScanner } from './json-scan.ts';
import { entries, MAX_DEPTH, TOP_NAME, type TreeBuilder, valueText } from './tree.ts';

/** A container that is being read. */
interface Level {
  readonly isObject: boolean;
  readonly start: number;
  readonly path: string;
  readonly name: string;
  readonly children: Field[];
  readonly seen: Set<string> | undefined;
  /** Name of the member whose value comes next. */
  key: string;
}

/** Bytes of unreadable rest that are shown as text. */
const REST_TEXT = 1024;

/**
 * Reads JSON into fields, lossless: each value knows its bytes, integers beyond 2^53 are bigint, other numbers keep their
 * digits as text, keys that stand twice are both there and noted. No recursion.
 *
 * What is wrong is noted with its place; what was read before it is given, the rest as text. Source: RFC 8259.
 */
export function jsonFields(b: Uint8Array, tree: TreeBuilder): Field[] {
  const scanner = new JsonScanner();
  const text = new Source(b);
  const stack: Level[] = [];
  const top: Field[] = [];
  let at = 0;
  const place = (field: Field): void => {
    const level = stack[stack.length - 1];
    (level === undefined ? top : level.children).push(field);
  };
  /** Name of the value that comes next. */
  const name = (): string => {
    const level = stack[stack.length - 1];
    return level === undefined ? TOP_NAME : level.isObject ? level.key : String(level.children.length);
  };
  const pathOf = (name: string): string => {
    const level = stack[stack.length - 1];
    return level === undefined ? '' : payloadPathOf(level.path, name);
  };
  const close = (level: Level, end: number): void => {
    place(groupOf(tree, level, end));
  };
  const broken = (): Field[] => {
    tree.note('payload.json-invalid', Math.min(scanner.failedAt, b.length), b.length, scanner.problem);
    const stop = Math.min(scanner.failedAt, b.length);
    while (stack.length > 0) close(stack.pop() as Level, stop);
    if (stop < b.length) top.push(restField(b, stop, tree));
    return unwrap(top);
  };
  /** Reads the key at `at` into its level; at is behind the colon afterwards, or -1. */
  const readKey = (level: Level): void => {
    const from = scanner.space(b, at, b.length);
    const end = scanner.key(b, from, b.length);
    if (end >= 0) {
      const close = closingQuote(b, from);
      level.key = unescaped(text.text(from + 1, close));
      if (level.seen?.has(level.key)) tree.note('payload.duplicate-key', from, close + 1, level.key.slice(0, 80));
      level.seen?.add(level.key);
    }
    at = end;
  };
  for (;;) {
    at = scanner.space(b, at, b.length);
    const c = b[at];
    const start = at;
    const here = name();
    const path = pathOf(here);
    if (c === 0x7b || c === 0x5b) {
      if (stack.length >= MAX_DEPTH || !tree.admit({ start, end: b.length })) {
        at = scanner.value(b, start, b.length);
        if (at < 0) return broken();
        if (stack.length >= MAX_DEPTH) tree.note('payload.depth', start, at, `${scanner.depth} more levels`);
        const raw = text.text(start, at);
        place(tree.leaf(path, here, raw, { start, end: at }, valueText(raw)));
      } else {
        const isObject = c === 0x7b;
        const level: Level = { isObject, start, path, name: here, children: [], seen: isObject ? new Set() : undefined, key: '' };
        at = scanner.space(b, at + 1, b.length);
        if (b[at] !== (isObject ? 0x7d : 0x5d)) {
          stack.push(level);
          if (isObject) readKey(level);
          if (at < 0) return broken();
          continue;
        }
        at++;
        place(groupOf(tree, level, at));
      }
    } else {
      at = at < b.length ? scanner.scalar(b, at, b.length) : -1;
      if (at < 0) {
        if (start >= b.length) {
          scanner.failedAt = b.length;
          scanner.problem = 'value missing';
        }
        return broken();
      }
      if (tree.admit({ start, end: b.length })) place(scalarField(text, start, at, path, here, tree));
    }
    // Behind a value: close what ends here, or go on to the next one.
    for (;;) {
      const level = stack[stack.length - 1];
      at = scanner.space(b, at, b.length);
      if (level === undefined) {
        if (at < b.length) {
          tree.note('payload.json-trailing', at, b.length, `${b.length - at} bytes`);
          top.push(restField(b, at, tree));
        }
        return unwrap(top);
      }
      if (b[at] === 0x2c) {
        at++;
        if (level.isObject) readKey(level);
        if (at < 0) return broken();
        break;
      }
      if (b[at] !== (level.isObject ? 0x7d : 0x5d)) {
        scanner.failedAt = at;
        scanner.problem = at >= b.length ? `${level.isObject ? 'object' : 'array'} not closed` : 'comma or closing bracket missing';
        return broken();
      }
      stack.pop();
      close(level, ++at);
    }
  }
}

/** The members of a top object stand on their own: the payload field is already their parent. */
function unwrap(top: Field[]): Field[] {
  const [first, ...others] = top;
  return first?.children === undefined ? top : [...first.children, ...others];
}

function groupOf(tree: TreeBuilder, level: Level, end: number): Field {
  const words = level.isObject ? entries(level.children.length, 'key', 'keys') : entries(level.children.length, 'element', 'elements');
  return tree.group(level.path, level.name, level.children, words, { start: level.start, end });
}

function scalarField(source: Source, start: number, end: number, path: string, name: string, tree: TreeBuilder): Field {
  const at = { start, end };
  if (source.bytes[start] === 0x22) return tree.leaf(path, name, unescaped(source.text(start + 1, end - 1)), at);
  const text = source.text(start, end);
  const value = scalarValue(text);
  return typeof value === 'number' && String(value) !== text
    ? tree.leaf(path, name, value, at, valueText(text))
    : tree.leaf(path, name, value, at);
}

/** Texts of ranges. Where all is ASCII, bytes and characters count alike and one decoding serves all ranges. */
class Source {
  readonly bytes: Uint8Array;
  private readonly whole: string | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    let i = 0;
    while (i < bytes.length && bytes[i] < 0x80) i++;
    this.whole = i === bytes.length ? utf8(bytes) : undefined;
  }

  text(start: number, end: number): string {
    return this.whole === undefined ? rawText(this.bytes, start, end) : this.whole.slice(start, end);
  }
}

/** Digits that are worth an exact integer; far beyond what any program counts, and quick to read. */
const MAX_DIGITS = 1000;

/** Value of a number or word as it stands: integers of up to 1,000 digits exact, other numbers as near as a double comes. */
export function scalarValue(text: string): Value {
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  if (text.length <= MAX_DIGITS && /^-?\d+$/.test(text)) {
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : BigInt(text);
  }
  return Number(text);
}

/** Text of the string whose quotes stand at `start` and before `end`; it must have been scanned. */
export function stringValue(b: Uint8Array, start: number, end: number): string {
  return unescaped(rawText(b, start + 1, end - 1));
}

function unescaped(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, hex: string | undefined, short: string) =>
    hex === undefined ? (SHORT[short] ?? short) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

const SHORT: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Offset of the quote that ends the string at `at`; it must have been scanned. */
function closingQuote(b: Uint8Array, at: number): number {
  at++;
  while (b[at] !== 0x22) at += b[at] === 0x5c ? 2 : 1;
  return at;
}

function rawText(b: Uint8Array, start: number, end: number): string {
  return utf8(b.subarray(start, end)) ?? '';
}

function restField(b: Uint8Array, start: number, tree: TreeBuilder): Field {
  const text = utf8(b.subarray(start, Math.min(b.length, start + REST_TEXT)));
  const field = tree.leaf('rest', 'rest', text ?? b.slice(start), { start, end: b.length });
  return { ...field, label: 'Unparsed text', note: 'warn' };
}
