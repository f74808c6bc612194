import { readFileSync } from 'node:fs';
import { toHex, u32 } from '../core/bytes.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { DIALECT, type Item } from '../core/message.ts';
import { utf8, utf8Bytes } from '../core/text.ts';
import { build, EncodeError } from '../schema/build.ts';
import type { FieldDef } from '../schema/definition.ts';
import { GATEWAY } from '../schema/provider.ts';
import { compileFilter, type Filter } from '../timeline/filter/filter.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { type HttpOut, type Outgoing, speakerOf, type WireOut, wireValue } from './outgoing.ts';
import { parseSpan } from './pace.ts';

/** A change to every message that it is for. */
export interface RewriteRule {
  readonly when: Filter | undefined;
  /** Only this row. */
  readonly row?: number;
  readonly field: string;
  readonly value: string;
}

export interface RewriteOptions {
  readonly rules: readonly RewriteRule[];
  /** Move expiries and timestamps by the time that has passed since the recording. */
  readonly shiftTimes: boolean;
  /** A fresh value for `authorization`, when providers sign anew. */
  readonly authorization: ((nowMs: number) => string) | undefined;
}

/** `NAME=VALUE`. Throws `UserError`. */
export function parseSet(text: string): RewriteRule {
  const at = text.indexOf('=');
  if (at < 1) throw new UserError('replay.set', `--set takes FIELD=VALUE such as topic=com.example.app, not "${text}".`, EXIT.usage);
  return { when: undefined, field: text.slice(0, at).trim(), value: text.slice(at + 1) };
}

/** A JSON list of `{"when"?: filter, "set": {field: value}}`. Throws `UserError`. */
export function readRules(path: string): RewriteRule[] {
  const bad = (what: string): UserError => new UserError('replay.rules', `--rules ${path}: ${what}`, EXIT.usage);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw code === undefined
      ? bad(`it is not JSON: ${(error as Error).message}.`)
      : new UserError('replay.rules', `cannot read ${path} (${code}).`);
  }
  if (!Array.isArray(value)) throw bad('it must be a list of {"when": "filter", "set": {"field": "value"}}.');
  return value.flatMap((rule: unknown, i) => {
    const { when, set, ...rest } = (typeof rule === 'object' && rule !== null ? rule : {}) as Record<string, unknown>;
    if (typeof set !== 'object' || set === null || Array.isArray(set)) throw bad(`rule ${i + 1} has no "set" with fields.`);
    if (Object.keys(rest).length > 0) throw bad(`rule ${i + 1} has "${Object.keys(rest)[0]}"; there are "when" and "set".`);
    if (when !== undefined && typeof when !== 'string') throw bad(`"when" of rule ${i + 1} must be a filter.`);
    const filter = when === undefined ? undefined : compileFilter(when);
    return Object.entries(set).map(([field, v]) => ({ when: filter, field, value: typeof v === 'string' ? v : JSON.stringify(v) }));
  });
}

/** What recorded tokens and channels are called at the target; both are looked up by their text. */
export class NameMap {
  private readonly map = new Map<string, string>();

  get size(): number {
    return this.map.size;
  }

  entries(): IterableIterator<[string, string]> {
    return this.map.entries();
  }

  learn(recorded: string, live: string): void {
    if (recorded !== live && recorded !== '' && live !== '') this.map.set(recorded, live);
  }

  of(recorded: string): string | undefined {
    return this.map.get(recorded);
  }
}

/** Unix time units in milliseconds. */
const UNIT: Readonly<Record<string, number>> = { s: 1000, ms: 1, ns: 1e-6 };
/** Life of a push whose capture has no times, from now. */
const FRESH_MS = 3_600_000;

/** Changes messages on their way out. Throws `EncodeError` for values that the protocol cannot carry. */
export class Rewriter {
  private readonly options: RewriteOptions;
  private readonly timeline: Timeline;
  private readonly names: NameMap;

  constructor(timeline: Timeline, options: RewriteOptions, names: NameMap) {
    this.timeline = timeline;
    this.options = options;
    this.names = names;
  }

  /** Nothing changes but times. */
  get onlyTimes(): boolean {
    return this.options.rules.length === 0 && this.names.size === 0;
  }

  get shiftTimes(): boolean {
    return this.options.shiftTimes;
  }

  /** `recorded`: milliseconds when the message was recorded, NaN when not known. */
  apply(out: Outgoing, row: number, recorded: number, nowMs: number): void {
    const { rules, shiftTimes, authorization } = this.options;
    if (this.names.size > 0) this.rename(out);
    if (shiftTimes) {
      if (out.kind === 'wire') shiftWire(out, recorded, nowMs);
      else shiftHttp(out, recorded, nowMs);
    }
    if (authorization !== undefined && out.kind === 'http') setHeader(out, 'authorization', authorization(nowMs));
    for (const { when, row: only, field, value } of rules) {
      if (only !== undefined && only !== row) continue;
      if (when?.matches(this.timeline, row) === false) continue;
      if (out.kind === 'wire') setWire(out, field, value, nowMs);
      else setHttp(out, field, value, nowMs);
    }
  }

  private rename(out: Outgoing): void {
    if (out.kind === 'wire') {
      out.items = out.items.map((item) => {
        if (!isTokenItem(out, item)) return item;
        const live = this.names.of(toHex(item.value as Uint8Array));
        return live === undefined
          ? item
          : { ...item, value: Uint8Array.from(live.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)) };
      });
      return;
    }
    out.headers = out.headers.map(([name, value]) => {
      if (name === 'apns-channel-id') return [name, this.names.of(value) ?? value];
      if (name !== ':path') return [name, value];
      const token = /^\/3\/device\/([0-9a-fA-F]+)/.exec(value)?.[1];
      const live = token === undefined ? undefined : this.names.of(token.toLowerCase());
      return [name, live === undefined ? value : `/3/device/${live}`];
    });
  }
}

function isTokenItem(out: WireOut, item: Item): boolean {
  return defOf(out, item)?.type.kind === 'token';
}

function defOf(out: WireOut, item: Item): FieldDef | undefined {
  return Object.values(out.def.fields).find(({ id }) => (typeof id === 'number' ? id : out.dir === 0 ? id.c2s : id.s2c) === item.id);
}

/** Moves a time that has passed since the recording; 0 has a meaning of its own, and so has the largest number. */
function shifted(valueMs: number, recorded: number, nowMs: number): number {
  if (!Number.isNaN(recorded)) return valueMs + (nowMs - recorded);
  return valueMs < nowMs ? nowMs + FRESH_MS : valueMs;
}

function shiftWire(out: WireOut, recorded: number, nowMs: number): void {
  for (const [i, item] of out.items.entries()) {
    const type = defOf(out, item)?.type;
    if (type?.kind !== 'uint' || type.time !== true) continue;
    const bytes = item.value as Uint8Array;
    if (bytes.length !== type.width || bytes.every((b) => b === 0) || bytes.every((b) => b === 0xff)) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const unit = UNIT[type.unit ?? 's'];
    const value = type.width === 8 ? Number(view.getBigUint64(0)) : type.width === 4 ? view.getUint32(0) : Number.NaN;
    if (Number.isNaN(value)) continue;
    const moved = Math.round(shifted(value * unit, recorded, nowMs) / unit);
    const fresh = new Uint8Array(type.width);
    const target = new DataView(fresh.buffer);
    if (type.width === 8) target.setBigUint64(0, BigInt(moved));
    else target.setUint32(0, Math.min(moved, 0xffffffff));
    out.items[i] = { ...item, value: fresh };
  }
}

const ENHANCED = GATEWAY.enhanced_notification.id;
const FRAMED = GATEWAY.notification.id;
const EXPIRY = GATEWAY.notification.fields.expiry.id;

/** Moves the expiry of the gateway's notification in `buf[start, end)` in its place, as `Rewriter` does it: for many messages. */
export function moveExpiry(buf: Uint8Array, start: number, end: number, recorded: number, nowMs: number): void {
  let at = -1;
  // Command 1: identifier u32, expiry u32. Command 2: length u32, then items of id u8, length u16, value.
  if (buf[start] === ENHANCED) at = start + 5;
  else if (buf[start] === FRAMED) {
    for (let item = start + 5; item + 3 <= end && at < 0; item += 3 + ((buf[item + 1] << 8) | buf[item + 2]))
      if (buf[item] === EXPIRY && buf[item + 1] === 0 && buf[item + 2] === 4) at = item + 3;
  }
  if (at < 0 || at + 4 > end) return;
  const value = u32(buf, at);
  if (value === 0 || value === 0xffffffff) return;
  const moved = Math.min(Math.round(shifted(value * 1000, recorded, nowMs) / 1000), 0xffffffff);
  buf[at] = moved >>> 24;
  buf[at + 1] = moved >>> 16;
  buf[at + 2] = moved >>> 8;
  buf[at + 3] = moved;
}

function shiftHttp(out: HttpOut, recorded: number, nowMs: number): void {
  out.headers = out.headers.map(([name, value]) => {
    if (name !== 'apns-expiration' || !/^[1-9]\d{0,11}$/.test(value)) return [name, value];
    return [name, String(Math.round(shifted(Number(value) * 1000, recorded, nowMs) / 1000))];
  });
}

/** `now`, `+1h` and `-5m` as Unix time; anything else as it is. */
function timeText(value: string, nowMs: number, unit: string): string {
  const found = /^(?:now)?(?:([+-])(.+))?$/.exec(value.trim());
  if (found === null || value.trim() === '') return value;
  const span = found[2] === undefined ? 0 : parseSpan(found[2]);
  if (span === undefined) return value;
  const ms = nowMs + (found[1] === '-' ? -span : span);
  return unit === 'ns' ? String(BigInt(Math.round(ms)) * 1_000_000n) : String(Math.round(ms / UNIT[unit]));
}

function setWire(out: WireOut, name: string, value: string, nowMs: number): void {
  if (name.startsWith('payload.')) {
    const payload = wireValue(out, 'payload');
    if (payload !== undefined) putWire(out, 'payload', utf8Bytes(setPath(payload, name.slice(8), value)));
    return;
  }
  const field = out.def.fields[name] !== undefined ? name : Object.entries(out.def.fields).find(([, def]) => def.alias === name)?.[0];
  // One rule serves several commands; those without the field are not for it.
  if (field === undefined) return;
  if (value === '') {
    const gone = out.def.fields[field].id;
    out.items = out.items.filter((item) => item.id !== (typeof gone === 'number' ? gone : out.dir === 0 ? gone.c2s : gone.s2c));
    return;
  }
  const { type } = out.def.fields[field];
  putWire(out, field, type.kind === 'uint' && type.time === true ? timeText(value, nowMs, type.unit ?? 's') : value);
}

/** Whether any message of these dialects has a field that rules can name so; HTTP/2 requests take any header. */
export function isSettable(field: string, dialects: Iterable<number>): boolean {
  if (field === 'payload' || field.startsWith('payload.')) return true;
  for (const dialect of dialects) {
    if (dialect === DIALECT.http2) return true;
    const speaker = speakerOf(dialect);
    for (const { fields } of Object.values(speaker?.table ?? {}))
      if (fields[field] !== undefined || Object.values(fields).some(({ alias }) => alias === field)) return true;
  }
  return false;
}

/** Sets one field, in its place when the message has it. Throws `EncodeError`. */
export function putWire(out: WireOut, field: string, value: string | number | Uint8Array): void {
  const [item] = build(speakerOf(out.dialect).commands, out.command, { [field]: value }, out.dir).items;
  const at = out.items.findIndex(({ id }) => id === item.id);
  if (at < 0) out.items.push(item);
  else out.items = out.items.filter(({ id }, i) => id !== item.id || i === at).map((old, i) => (i === at ? item : old));
}

const HTTP_NAMES: Readonly<Record<string, string>> = {
  topic: 'apns-topic',
  expiry: 'apns-expiration',
  id: 'apns-id',
  priority: 'apns-priority',
  push_type: 'apns-push-type',
  collapse_id: 'apns-collapse-id',
  channel: 'apns-channel-id',
  path: ':path',
  method: ':method',
};

function setHttp(out: HttpOut, name: string, value: string, nowMs: number): void {
  if (name === 'payload') out.body = utf8Bytes(value);
  else if (name.startsWith('payload.')) out.body = utf8Bytes(setPath(out.body, name.slice(8), value));
  else if (name === 'token') {
    if (!/^(?:[0-9a-fA-F]{2})+$/.test(value)) throw new EncodeError(`Field "token" needs bytes in hex, not "${value}".`);
    setHeader(out, ':path', `/3/device/${value}`);
  } else {
    const header = name.startsWith('header.')
      ? name.slice(7).toLowerCase()
      : (HTTP_NAMES[name] ?? (name.includes('-') ? name.toLowerCase() : undefined));
    if (header === undefined) return;
    if (/[\r\n\0]/.test(value)) throw new EncodeError(`Header "${header}" cannot hold a line break.`);
    setHeader(out, header, header === 'apns-expiration' ? timeText(value, nowMs, 's') : value);
  }
}

/** Sets a header in its place; an empty value takes it away. */
function setHeader(out: HttpOut, name: string, value: string): void {
  const at = out.headers.findIndex(([known]) => known === name);
  if (value === '') out.headers = out.headers.filter(([known]) => known !== name);
  else if (at < 0) out.headers.push([name, value]);
  else out.headers[at] = [name, value];
}

/** A JSON payload with one member changed; the value is JSON, or text when it is none. Throws `EncodeError`. */
function setPath(payload: Uint8Array, path: string, value: string): string {
  let root: unknown;
  try {
    root = JSON.parse(utf8(payload) ?? '');
  } catch {
    throw new EncodeError(`Field "payload.${path}": the payload is not JSON.`);
  }
  let fresh: unknown = value;
  try {
    fresh = JSON.parse(value);
  } catch {
    // A text without quotes.
  }
  const parts = path.split('.');
  let at = root;
  for (const [i, part] of parts.entries()) {
    if (typeof at !== 'object' || at === null || part === '__proto__')
      throw new EncodeError(`Field "payload.${path}": "${parts.slice(0, i).join('.')}" has no members.`);
    const members = at as Record<string, unknown>;
    if (i === parts.length - 1) {
      if (value === '') delete members[part];
      else members[part] = fresh;
    } else at = Object.hasOwn(members, part) ? members[part] : (members[part] = {});
  }
  return JSON.stringify(root);
}
