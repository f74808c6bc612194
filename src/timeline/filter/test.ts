import { toHex } from '../../core/bytes.ts';
import type { Field, Value } from '../../core/message.ts';
import { utf8 } from '../../core/text.ts';
import { FilterError, nearest } from './error.ts';
import { type FilterField, normal } from './fields.ts';
import { compileRegex, SUBJECT_LIMIT } from './regex.ts';
import type { FieldRef, FunctionName, Literal, Relation, Slice } from './syntax.ts';
import { compareBytes, compareNumbers, compareTexts, type Operand, operand, textOf } from './values.ts';

/** Decides about one value of a field. */
export type ValueTest = (field: Field) => boolean;

const UNIT_NANOS: Readonly<Record<string, bigint>> = { s: 1_000_000_000n, ms: 1_000_000n, ns: 1n, min: 60_000_000_000n };

/** Makes the test of one comparison. Throws `FilterError` where field and value cannot be compared. */
export function valueTest(filter: string, ref: FieldRef, field: FilterField, relation: Relation, literal: Literal): ValueTest {
  const refuse = (reason: string, suggestion?: string): FilterError =>
    new FilterError(filter, literal.start, literal.end, reason, suggestion);
  const plain = ref.functions.length === 0 && ref.slices.length === 0;
  const counts = ref.functions[0] === 'len' || ref.functions[0] === 'count';
  const kind = counts ? 'number' : plain ? field.class : 'any';
  if (relation === 'matches') {
    if (kind === 'number' || kind === 'duration')
      throw new FilterError(filter, ref.start, ref.end, `${ref.name} is a number, and 'matches' takes text`);
    const regex = compileRegex(filter, literal);
    const found = (text: string | undefined): boolean =>
      text !== undefined && regex.test(text.length > SUBJECT_LIMIT ? text.slice(0, SUBJECT_LIMIT) : text);
    return (f) => {
      const value = shaped(f, ref);
      if (!(value instanceof Uint8Array)) return found(textOf(value));
      // A payload is shown in short, and searched in full, as `contains` does.
      return plain ? found(f.text) || found(utf8(value)) : found(utf8(value) ?? toHex(value));
    };
  }
  const given = operand(literal.text, literal.quoted);
  const named = plain ? field.names?.get(normal(literal.text)) : undefined;
  const number = named ?? given.number;
  if (relation === 'contains' && (kind === 'number' || kind === 'time' || kind === 'duration')) {
    throw new FilterError(filter, ref.start, ref.end, `${ref.name} is a number, and 'contains' takes text or bytes`);
  }
  if (kind === 'number' && number === undefined && (given.span === undefined || field.doc?.unit === undefined)) {
    const names = [...(field.names?.keys() ?? [])];
    const list = names.length === 0 ? '' : `, and none of its names (${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''})`;
    throw refuse(`${ref.name} is a number; "${literal.text}" is none${list}`, nearest(normal(literal.text), names));
  }
  if (kind === 'time' && given.nanos === undefined && number === undefined) {
    throw refuse(`${ref.name} is a time; write it as "2026-11-21T18:12:06Z" or in seconds since 1970`);
  }
  if (kind === 'duration' && given.span === undefined) throw refuse(`${ref.name} is a length of time; write it as 50ms, 2s or 1.5h`);
  const unit = field.doc?.unit === undefined ? undefined : UNIT_NANOS[field.doc.unit];
  const context: Context = {
    relation,
    given,
    number,
    unit,
    kind,
    plain,
    prefix: field.name === 'apns.token' || field.doc?.privacy === 'token',
  };
  return (f) => testValue(shaped(f, ref), f, context);
}

interface Context {
  readonly relation: Relation;
  readonly given: Operand;
  readonly number: number | bigint | undefined;
  readonly unit: bigint | undefined;
  readonly kind: string;
  readonly plain: boolean;
  /** Shorter hex matches the beginning: tokens are named by their first digits. */
  readonly prefix: boolean;
}

function testValue(value: Value, f: Field, c: Context): boolean {
  const { relation, given } = c;
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (c.unit !== undefined && Number.isInteger(Number(value))) {
      const nanos = BigInt(value) * c.unit;
      if (c.kind === 'time' && given.nanos !== undefined) return compareNumbers(nanos, relation, given.nanos);
      if (c.kind !== 'time' && given.span !== undefined && given.number === undefined) return compareNumbers(nanos, relation, given.span);
    }
    if (c.number !== undefined) return compareNumbers(value, relation, c.number);
    return relation === 'contains' ? String(value).includes(given.text) : compareTexts(String(value), relation, given.text);
  }
  if (typeof value === 'boolean') {
    const wanted = given.boolean ?? (given.number === undefined ? undefined : given.number !== 0);
    return wanted !== undefined && compareNumbers(Number(value), relation, Number(wanted));
  }
  if (value instanceof Uint8Array) {
    if (c.prefix && given.bytes !== undefined && given.bytes.length < value.length && relation !== 'contains') {
      return compareBytes(value.subarray(0, given.bytes.length), relation, given.bytes);
    }
    // A hash with a known name is named by it; other bytes by their hex, or by text that they hold.
    if (c.plain && f.text === given.text && (relation === '==' || relation === '===')) return true;
    if (c.plain && f.text === given.text && (relation === '!=' || relation === '~=')) return false;
    if (given.bytes !== undefined && compareBytes(value, relation, given.bytes)) return true;
    if (relation === 'contains') return f.text.includes(given.text) || (utf8(value)?.includes(given.text) ?? false);
    if (given.bytes !== undefined) return false;
    return compareTexts(f.text, relation, given.text);
  }
  if (typeof value === 'string') {
    if (c.number !== undefined && c.kind === 'number' && /^-?\d+$/.test(value)) return compareNumbers(BigInt(value), relation, c.number);
    return compareTexts(value, relation, given.text);
  }
  return false;
}

/** The value with slices and functions applied; undefined when it has none. */
export function shaped(f: Field, ref: FieldRef): Value {
  let value = f.value;
  if (value === undefined && f.payload !== undefined) value = f.payload;
  for (const slice of ref.slices) value = sliced(value, slice);
  for (let i = ref.functions.length - 1; i >= 0; i--) value = applied(value, ref.functions[i]);
  return value;
}

function sliced(value: Value, { from, to }: Slice): Value {
  if (typeof value === 'number' || typeof value === 'bigint') return sliced(String(value), { from, to });
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) return undefined;
  const start = from < 0 ? value.length + from : from;
  const end = to === undefined ? value.length : to < 0 ? value.length + to : to;
  if (start < 0 || end > value.length || start >= end) return undefined;
  return value.slice(start, end);
}

function applied(value: Value, name: FunctionName): Value {
  if (name === 'len')
    return typeof value === 'string' || value instanceof Uint8Array
      ? value.length
      : value === undefined || value === null
        ? undefined
        : String(value).length;
  const text = textOf(value);
  if (text === undefined) return undefined;
  return name === 'lower' ? text.toLowerCase() : text.toUpperCase();
}

/** One verdict from the verdicts over all values of a field: `!=` and `===` ask for all, everything else for any. */
export function overall(relation: Relation, fields: readonly Field[], test: ValueTest): boolean {
  if (fields.length === 0) return false;
  return relation === '!=' || relation === '===' ? fields.every(test) : fields.some(test);
}
