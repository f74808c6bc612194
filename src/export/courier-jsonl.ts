import { DIALECT } from '../core/message.ts';
import { utf8Bytes } from '../core/text.ts';
import type { TextBytes } from '../core/text-bytes.ts';
import { COURIER } from '../schema/courier.ts';
import { type CommandDef, type FieldDef, goes, idIn } from '../schema/definition.ts';
import { FLAG_ID, FLAG_UNTIMED, SEVERITY_SHIFT } from '../timeline/columns.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { RecordHead } from './record-head.ts';
import { RowReader } from './row-bytes.ts';

/*
 * The JSON record of a clean unpacked courier message, written as bytes without decoding it to objects: what
 * `jsonRecord` would write, five times faster. Whatever is not plain (a note would be needed, a type that takes more
 * than copying) is left to `jsonRecord`; a property test holds both against each other.
 */

const KIND = { uint: 1, hex: 2, text: 3, payload: 4 } as const;

interface FieldPlan {
  readonly key: Uint8Array;
  readonly kind: number;
  /** Bytes that the value must have; 0 = any. */
  readonly width: number;
  readonly repeated: boolean;
  /** Bit of a required field in the command's mask. */
  readonly bit: number;
}

interface CommandPlan {
  readonly name: Uint8Array;
  readonly byId: readonly (FieldPlan | undefined)[];
  readonly required: number;
}

// Not Buffer.from: all byte arrays here have one type, and the loops over them stay fast.
const ascii = (text: string): Uint8Array => utf8Bytes(text);

const ID = ascii(',"id":');
const FIELDS = ascii(',"fields":{');

function fieldPlan(name: string, def: FieldDef, bit: number): FieldPlan | undefined {
  const { type } = def;
  const base = { key: ascii(`${JSON.stringify(name)}:`), repeated: def.repeated === true, bit };
  if (def.privacy === 'credential' || def.lengthOf !== undefined) return undefined;
  switch (type.kind) {
    case 'uint':
      return { ...base, kind: KIND.uint, width: type.width };
    case 'bytes':
    case 'token':
      return { ...base, kind: KIND.hex, width: type.length ?? 0 };
    case 'topic':
      return type.salted === true ? undefined : { ...base, kind: KIND.hex, width: 20 };
    case 'text':
      return { ...base, kind: KIND.text, width: 0 };
    case 'payload':
      return { ...base, kind: KIND.payload, width: 0 };
    default:
      return undefined;
  }
}

function commandPlan(name: string, def: CommandDef, dir: 0 | 1): CommandPlan {
  const byId: (FieldPlan | undefined)[] = [];
  let required = 0;
  let bits = 0;
  for (const [key, field] of Object.entries(def.fields)) {
    const id = idIn(field, dir);
    const bit = field.required ? 1 << bits++ : 0;
    required |= bit;
    if (id !== undefined) byId[id] = fieldPlan(key, field, bit);
  }
  return { name: ascii(`,"dialect":"courier","message":${JSON.stringify(name)},"size":`), byId, required };
}

/** Messages with more fields than this repeat something. */
const SEEN_FIELDS = 64;

export class CourierJsonl {
  private readonly timeline: Timeline;
  private readonly out: TextBytes;
  private readonly plans: (CommandPlan | null | undefined)[] = [];
  private readonly head: RecordHead;
  private readonly reader: RowReader;
  /** Call in which a field was last seen. */
  private readonly seen = new Float64Array(256);
  private call = 0;

  constructor(timeline: Timeline, out: TextBytes) {
    this.timeline = timeline;
    this.out = out;
    this.reader = new RowReader(timeline);
    this.head = new RecordHead(timeline, out);
  }

  /** Writes the record and its newline; false (and nothing written) when it is not a plain courier message. */
  write(row: number): boolean {
    const columns = this.timeline.rows.columns;
    const type = columns.type(row);
    if (type >>> 8 !== DIALECT.courier) return false;
    const flags = columns.flags(row);
    if (flags >>> SEVERITY_SHIFT !== 0) return false;
    const dir = columns.dir(row);
    const plan = this.plan(type & 0xff, dir);
    if (plan === null) return false;
    const length = columns.length(row);
    const bytes = length < 5 ? undefined : this.reader.read(row);
    if (bytes === undefined) return false;
    const out = this.out;
    const mark = out.length;
    this.head.write(row, (flags & FLAG_UNTIMED) === 0);
    out.bytes(plan.name);
    out.number(length);
    this.head.topic(row);
    if ((flags & FLAG_ID) !== 0) {
      out.bytes(ID);
      out.number(columns.id(row) as number);
    }
    const status = columns.status(row);
    if (status >= 0) {
      out.ascii(',"status":');
      out.number(status);
    }
    out.bytes(FIELDS);
    if (this.fields(plan, bytes, length)) {
      out.byte(0x7d);
      out.byte(0x7d);
      out.byte(0x0a);
      return true;
    }
    out.length = mark;
    return false;
  }

  private plan(command: number, dir: 0 | 1): CommandPlan | null {
    const key = command * 2 + dir;
    let plan = this.plans[key];
    if (plan === undefined) {
      const found = Object.entries(COURIER as Record<string, CommandDef>).find(([, def]) => def.id === command && goes(def, dir));
      plan = found === undefined ? null : commandPlan(found[0], found[1], dir);
      this.plans[key] = plan;
    }
    return plan;
  }

  private fields(plan: CommandPlan, b: Uint8Array, length: number): boolean {
    const out = this.out;
    const { seen } = this;
    const call = ++this.call;
    let found = 0;
    let count = 0;
    let first = true;
    let open = -1;
    let ok = true;
    for (let at = 5; at < length; ) {
      if (at + 3 > length) {
        ok = false;
        break;
      }
      const id = b[at];
      const start = at + 3;
      const end = start + ((b[at + 1] << 8) | b[at + 2]);
      const field = plan.byId[id];
      if (end > length || field === undefined || (field.width !== 0 && end - start !== field.width)) {
        ok = false;
        break;
      }
      at = end;
      if (open !== id) {
        if (seen[id] === call || ++count > SEEN_FIELDS) {
          ok = false;
          break;
        }
        if (open >= 0) out.byte(0x5d);
        open = -1;
        seen[id] = call;
        if (!first) out.byte(0x2c);
        first = false;
        out.bytes(field.key);
        if (field.repeated && at < length && b[at] === id) {
          open = id;
          out.byte(0x5b);
        }
      } else {
        if (!field.repeated) {
          ok = false;
          break;
        }
        out.byte(0x2c);
      }
      found |= field.bit;
      if (!this.value(field, b, start, end)) {
        ok = false;
        break;
      }
    }
    if (open >= 0) out.byte(0x5d);
    return ok && (found & plan.required) === plan.required;
  }

  private value(field: FieldPlan, b: Uint8Array, start: number, end: number): boolean {
    const out = this.out;
    switch (field.kind) {
      case KIND.uint:
        out.unsigned(b, start, end - start);
        return true;
      case KIND.hex:
        out.byte(0x22);
        out.hex(b, start, end);
        out.byte(0x22);
        return true;
      case KIND.text:
        for (let i = start; i < end; i++) {
          const c = b[i];
          if (c < 0x20 || c === 0x22 || c === 0x5c || c > 0x7e) return false;
        }
        out.byte(0x22);
        out.range(b, start, end);
        out.byte(0x22);
        return true;
      default:
        if (!this.timeline.decoders.isJsonLine(b, start, end)) return false;
        out.range(b, start, end);
        return true;
    }
  }
}
