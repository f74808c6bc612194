import type { Value } from '../core/message.ts';
import {
  isBinaryPlist,
  openPlist,
  PLIST_DEPTH,
  type PlistLayout,
  type PlistObject,
  plistObject,
  plistReference,
  plistScalar,
} from '../core/plist-reader.ts';
import type { PlistValue } from '../core/plist-value.ts';
import { utf8, utf8Bytes } from '../core/text.ts';
import { plainValue } from './bplist.ts';
import { scalarValue, stringValue } from './json.ts';
import { JsonScanner } from './json-scan.ts';

/** Values given for one path: a filter needs no more to decide. */
const MAX_VALUES = 1000;

const scanner = new JsonScanner();

/**
 * The values that stand at a path of keys in a JSON or property list payload, without building its tree; for filters.
 *
 * An array is passed through: each element is tried; a path element of digits picks that element. A path that ends at an object
 * or array gives all plain values in it, so that `aps.alert` finds the title as well as a plain alert. At most 1,000 values;
 * nothing for other payloads or for a path that is not there. Reading stops quietly where the payload is damaged.
 */
export function payloadPath(bytes: Uint8Array, path: readonly string[]): Value[] {
  const values: Value[] = [];
  if (isBinaryPlist(bytes)) {
    const layout = openPlist(bytes);
    if (typeof layout !== 'string') new PlistPath(layout, path, values).visit(layout.top, 0, 0);
    return values;
  }
  const keys = path.map(utf8Bytes);
  walkJson(bytes, 0, keys, path, 0, values, 0);
  return values;
}

/** Levels of containers that are searched; what nests deeper is passed over. */
const MAX_DEPTH = 64;

/** Visits the value at `at` with `path[step…]` still to go; gives the end of the value, or -1 when the bytes are broken. */
function walkJson(
  b: Uint8Array,
  at: number,
  keys: readonly Uint8Array[],
  path: readonly string[],
  step: number,
  values: Value[],
  depth: number,
): number {
  at = scanner.space(b, at, b.length);
  const open = b[at];
  const isObject = open === 0x7b;
  if (!isObject && open !== 0x5b) {
    if (at >= b.length) return -1;
    const end = scanner.scalar(b, at, b.length);
    if (end > 0 && step === path.length && values.length < MAX_VALUES) values.push(jsonScalar(b, at, end));
    return end;
  }
  if (depth >= MAX_DEPTH) return scanner.value(b, at, b.length);
  const close = isObject ? 0x7d : 0x5d;
  const index = !isObject && step < path.length && /^\d+$/.test(path[step]) ? Number(path[step]) : -1;
  at = scanner.space(b, at + 1, b.length);
  if (b[at] === close) return at + 1;
  for (let n = 0; ; n++) {
    let next = step;
    let wanted = true;
    if (isObject) {
      at = scanner.space(b, at, b.length);
      const keyAt = at;
      at = scanner.key(b, at, b.length);
      if (at < 0) return -1;
      if (step < path.length) {
        wanted = isKey(b, keyAt, keys[step], path[step]);
        next = step + 1;
      }
    } else if (index >= 0) {
      wanted = n === index;
      next = step + 1;
    }
    at = wanted ? walkJson(b, at, keys, path, next, values, depth + 1) : scanner.value(b, at, b.length);
    if (at < 0) return -1;
    at = scanner.space(b, at, b.length);
    if (b[at] === close) return at + 1;
    if (b[at] !== 0x2c) return -1;
    at++;
  }
}

/** Whether the string at `at`, which has been scanned, is this key. */
function isKey(b: Uint8Array, at: number, key: Uint8Array, text: string): boolean {
  const from = at + 1;
  for (let i = 0; i < key.length; i++) {
    if (b[from + i] === 0x5c) return escapedKey(b, at) === text;
    if (b[from + i] !== key[i]) return false;
  }
  return b[from + key.length] === 0x22;
}

function escapedKey(b: Uint8Array, at: number): string {
  let end = at + 1;
  while (b[end] !== 0x22) end += b[end] === 0x5c ? 2 : 1;
  return stringValue(b, at, end + 1);
}

function jsonScalar(b: Uint8Array, start: number, end: number): Value {
  return b[start] === 0x22 ? stringValue(b, start, end) : scalarValue(utf8(b.subarray(start, end)) ?? '');
}

class PlistPath {
  private readonly layout: PlistLayout;
  private readonly path: readonly string[];
  private readonly values: Value[];
  /** Objects looked at; ends lists that share one object in exponentially many ways. */
  private left = 20_000;

  constructor(layout: PlistLayout, path: readonly string[], values: Value[]) {
    this.layout = layout;
    this.path = path;
    this.values = values;
  }

  visit(number: number, step: number, depth: number): void {
    if (--this.left < 0 || depth > PLIST_DEPTH || this.values.length >= MAX_VALUES) return;
    const { layout, path } = this;
    const object = plistObject(layout, number);
    if (object.kind === 'dict') {
      this.dict(object, step, depth);
    } else if (object.kind === 'array' || object.kind === 'set') {
      const index = step < path.length && /^\d+$/.test(path[step]) ? Number(path[step]) : -1;
      if (index >= object.count) return;
      if (index >= 0) this.visit(plistReference(layout, object, index), step + 1, depth + 1);
      else for (let i = 0; i < object.count && this.left > 0; i++) this.visit(plistReference(layout, object, i), step, depth + 1);
    } else if (step === path.length && object.kind !== 'invalid') {
      this.values.push(plainValue(plistScalar(layout, object) as PlistValue));
    }
  }

  private dict(object: PlistObject, step: number, depth: number): void {
    const { layout, path } = this;
    for (let i = 0; i < object.count && --this.left > 0; i++) {
      if (step < path.length && plistScalar(layout, plistObject(layout, plistReference(layout, object, i))) !== path[step]) continue;
      this.visit(plistReference(layout, object, object.count + i), Math.min(step + 1, path.length), depth + 1);
    }
  }
}
