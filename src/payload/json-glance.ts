import { MARKED_BYTES, MarkedText } from './json-marks.ts';

/** Containers inside one another; deeper ones are left to the decoder. */
const DEPTH = 32;
/** Keys of one object: each is compared with those before it. */
const KEYS = 32;
/** Digits that a double holds, whatever they are. */
const EXACT_DIGITS = 15;

/** Objects whose members are remembered: the top, and two inside one another in it. */
const LEVELS = 3;
/** Members that are remembered; a push has about ten. */
const MEMBERS = 64;
/** Stands for the place of a value that is not remembered. */
const FORGOTTEN = MEMBERS;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN = 0x7b;
const OPEN_LIST = 0x5b;
const CLOSE = 0x7d;
/** From a bracket to the one that closes it. */
const CLOSING = 2;

/** The members of an object and of objects in it, in their order; places count from the first byte of the object. */
export class JsonGlance {
  text: Uint8Array = new Uint8Array(0);
  /** Members that are remembered, and whether those are all. */
  count = 0;
  complete = true;
  /** 0: a member of the object; 1 and 2: of the object that is the last member before it on the level above, or in that member. */
  readonly levels = new Uint8Array(MEMBERS);
  readonly keyStarts = new Uint16Array(MEMBERS);
  readonly keyEnds = new Uint16Array(MEMBERS);
  readonly starts = new Uint16Array(MEMBERS + 1);
  /** Only of values that are no containers. */
  readonly ends = new Uint16Array(MEMBERS + 1);

  /** First byte of a member's value. */
  first(member: number): number {
    return this.text[this.starts[member]];
  }

  isKey(member: number, key: Uint8Array): boolean {
    const start = this.keyStarts[member];
    if (this.keyEnds[member] - start !== key.length) return false;
    for (let i = 0; i < key.length; i++) if (this.text[start + i] !== key[i]) return false;
    return true;
  }
}

const marked = new MarkedText();
const seen = new JsonGlance();
const counts = new Uint8Array(DEPTH);
const closings = new Uint8Array(DEPTH);
const keyStarts = new Uint16Array(DEPTH * KEYS);
const keyEnds = new Uint16Array(DEPTH * KEYS);

/**
 * The members of the JSON object `bytes[start, stop)`, read off the bytes; valid until the next call. Undefined when it is
 * anything but printable ASCII without escapes, spaces between values, equal keys, and numbers that are no whole ones of 15
 * digits: such an object must be parsed, because something may be wrong with it. At most `MARKED_BYTES`.
 */
export function glance(bytes: Uint8Array, start: number, stop: number): JsonGlance | undefined {
  if (stop - start > MARKED_BYTES) return undefined;
  marked.take(bytes, start, stop);
  seen.text = marked.text;
  return walk(marked.text, marked.marks, stop - start) ? seen : undefined;
}

/** Nothing in `b` is taken for a part of the text that stands behind its end: there is a 0, which is a part of nothing. */
function walk(b: Uint8Array, marks: Uint16Array, end: number): boolean {
  const { levels, starts, ends } = seen;
  seen.count = 0;
  seen.complete = true;
  if (b[0] !== OPEN) return false;
  if (b[1] === CLOSE) return end === 2;
  let at = 1;
  /** Number of the next mark. */
  let next = 0;
  let depth = 0;
  /** Keys of the object that is open, and what closes it. */
  let count = 0;
  let closing = CLOSE;
  let members = 0;
  for (;;) {
    let member = FORGOTTEN;
    if (closing === CLOSE) {
      const start = at + 1;
      // Everything between two marks stands for itself: a string ends at the next one, or is none of those.
      const stop = marks[next + 1];
      // Keys that are numbers change their places when they are parsed.
      if (b[at] !== QUOTE || b[stop] !== QUOTE || b[stop + 1] !== COLON || count === KEYS || isDigit(b[start])) return false;
      next += 2;
      const own = depth * KEYS + count;
      for (let i = own - count; i < own; i++) if (isSame(b, keyStarts[i], keyEnds[i], start, stop)) return false;
      count++;
      keyStarts[own] = start;
      keyEnds[own] = stop;
      at = stop + 2;
      if (depth < LEVELS) {
        if (members === MEMBERS) seen.complete = false;
        else {
          member = members++;
          levels[member] = depth;
          seen.keyStarts[member] = start;
          seen.keyEnds[member] = stop;
        }
      }
    }
    starts[member] = at;
    const c = b[at];
    if (c === QUOTE) {
      at = marks[next + 1];
      next += 2;
      if (b[at++] !== QUOTE) return false;
    } else if (c === OPEN || c === OPEN_LIST) {
      if (b[++at] !== c + CLOSING) {
        counts[depth] = count;
        closings[depth] = closing;
        if (++depth === DEPTH) return false;
        count = 0;
        closing = c + CLOSING;
        continue;
      }
      at++;
    } else {
      at = c === MINUS || isDigit(c) ? whole(b, at) : word(b, at);
      if (at < 0) return false;
    }
    ends[member] = at;
    while (b[at] === closing) {
      at++;
      if (depth === 0) {
        seen.count = members;
        return at === end;
      }
      count = counts[--depth];
      closing = closings[depth];
    }
    if (b[at++] !== COMMA) return false;
  }
}

function isDigit(c: number): boolean {
  return c >= ZERO && c <= NINE;
}

/** End of the whole number at `at`, or -1. */
function whole(b: Uint8Array, at: number): number {
  const negative = b[at] === MINUS;
  const start = negative ? at + 1 : at;
  let stop = start;
  while (isDigit(b[stop])) stop++;
  if (stop === start || stop - start > EXACT_DIGITS || (b[start] === ZERO && (stop > start + 1 || negative))) return -1;
  const next = b[stop];
  return next === 0x2e || next === 0x65 || next === 0x45 ? -1 : stop;
}

/** End of `true`, `false` or `null` at `at`, or -1. */
function word(b: Uint8Array, at: number): number {
  const c = b[at];
  if (c === 0x74) return b[at + 1] === 0x72 && b[at + 2] === 0x75 && b[at + 3] === 0x65 ? at + 4 : -1;
  if (c === 0x6e) return b[at + 1] === 0x75 && b[at + 2] === 0x6c && b[at + 3] === 0x6c ? at + 4 : -1;
  return c === 0x66 && b[at + 1] === 0x61 && b[at + 2] === 0x6c && b[at + 3] === 0x73 && b[at + 4] === 0x65 ? at + 5 : -1;
}

function isSame(b: Uint8Array, start: number, stop: number, otherStart: number, otherStop: number): boolean {
  const length = stop - start;
  if (otherStop - otherStart !== length) return false;
  for (let i = 0; i < length; i++) if (b[start + i] !== b[otherStart + i]) return false;
  return true;
}
