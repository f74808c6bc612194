import type { Field, Value } from '../core/message.ts';
import {
  openPlist,
  PlistBudget,
  type PlistLayout,
  type PlistObject,
  plistObject,
  plistReference,
  plistScalar,
} from '../core/plist-reader.ts';
import { PLIST_EPOCH, type PlistValue } from '../core/plist-value.ts';
import { isoTime } from '../core/time.ts';
import type { PayloadFamily } from '../schema/payload-keys.ts';
import { payloadPathOf } from '../schema/payload-label.ts';
import { entries, MAX_DEPTH, placed, TOP_NAME, type TreeBuilder, valueText } from './tree.ts';

/** What a data value may hold in turn, as fields at its own place; undefined when it is just data. */
export type Inside = (data: Uint8Array) => readonly Field[] | undefined;

/**
 * Reads a binary property list into fields, each with the bytes of its object. An object that is used twice is shown twice.
 * Damaged objects, loops, and what is too deep or too much are noted and cut; the rest is shown.
 */
export function plistFields(b: Uint8Array, tree: TreeBuilder, inside: Inside): Field[] {
  const layout = openPlist(b);
  if (typeof layout === 'string') {
    tree.note('payload.plist-invalid', 0, b.length, layout);
    return [];
  }
  tree.family = familyOf(layout);
  const reader = new PlistTree(layout, tree, inside);
  const top = reader.field(layout.top, '', TOP_NAME);
  if (top === undefined) return [];
  return top.children === undefined ? [top] : [...top.children];
}

/** A list with an integer under `c` is an IDS message; one with `aps` a user notification. */
function familyOf(layout: PlistLayout): PayloadFamily {
  const top = plistObject(layout, layout.top);
  if (top.kind !== 'dict') return 'none';
  for (let i = 0; i < Math.min(top.count, 256); i++) {
    const key = plistScalar(layout, plistObject(layout, plistReference(layout, top, i)));
    if (key === 'aps') return 'aps';
    if (key === 'c' && plistObject(layout, plistReference(layout, top, top.count + i)).kind === 'int') return 'ids';
  }
  return 'none';
}

class PlistTree {
  private readonly layout: PlistLayout;
  private readonly tree: TreeBuilder;
  private readonly inside: Inside;
  /** Offsets of the containers around the object being read. */
  private readonly around: number[] = [];
  private readonly budget: PlistBudget;
  private cut = false;

  constructor(layout: PlistLayout, tree: TreeBuilder, inside: Inside) {
    this.layout = layout;
    this.budget = new PlistBudget(layout.bytes.length);
    this.tree = tree;
    this.inside = inside;
  }

  /** The object of that number as a field; undefined when no more values are shown. */
  field(number: number, path: string, name: string): Field | undefined {
    const object = plistObject(this.layout, number);
    const at = { start: object.at, end: object.end };
    if (!this.budget.admit(object)) {
      if (!this.cut) this.tree.note('payload.too-many-values', at.start, at.end, 'objects repeated again and again');
      this.cut = true;
      return undefined;
    }
    if (!this.tree.admit(at)) return undefined;
    if (object.kind === 'invalid') {
      this.tree.note('payload.plist-invalid', at.start, Math.max(at.end, at.start), object.problem);
      return { ...this.tree.leaf(path, name, undefined, at, `invalid: ${object.problem}`), note: 'warn' };
    }
    if (object.kind === 'dict' || object.kind === 'array' || object.kind === 'set') return this.container(object, path, name);
    const value = plistScalar(this.layout, object) as PlistValue;
    const field = this.tree.leaf(path, name, plainValue(value), at, plistWords(value));
    const parts = value instanceof Uint8Array ? this.inside(value) : undefined;
    return parts === undefined ? field : { ...field, children: placed(parts, at) };
  }

  private container(object: PlistObject, path: string, name: string): Field {
    const at = { start: object.at, end: object.end };
    const words = object.kind === 'dict' ? entries(object.count, 'key', 'keys') : entries(object.count, 'element', 'elements');
    if (this.around.includes(object.at)) {
      this.tree.note('payload.plist-loop', at.start, at.end);
      return this.tree.group(path, name, [], `${words}, contains itself`, at);
    }
    if (this.around.length >= MAX_DEPTH) {
      this.tree.note('payload.depth', at.start, at.end, `more than ${MAX_DEPTH} levels`);
      return this.tree.group(path, name, [], words, at);
    }
    this.around.push(object.at);
    const children: Field[] = [];
    for (let i = 0; i < object.count; i++) {
      const key = object.kind === 'dict' ? this.key(object, i) : String(i);
      const number = plistReference(this.layout, object, object.kind === 'dict' ? object.count + i : i);
      const child = this.field(number, payloadPathOf(path, key), key);
      if (child === undefined) break;
      children.push(child);
    }
    this.around.pop();
    return this.tree.group(path, name, children, words, at);
  }

  private key(dict: PlistObject, index: number): string {
    const object = plistObject(this.layout, plistReference(this.layout, dict, index));
    if (!this.budget.admit(object)) return '?';
    const value = plistScalar(this.layout, object);
    if (typeof value === 'string') return value;
    this.tree.note('payload.plist-invalid', object.at, object.end, `key is ${object.kind}`);
    return value === undefined ? '?' : valueText(plainValue(value));
  }
}

/** A scalar of a list as data of a field: dates as ISO text, UIDs as their number. */
export function plainValue(value: PlistValue): Value {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  if ('real' in value) return value.real;
  if ('uid' in value) return value.uid;
  if ('date' in value) return dateText(value.date);
  return undefined;
}

function plistWords(value: PlistValue): string | undefined {
  return typeof value === 'object' && value !== null && 'uid' in value ? `UID ${value.uid}` : undefined;
}

/** ISO text of seconds since 2001. */
export function dateText(seconds: number): string {
  if (!Number.isFinite(seconds)) return String(seconds);
  const whole = Math.floor(seconds);
  return isoTime(whole + PLIST_EPOCH, Math.round((seconds - whole) * 1e9), 3);
}
