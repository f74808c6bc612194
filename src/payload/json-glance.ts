import { utf8Bytes } from '../core/text.ts';
import { MARKED_BYTES, MarkedText } from './json-marks.ts';

/** Containers inside one another; deeper ones are left to the decoder. */
const DEPTH = 32;
/** Keys of one object: each is compared with those before it. */
const KEYS = 32;
/** Digits that a double holds, whatever they are. */
const EXACT_DIGITS = 15;
/** Keys at the top that are remembered: more than a summary names. */
const TOP_KEYS = 8;

/** Members that a summary looks at, as their places in the arrays of a glance. */
export const MEMBER = {
  alert: 0,
  badge: 1,
  sound: 2,
  contentAvailable: 3,
  contentChanged: 4,
  event: 5,
  title: 6,
  titleLocKey: 7,
  body: 8,
  locKey: 9,
} as const;
const MEMBERS = 10;

type Place = typeof PLACE_TOP | typeof PLACE_APS | typeof PLACE_ALERT | typeof PLACE_OTHER;
const PLACE_TOP = 0;
const PLACE_APS = 1;
const PLACE_ALERT = 2;
const PLACE_OTHER = 3;

interface Key {
  readonly bytes: Uint8Array;
  readonly member: number;
}
const NO_KEYS: readonly Key[] = [];
const keysOf = (keys: Readonly<Record<string, number>>): readonly Key[] =>
  Object.entries(keys).map(([text, member]) => ({ bytes: utf8Bytes(text), member }));
const APS = utf8Bytes('aps');

const APS_KEYS = keysOf({
  alert: MEMBER.alert,
  badge: MEMBER.badge,
  sound: MEMBER.sound,
  'content-available': MEMBER.contentAvailable,
  'content-changed': MEMBER.contentChanged,
  event: MEMBER.event,
});
const ALERT_KEYS = keysOf({
  title: MEMBER.title,
  'title-loc-key': MEMBER.titleLocKey,
  body: MEMBER.body,
  'loc-key': MEMBER.locKey,
});
const WANTED: readonly (readonly Key[])[] = [NO_KEYS, APS_KEYS, ALERT_KEYS, NO_KEYS];

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = 0x7b;
const OPEN_LIST = 0x5b;
const CLOSE = 0x7d;

const marked = new MarkedText();
let b: Uint8Array = marked.text;
let marks: Uint16Array = marked.marks;
let end = 0;
/** Number of the next mark. */
let next = 0;
const keyStarts = new Uint16Array(DEPTH * KEYS);
const keyEnds = new Uint16Array(DEPTH * KEYS);

/** What `glance` saw in the object that it was called for last; places count from its first byte. */
export class JsonGlance {
  /** The top has an object under `aps`. */
  hasAps = false;
  /** `alert` is an object with members of its own. */
  hasAlertMembers = false;
  /** 0: no such member. 1: a text or a literal, as it stands, without quotes. 2: a container. */
  readonly kinds = new Uint8Array(MEMBERS);
  readonly starts = new Uint16Array(MEMBERS);
  readonly ends = new Uint16Array(MEMBERS);
  /** Keys at the top in their order, as many as `topStarts` holds; `topCount` counts all. */
  topCount = 0;
  /** Which of them is `aps`; -1. */
  topAps = -1;
  readonly topStarts = new Uint16Array(TOP_KEYS);
  readonly topEnds = new Uint16Array(TOP_KEYS);
}

const seen = new JsonGlance();

/**
 * What a summary needs of the JSON object `bytes[start, stop)`, read off the bytes; valid until the next call. Undefined when it
 * is anything but printable ASCII without escapes, spaces between values, equal keys, and numbers that are no whole ones of 15
 * digits: such an object must be parsed, because something may be wrong with it. At most `MARKED_BYTES`.
 */
export function glance(bytes: Uint8Array, start: number, stop: number): JsonGlance | undefined {
  if (stop - start > MARKED_BYTES) return undefined;
  marked.take(bytes, start, stop);
  b = marked.text;
  marks = marked.marks;
  end = stop - start;
  next = 0;
  seen.hasAps = seen.hasAlertMembers = false;
  seen.kinds.fill(0);
  seen.topCount = 0;
  seen.topAps = -1;
  return object(0, 0, PLACE_TOP) === end ? seen : undefined;
}

/** End of the object at `at`, or -1. */
function object(at: number, depth: number, place: Place): number {
  if (b[at] !== OPEN || depth === DEPTH) return -1;
  if (b[at + 1] === CLOSE) return at + 2;
  const keys = depth * KEYS;
  let count = 0;
  do {
    const start = at + 2;
    at = text(at + 1);
    // Keys that are numbers change their places when they are parsed.
    if (at < 0 || b[at] !== COLON || count === KEYS || (b[start] >= 0x30 && b[start] <= 0x39)) return -1;
    for (let i = keys; i < keys + count; i++) if (sameKey(keyStarts[i], keyEnds[i], start, at - 1)) return -1;
    keyStarts[keys + count] = start;
    keyEnds[keys + count++] = at - 1;
    at = place === PLACE_OTHER ? value(at + 1, depth) : member(start, at - 1, at + 1, depth, place);
    if (at < 0) return -1;
  } while (b[at] === COMMA);
  return at < end && b[at] === CLOSE ? at + 1 : -1;
}

/** A member of an object that the summary looks at: end of its value, or -1. */
function member(keyStart: number, keyEnd: number, at: number, depth: number, place: Place): number {
  if (place === PLACE_TOP) return topMember(keyStart, keyEnd, at, depth);
  const wanted = WANTED[place];
  let found = -1;
  for (let i = 0; i < wanted.length && found < 0; i++) if (isKey(wanted[i].bytes, keyStart, keyEnd)) found = wanted[i].member;
  if (found < 0) return value(at, depth);
  const first = b[at];
  if (found === MEMBER.alert) {
    // A list has members of its own, by number.
    if (first === OPEN_LIST) return -1;
    if (first === OPEN) {
      seen.hasAlertMembers = true;
      return object(at, depth + 1, PLACE_ALERT);
    }
  }
  const stop = value(at, depth);
  if (stop < 0) return -1;
  const quoted = first === QUOTE ? 1 : 0;
  seen.kinds[found] = first === OPEN || first === OPEN_LIST ? 2 : 1;
  seen.starts[found] = at + quoted;
  seen.ends[found] = stop - quoted;
  return stop;
}

function topMember(keyStart: number, keyEnd: number, at: number, depth: number): number {
  const n = seen.topCount++;
  if (n < TOP_KEYS) {
    seen.topStarts[n] = keyStart;
    seen.topEnds[n] = keyEnd;
  }
  if (!isKey(APS, keyStart, keyEnd)) return value(at, depth);
  seen.topAps = n;
  if (b[at] === OPEN_LIST) return -1;
  if (b[at] !== OPEN) return value(at, depth);
  seen.hasAps = true;
  return object(at, depth + 1, PLACE_APS);
}

/** End of any value at `at`, or -1. */
function value(at: number, depth: number): number {
  const c = b[at];
  if (c === QUOTE) return text(at);
  if (c === OPEN) return object(at, depth + 1, PLACE_OTHER);
  if (c === OPEN_LIST) return list(at, depth + 1);
  if (c === 0x74) return b[at + 1] === 0x72 && b[at + 2] === 0x75 && b[at + 3] === 0x65 ? at + 4 : -1;
  if (c === 0x6e) return b[at + 1] === 0x75 && b[at + 2] === 0x6c && b[at + 3] === 0x6c ? at + 4 : -1;
  if (c === 0x66) return b[at + 1] === 0x61 && b[at + 2] === 0x6c && b[at + 3] === 0x73 && b[at + 4] === 0x65 ? at + 5 : -1;
  return whole(at);
}

function list(at: number, depth: number): number {
  if (depth === DEPTH) return -1;
  if (b[at + 1] === 0x5d) return at + 2;
  do {
    at = value(at + 1, depth);
    if (at < 0) return -1;
  } while (b[at] === COMMA);
  return at < end && b[at] === 0x5d ? at + 1 : -1;
}

/** Everything between two marks stands for itself: a string ends at the next one, or is none of those. */
function text(at: number): number {
  if (b[at] !== QUOTE || at >= end) return -1;
  const close = marks[next + 1];
  next += 2;
  return b[close] === QUOTE ? close + 1 : -1;
}

function whole(at: number): number {
  const negative = b[at] === 0x2d;
  const start = negative ? at + 1 : at;
  let stop = start;
  while (stop < end && b[stop] >= 0x30 && b[stop] <= 0x39) stop++;
  if (stop === start || stop - start > EXACT_DIGITS || (b[start] === 0x30 && (stop > start + 1 || negative))) return -1;
  const next = b[stop];
  return next === 0x2e || next === 0x65 || next === 0x45 ? -1 : stop;
}

/** Whether a key that was seen is `b[start, stop)`. */
function sameKey(seenStart: number, seenEnd: number, start: number, stop: number): boolean {
  const length = stop - start;
  if (seenEnd - seenStart !== length) return false;
  for (let i = 0; i < length; i++) if (b[seenStart + i] !== b[start + i]) return false;
  return true;
}

function isKey(key: Uint8Array, start: number, stop: number): boolean {
  if (stop - start !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (b[start + i] !== key[i]) return false;
  return true;
}
