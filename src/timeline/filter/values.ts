import { fromHex, toHex } from '../../core/bytes.ts';
import type { Value } from '../../core/message.ts';
import { utf8Bytes } from '../../core/text.ts';
import { stands } from './pick.ts';
import type { Relation } from './syntax.ts';

/** A literal in all the ways in which it can be read; which one counts depends on the value that it meets. */
export interface Operand {
  readonly text: string;
  readonly number: number | bigint | undefined;
  readonly bytes: Uint8Array | undefined;
  /** A point in time, in nanoseconds since the epoch. */
  readonly nanos: bigint | undefined;
  /** A length of time, in nanoseconds. */
  readonly span: bigint | undefined;
  readonly boolean: boolean | undefined;
}

const SIZES: Readonly<Record<string, number>> = { b: 1, kb: 1000, mb: 1e6, gb: 1e9, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 };
const SPANS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  sec: 1_000_000_000n,
  min: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};

/** Nanoseconds of a decimal number of units, exact. */
function scaled(text: string, unit: bigint): bigint {
  const [, sign, whole, fraction = ''] = /^(-?)(\d*)(?:\.(\d*))?$/.exec(text) as RegExpExecArray;
  const digits = `${whole}${fraction.slice(0, 18)}`;
  const value = (BigInt(digits === '' ? '0' : digits) * unit) / 10n ** BigInt(Math.min(18, fraction.length));
  return sign === '-' ? -value : value;
}

/** "2026-11-21T18:12:06.5Z", "2026-11-21 18:12", "2026-11-21"; without a zone it is UTC. */
export function parseInstant(text: string): bigint | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/i.exec(text);
  if (match === null) return undefined;
  const [, y, mo, d, h = '0', mi = '0', s = '0', f = '', zone = 'Z'] = match;
  const ms = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s));
  if (Number.isNaN(ms)) return undefined;
  const offset = /^[+-]/.test(zone) ? (zone[0] === '-' ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))) : 0;
  return BigInt(ms - offset * 60_000) * 1_000_000n + BigInt(f.padEnd(9, '0') || '0');
}

/** A literal's readings. */
export function operand(text: string, quoted: boolean): Operand {
  const plain = text.trim();
  let number: number | bigint | undefined;
  let span: bigint | undefined;
  const match = /^(-?(?:\d+\.?\d*|\.\d+))\s*([a-zA-Zµ]*)$/.exec(plain);
  if (/^-?0x[0-9a-f]+$/i.test(plain)) number = plain.startsWith('-') ? -Number(plain.slice(1)) : safe(BigInt(plain));
  else if (match !== null) {
    const unit = match[2].toLowerCase();
    if (unit === '') number = match[1].includes('.') ? Number(match[1]) : safe(BigInt(match[1]));
    else if (SIZES[unit] !== undefined) number = Number(match[1]) * SIZES[unit];
    if (SPANS[unit] !== undefined) span = scaled(match[1], SPANS[unit]);
    else if (unit === '') span = scaled(match[1], SPANS['s']);
  }
  const hex =
    /^[0-9a-f]{2}([:.-][0-9a-f]{2})*$/i.test(plain) || /^([0-9a-f]{2})+$/i.test(plain) ? fromHex(plain.replace(/[:.-]/g, '')) : undefined;
  const lower = plain.toLowerCase();
  return {
    text,
    number,
    bytes: hex ?? (quoted ? utf8Bytes(text) : undefined),
    nanos: parseInstant(plain),
    span,
    boolean: lower === 'true' ? true : lower === 'false' ? false : undefined,
  };
}

const safe = (value: bigint): number | bigint => (value <= 9007199254740991n && value >= -9007199254740991n ? Number(value) : value);

/** Whether two values of one kind stand in an order relation; NaN equals nothing and has no order. */
function ordered<T extends number | bigint | string>(a: T, relation: Relation, b: T): boolean {
  return stands(a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN, relation);
}

/** Compares numbers of either kind exactly. */
export function compareNumbers(a: number | bigint, relation: Relation, b: number | bigint): boolean {
  if (typeof a === typeof b) return ordered(a as number, relation, b as number);
  // JavaScript compares a bigint with a number by value, but === by type.
  // biome-ignore lint/suspicious/noDoubleEquals: mixed number kinds are compared by value
  if (relation === '==' || relation === '===') return a == b;
  // biome-ignore lint/suspicious/noDoubleEquals: mixed number kinds are compared by value
  if (relation === '!=' || relation === '~=') return a != b;
  return relation === '>' ? a > b : relation === '<' ? a < b : relation === '>=' ? a >= b : relation === '<=' ? a <= b : false;
}

export function compareTexts(a: string, relation: Relation, b: string): boolean {
  return relation === 'contains' ? a.includes(b) : ordered(a, relation, b);
}

export function compareBytes(a: Uint8Array, relation: Relation, b: Uint8Array): boolean {
  if (relation === 'contains') return indexOfBytes(a, b) >= 0;
  // Lower-case hex sorts as the bytes do.
  return ordered(toHex(a), relation, toHex(b));
}

export function indexOfBytes(a: Uint8Array, b: Uint8Array, from = 0): number {
  if (b.length === 0) return 0;
  const last = a.length - b.length;
  outer: for (let i = a.indexOf(b[0], from); i >= 0 && i <= last; i = a.indexOf(b[0], i + 1)) {
    for (let k = 1; k < b.length; k++) if (a[i + k] !== b[k]) continue outer;
    return i;
  }
  return -1;
}

/** The value as text, for `matches`, `lower` and `contains` with text. */
export function textOf(value: Value): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Uint8Array) return undefined;
  return String(value);
}
